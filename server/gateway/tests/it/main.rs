//! Metered calls against upstreams that behave and upstreams that do not: the table in `meter.rs`, line by line.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what is not as it must be fails the test"
)]

mod limits;
mod quality;
mod upstream;

use std::time::Duration;

use bytes::Bytes;
use gateway::{Body, Config, Gateway};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use market::{Actor, Authorize, Authorized, Market, Subscribe, both_engines};
use model::{Credits, CustomerId, Receipt, ReceiptId, Register, SecretKey};
use serde_json::{Value, json};

use upstream::{Act, Upstream};

/// A buyer of a service with an upstream of the test's.
struct Buyer {
    market: Market,
    gateway: Gateway,
    actor: Actor,
    customer: CustomerId,
    model: String,
    key: SecretKey,
}

impl Buyer {
    /// Prices are $1 and $2 per million tokens: 12.5 and 25 micro-credits a token.
    async fn of(market: Market, url: &str) -> Self {
        let listed = market.bench_upstream(url, "real-model").await.unwrap();
        let registered = market
            .identity()
            .register(Register {
                email: format!("{}@example.org", listed.model).parse().unwrap(),
                password: "correct horse battery".to_owned(),
                full_name: "Buyer".parse().unwrap(),
            })
            .await
            .unwrap();
        let actor = market.identity().by_token(&registered.token).await.unwrap().unwrap();
        let offering = market.catalog().named(&listed.model).unwrap().service.id;
        let order =
            Subscribe { offering, plan: None, customer: None, project: None, reference: None };
        let key = market.resources().subscribe(&actor, order).await.unwrap().key.unwrap();
        let config = Config {
            allow_private: true,
            first_byte: Duration::from_secs(30),
            between_bytes: Duration::from_secs(1),
            ..Config::default()
        };
        let gateway = Gateway::new(market.clone(), config);
        Self {
            market,
            gateway,
            actor,
            customer: registered.customer_uuid,
            model: listed.model,
            key,
        }
    }

    fn body(&self, more: &Value) -> Value {
        let mut body =
            json!({ "model": self.model, "messages": [{ "role": "user", "content": "hi" }] });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    }

    async fn post(&self, body: &Value) -> Response<Body> {
        self.send(self.key.reveal(), body.to_string()).await
    }

    async fn send(&self, key: &str, body: String) -> Response<Body> {
        let request =
            Request::post("/v1/chat/completions").header("authorization", format!("Bearer {key}"));
        self.gateway.chat(request.body(Full::new(Bytes::from(body))).unwrap()).await
    }

    async fn wallet(&self) -> model::Wallet {
        self.market.wallets().wallet(&self.actor, None).await.unwrap()
    }

    /// What has left the wallet since the beginning, once nothing is held any more.
    async fn spent(&self) -> Credits {
        assert!(self.gateway.drain(Duration::from_secs(5)).await, "a call is still running");
        let wallet = self.wallet().await;
        assert_eq!(wallet.held, Credits::ZERO, "nothing stays held after a call");
        let (_, offences) = self.market.prove().await.unwrap();
        assert_eq!(offences, vec![]);
        Credits::whole(100).unwrap().minus(wallet.balance).unwrap()
    }

    async fn receipt(&self, id: &str) -> Receipt {
        let id: ReceiptId = id.parse().unwrap();
        self.market.usage().receipt(&self.actor, id).await.unwrap()
    }
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// The data of each event of a stream.
fn events(text: &str) -> Vec<&str> {
    text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect()
}

fn completion(prompt: i64, answer: i64) -> String {
    json!({
        "id": "c", "object": "chat.completion", "created": 1, "model": "real-model", "x_unknown": [1],
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": "hello" }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer },
    })
    .to_string()
}

fn chunk(content: &str) -> String {
    format!(
        "data: {}\n\n",
        json!({ "id": "c", "choices": [{ "index": 0, "delta": { "content": content }, "finish_reason": null }] })
    )
}

const FINISH: &str =
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":40,\"total_tokens\":140}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// 100 prompt and 40 completion tokens.
const COST: Credits = Credits::from_micros(100 * 125 / 10 + 40 * 25);

both_engines! {
    a_whole_answer_is_passed_on_and_paid_for, |market| {
        let upstream = Upstream::start(vec![Act::json(200, &completion(100, 40))]).await;
        let buyer = Buyer::of(market, &upstream.url).await;
        let sent = buyer.body(&json!({ "tools": [{ "type": "function", "x": { "y": 1.50 } }], "zzz": null }));
        let response = buyer.post(&sent).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, "x-cmp-credits"), COST.to_string());
        assert_eq!(header(&response, "x-cmp-prompt-tokens"), "100");
        let id = header(&response, "x-cmp-receipt-id").to_owned();
        assert_eq!(text(response).await, completion(100, 40), "byte for byte");
        let received: Value = serde_json::from_str(&upstream.bodies().await[0]).unwrap();
        let mut expected = sent.clone();
        expected["model"] = json!("real-model");
        assert_eq!(received, expected);
        assert_eq!(buyer.spent().await, COST);
        let receipt = buyer.receipt(&id).await;
        assert_eq!((receipt.credits, receipt.prompt_tokens, receipt.completion_tokens), (COST, 100, 40));
        let lines: Vec<_> = receipt.lines.iter().map(|l| (l.from.as_str(), l.to.as_str())).collect();
        assert!(lines.contains(&("held", "earnings")) && lines.contains(&("held", "fees")), "{lines:?}");
        let parts: i64 = receipt.lines.iter().filter(|l| l.to != "available").map(|l| l.amount.micros()).sum();
        assert_eq!(parts, COST.micros());
        let entry = &buyer.market.wallets().ledger(&buyer.actor, None, 1, 1).await.unwrap().entries[0];
        assert_eq!(entry.receipt_id, Some(id.parse().unwrap()));
        assert_eq!((entry.amount, entry.price_version), (COST.negated(), Some(receipt.price_version)));
    }

    a_stream_ends_with_what_it_cost, |market| {
        let script = [chunk("he"), chunk("llo"), FINISH.to_owned(), USAGE.to_owned(), DONE.to_owned()];
        let upstream = Upstream::start(vec![Act::events(&script, false), Act::events(&script, false)]).await;
        let buyer = Buyer::of(market, &upstream.url).await;
        let plain = text(buyer.post(&buyer.body(&json!({ "stream": true }))).await).await;
        let seen = events(&plain);
        assert_eq!(seen.last(), Some(&"[DONE]"));
        assert_eq!(seen.len(), 5, "{plain}");
        for event in &seen[..4] {
            let event: Value = serde_json::from_str(event).unwrap();
            assert_eq!(event["choices"].as_array().unwrap().len(), 1, "who did not ask for usage sees no empty choices");
        }
        let last: Value = serde_json::from_str(seen[3]).unwrap();
        assert_eq!(last["usage"]["total_tokens"], 140);
        let receipt = buyer.receipt(last["cmp"]["receipt_id"].as_str().unwrap()).await;
        assert_eq!(receipt.credits, COST);
        let asked = json!({ "stream": true, "stream_options": { "include_usage": true } });
        let asked = text(buyer.post(&buyer.body(&asked)).await).await;
        let last: Value = serde_json::from_str(events(&asked)[3]).unwrap();
        assert_eq!((last["choices"].clone(), last["usage"]["prompt_tokens"].clone()), (json!([]), json!(100)));
        assert!(last["cmp"]["price_version"].is_string());
        let wanted: Value = serde_json::from_str(&upstream.bodies().await[0]).unwrap();
        assert_eq!(wanted["stream_options"]["include_usage"], true);
        assert_eq!(buyer.spent().await, COST.plus(COST).unwrap());
    }

    a_caller_who_leaves_pays_for_what_was_produced, |market| {
        let script: Vec<String> = (0..1_000).map(|_| chunk("12345678")).collect();
        let upstream = Upstream::start(vec![Act::events_every(&script, Duration::from_millis(20))]).await;
        let buyer = Buyer::of(market, &upstream.url).await;
        let mut response = buyer.post(&buyer.body(&json!({ "stream": true }))).await;
        for _ in 0..3 {
            response.body_mut().frame().await.unwrap().unwrap();
        }
        drop(response);
        let spent = buyer.spent().await;
        upstream.hung_up().await;
        let page = buyer.market.usage().view(&buyer.actor, buyer.market.resources().list(&buyer.actor).await.unwrap()[0].instance_id, 1, 1).await.unwrap();
        let call = &page.requests[0];
        assert_eq!(call.outcome, "client_gone");
        assert!(call.estimated && (6..2_000).contains(&call.completion_tokens), "{call:?}");
        assert_eq!(spent, call.credits);
        assert!(spent.is_positive());
    }

    of_two_hundred_calls_on_a_balance_for_seven_seven_are_made, |market| {
        let (open, gate) = tokio::sync::watch::channel(false);
        let upstream = Upstream::start_always(Act::json_when(gate, &completion(1, 1))).await;
        let buyer = Buyer::of(market, &upstream.url).await;
        let body = buyer.body(&json!({ "max_tokens": 1000 }));
        let hold = Credits::from_micros((i64::try_from(body.to_string().len()).unwrap() * 125 + 5) / 10 + 25_000);
        let rest = Credits::whole(100).unwrap().minus(Credits::from_micros(hold.micros() * 7)).unwrap();
        let aside = Authorize { run_id: "aside".to_owned(), budget: rest, resource: None };
        assert!(matches!(buyer.market.wallets().authorize(&buyer.actor, aside).await.unwrap(), Authorized::Allowed { .. }));
        let buyer = std::sync::Arc::new(buyer);
        let mut tasks: tokio::task::JoinSet<u16> = (0..200).map(|_| {
            let (buyer, body) = (std::sync::Arc::clone(&buyer), body.clone());
            async move { buyer.post(&body).await.status().as_u16() }
        }).collect();
        // Nothing is given back while the admitted calls run, and they run until everybody else is refused.
        for _ in 0..193 {
            assert_eq!(tasks.join_next().await.unwrap().unwrap(), 402);
        }
        open.send(true).unwrap();
        let mut served = 0;
        while let Some(status) = tasks.join_next().await {
            assert_eq!(status.unwrap(), 200);
            served += 1;
        }
        assert_eq!((served, upstream.bodies().await.len()), (7, 7));
        let (_, offences) = buyer.market.prove().await.unwrap();
        assert_eq!(offences, vec![]);
        assert_eq!(buyer.customer, buyer.wallet().await.customer_uuid);
    }
}

async fn buyer(acts: Vec<Act>) -> (Buyer, Upstream) {
    let upstream = Upstream::start(acts).await;
    (Buyer::of(market::testing::market().await, &upstream.url).await, upstream)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upstreams_that_fail_cost_nothing() {
    let failures = [
        (Act::json(500, "{}"), 502),
        (Act::json(503, "{}"), 503),
        (Act::json(401, "{}"), 502),
        (Act::json(302, "{}"), 502),
        (Act::json(200, "not json"), 502),
        (Act::json(200, "{}"), 502),
        (Act::json(400, r#"{"error":{"message":"too long"}}"#), 400),
        (Act::json(429, r#"{"error":{"message":"slow down"}}"#), 429),
        (Act::HangUp, 502),
        (
            Act::raw(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"id\"",
            ),
            502,
        ),
    ];
    for (act, status) in failures {
        let shown = format!("{act:?}");
        let (buyer, _upstream) = buyer(vec![act.clone(), act.clone(), act]).await;
        let response = buyer.post(&buyer.body(&json!({}))).await;
        assert_eq!(response.status().as_u16(), status, "{shown}");
        let body: Value = serde_json::from_str(&text(response).await).unwrap();
        assert!(body["error"]["message"].is_string(), "{shown}: {body}");
        assert_eq!(buyer.spent().await, Credits::ZERO, "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_never_answers_costs_nothing() {
    let (mut buyer, _upstream) = buyer(vec![Act::Silence]).await;
    let impatient =
        Config { allow_private: true, first_byte: Duration::from_millis(200), ..Config::default() };
    buyer.gateway = Gateway::new(buyer.market.clone(), impatient);
    let response = buyer.post(&buyer.body(&json!({}))).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(buyer.spent().await, Credits::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_at_home_costs_nothing() {
    let market = market::testing::market().await;
    let buyer = Buyer::of(market, "http://127.0.0.1:9/v1").await;
    let response = buyer.post(&buyer.body(&json!({}))).await;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(buyer.spent().await, Credits::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_cut_before_the_first_token_costs_nothing() {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let (buyer, _upstream) = buyer(vec![Act::raw(head)]).await;
    let answer = text(buyer.post(&buyer.body(&json!({ "stream": true }))).await).await;
    assert!(answer.contains("broke off"), "{answer}");
    assert_eq!(buyer.spent().await, Credits::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_cut_later_costs_what_had_arrived() {
    for hangs in [false, true] {
        let script = [chunk("12345678"), chunk("12345678")];
        let (buyer, _upstream) = buyer(vec![Act::events(&script, hangs)]).await;
        let body = buyer.body(&json!({ "stream": true }));
        let answer = text(buyer.post(&body).await).await;
        let seen = events(&answer);
        assert!(
            seen.last().unwrap().contains("broke off") && !answer.contains("[DONE]"),
            "{answer}"
        );
        let prompt = u64::try_from(body.to_string().len()).unwrap().div_ceil(4);
        let expected = Credits::from_micros(i64::try_from(prompt).unwrap() * 125 / 10 + 4 * 25);
        let spent = buyer.spent().await;
        assert!((spent.micros() - expected.micros()).abs() <= 1, "{spent} {expected}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_upstreams_word_tokens_are_counted() {
    let script = [chunk("12345678"), FINISH.to_owned(), DONE.to_owned()];
    let (buyer, _upstream) = buyer(vec![Act::events(&script, false)]).await;
    let answer = text(buyer.post(&buyer.body(&json!({ "stream": true }))).await).await;
    let last: Value = serde_json::from_str(events(&answer)[2]).unwrap();
    assert_eq!(
        (last["cmp"]["estimated"].clone(), last["usage"]["completion_tokens"].clone()),
        (json!(true), json!(2))
    );
    assert!(buyer.spent().await.is_positive());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lie_costs_no_more_than_was_set_aside() {
    for usage in [1_000_000_000_000_i64, i64::MAX / 4] {
        let (buyer, _upstream) = buyer(vec![Act::json(200, &completion(usage, usage))]).await;
        let body = buyer.body(&json!({ "max_tokens": 10 }));
        assert_eq!(buyer.post(&body).await.status(), StatusCode::OK);
        let most = Credits::from_micros(
            (i64::try_from(body.to_string().len()).unwrap() * 125 + 5) / 10 + 250,
        );
        assert_eq!(buyer.spent().await, most);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_called_is_refused_in_openais_words() {
    let (buyer, upstream) = buyer(vec![]).await;
    let good = buyer.body(&json!({}));
    let unknown = SecretKey::new([3; 28]);
    let other_model = buyer.body(&json!({ "model": "another" }));
    let deep = format!(
        r#"{{"model":"{}","messages":{}1{}}}"#,
        buyer.model,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let cases = [
        ("", good.to_string(), 401, "invalid_api_key"),
        ("sk-nonsense", good.to_string(), 401, "invalid_api_key"),
        (unknown.reveal(), good.to_string(), 401, "invalid_api_key"),
        (buyer.key.reveal(), other_model.to_string(), 404, "model_not_found"),
        (buyer.key.reveal(), "{".to_owned(), 400, "invalid_request"),
        (buyer.key.reveal(), deep, 400, "invalid_request"),
        (
            buyer.key.reveal(),
            buyer.body(&json!({ "max_tokens": "x" })).to_string(),
            400,
            "invalid_request",
        ),
        (buyer.key.reveal(), " ".repeat(5 * 1024 * 1024), 413, "request_too_large"),
    ];
    for (key, body, status, code) in cases {
        let response = buyer.send(key, body).await;
        assert_eq!(response.status().as_u16(), status, "{code}");
        let body: Value = serde_json::from_str(&text(response).await).unwrap();
        assert_eq!(body["error"]["code"], code);
    }
    let all = Authorize {
        run_id: "all".to_owned(),
        budget: Credits::whole(100).unwrap(),
        resource: None,
    };
    buyer.market.wallets().authorize(&buyer.actor, all).await.unwrap();
    let response = buyer.post(&good).await;
    assert_eq!(response.status(), StatusCode::PAYMENT_REQUIRED);
    assert!(text(response).await.contains("Add credits"));
    assert!(upstream.bodies().await.is_empty(), "none of these reached the upstream");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inner_addresses_are_not_called() {
    let upstream = Upstream::start(vec![]).await;
    let port = upstream.url.split(':').nth(2).unwrap().to_owned();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let buyer =
            Buyer::of(market::testing::market().await, &format!("http://{host}:{port}")).await;
        let guarded = Gateway::new(buyer.market.clone(), Config::default());
        let request = Request::post("/v1/chat/completions")
            .header("authorization", format!("Bearer {}", buyer.key.reveal()));
        let body = Full::new(Bytes::from(buyer.body(&json!({})).to_string()));
        let response = guarded.chat(request.body(body).unwrap()).await;
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY, "{host}");
    }
    assert!(upstream.bodies().await.is_empty());
}
