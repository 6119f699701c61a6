//! The callbacks of orders: told once for each end, again after a failure or a crash, and never into our own network.

use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use market::{
    ports::{Tell, Telling, TestClock},
    testing::with_clock,
};
use serde_json::{Value, json};

use crate::{app::Ear, orders::Shop};

market::both_engines! { an_orders_end_is_told_to_its_callback, |market| {
    let ear = Arc::new(Ear::default());
    market.tell_hooks_by(ear.clone());
    let shop = Shop::open(market, json!({})).await;
    let (app, me, chief) = (&shop.app, shop.buyer.authorization.as_str(), shop.chief.as_str());
    let mut ends = Vec::new();
    for (act, who, end) in [
        ("approve_by_provider", chief, "done"),
        ("reject_by_provider", chief, "rejected"),
        ("cancel", me, "canceled"),
        ("set_state_erred", chief, "erred"),
    ] {
        let mut body = shop.body();
        body["callback_url"] = json!("https://shop.example/told?secret=1");
        let order = app.post("/api/marketplace-orders/", me, &body).await.expect(201);
        assert_eq!(app.market.tell_hooks().await.unwrap(), 0, "nothing has ended");
        if act == "set_state_erred" {
            shop.act(who, &order, "approve_by_provider").await.expect(200);
        }
        assert!(shop.act(who, &order, act).await.status.is_success(), "{act}");
        if act == "approve_by_provider" {
            assert_eq!(app.market.tell_hooks().await.unwrap(), 0, "it is being carried out");
            shop.work().await;
        }
        // The first try fails, and the next one says the same under the same id.
        ear.1.lock().unwrap().push(503);
        assert_eq!(app.market.tell_hooks().await.unwrap(), 1, "{end}");
        assert_eq!(app.market.tell_hooks().await.unwrap(), 0, "{end}");
        ends.push((order["uuid"].clone(), end));
    }
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    while app.market.tell_hooks().await.unwrap() > 0 {}
    let told = ear.0.lock().unwrap().clone();
    assert_eq!(told.len(), 8, "{told:?}");
    for (order, end) in ends {
        let body = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let of: Vec<_> = told.iter().filter(|(_, _, text)| body(text)["order_uuid"] == order).collect();
        let [first, second] = of.as_slice() else { panic!("{of:?}") };
        assert_eq!((&first.0, &first.2), (&second.0, &second.2));
        assert_eq!(first.0, "https://shop.example/told?secret=1");
        assert_eq!(first.1.iter().find(|h| h.0 == "webhook-id"), second.1.iter().find(|h| h.0 == "webhook-id"));
        assert_eq!(body(&first.2)["state"], end);
        assert_eq!(body(&first.2)["marketplace_resource_uuid"].is_string(), end == "done", "{first:?}");
    }
    // What is carried out twice is told once, and an order without an address tells nobody.
    shop.work().await;
    let silent = shop.order().await.expect(201);
    shop.act(me, &silent, "cancel").await.expect(202);
    assert_eq!(app.market.tell_hooks().await.unwrap(), 0);
} }

market::both_engines! { a_callback_never_reaches_into_our_own_network, |market| {
    let config = gateway::Config::default();
    market.tell_hooks_by(Arc::new(gateway::Teller::new(&config)));
    let shop = Shop::open(market, json!({})).await;
    let (app, me) = (&shop.app, shop.buyer.authorization.as_str());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let mut body = shop.body();
        body["callback_url"] = json!(format!("http://{host}:{port}/"));
        let order = app.post("/api/marketplace-orders/", me, &body).await.expect(201);
        shop.act(me, &order, "cancel").await.expect(202);
        assert_eq!(app.market.tell_hooks().await.unwrap(), 1, "{host}");
        let reached = listener.accept();
        assert_eq!(reached.unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "{host}");
    }
} }

/// Never answers.
#[derive(Default)]
struct Silence(Mutex<usize>);

impl Tell for Silence {
    fn tell(&self, _: String, _: Vec<(&'static str, String)>, _: String) -> Telling<'_> {
        *self.0.lock().unwrap() += 1;
        Box::pin(std::future::pending())
    }
}

/// A server is killed while it tells: another one tells it when the first one's time is up.
async fn a_killed_servers_callback_is_anothers(db: store::Db) {
    let clock = Arc::new(TestClock::at(1_760_000_000_000));
    let first = with_clock(db.clone(), Arc::clone(&clock)).await;
    let silence = Arc::new(Silence::default());
    first.tell_hooks_by(silence.clone());
    let shop = Shop::open(first.clone(), json!({})).await;
    let mut body = shop.body();
    body["callback_url"] = json!("https://shop.example/");
    let me = shop.buyer.authorization.as_str();
    let order = shop.app.post("/api/marketplace-orders/", me, &body).await.expect(201);
    shop.act(me, &order, "cancel").await.expect(202);
    let killed = tokio::time::timeout(Duration::from_millis(300), first.tell_hooks()).await;
    assert!(killed.is_err() && *silence.0.lock().unwrap() == 1);

    let second = with_clock(db, Arc::clone(&clock)).await;
    let ear = Arc::new(Ear::default());
    second.tell_hooks_by(ear.clone());
    assert_eq!(second.tell_hooks().await.unwrap(), 0, "it is still the first one's");
    clock.advance_ms(121_000);
    assert_eq!(second.tell_hooks().await.unwrap(), 1);
    assert_eq!(second.tell_hooks().await.unwrap(), 0);
    let told = ear.0.lock().unwrap().clone();
    let body: Value = serde_json::from_str(&told[0].2).unwrap();
    assert_eq!(
        (told.len(), &body["order_uuid"], &body["state"]),
        (1, &order["uuid"], &json!("canceled"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    a_killed_servers_callback_is_anothers(market::testing::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    a_killed_servers_callback_is_anothers(market::testing::postgres().await).await;
}
