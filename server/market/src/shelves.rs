//! The shelves of the marketplace: categories, kept by who runs the catalogue.

use model::{Category, CategoryId, slug_of};
use store::shelves::{CATEGORIES, read_category};

use crate::{Actor, Asked, Clause, Error, Market, Permission, Result, audit::Deed, plain::plain};

pub use store::shelves::Category as Shelved;

/// The service for categories.
#[derive(Debug, Clone, Copy)]
pub struct Shelves<'a>(pub(crate) &'a Market);

/// What is said of a category; what is `None` stays, or is the usual.
#[derive(Debug, Clone, Default)]
pub struct ShelfChange {
    pub title: Option<String>,
    pub description: Option<String>,
    /// The name of a drawing.
    pub icon: Option<String>,
    /// `#rrggbb`
    pub color: Option<String>,
    pub slug: Option<String>,
}

/// A name for addresses made of a title: ASCII, and something even where the title has no letter of it.
pub(crate) fn address_of(title: &str, otherwise: &str) -> String {
    let plain: String = title.chars().map(|c| if c.is_ascii() { c } else { '-' }).collect();
    let slug: String = slug_of(&plain).chars().take(60).collect();
    let slug = slug.trim_matches('-');
    if slug.is_empty() { otherwise.to_owned() } else { slug.to_owned() }
}

fn color(text: &str) -> Result<String> {
    let digits = text.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(text.to_owned());
    }
    Err(Error::field("color", "Enter a colour as #rrggbb."))
}

fn icon(text: &str) -> Result<String> {
    let sound = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if sound && (1..=40).contains(&text.len()) {
        return Ok(text.to_owned());
    }
    Err(Error::field("icon", "Enter the name of an icon, as in message-circle."))
}

impl Shelves<'_> {
    /// A page of categories; everybody sees them.
    pub async fn list(&self, asked: Asked, range: (i64, i64)) -> Result<(Vec<Shelved>, u64)> {
        Ok(CATEGORIES.page(self.0.core().db(), &asked, range, read_category).await?)
    }

    /// One category.
    pub async fn find(&self, id: CategoryId) -> Result<Shelved> {
        let asked = Asked::default().and(Clause::of("g.id IN (?)", [id.to_string()]));
        let found = CATEGORIES.one(self.0.core().db(), &asked, read_category).await?;
        found.ok_or(Error::Missing("category"))
    }

    /// Puts up a shelf.
    pub async fn create(&self, actor: &Actor, draft: ShelfChange) -> Result<Shelved> {
        actor.must_everywhere(Permission::ManageCategories)?;
        let core = self.0.core();
        let title = plain("title", draft.title.as_deref().unwrap_or_default(), 1, 255)?;
        let description =
            plain("description", draft.description.as_deref().unwrap_or_default(), 0, 4_000)?;
        let category = Category {
            id: core.id(CategoryId::new),
            slug: address_of(draft.slug.as_deref().unwrap_or(&title), "category"),
            icon: draft.icon.as_deref().map_or_else(|| Ok("grid".to_owned()), icon)?,
            color: draft.color.as_deref().map_or_else(|| Ok("#64748B".to_owned()), color)?,
            title,
            description,
        };
        let mut tx = core.db().begin().await?;
        // Who has moved the counter is the only one who adds a shelf until the transaction ends.
        store::versions::bump(&mut tx, "shelves").await?;
        store::catalog::begin_change(&mut tx).await?;
        let place = store::shelves::next_place(&mut tx).await?;
        let mut free = category.clone();
        for n in 2..1_000 {
            if !store::shelves::has_category_slug(&mut tx, &free.slug).await? {
                break;
            }
            free.slug = format!("{}-{n}", category.slug);
        }
        store::catalog::insert_category(&mut tx, &free, place).await?;
        let deed = Deed::new(
            "category_creation_succeeded",
            format!("Category {} has been created.", free.title),
            "category",
            free.id,
        );
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        self.0.catch_up().await?;
        self.find(free.id).await
    }

    /// Changes what a category is called and looks like. Its slug stays: addresses hold it.
    pub async fn update(
        &self,
        actor: &Actor,
        id: CategoryId,
        change: ShelfChange,
    ) -> Result<Shelved> {
        actor.must_everywhere(Permission::ManageCategories)?;
        let mut category = self.find(id).await?;
        if let Some(title) = &change.title {
            category.title = plain("title", title, 1, 255)?;
        }
        if let Some(description) = &change.description {
            category.description = plain("description", description, 0, 4_000)?;
        }
        if let Some(name) = change.icon.as_deref() {
            category.icon = icon(name)?;
        }
        if let Some(hue) = change.color.as_deref() {
            category.color = color(hue)?;
        }
        let mut tx = self.0.core().db().begin().await?;
        store::versions::bump(&mut tx, "shelves").await?;
        store::catalog::begin_change(&mut tx).await?;
        if store::shelves::update_category(&mut tx, &category).await? == 0 {
            return Err(Error::Missing("category"));
        }
        let deed = Deed::new(
            "category_update_succeeded",
            format!("Category {} has been updated.", category.title),
            "category",
            id,
        );
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        self.0.catch_up().await?;
        self.find(id).await
    }

    /// Takes an empty shelf down.
    pub async fn remove(&self, actor: &Actor, id: CategoryId) -> Result<()> {
        actor.must_everywhere(Permission::ManageCategories)?;
        let category = self.find(id).await?;
        let mut tx = self.0.core().db().begin().await?;
        store::versions::bump(&mut tx, "shelves").await?;
        store::catalog::begin_change(&mut tx).await?;
        if store::shelves::remove_category(&mut tx, id).await? == 0 {
            return Err(Error::Conflict("Cannot delete category with existing offerings"));
        }
        let deed = Deed::new(
            "category_deletion_succeeded",
            format!("Category {} has been deleted.", category.title),
            "category",
            id,
        );
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        self.0.catch_up().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_ascii_and_never_empty() {
        assert_eq!(address_of("AI Services", "x"), "ai-services");
        assert_eq!(address_of("日本語", "category"), "category");
        assert_eq!(address_of("Ümlaut & Söhne", "x"), "mlaut-s-hne");
        assert!(address_of(&"a".repeat(500), "x").len() <= 60);
    }

    #[test]
    fn looks_are_names_and_numbers() {
        assert!(color("#64748B").is_ok());
        assert!(color("red;background:url(x)").is_err());
        assert!(icon("message-circle").is_ok());
        assert!(icon("<svg>").is_err());
    }
}
