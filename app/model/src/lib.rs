//! The words of the house as types: ids, money, time, texts, what is on sale, what it costs, and the wire shapes.
//!
//! Everything here is a value or a pure rule. It compiles to wasm, so the browser and the server price a call with the
//! same code. It may not read a clock, draw randomness, do I/O or know a framework.
//!
//! To add a word: put it in the module of its noun, parse it from text in one place (`FromStr` or `TryFrom`), and give
//! the error the sentence that a form would show.
//!
//! ```
//! use model::{Charge, Price, Credits};
//!
//! let price = Price { prompt: 2_500_000, completion: 10_000_000, request: 0, credit_price: 80_000 };
//! let charge = Charge { prompt_tokens: 1_000, completion_tokens: 500, requests: 1 };
//! assert_eq!(price.charge(charge).unwrap(), Credits::from_micros(93_750));
//! ```

mod accounts;
mod clock;
mod ids;
mod keys;
mod money;
mod offerings;
mod pricing;
mod problems;
mod query;
mod services;
mod texts;
mod usage;
mod wallets;

pub use accounts::{CustomerView, ProjectView, Register, Registered, Role, SignIn, UserView};
pub use clock::{Day, Timestamp};
pub use ids::{
    CategoryId, CustomerId, EntryId, HoldId, KeyId, LeaseId, OfferingId, PlanId, PriceVersionId,
    ProjectId, ProviderId, ReceiptId, ResourceId, ServerId, UserId, WrongId,
};
pub use keys::{KeyView, SecretKey, WrongKey};
pub use money::{BasisPoints, Credits, Money, Usd, WrongAmount};
pub use offerings::{
    Availability, Backend, BuiltIn, Capability, Category, Features, Geographic, Limits,
    ModelFamily, OfferingState, Plan, PriceTier, ResourceState, Spec, Trial, Window,
};
pub use pricing::{Charge, Price, Share, split};
pub use problems::{Fault, Problem};
pub use query::{CatalogQuery, Notice, Sort};
pub use services::{
    CategoryView, FamilyCount, PlanView, ProviderView, Service, ServiceDetail, ServiceMetrics,
    ServicePage, UsageStats,
};
pub use texts::{Email, FullName, Slug, Title, WrongText};
pub use usage::{InstanceView, Receipt, ReceiptLine, RequestView, UsageDay, UsageView};
pub use wallets::{EntryKind, LedgerEntry, LedgerPage, Wallet};
