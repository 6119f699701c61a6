//! The doors of signing in with an identity provider, and with passkeys.

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
        Door::new("post", "/api-auth/passkeys/invitation/", "Ask a device for a new passkey")
            .answers(200, "PasskeyOptions")
            .refuses(&[403, 404, 409]),
        Door::new("post", "/api-auth/passkeys/", "Add the passkey that a device has made")
            .takes("NewPasskey")
            .empty()
            .refuses(&[403, 404, 409]),
        Door::new("post", "/api-auth/passkeys/challenge/", "Ask a device to show a passkey")
            .open(Open::ToAll)
            .answers(200, "PasskeyOptions")
            .refuses(&[403, 404, 409, 429]),
        Door::new("post", "/api-auth/passkeys/session/", "Sign a browser in with a passkey")
            .open(Open::ToAll)
            .takes("ShownPasskey")
            .answers(200, "Next")
            .refuses(&[403, 404, 409]),
    ]
}
