//! Server functions: what the pages' forms post to. Each one finds the caller, parses the input, calls one service
//! method and sends the browser on; failures travel in the flash cookie.
//!
//! They take text and parse it themselves, because a form answered with a decoding error would tell a person nothing.

mod keys;
pub mod own_form;
mod resources;
mod reviews;
mod themes;
mod tickets;
mod tryouts;

use std::str::FromStr;

use http::request::Parts;
use leptos::prelude::use_context;
use market::{Actor, Error, Market};

pub use self::{
    keys::{CreateKey, RenameKey, RevokeKey},
    resources::{StartResource, StopResource},
    reviews::{ModerateReview, RemoveReview, ReplyToReview, ReportReview},
    themes::SetTheme,
    tickets::{AssignTicket, CommentOnTicket, SettleTicket},
    tryouts::{TryAnswer, TryOut, TryOuts, Trying},
};
use crate::{
    context::{market, see_other, visitor},
    fail::Fail,
    flash::{self, FlashBody},
};

/// Who posts a form, and the market to ask.
struct Posted {
    market: Market,
    actor: std::sync::Arc<Actor>,
}

impl Posted {
    /// Finds the caller; a form of another site is refused, whatever cookies came with it.
    fn find() -> Result<Self, Error> {
        if !from_own_page() {
            return Err(Error::Denied);
        }
        let market = market().map_err(|_| Error::Denied)?;
        Ok(Self { market, actor: visitor().ok_or(Error::Anonymous)? })
    }
}

/// True when the browser says that the form stood on a page of this site, or says nothing, as programs do.
pub(crate) fn from_own_page() -> bool {
    let Some(parts) = use_context::<Parts>() else { return false };
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = header("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match (header("origin"), header("host")) {
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, from)| from == host)
        }
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// Reads an id that a form carries; one that cannot be read names nothing.
fn read<T: FromStr>(text: &str, what: &'static str) -> Result<T, Error> {
    text.parse().map_err(|_| Error::Missing(what))
}

/// Goes back to a page with what went wrong; nobody is sent to sign in first.
fn go_back(error: Error, page: &str) {
    if let Error::Internal(source) = &error {
        tracing::error!(error = %source, page, "a form could not be carried out");
    }
    match Fail::from(error) {
        Fail::SignIn => see_other(&format!("/login/?next={}", crate::fail::escape(page))),
        Fail::Market(error) => {
            flash::put(&FlashBody::failed(&error));
            see_other(page);
        }
        Fail::Unwired(_) => see_other(page),
    }
}
