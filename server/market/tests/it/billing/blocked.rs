//! A customer that was blocked for a time does not pay for it.

use model::{Billing, InvoiceState};
use store::{Db, plan_periods::Opening};

use super::{DAY_MS, DOLLAR, Shop, at, part};

both! {
    blocked_days_are_not_billed,
    a_day_of_both_is_billed_once,
    what_ended_meanwhile_stays_ended,
}

async fn blocked_days_are_not_billed(db: Db) {
    let shop = Shop::open(db).await;
    let parts = [part("setup", Billing::One, 5 * DOLLAR), part("cpu", Billing::Limit, 2 * DOLLAR)];
    let plan = shop.plan((30 * DOLLAR, 9 * DOLLAR, 0), &parts).await;
    let resource = shop.start(plan, &[("cpu", 3)], "2026-03-01").await;
    let customers = shop.market.customers();
    shop.go_to("2026-04-11");
    customers.block(&shop.chief, shop.customer, true).await.unwrap();
    // Twice is once: the second says nothing new.
    shop.go_to("2026-04-14");
    customers.block(&shop.chief, shop.customer, true).await.unwrap();
    shop.go_to("2026-04-21");
    customers.block(&shop.chief, shop.customer, false).await.unwrap();
    let periods = shop.market.holdings().periods(&shop.chief, resource).await.unwrap();
    let times: Vec<_> = periods.iter().map(|(p, _)| (p.start_at, p.end_at, p.opening)).collect();
    assert_eq!(
        times,
        [
            (at("2026-03-01"), Some(at("2026-04-11")), Opening::Init),
            (at("2026-04-21"), None, Opening::Nothing),
        ]
    );
    shop.go_to("2026-05-01");
    let march = shop.bill("2026-03").await;
    let prices = |items: Vec<(String, i64, i64)>| -> Vec<i64> {
        items.into_iter().map(|item| item.2 / DOLLAR).collect()
    };
    assert_eq!(prices(shop.items(&march).await), [30, 9, 5, 6]);
    // Ten days before and ten after, of thirty; nothing that is paid once comes again.
    let april = shop.bill("2026-04").await;
    assert_eq!(april.state, InvoiceState::Created);
    assert_eq!(prices(shop.items(&april).await), [10, 2, 10, 2]);
    shop.go_to("2026-06-01");
    assert_eq!(prices(shop.items(&shop.bill("2026-05").await).await), [30, 6]);
}

async fn a_day_of_both_is_billed_once(db: Db) {
    let shop = Shop::open(db).await;
    let plan = shop.plan((30 * DOLLAR, 0, 0), &[]).await;
    shop.start(plan, &[], "2026-04-01").await;
    let customers = shop.market.customers();
    shop.go_to("2026-04-10");
    for _ in 0..3 {
        shop.clock.advance_ms(DAY_MS / 8);
        customers.block(&shop.chief, shop.customer, true).await.unwrap();
        shop.clock.advance_ms(DAY_MS / 8);
        customers.block(&shop.chief, shop.customer, false).await.unwrap();
    }
    shop.go_to("2026-05-01");
    assert_eq!(shop.bill("2026-04").await.total, 30 * DOLLAR);
}

async fn what_ended_meanwhile_stays_ended(db: Db) {
    let shop = Shop::open(db).await;
    let plan = shop.plan((30 * DOLLAR, 0, 0), &[]).await;
    let resource = shop.start(plan, &[], "2026-04-01").await;
    let customers = shop.market.customers();
    shop.go_to("2026-04-11");
    customers.block(&shop.chief, shop.customer, true).await.unwrap();
    let mut tx = shop.market.core().db().begin().await.unwrap();
    market::testing::billing::end(&mut tx, resource, at("2026-04-16")).await.unwrap();
    tx.commit().await.unwrap();
    shop.go_to("2026-04-21");
    customers.block(&shop.chief, shop.customer, false).await.unwrap();
    shop.go_to("2026-05-01");
    assert_eq!(shop.bill("2026-04").await.total, 10 * DOLLAR);
}
