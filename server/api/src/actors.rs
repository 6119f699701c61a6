//! Who asks: a token, a key of a resource, or the session cookie of a browser.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, header, request::Parts},
};
use market::{Actor, Client, Error};
use model::SecretKey;

use crate::{Shared, errors::ApiError, tryouts::ClientAddr};

/// The cookie that holds the session's secret.
pub const SESSION_COOKIE: &str = "__Host-session";

/// The caller, or nobody. Credentials that do not work are refused, never taken for nobody.
pub struct MaybeActor(pub Option<SignedIn>);

/// The caller of a door that is closed to strangers.
pub struct SignedIn {
    pub actor: Arc<Actor>,
}

impl FromRequestParts<Shared> for MaybeActor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, doors: &Shared) -> Result<Self, ApiError> {
        let identity = doors.market.identity();
        let Ok(ClientAddr(from)) = ClientAddr::from_request_parts(parts, doors).await;
        let from = Some(from).filter(|from| !from.is_unspecified());
        let found = match Credential::read(&parts.headers)? {
            None => None,
            Some(Credential::Token(token)) => {
                let actor = identity.by_token_from(token, from).await?;
                let actor = actor.ok_or(ApiError::Token("Invalid token."))?;
                if !actor.reaches(parts.uri.path(), changes(&parts.method)) {
                    return Err(ApiError::Market(Error::Denied));
                }
                Some(actor)
            }
            Some(Credential::Key(key)) => {
                let actor = identity.by_key(key.reveal()).await?;
                Some(actor.ok_or(ApiError::Token("The API key is unknown or was revoked."))?)
            }
            Some(Credential::Session(secret)) => {
                let actor = identity.by_session(secret).await?;
                if actor.is_some() && changes(&parts.method) {
                    same_site(&parts.headers)?;
                }
                actor
            }
        };
        Ok(Self(found.map(|actor| SignedIn { actor: Arc::new(actor) })))
    }
}

impl FromRequestParts<Shared> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, doors: &Shared) -> Result<Self, ApiError> {
        let MaybeActor(found) = MaybeActor::from_request_parts(parts, doors).await?;
        found.ok_or(ApiError::Market(Error::Anonymous))
    }
}

/// From where somebody signs in.
pub struct From(pub Client);

impl FromRequestParts<Shared> for From {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, doors: &Shared) -> Result<Self, Infallible> {
        let Ok(ClientAddr(address)) = ClientAddr::from_request_parts(parts, doors).await;
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let user_agent = agent.unwrap_or_default().to_owned();
        Ok(Self(Client { address: address.to_string(), user_agent }))
    }
}

/// What the request brought to say who sends it.
enum Credential<'a> {
    Token(&'a str),
    Key(SecretKey),
    Session(&'a str),
}

impl<'a> Credential<'a> {
    /// Reads the header, then the cookie. An authorisation of a scheme that is not ours (a proxy's `Basic`, say) is no
    /// business of ours and leaves the cookie to speak.
    fn read(headers: &'a HeaderMap) -> Result<Option<Self>, ApiError> {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let text = value.to_str().map_err(|_| ApiError::Token("Invalid token header."))?;
            let mut words = text.split_ascii_whitespace();
            let scheme = words.next().unwrap_or_default();
            let token = scheme.eq_ignore_ascii_case("token");
            if token || scheme.eq_ignore_ascii_case("bearer") {
                let secret = words
                    .next()
                    .ok_or(ApiError::Token("Invalid token header. No credentials provided."))?;
                if words.next().is_some() {
                    return Err(ApiError::Token(
                        "Invalid token header. Token string should not contain spaces.",
                    ));
                }
                return if token { Self::token(secret) } else { Self::key(secret) }.map(Some);
            }
        }
        Ok(cookie(headers, SESSION_COOKIE).map(Self::Session))
    }

    fn token(text: &'a str) -> Result<Self, ApiError> {
        if text.len() != 40 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(ApiError::Token("Invalid token."));
        }
        Ok(Self::Token(text))
    }

    fn key(text: &str) -> Result<Self, ApiError> {
        let wrong =
            ApiError::Token("This is not an API key of this server; keys begin with cmp_sk_.");
        text.parse().map(Self::Key).map_err(|_| wrong)
    }
}

/// The token that was presented, whether it works or not.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    match Credential::read(headers) {
        Ok(Some(Credential::Token(token))) => Some(token),
        _ => None,
    }
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Refuses what another site made a browser send. Browsers name the sender in `Sec-Fetch-Site`, older ones in
/// `Origin`; programs that are no browsers send neither.
pub fn same_site(headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or_default());
    let ours = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, None) => true,
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text("host")
        }
    };
    if ours { Ok(()) } else { Err(ApiError::CrossSite) }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (n.parse().unwrap(), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn other_sites_are_refused() {
        let host = ("host", "cmp.example:3000");
        for good in [
            vec![host],
            vec![host, ("sec-fetch-site", "same-origin"), ("origin", "null")],
            vec![host, ("sec-fetch-site", "none")],
            vec![host, ("origin", "https://cmp.example:3000")],
        ] {
            assert!(same_site(&headers(&good)).is_ok(), "{good:?}");
        }
        for bad in [
            vec![host, ("sec-fetch-site", "cross-site")],
            vec![host, ("sec-fetch-site", "same-site")],
            vec![host, ("origin", "https://evil.example")],
            vec![host, ("origin", "null")],
            vec![("origin", "x")],
        ] {
            assert!(same_site(&headers(&bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let sent = headers(&[("cookie", "a__Host-session=1; __Host-session=two; b=3")]);
        assert_eq!(cookie(&sent, SESSION_COOKIE), Some("two"));
        assert_eq!(cookie(&sent, "c"), None);
    }
}
