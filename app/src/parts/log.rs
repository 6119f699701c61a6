//! Everything that was done with something: a folded table, the oldest first.

use leptos::prelude::*;
use model::Timestamp;

use super::detail::time;

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub at: Timestamp,
    pub what: String,
    /// Why, as whoever did it has said.
    pub reason: Option<String>,
    /// By whom, where that is told.
    pub who: Option<String>,
}

/// The table; nothing where nothing was done.
pub fn log(caption: &'static str, all: Vec<Done>) -> Option<AnyView> {
    if all.is_empty() {
        return None;
    }
    let names = all.iter().any(|one| one.who.is_some());
    let row = |done: Done| {
        let reason = done.reason.map(|text| view! { <span class="meta block">{text}</span> });
        let who = names.then(|| {
            view! { <td data-label="Who"><span>{done.who.unwrap_or_default()}</span></td> }
        });
        view! {
            <tr>
                <th scope="row" data-label="Time" class="num">{time(done.at)}</th>
                <td data-label="What"><span>{done.what} {reason}</span></td>
                {who}
            </tr>
        }
    };
    let who = names.then(|| view! { <th scope="col">"Who"</th> });
    Some(
        view! {
            <details class="fold log">
                <summary>"Everything that was done"</summary>
                <table class="sheet sheet-cards">
                    <caption class="sr-only">{caption}</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Time"</th>
                            <th scope="col">"What"</th>
                            {who}
                        </tr>
                    </thead>
                    <tbody>{all.into_iter().map(row).collect_view()}</tbody>
                </table>
            </details>
        }
        .into_any(),
    )
}
