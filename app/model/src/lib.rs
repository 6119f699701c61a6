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
mod billing;
mod choices;
mod clock;
mod countries;
mod estimates;
mod ids;
mod keys;
mod mails;
mod money;
mod offerings;
mod orders;
mod places;
mod pricing;
mod problems;
mod quality;
mod query;
mod reviews;
mod services;
mod tenancy;
mod texts;
mod tickets;
mod usage;
mod wallets;

pub use accounts::{
    CustomerView, PasskeyView, ProjectView, Register, Registered, Role, SecurityView, SessionView,
    SignIn, UserView,
};
pub use billing::{
    Billed, Month, Pace, Slots, Stay, Tier, for_amount, for_tiers, for_time, spans, tax,
};
pub use choices::{Choice, ContextBand, Facet, Feature, PriceBand, Schedule, slug_of};
pub use clock::{Day, Timestamp};
pub use countries::{country_name, is_country};
pub use estimates::{MonthCost, PlanCost, Volume, in_cents};
pub use ids::{
    AccessTokenId, CategoryId, CommentId, ComponentId, CustomerId, EntryId, EventId, HoldId,
    HookId, InvitationId, InvoiceId, InvoiceItemId, JobId, KeyId, LeaseId, MailId, OfferingId,
    OrderId, PasskeyId, PaymentId, PaymentProfileId, PlanComponentId, PlanId, PlanPeriodId,
    PriceVersionId, ProjectId, ProviderId, ReceiptId, ResourceId, ReviewId, ScreenshotId, ServerId,
    SessionId, TicketId, UsageId, UserId, WrongId,
};
pub use keys::{KeyView, SecretKey, WrongKey};
pub use mails::{MailState, MailView};
pub use money::{BasisPoints, Credits, Money, Usd, WrongAmount};
pub use offerings::{
    Availability, Backend, BuiltIn, Capability, Category, Features, Geographic, Limits,
    ModelFamily, OfferingState, Plan, PriceTier, ResourceState, Spec, Trial, Window,
};
pub use orders::{
    Billing, InvoiceState, LimitPeriod, OrderKind, OrderState, PaymentKind, PlanUnit,
};
pub use places::Place;
pub use pricing::{Charge, Price, Share, split};
pub use problems::{Fault, Problem};
pub use quality::{
    ErrorCounts, Promises, QUALITY_DEFINITIONS, QualityView, SAMPLES_NEEDED, UptimeBlock,
};
pub use query::{CatalogQuery, Notice, Sort, View};
pub use reviews::{
    REQUESTS_NEEDED, Reply, ReportedReview, ReviewFault, ReviewGate, ReviewPage, ReviewSort,
    ReviewView, Stars,
};
pub use services::{
    Calendar, CategoryView, FacetCount, OpenState, PlanView, ProviderView, Service, ServiceDetail,
    ServiceMetrics, ServicePage, ServiceStatus, UsageStats,
};
pub use tenancy::{InvitationState, Quota, ScopeKind, ScopeRole};
pub use texts::{Email, FullName, Slug, Title, WrongText};
pub use tickets::{IssueType, Priority, ServiceLevel, TicketKind, TicketState, TicketView};
pub use usage::{InstanceView, Receipt, ReceiptLine, RequestView, UsageDay, UsageView};
pub use wallets::{EntryKind, LedgerEntry, LedgerPage, Wallet};
