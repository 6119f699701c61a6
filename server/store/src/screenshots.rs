//! Pictures of offerings. The bytes are read apart from what is said of them.

use model::{CustomerId, OfferingId, OfferingState, ScreenshotId, Timestamp};

use crate::{
    Result, Row, Run, Tx,
    lists::{Kind, Shelf, filter},
    sql,
};

/// What is said of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screenshot {
    pub id: ScreenshotId,
    pub offering: OfferingId,
    pub offering_state: OfferingState,
    pub seller: CustomerId,
    pub name: String,
    pub description: String,
    pub content_type: String,
    pub created_at: Timestamp,
}

/// What can be asked of the pictures.
pub const SHELF: Shelf = Shelf {
    select: "s.id, s.offering_id, s.name, s.description, s.content_type, s.created_at, o.state, p.customer_id",
    from: "screenshots s JOIN offerings o ON o.id = s.offering_id JOIN providers p ON p.id = o.provider_id",
    counted: "screenshots s",
    filters: &[
        filter("offering", Kind::Id, "s.offering_id IN (?)"),
        filter("offering_uuid", Kind::Id, "s.offering_id IN (?)"),
    ],
    orders: &[("name", "s.name"), ("created", "s.created_at")],
    usual_order: "s.created_at",
    id: "s.id",
};

/// Reads a row of [`SHELF`].
pub fn read(row: &Row) -> Result<Screenshot> {
    Ok(Screenshot {
        id: row.parse("screenshots", "id")?,
        offering: row.parse("screenshots", "offering_id")?,
        offering_state: row.parse("offerings", "state")?,
        seller: row.parse("providers", "customer_id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        content_type: row.get("content_type")?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
    })
}

/// Adds a picture.
pub async fn insert(tx: &mut Tx, shot: &Screenshot, image: Vec<u8>) -> Result<()> {
    sql(
        tx,
        "INSERT INTO screenshots (id, offering_id, name, description, content_type, image, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(shot.id.to_string())
    .bind(shot.offering.to_string())
    .bind(shot.name.clone())
    .bind(shot.description.clone())
    .bind(shot.content_type.clone())
    .bind(image)
    .bind(shot.created_at.ms())
    .execute()
    .await
    .map(drop)
}

/// How many pictures an offering has.
pub async fn count(on: impl Run<'_>, offering: OfferingId) -> Result<u64> {
    sql(on, "SELECT COUNT(*) AS n FROM screenshots WHERE offering_id = $1")
        .bind(offering.to_string())
        .one(|row| row.count("n"))
        .await
}

/// Changes what is said of a picture.
pub async fn update(tx: &mut Tx, id: ScreenshotId, name: &str, description: &str) -> Result<u64> {
    sql(tx, "UPDATE screenshots SET name = $2, description = $3 WHERE id = $1")
        .bind(id.to_string())
        .bind(name.to_owned())
        .bind(description.to_owned())
        .execute()
        .await
}

/// Takes a picture away.
pub async fn remove(tx: &mut Tx, id: ScreenshotId) -> Result<u64> {
    sql(tx, "DELETE FROM screenshots WHERE id = $1").bind(id.to_string()).execute().await
}

/// The type and the bytes of a picture.
pub async fn image(on: impl Run<'_>, id: ScreenshotId) -> Result<Option<(String, Vec<u8>)>> {
    sql(on, "SELECT content_type, image FROM screenshots WHERE id = $1")
        .bind(id.to_string())
        .optional(|row| Ok((row.get("content_type")?, row.get("image")?)))
        .await
}
