//! What customers say about services they really use.

use serde::{Deserialize, Serialize};

use crate::{OfferingId, ReviewId, Timestamp, WrongText};

/// How many successful requests a customer must have made before reviewing.
pub const REQUESTS_NEEDED: u64 = 10;

/// From 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Stars(u8);

impl Stars {
    pub const ALL: [Self; 5] = [Self(1), Self(2), Self(3), Self(4), Self(5)];

    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Stars {
    type Error = WrongText;

    fn try_from(stars: u8) -> Result<Self, WrongText> {
        if (1..=5).contains(&stars) {
            Ok(Self(stars))
        } else {
            Err(WrongText("Choose from 1 to 5 stars"))
        }
    }
}

impl From<Stars> for u8 {
    fn from(stars: Stars) -> Self {
        stars.0
    }
}

/// A provider's answer to a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub text: String,
    pub at: Timestamp,
}

/// A review as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewView {
    pub id: ReviewId,
    pub service_id: OfferingId,
    pub stars: Stars,
    /// Plain text; may be empty.
    pub text: String,
    /// The name of the reviewing person's organization.
    pub author: String,
    /// Reviews are only by customers with metered use, so this is always true; it is said because others' are not.
    pub verified_use: bool,
    pub created_at: Timestamp,
    /// Set when it was changed after it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
}

crate::offerings::words! {
    /// The order of reviews.
    ReviewSort {
        Newest = "newest",
        Lowest = "lowest",
        Highest = "highest",
    }

    /// Why somebody reports a review.
    ReviewFault {
        Spam = "spam",
        Abuse = "abuse",
        Private = "private",
        OffTopic = "off_topic",
        Other = "other",
    }
}

impl ReviewSort {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Newest => "Newest",
            Self::Lowest => "Lowest stars",
            Self::Highest => "Highest stars",
        }
    }
}

impl ReviewFault {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Spam => "Advertising or spam",
            Self::Abuse => "Insulting or unlawful",
            Self::Private => "Contains personal data",
            Self::OffTopic => "Not about this service",
            Self::Other => "Something else",
        }
    }
}

/// A page of a service's reviews.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewPage {
    pub reviews: Vec<ReviewView>,
    /// How many match, on all pages.
    pub total: u64,
    pub page: u64,
    pub page_size: u64,
    /// Of all reviews; none before the first.
    pub average: Option<f64>,
    /// How many have one star, two and so on, of all reviews.
    pub distribution: [u64; 5],
}

/// Whether somebody may review a service, and what is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewGate {
    pub allowed: bool,
    /// Successful requests so far.
    pub requests: u64,
    /// [`REQUESTS_NEEDED`].
    pub needed: u64,
    /// The provider's own people do not review it.
    pub own_service: bool,
    /// What was written before, to be changed.
    pub own: Option<ReviewView>,
}

/// A review that was reported, for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedReview {
    pub review: ReviewView,
    pub service: String,
    pub hidden: bool,
    /// The reasons given, with how many gave each.
    pub faults: Vec<(ReviewFault, u64)>,
    pub first_reported_at: Timestamp,
}
