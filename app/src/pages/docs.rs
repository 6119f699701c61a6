//! Pages about this marketplace.

mod components;
mod reference;

pub use self::{
    components::ComponentsPage,
    reference::{ApiDocument, ReferencePage},
};
