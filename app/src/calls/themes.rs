//! The colours somebody asked for, kept in a cookie so that the server can paint them first.

#![expect(clippy::unused_async, reason = "a server function is a future, whether or not it waits")]

use http::header;
use leptos::{prelude::*, server};

use crate::context::{Theme, add_header, local_path, see_other};

/// Keeps the theme for a year and goes back to the page.
#[server(prefix = "/rpc", endpoint = "theme")]
pub async fn set_theme(
    #[server(default)] theme: String,
    #[server(default)] next: String,
) -> Result<(), ServerFnError> {
    let theme = Theme::from(Some(theme.as_str()));
    let cookie = format!(
        "theme={}; Path=/; SameSite=Lax; Secure; HttpOnly; Max-Age=31536000",
        theme.as_str()
    );
    add_header(header::SET_COOKIE, &cookie);
    see_other(&local_path(&next));
    Ok(())
}
