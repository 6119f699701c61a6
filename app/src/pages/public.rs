//! Pages for everybody.

mod landing;
mod marketplace;
mod missing;
mod offering;

pub use self::{
    landing::LandingPage,
    marketplace::MarketplacePage,
    missing::MissingPage,
    offering::{OfferingPage, asked_volume},
};
