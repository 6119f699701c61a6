//! The browsers that somebody is signed in with.

use leptos::prelude::*;
use model::SessionView;

use crate::parts::{
    badges::{Tone, badge},
    detail::time,
    fields::hidden,
};

/// What a browser says that it is, in the words of its owner; what says nothing that is known is shown as it is.
pub fn browser(user_agent: &str) -> String {
    let name = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    let system = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let find = |words: &[(&str, &'static str)]| {
        words.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, word)| *word)
    };
    match (find(&name), find(&system)) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if user_agent.trim().is_empty() => "Unknown browser".to_owned(),
        (None, None) => user_agent.chars().take(60).collect(),
    }
}

/// The list, with a button for each but the one in use.
pub fn sessions(list: &[SessionView]) -> AnyView {
    let others = list.iter().any(|one| !one.current);
    let everywhere = others.then(|| {
        view! {
            <form method="post" action="/account/">
                {hidden("do", "end-others")}
                <button class="btn btn-secondary" type="submit">"Sign out other browsers"</button>
            </form>
        }
    });
    view! {
        <section class="panel-box" id="sessions" aria-labelledby="sessions-title">
            <h2 id="sessions-title">"Browsers"</h2>
            <p class="meta">"Where you are signed in. Sign out what you do not know, and change your password."</p>
            <table class="sheet sheet-cards">
                <caption class="sr-only">"Browsers that you are signed in with"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Browser"</th>
                        <th scope="col">"Address"</th>
                        <th scope="col">"Signed in"</th>
                        <th scope="col">"Last seen"</th>
                        <th scope="col">"Actions"</th>
                    </tr>
                </thead>
                <tbody>{list.iter().map(row).collect_view()}</tbody>
            </table>
            {everywhere}
        </section>
    }
    .into_any()
}

fn row(session: &SessionView) -> AnyView {
    let name = browser(&session.user_agent);
    let action = if session.current {
        badge("This browser", Tone::Accent)
    } else {
        view! {
            <form method="post" action="/account/">
                {hidden("do", "end-session")}
                {hidden("session", session.id)}
                <button class="btn btn-secondary btn-small" type="submit">
                    "Sign out" <span class="sr-only">" " {name.clone()} " at " {session.address.clone()}</span>
                </button>
            </form>
        }
        .into_any()
    };
    let by = session
        .issuer
        .is_some()
        .then(|| view! { <span class="meta">" by your organization"</span> });
    view! {
        <tr>
            <th scope="row" data-label="Browser">{name} {by}</th>
            <td data-label="Address">{session.address.clone()}</td>
            <td data-label="Signed in">{time(session.created_at)}</td>
            <td data-label="Last seen">{time(session.seen_at)}</td>
            <td data-label="Actions">{action}</td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_have_the_names_that_people_know() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        assert_eq!(browser(firefox), "Firefox on Linux");
        let edge = "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!(browser(edge), "Edge on Windows");
        assert_eq!(browser(" "), "Unknown browser");
        assert_eq!(browser(&"x".repeat(300)).len(), 60);
    }
}
