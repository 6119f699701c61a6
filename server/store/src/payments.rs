//! How customers pay, and money that came in.

use model::{CustomerId, Day, InvoiceId, PaymentId, PaymentKind, PaymentProfileId, Timestamp};
use serde_json::Value;

use crate::{
    Result, Row, Run, Tx,
    db::built,
    lists::{Kind, Shelf, filter},
    sql,
};

/// The words of payment kinds in filters.
const KINDS: &[&str] = &["fixed_price", "invoices", "payment_gw_monthly"];

/// How a customer pays.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    pub id: PaymentProfileId,
    pub customer: CustomerId,
    pub name: String,
    pub kind: PaymentKind,
    pub active: bool,
    pub attributes: Value,
    pub created_at: Timestamp,
}

/// What can be asked of the profiles.
pub const PROFILES: Shelf = Shelf {
    select: "f.id, f.customer_id, f.name, f.kind, f.active, f.attributes, f.created_at",
    from: "payment_profiles f",
    counted: "",
    filters: &[
        filter("organization", Kind::Id, "f.customer_id IN (?)"),
        filter("organization_uuid", Kind::Id, "f.customer_id IN (?)"),
        filter("payment_type", Kind::Word(KINDS), "f.kind IN (?)"),
        filter("is_active", Kind::Bool, "f.active = ?"),
        filter("uuid", Kind::Id, "f.id IN (?)"),
    ],
    orders: &[("name", "f.name"), ("payment_type", "f.kind"), ("is_active", "f.active")],
    usual_order: "f.created_at DESC",
    id: "f.id",
};

/// Reads a row of [`PROFILES`].
pub fn read_profile(row: &Row) -> Result<Profile> {
    Ok(Profile {
        id: row.parse("payment_profiles", "id")?,
        customer: row.parse("payment_profiles", "customer_id")?,
        name: row.get("name")?,
        kind: row.parse("payment_profiles", "kind")?,
        active: row.get::<i64>("active")? != 0,
        attributes: row.json("payment_profiles", "attributes")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
    })
}

pub async fn find_profile(on: impl Run<'_>, id: PaymentProfileId) -> Result<Option<Profile>> {
    built(on, format!("SELECT {} FROM {} WHERE f.id = $1", PROFILES.select, PROFILES.from))
        .bind(id.to_string())
        .optional(read_profile)
        .await
}

/// The profile that a customer pays by now.
pub async fn active_profile(on: impl Run<'_>, customer: CustomerId) -> Result<Option<Profile>> {
    built(
        on,
        format!(
            "SELECT {} FROM {} WHERE f.customer_id = $1 AND f.active = 1",
            PROFILES.select, PROFILES.from
        ),
    )
    .bind(customer.to_string())
    .optional(read_profile)
    .await
}

/// Makes the customer's other profiles inactive.
pub async fn disable(tx: &mut Tx, customer: CustomerId) -> Result<()> {
    sql(tx, "UPDATE payment_profiles SET active = 0 WHERE customer_id = $1 AND active = 1")
        .bind(customer.to_string())
        .execute()
        .await
        .map(drop)
}

/// Writes a profile anew or as it is now.
pub async fn put_profile(tx: &mut Tx, profile: &Profile) -> Result<()> {
    sql(
        tx,
        "INSERT INTO payment_profiles (id, customer_id, name, kind, active, attributes, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, active = excluded.active,
             attributes = excluded.attributes",
    )
    .bind(profile.id.to_string())
    .bind(profile.customer.to_string())
    .bind(profile.name.clone())
    .bind(profile.kind.as_str())
    .bind(i64::from(profile.active))
    .bind(profile.attributes.to_string())
    .bind(profile.created_at.ms())
    .execute()
    .await
    .map(drop)
}

/// Takes a profile away that nothing was paid by; false when something was.
pub async fn delete_profile(tx: &mut Tx, id: PaymentProfileId) -> Result<bool> {
    let rows = sql(
        tx,
        "DELETE FROM payment_profiles WHERE id = $1
             AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.profile_id = $1)",
    )
    .bind(id.to_string())
    .execute()
    .await?;
    Ok(rows == 1)
}

/// Money that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    pub profile: PaymentProfileId,
    pub customer: CustomerId,
    pub invoice: Option<InvoiceId>,
    /// Year and month of the invoice.
    pub period: Option<(i64, i64)>,
    /// Micro-dollars.
    pub amount: i64,
    pub day: Day,
    /// Whether a file shows it.
    pub proven: bool,
    pub created_at: Timestamp,
}

/// What can be asked of the payments.
pub const PAYMENTS: Shelf = Shelf {
    select:
        "y.id, y.profile_id, f.customer_id, y.invoice_id, i.year, i.month, y.amount, y.paid_day,
        CAST(CASE WHEN y.proof IS NULL THEN 0 ELSE 1 END AS BIGINT) AS proven, y.created_at",
    from: "payments y JOIN payment_profiles f ON f.id = y.profile_id LEFT JOIN invoices i ON i.id = y.invoice_id",
    counted: "payments y",
    filters: &[
        filter("profile", Kind::Id, "y.profile_id IN (?)"),
        filter("profile_uuid", Kind::Id, "y.profile_id IN (?)"),
        filter("invoice_uuid", Kind::Id, "y.invoice_id IN (?)"),
        filter("customer_uuid", Kind::Id, "f.customer_id IN (?)"),
        filter("date_of_payment", Kind::Day, "y.paid_day = ?"),
        filter("date_of_payment_after", Kind::Day, "y.paid_day >= ?"),
        filter("date_of_payment_before", Kind::Day, "y.paid_day <= ?"),
    ],
    orders: &[("created", "y.created_at"), ("date_of_payment", "y.paid_day"), ("sum", "y.amount")],
    usual_order: "y.created_at DESC",
    id: "y.id",
};

/// Reads a row of [`PAYMENTS`].
pub fn read_payment(row: &Row) -> Result<Payment> {
    let (year, month): (Option<i64>, Option<i64>) = (row.get("year")?, row.get("month")?);
    Ok(Payment {
        id: row.parse("payments", "id")?,
        profile: row.parse("payments", "profile_id")?,
        customer: row.parse("payment_profiles", "customer_id")?,
        invoice: row.parse_some("payments", "invoice_id")?,
        period: year.zip(month),
        amount: row.get("amount")?,
        day: Day::from_number(row.get("paid_day")?),
        proven: row.get::<i64>("proven")? != 0,
        created_at: Timestamp::from_ms(row.get("created_at")?),
    })
}

pub async fn find_payment(on: impl Run<'_>, id: PaymentId) -> Result<Option<Payment>> {
    built(on, format!("SELECT {} FROM {} WHERE y.id = $1", PAYMENTS.select, PAYMENTS.from))
        .bind(id.to_string())
        .optional(read_payment)
        .await
}

/// A file that shows a payment, with its content type.
pub type Proof = (Vec<u8>, String);

pub async fn insert_payment(tx: &mut Tx, payment: &Payment, proof: Option<Proof>) -> Result<()> {
    let (bytes, kind) = proof.map_or((None, None), |(bytes, kind)| (Some(bytes), Some(kind)));
    sql(
        tx,
        "INSERT INTO payments (id, profile_id, invoice_id, amount, paid_day, proof, proof_type, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(payment.id.to_string())
    .bind(payment.profile.to_string())
    .bind(payment.invoice.map(|id| id.to_string()))
    .bind(payment.amount)
    .bind(payment.day.number())
    .bind(bytes)
    .bind(kind)
    .bind(payment.created_at.ms())
    .execute()
    .await
    .map(drop)
}

/// The file that shows a payment.
pub async fn proof(on: impl Run<'_>, id: PaymentId) -> Result<Option<Proof>> {
    sql(on, "SELECT proof, proof_type FROM payments WHERE id = $1 AND proof IS NOT NULL")
        .bind(id.to_string())
        .optional(|row| Ok((row.get("proof")?, row.get("proof_type")?)))
        .await
}

/// Corrects a payment, and its file where another one or none is said; false when there is no such payment.
pub async fn update_payment(
    tx: &mut Tx,
    id: PaymentId,
    (profile, amount, day): (PaymentProfileId, i64, Day),
    proof: Option<Option<Proof>>,
) -> Result<bool> {
    let rows = sql(
        &mut *tx,
        "UPDATE payments SET profile_id = $2, amount = $3, paid_day = $4 WHERE id = $1",
    )
    .bind(id.to_string())
    .bind(profile.to_string())
    .bind(amount)
    .bind(day.number())
    .execute()
    .await?;
    if let Some(proof) = proof {
        let (bytes, kind) = proof.map_or((None, None), |(bytes, kind)| (Some(bytes), Some(kind)));
        sql(tx, "UPDATE payments SET proof = $2, proof_type = $3 WHERE id = $1")
            .bind(id.to_string())
            .bind(bytes)
            .bind(kind)
            .execute()
            .await?;
    }
    Ok(rows == 1)
}

/// Says which invoice a payment is for.
pub async fn link(tx: &mut Tx, id: PaymentId, invoice: Option<InvoiceId>) -> Result<()> {
    sql(tx, "UPDATE payments SET invoice_id = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(invoice.map(|id| id.to_string()))
        .execute()
        .await
        .map(drop)
}

/// Takes a payment away; false when there was none.
pub async fn delete_payment(tx: &mut Tx, id: PaymentId) -> Result<bool> {
    let rows = sql(tx, "DELETE FROM payments WHERE id = $1").bind(id.to_string()).execute().await?;
    Ok(rows == 1)
}
