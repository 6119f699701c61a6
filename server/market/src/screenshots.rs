//! Pictures of offerings: taken as they are when they are what they say, never drawn or changed here.

use model::{OfferingId, ScreenshotId};
use store::{
    Tx,
    screenshots::{SHELF, Screenshot, read},
};

use crate::{
    Actor, Asked, Clause, Error, FilterValue, Market, Permission, Result, audit::Deed,
    plain::plain, tenancy::lock_for,
};

/// The most that a picture may hold, in bytes.
pub const MOST_BYTES: usize = 2 << 20;
/// How many pictures an offering may have.
const MOST: u64 = 20;

/// The service for pictures.
#[derive(Debug, Clone, Copy)]
pub struct Screenshots<'a>(pub(crate) &'a Market);

/// The type of a picture by its first bytes; what is none of these is not taken, whatever it is called.
fn kind(image: &[u8]) -> Option<&'static str> {
    match image {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

impl Screenshots<'_> {
    /// A page of pictures of what is on sale, and of the actor's own offerings.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<Screenshot>, u64)> {
        actor.must_be_person()?;
        let all = actor.sees_all() || actor.may_everywhere(Permission::ManageOfferings);
        let texts = |ids: Vec<String>| ids.into_iter().map(FilterValue::from).collect::<Vec<_>>();
        let own = Clause::lists(
            "(p.customer_id IN (?) OR o.id IN (?) OR (o.state = 'active' AND o.shared = 1))",
            [texts(actor.customer_scopes()), texts(actor.offering_scopes())],
        );
        let asked = asked.and_some((!all).then_some(own));
        Ok(SHELF.page(self.0.core().db(), &asked, range, read).await?)
    }

    /// One picture.
    pub async fn find(&self, actor: &Actor, id: ScreenshotId) -> Result<Screenshot> {
        actor.must_be_person()?;
        self.0.offers().sees(Some(actor), id).await?.ok_or(Error::Missing("screenshot"))
    }

    /// The type and the bytes of a picture; of what is on sale anybody sees them.
    pub async fn image(
        &self,
        actor: Option<&Actor>,
        id: ScreenshotId,
    ) -> Result<(String, Vec<u8>)> {
        let missing = Error::Missing("screenshot");
        if self.0.offers().sees(actor, id).await?.is_none() {
            return Err(missing);
        }
        store::screenshots::image(self.0.core().db(), id).await?.ok_or(missing)
    }

    /// Adds a picture.
    pub async fn create(
        &self,
        actor: &Actor,
        offering: OfferingId,
        name: &str,
        description: &str,
        image: Vec<u8>,
    ) -> Result<Screenshot> {
        let row = self.0.offers().managed(actor, offering).await.map_err(|error| match error {
            Error::Missing(_) => Error::field("offering", crate::WRONG_LINK),
            other => other,
        })?;
        if image.len() > MOST_BYTES {
            return Err(Error::field("image", "Use a picture of at most 2 MB."));
        }
        let Some(content_type) = kind(&image) else {
            return Err(Error::field("image", "Use a PNG, JPEG or WebP picture."));
        };
        let core = self.0.core();
        let shot = Screenshot {
            id: core.id(ScreenshotId::new),
            offering,
            offering_state: row.state,
            seller: row.customer,
            name: plain("name", name, 1, 150)?,
            description: plain("description", description, 0, 1_000)?,
            content_type: content_type.to_owned(),
            created_at: core.now(),
        };
        let mut tx = core.db().begin().await?;
        lock_for(&mut tx, actor, row.customer).await?;
        // The offering's row is locked, so that the count stays true.
        store::catalog::mark_changed(&mut tx, offering).await?;
        if store::screenshots::count(&mut tx, offering).await? >= MOST {
            return Err(Error::Conflict("An offering has at most 20 screenshots."));
        }
        store::screenshots::insert(&mut tx, &shot, image).await?;
        self.note(&mut tx, actor, &shot, "added").await?;
        tx.commit().await?;
        Ok(shot)
    }

    /// Changes what is said of a picture.
    pub async fn update(
        &self,
        actor: &Actor,
        id: ScreenshotId,
        name: Option<String>,
        description: Option<String>,
    ) -> Result<Screenshot> {
        let mut found = self.find(actor, id).await?;
        self.0.offers().managed(actor, found.offering).await?;
        if let Some(name) = name {
            found.name = plain("name", &name, 1, 150)?;
        }
        if let Some(text) = description {
            found.description = plain("description", &text, 0, 1_000)?;
        }
        let mut tx = self.0.core().db().begin().await?;
        lock_for(&mut tx, actor, found.seller).await?;
        store::screenshots::update(&mut tx, id, &found.name, &found.description).await?;
        self.note(&mut tx, actor, &found, "described anew").await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Takes a picture away.
    pub async fn remove(&self, actor: &Actor, id: ScreenshotId) -> Result<()> {
        let found = self.find(actor, id).await?;
        self.0.offers().managed(actor, found.offering).await?;
        let mut tx = self.0.core().db().begin().await?;
        store::screenshots::remove(&mut tx, id).await?;
        self.note(&mut tx, actor, &found, "removed").await?;
        Ok(tx.commit().await?)
    }

    async fn note(&self, tx: &mut Tx, actor: &Actor, shot: &Screenshot, done: &str) -> Result<()> {
        let told = format!("Screenshot {} has been {done}.", shot.name);
        let kind = "marketplace_offering_screenshot_changed";
        let deed = Deed::new(kind, told, "offering", shot.offering).of(shot.seller);
        self.0.note(tx, Some(actor), deed).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_bytes() {
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(kind(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(kind(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        for other in [&b"<svg xmlns='x' onload='y'/>"[..], b"GIF89a", b"", b"RIFF", b"<html>"] {
            assert_eq!(kind(other), None);
        }
    }
}
