//! An invoice on paper.

use market::{Invoice, ItemView};
use model::{Credits, Month, Usd};
use pdf::{Paper, Row};
use serde_json::Value;

/// The lines of who sends or gets it.
fn lines(details: &Value) -> Vec<String> {
    let known = [
        ("name", ""),
        ("address", ""),
        ("postal", ""),
        ("city", ""),
        ("country", ""),
        ("contact_details", ""),
        ("email", ""),
        ("phone_number", ""),
        ("vat_code", "VAT "),
        ("registration_code", "Registration "),
    ];
    let text = |(name, label): (&str, &str)| {
        let text = details.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.map(|text| format!("{label}{text}"))
    };
    known.into_iter().filter_map(text).collect()
}

/// Dollars and cents; what is finer is shown where it is there.
fn money(micros: i64) -> String {
    Usd::from_micros(micros).to_string()
}

/// What stands on it.
pub fn paper(invoice: &Invoice, items: &[ItemView]) -> Paper {
    let number = invoice.number.map_or_else(|| "(preview)".to_owned(), |number| number.to_string());
    let kind = if invoice.credits.is_some() { "Credit note" } else { "Invoice" };
    let month = Month::new(invoice.year, invoice.month).map(Month::title).unwrap_or_default();
    let mut facts = vec![("Number".to_owned(), number.clone()), ("For".to_owned(), month)];
    let dates =
        [("Date", invoice.invoice_day), ("Due", invoice.due_day), ("Paid", invoice.paid_day)];
    for (label, day) in dates {
        facts.extend(day.map(|day| (label.to_owned(), day.to_string())));
    }
    if !invoice.reference_number.is_empty() {
        facts.push(("Reference".to_owned(), invoice.reference_number.clone()));
    }
    let rate = format!("{}.{:02}", invoice.tax_rate / 100, invoice.tax_rate % 100);
    let detail = |name: &str| invoice.issuer_details.get(name).and_then(Value::as_str);
    let account = detail("bank_account").map(|account| {
        format!(
            "Pay to {} {account}, with the number of the invoice.",
            detail("bank_name").unwrap_or_default()
        )
    });
    Paper {
        title: format!("{kind} {number}"),
        from: lines(&invoice.issuer_details),
        to: lines(&invoice.customer_details),
        facts,
        rows: items
            .iter()
            .map(|view| Row {
                name: view.item.name.clone(),
                quantity: Credits::from_micros(view.item.quantity).to_string(),
                unit_price: money(view.item.unit_price),
                price: money(view.item.price),
            })
            .collect(),
        totals: vec![
            ("Net".to_owned(), money(invoice.price)),
            (format!("Tax {rate} %"), money(invoice.tax)),
            ("Total".to_owned(), money(invoice.total)),
        ],
        notes: account.into_iter().collect(),
    }
}
