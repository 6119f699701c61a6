//! Everything about a service that has a value, the same on its page and in the dialog over the list: one file for each
//! block of it. What could not be loaded is `None`, and only its own block says so.

mod availability;
mod head;
mod overview;
mod performance;
mod places;
mod prices;
mod reviews;
mod seller;

use std::sync::Arc;

use leptos::prelude::*;
use model::{
    Calendar, OpenState, QualityView, ReviewGate, ReviewPage, ReviewSort, ServiceDetail, Stars,
    Timestamp, Volume,
};

pub use self::{performance::millis, prices::estimate_fields, reviews::review_block};
use super::notices::{remark, warning};
use crate::format::date_time;

/// Which reviews are asked for.
#[derive(Debug, Clone, Copy)]
pub struct AskedReviews {
    pub stars: Option<Stars>,
    pub sort: ReviewSort,
    pub page: u64,
}

/// What whoever looks may do with the reviews.
#[derive(Debug, Clone)]
pub enum Standing {
    /// Nobody is signed in.
    Visitor,
    /// Somebody is; no gate when it could not be read.
    Member { gate: Option<ReviewGate>, may_reply: bool },
}

/// A service and all that its view shows.
#[derive(Debug, Clone)]
pub struct Details {
    pub detail: Arc<ServiceDetail>,
    /// The title of its category.
    pub category: String,
    pub base_url: String,
    pub volume: Volume,
    pub quality: Option<QualityView>,
    pub reviews: Option<ReviewPage>,
    pub asked: AskedReviews,
    pub standing: Standing,
    pub now: Timestamp,
    pub open: OpenState,
    /// None when it is always open.
    pub calendar: Option<Calendar>,
    /// Others of the same category.
    pub similar: Vec<Arc<ServiceDetail>>,
    /// How many services its provider sells.
    pub of_provider: u64,
    /// Names this request to the operator.
    pub reference: Option<String>,
    /// In a dialog the name is a second-level heading, because the list keeps the first.
    pub in_dialog: bool,
}

impl Details {
    /// Its own page, also from within the dialog.
    fn page(&self) -> String {
        format!("/marketplace-public-offering/{}/", self.detail.service.id)
    }

    /// A heading one level below that of a section.
    fn sub(&self, words: &'static str) -> AnyView {
        if self.in_dialog {
            view! { <h4 class="h3">{words}</h4> }.into_any()
        } else {
            view! { <h3>{words}</h3> }.into_any()
        }
    }

    /// A block that could not be loaded, while the others are there.
    fn failed(&self, what: &str, anchor: &str) -> AnyView {
        let reference = self.reference.as_ref().map(|id| format!(" Reference {id}."));
        view! {
            <div class="panel-failed" role="status">
                {warning(format!("{what} could not be loaded.{}", reference.unwrap_or_default()))}
                <p>
                    <a class="btn btn-secondary btn-small" href=format!("{}#{anchor}", self.page())>"Load again"</a>
                </p>
            </div>
        }
        .into_any()
    }
}

/// The whole service.
pub fn service_details(all: &Details) -> AnyView {
    let detail = &*all.detail;
    let service = &detail.service;
    let mut sections = vec![
        ("overview", "Overview", overview::overview(all)),
        ("prices", "Prices", prices::prices(all)),
        ("performance", "Performance", performance::performance(all)),
        ("where", "Where it runs", places::places(all)),
        ("availability", "Availability", availability::availability(all)),
        ("reviews", "Reviews", reviews::reviews(all)),
        ("provider", "Provider", seller::seller(all)),
    ];
    if detail.callable {
        sections.push(("api", "API", overview::api(all)));
    }
    if !all.similar.is_empty() {
        sections.push(("similar", "Similar agents", seller::similar(&all.similar)));
    }
    let links: Vec<AnyView> = sections
        .iter()
        .map(|(id, title, _)| view! { <a href=format!("#{id}")>{*title}</a> }.into_any())
        .collect();
    let sections: Vec<AnyView> = sections
        .into_iter()
        .map(|(id, title, content)| section(all.in_dialog, id, title, content))
        .collect();
    view! {
        <article class="detail" data-service=service.id.to_string() data-cat=service.category.to_string()>
            {head::head(all)}
            {head::facts(all)}
            {detail.built_in.as_ref().map(|text| remark(text.to_string()))}
            {(!detail.callable).then(|| remark("This provider sets the service up by hand. There is no endpoint to call."))}
            <nav class="detail-nav" aria-label="On this page">
                {links}
            </nav>
            {sections}
            {head::bottom_bar(all)}
        </article>
    }
    .into_any()
}

/// A section under the name's heading, whichever level that has.
fn section(in_dialog: bool, id: &'static str, title: &'static str, content: AnyView) -> AnyView {
    let heading = if in_dialog {
        view! { <h3 class="h2">{title}</h3> }.into_any()
    } else {
        view! { <h2>{title}</h2> }.into_any()
    };
    view! {
        <section class="detail-section" id=id>
            {heading}
            <div>{content}</div>
        </section>
    }
    .into_any()
}

/// A time with its machine-readable form.
pub fn time(at: Timestamp) -> AnyView {
    view! { <time datetime=at.to_string()>{date_time(at)}</time> }.into_any()
}

/// Text of somebody's as paragraphs: whatever is in it, it is text.
pub fn own_words(text: &str) -> AnyView {
    let parts = text.split("\n\n").map(str::trim).filter(|part| !part.is_empty());
    let part = |part: &str| view! { <p dir="auto">{part.to_owned()}</p> };
    view! { <div class="prose own-words">{parts.map(part).collect_view()}</div> }.into_any()
}
