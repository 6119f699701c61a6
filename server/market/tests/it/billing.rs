//! Invoices, usages, payments and credits: exact, once, without gaps, and nobody else's business.

use std::{collections::HashSet, sync::Arc};

use market::{
    Actor, Asked, Client, Error, Invoice, Market, Paid, ProfileChange, Reported, Whose,
    ports::{Clock as _, TestClock},
    testing::billing::{self, Part, part},
};
use model::{
    Billing, CustomerId, Day, InvoiceState, LimitPeriod, Month, OfferingId, PlanId, ProjectId,
    ResourceId, Role, SignIn, Timestamp, Usd,
};
use store::{Db, plan_periods::Opening};

use crate::{newcomer, operator, pay_per_use};

const DAY_MS: i64 = 86_400_000;
const DOLLAR: i64 = 1_000_000;

/// Each test on both engines.
macro_rules! both {
    ($($name:ident),+ $(,)?) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(market::testing::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(market::testing::postgres().await).await;
            }
        }
    )+ };
}

mod blocked;
mod terms;

both! {
    the_items_are_the_invoice,
    a_price_that_changes_and_a_switch_split_the_month,
    an_invoice_is_made_once,
    numbers_have_no_gaps,
    what_is_shown_before_is_what_is_made,
    a_month_that_was_interrupted_goes_on,
    a_credit_note_brings_the_sum_to_zero,
    usage_is_told_within_bounds,
    recurring_use_is_billed_until_it_is_replaced,
    the_current_month_is_pending,
    paying_is_for_finance,
    others_see_nothing,
    credits_are_granted_once,
    figures_add_up,
}

fn at(text: &str) -> Timestamp {
    format!("{text}T00:00:00Z").parse().unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

/// A market in March 2026, with an operator, a buyer and an offering.
struct Shop {
    market: Market,
    clock: Arc<TestClock>,
    chief: Actor,
    buyer: Actor,
    customer: CustomerId,
    project: ProjectId,
    offering: OfferingId,
}

impl Shop {
    async fn open(db: Db) -> Self {
        let clock = Arc::new(TestClock::at(at("2026-03-01").ms()));
        let market = market::testing::with_clock(db, Arc::clone(&clock)).await;
        let (buyer, customer) = newcomer(&market, "buyer").await;
        let projects = store::customers::projects(market.core().db(), customer).await.unwrap();
        let (chief, offering) = (operator(&market).await, pay_per_use(&market));
        let project = projects[0].id;
        Self { market, clock, chief, buyer, customer, project, offering }
    }

    fn go_to(&self, text: &str) {
        self.clock.advance_ms(at(text).ms() - self.clock.now().ms());
    }

    async fn plan(&self, prices: (i64, i64, i64), parts: &[Part]) -> PlanId {
        let plan =
            billing::plan(&self.market, self.offering, "Plan", prices, parts, at("2026-01-01"));
        plan.await.unwrap()
    }

    async fn start(&self, plan: PlanId, limits: &[(&str, i64)], from: &str) -> ResourceId {
        let mut tx = self.market.core().db().begin().await.unwrap();
        let (whose, what) = ((self.customer, self.project), (self.offering, plan));
        let made = billing::resource(&self.market, &mut tx, whose, what, limits, at(from)).await;
        tx.commit().await.unwrap();
        made.unwrap()
    }

    async fn turn(
        &self,
        resource: ResourceId,
        plan: PlanId,
        limits: &[(&str, i64)],
        opening: Opening,
        when: Timestamp,
    ) {
        let mut tx = self.market.core().db().begin().await.unwrap();
        let what = (resource, plan);
        billing::period(&self.market, &mut tx, what, limits, opening, when).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn bill(&self, text: &str) -> Invoice {
        self.market.invoices().make(&self.chief, self.customer, month(text)).await.unwrap()
    }

    /// Component, quantity and price of each item; the sums are checked on the way.
    async fn items(&self, invoice: &Invoice) -> Vec<(String, i64, i64)> {
        let items = self.market.invoices().items(&self.chief, invoice.id).await.unwrap();
        assert_eq!(items.iter().map(|view| view.item.price).sum::<i64>(), invoice.price);
        assert_eq!(items.iter().map(|view| view.item.tax).sum::<i64>(), invoice.tax);
        assert_eq!(invoice.price + invoice.tax, invoice.total);
        let rows = items.into_iter().map(|view| view.item);
        rows.map(|item| (item.component, item.quantity, item.price)).collect()
    }

    /// The totals of the customer's invoices.
    async fn invoiced(&self) -> Vec<i64> {
        let invoices = self.market.invoices();
        let (found, _) =
            invoices.list(&self.buyer, Asked::default(), (10, 0), false).await.unwrap();
        found.into_iter().map(|invoice| invoice.total).collect()
    }

    async fn tell(
        &self,
        resource: ResourceId,
        kind: &str,
        amount: i64,
        when: &str,
    ) -> market::Result<Vec<model::UsageId>> {
        let told = [reported(kind, amount)];
        self.market
            .usages()
            .tell(&self.chief, Whose::Resource(resource), &told, Some(day(when)))
            .await
    }
}

fn reported(kind: &str, amount: i64) -> Reported {
    Reported { kind: kind.to_owned(), amount, description: "told".to_owned(), recurring: false }
}

#[track_caller]
fn wrong<T: std::fmt::Debug>(outcome: Result<T, Error>, field: &str) {
    match outcome {
        Err(Error::Invalid(faults)) => assert_eq!(faults[0].field, field, "{faults:?}"),
        other => panic!("{other:?}"),
    }
}

async fn the_items_are_the_invoice(db: Db) {
    let shop = Shop::open(db).await;
    let tiers = vec![(0, 100), (1_000 * DOLLAR, 50)];
    let parts = [
        Part { amount: 3, ..part("seats", Billing::Fixed, 7 * DOLLAR) },
        part("setup", Billing::One, 5 * DOLLAR),
        part("moves", Billing::Few, 4 * DOLLAR),
        part("cpu", Billing::Limit, 2 * DOLLAR),
        Part { period: Some(LimitPeriod::Total), ..part("disk", Billing::Limit, DOLLAR) },
        Part { tiers, ..part("tokens", Billing::Usage, 1) },
        part("calls", Billing::Usage, 333_333),
    ];
    let plan = shop.plan((99 * DOLLAR, 10 * DOLLAR, 3 * DOLLAR), &parts).await;
    let resource = shop.start(plan, &[("cpu", 4), ("disk", 20)], "2026-03-11").await;
    let mut tx = shop.market.core().db().begin().await.unwrap();
    store::testing::set_tax(&mut tx, shop.customer, 1_925).await.unwrap();
    tx.commit().await.unwrap();
    shop.go_to("2026-03-31");
    shop.tell(resource, "tokens", 1_500 * DOLLAR, "2026-03-15").await.unwrap();
    shop.tell(resource, "calls", 500_000, "2026-03-15").await.unwrap();
    shop.go_to("2026-04-02");
    let invoice = shop.bill("2026-03").await;
    assert_eq!((invoice.state, invoice.number), (InvoiceState::Created, Some(1)));
    assert_eq!(
        (invoice.invoice_day, invoice.due_day),
        (Some(day("2026-04-02")), Some(day("2026-05-02")))
    );
    let items = shop.items(&invoice).await;
    let text = |kind: &str, quantity, price| (kind.to_owned(), quantity, price);
    assert_eq!(
        items,
        [
            // 21 of 31 days of 99 dollars.
            text("", 677_419, 67_060_000),
            text("", DOLLAR, 10 * DOLLAR),
            text("seats", 2_032_258, 14_230_000),
            text("setup", DOLLAR, 5 * DOLLAR),
            text("cpu", 2_709_677, 5_420_000),
            text("disk", 20 * DOLLAR, 20 * DOLLAR),
            text("tokens", 1_500 * DOLLAR, 130_000),
            text("calls", 500_000, 170_000),
        ]
    );
    // The months after have neither the beginning nor the total again.
    shop.go_to("2026-05-01");
    let april = shop.bill("2026-04").await;
    let items = shop.items(&april).await;
    assert_eq!(
        items.iter().map(|item| item.2).collect::<Vec<_>>(),
        [99 * DOLLAR, 21 * DOLLAR, 8 * DOLLAR]
    );
    // A total that is raised is paid for by what it is raised by; nothing else is once.
    shop.turn(resource, plan, &[("cpu", 4), ("disk", 25)], Opening::Nothing, at("2026-05-01"))
        .await;
    shop.go_to("2026-06-01");
    let items = shop.items(&shop.bill("2026-05").await).await;
    assert!(items.contains(&text("disk", 5 * DOLLAR, 5 * DOLLAR)), "{items:?}");
    assert!(!items.iter().any(|item| item.0 == "setup" || item.0 == "moves"));
}

async fn a_price_that_changes_and_a_switch_split_the_month(db: Db) {
    let shop = Shop::open(db).await;
    let small = shop.plan((30 * DOLLAR, 0, 0), &[]).await;
    let large = shop
        .plan((60 * DOLLAR, 100 * DOLLAR, 7 * DOLLAR), &[part("moves", Billing::Few, DOLLAR)])
        .await;
    let resource = shop.start(small, &[], "2026-03-05").await;
    let mut tx = shop.market.core().db().begin().await.unwrap();
    let noon = at("2026-04-10").plus_ms(DAY_MS / 2);
    billing::reprice(&shop.market, &mut tx, small, (33 * DOLLAR, 0, 0), noon).await.unwrap();
    tx.commit().await.unwrap();
    shop.turn(resource, large, &[], Opening::Switch, at("2026-04-20").plus_ms(DAY_MS / 2)).await;
    shop.go_to("2026-05-01");
    let april = shop.bill("2026-04").await;
    let prices: Vec<i64> = shop.items(&april).await.into_iter().map(|item| item.2).collect();
    // Ten days at 30, ten at 33, ten at 60, the price of the switch, and the component that is paid at switches.
    assert_eq!(prices, [10 * DOLLAR, 11 * DOLLAR, 20 * DOLLAR, 7 * DOLLAR, DOLLAR]);
}

async fn an_invoice_is_made_once(db: Db) {
    let shop = Shop::open(db).await;
    let plan = shop.plan((31 * DOLLAR, 0, 0), &[]).await;
    shop.start(plan, &[], "2026-03-01").await;
    shop.go_to("2026-04-01");
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (market, chief, customer) =
                (shop.market.clone(), shop.chief.clone(), shop.customer);
            tokio::spawn(
                async move { market.invoices().make(&chief, customer, month("2026-03")).await },
            )
        })
        .collect();
    let mut ids = HashSet::new();
    for task in tasks {
        let invoice = task.await.unwrap().unwrap();
        assert_eq!((invoice.total, invoice.number), (31 * DOLLAR, Some(1)));
        ids.insert(invoice.id);
    }
    assert_eq!(ids.len(), 1);
    let listed = shop.market.invoices().list(&shop.buyer, Asked::default(), (10, 0), true).await;
    assert_eq!(listed.unwrap().1, 1);
    // What is asked for after the month is closed is refused, and months to come are.
    let ahead = shop.market.invoices().make(&shop.chief, shop.customer, month("2026-05")).await;
    wrong(ahead, "month");
    assert!(Month::new(9_999, 1).is_none());
}

/// So many customers with a resource each.
async fn crowd(shop: &Shop, count: usize) -> Vec<CustomerId> {
    let plan = shop.plan((31 * DOLLAR, 0, 0), &[part("cpu", Billing::Limit, DOLLAR)]).await;
    let mut made = Vec::new();
    for n in 0..count {
        let name = format!("Customer {n}");
        let (id, project) = shop.market.identity().create_customer(&name, None).await.unwrap();
        let mut tx = shop.market.core().db().begin().await.unwrap();
        let (whose, what) = ((id, project), (shop.offering, plan));
        billing::resource(&shop.market, &mut tx, whose, what, &[("cpu", 2)], at("2026-03-01"))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        made.push(id);
    }
    made
}

async fn all_numbers(shop: &Shop) -> Vec<i64> {
    let mut numbers = Vec::new();
    for page in 0.. {
        let range = (300, page * 300);
        let found = shop
            .market
            .invoices()
            .list(&shop.chief, Asked::default(), range, true)
            .await
            .unwrap()
            .0;
        if found.is_empty() {
            break;
        }
        numbers.extend(found.into_iter().map(|invoice| invoice.number.unwrap()));
    }
    numbers.sort_unstable();
    numbers
}

async fn numbers_have_no_gaps(db: Db) {
    let shop = Shop::open(db).await;
    let customers = crowd(&shop, 70).await;
    shop.go_to("2026-04-01");
    // Three servers make the month at once, and somebody makes single ones between.
    let mut tasks = Vec::new();
    for _ in 0..3 {
        let (market, chief) = (shop.market.clone(), shop.chief.clone());
        tasks.push(tokio::spawn(async move {
            market.invoices().make_all(&chief, month("2026-03")).await.unwrap()
        }));
    }
    for customer in customers.iter().rev().step_by(7).copied() {
        let (market, chief) = (shop.market.clone(), shop.chief.clone());
        tasks.push(tokio::spawn(async move {
            market.invoices().make(&chief, customer, month("2026-03")).await.unwrap();
            0
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(all_numbers(&shop).await, (1..=70).collect::<Vec<i64>>());
    let again = shop.market.invoices().make_all(&shop.chief, month("2026-03")).await.unwrap();
    assert_eq!(again, 0);
}

async fn what_is_shown_before_is_what_is_made(db: Db) {
    let shop = Shop::open(db).await;
    crowd(&shop, 25).await;
    shop.go_to("2026-03-31");
    let (invoices, march) = (shop.market.invoices(), month("2026-03"));
    wrong(invoices.coming(&shop.chief, march).await, "month");
    shop.go_to("2026-04-01");
    let coming = invoices.coming(&shop.chief, march).await.unwrap();
    assert_eq!((coming.invoices.len(), coming.more), (25, false));
    assert!(all_numbers(&shop).await.is_empty());
    let refused = invoices.begin_month(&shop.buyer, march).await;
    assert!(matches!(refused, Err(Error::Denied)), "{refused:?}");
    assert_eq!(invoices.begin_month(&shop.chief, march).await.unwrap(), Some(25));
    let (made, _) = invoices.list(&shop.chief, Asked::default(), (50, 0), false).await.unwrap();
    let sum = |all: &[Invoice]| all.iter().map(|one| one.total).sum::<i64>();
    assert_eq!(sum(&made), sum(&coming.invoices));
    assert!(sum(&made) > 0);
    assert!(invoices.coming(&shop.chief, march).await.unwrap().invoices.is_empty());
}

async fn a_month_that_was_interrupted_goes_on(db: Db) {
    let shop = Shop::open(db).await;
    crowd(&shop, 55).await;
    shop.go_to("2026-04-01");
    // Wherever the work is cut off, what was begun leaves nothing behind and what was done stays.
    for wait in [3, 11, 23] {
        let (market, chief) = (shop.market.clone(), shop.chief.clone());
        let work =
            tokio::spawn(async move { market.invoices().make_all(&chief, month("2026-03")).await });
        tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
        work.abort();
        let _ = work.await;
        let numbers = all_numbers(&shop).await;
        assert_eq!(numbers, (1..=i64::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
    }
    // The durable job finishes it, once.
    shop.market.invoices().make_all(&shop.chief, month("2026-03")).await.unwrap();
    assert_eq!(all_numbers(&shop).await, (1..=55).collect::<Vec<i64>>());
}

async fn a_credit_note_brings_the_sum_to_zero(db: Db) {
    let shop = Shop::open(db).await;
    let plan = shop.plan((10 * DOLLAR, 0, 0), &[part("calls", Billing::Usage, 333_333)]).await;
    let resource = shop.start(plan, &[], "2026-03-04").await;
    let mut tx = shop.market.core().db().begin().await.unwrap();
    store::testing::set_tax(&mut tx, shop.customer, 2_100).await.unwrap();
    tx.commit().await.unwrap();
    shop.go_to("2026-03-20");
    shop.tell(resource, "calls", 1_500_000, "2026-03-20").await.unwrap();
    shop.go_to("2026-04-01");
    let invoice = shop.bill("2026-03").await;
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let (market, chief, id) = (shop.market.clone(), shop.chief.clone(), invoice.id);
            tokio::spawn(async move { market.invoices().cancel(&chief, id, "wrong price").await })
        })
        .collect();
    let mut notes = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(note) => notes.push(note),
            Err(Error::Conflict(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(notes.len(), 1, "an invoice is taken back once");
    let note = &notes[0];
    shop.items(note).await;
    assert_eq!((note.number, note.credits), (Some(2), Some(invoice.id)));
    assert_eq!(
        (invoice.price + note.price, invoice.tax + note.tax, invoice.total + note.total),
        (0, 0, 0)
    );
    assert!(invoice.tax > 0);
    let growth = shop.market.invoices().growth(&shop.buyer, Some(shop.customer), 3).await.unwrap();
    assert!(growth.iter().all(|(_, total)| *total == 0), "{growth:?}");
    assert!(matches!(
        shop.market.invoices().cancel(&shop.chief, note.id, "").await,
        Err(Error::Conflict(_))
    ));
    // The month is open again: what was wrong is told anew, and another invoice is made.
    shop.tell(resource, "calls", DOLLAR, "2026-03-21").await.unwrap();
    let second = shop.bill("2026-03").await;
    assert_ne!(second.id, invoice.id);
    assert_eq!(second.number, Some(3));
}

async fn usage_is_told_within_bounds(db: Db) {
    let shop = Shop::open(db).await;
    let parts = [part("calls", Billing::Usage, DOLLAR), part("seats", Billing::Fixed, 0)];
    let plan = shop.plan((0, 0, 0), &parts).await;
    let resource = shop.start(plan, &[], "2026-03-04").await;
    shop.go_to("2026-03-20");
    for (kind, amount, when, field) in [
        ("calls", 1, "2026-03-21", "date"),
        ("calls", 1, "9999-01-01", "date"),
        ("calls", 1, "1999-12-31", "date"),
        ("x", 1, "2026-03-20", ""),
        ("seats", 1, "2026-03-20", ""),
        ("calls", -1, "2026-03-20", "amount"),
        ("calls", i64::MAX, "2026-03-20", "amount"),
    ] {
        wrong(shop.tell(resource, kind, amount, when).await, field);
    }
    let first = shop.tell(resource, "calls", 5 * DOLLAR, "2026-03-10").await.unwrap();
    shop.clock.advance_ms(1);
    let again = shop.tell(resource, "calls", 3 * DOLLAR, "2026-03-12").await.unwrap();
    assert_eq!(first, again, "an amount stands for its month");
    let changes = shop.market.usages().changes(&shop.buyer, first[0]).await.unwrap();
    let told: Vec<_> = changes.iter().map(|c| (c.old, c.new, c.reason.as_str())).collect();
    assert_eq!(told, [(0, 5 * DOLLAR, "told"), (5 * DOLLAR, 3 * DOLLAR, "told")]);
    let seen = shop.market.usages().find(&shop.buyer, first[0]).await.unwrap();
    assert_eq!(
        (seen.amount, seen.day, seen.month),
        (3 * DOLLAR, day("2026-03-12"), day("2026-03-01"))
    );
    shop.go_to("2026-04-01");
    assert_eq!(shop.bill("2026-03").await.total, 3 * DOLLAR);
    wrong(shop.tell(resource, "calls", 4 * DOLLAR, "2026-03-31").await, "date");
    // The buyer may see what it has used, and not say it.
    let told = [reported("calls", 1)];
    let own = shop.market.usages().tell(&shop.buyer, Whose::Resource(resource), &told, None).await;
    assert!(matches!(own, Err(Error::Denied)), "{own:?}");
    let mut tx = shop.market.core().db().begin().await.unwrap();
    billing::end(&mut tx, resource, at("2026-04-01")).await.unwrap();
    tx.commit().await.unwrap();
    wrong(shop.tell(resource, "calls", 1, "2026-04-01").await, "resource");
}

async fn recurring_use_is_billed_until_it_is_replaced(db: Db) {
    let shop = Shop::open(db).await;
    let plan = shop.plan((0, 0, 0), &[part("seats", Billing::Usage, DOLLAR)]).await;
    let resource = shop.start(plan, &[], "2026-03-04").await;
    shop.go_to("2026-03-20");
    let told = [Reported { recurring: true, ..reported("seats", 5 * DOLLAR) }];
    shop.market.usages().tell(&shop.chief, Whose::Resource(resource), &told, None).await.unwrap();
    shop.go_to("2026-05-10");
    shop.tell(resource, "seats", 2 * DOLLAR, "2026-05-10").await.unwrap();
    shop.go_to("2026-07-01");
    let mut totals = Vec::new();
    for text in ["2026-03", "2026-04", "2026-05", "2026-06"] {
        totals.push(shop.bill(text).await.total / DOLLAR);
    }
    assert_eq!(totals, [5, 5, 2, 0]);
}

async fn the_current_month_is_pending(db: Db) {
    let shop = Shop::open(db).await;
    let plan = shop.plan((31 * DOLLAR, 0, 0), &[]).await;
    shop.start(plan, &[], "2026-03-01").await;
    shop.go_to("2026-03-11");
    let so_far = shop.market.invoices().preview(&shop.buyer, shop.customer).await.unwrap();
    assert_eq!((so_far.invoice.total, so_far.by_end), (10 * DOLLAR, 31 * DOLLAR));
    let pending = shop.bill("2026-03").await;
    assert_eq!(
        (pending.state, pending.number, pending.total),
        (InvoiceState::Pending, None, 10 * DOLLAR)
    );
    assert!(pending.due_day.is_some());
    let paid = shop.market.invoices().pay(&shop.chief, pending.id, Paid::default()).await;
    assert!(
        matches!(paid, Err(Error::Conflict("Valid states for operation: created."))),
        "{paid:?}"
    );
    shop.go_to("2026-03-21");
    let later = shop.bill("2026-03").await;
    assert_eq!((later.id, later.total), (pending.id, 20 * DOLLAR));
    assert_eq!(shop.items(&later).await.len(), 1);
    shop.go_to("2026-04-01");
    // The work of the new month makes it final, and no second one.
    shop.market.invoices().make_all(&shop.chief, month("2026-03")).await.unwrap();
    let last = shop.market.invoices().find(&shop.buyer, pending.id).await.unwrap();
    assert_eq!(
        (last.state, last.number, last.total),
        (InvoiceState::Created, Some(1), 31 * DOLLAR)
    );
    assert_eq!(shop.items(&last).await.len(), 1);
}

async fn paying_is_for_finance(db: Db) {
    let shop = Shop::open(db).await;
    shop.go_to("2026-04-01");
    let invoice = shop.bill("2026-03").await;
    assert_eq!(invoice.total, 0, "an invoice that is asked for is made, though it is empty");
    let staffed = async |role, name: &str| {
        let email: model::Email = format!("{name}@example.org").parse().unwrap();
        let password = "correct horse battery".to_owned();
        let identity = shop.market.identity();
        identity.create_operator(&email, password.clone(), role).await.unwrap();
        let known = SignIn { username: email.to_string(), password, otp: None };
        let token = identity.issue_token(&known, &Client::default()).await.unwrap();
        identity.by_token(&token).await.unwrap().unwrap()
    };
    let support = staffed(Role::Support, "support").await;
    let finance = staffed(Role::Finance, "finance").await;
    let invoices = shop.market.invoices();
    invoices.find(&support, invoice.id).await.unwrap();
    for refused in [
        invoices.pay(&support, invoice.id, Paid::default()).await.map(drop),
        invoices.pay(&shop.buyer, invoice.id, Paid::default()).await.map(drop),
        invoices.cancel(&support, invoice.id, "").await.map(drop),
        invoices.make(&support, shop.customer, month("2026-02")).await.map(drop),
        invoices.make(&shop.buyer, shop.customer, month("2026-02")).await.map(drop),
    ] {
        assert!(matches!(refused, Err(Error::Denied)), "{refused:?}");
    }
    let booked = Paid { booked: true, ..Paid::default() };
    wrong(invoices.pay(&finance, invoice.id, booked.clone()).await, "non_field_errors");
    let ahead = Paid { day: Some(day("2026-04-02")), ..Paid::default() };
    wrong(invoices.pay(&finance, invoice.id, ahead).await, "date");
    let payments = shop.market.payments();
    let change = ProfileChange { name: Some("By invoice".to_owned()), ..ProfileChange::default() };
    let first = payments.add_profile(&finance, shop.customer, change.clone()).await.unwrap();
    let second = payments.add_profile(&finance, shop.customer, change).await.unwrap();
    let active = payments.active(&shop.buyer, shop.customer).await.unwrap().unwrap();
    assert_eq!(active.id, second.id, "one profile is active");
    assert!(!payments.profile(&finance, first.id).await.unwrap().active);
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let (market, finance, id, paid) =
                (shop.market.clone(), finance.clone(), invoice.id, booked.clone());
            tokio::spawn(async move { market.invoices().pay(&finance, id, paid).await.is_ok() })
        })
        .collect();
    let mut paid = 0;
    for task in tasks {
        paid += usize::from(task.await.unwrap());
    }
    assert_eq!(paid, 1);
    let booked = payments.list(&shop.buyer, Asked::default(), (10, 0)).await.unwrap().0;
    assert_eq!((booked.len(), booked[0].invoice), (1, Some(invoice.id)));
    assert!(matches!(payments.remove_profile(&finance, second.id).await, Err(Error::Conflict(_))));
    payments.remove_profile(&finance, first.id).await.unwrap();
    let history = invoices.history(&shop.buyer, invoice.id).await.unwrap();
    let mut kinds: Vec<&str> = history.iter().map(|event| event.kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["invoice_created", "invoice_paid"]);
}

fn share(username: &str) -> market::Part {
    market::Part { username: username.to_owned(), user: None, amount: 1 }
}

async fn others_see_nothing(db: Db) {
    let shop = Shop::open(db).await;
    let plan = shop.plan((DOLLAR, 0, 0), &[part("calls", Billing::Usage, 1)]).await;
    let resource = shop.start(plan, &[], "2026-03-04").await;
    let usage = shop.tell(resource, "calls", 1, "2026-03-01").await.unwrap()[0];
    let (other, _) = newcomer(&shop.market, "other").await;
    shop.go_to("2026-04-01");
    let invoice = shop.bill("2026-03").await;
    let (invoices, usages) = (shop.market.invoices(), shop.market.usages());
    let payments = shop.market.payments();
    let change = ProfileChange { name: Some("P".to_owned()), ..ProfileChange::default() };
    let profile = payments.add_profile(&shop.chief, shop.customer, change).await.unwrap();
    for hidden in [
        invoices.find(&other, invoice.id).await.map(drop),
        invoices.items(&other, invoice.id).await.map(drop),
        invoices.pay(&other, invoice.id, Paid::default()).await.map(drop),
        invoices.cancel(&other, invoice.id, "").await.map(drop),
        invoices.history(&other, invoice.id).await.map(drop),
        invoices.preview(&other, shop.customer).await.map(drop),
        invoices.make(&other, shop.customer, month("2026-03")).await.map(drop),
        invoices.growth(&other, Some(shop.customer), 3).await.map(drop),
        usages.find(&other, usage).await.map(drop),
        usages.divide(&other, usage, &[share("x")]).await,
        payments.profile(&other, profile.id).await.map(drop),
        invoices.notify(&other, invoice.id).await.map(drop),
        shop.market.credits().find(&other, shop.customer).await.map(drop),
        shop.market.stats().costs_of(&other, invoice.id).await.map(drop),
    ] {
        assert!(matches!(hidden, Err(Error::Missing(_))), "{hidden:?}");
    }
    wrong(
        usages.tell(&other, Whose::Resource(resource), &[reported("calls", 1)], None).await,
        "resource",
    );
    assert_eq!(invoices.list(&other, Asked::default(), (10, 0), true).await.unwrap().1, 0);
    assert_eq!(invoices.list_items(&other, Asked::default(), (10, 0)).await.unwrap().1, 0);
    assert_eq!(usages.list(&other, Asked::default(), (10, 0)).await.unwrap().1, 0);
    assert_eq!(payments.profiles(&other, Asked::default(), (10, 0)).await.unwrap().1, 0);
    assert_eq!(shop.market.credits().list(&other, Asked::default(), (10, 0)).await.unwrap().1, 1);
    assert!(matches!(shop.market.stats().kpis(&shop.buyer).await, Err(Error::Denied)));
    usages.divide(&shop.chief, usage, &[share("anna")]).await.unwrap();
    assert_eq!(usages.of_users(&shop.buyer, usage).await.unwrap(), [("anna".to_owned(), 1)]);
    assert_eq!(usages.parts(&shop.buyer, Asked::default(), (10, 0)).await.unwrap().1, 1);
    let (hidden, total) = usages.parts(&other, Asked::default(), (10, 0)).await.unwrap();
    assert_eq!((hidden.len(), total), (0, 0));
}

async fn credits_are_granted_once(db: Db) {
    let shop = Shop::open(db).await;
    let credits = shop.market.credits();
    let before = credits.find(&shop.buyer, shop.customer).await.unwrap();
    // The 100 trial credits at eight cents.
    assert_eq!(before.value, Usd::from_micros(8 * DOLLAR));
    for _ in 0..3 {
        let after =
            credits.grant(&shop.chief, shop.customer, Usd::from_micros(40 * DOLLAR), "gift").await;
        assert_eq!(after.unwrap().value, Usd::from_micros(48 * DOLLAR));
    }
    let other =
        credits.grant(&shop.chief, shop.customer, Usd::from_micros(41 * DOLLAR), "gift").await;
    assert!(matches!(other, Err(Error::Conflict(_))), "{other:?}");
    wrong(credits.grant(&shop.chief, shop.customer, Usd::ZERO, "nothing").await, "value");
    let own = credits.grant(&shop.buyer, shop.customer, Usd::from_micros(DOLLAR), "mine").await;
    assert!(matches!(own, Err(Error::Denied)));
    let changes = credits.changes(&shop.buyer, Asked::default(), (10, 0)).await.unwrap();
    assert_eq!(changes.1, 2);
    crate::assert_proven(&shop.market).await;
}

async fn figures_add_up(db: Db) {
    let shop = Shop::open(db).await;
    let plan =
        shop.plan((31 * DOLLAR, 9 * DOLLAR, 0), &[part("calls", Billing::Usage, DOLLAR)]).await;
    let resource = shop.start(plan, &[], "2026-03-01").await;
    shop.go_to("2026-03-20");
    shop.tell(resource, "calls", 2 * DOLLAR, "2026-03-20").await.unwrap();
    shop.go_to("2026-04-10");
    let stats = shop.market.stats();
    assert_eq!(stats.silent(&shop.chief).await.unwrap().len(), 1, "nothing was told for April");
    let invoice = shop.bill("2026-03").await;
    shop.market.invoices().pay(&shop.chief, invoice.id, Paid::default()).await.unwrap();
    let (from, to) = (day("2026-01-01"), day("2026-12-31"));
    let revenue = stats.revenue(&shop.chief, from, to).await.unwrap();
    assert_eq!(revenue.len(), 1);
    assert_eq!(
        (revenue[0].total, revenue[0].paid, revenue[0].customers),
        (42 * DOLLAR, 42 * DOLLAR, 1)
    );
    let used = stats.usage(&shop.chief, Some(shop.offering), from, to).await.unwrap();
    assert_eq!((used.len(), used[0].amount, used[0].kind.as_str()), (1, 2 * DOLLAR, "calls"));
    let costs = stats.costs(&shop.chief, from, to).await.unwrap();
    assert_eq!((costs.len(), costs[0].price), (1, 42 * DOLLAR));
    let kpis = stats.kpis(&shop.chief).await.unwrap();
    assert_eq!(
        (kpis.mrr, kpis.revenue, kpis.customers, kpis.arpu),
        (31 * DOLLAR, 42 * DOLLAR, 1, 42 * DOLLAR)
    );
    assert_eq!(kpis.churn, None);
    wrong(stats.revenue(&shop.chief, to, from).await, "end");
    wrong(stats.revenue(&shop.chief, from, day("9999-01-01")).await, "end");
    assert!(matches!(
        stats.usage(&shop.buyer, Some(shop.offering), from, to).await,
        Err(Error::Missing(_))
    ));
}
