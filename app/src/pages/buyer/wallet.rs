//! The wallet: what it holds and every change of it.

use leptos::prelude::*;
use leptos_meta::Title;
use model::{Credits, LedgerEntry, Wallet};

use crate::{
    context::{Workspace, loaded, query},
    format::{credits, date_time, signed_credits},
    parts::{crumbs::crumbs, notices::empty, pages::Pages},
};

const PAGE_SIZE: u64 = 50;

/// Balance and ledger.
#[component]
pub fn WalletPage() -> impl IntoView {
    loaded(async {
        let place = Workspace::load().await?;
        let page = query::<u64>("page").unwrap_or(1).max(1);
        let customer = Some(place.customer.id);
        let wallet = place.market.wallets().wallet(&place.actor, customer).await?;
        let ledger = place.market.wallets().ledger(&place.actor, customer, page, PAGE_SIZE).await?;
        let trail = [(place.path(), place.customer.name.clone())];
        let pages = Pages { page, size: PAGE_SIZE, total: ledger.total };
        let list = if ledger.entries.is_empty() {
            empty(
                "No entries yet",
                "Credits that come and go are listed here, each with its cause.",
                None,
            )
        } else {
            view! {
                {table(&ledger.entries, pages)}
                {pages.view("entries", |page| format!("?page={page}"))}
            }
            .into_any()
        };
        Ok(view! {
            <Title text=format!("Wallet – {} – CMP", place.customer.name) />
            <div class="wrap">
                {crumbs(&trail, "Wallet")}
                <header class="page-head">
                    <h1>"Wallet"</h1>
                    <p class="meta">{format!("1 credit is {}", place.market.settings().credit_price)}</p>
                </header>
                {wallet_tiles(wallet)}
                {list}
            </div>
        }
        .into_any())
    })
}

fn tile(name: &'static str, value: Credits, note: &'static str) -> AnyView {
    view! {
        <div class="tile">
            <dt>{name}</dt>
            <dd class="stat num">{credits(value)}</dd>
            <dd class="meta">{note}</dd>
        </div>
    }
    .into_any()
}

/// What a wallet holds, as tiles.
pub fn wallet_tiles(wallet: Wallet) -> AnyView {
    view! {
        <dl class="tiles">
            {tile("Available", wallet.available, "credits a new call may use")}
            {tile("Held", wallet.held, "credits set aside for calls that run now")}
            {tile("Balance", wallet.balance, "credits in all, held ones included")}
        </dl>
    }
    .into_any()
}

fn table(entries: &[LedgerEntry], pages: Pages) -> AnyView {
    view! {
        <table class="sheet sheet-cards">
            <caption>"Ledger " <span class="meta num">{format!("{}, newest first", pages.range())}</span></caption>
            <thead>
                <tr>
                    <th scope="col">"Time"</th>
                    <th scope="col">"What"</th>
                    <th scope="col" class="num">"Credits"</th>
                    <th scope="col" class="num">"Balance after"</th>
                    <th scope="col">"Cause"</th>
                </tr>
            </thead>
            <tbody>{entries.iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn row(entry: &LedgerEntry) -> AnyView {
    let cause = match (entry.receipt_id, entry.run_id.as_deref()) {
        (Some(id), _) => view! {
            <a href=format!("/receipts/{id}/")>
                "Receipt" <span class="sr-only">" of " {date_time(entry.at)}</span>
            </a>
        }
        .into_any(),
        (None, Some(run)) => view! { <span>"Run " <code>{run.to_owned()}</code></span> }.into_any(),
        (None, None) => "–".into_any(),
    };
    let class = if entry.amount.is_positive() { "num gain" } else { "num" };
    view! {
        <tr>
            <th scope="row" data-label="Time" class="num">
                <time datetime=entry.at.to_string()>{date_time(entry.at)}</time>
            </th>
            <td data-label="What">{entry.kind.title()}</td>
            <td data-label="Credits" class=class>{signed_credits(entry.amount)}</td>
            <td data-label="Balance after" class="num">{credits(entry.balance)}</td>
            <td data-label="Cause">{cause}</td>
        </tr>
    }
    .into_any()
}
