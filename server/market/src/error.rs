//! What a service answers when it does not do what it was asked.

use model::{Credits, Fault, Problem};

/// A refusal or a failure. It knows no status codes: each door has its own way to say it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or it is somebody else's, which is the same to who asks.
    #[error("no such {0}")]
    Missing(&'static str),
    /// Nobody is signed in.
    #[error("not signed in")]
    Anonymous,
    /// The e-mail or the password is wrong; which, nobody is told.
    #[error("wrong e-mail or password")]
    Credentials,
    /// The password was right, and a second factor is wanted; the sentence says what of it.
    #[error("a second factor is wanted")]
    SecondFactor(&'static str),
    /// The account's address is not verified yet.
    #[error("the address is not verified")]
    Unverified,
    /// The actor may not do this.
    #[error("not permitted")]
    Denied,
    /// The actor may not do this; the sentence says why.
    #[error("{0}")]
    Refused(&'static str),
    /// It does not fit the state of things; the sentence says how.
    #[error("{0}")]
    Conflict(&'static str),
    /// The input is wrong.
    #[error("invalid input")]
    Invalid(Vec<Fault>),
    /// The wallet cannot pay for it.
    #[error("{available} credits are available, {needed} are needed")]
    Unpaid { available: Credits, needed: Credits },
    /// A limit is reached.
    #[error("{what} limit reached")]
    Limited { retry_after_s: u32, what: &'static str },
    /// The provider's endpoint failed.
    #[error("the upstream answered {status}: {message}")]
    Upstream { status: u16, message: String },
    /// The house failed. The door logs the source once; the client learns nothing of it.
    #[error("internal")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl Error {
    /// Something that cannot happen while the house is in order.
    pub(crate) fn broken(what: &'static str) -> Self {
        Self::Internal(what.into())
    }

    /// One wrong field.
    pub fn field(field: &str, message: impl std::fmt::Display) -> Self {
        Self::Invalid(vec![Fault::new(field, message)])
    }

    /// The word that programs may rely on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "not_found",
            Self::Anonymous => "not_authenticated",
            Self::Credentials => "wrong_credentials",
            Self::SecondFactor(_) => "second_factor_required",
            Self::Unverified => "email_not_verified",
            Self::Denied | Self::Refused(_) => "permission_denied",
            Self::Conflict(_) => "conflict",
            Self::Invalid(_) => "invalid",
            Self::Unpaid { .. } => "insufficient_credits",
            Self::Limited { .. } => "rate_limited",
            Self::Upstream { .. } => "upstream_failed",
            Self::Internal(_) => "internal",
        }
    }

    /// What happened and what to do, in a sentence that is safe to show to anybody.
    pub fn sentence(&self) -> String {
        match self {
            Self::Missing(kind) => format!("There is no such {kind}."),
            Self::Anonymous => "Sign in, or send a key or token.".to_owned(),
            Self::Credentials => "E-mail or password is incorrect.".to_owned(),
            Self::Unverified => {
                "Your e-mail address is not verified yet. Open the link in the mail that was sent to it."
                    .to_owned()
            }
            Self::Denied => "You do not have permission to do this.".to_owned(),
            Self::Conflict(sentence) | Self::SecondFactor(sentence) | Self::Refused(sentence) => {
                (*sentence).to_owned()
            }
            Self::Invalid(faults) => faults.first().map_or_else(
                || "The input is wrong.".to_owned(),
                |f| format!("{}: {}", f.field, f.message),
            ),
            Self::Unpaid { available, needed } => format!(
                "The wallet has {available} credits available and this needs {needed}. Add credits to the wallet, or ask for less."
            ),
            Self::Limited { what: crate::tryouts::DEMO, .. } => {
                "Today's free tries are used up. Create an account to go on, or come back after midnight UTC."
                    .to_owned()
            }
            Self::Limited { retry_after_s, what } => {
                format!("The {what} limit is reached. Try again in {retry_after_s} s.")
            }
            Self::Upstream { message, .. } => message.clone(),
            Self::Internal(_) => "Something went wrong.".to_owned(),
        }
    }

    /// All of it in the form that goes over the wire.
    pub fn problem(&self, request_id: &str) -> Problem {
        Problem {
            code: self.code().to_owned(),
            message: self.sentence(),
            fields: if let Self::Invalid(faults) = self { faults.clone() } else { Vec::new() },
            request_id: request_id.to_owned(),
        }
    }
}
