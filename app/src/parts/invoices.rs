//! Invoices: their states in words, the table of them, their lines and their sum.

use leptos::prelude::*;
use market::{Invoice, InvoiceItem};
use model::{Billing, Credits, Day, InvoiceState, Month, Usd};

use super::{
    badges::{Tone, badge},
    prices::leader,
};
use crate::format::{credits, date, dollars};

/// Micro-dollars as people read them.
pub fn money(micros: i64) -> String {
    dollars(Usd::from_micros(micros))
}

/// Micro-dollars to the cent, for places that only say about how much.
pub fn cents(micros: i64) -> String {
    let half = if micros < 0 { -5_000 } else { 5_000 };
    money(micros.saturating_add(half) / 10_000 * 10_000)
}

/// A rate in hundredths of a percent.
pub fn rate(points: i64) -> String {
    match (points / 100, points % 100) {
        (whole, 0) => format!("{whole} %"),
        (whole, rest) => format!("{whole}.{rest:02} %"),
    }
}

/// The month that an invoice is for.
pub fn month_of(invoice: &Invoice) -> String {
    Month::new(invoice.year, invoice.month).map(Month::title).unwrap_or_default()
}

/// What an invoice is called.
pub fn name_of(invoice: &Invoice) -> String {
    match (invoice.number, invoice.credits) {
        (Some(number), None) => format!("Invoice {number}"),
        (Some(number), Some(_)) => format!("Credit note {number}"),
        (None, _) => "Not final yet".to_owned(),
    }
}

/// Where it can be had as PDF.
pub fn paper_of(invoice: &Invoice) -> String {
    format!("/api/invoices/{}/pdf/", invoice.id.hex())
}

/// Whether it should have been paid by now.
pub fn is_overdue(invoice: &Invoice, today: Day) -> bool {
    invoice.state == InvoiceState::Created
        && invoice.credits.is_none()
        && invoice.total > 0
        && invoice.due_day.is_some_and(|due| due < today)
}

/// Where an invoice stands, in words.
pub fn invoice_state(invoice: &Invoice, today: Day) -> AnyView {
    if invoice.credits.is_some() {
        return badge("Credit note", Tone::Accent);
    }
    let (word, tone) = match invoice.state {
        InvoiceState::Pending => ("Not final", Tone::Neutral),
        InvoiceState::PendingFinalization => ("Being made", Tone::Neutral),
        InvoiceState::Created if is_overdue(invoice, today) => ("Overdue", Tone::Danger),
        InvoiceState::Created => ("Unpaid", Tone::Warning),
        InvoiceState::Paid => ("Paid", Tone::Good),
        InvoiceState::Canceled => ("Canceled", Tone::Neutral),
    };
    badge(word, tone)
}

/// Invoices as a table; `base` is the page above that of each, `whose` shows the organizations.
pub fn invoice_table(
    invoices: &[Invoice],
    base: &str,
    whose: bool,
    today: Day,
    caption: String,
) -> AnyView {
    let head = whose.then(|| view! { <th scope="col">"Organization"</th> });
    let row = |invoice: &Invoice| {
        let customer = whose.then(|| {
            view! { <td data-label="Organization"><span>{invoice.customer_name.clone()}</span></td> }
        });
        let due = match (invoice.paid_day, invoice.due_day) {
            (Some(day), _) => format!("paid {}", date(day.start())),
            (None, Some(day))
                if invoice.state == InvoiceState::Created && invoice.credits.is_none() =>
            {
                date(day.start())
            }
            _ => "–".to_owned(),
        };
        let paper = invoice.number.map(|_| {
            view! { <a href=paper_of(invoice)>"PDF" <span class="sr-only">" of " {name_of(invoice)}</span></a> }
        });
        view! {
            <tr>
                <th scope="row"><a href=format!("{base}{}/", invoice.id)>{name_of(invoice)}</a></th>
                {customer}
                <td data-label="Month"><span>{month_of(invoice)}</span></td>
                <td data-label="State">{invoice_state(invoice, today)}</td>
                <td data-label="Net" class="num">{money(invoice.price)}</td>
                <td data-label="Tax" class="num">{money(invoice.tax)}</td>
                <td data-label="Total" class="num">{money(invoice.total)}</td>
                <td data-label="Due"><span>{due}</span></td>
                <td data-label="File">{paper}</td>
            </tr>
        }
    };
    view! {
        <table class="sheet sheet-cards">
            <caption>{caption}</caption>
            <thead>
                <tr>
                    <th scope="col">"Number"</th>
                    {head}
                    <th scope="col">"Month"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="num">"Net"</th>
                    <th scope="col" class="num">"Tax"</th>
                    <th scope="col" class="num">"Total"</th>
                    <th scope="col">"Due"</th>
                    <th scope="col">"File"</th>
                </tr>
            </thead>
            <tbody>{invoices.iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

/// How a line came about, in words.
fn billed(item: &InvoiceItem) -> String {
    let (from, to) = (date(item.start), date(item.end));
    let span = if from == to { from } else { format!("{from} – {to}") };
    match item.billing.parse::<Billing>() {
        Ok(Billing::Usage) => format!("used in {}", Month::of(item.start.day()).title()),
        Ok(Billing::One) => format!("once, on {}", date(item.start)),
        Ok(Billing::Few) => format!("for the change on {}", date(item.start)),
        Ok(Billing::Fixed | Billing::Limit) | Err(_) => span,
    }
}

/// The lines of an invoice.
pub fn item_table(items: &[&InvoiceItem]) -> AnyView {
    let row = |item: &&InvoiceItem| {
        let unit = if item.measured_unit.is_empty() {
            String::new()
        } else {
            format!(" {}", item.measured_unit)
        };
        let amount = Credits::from_micros(item.quantity);
        view! {
            <tr>
                <th scope="row">{item.name.clone()} <span class="meta block">{billed(item)}</span></th>
                <td data-label="Quantity" class="num">{credits(amount)} {unit}</td>
                <td data-label="Unit price" class="num">{money(item.unit_price)}</td>
                <td data-label="Net" class="num">{money(item.price)}</td>
                <td data-label="Tax" class="num">{money(item.tax)}</td>
            </tr>
        }
    };
    view! {
        <table class="sheet sheet-cards">
            <caption class="sr-only">"Lines"</caption>
            <thead>
                <tr>
                    <th scope="col">"What"</th>
                    <th scope="col" class="num">"Quantity"</th>
                    <th scope="col" class="num">"Unit price"</th>
                    <th scope="col" class="num">"Net"</th>
                    <th scope="col" class="num">"Tax"</th>
                </tr>
            </thead>
            <tbody>{items.iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

/// Net, tax and total.
pub fn sum(invoice: &Invoice) -> AnyView {
    view! {
        <dl class="leaders sum">
            {leader("Net", money(invoice.price))}
            {leader(format!("Tax, {}", rate(invoice.tax_rate)), money(invoice.tax))}
            <div class="leader sum-total">
                <dt>"Total"</dt>
                <dd class="num">{money(invoice.total)}</dd>
            </div>
        </dl>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_are_rounded_half_away_from_zero() {
        let shown = [20_025_500, 69_575_000, -5_000, 4_999].map(cents);
        assert_eq!(shown, ["$20.03", "$69.58", "−$0.01", "$0.00"]);
    }

    #[test]
    fn rates_are_short() {
        assert_eq!(
            (rate(2_100), rate(775), rate(0)),
            ("21 %".into(), "7.75 %".into(), "0 %".into())
        );
    }
}
