//! Pages for everybody.

mod category;
mod compare;
mod landing;
mod marketplace;
mod missing;
mod offering;
mod pricing;

pub use self::{
    category::CategoryPage,
    compare::ComparePage,
    landing::LandingPage,
    marketplace::MarketplacePage,
    missing::MissingPage,
    offering::{OfferingPage, asked_volume},
    pricing::PricingPage,
};
