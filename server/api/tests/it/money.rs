//! Credits through the doors: the seeds' arithmetic, and that nothing happens twice.

use serde_json::{Value, json};

use crate::app::App;

async fn wallet(app: &App, authorization: &str) -> Value {
    app.get("/wallets/me", authorization).await.expect(200)
}

market::both_engines! { the_seeds_arithmetic, |market| {
    let app = App::over(market);
    let buyer = app.person("e2e-journey-buyer").await;
    let me = &buyer.authorization;
    let start =
        json!({ "customer_uuid": buyer.customer, "balance": 100, "held": 0, "available": 100 });
    assert_eq!(wallet(&app, me).await, start);

    let run = json!({ "run_id": "run-1", "budget": 10 });
    let first = app.post("/billing/authorize", me, &run).await.expect(200);
    let reservation = first["reservation_id"].as_str().unwrap();
    let said =
        json!({ "allowed": true, "budget": 10, "balance": 100, "reservation_id": reservation });
    assert_eq!(first, said);
    assert_eq!(app.post("/billing/authorize/", me, &run).await.expect(200), first);
    let held = wallet(&app, me).await;
    assert_eq!(
        (&held["balance"], &held["held"], &held["available"]),
        (&json!(100), &json!(10), &json!(90))
    );

    let used = json!({ "run_id": "run-1", "credits": 3 });
    let settled = app.post("/billing/settle", me, &used).await.expect(200);
    assert_eq!(settled, json!({ "debited": 3, "balance": 97 }));
    let again = json!({ "reservation_id": reservation, "credits": 3 });
    assert_eq!(app.post("/billing/settle", me, &again).await.expect(200), settled);

    let gift = json!({ "customer": buyer.customer, "credits": 500, "reference": "order-7" });
    let chief = app.operator().await;
    let path = "/integrations/commerce/add-credits";
    let added = app.post(path, &chief, &gift).await.expect(200);
    assert_eq!(added, json!({ "credits_added": 500, "new_balance": 597 }));
    assert_eq!(app.post(path, &chief, &gift).await.expect(200), added);
    let end =
        json!({ "customer_uuid": buyer.customer, "balance": 597, "held": 0, "available": 597 });
    assert_eq!(wallet(&app, me).await, end);

    let ledger = app.get("/wallets/me/ledger?page=1&page_size=2", me).await.expect(200);
    assert_eq!(ledger["total"], 3);
    let lines: Vec<_> = ledger["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (&e["kind"], &e["amount"], &e["balance"]))
        .collect();
    assert_eq!(
        lines,
        [
            (&json!("top_up"), &json!(500), &json!(597)),
            (&json!("settle"), &json!(-3), &json!(97))
        ]
    );
    let rest = app.get("/wallets/me/ledger?page=2&page_size=2", me).await.expect(200);
    assert_eq!(rest["entries"][0]["kind"], "trial");
    assert_eq!(rest["entries"].as_array().unwrap().len(), 1);
    let (_, offences) = app.market.prove().await.unwrap();
    assert!(offences.is_empty(), "{offences:?}");
} }

market::both_engines! { more_than_there_is_is_refused, |market| {
    let app = App::over(market);
    let me = app.person("spender").await.authorization;
    let far = json!({ "run_id": "r", "budget": 1_000 });
    let refused = app.post("/billing/authorize", &me, &far).await.expect(200);
    assert_eq!((&refused["allowed"], &refused["balance"]), (&json!(false), &json!(100)));
    assert!(refused["reason"].is_string());

    let run = json!({ "run_id": "s", "budget": "0.5" });
    assert_eq!(app.post("/billing/authorize", &me, &run).await.expect(200)["budget"], 0.5);
    let more =
        app.post("/billing/settle", &me, &json!({ "run_id": "s", "credits": 0.500_001 })).await;
    assert!(more.status.is_client_error(), "{more:?}");
    let unknown = json!({ "run_id": "never", "credits": 1 });
    assert_eq!(
        app.post("/billing/settle", &me, &unknown).await.expect(404)["error"]["code"],
        "not_found"
    );
    assert_eq!(wallet(&app, &me).await["balance"], 100);
} }

market::both_engines! { a_key_answers_as_it_did, |market| {
    let app = App::over(market);
    let (one, two) =
        (app.person("one").await.authorization, app.person("two").await.authorization);
    let (run, other) =
        (json!({ "run_id": "a", "budget": 1 }), json!({ "run_id": "b", "budget": 1 }));
    let first = app.post_once("/billing/authorize", &one, "k", &run).await;
    first.expect(200);
    let again = app.post_once("/billing/authorize/", &one, "k", &run).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(again.header("idempotent-replayed"), "true");
    let reused = app.post_once("/billing/authorize", &one, "k", &other).await.expect(422);
    assert_eq!(reused["error"]["code"], "idempotency_key_reused");
    // The key belongs to the caller and the door.
    app.post_once("/billing/authorize", &two, "k", &other).await.expect(200);
    app.post_once("/billing/settle", &one, "k", &json!({ "run_id": "a", "credits": 1 }))
        .await
        .expect(200);

    // A refusal is kept too.
    let missing = json!({ "run_id": "zz", "credits": 1 });
    let refused = app.post_once("/billing/settle", &one, "m", &missing).await;
    assert_eq!(refused.status, 404);
    assert_eq!(app.post_once("/billing/settle", &one, "m", &missing).await.text, refused.text);
} }

market::both_engines! { twenty_at_once_with_one_key_do_it_once, |market| {
    let app = App::over(market);
    let buyer = app.person("racer").await;
    let chief = app.operator().await;
    let gift = json!({ "customer": buyer.customer, "credits": 5, "reference": "race" });
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (app, chief, gift) = (
            App { router: app.router.clone(), market: app.market.clone() },
            chief.clone(),
            gift.clone(),
        );
        tasks.spawn(async move {
            app.post_once("/integrations/commerce/add-credits", &chief, "race", &gift).await
        });
    }
    while let Some(answer) = tasks.join_next().await {
        let answer = answer.unwrap();
        assert!(matches!(answer.status.as_u16(), 200 | 409), "{answer:?}");
    }
    assert_eq!(wallet(&app, &buyer.authorization).await["balance"], 105);
} }

market::both_engines! { a_secret_is_replayed_only_where_it_was_shown, |market| {
    let app = App::over(market);
    let me = app.person("subscriber").await.authorization;
    let path = format!("/v1/services/{}/subscribe", app.service().slug);
    let first = app.post_once(&path, &me, "s", &json!({})).await;
    let made = first.expect(201);
    assert!(made["api_key"].as_str().unwrap().starts_with("cmp_sk_"));
    let again = app.post_once(&path, &me, "s", &json!({})).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));

    // Another process knows all but the secret.
    let other = App::over(app.market.clone());
    let elsewhere = other.post_once(&path, &me, "s", &json!({})).await.expect(201);
    assert_eq!(elsewhere["api_key"], Value::Null);
    assert_eq!(elsewhere["subscription"], made["subscription"]);
    assert_eq!(app.get("/instances/", &me).await.header("x-result-count"), "1");
} }
