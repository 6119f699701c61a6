//! What is due once, what is told late, and what may not be changed once somebody is billed by it.

use market::{Asked, Error, Paid, PaymentChange, PlanDraft, ProfileChange, Reported, Whose};
use model::{Billing, InvoiceState, LimitPeriod, PlanUnit};
use store::{Db, plan_periods::Opening};

use super::{DOLLAR, Shop, at, billing, day, part, reported, wrong};

both! {
    once_a_month_is_once,
    a_total_is_paid_above_the_most_it_ever_was,
    what_holds_on_has_the_price_of_the_plan_that_is_had,
    late_use_is_invoiced_on_the_next_day,
    what_cannot_be_billed_cannot_be_told,
    a_period_has_its_own_days,
    terms_stay_while_somebody_is_billed_by_them,
    what_was_not_paid_after_all_is_open_again,
}

async fn once_a_month_is_once(db: Db) {
    let shop = Shop::open(db).await;
    let parts = [part("seats", Billing::Limit, 2 * DOLLAR), part("line", Billing::Fixed, DOLLAR)];
    let plan = shop.plan((10 * DOLLAR, 0, 0), &parts).await;
    let draft = PlanDraft { unit: Some(PlanUnit::Quantity), ..PlanDraft::default() };
    shop.market.plans().update(&shop.chief, plan, draft).await.unwrap();
    let resource = shop.start(plan, &[("seats", 3)], "2026-03-01").await;
    // Down and up again, and a stop between: the month is the month.
    for (seats, when) in [(2, "2026-03-10"), (5, "2026-03-15"), (5, "2026-03-20")] {
        shop.turn(resource, plan, &[("seats", seats)], Opening::Nothing, at(when)).await;
    }
    shop.go_to("2026-05-01");
    let items = shop.items(&shop.bill("2026-03").await).await;
    let prices: Vec<_> =
        items.iter().map(|(kind, _, price)| (kind.as_str(), price / DOLLAR)).collect();
    assert_eq!(prices, [("", 10), ("seats", 6), ("line", 1), ("seats", 4)]);
    assert_eq!(shop.bill("2026-04").await.total, 21 * DOLLAR);
}

async fn a_total_is_paid_above_the_most_it_ever_was(db: Db) {
    let shop = Shop::open(db).await;
    let mut space = part("space", Billing::Limit, DOLLAR);
    space.period = Some(LimitPeriod::Total);
    let plan = shop.plan((0, 0, 0), &[space]).await;
    let resource = shop.start(plan, &[("space", 10)], "2026-03-01").await;
    for (amount, when) in [(5, "2026-04-10"), (10, "2026-04-20"), (12, "2026-05-02")] {
        shop.turn(resource, plan, &[("space", amount)], Opening::Nothing, at(when)).await;
    }
    shop.go_to("2026-06-01");
    let mut totals = Vec::new();
    for text in ["2026-03", "2026-04", "2026-05"] {
        totals.push(shop.bill(text).await.total / DOLLAR);
    }
    assert_eq!(totals, [10, 0, 2]);
}

async fn what_holds_on_has_the_price_of_the_plan_that_is_had(db: Db) {
    let shop = Shop::open(db).await;
    let old = shop.plan((0, 0, 0), &[part("seats", Billing::Usage, DOLLAR)]).await;
    let new = shop.plan((0, 0, 0), &[part("seats", Billing::Usage, 3 * DOLLAR)]).await;
    let resource = shop.start(old, &[], "2026-03-04").await;
    shop.go_to("2026-03-20");
    let told = [Reported { recurring: true, ..reported("seats", 5 * DOLLAR) }];
    shop.market.usages().tell(&shop.chief, Whose::Resource(resource), &told, None).await.unwrap();
    shop.turn(resource, new, &[], Opening::Switch, at("2026-04-10")).await;
    // A customer that is blocked all month long is not served.
    shop.go_to("2026-04-25");
    shop.market.customers().block(&shop.chief, shop.customer, true).await.unwrap();
    shop.go_to("2026-06-01");
    let mut totals = Vec::new();
    for text in ["2026-03", "2026-04", "2026-05"] {
        totals.push(shop.bill(text).await.total / DOLLAR);
    }
    assert_eq!(totals, [5, 15, 0]);
}

async fn late_use_is_invoiced_on_the_next_day(db: Db) {
    let shop = Shop::open(db).await;
    let plan = shop.plan((0, 0, 0), &[part("calls", Billing::Usage, DOLLAR)]).await;
    let resource = shop.start(plan, &[], "2026-03-04").await;
    // Long after the month was closed for everybody who had something on it.
    shop.go_to("2026-06-10");
    for amount in [5, 7] {
        shop.tell(resource, "calls", amount * DOLLAR, "2026-03-20").await.unwrap();
        while shop.market.work().await.unwrap() > 0 {}
    }
    assert!(shop.invoiced().await.is_empty(), "not yet");
    shop.go_to("2026-06-11");
    while shop.market.work().await.unwrap() > 0 {}
    assert_eq!(shop.invoiced().await, [7 * DOLLAR]);
    wrong(shop.tell(resource, "calls", 9 * DOLLAR, "2026-03-20").await, "date");
}

async fn what_cannot_be_billed_cannot_be_told(db: Db) {
    let shop = Shop::open(db).await;
    let mut calls = part("calls", Billing::Usage, DOLLAR);
    // The last tier is dearer than the price.
    calls.tiers = vec![(1_000_000 * DOLLAR, 10_000 * DOLLAR)];
    let plan = shop.plan((0, 0, 0), &[calls]).await;
    let resource = shop.start(plan, &[], "2026-03-04").await;
    shop.go_to("2026-03-20");
    let most = 100_000 * DOLLAR;
    wrong(shop.tell(resource, "calls", most + 1_000, "2026-03-20").await, "amount");
    shop.tell(resource, "calls", most, "2026-03-20").await.unwrap();
    shop.go_to("2026-04-01");
    assert_eq!(shop.bill("2026-03").await.total, 100_000 * DOLLAR);
}

async fn a_period_has_its_own_days(db: Db) {
    let shop = Shop::open(db).await;
    let plan = shop.plan((0, 0, 0), &[part("calls", Billing::Usage, DOLLAR)]).await;
    let resource = shop.start(plan, &[], "2026-03-04").await;
    shop.turn(resource, plan, &[], Opening::Switch, at("2026-03-15")).await;
    shop.go_to("2026-03-20");
    let periods = shop.market.holdings().periods(&shop.chief, resource).await.unwrap();
    let tell = async |nth: usize, when: &str| {
        let (usages, whose) = (shop.market.usages(), Whose::Period(periods[nth].0.id));
        usages.tell(&shop.chief, whose, &[reported("calls", DOLLAR)], Some(day(when))).await
    };
    wrong(tell(0, "2026-03-16").await, "date");
    wrong(tell(1, "2026-03-14").await, "date");
    tell(0, "2026-03-10").await.unwrap();
    // There is one amount a month: the other period's would take the place of this one.
    wrong(tell(1, "2026-03-16").await, "plan_period");
    shop.tell(resource, "calls", 2 * DOLLAR, "2026-03-16").await.unwrap();
}

async fn terms_stay_while_somebody_is_billed_by_them(db: Db) {
    let shop = Shop::open(db).await;
    let parts = [part("line", Billing::Fixed, DOLLAR), part("seats", Billing::Limit, DOLLAR)];
    let plan = shop.plan((0, 0, 0), &parts).await;
    let plans = shop.market.plans();
    let amounts = |n: i64| [("line".to_owned(), n)].into();
    plans.set_amounts(&shop.chief, plan, amounts(2)).await.unwrap();
    let resource = shop.start(plan, &[("seats", 1)], "2026-03-01").await;
    let turn = async || {
        let offers = shop.market.offers();
        let other = |draft: &mut market::ComponentDraft| draft.billing = Some(Billing::Usage);
        offers.update_component(&shop.chief, shop.offering, "seats", other).await
    };
    let hourly = || PlanDraft { unit: Some(PlanUnit::Hour), ..PlanDraft::default() };
    let mut tx = shop.market.core().db().begin().await.unwrap();
    billing::end(&mut tx, resource, at("2026-03-20")).await.unwrap();
    tx.commit().await.unwrap();
    // March is perhaps not invoiced until April is over.
    shop.go_to("2026-04-02");
    plans.set_amounts(&shop.chief, plan, amounts(2)).await.unwrap();
    wrong(plans.set_amounts(&shop.chief, plan, amounts(3)).await, "quotas");
    wrong(plans.update(&shop.chief, plan, hourly()).await, "unit");
    wrong(turn().await, "billing_type");
    shop.go_to("2026-05-01");
    plans.set_amounts(&shop.chief, plan, amounts(3)).await.unwrap();
    plans.update(&shop.chief, plan, hourly()).await.unwrap();
    turn().await.unwrap();
}

async fn what_was_not_paid_after_all_is_open_again(db: Db) {
    let shop = Shop::open(db).await;
    let plan = shop.plan((10 * DOLLAR, 0, 0), &[]).await;
    shop.start(plan, &[], "2026-03-01").await;
    shop.go_to("2026-05-01");
    let (march, april) = (shop.bill("2026-03").await, shop.bill("2026-04").await);
    let (invoices, payments) = (shop.market.invoices(), shop.market.payments());
    let own = ProfileChange { name: Some("Ours".to_owned()), ..ProfileChange::default() };
    payments.add_profile(&shop.chief, shop.customer, own).await.unwrap();
    let booked = Paid { booked: true, ..Paid::default() };
    invoices.pay(&shop.chief, march.id, booked.clone()).await.unwrap();
    let state = async |id| invoices.find(&shop.chief, id).await.unwrap().state;
    let payment = payments.list(&shop.chief, Asked::default(), (1, 0)).await.unwrap().0[0].id;
    let amount = |n: i64| PaymentChange { amount: Some(n * DOLLAR), ..PaymentChange::default() };
    // More than is due is enough.
    payments.update(&shop.chief, payment, amount(12)).await.unwrap();
    payments.update(&shop.chief, payment, amount(11)).await.unwrap();
    assert_eq!(state(march.id).await, InvoiceState::Paid);
    payments.update(&shop.chief, payment, amount(9)).await.unwrap();
    assert_eq!(state(march.id).await, InvoiceState::Created);
    // Paid again, by two of which the second one is enough.
    invoices.pay(&shop.chief, march.id, booked).await.unwrap();
    payments.link(&shop.chief, payment, Some(april.id)).await.unwrap();
    assert_eq!(state(march.id).await, InvoiceState::Paid);
    assert_eq!(state(april.id).await, InvoiceState::Created, "nine of ten");
    payments.remove(&shop.chief, payment).await.unwrap();
    invoices.cancel(&shop.chief, april.id, "wrong").await.unwrap();
    let other = payments.list(&shop.chief, Asked::default(), (9, 0)).await.unwrap().0[0].id;
    wrong(payments.link(&shop.chief, other, Some(april.id)).await, "invoice");
    payments.link(&shop.chief, other, None).await.unwrap();
    assert_eq!(state(march.id).await, InvoiceState::Created);
    let denied = payments.link(&shop.buyer, other, None).await;
    assert!(matches!(denied, Err(Error::Denied)), "{denied:?}");
}
