//! Invoices and their items. Numbers come from the counter `invoices`, in the transaction that makes an invoice final.

mod items;

use model::{CustomerId, Day, InvoiceId, InvoiceState, Timestamp};
use serde_json::Value;

pub use items::{ITEMS, Item, ItemView, clear_items, insert_items, items, items_of, read_item};

use crate::{
    Db, Result, Row, Run, Script, Tx,
    db::{built, numbered, runs},
    lists::{Asked, Clause, Kind, Shelf, filter},
    sql,
};

/// The words that the state of an invoice is filtered by.
const STATES: &[&str] = &["pending", "created", "paid", "canceled", "pending_finalization"];

/// A month's bill, or a credit note. Amounts are micro-dollars.
#[derive(Debug, Clone, PartialEq)]
pub struct Invoice {
    pub id: InvoiceId,
    /// Given when it is made final.
    pub number: Option<i64>,
    pub customer: CustomerId,
    pub customer_name: String,
    pub year: i64,
    pub month: i64,
    pub state: InvoiceState,
    /// The invoice that it takes back: it is a credit note.
    pub credits: Option<InvoiceId>,
    /// Hundredths of a percent.
    pub tax_rate: i64,
    pub price: i64,
    pub tax: i64,
    pub total: i64,
    pub customer_details: Value,
    pub issuer_details: Value,
    pub invoice_day: Option<Day>,
    pub due_day: Option<Day>,
    pub paid_day: Option<Day>,
    pub backend_id: String,
    pub payment_url: String,
    pub reference_number: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What can be asked of the invoices.
pub const SHELF: Shelf = Shelf {
    select: "i.id, i.number, i.customer_id, c.name AS customer_name, i.year, i.month, i.state, i.credits, i.tax_rate,
        i.price, i.tax, i.total, i.customer_details, i.issuer_details, i.invoice_day, i.due_day, i.paid_day,
        i.backend_id, i.payment_url, i.reference_number, i.created_at, i.updated_at",
    from: "invoices i JOIN customers c ON c.id = i.customer_id",
    counted: "invoices i",
    filters: &[
        filter("customer", Kind::Id, "i.customer_id IN (?)"),
        filter("customer_uuid", Kind::Id, "i.customer_id IN (?)"),
        filter("state", Kind::Word(STATES), "i.state IN (?)"),
        filter("year", Kind::Number, "i.year = ?"),
        filter("month", Kind::Number, "i.month = ?"),
        filter("number", Kind::Number, "i.number = ?"),
        filter("created", Kind::Day, "i.invoice_day = ?"),
        filter("start_date", Kind::Day, "i.invoice_day >= ?"),
        filter("end_date", Kind::Day, "i.invoice_day <= ?"),
        filter("created_after", Kind::Time, "i.created_at >= ?"),
        filter("created_before", Kind::Time, "i.created_at <= ?"),
        // Credit notes are asked for by name: who looks for a customer's month expects the one invoice of it.
        // Everybody's use is billed from the first day on.
        filter("accounting_is_running", Kind::Bool, "1 = ?"),
        filter("credit_notes", Kind::Bool, "CASE WHEN i.credits IS NULL THEN 0 ELSE 1 END = ?"),
    ],
    orders: &[
        ("created", "i.created_at"),
        ("year", "i.year"),
        ("month", "i.month"),
        ("number", "i.number"),
        ("state", "i.state"),
        ("price", "i.price"),
        ("total", "i.total"),
        ("due_date", "i.due_day"),
        ("customer_name", "c.name"),
    ],
    usual_order: "i.created_at DESC",
    id: "i.id",
};

/// Reads a row of [`SHELF`].
pub fn read(row: &Row) -> Result<Invoice> {
    let day = |column| Ok::<_, crate::Error>(row.get::<Option<i64>>(column)?.map(Day::from_number));
    Ok(Invoice {
        id: row.parse("invoices", "id")?,
        number: row.get("number")?,
        customer: row.parse("invoices", "customer_id")?,
        customer_name: row.get("customer_name")?,
        year: row.get("year")?,
        month: row.get("month")?,
        state: row.parse("invoices", "state")?,
        credits: row.parse_some("invoices", "credits")?,
        tax_rate: row.get("tax_rate")?,
        price: row.get("price")?,
        tax: row.get("tax")?,
        total: row.get("total")?,
        customer_details: row.json("invoices", "customer_details")?,
        issuer_details: row.json("invoices", "issuer_details")?,
        invoice_day: day("invoice_day")?,
        due_day: day("due_day")?,
        paid_day: day("paid_day")?,
        backend_id: row.get("backend_id")?,
        payment_url: row.get("payment_url")?,
        reference_number: row.get("reference_number")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        updated_at: Timestamp::from_ms(row.get("updated_at")?),
    })
}

/// One invoice.
pub async fn find(on: impl Run<'_>, id: InvoiceId) -> Result<Option<Invoice>> {
    built(on, format!("SELECT {} FROM {} WHERE i.id = $1", SHELF.select, SHELF.from))
        .bind(id.to_string())
        .optional(read)
        .await
}

/// The invoices of customers for a month that are neither canceled nor credit notes.
pub async fn of_month(
    on: impl Run<'_>,
    customers: &[CustomerId],
    (year, month): (i64, i64),
) -> Result<Vec<Invoice>> {
    // Callers bill at most a run's worth of customers at a time.
    let run = runs(customers).next().unwrap_or_default();
    if run.is_empty() {
        return Ok(Vec::new());
    }
    let (y, m) = (run.len() + 1, run.len() + 2);
    let text = format!(
        "SELECT {} FROM {} WHERE i.customer_id IN {} AND i.year = ${y} AND i.month = ${m}
             AND i.credits IS NULL AND i.state <> 'canceled' ORDER BY i.customer_id, i.id",
        SHELF.select,
        SHELF.from,
        numbered(1, run.len())
    );
    let bound = run.iter().fold(built(on, text), |s, id| s.bind(id.to_string()));
    bound.bind(year).bind(month).all(read).await
}

/// Whether a customer's month is closed: its invoice is final, so that nothing may be added to it.
pub async fn is_closed(
    on: impl Run<'_>,
    customer: CustomerId,
    (year, month): (i64, i64),
) -> Result<bool> {
    sql(
        on,
        "SELECT 1 AS one FROM invoices WHERE customer_id = $1 AND year = $2 AND month = $3 AND credits IS NULL
             AND state IN ('created', 'paid', 'pending_finalization') LIMIT 1",
    )
    .bind(customer.to_string())
    .bind(year)
    .bind(month)
    .optional(|_| Ok(()))
    .await
    .map(|found| found.is_some())
}

/// Takes so many numbers; the last of them. Whoever has them is the only one who takes any until the transaction ends,
/// so that what is rolled back leaves no gap.
pub async fn take_numbers(tx: &mut Tx, count: usize) -> Result<i64> {
    sql(tx, "UPDATE versions SET version = version + $1 WHERE name = 'invoices' RETURNING version")
        .bind(i64::try_from(count).unwrap_or(i64::MAX))
        .one(|row| row.get("version"))
        .await
}

/// Writes invoices; one that is there is replaced as long as it is not final.
pub async fn put(tx: &mut Tx, invoices: &[Invoice]) -> Result<()> {
    let mut script = Script::new(tx);
    script.insert(
        "INSERT INTO invoices (id, number, customer_id, year, month, state, credits, tax_rate, price, tax, total,
             customer_details, issuer_details, invoice_day, due_day, paid_day, backend_id, payment_url,
             reference_number, created_at, updated_at) VALUES ",
        21,
        " ON CONFLICT (id) DO UPDATE SET number = excluded.number, state = excluded.state,
             tax_rate = excluded.tax_rate, price = excluded.price, tax = excluded.tax, total = excluded.total,
             customer_details = excluded.customer_details, issuer_details = excluded.issuer_details,
             invoice_day = excluded.invoice_day, due_day = excluded.due_day, updated_at = excluded.updated_at",
        invoices,
        |s, invoice| {
            s.bind(invoice.id.to_string())
                .bind(invoice.number)
                .bind(invoice.customer.to_string())
                .bind(invoice.year)
                .bind(invoice.month)
                .bind(invoice.state.as_str())
                .bind(invoice.credits.map(|id| id.to_string()))
                .bind(invoice.tax_rate)
                .bind(invoice.price)
                .bind(invoice.tax)
                .bind(invoice.total)
                .bind(invoice.customer_details.to_string())
                .bind(invoice.issuer_details.to_string())
                .bind(invoice.invoice_day.map(Day::number))
                .bind(invoice.due_day.map(Day::number))
                .bind(invoice.paid_day.map(Day::number))
                .bind(invoice.backend_id.clone())
                .bind(invoice.payment_url.clone())
                .bind(invoice.reference_number.clone())
                .bind(invoice.created_at.ms())
                .bind(invoice.updated_at.ms())
        },
    )?;
    script.run(tx).await
}

/// Moves an invoice on, if it is in the state that it is thought to be in; whether it was.
pub async fn set_state(
    tx: &mut Tx,
    id: InvoiceId,
    (from, to): (InvoiceState, InvoiceState),
    paid: Option<Day>,
    now: Timestamp,
) -> Result<bool> {
    let rows = sql(
        tx,
        "UPDATE invoices SET state = $3, paid_day = COALESCE($4, paid_day), updated_at = $5
         WHERE id = $1 AND state = $2",
    )
    .bind(id.to_string())
    .bind(from.as_str())
    .bind(to.as_str())
    .bind(paid.map(Day::number))
    .bind(now.ms())
    .execute()
    .await?;
    Ok(rows == 1)
}

/// Opens an invoice again that was covered by its payments while they were so much more and is not now; whether that was.
pub async fn reopen(tx: &mut Tx, id: InvoiceId, less: i64, now: Timestamp) -> Result<bool> {
    let rows = sql(
        tx,
        "UPDATE invoices SET state = 'created', paid_day = NULL, updated_at = $3 WHERE id = $1 AND state = 'paid'
             AND total > (SELECT COALESCE(CAST(SUM(p.amount) AS BIGINT), 0) FROM payments p WHERE p.invoice_id = $1)
             AND total <= (SELECT COALESCE(CAST(SUM(p.amount) AS BIGINT), 0) FROM payments p WHERE p.invoice_id = $1) + $2",
    )
    .bind(id.to_string())
    .bind(less)
    .bind(now.ms())
    .execute()
    .await?;
    Ok(rows == 1)
}

/// A text of an invoice that others' systems set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    BackendId,
    PaymentUrl,
    ReferenceNumber,
}

/// Sets it.
pub async fn set_note(
    tx: &mut Tx,
    id: InvoiceId,
    note: Note,
    text: &str,
    now: Timestamp,
) -> Result<()> {
    let statement = match note {
        Note::BackendId => "UPDATE invoices SET backend_id = $2, updated_at = $3 WHERE id = $1",
        Note::PaymentUrl => "UPDATE invoices SET payment_url = $2, updated_at = $3 WHERE id = $1",
        Note::ReferenceNumber => {
            "UPDATE invoices SET reference_number = $2, updated_at = $3 WHERE id = $1"
        }
    };
    sql(tx, statement)
        .bind(id.to_string())
        .bind(text.to_owned())
        .bind(now.ms())
        .execute()
        .await
        .map(drop)
}

/// Those of some invoices that have a credit note, each with it.
pub async fn credit_notes(
    db: &Db,
    canceled: impl IntoIterator<Item = InvoiceId>,
) -> Result<Vec<(InvoiceId, InvoiceId)>> {
    let ids: Vec<String> = canceled.into_iter().map(|id| id.to_string()).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let asked = Asked::default().and(Clause::of("i.credits IN (?)", ids));
    let found = SHELF.all(db, &asked, 1_000, read).await?;
    Ok(found.into_iter().filter_map(|note| Some((note.credits?, note.id))).collect())
}
