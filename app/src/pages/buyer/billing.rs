//! What a workspace has to pay: the wallet, the month so far, and its invoices.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Asked, Error, Invoice, On, Permission, Preview};
use model::{Day, InvoiceState, Wallet};

use crate::{
    context::{Workspace, loaded, query},
    format::{count, credits, date},
    parts::{
        crumbs::crumbs,
        invoices::{cents, invoice_table, is_overdue, item_table, money, name_of, sum},
        notices::{empty, warning},
        pages::Pages,
        views::address,
    },
};

/// How many invoices a page has.
const PAGE: u64 = 24;
/// How many unpaid ones are added up.
const MOST_UNPAID: i64 = 100;

/// Wallet, month and invoices.
#[component]
pub fn BillingPage() -> impl IntoView {
    loaded(async {
        let place = Workspace::load().await?;
        let (market, actor, id) = (&place.market, &place.actor, place.customer.id);
        actor.must(Permission::SeeBilling, On::customer(id), "workspace")?;
        let page = query::<u64>("page").unwrap_or(1).clamp(1, 100_000);
        let own = id.to_string();
        let asked = |state: &'static str| {
            let pairs = [("customer", own.as_str()), ("state", state)];
            Asked::read(&market::INVOICES, pairs.into_iter()).map_err(Error::Invalid)
        };
        let range = (PAGE.cast_signed(), ((page - 1) * PAGE).cast_signed());
        let (invoices, total) = market.invoices().list(actor, asked("")?, range, true).await?;
        let unpaid = (MOST_UNPAID, 0);
        let (unpaid, _) = market.invoices().list(actor, asked("created")?, unpaid, false).await?;
        let preview = market.invoices().preview(actor, id).await?;
        let wallet = market.wallets().wallet(actor, Some(id)).await?;
        let today = market.core().now().day();
        let pages = Pages { page, size: PAGE, total };
        let list = if invoices.is_empty() {
            empty(
                "No invoices yet",
                "What a provider fulfils by hand is billed at the end of the month. Calls are paid from the wallet, each with its receipt.",
                None,
            )
        } else {
            let base = format!("{}billing/", place.path());
            let caption = count(total, "invoice or credit note", "invoices and credit notes")
                + ", newest first";
            view! {
                {invoice_table(&invoices, &base, false, today, caption)}
                {pages.view("invoices", |page| address(&[("page", &page.to_string())]))}
            }
            .into_any()
        };
        Ok(view! {
            <Title text=format!("Billing – {} – CMP", place.customer.name) />
            <div class="wrap">
                {crumbs(&[(place.path(), place.customer.name.clone())], "Billing")}
                <header class="page-head">
                    <h1>"Billing"</h1>
                </header>
                {overdue(&unpaid, today)}
                {tiles(&place, wallet, &preview, &unpaid)}
                {so_far(&preview)}
                {list}
            </div>
        }
        .into_any())
    })
}

/// Says which invoices are late.
fn overdue(unpaid: &[Invoice], today: Day) -> Option<AnyView> {
    let late: Vec<String> = unpaid
        .iter()
        .filter(|invoice| is_overdue(invoice, today))
        .filter_map(|invoice| {
            let due = date(invoice.due_day?.start());
            Some(format!("{} of {} was due on {due}.", name_of(invoice), money(invoice.total)))
        })
        .collect();
    (!late.is_empty()).then(|| warning(late.join(" ")))
}

fn tiles(place: &Workspace, wallet: Wallet, preview: &Preview, unpaid: &[Invoice]) -> AnyView {
    let owed: Vec<&Invoice> = unpaid
        .iter()
        .filter(|invoice| invoice.state == InvoiceState::Created && invoice.total > 0)
        .collect();
    let sum: i64 = owed.iter().map(|invoice| invoice.total).sum();
    let end = date(preview.month.end().plus(-1).start());
    view! {
        <dl class="tiles">
            <div class="tile">
                <dt>"In the wallet"</dt>
                <dd class="stat num">{credits(wallet.available)}</dd>
                <dd class="meta">"credits · " <a href=format!("{}wallet/", place.path())>"open the wallet"</a></dd>
            </div>
            <div class="tile">
                <dt>"Unpaid"</dt>
                <dd class="stat num">{cents(sum)}</dd>
                <dd class="meta">{count(owed.len() as u64, "invoice", "invoices")}</dd>
            </div>
            <div class="tile">
                <dt>{format!("{} so far", preview.month.title())}</dt>
                <dd class="stat num">{cents(preview.invoice.total)}</dd>
                <dd class="meta">"to be invoiced, with tax"</dd>
            </div>
            <div class="tile">
                <dt>{format!("By {end}")}</dt>
                <dd class="stat num">{cents(preview.by_end)}</dd>
                <dd class="meta">"if what runs now is kept and nothing more is used"</dd>
            </div>
        </dl>
    }
    .into_any()
}

/// The lines of the month that will be invoiced at its end.
fn so_far(preview: &Preview) -> Option<AnyView> {
    if preview.items.is_empty() {
        return None;
    }
    let items: Vec<_> = preview.items.iter().collect();
    Some(
        view! {
            <details class="fold preview">
                <summary>{format!("What {} costs so far", preview.month.title())}</summary>
                {item_table(&items)}
                {sum(&preview.invoice)}
            </details>
        }
        .into_any(),
    )
}
