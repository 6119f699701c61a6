//! Plans' limits, and the answerers that are built in.

use std::time::Duration;

use bytes::Bytes;
use gateway::{Config, Gateway};
use http::Request;
use http_body_util::Full;
use market::{Subscribe, testing};
use model::Register;
use serde_json::{Value, json};

use crate::{header, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_the_limit_a_call_is_told_when_to_come_again() {
    let market = testing::market().await;
    let catalog = market.catalog();
    let all =
        catalog.find(&model::CatalogQuery { page_size: 100, ..model::CatalogQuery::default() });
    let limit = |slug: &str| catalog.named(slug).unwrap().plans[0].limits.requests_per_minute;
    let service = all
        .services
        .iter()
        .map(|found| &found.service)
        .filter(|s| s.monthly_fee.micros() == 0 && catalog.named(&s.slug).unwrap().callable)
        .filter(|s| limit(&s.slug).is_some())
        .min_by_key(|s| limit(&s.slug))
        .unwrap();
    let registered = market
        .identity()
        .register(Register {
            email: "busy@example.org".parse().unwrap(),
            password: "correct horse battery".to_owned(),
            full_name: "Busy".parse().unwrap(),
        })
        .await
        .unwrap();
    let actor = market.identity().by_token(&registered.token).await.unwrap().unwrap();
    let order = Subscribe {
        offering: service.id,
        plan: None,
        customer: None,
        project: None,
        reference: None,
    };
    let key = market.resources().subscribe(&actor, order).await.unwrap().key.unwrap();
    let gateway = Gateway::new(market.clone(), Config::default());
    let body = json!({ "model": service.slug, "max_tokens": 4, "messages": [{ "role": "user", "content": "hi" }] });
    let call = || async {
        let request = Request::post("/v1/chat/completions")
            .header("authorization", format!("Bearer {}", key.reveal()))
            .body(Full::new(Bytes::from(body.to_string())))
            .unwrap();
        gateway.chat(request).await
    };
    let most = limit(&service.slug).unwrap();
    let mut refused = None;
    // A minute may end in between, which lets some more in.
    for _ in 0..=most * 2 {
        let response = call().await;
        if response.status() == 429 {
            refused = Some(response);
            break;
        }
        assert_eq!(response.status(), 200);
    }
    let refused = refused.unwrap();
    let wait: u64 = header(&refused, "retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let body: Value = serde_json::from_str(&text(refused).await).unwrap();
    assert_eq!(body["error"]["code"], "rate_limit_exceeded");
    assert!(gateway.drain(Duration::from_secs(5)).await);
    let (_, offences) = market.prove().await.unwrap();
    assert_eq!(offences, vec![]);
}
