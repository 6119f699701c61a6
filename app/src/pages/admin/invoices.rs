//! Everybody's invoices, for the operator: find them, and make those of a month after looking at what they will say.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Actor, Asked, Coming, Error, Invoice, Market, Mine, Permission};
use model::{Day, Month};

use crate::{
    calls::own_form,
    context::{PostedForm, actor, loaded, market, posted, query, see_other},
    fail::Fail,
    flash::{self, FlashBody},
    format::count,
    parts::{
        fields::hidden,
        invoices::{invoice_table, money},
        notices::{empty, error_summary, flash_banner, remark},
        pages::Pages,
        views::address,
    },
};

/// How many invoices a page has, and how many organizations a search may find.
const PAGE: u64 = 50;
const MOST_FOUND: i64 = 100;
const STATES: [(&str, &str); 6] = [
    ("", "All but credit notes"),
    ("created", "Unpaid"),
    ("paid", "Paid"),
    ("canceled", "Canceled"),
    ("pending", "Not final"),
    ("notes", "Credit notes"),
];

/// What is looked for.
struct Looked {
    month: Option<Month>,
    state: String,
    customer: String,
    page: u64,
}

impl Looked {
    fn read() -> Self {
        let text = |name| query::<String>(name).unwrap_or_default();
        Self {
            month: query("month"),
            state: text("state"),
            customer: text("customer"),
            page: query::<u64>("page").unwrap_or(1).clamp(1, 100_000),
        }
    }

    fn month_text(&self) -> String {
        self.month.map(|month| month.to_string()).unwrap_or_default()
    }

    fn is_all(&self) -> bool {
        self.month.is_none() && self.state.is_empty() && self.customer.trim().is_empty()
    }
}

/// The list with its filters, and the form that makes a month's.
#[component]
pub fn InvoicesPage() -> impl IntoView {
    loaded(async {
        let (market, actor) = (market()?, actor()?);
        actor.must_everywhere(Permission::SeeBilling)?;
        let told = match posted() {
            None => flash::take(),
            Some(form) => match make(&market, &actor, &form).await {
                Ok((month, done)) => {
                    flash::put(&FlashBody::done(done));
                    see_other(&format!("/admin/invoices/?month={month}"));
                    return Ok(().into_any());
                }
                Err(error) => Some(own_form::wrong(error, &form, &["make"])?),
            },
        };
        let looked = Looked::read();
        let (invoices, total) = list(&market, &actor, &looked).await?;
        let today = market.core().now().day();
        let manages = actor.may_everywhere(Permission::ManageBilling);
        let coming = match query::<String>("make").filter(|_| manages) {
            Some(text) => Some(coming(&market, &actor, &text).await),
            None => None,
        };
        let (coming, told) = match coming {
            Some(Ok(coming)) => (Some(coming), told),
            Some(Err(error)) => (None, Some(own_form::wrong(error, &PostedForm::default(), &[])?)),
            None => (None, told),
        };
        let making = manages.then(|| making(coming.as_ref(), today));
        let wrong = told.as_ref().filter(|told| !told.done);
        Ok(view! {
            <Title text="Invoices – Operator – CMP" />
            <div class="wrap">
                {error_summary(wrong)}
                {flash_banner(told.as_ref().filter(|told| told.done))}
                <header class="page-head">
                    <h1>"Invoices"</h1>
                </header>
                {making}
                {filters(&looked)}
                {table(&looked, &invoices, total, today)}
            </div>
        }
        .into_any())
    })
}

fn month_of(text: &str) -> Result<Month, Error> {
    text.trim().parse().map_err(|_| Error::field("make", "Enter a month, as in 2026-01"))
}

async fn coming(market: &Market, actor: &Actor, text: &str) -> Result<Coming, Error> {
    market.invoices().coming(actor, month_of(text)?).await.map_err(not_ended)
}

fn not_ended(error: Error) -> Error {
    match error {
        Error::Invalid(_) => {
            Error::field("make", "The month has not ended; its invoices are made when it has")
        }
        other => other,
    }
}

/// Makes the invoices of a month.
async fn make(market: &Market, actor: &Actor, form: &PostedForm) -> Result<(Month, String), Error> {
    own_form::must_be_own()?;
    let month = month_of(form.text("make"))?;
    let made = market.invoices().begin_month(actor, month).await.map_err(not_ended)?;
    let words = match made {
        Some(made) => {
            format!("{} for {} made.", count(made, "invoice", "invoices"), month.title())
        }
        None => format!(
            "The invoices for {} are being made. They appear here one after the other.",
            month.title()
        ),
    };
    Ok((month, words))
}

async fn list(
    market: &Market,
    actor: &Actor,
    looked: &Looked,
) -> Result<(Vec<Invoice>, u64), Fail> {
    let notes = looked.state == "notes";
    let state = if notes { "" } else { looked.state.as_str() };
    let (year, month) = looked
        .month
        .map(|month| (month.year().to_string(), month.month().to_string()))
        .unwrap_or_default();
    let mut pairs = vec![("state", state), ("year", &year), ("month", &month)];
    if notes {
        pairs.push(("credit_notes", "true"));
    }
    let mut of = Vec::new();
    if !looked.customer.trim().is_empty() {
        let asked = [("query", looked.customer.trim())];
        let asked = Asked::read(&market::CUSTOMERS, asked.into_iter()).map_err(Error::Invalid)?;
        let range = (MOST_FOUND, 0);
        let (found, _) = market.customers().list(actor, asked, Mine::default(), range).await?;
        of = found.iter().map(|row| row.tenant.customer.id.to_string()).collect();
        if of.is_empty() {
            return Ok((Vec::new(), 0));
        }
    }
    pairs.extend(of.iter().map(|id| ("customer", id.as_str())));
    let asked = Asked::read(&market::INVOICES, pairs.into_iter()).map_err(Error::Invalid)?;
    let range = (PAGE.cast_signed(), ((looked.page - 1) * PAGE).cast_signed());
    Ok(market.invoices().list(actor, asked, range, notes).await?)
}

fn table(looked: &Looked, invoices: &[Invoice], total: u64, today: Day) -> AnyView {
    if invoices.is_empty() {
        return if looked.is_all() {
            empty(
                "No invoices yet",
                "They are made when a month has ended, by themselves or above.",
                None,
            )
        } else {
            empty(
                "No invoice fits",
                "Look for another month, state or organization.",
                Some(("/admin/invoices/", "Show all invoices")),
            )
        };
    }
    let pages = Pages { page: looked.page, size: PAGE, total };
    let link = |page: u64| {
        address(&[
            ("month", &looked.month_text()),
            ("state", &looked.state),
            ("customer", &looked.customer),
            ("page", &page.to_string()),
        ])
    };
    let words = if looked.state == "notes" {
        count(total, "credit note", "credit notes")
    } else {
        count(total, "invoice", "invoices")
    };
    view! {
        {invoice_table(invoices, "/admin/invoices/", true, today, words + ", newest first")}
        {pages.view("invoices", link)}
    }
    .into_any()
}

fn filters(looked: &Looked) -> AnyView {
    let option = |(value, words): (&'static str, &'static str)| {
        view! { <option value=value selected=looked.state == value>{words}</option> }
    };
    let clear = (!looked.is_all()).then(|| {
        view! { <a class="btn btn-ghost" href="/admin/invoices/">"Clear"</a> }
    });
    view! {
        <form class="inline-form wide-form" method="get" role="search" aria-label="Invoices">
            <div class="field">
                <label class="label" for="month">"Month"</label>
                <input class="input" id="month" type="month" name="month" placeholder="2026-01" value=looked.month_text() />
            </div>
            <div class="field">
                <label class="label" for="state">"State"</label>
                <select class="input" id="state" name="state">{STATES.map(option).into_iter().collect_view()}</select>
            </div>
            <div class="field">
                <label class="label" for="customer">"Organization"</label>
                <input class="input" id="customer" type="search" name="customer" maxlength="200" value=looked.customer.clone() />
            </div>
            <button class="btn btn-secondary" type="submit">"Filter"</button>
            {clear}
        </form>
    }
    .into_any()
}

/// A month is looked at first and made then.
fn making(coming: Option<&Coming>, today: Day) -> AnyView {
    let last = Month::of(today).previous();
    let month = coming.map_or(last, |coming| coming.month);
    view! {
        <details class="fold making panel-box" open=coming.is_some()>
            <summary>"Make the invoices of a month…"</summary>
            <form class="inline-form" method="get">
                <div class="field">
                    <label class="label" for="make">"Month that has ended"</label>
                    <input class="input" id="make" type="month" name="make" placeholder="2026-01" max=last.to_string() value=month.to_string() />
                </div>
                <button class="btn btn-secondary" type="submit">"Look at them first"</button>
            </form>
            {coming.map(shown)}
        </details>
    }
    .into_any()
}

/// What would be made.
fn shown(coming: &Coming) -> AnyView {
    let title = coming.month.title();
    if coming.invoices.is_empty() {
        return remark(format!(
            "There is nothing to make for {title}: whoever had or used something has an invoice already."
        ));
    }
    let row = |invoice: &Invoice| {
        view! {
            <tr>
                <th scope="row">{invoice.customer_name.clone()}</th>
                <td data-label="Net" class="num">{money(invoice.price)}</td>
                <td data-label="Tax" class="num">{money(invoice.tax)}</td>
                <td data-label="Total" class="num">{money(invoice.total)}</td>
            </tr>
        }
    };
    let sum: i64 = coming.invoices.iter().map(|invoice| invoice.total).sum();
    let number = count(coming.invoices.len() as u64, "invoice", "invoices");
    let (words, button) = if coming.more {
        (
            format!("The first {number} of {title}; there are more"),
            format!("Make all invoices of {title}"),
        )
    } else {
        (format!("{number} for {title}, {} in all", money(sum)), format!("Make {number}"))
    };
    view! {
        <table class="sheet sheet-cards">
            <caption>{words}</caption>
            <thead>
                <tr>
                    <th scope="col">"Organization"</th>
                    <th scope="col" class="num">"Net"</th>
                    <th scope="col" class="num">"Tax"</th>
                    <th scope="col" class="num">"Total"</th>
                </tr>
            </thead>
            <tbody>{coming.invoices.iter().map(row).collect_view()}</tbody>
        </table>
        <form method="post" action="/admin/invoices/">
            {hidden("make", coming.month)}
            <p class="meta">"Each gets the next number, and can then be taken back by a credit note only."</p>
            <button class="btn btn-primary" type="submit">{button}</button>
        </form>
    }
    .into_any()
}
