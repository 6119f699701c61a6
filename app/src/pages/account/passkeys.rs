//! Passkeys on the pages: shown by their script, where the browser has them.

use leptos::prelude::*;
use model::PasskeyView;

use crate::{
    format::date,
    parts::fields::{Field, hidden},
};

const NAME: Field = Field {
    name: "passkey_name",
    label: "Name of the new passkey",
    hint: "Where it is, as in “my phone”",
    kind: "text",
    autocomplete: "off",
    required: true,
};

/// The script that makes them work. It stands in the page that needs it.
fn script() -> AnyView {
    view! { <script src="/passkeys.js" defer></script> }.into_any()
}

/// The button on the sign-in page.
pub fn sign_in(next: &str) -> AnyView {
    view! {
        <div class="passkey" data-passkey="enter" data-next=next.to_owned() hidden>
            <button class="btn btn-secondary btn-large" type="button">"Sign in with a passkey"</button>
            <p class="fault" role="alert"></p>
        </div>
        {script()}
    }
    .into_any()
}

/// The list in the account, with a way to add one.
pub fn passkeys(list: &[PasskeyView]) -> AnyView {
    let rows = (!list.is_empty()).then(|| {
        view! {
            <table class="sheet sheet-cards">
                <caption class="sr-only">"Your passkeys"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Added"</th>
                        <th scope="col">"Last used"</th>
                        <th scope="col">"Actions"</th>
                    </tr>
                </thead>
                <tbody>{list.iter().map(row).collect_view()}</tbody>
            </table>
        }
    });
    view! {
        <section class="panel-box" id="passkeys" aria-labelledby="passkeys-title">
            <h2 id="passkeys-title">"Passkeys"</h2>
            <p class="meta">"Sign in with a finger, a face or the PIN of a device instead of a password."</p>
            {rows}
            <div class="stacked" data-passkey="add" hidden>
                {NAME.view(None)}
                <p class="fault" role="alert"></p>
                <button class="btn btn-secondary" type="button">"Add passkey"</button>
            </div>
            <noscript><p>"Adding a passkey needs script."</p></noscript>
            {script()}
        </section>
    }
    .into_any()
}

fn row(key: &PasskeyView) -> AnyView {
    view! {
        <tr>
            <th scope="row" data-label="Name">{key.name.clone()}</th>
            <td data-label="Added">{date(key.created_at)}</td>
            <td data-label="Last used">{key.used_at.map_or_else(|| "never".to_owned(), date)}</td>
            <td data-label="Actions">
                <form method="post" action="/account/">
                    {hidden("do", "remove-passkey")}
                    {hidden("passkey", key.id)}
                    <button class="btn btn-secondary btn-small" type="submit">
                        "Remove" <span class="sr-only">" " {key.name.clone()}</span>
                    </button>
                </form>
            </td>
        </tr>
    }
    .into_any()
}
