//! Narrowing a list of services: the panel is one GET form whose state is the address, chips undo single choices.

mod chips;
mod panel;
mod shelf;

pub use self::{
    chips::{chips, left_out, nothing_matched, promoted},
    panel::panel,
    shelf::Shelf,
};

use market::{Catalog, Found};
use model::CatalogQuery;

/// What the pieces of a list page are made of.
#[derive(Clone, Copy)]
pub struct Listing<'a> {
    pub shelf: &'a Shelf,
    pub query: &'a CatalogQuery,
    pub found: &'a Found,
    pub catalog: &'a Catalog,
}

impl Listing<'_> {
    /// The address of another question on the same shelf.
    pub fn address(&self, query: &CatalogQuery) -> String {
        self.shelf.address(query)
    }

    /// The beginning of the address of a dialog over this list, up to the service.
    pub fn over(&self) -> String {
        let mut address = self.address(self.query);
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str("service=");
        address
    }

    /// The folded words that the search was taken to mean.
    pub fn query_terms(&self) -> &[String] {
        &self.found.terms
    }

    /// How many choices a visitor made and can take back.
    pub fn chosen(&self) -> usize {
        self.query.choices.iter().filter(|choice| !self.shelf.holds(choice)).count()
    }
}
