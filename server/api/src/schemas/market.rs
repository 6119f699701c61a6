//! What is on sale and what was bought.

use serde_json::{Value, json};

use super::{
    Group, count, credits, dollars, flag, holding, id, list, named, number, object, or_null, text,
    time, words,
};

pub fn catalogue() -> Group {
    let window = object(&[("start", text()), ("end", text())], &[]);
    let features =
        ["functionCalling", "vision", "streaming", "jsonMode"].map(|name| (name, flag()));
    let availability = object(
        &[("schedule", words(&["24/7", "business_hours", "custom"]))],
        &[
            ("timezone", text()),
            ("customHours", list(window.clone())),
            ("maintenanceWindows", list(window)),
        ],
    );
    let geographic = object(
        &[("country", text()), ("region", text()), ("dataCenters", list(text()))],
        &[("city", text())],
    );
    let usage = ["totalTokensServed", "activeUsers", "monthlyRequests"].map(|name| (name, count()));
    let families: Vec<&str> =
        model::ModelFamily::ALL.iter().map(|family| family.as_str()).collect();
    let service = object(
        &[
            ("id", id()),
            ("slug", text()),
            ("name", text()),
            ("tagline", text()),
            ("description", text()),
            ("category", text()),
            ("modelFamily", words(&families)),
            ("pricePer1KTokens", dollars()),
            ("promptPricePer1KTokens", dollars()),
            ("completionPricePer1KTokens", dollars()),
            ("monthlyFee", dollars()),
            ("providerId", id()),
            ("providerName", text()),
            ("providerVerified", flag()),
            ("contextWindow", count()),
            ("maxOutputTokens", count()),
            ("features", object(&features, &[])),
            ("apiCompatibility", list(text())),
            ("geographic", geographic),
            ("compliance", list(text())),
            ("metrics", named("ServiceMetrics")),
            ("availability", availability),
            ("rating", or_null(number())),
            ("reviewCount", count()),
            ("usageStats", object(&usage, &[])),
            ("status", words(&["active", "maintenance", "deprecated"])),
            ("createdAt", time()),
            ("updatedAt", time()),
        ],
        &[
            ("baseModel", text()),
            ("pricingTiers", list(object(&[("tokens", count()), ("price", dollars())], &[]))),
            ("trialTokens", count()),
            ("trial", object(&[("days", count())], &[("limits", text())])),
        ],
    );
    vec![
        ("Service", service),
        ("ServiceDetail", json!({ "allOf": [named("Service"), detail()] })),
        (
            "ServicePage",
            object(
                &[("services", list(named("Service"))), ("total", count()), ("page", count())],
                &[],
            ),
        ),
        ("Services", holding("services", list(named("Service")))),
    ]
}

/// What a service's own page shows beyond the list.
fn detail() -> Value {
    let provider = object(
        &[("id", id()), ("name", text()), ("country", text()), ("description", text())],
        &[("verified_at", time())],
    );
    let price = ["prompt", "completion", "request", "credit_price"].map(|name| (name, count()));
    let limits =
        ["requests_per_minute", "requests_per_day", "concurrent"].map(|name| (name, count()));
    let plan = object(
        &[
            ("id", id()),
            ("slug", text()),
            ("name", text()),
            ("description", text()),
            ("monthly_fee", dollars()),
            ("limits", object(&[], &limits)),
            ("price", object(&price, &[])),
            ("price_version", id()),
        ],
        &[],
    );
    object(
        &[
            ("provider", provider),
            ("plans", list(plan)),
            ("capabilities", list(text())),
            ("callable", flag()),
            ("promises", named("Promises")),
            ("trial_credits", credits()),
        ],
        &[("built_in", text()), ("documentation_url", text())],
    )
}

pub fn resources() -> Group {
    let states = ["creating", "ok", "updating", "paused", "erred", "terminating", "terminated"];
    let key = or_null(json!({ "type": "string", "pattern": "^cmp_sk_[A-Za-z0-9_-]{43}$" }));
    let instance = object(
        &[
            ("instance_id", id()),
            ("name", text()),
            ("state", words(&states)),
            ("organization", text()),
            ("offering_id", id()),
            ("offering_slug", text()),
            ("provider", text()),
            ("plan", text()),
            ("created_at", time()),
        ],
        &[("renews_at", time())],
    );
    let provisioned = object(
        &[
            ("instance_id", id()),
            ("name", text()),
            ("state", words(&states)),
            ("organization", text()),
            ("api_key", key.clone()),
        ],
        &[],
    );
    let line = object(&[("from", text()), ("to", text()), ("amount", credits())], &[]);
    let receipt = object(
        &[
            ("id", id()),
            ("at", time()),
            ("resource_id", id()),
            ("model", text()),
            ("status", count()),
            ("outcome", words(&["complete", "client_gone", "upstream_cut", "upstream_failed"])),
            ("prompt_tokens", count()),
            ("completion_tokens", count()),
            ("estimated", flag()),
            ("credits", credits()),
            ("price_version", id()),
            ("lines", list(line)),
        ],
        &[],
    );
    vec![
        ("Instance", instance),
        ("Instances", list(named("Instance"))),
        ("Provisioned", provisioned),
        (
            "Subscribe",
            object(
                &[],
                &[
                    ("plan", or_null(text())),
                    ("project", or_null(id())),
                    ("customer", or_null(id())),
                ],
            ),
        ),
        (
            "Subscribed",
            object(
                &[
                    ("subscription", named("Instance")),
                    ("endpoint", or_null(text())),
                    ("api_key", key),
                ],
                &[],
            ),
        ),
        ("Receipt", receipt),
    ]
}
