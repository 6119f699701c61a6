//! Pages for everybody.

mod category;
mod compare;
mod landing;
mod marketplace;
mod missing;
mod offering;
mod pricing;
mod provider;
pub mod report;
mod review;
mod try_out;

pub use self::{
    category::CategoryPage,
    compare::ComparePage,
    landing::LandingPage,
    marketplace::MarketplacePage,
    missing::MissingPage,
    offering::{OfferingPage, asked_volume},
    pricing::PricingPage,
    provider::ProviderPage,
    report::ReportPage,
    review::ReviewPage,
    try_out::TryOutPage,
};
