//! How a page fails: the status is true, the text says what to do next, and nothing internal is shown.

use http::{StatusCode, request::Parts};
use leptos::prelude::*;
use leptos_meta::Title;
use market::Error;

use crate::{
    context::{here, see_other, set_status},
    parts::{icons::Icon, notices::page_message},
};

/// Why a page cannot be shown.
#[derive(Debug)]
pub enum Fail {
    Market(Error),
    /// Nobody is signed in; the sign-in page leads back here.
    SignIn,
    /// The server forgot to provide something.
    Unwired(&'static str),
}

impl From<Error> for Fail {
    fn from(error: Error) -> Self {
        match error {
            Error::Anonymous => Self::SignIn,
            other => Self::Market(other),
        }
    }
}

impl Fail {
    pub const fn missing(what: &'static str) -> Self {
        Self::Market(Error::Missing(what))
    }

    /// Sets the status and renders what the visitor reads instead of the page.
    pub fn into_page(self) -> AnyView {
        match self {
            Self::SignIn => {
                let next = escape(&here());
                see_other(&format!("/login/?next={next}"));
                ().into_any()
            }
            Self::Unwired(what) => {
                tracing::error!(
                    what,
                    "a page was asked for something that the server did not provide"
                );
                broken()
            }
            Self::Market(error) => refused(&error),
        }
    }
}

/// Percent-encodes a value for a query.
pub fn escape(text: &str) -> String {
    let query = model::CatalogQuery { search: text.to_owned(), ..model::CatalogQuery::default() };
    query.to_query().trim_start_matches("search=").to_owned()
}

fn refused(error: &Error) -> AnyView {
    match error {
        Error::Missing("service" | "offering") => {
            set_status(StatusCode::NOT_FOUND);
            message(
                "This agent is not available",
                "It may have been removed by its provider, or the address is incomplete.",
            )
        }
        Error::Missing(_) => missing_page(),
        Error::Denied => {
            set_status(StatusCode::FORBIDDEN);
            message(
                "You cannot open this page",
                "Your account has no access to it. An owner of the workspace can grant it.",
            )
        }
        Error::Refused(_) => {
            set_status(StatusCode::FORBIDDEN);
            message("You cannot do this", &error.sentence())
        }
        Error::Limited { .. } => {
            set_status(StatusCode::TOO_MANY_REQUESTS);
            message("Too many requests", &error.sentence())
        }
        Error::Conflict(_) | Error::Invalid(_) => {
            set_status(StatusCode::CONFLICT);
            message("This could not be done", &error.sentence())
        }
        Error::Unpaid { .. } => {
            set_status(StatusCode::PAYMENT_REQUIRED);
            message("There are not enough credits", &error.sentence())
        }
        Error::Upstream { .. } => {
            set_status(StatusCode::BAD_GATEWAY);
            message("The service did not answer", &error.sentence())
        }
        Error::Unverified => {
            set_status(StatusCode::FORBIDDEN);
            message("Your address is not verified", &error.sentence())
        }
        Error::Anonymous | Error::Credentials | Error::SecondFactor(_) => {
            set_status(StatusCode::UNAUTHORIZED);
            message("Sign in to continue", &error.sentence())
        }
        Error::Internal(source) => {
            tracing::error!(error = %source, "a page could not be made");
            broken()
        }
    }
}

fn broken() -> AnyView {
    set_status(StatusCode::INTERNAL_SERVER_ERROR);
    let reference = use_context::<Parts>()
        .and_then(|parts| Some(parts.headers.get("x-request-id")?.to_str().ok()?.to_owned()))
        .map(|id| format!(" Reference {id}."))
        .unwrap_or_default();
    message(
        "There is a problem with the service",
        &format!("Nothing was changed. Try again in a minute.{reference}"),
    )
}

fn message(title: &'static str, text: &str) -> AnyView {
    view! {
        <Title text=format!("{title} – CMP") />
        {page_message(Icon::Alert, title, text)}
    }
    .into_any()
}

/// The page of an address that names nothing.
pub fn missing_page() -> AnyView {
    set_status(StatusCode::NOT_FOUND);
    message(
        "Page not found",
        "The address may be mistyped, or the page may have been removed. Search the marketplace or go back.",
    )
}

/// Cuts what Leptos puts after the document: scripts that tell a hydrating client about resources. Our pages have no
/// resources and our content security policy allows no inline script, so they would only be refused with a message.
pub fn without_trailing_scripts(html: &str) -> &str {
    const END: &str = "</html>";
    html.rfind(END).and_then(|at| html.get(..at + END.len())).unwrap_or(html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_ends_where_it_ends() {
        assert_eq!(without_trailing_scripts("<html>a</html><script>x</script>"), "<html>a</html>");
        assert_eq!(without_trailing_scripts("a fragment"), "a fragment");
    }

    #[test]
    fn a_path_survives_in_a_query() {
        assert_eq!(escape("/a/?b=c&d"), "%2Fa%2F%3Fb%3Dc%26d");
    }
}
