//! What customers say about offerings, what others report of it, and what counts towards saying something.

use model::{
    CustomerId, OfferingId, ProviderId, Reply, ReviewFault, ReviewId, ReviewSort, ReviewView,
    Stars, Timestamp, UserId,
};

use crate::{Error, Result, Row, Run, Tx, db::built, sql};

/// A review with what only the house knows of it.
#[derive(Debug, Clone)]
pub struct Review {
    pub view: ReviewView,
    pub customer: CustomerId,
    /// Whose offering it is about.
    pub provider: ProviderId,
    /// The offering's name.
    pub service: String,
    pub hidden: bool,
}

/// A review as it is written.
#[derive(Debug, Clone)]
pub struct Written {
    pub id: ReviewId,
    pub offering: OfferingId,
    pub customer: CustomerId,
    pub user: UserId,
    pub stars: Stars,
    pub text: String,
    pub at: Timestamp,
}

const SELECT: &str = "SELECT r.id, r.offering_id, r.customer_id, r.stars, r.text, r.created_at, r.edited_at,
             r.hidden_at, r.reply, r.replied_at, c.name AS author, o.provider_id, o.name AS service
         FROM reviews r JOIN customers c ON c.id = r.customer_id JOIN offerings o ON o.id = r.offering_id";

fn stars(row: &Row) -> Result<Stars> {
    let stars: i64 = row.get("stars")?;
    let read = u8::try_from(stars).ok().and_then(|stars| Stars::try_from(stars).ok());
    read.ok_or(Error::Corrupt { table: "reviews", column: "stars", row: stars.to_string() })
}

fn read(row: &Row) -> Result<Review> {
    let time = |column| -> Result<Option<Timestamp>> {
        Ok(row.get::<Option<i64>>(column)?.map(Timestamp::from_ms))
    };
    let reply = match (row.get::<Option<String>>("reply")?, time("replied_at")?) {
        (Some(text), Some(at)) => Some(Reply { text, at }),
        _ => None,
    };
    Ok(Review {
        view: ReviewView {
            id: row.parse("reviews", "id")?,
            service_id: row.parse("reviews", "offering_id")?,
            stars: stars(row)?,
            text: row.get("text")?,
            author: row.get("author")?,
            verified_use: true,
            created_at: Timestamp::from_ms(row.get("created_at")?),
            edited_at: time("edited_at")?,
            reply,
        },
        customer: row.parse("reviews", "customer_id")?,
        provider: row.parse("offerings", "provider_id")?,
        service: row.get("service")?,
        hidden: time("hidden_at")?.is_some(),
    })
}

pub async fn find(on: impl Run<'_>, id: ReviewId) -> Result<Option<Review>> {
    built(on, format!("{SELECT} WHERE r.id = $1")).bind(id.to_string()).optional(read).await
}

/// What a customer has said about an offering, hidden or not.
pub async fn of_customer(
    on: impl Run<'_>,
    offering: OfferingId,
    customer: CustomerId,
) -> Result<Option<Review>> {
    built(on, format!("{SELECT} WHERE r.offering_id = $1 AND r.customer_id = $2"))
        .bind(offering.to_string())
        .bind(customer.to_string())
        .optional(read)
        .await
}

/// A page of what everybody sees of an offering, of any stars or of some.
pub async fn page(
    on: impl Run<'_>,
    offering: OfferingId,
    only: Option<Stars>,
    sort: ReviewSort,
    limit: i64,
    offset: i64,
) -> Result<Vec<ReviewView>> {
    let order = match sort {
        ReviewSort::Newest => "r.created_at DESC, r.id DESC",
        ReviewSort::Lowest => "r.stars, r.created_at DESC, r.id DESC",
        ReviewSort::Highest => "r.stars DESC, r.created_at DESC, r.id DESC",
    };
    let text = format!(
        "{SELECT} WHERE r.offering_id = $1 AND r.hidden_at IS NULL AND ($2 = 0 OR r.stars = $2)
         ORDER BY {order} LIMIT $3 OFFSET $4"
    );
    built(on, text)
        .bind(offering.to_string())
        .bind(only.map_or(0, |stars| i64::from(stars.get())))
        .bind(limit)
        .bind(offset)
        .all(|row| read(row).map(|review| review.view))
        .await
}

/// How many reviews that everybody sees have each number of stars.
pub async fn distribution(on: impl Run<'_>, offering: OfferingId) -> Result<Vec<(Stars, u64)>> {
    sql(
        on,
        "SELECT stars, COUNT(*) AS n FROM reviews WHERE offering_id = $1 AND hidden_at IS NULL
         GROUP BY stars ORDER BY stars",
    )
    .bind(offering.to_string())
    .all(|row| Ok((stars(row)?, row.count("n")?)))
    .await
}

/// How many requests of a customer an offering has answered without an error, with subscriptions that have ended too.
pub async fn successful_requests(
    on: impl Run<'_>,
    offering: OfferingId,
    customer: CustomerId,
) -> Result<u64> {
    sql(
        on,
        "SELECT CAST(COALESCE(SUM(d.requests - d.errors), 0) AS BIGINT) AS n
         FROM usage_days d JOIN resources r ON r.id = d.resource_id
         WHERE r.offering_id = $1 AND r.customer_id = $2",
    )
    .bind(offering.to_string())
    .bind(customer.to_string())
    .one(|row| row.count("n"))
    .await
}

/// Writes what a customer says about an offering, in place of what it has said before. A hidden review stays hidden; the
/// same words again are no change.
pub async fn write(tx: &mut Tx, review: &Written) -> Result<ReviewId> {
    sql(
        tx,
        "INSERT INTO reviews (id, offering_id, customer_id, user_id, stars, text, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (offering_id, customer_id) DO UPDATE SET
             edited_at = CASE WHEN reviews.stars = excluded.stars AND reviews.text = excluded.text
                 THEN reviews.edited_at ELSE excluded.created_at END,
             user_id = excluded.user_id, stars = excluded.stars, text = excluded.text
         RETURNING id",
    )
    .bind(review.id.to_string())
    .bind(review.offering.to_string())
    .bind(review.customer.to_string())
    .bind(review.user.to_string())
    .bind(i64::from(review.stars.get()))
    .bind(review.text.clone())
    .bind(review.at.ms())
    .one(|row| row.parse("reviews", "id"))
    .await
}

/// Removes a review; how many rows that was. Of a hidden one only the words go, so that writing it anew does not show it
/// again.
pub async fn remove(tx: &mut Tx, id: ReviewId) -> Result<u64> {
    let removed = sql(&mut *tx, "DELETE FROM reviews WHERE id = $1 AND hidden_at IS NULL")
        .bind(id.to_string())
        .execute()
        .await?;
    if removed > 0 {
        return Ok(removed);
    }
    sql(tx, "UPDATE reviews SET text = '' WHERE id = $1").bind(id.to_string()).execute().await
}

/// Sets the provider's answer.
pub async fn reply(tx: &mut Tx, id: ReviewId, text: &str, at: Timestamp) -> Result<u64> {
    sql(tx, "UPDATE reviews SET reply = $2, replied_at = $3 WHERE id = $1")
        .bind(id.to_string())
        .bind(text.to_owned())
        .bind(at.ms())
        .execute()
        .await
}

/// Hides a review, or shows it again without a reason.
pub async fn hide(tx: &mut Tx, id: ReviewId, hidden: Option<(Timestamp, &str)>) -> Result<u64> {
    sql(tx, "UPDATE reviews SET hidden_at = $2, hidden_reason = $3 WHERE id = $1")
        .bind(id.to_string())
        .bind(hidden.map(|(at, _)| at.ms()))
        .bind(hidden.map(|(_, reason)| reason.to_owned()))
        .execute()
        .await
}

/// Notes that somebody finds fault with a review; the same person's second report changes nothing.
pub async fn report(
    tx: &mut Tx,
    id: ReviewId,
    user: UserId,
    fault: ReviewFault,
    at: Timestamp,
) -> Result<()> {
    sql(
        tx,
        "INSERT INTO review_reports (review_id, user_id, fault, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (review_id, user_id) DO NOTHING",
    )
    .bind(id.to_string())
    .bind(user.to_string())
    .bind(fault.as_str())
    .bind(at.ms())
    .execute()
    .await
    .map(drop)
}

/// Closes the open reports of a review.
pub async fn settle(tx: &mut Tx, id: ReviewId, at: Timestamp) -> Result<()> {
    sql(tx, "UPDATE review_reports SET settled_at = $2 WHERE review_id = $1 AND settled_at IS NULL")
        .bind(id.to_string())
        .bind(at.ms())
        .execute()
        .await
        .map(drop)
}

/// Forgets the closed reports of a review whose words have changed: what was decided was about others.
pub async fn reopen(tx: &mut Tx, id: ReviewId) -> Result<()> {
    sql(tx, "DELETE FROM review_reports WHERE review_id = $1 AND settled_at IS NOT NULL")
        .bind(id.to_string())
        .execute()
        .await
        .map(drop)
}

/// The reviews with open reports, the longest waiting first, each with when it was first reported.
pub async fn reported(on: impl Run<'_>, limit: i64) -> Result<Vec<(Review, Timestamp)>> {
    built(
        on,
        format!(
            "SELECT q.*, p.first_at FROM ({SELECT}) q
             JOIN (SELECT review_id, MIN(created_at) AS first_at FROM review_reports
                   WHERE settled_at IS NULL GROUP BY review_id) p ON p.review_id = q.id
             ORDER BY p.first_at, q.id LIMIT $1"
        ),
    )
    .bind(limit)
    .all(|row| Ok((read(row)?, Timestamp::from_ms(row.get("first_at")?))))
    .await
}

/// How often each fault was found, in the open reports of every review.
pub async fn faults(on: impl Run<'_>) -> Result<Vec<(ReviewId, ReviewFault, u64)>> {
    sql(
        on,
        "SELECT review_id, fault, COUNT(*) AS n FROM review_reports WHERE settled_at IS NULL
         GROUP BY review_id, fault ORDER BY n DESC, fault, review_id",
    )
    .all(|row| {
        Ok((
            row.parse("review_reports", "review_id")?,
            row.parse("review_reports", "fault")?,
            row.count("n")?,
        ))
    })
    .await
}
