//! The doors that are the house's own.

use serde_json::json;

use super::{Door, Open};

pub fn doors() -> Vec<Door> {
    const CUSTOMER: (&str, &str) =
        ("customer", "Whose wallet; the caller's first customer when left out.");
    let search: &[(&str, &str)] = &[
        ("search", "Words to find."),
        ("category", "The slug of a category; may repeat."),
        ("family", "A model family; may repeat."),
        ("sort", "`newest`, `price` or `-price`."),
        ("page", "From 1."),
        ("page_size", "From 1 to 100."),
    ];
    vec![
        Door::new(
            "post",
            "/api-auth/register/",
            "Open an account, with a workspace and trial credits",
        )
        .open(Open::ToAll)
        .takes("Register")
        .answers(201, "Registered")
        .refuses(&[403, 409]),
        Door::new("post", "/api-auth/password/", "Exchange a password for a token")
            .open(Open::ToAll)
            .takes("SignIn")
            .answers(200, "Token")
            .refuses(&[401, 429]),
        Door::new("post", "/api-auth/session/", "Sign a browser in (a form is answered with 303)")
            .open(Open::ToAll)
            .takes("SignIn")
            .empty()
            .refuses(&[401, 403, 429]),
        Door::new("delete", "/api-auth/session/", "Sign a browser out")
            .open(Open::ToAll)
            .empty()
            .refuses(&[403]),
        Door::new(
            "post",
            "/api-auth/logout/",
            "Sign a browser out; who came from an identity provider is told where to sign out there",
        )
            .open(Open::ToAll)
            .empty()
            .or_answers(200, "LogoutUrl")
            .refuses(&[403]),
        Door::new("get", "/wallets/me", "What the wallet holds")
            .query(&[CUSTOMER])
            .answers(200, "Wallet")
            .refuses(&[404]),
        Door::new("get", "/wallets/me/ledger", "What changed the wallet, newest first")
            .query(&[CUSTOMER, ("page", "From 1."), ("page_size", "From 1 to 100.")])
            .answers(200, "LedgerPage")
            .refuses(&[404]),
        Door::new("post", "/billing/authorize", "Set credits aside for a run")
            .takes("Authorize")
            .answers(200, "Authorized")
            .refuses(&[404, 409])
            .once(),
        Door::new("post", "/billing/settle", "Debit what a run has used and give the rest back")
            .takes("Settle")
            .answers(200, "Settled")
            .refuses(&[404, 409])
            .once(),
        Door::new("get", "/instances/", "What the caller has").answers(200, "Instances"),
        Door::new(
            "post",
            "/integrations/commerce/provision",
            "Give a customer a service (operators, integrations)",
        )
        .takes("Provision")
        .answers(200, "Provisioned")
        .refuses(&[402, 403, 404])
        .once(),
        Door::new(
            "post",
            "/integrations/commerce/add-credits",
            "Add credits to a wallet (operators, integrations)",
        )
        .takes("AddCredits")
        .answers(200, "CreditsAdded")
        .refuses(&[403, 404])
        .once(),
        Door::new("get", "/marketplace/services", "Search the catalogue")
            .open(Open::ToAll)
            .query(search)
            .answers(200, "ServicePage"),
        Door::new(
            "get",
            "/marketplace/services/{id}/metrics",
            "What the platform measured of a service, by its slug or id, beside what its provider promises",
        )
        .open(Open::ToAll)
        .answers(200, "QualityView")
        .refuses(&[404]),
        Door::new("get", "/v1/services", "List services")
            .open(Open::Checked)
            .query(&[("scope", "`all`, `subscribed` or `owned`.")])
            .answers(200, "Services"),
        Door::new("get", "/v1/services/{id}", "A service, by its slug or id")
            .open(Open::ToAll)
            .holds("service", "ServiceDetail")
            .refuses(&[404]),
        Door::new(
            "post",
            "/v1/services/{id}/subscribe",
            "Start using a service; the key is shown once",
        )
        .takes("Subscribe")
        .answers(201, "Subscribed")
        .refuses(&[402, 403, 404])
        .once(),
        Door::new("delete", "/v1/services/{id}/subscribe", "Stop using a service")
            .empty()
            .refuses(&[404]),
        Door::new("get", "/v1/receipts/{id}", "What a call cost and how it was booked")
            .holds("receipt", "Receipt")
            .refuses(&[404]),
        Door::new("get", "/v1/models", "The services that can be called")
            .open(Open::Checked)
            .answers(200, "Models"),
        Door::new("get", "/v1/models/{id}", "A service that can be called")
            .open(Open::Checked)
            .answers(200, "Model")
            .refuses(&[404]),
        Door::new(
            "post",
            "/v1/chat/completions",
            "Call a service; `stream` answers with server-sent events",
        )
        .open(Open::KeyOnly)
        .takes("ChatRequest")
        .answers(200, "ChatCompletion")
        .refuses(&[402, 404, 429, 502, 503]),
        Door::new("get", "/healthz", "The process runs").open(Open::ToAll).answers(200, "Status"),
        Door::new("get", "/readyz", "The database answers (503 while it does not)")
            .open(Open::ToAll)
            .answers(200, "Status"),
        Door {
            answers: Some(json!({ "type": "object" })),
            ..Door::new("get", "/openapi.json", "This document").open(Open::ToAll)
        },
    ]
}
