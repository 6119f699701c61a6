//! The administration of what stands around offerings: categories and the customers that sell.

use model::{CategoryId, CustomerId, ProviderId, Timestamp};

use crate::{
    Result, Row, Run, Tx,
    lists::{Kind, Shelf, filter, nothing},
    sql,
};

/// A category with how much is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    pub id: CategoryId,
    pub slug: String,
    pub title: String,
    pub description: String,
    pub icon: String,
    pub color: String,
    pub offerings: u64,
    pub available: u64,
}

/// What can be asked of the categories.
pub const CATEGORIES: Shelf = Shelf {
    select: "g.id, g.slug, g.title, g.description, g.icon, g.color,
        (SELECT COUNT(*) FROM offerings o WHERE o.category_id = g.id) AS offerings,
        (SELECT COUNT(*) FROM offerings o WHERE o.category_id = g.id AND o.state = 'active') AS available",
    from: "categories g",
    counted: "",
    filters: &[
        filter("title", Kind::Contains, "LOWER(g.title) LIKE ? ESCAPE '\\'"),
        filter("name", Kind::Contains, "LOWER(g.title) LIKE ? ESCAPE '\\'"),
        filter("name_exact", Kind::Text, "g.title IN (?)"),
        filter("slug", Kind::Text, "g.slug IN (?)"),
        // Only what is on sale is counted: a draft is not to be found by its name.
        filter(
            "has_shared",
            Kind::Bool,
            "CASE WHEN EXISTS (SELECT 1 FROM offerings o WHERE o.category_id = g.id AND o.shared = 1
                 AND o.state = 'active') THEN 1 ELSE 0 END = ?",
        ),
        filter(
            "accessible",
            Kind::Bool,
            "CASE WHEN EXISTS (SELECT 1 FROM offerings o WHERE o.category_id = g.id AND o.shared = 1
                 AND o.state = 'active') THEN 1 ELSE 0 END = ?",
        ),
        filter(
            "offering_name",
            Kind::Contains,
            "EXISTS (SELECT 1 FROM offerings o WHERE o.category_id = g.id AND o.shared = 1 AND o.state = 'active'
                 AND LOWER(o.name) LIKE ? ESCAPE '\\')",
        ),
        filter(
            "customer_uuid",
            Kind::Id,
            "EXISTS (SELECT 1 FROM offerings o JOIN providers v ON v.id = o.provider_id WHERE o.category_id = g.id
                 AND o.shared = 1 AND o.state = 'active' AND v.customer_id IN (?))",
        ),
        nothing("group_uuid"),
    ],
    orders: &[("title", "g.title")],
    usual_order: "g.position",
    id: "g.id",
};

/// Reads a row of [`CATEGORIES`].
pub fn read_category(row: &Row) -> Result<Category> {
    Ok(Category {
        id: row.parse("categories", "id")?,
        slug: row.get("slug")?,
        title: row.get("title")?,
        description: row.get("description")?,
        icon: row.get("icon")?,
        color: row.get("color")?,
        offerings: row.count("offerings")?,
        available: row.count("available")?,
    })
}

/// The place after the last category.
pub async fn next_place(on: impl Run<'_>) -> Result<i64> {
    sql(on, "SELECT COALESCE(MAX(position), 0) + 1 AS n FROM categories")
        .one(|row| row.get("n"))
        .await
}

/// Whether a slug is taken by a category.
pub async fn has_category_slug(on: impl Run<'_>, slug: &str) -> Result<bool> {
    sql(on, "SELECT 1 AS one FROM categories WHERE slug = $1")
        .bind(slug.to_owned())
        .optional(|_| Ok(()))
        .await
        .map(|found| found.is_some())
}

/// Changes what a category is called and looks like; its slug stays, as addresses hold it.
pub async fn update_category(tx: &mut Tx, category: &Category) -> Result<u64> {
    sql(
        tx,
        "UPDATE categories SET title = $2, description = $3, icon = $4, color = $5 WHERE id = $1",
    )
    .bind(category.id.to_string())
    .bind(category.title.clone())
    .bind(category.description.clone())
    .bind(category.icon.clone())
    .bind(category.color.clone())
    .execute()
    .await
}

/// Takes a category away that nothing is in; how many that were.
pub async fn remove_category(tx: &mut Tx, id: CategoryId) -> Result<u64> {
    sql(
        tx,
        "DELETE FROM categories WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM offerings WHERE category_id = $1)",
    )
    .bind(id.to_string())
    .execute()
    .await
}

/// A customer that sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    pub id: ProviderId,
    pub slug: String,
    pub name: String,
    pub description: String,
    pub created_at: Timestamp,
    pub customer: CustomerId,
    pub customer_name: String,
    pub customer_slug: String,
    pub customer_abbreviation: String,
    pub customer_native_name: String,
    pub customer_country: String,
    pub offerings: u64,
}

/// What can be asked of the providers.
pub const PROVIDERS: Shelf = Shelf {
    select: "p.id, p.slug, p.name, p.description, p.created_at, p.customer_id, c.name AS customer,
        c.slug AS customer_slug, c.abbreviation, c.native_name, c.country,
        (SELECT COUNT(*) FROM offerings o WHERE o.provider_id = p.id) AS offerings",
    from: "providers p JOIN customers c ON c.id = p.customer_id",
    counted: "providers p",
    filters: &[
        filter("customer", Kind::Id, "p.customer_id IN (?)"),
        filter("customer_uuid", Kind::Id, "p.customer_id IN (?)"),
        filter("customer_keyword", Kind::Contains, "LOWER(c.name) LIKE ? ESCAPE '\\'"),
        filter("query", Kind::Contains, "LOWER(p.name) LIKE ? ESCAPE '\\'"),
    ],
    orders: &[("customer_name", "c.name"), ("created", "p.created_at")],
    usual_order: "p.created_at",
    id: "p.id",
};

/// Reads a row of [`PROVIDERS`].
pub fn read_provider(row: &Row) -> Result<Provider> {
    Ok(Provider {
        id: row.parse("providers", "id")?,
        slug: row.get("slug")?,
        name: row.get("name")?,
        description: row.get("description")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        customer: row.parse("providers", "customer_id")?,
        customer_name: row.get("customer")?,
        customer_slug: row.get("customer_slug")?,
        customer_abbreviation: row.get("abbreviation")?,
        customer_native_name: row.get("native_name")?,
        customer_country: row.get("country")?,
        offerings: row.count("offerings")?,
    })
}

/// The provider that a customer is, the oldest when it is several.
pub async fn provider_of(on: impl Run<'_>, customer: CustomerId) -> Result<Option<ProviderId>> {
    sql(on, "SELECT id FROM providers WHERE customer_id = $1 ORDER BY created_at, id LIMIT 1")
        .bind(customer.to_string())
        .optional(|row| row.parse("providers", "id"))
        .await
}

/// The provider that a slug names, and its customer.
pub async fn provider_by_slug(
    on: impl Run<'_>,
    slug: &str,
) -> Result<Option<(ProviderId, CustomerId)>> {
    sql(on, "SELECT id, customer_id FROM providers WHERE slug = $1")
        .bind(slug.to_owned())
        .optional(|row| Ok((row.parse("providers", "id")?, row.parse("providers", "customer_id")?)))
        .await
}

/// Changes what a provider says of itself.
pub async fn describe_provider(tx: &mut Tx, id: ProviderId, description: &str) -> Result<u64> {
    sql(tx, "UPDATE providers SET description = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(description.to_owned())
        .execute()
        .await
}

/// What a provider's customer has going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trade {
    /// Customers with a resource that is not ended.
    pub customers: u64,
    /// Customers whose first such resource was made since a time.
    pub new_customers: u64,
    pub resources: u64,
    pub new_resources: u64,
    /// On sale or paused.
    pub offerings: u64,
    pub pending_orders: u64,
    pub erred_resources: u64,
    /// Tickets about its offerings or resources that wait for somebody.
    pub tickets: u64,
}

/// What a seller has going on; what is new is new since a time.
pub async fn trade(on: impl Run<'_>, seller: CustomerId, since: Timestamp) -> Result<Trade> {
    sql(
        on,
        "SELECT
             (SELECT COUNT(DISTINCT customer_id) FROM resources WHERE seller_id = $1 AND state <> 'terminated') AS customers,
             (SELECT COUNT(*) FROM (SELECT customer_id FROM resources WHERE seller_id = $1 AND state <> 'terminated'
                 GROUP BY customer_id HAVING MIN(created_at) >= $2) AS recent) AS new_customers,
             (SELECT COUNT(*) FROM resources WHERE seller_id = $1 AND state <> 'terminated') AS resources,
             (SELECT COUNT(*) FROM resources WHERE seller_id = $1 AND state <> 'terminated' AND created_at >= $2)
                 AS new_resources,
             (SELECT COUNT(*) FROM offerings o JOIN providers p ON p.id = o.provider_id
                 WHERE p.customer_id = $1 AND o.state IN ('active', 'paused')) AS offerings,
             (SELECT COUNT(*) FROM orders WHERE seller_id = $1 AND state = 'pending-provider') AS pending_orders,
             (SELECT COUNT(*) FROM resources WHERE seller_id = $1 AND state = 'erred') AS erred,
             (SELECT COUNT(*) FROM tickets t LEFT JOIN resources r ON r.id = t.resource_id
                 LEFT JOIN offerings o ON o.id = t.offering_id LEFT JOIN providers p ON p.id = o.provider_id
                 WHERE t.state IN ('open', 'assigned', 'waiting') AND (r.seller_id = $1 OR p.customer_id = $1))
                 AS tickets",
    )
    .bind(seller.to_string())
    .bind(since.ms())
    .one(|row| {
        Ok(Trade {
            customers: row.count("customers")?,
            new_customers: row.count("new_customers")?,
            resources: row.count("resources")?,
            new_resources: row.count("new_resources")?,
            offerings: row.count("offerings")?,
            pending_orders: row.count("pending_orders")?,
            erred_resources: row.count("erred")?,
            tickets: row.count("tickets")?,
        })
    })
    .await
}

/// Somebody that buys of a seller: id and name.
pub type Buyer = (String, String);

/// The customers that have something of a seller, perhaps of one of its offerings, by name.
pub async fn buyers(
    on: impl Run<'_>,
    seller: CustomerId,
    offering: Option<model::OfferingId>,
    most: i64,
) -> Result<Vec<Buyer>> {
    sql(
        on,
        "SELECT c.id, c.name FROM customers c WHERE c.id IN (SELECT customer_id FROM resources
             WHERE seller_id = $1 AND state <> 'terminated' AND ($2 IS NULL OR offering_id = $2))
         ORDER BY c.name, c.id LIMIT $3",
    )
    .bind(seller.to_string())
    .bind(offering.map(|id| id.to_string()))
    .bind(most)
    .all(|row| Ok((row.get("id")?, row.get("name")?)))
    .await
}

/// The projects that have something of a seller, by name, each with its customer's id and name.
pub async fn buying_projects(
    on: impl Run<'_>,
    seller: CustomerId,
    most: i64,
) -> Result<Vec<(Buyer, Buyer)>> {
    sql(
        on,
        "SELECT j.id, j.name, c.id AS customer_id, c.name AS customer FROM projects j
         JOIN customers c ON c.id = j.customer_id WHERE j.id IN (SELECT project_id FROM resources
             WHERE seller_id = $1 AND state <> 'terminated') ORDER BY j.name, j.id LIMIT $2",
    )
    .bind(seller.to_string())
    .bind(most)
    .all(|row| {
        Ok(((row.get("id")?, row.get("name")?), (row.get("customer_id")?, row.get("customer")?)))
    })
    .await
}

/// What a seller was invoiced for, perhaps for one of its offerings, by year and month, the newest first: price and tax
/// in micro-dollars. Canceled invoices and their credit notes cancel each other out.
pub async fn revenue(
    on: impl Run<'_>,
    seller: CustomerId,
    offering: Option<model::OfferingId>,
    most: i64,
) -> Result<Vec<(i64, i64, i64, i64)>> {
    // Sums of integers are NUMERIC on PostgreSQL.
    sql(
        on,
        "SELECT v.year, v.month, CAST(SUM(i.price) AS BIGINT) AS price, CAST(SUM(i.tax) AS BIGINT) AS tax
         FROM invoice_items i JOIN invoices v ON v.id = i.invoice_id
         WHERE i.seller_id = $1 AND ($2 IS NULL OR i.offering_id = $2) AND v.number IS NOT NULL
         GROUP BY v.year, v.month ORDER BY v.year DESC, v.month DESC LIMIT $3",
    )
    .bind(seller.to_string())
    .bind(offering.map(|id| id.to_string()))
    .bind(most)
    .all(|row| Ok((row.get("year")?, row.get("month")?, row.get("price")?, row.get("tax")?)))
    .await
}
