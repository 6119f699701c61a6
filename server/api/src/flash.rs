//! What a form is answered with: a redirection and cookies.

use std::collections::BTreeMap;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{Fault, Problem};
use serde::Serialize;

use crate::{actors::SESSION_COOKIE, queries::sentence};

const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// Seconds for which a browser keeps the session's secret. The server has the last word: it knows when a session ends.
const SESSION_SECONDS: u32 = 30 * 24 * 3_600;

/// What the next page is to say.
#[derive(Serialize)]
struct Flash {
    message: String,
    fields: Vec<Fault>,
    values: BTreeMap<&'static str, String>,
}

/// Sends a browser on with a GET.
pub fn see_other(path: &str) -> Response {
    // Callers hand over a path that `next_path` has passed or that is made of ids.
    let place = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

/// Sends a browser to another page of signing in, which keeps where to go afterwards.
pub fn onward(form: &str, next: Option<&str>) -> Response {
    let mut path = form.to_owned();
    if let Some(next) = next {
        path.push_str("?next=");
        path.extend(form_urlencoded::byte_serialize(next.as_bytes()));
    }
    see_other(&path)
}

/// Sends a browser back to the form, with what went wrong and what was typed (never a password).
pub fn back(
    form: &str,
    next: Option<&str>,
    problem: Problem,
    typed: &[(&'static str, Option<&str>)],
) -> Response {
    let short = |fault: Fault| Fault::new(sentence(&fault.field), sentence(&fault.message));
    let flash = Flash {
        message: if problem.fields.is_empty() {
            sentence(&problem.message)
        } else {
            "Please correct what is marked.".to_owned()
        },
        fields: problem.fields.into_iter().take(5).map(short).collect(),
        values: typed.iter().filter_map(|(name, text)| Some((*name, sentence((*text)?)))).collect(),
    };
    let text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&flash).unwrap_or_default());
    let mut response = onward(form, next);
    set_cookie(&mut response, &format!("__Host-flash={text}; {ATTRIBUTES}; Max-Age=300"));
    response
}

/// Gives the browser its session.
pub fn start_session(response: &mut Response, secret: &str) {
    set_cookie(
        response,
        &format!("{SESSION_COOKIE}={secret}; {ATTRIBUTES}; Max-Age={SESSION_SECONDS}"),
    );
}

/// Takes the session from the browser.
pub fn end_session(response: &mut Response) {
    set_cookie(response, &format!("{SESSION_COOKIE}=; {ATTRIBUTES}; Max-Age=0"));
}

/// Gives the browser a secret that it brings back on the next step; `SameSite=Lax` lets it come along when another site
/// sends the browser back to us.
pub fn keep(response: &mut Response, name: &str, secret: &str, seconds: u32) {
    set_cookie(response, &format!("{name}={secret}; {ATTRIBUTES}; Max-Age={seconds}"));
}

/// Takes such a secret from the browser.
pub fn forget(response: &mut Response, name: &str) {
    set_cookie(response, &format!("{name}=; {ATTRIBUTES}; Max-Age=0"));
}

fn set_cookie(response: &mut Response, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// A path of this site to go on to. Whatever a browser could take for another site is nothing: two slashes, a backslash
/// in place of one, or white space between them, which browsers leave out.
pub fn next_path(text: Option<&str>) -> Option<&str> {
    let path = text?;
    let sound = path.len() <= 2_000
        && path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    sound.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site() {
        for good in ["/", "/a/b/?c=d#e", "/a//b"] {
            assert_eq!(next_path(Some(good)), Some(good));
        }
        for bad in [
            "",
            "a",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "https://evil.example",
            "/a\r\nb",
        ] {
            assert_eq!(next_path(Some(bad)), None, "{bad}");
        }
    }
}
