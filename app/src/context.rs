//! What a page knows about its request: who asks, what was asked for, and how to answer with a true status.

use std::{future::Future, str::FromStr, sync::Arc};

use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use leptos::{prelude::*, tachys::reactive_graph::OwnedView};
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_params_map;
use market::{Actor, Market};
use model::{CustomerView, UserView};

use crate::fail::Fail;

/// Who asks; the server provides it for every page and server function.
#[derive(Clone)]
pub struct Caller(pub Option<Arc<Actor>>);

/// The raw text of the flash cookie, if there is one.
#[derive(Debug, Clone, Default)]
pub struct Flash(pub Option<String>);

/// The address that a request came from; the server provides it.
#[derive(Debug, Clone, Default)]
pub struct Origin(pub String);

/// The decoded fields of a form that was posted to a page, which answers it itself: what was typed is still there when
/// something is wrong with it. The server provides it for `POST` to the paths of [`takes_posts`].
#[derive(Debug, Clone, Default)]
pub struct PostedForm(pub Vec<(String, String)>);

impl PostedForm {
    /// The text of a field, or nothing.
    pub fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

/// The form that was posted to this page, if one was.
pub fn posted() -> Option<PostedForm> {
    use_context::<PostedForm>()
}

/// Whether the page of a path answers a form by itself.
pub fn takes_posts(path: &str) -> bool {
    let below = |start: &str, ends: &[&str]| {
        path.starts_with(start) && ends.iter().any(|end| path.ends_with(end))
    };
    let own = [
        "/login/forgot/",
        "/login/reset/",
        "/login/verify/",
        "/account/",
        "/account/second-factor/",
        "/admin/users/",
        "/admin/customers/",
        "/admin/orders/",
    ];
    own.contains(&path)
        || below("/marketplace-public-offering/", &["/try/", "/review/", "/report/"])
        || below("/organizations/", &["/support/", "/team/", "/settings/"])
        || below("/invitations/", &["/"])
        || below("/marketplace-order/", &["/"])
        || below("/admin/invoices/", &["/"])
}

/// From where a form was posted.
pub fn client() -> market::Client {
    let address = use_context::<Origin>().unwrap_or_default().0;
    market::Client { address, user_agent: String::new() }
}

/// Which of the two colour sets somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    Light,
    Dark,
    /// What the device prefers.
    #[default]
    System,
}

impl Theme {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::System => "system",
        }
    }

    /// The one that the switch goes to from here.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }
}

impl From<Option<&str>> for Theme {
    /// Reads the value of the theme cookie; anything else than ours is the device's preference.
    fn from(cookie: Option<&str>) -> Self {
        match cookie {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }
}

/// Turns the future of a page into its view, and its failure into the page that says so with a true status.
pub fn loaded<F>(page: F) -> AnyView
where
    F: Future<Output = Result<AnyView, Fail>> + Send + 'static,
{
    settled(async move { page.await.unwrap_or_else(Fail::into_page) })
}

/// A view that is there once the future has ended.
///
/// It is written to the page under the owner that it was made under. `Suspend` alone writes a view that was waited for
/// under whatever owner the thread had last: what it says to the context, like `<Meta>`, is lost or reaches another page.
pub fn settled<F, V>(view: F) -> AnyView
where
    F: Future<Output = V> + Send + 'static,
    V: IntoView + 'static,
{
    Suspend::new(async move { OwnedView::new(view.await.into_any()) }).into_any()
}

/// The market that the server provided.
pub fn market() -> Result<Market, Fail> {
    use_context::<Market>().ok_or(Fail::Unwired("market"))
}

/// Who asks, if somebody is signed in.
pub fn visitor() -> Option<Arc<Actor>> {
    use_context::<Caller>().and_then(|caller| caller.0)
}

/// Who asks; nobody is sent to sign in.
pub fn actor() -> Result<Arc<Actor>, Fail> {
    visitor().ok_or(Fail::SignIn)
}

/// A typed part of the path; one that cannot be read names nothing.
pub fn param<T: FromStr>(name: &str) -> Result<T, Fail> {
    let text = use_params_map().get_untracked().get(name).unwrap_or_default();
    text.parse().map_err(|_| Fail::missing("page"))
}

/// The decoded pairs of the query, in their order, repeated names kept.
pub fn query_pairs() -> Vec<(String, String)> {
    let uri = use_context::<Parts>().map(|parts| parts.uri).unwrap_or_default();
    axum::extract::Query::try_from_uri(&uri).map(|query| query.0).unwrap_or_default()
}

/// The last value of a query parameter, if it can be read.
pub fn query<T: FromStr>(name: &str) -> Option<T> {
    let pairs = query_pairs();
    pairs.iter().rev().find(|(key, _)| key == name).and_then(|(_, value)| value.trim().parse().ok())
}

/// Path and query of this request.
pub fn here() -> String {
    let parts = use_context::<Parts>();
    let found = parts.as_ref().and_then(|parts| parts.uri.path_and_query());
    found.map_or_else(|| "/".to_owned(), ToString::to_string)
}

/// The name of this request, which a person can quote to the operator.
pub fn request_id() -> Option<String> {
    let parts = use_context::<Parts>()?;
    Some(parts.headers.get("x-request-id")?.to_str().ok()?.to_owned())
}

/// Sets the status of the answer.
pub fn set_status(status: StatusCode) {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status);
    }
}

/// Adds a header to the answer; a value that is no header value is left out.
pub fn add_header(name: HeaderName, value: &str) {
    if let (Some(response), Ok(value)) =
        (use_context::<ResponseOptions>(), HeaderValue::from_str(value))
    {
        response.append_header(name, value);
    }
}

/// Sends the browser on with 303, so that a reload does not repeat a post.
pub fn see_other(path: &str) {
    if let (Some(response), Ok(value)) =
        (use_context::<ResponseOptions>(), HeaderValue::from_str(path))
    {
        response.insert_header(header::LOCATION, value);
        response.set_status(StatusCode::SEE_OTHER);
    }
}

/// Keeps an answer that holds a secret out of every cache.
pub fn forbid_storing() {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// A path of this site to go to afterwards: anything that could lead elsewhere is replaced by the start page.
pub fn local_path(text: &str) -> String {
    let leaves = !text.starts_with('/')
        || text.starts_with("//")
        || text.contains('\\')
        || text.chars().any(char::is_control)
        || text.len() > 2_000;
    if leaves { "/".to_owned() } else { text.to_owned() }
}

/// The workspace of a page under `/organizations/:customer/`, checked to be the caller's own.
pub struct Workspace {
    pub market: Market,
    pub actor: Arc<Actor>,
    pub me: UserView,
    pub customer: CustomerView,
}

impl Workspace {
    /// Loads the workspace that the path names; a foreign one does not exist for the caller.
    pub async fn load() -> Result<Self, Fail> {
        let (market, actor) = (market()?, actor()?);
        let id = param("customer")?;
        let me = market.identity().me(&actor).await?;
        let mine = me.customers.iter().find(|customer| customer.id == id).cloned();
        let customer = mine.ok_or(Fail::missing("workspace"))?;
        Ok(Self { market, actor, me, customer })
    }

    /// The path of this workspace, with a slash at its end.
    pub fn path(&self) -> String {
        format!("/organizations/{}/", self.customer.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for away in
            ["https://evil.example/", "//evil.example/", "/\\evil.example", "evil", "", "/a\nb"]
        {
            assert_eq!(local_path(away), "/", "{away:?}");
        }
        assert_eq!(local_path("/marketplace/?search=a%20b"), "/marketplace/?search=a%20b");
    }
}
