//! Reviews, providers and tries.

use serde_json::{Value, json};

use super::{
    Group, chat_fields, count, flag, holding, id, list, named, number, object, or_null, text, time,
};

fn stars() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": 5 })
}

pub fn discovery() -> Group {
    let words = json!({ "type": "string", "maxLength": 2_000, "description": "Plain text." });
    let reply = object(&[("text", text()), ("at", time())], &[]);
    let review = object(
        &[
            ("id", id()),
            ("service_id", id()),
            ("stars", stars()),
            ("text", words.clone()),
            ("author", text()),
            ("verified_use", flag()),
            ("created_at", time()),
        ],
        &[("edited_at", time()), ("reply", reply)],
    );
    let distribution = json!({
        "type": "array", "items": count(),
        "description": "How many reviews have one star, two and so on.",
    });
    let page = object(
        &[
            ("reviews", list(named("Review"))),
            ("total", count()),
            ("page", count()),
            ("page_size", count()),
            ("average", or_null(number())),
            ("distribution", distribution),
        ],
        &[],
    );
    let provider = object(
        &[
            ("id", id()),
            ("slug", text()),
            ("name", text()),
            ("country", text()),
            ("description", text()),
            ("created_at", time()),
            ("service_count", count()),
            ("review_count", count()),
            ("rating", or_null(number())),
        ],
        &[("verified_at", time())],
    );
    vec![
        ("Review", review),
        ("ReviewPage", page),
        ("WriteReview", object(&[("stars", stars())], &[("text", words)])),
        ("Provider", provider),
        ("Providers", holding("providers", list(named("Provider")))),
        (
            "ProviderDetail",
            object(&[("provider", named("Provider")), ("services", list(named("Service")))], &[]),
        ),
        ("TryRequest", chat_fields(&["messages"])),
    ]
}
