//! Where a list is: the whole marketplace, or one category, which its path says instead of a parameter.

use model::{CatalogQuery, Choice, Facet};

/// The part of the marketplace that a page lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelf {
    path: String,
    fixed: Option<Choice>,
}

impl Shelf {
    /// Everything on sale.
    pub fn everything() -> Self {
        Self { path: "/marketplace/".to_owned(), fixed: None }
    }

    /// One category.
    pub fn category(slug: &str) -> Self {
        Self {
            path: format!("/marketplace-category/{slug}/"),
            fixed: Some(Choice::Category(slug.to_owned())),
        }
    }

    /// Whether a choice is the shelf itself, which cannot be taken back here.
    pub fn holds(&self, choice: &Choice) -> bool {
        self.fixed.as_ref() == Some(choice)
    }

    /// Whether the panel offers a filter; a category does not ask for the category.
    pub fn offers(&self, facet: Facet) -> bool {
        self.fixed.as_ref().is_none_or(|fixed| fixed.facet() != facet)
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the shelf adds to a question for the API, as a parameter.
    pub fn parameter(&self) -> String {
        let fixed = self.fixed.iter().cloned().collect();
        CatalogQuery { choices: fixed, ..CatalogQuery::default() }.to_query()
    }

    /// The question on this shelf: the choice of the shelf is the only one of its filter.
    pub fn narrow(&self, mut query: CatalogQuery) -> CatalogQuery {
        if let Some(fixed) = &self.fixed {
            query.choices.retain(|choice| choice.facet() != fixed.facet());
            query.choices.insert(fixed.clone());
        }
        query
    }

    /// The query of a question's address, without what the path says.
    pub fn query(&self, query: &CatalogQuery) -> String {
        match &self.fixed {
            Some(fixed) if query.choices.contains(fixed) => {
                let mut query = query.clone();
                query.choices.remove(fixed);
                query.to_query()
            }
            _ => query.to_query(),
        }
    }

    /// The address of a question.
    pub fn address(&self, query: &CatalogQuery) -> String {
        let text = self.query(query);
        if text.is_empty() { self.path.clone() } else { format!("{}?{text}", self.path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_said_by_the_path_alone() {
        let shelf = Shelf::category("apps");
        let query = shelf.narrow(CatalogQuery::read([
            ("category", "agents"),
            ("family", "gpt"),
            ("page", "2"),
        ]));
        assert!(query.has(&Choice::Category("apps".to_owned())));
        assert_eq!(shelf.address(&query), "/marketplace-category/apps/?family=gpt&page=2");
        assert_eq!(shelf.parameter(), "category=apps");
        assert_eq!(Shelf::everything().address(&CatalogQuery::default()), "/marketplace/");
    }
}
