//! The doors of reviews, tries and providers.

use super::{Door, Open};

pub(super) fn doors() -> Vec<Door> {
    vec![
        Door::new("get", "/marketplace/services/{id}/reviews", "What customers say of a service")
            .open(Open::ToAll)
            .query(&[
                ("stars", "From 1 to 5; all when left out."),
                ("sort", "`newest`, `lowest` or `highest`."),
                ("page", "From 1."),
            ])
            .answers(200, "ReviewPage")
            .refuses(&[404]),
        Door::new(
            "post",
            "/marketplace/services/{id}/reviews",
            "Review a service after 10 answered requests, or change the review",
        )
        .takes("WriteReview")
        .holds("review", "Review")
        .refuses(&[403, 404, 409]),
        Door::new(
            "post",
            "/marketplace/services/{id}/try",
            "Try a service, with a subscription or in the demo",
        )
        .open(Open::Checked)
        .takes("TryRequest")
        .answers(200, "ChatCompletion")
        .refuses(&[402, 403, 404, 409, 429, 502, 503]),
        Door::new("get", "/v1/providers", "Who sells").open(Open::ToAll).answers(200, "Providers"),
        Door::new("get", "/v1/providers/{id}", "A provider, by its slug or id, and what it sells")
            .open(Open::ToAll)
            .answers(200, "ProviderDetail")
            .refuses(&[404]),
        Door::new(
            "get",
            "/marketplace/providers/{id}",
            "The same as data of the provider's page (browsers get the page)",
        )
        .open(Open::ToAll)
        .answers(200, "ProviderDetail")
        .refuses(&[404]),
    ]
}
