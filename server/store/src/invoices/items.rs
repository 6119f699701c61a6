//! The lines of invoices.

use model::{CustomerId, InvoiceId, InvoiceItemId, OfferingId, ProjectId, ResourceId, Timestamp};
use serde_json::Value;

use crate::{
    Db, Result, Row, Run, Script, Tx,
    db::built,
    lists::{Asked, Clause, Kind, Shelf, filter},
    sql,
};

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub id: InvoiceItemId,
    pub invoice: InvoiceId,
    pub position: i64,
    pub resource: Option<ResourceId>,
    pub project: Option<ProjectId>,
    pub offering: Option<OfferingId>,
    pub seller: Option<CustomerId>,
    pub name: String,
    pub billing: String,
    /// The kind of the component; empty for the plan itself.
    pub component: String,
    pub unit: String,
    pub measured_unit: String,
    pub article_code: String,
    pub unit_price: i64,
    /// Millionths.
    pub quantity: i64,
    pub price: i64,
    pub tax: i64,
    pub start: Timestamp,
    /// The last millisecond that it is for.
    pub end: Timestamp,
    /// The price that was in force.
    pub price_version: Option<String>,
    pub details: Value,
}

/// An item with the names of what it is about, as they are now.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemView {
    pub item: Item,
    pub customer: CustomerId,
    pub customer_name: String,
    pub resource_name: Option<String>,
    pub project_name: Option<String>,
    pub offering_name: Option<String>,
}

/// What can be asked of the items.
pub const ITEMS: Shelf = Shelf {
    select: "t.id, t.invoice_id, t.position, t.resource_id, t.project_id, t.offering_id, t.seller_id, t.name, t.billing,
        t.component, t.unit, t.measured_unit, t.article_code, t.unit_price, t.quantity, t.price, t.tax, t.start_at,
        t.end_at, t.price_version_id, t.details, i.customer_id, c.name AS customer_name, r.name AS resource_name,
        p.name AS project_name, o.name AS offering_name",
    from: "invoice_items t JOIN invoices i ON i.id = t.invoice_id JOIN customers c ON c.id = i.customer_id
        LEFT JOIN resources r ON r.id = t.resource_id LEFT JOIN projects p ON p.id = t.project_id
        LEFT JOIN offerings o ON o.id = t.offering_id",
    counted: "invoice_items t",
    filters: &[
        filter("invoice_uuid", Kind::Id, "t.invoice_id IN (?)"),
        filter("customer_uuid", Kind::Id, "i.customer_id IN (?)"),
        filter("project_uuid", Kind::Id, "t.project_id IN (?)"),
        filter("resource_uuid", Kind::Id, "t.resource_id IN (?)"),
        filter("offering_uuid", Kind::Id, "t.offering_id IN (?)"),
        filter("year", Kind::Number, "i.year = ?"),
        filter("month", Kind::Number, "i.month = ?"),
        filter("start_year", Kind::Number, "i.year = ?"),
        filter("start_month", Kind::Number, "i.month = ?"),
    ],
    orders: &[("price", "t.price"), ("unit_price", "t.unit_price"), ("project_name", "p.name"), ("resource_name", "r.name")],
    usual_order: "t.position",
    id: "t.id",
};

/// Reads a row of [`ITEMS`].
pub fn read_item(row: &Row) -> Result<ItemView> {
    Ok(ItemView {
        item: Item {
            id: row.parse("invoice_items", "id")?,
            invoice: row.parse("invoice_items", "invoice_id")?,
            position: row.get("position")?,
            resource: row.parse_some("invoice_items", "resource_id")?,
            project: row.parse_some("invoice_items", "project_id")?,
            offering: row.parse_some("invoice_items", "offering_id")?,
            seller: row.parse_some("invoice_items", "seller_id")?,
            name: row.get("name")?,
            billing: row.get("billing")?,
            component: row.get("component")?,
            unit: row.get("unit")?,
            measured_unit: row.get("measured_unit")?,
            article_code: row.get("article_code")?,
            unit_price: row.get("unit_price")?,
            quantity: row.get("quantity")?,
            price: row.get("price")?,
            tax: row.get("tax")?,
            start: Timestamp::from_ms(row.get("start_at")?),
            end: Timestamp::from_ms(row.get("end_at")?),
            price_version: row.get("price_version_id")?,
            details: row.json("invoice_items", "details")?,
        },
        customer: row.parse("invoices", "customer_id")?,
        customer_name: row.get("customer_name")?,
        resource_name: row.get("resource_name")?,
        project_name: row.get("project_name")?,
        offering_name: row.get("offering_name")?,
    })
}

/// Writes items.
pub async fn insert_items(tx: &mut Tx, items: &[Item]) -> Result<()> {
    // A script is one text: a few thousand values at a time keep it small.
    for part in items.chunks(1_024) {
        let mut script = Script::new(tx);
        script.insert(
            "INSERT INTO invoice_items (id, invoice_id, position, resource_id, project_id, offering_id, seller_id, name,
                 billing, component, unit, measured_unit, article_code, unit_price, quantity, price, tax, start_at,
                 end_at, price_version_id, details) VALUES ",
            21,
            "",
            part,
            |s, item| {
                s.bind(item.id.to_string())
                    .bind(item.invoice.to_string())
                    .bind(item.position)
                    .bind(item.resource.map(|id| id.to_string()))
                    .bind(item.project.map(|id| id.to_string()))
                    .bind(item.offering.map(|id| id.to_string()))
                    .bind(item.seller.map(|id| id.to_string()))
                    .bind(item.name.clone())
                    .bind(item.billing.clone())
                    .bind(item.component.clone())
                    .bind(item.unit.clone())
                    .bind(item.measured_unit.clone())
                    .bind(item.article_code.clone())
                    .bind(item.unit_price)
                    .bind(item.quantity)
                    .bind(item.price)
                    .bind(item.tax)
                    .bind(item.start.ms())
                    .bind(item.end.ms())
                    .bind(item.price_version.clone())
                    .bind(item.details.to_string())
            },
        )?;
        script.run(tx).await?;
    }
    Ok(())
}

/// Takes away the items of an invoice that is not final, to write them anew.
pub async fn clear_items(tx: &mut Tx, invoice: InvoiceId) -> Result<()> {
    sql(
        tx,
        "DELETE FROM invoice_items WHERE invoice_id = $1
             AND EXISTS (SELECT 1 FROM invoices i WHERE i.id = $1 AND i.number IS NULL)",
    )
    .bind(invoice.to_string())
    .execute()
    .await
    .map(drop)
}

/// The items of an invoice, in their order.
pub async fn items(on: impl Run<'_>, invoice: InvoiceId) -> Result<Vec<ItemView>> {
    let text = format!(
        "SELECT {} FROM {} WHERE t.invoice_id = $1 ORDER BY t.position, t.id",
        ITEMS.select, ITEMS.from
    );
    built(on, text).bind(invoice.to_string()).many(read_item).await
}

/// The items of some invoices, each one's in their order.
pub async fn items_of(
    db: &Db,
    invoices: impl IntoIterator<Item = InvoiceId>,
) -> Result<Vec<ItemView>> {
    let ids: Vec<String> = invoices.into_iter().map(|id| id.to_string()).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let asked = Asked::default().and(Clause::of("t.invoice_id IN (?)", ids));
    let mut found = ITEMS.all(db, &asked, i64::from(i32::MAX), read_item).await?;
    found.sort_by_key(|view| view.item.position);
    Ok(found)
}
