//! Pages about this marketplace.

mod components;

pub use self::components::ComponentsPage;
