//! The doors of signing in with an identity provider.

use super::{Door, Open};

pub(super) fn doors() -> Vec<Door> {
    vec![
        Door {
            status: 303,
            ..Door::new(
                "get",
                "/api-auth/oidc/start/",
                "Send a browser to the identity provider (404 without one)",
            )
        }
        .open(Open::ToAll)
        .query(&[("next", "A path of this site to go to afterwards.")])
        .refuses(&[404]),
        Door {
            status: 303,
            ..Door::new(
                "get",
                "/api-auth/oidc/callback/",
                "Where the identity provider sends a browser back to",
            )
        }
        .open(Open::ToAll)
        .query(&[
            ("code", "What the provider's word is asked for with."),
            ("state", "What the browser was sent away with."),
            ("error", "Why there is no code."),
        ])
        .refuses(&[404]),
        Door::new(
            "post",
            "/api-auth/oidc/backchannel-logout/",
            "The identity provider tells that somebody has left it (404 without one)",
        )
        .open(Open::ToAll)
        .takes("LogoutToken")
        .refuses(&[404, 502]),
    ]
}
