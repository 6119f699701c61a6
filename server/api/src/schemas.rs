//! The bodies of the API as JSON schemas, one per wire type, for the `OpenAPI` document.

mod discovery;
mod market;
mod quality;

use serde_json::{Map, Value, json};

use self::{
    discovery::discovery,
    market::{catalogue, resources},
};

fn text() -> Value {
    json!({ "type": "string" })
}

fn words(allowed: &[&str]) -> Value {
    json!({ "type": "string", "enum": allowed })
}

fn id() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

/// A decimal number of credits.
fn credits() -> Value {
    json!({ "type": "number", "description": "Credits, with at most six decimals." })
}

fn dollars() -> Value {
    json!({ "type": "number", "description": "US dollars." })
}

fn number() -> Value {
    json!({ "type": "number" })
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn flag() -> Value {
    json!({ "type": "boolean" })
}

fn list(of: Value) -> Value {
    Value::from_iter([("type", Value::from("array")), ("items", of)])
}

fn or_null(of: Value) -> Value {
    Value::from_iter([("anyOf", vec![of, json!({ "type": "null" })])])
}

/// A schema that has a name.
pub fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object with the members that are always there and those that may be.
fn object(always: &[(&str, Value)], maybe: &[(&str, Value)]) -> Value {
    let members: Map<String, Value> = always
        .iter()
        .chain(maybe)
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    let required: Vec<&str> = always.iter().map(|(name, _)| *name).collect();
    json!({ "type": "object", "properties": members, "required": required })
}

/// An object that holds one thing under a name.
pub fn holding(name: &str, schema: Value) -> Value {
    object(&[(name, schema)], &[])
}

/// All named schemas.
pub fn all() -> Value {
    let groups = [
        errors(),
        accounts(),
        money(),
        catalogue(),
        quality::quality(),
        resources(),
        models(),
        discovery(),
    ];
    let ours = groups.into_iter().flatten().map(|(name, schema)| (name.to_owned(), schema));
    let named: Map<String, Value> = ours.chain(crate::waldur::schemas()).collect();
    Value::Object(named)
}

type Group = Vec<(&'static str, Value)>;

fn errors() -> Group {
    let problem = object(
        &[("code", text()), ("message", text())],
        &[("fields", list(named("Fault"))), ("request_id", text())],
    );
    let openai = object(
        &[
            ("message", text()),
            ("type", text()),
            ("param", or_null(text())),
            ("code", or_null(text())),
        ],
        &[],
    );
    vec![
        ("Fault", object(&[("field", text()), ("message", text())], &[])),
        ("Problem", problem),
        ("Error", holding("error", named("Problem"))),
        ("OpenAiError", holding("error", openai)),
        (
            "DjangoError",
            json!({ "anyOf": [
                {
                    "type": "object",
                    "description": "Either a `detail`, or the faults of each field.",
                    "properties": { "detail": text(), "request_id": text() },
                    "additionalProperties": list(text()),
                },
                { "description": "What is wrong with the whole of it.", "type": "array", "items": { "type": "string" } },
            ] }),
        ),
    ]
}

fn accounts() -> Group {
    let password = json!({ "type": "string", "format": "password" });
    let code = json!({
        "type": "string",
        "description": "A code of the second factor, where there is one; without it the answer is 401 with the code `second_factor_required`.",
    });
    vec![
        (
            "Register",
            object(
                &[
                    ("email", json!({ "type": "string", "format": "email" })),
                    (
                        "password",
                        json!({ "type": "string", "format": "password", "minLength": 12 }),
                    ),
                    ("full_name", json!({ "type": "string", "minLength": 1, "maxLength": 150 })),
                ],
                &[],
            ),
        ),
        (
            "Registered",
            object(&[("token", text()), ("user_uuid", id()), ("customer_uuid", id())], &[]),
        ),
        ("SignIn", object(&[("username", text()), ("password", password)], &[("otp", code)])),
        (
            "PasskeyOptions",
            json!({ "type": "object", "description": "For `PublicKeyCredential.parseCreationOptionsFromJSON` and its like." }),
        ),
        (
            "NewPasskey",
            object(&[("credential", json!({ "type": "object" })), ("name", text())], &[]),
        ),
        (
            "ShownPasskey",
            object(&[("credential", json!({ "type": "object" }))], &[("next", text())]),
        ),
        ("Next", object(&[("next", text())], &[])),
        ("LogoutToken", object(&[("logout_token", text())], &[])),
        ("Token", holding("token", json!({ "type": "string", "pattern": "^[0-9a-f]{40}$" }))),
    ]
}

fn money() -> Group {
    let run_id = json!({ "type": "string", "minLength": 1, "maxLength": 200 });
    let reference = json!({
        "type": "string", "minLength": 1, "maxLength": 200,
        "description": "The caller's name for it: the same reference is done once.",
    });
    let entry = object(
        &[
            ("id", id()),
            ("at", time()),
            ("kind", words(&["trial", "top_up", "settle", "plan_fee"])),
            ("amount", credits()),
            ("balance", credits()),
        ],
        &[("run_id", text()), ("receipt_id", id()), ("price_version", id())],
    );
    vec![
        (
            "Wallet",
            object(
                &[
                    ("customer_uuid", id()),
                    (
                        "balance",
                        json!({ "type": "number", "description": "Held credits included." }),
                    ),
                    ("held", credits()),
                    ("available", credits()),
                ],
                &[],
            ),
        ),
        ("LedgerEntry", entry),
        ("LedgerPage", object(&[("entries", list(named("LedgerEntry"))), ("total", count())], &[])),
        (
            "Authorize",
            object(
                &[("run_id", run_id.clone()), ("budget", credits())],
                &[("resource", or_null(id()))],
            ),
        ),
        (
            "Authorized",
            object(
                &[("allowed", flag()), ("balance", credits())],
                &[("budget", credits()), ("reservation_id", id()), ("reason", text())],
            ),
        ),
        (
            "Settle",
            object(&[("credits", credits())], &[("run_id", run_id), ("reservation_id", id())]),
        ),
        ("Settled", object(&[("debited", credits()), ("balance", credits())], &[])),
        (
            "AddCredits",
            object(
                &[
                    ("customer", id()),
                    (
                        "credits",
                        json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1_000_000_000 }),
                    ),
                    ("reference", reference.clone()),
                ],
                &[],
            ),
        ),
        ("CreditsAdded", object(&[("credits_added", credits()), ("new_balance", credits())], &[])),
        (
            "Provision",
            object(
                &[("customer", id()), ("offering", text()), ("reference", reference)],
                &[("plan", or_null(text()))],
            ),
        ),
    ]
}

/// A chat completion request with the fields that must be there.
fn chat_fields(required: &[&str]) -> Value {
    let anything = json!({ "type": "object", "additionalProperties": true });
    json!({
        "type": "object",
        "description": "OpenAI's request. Fields that are not named here are passed on untouched.",
        "properties": {
            "model": { "type": "string", "description": "The slug or the id of a service." },
            "messages": list(anything.clone()),
            "stream": flag(),
            "max_tokens": count(),
            "tools": list(anything),
        },
        "required": required,
        "additionalProperties": true,
    })
}

fn models() -> Group {
    let usage = ["prompt_tokens", "completion_tokens", "total_tokens"].map(|name| (name, count()));
    let completion = json!({
        "type": "object",
        "properties": {
            "id": text(),
            "object": words(&["chat.completion"]),
            "created": count(),
            "model": text(),
            "choices": list(json!({ "type": "object", "additionalProperties": true })),
            "usage": object(&usage, &[]),
        },
        "additionalProperties": true,
    });
    let entry = object(
        &[
            ("id", text()),
            ("object", words(&["model"])),
            ("created", count()),
            ("owned_by", text()),
        ],
        &[],
    );
    vec![
        ("ChatRequest", chat_fields(&["model", "messages"])),
        ("ChatCompletion", completion),
        ("Model", entry),
        ("Models", object(&[("object", words(&["list"])), ("data", list(named("Model")))], &[])),
        ("LogoutUrl", holding("logout_url", text())),
        ("Status", holding("status", words(&["ok", "unavailable"]))),
    ]
}
