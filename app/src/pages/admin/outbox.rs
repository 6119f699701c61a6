//! The outbox: every mail of the marketplace, for the operator to see what was sent, and to read what could not be.

use leptos::prelude::*;
use leptos_meta::Title;
use model::{MailId, MailState, MailView};

use crate::{
    context::{actor, forbid_storing, loaded, market, param, query},
    parts::{
        badges::{Tone, badge},
        crumbs::crumbs,
        detail::time,
        notices::{empty, remark},
    },
};

/// How many mails the market gives at once.
const PAGE_SIZE: usize = 50;

fn state(mail: &MailView) -> AnyView {
    match mail.state {
        MailState::Sent => badge("Sent", Tone::Good),
        MailState::Waiting => badge("Waiting", Tone::Neutral),
        MailState::Failed => badge("Not sent", Tone::Danger),
    }
}

/// The list, newest first.
#[component]
pub fn OutboxPage() -> impl IntoView {
    loaded(async {
        let (market, actor) = (market()?, actor()?);
        let page = query::<u64>("page").unwrap_or(1).clamp(1, 100_000);
        let mails = market.mails().list(&actor, page).await?;
        let unsent = (!market.mails().are_sent()).then(|| {
            remark("No mail leaves this server: CMP_SMTP_URL is not set. What it would send waits here and can be read.")
        });
        let list = if mails.is_empty() {
            empty("No mail yet", "What the marketplace writes to people appears here.", None)
        } else {
            table(&mails)
        };
        let before = (page > 1).then(|| {
            view! { <a class="btn btn-secondary" rel="prev" href=format!("?page={}", page - 1)>"Previous"</a> }
        });
        let after = (mails.len() >= PAGE_SIZE).then(|| {
            view! { <a class="btn btn-secondary" rel="next" href=format!("?page={}", page + 1)>"Next"</a> }
        });
        Ok(view! {
            <Title text="Outbox – Operator – CMP" />
            <div class="wrap">
                <header class="page-head">
                    <h1>"Outbox"</h1>
                    <p class="meta">"Newest first; kept for 90 days"</p>
                </header>
                {unsent}
                {list}
                <p class="row">{before} {after}</p>
            </div>
        }
        .into_any())
    })
}

fn table(mails: &[MailView]) -> AnyView {
    let row = |mail: &MailView| {
        view! {
            <tr>
                <th scope="row" data-label="Subject">
                    <a href=format!("/admin/outbox/{}/", mail.id)>{mail.subject.clone()}</a>
                </th>
                <td data-label="To">{mail.to.clone()}</td>
                <td data-label="Written">{time(mail.created_at)}</td>
                <td data-label="Attempts" class="num">{mail.attempts}</td>
                <td data-label="State">{state(mail)}</td>
            </tr>
        }
    };
    view! {
        <table class="sheet sheet-cards">
            <caption class="sr-only">"Mails"</caption>
            <thead>
                <tr>
                    <th scope="col">"Subject"</th>
                    <th scope="col">"To"</th>
                    <th scope="col">"Written"</th>
                    <th scope="col" class="num">"Attempts"</th>
                    <th scope="col">"State"</th>
                </tr>
            </thead>
            <tbody>{mails.iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

/// One mail as it is, or was, written.
#[component]
pub fn MailPage() -> impl IntoView {
    loaded(async {
        forbid_storing();
        let (market, actor) = (market()?, actor()?);
        let mail = market.mails().find(&actor, param::<MailId>("mail")?).await?;
        let trail = [("/admin/outbox/".to_owned(), "Outbox".to_owned())];
        let error = mail.error.clone().map(|error| {
            view! { <p class="meta">"Last attempt: " {error}</p> }
        });
        let sent = mail.sent_at.map(|at| view! { " · sent " {time(at)} });
        let text = if mail.state == MailState::Sent {
            remark(
                "The text of a mail is not kept once it is sent: it may hold a link that opens an account.",
            )
        } else {
            view! { <pre class="mail-text" tabindex="0">{mail.text.clone()}</pre> }.into_any()
        };
        Ok(view! {
            <Title text=format!("{} – Outbox – CMP", mail.subject) />
            <div class="wrap wrap-narrow">
                {crumbs(&trail, &mail.subject)}
                <header class="page-head">
                    <h1>{mail.subject.clone()}</h1>
                    {state(&mail)}
                </header>
                <p class="meta">"To " {mail.to.clone()} " · written " {time(mail.created_at)} {sent}</p>
                {error}
                {text}
            </div>
        }
        .into_any())
    })
}
