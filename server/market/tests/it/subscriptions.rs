//! Starting, keys, fees, ending.

use std::sync::Arc;

use market::{
    Error, Provision, Subscribe, both_engines,
    ports::{Clock as _, TestClock},
};
use model::{CatalogQuery, Credits, OfferingId, ResourceState, Title};

use crate::{assert_proven, newcomer, operator, pay_per_use};

pub fn start(offering: OfferingId, reference: Option<&str>) -> Subscribe {
    Subscribe {
        offering,
        plan: None,
        customer: None,
        project: None,
        reference: reference.map(str::to_owned),
    }
}

fn title(text: &str) -> Title {
    text.parse().unwrap()
}

both_engines! {
    a_subscription_is_started_once_per_reference, |market| {
        let (actor, _) = newcomer(&market, "starter").await;
        let offering = pay_per_use(&market);
        let first = market.resources().subscribe(&actor, start(offering, Some("a"))).await.unwrap();
        let again = market.resources().subscribe(&actor, start(offering, Some("a"))).await.unwrap();
        assert_eq!(first.instance.instance_id, again.instance.instance_id);
        assert!(first.key.is_some() && again.key.is_none() && again.replayed);
        let other = market.resources().subscribe(&actor, start(offering, Some("b"))).await;
        assert!(matches!(other, Err(Error::Conflict(_))), "{other:?}");
        assert_eq!(market.resources().list(&actor).await.unwrap().len(), 1);
    }

    parallel_starts_make_one_subscription, |market| {
        let (actor, _) = newcomer(&market, "hasty").await;
        let offering = pay_per_use(&market);
        let tasks: Vec<_> = (0..20).map(|n| {
            let (market, actor) = (market.clone(), actor.clone());
            let reference = (n % 2 == 0).then_some("same");
            tokio::spawn(async move { market.resources().subscribe(&actor, start(offering, reference)).await })
        }).collect();
        let mut keys = 0;
        for task in tasks {
            if let Ok(done) = task.await.unwrap() {
                keys += usize::from(done.key.is_some());
            }
        }
        assert_eq!(keys, 1);
        assert_eq!(market.resources().list(&actor).await.unwrap().len(), 1);
    }

    a_key_opens_until_it_is_revoked, |market| {
        let (actor, customer) = newcomer(&market, "keys").await;
        let done = market.resources().subscribe(&actor, start(pay_per_use(&market), None)).await.unwrap();
        let id = done.instance.instance_id;
        let first = done.key.unwrap();
        let (view, second) = market.keys().create(&actor, id, &title("Laptop")).await.unwrap();
        for key in [&first, &second] {
            assert_eq!(market.route(key).await.unwrap().customer, customer);
        }
        market.keys().rename(&actor, id, view.id, &title("Desktop")).await.unwrap();
        market.keys().revoke(&actor, id, view.id).await.unwrap();
        assert!(matches!(market.route(&second).await, Err(Error::Anonymous)));
        assert!(market.route(&first).await.is_ok());
        let listed = market.keys().list(&actor, id).await.unwrap();
        assert_eq!(listed.len(), 2);
        let revoked = listed.iter().find(|key| key.id == view.id).unwrap();
        assert_eq!(revoked.name, "Desktop");
        assert!(revoked.revoked_at.is_some());
        market.resources().terminate(&actor, id).await.unwrap();
        assert!(matches!(market.route(&first).await, Err(Error::Anonymous)));
    }

    foreign_things_do_not_exist, |market| {
        let (owner, customer) = newcomer(&market, "owner").await;
        let (other, _) = newcomer(&market, "other").await;
        let done = market.resources().subscribe(&owner, start(pay_per_use(&market), None)).await.unwrap();
        let id = done.instance.instance_id;
        let key = market.keys().list(&owner, id).await.unwrap()[0].id;
        assert!(matches!(market.resources().find(&other, id).await, Err(Error::Missing(_))));
        assert!(matches!(market.resources().terminate(&other, id).await, Err(Error::Missing(_))));
        assert!(matches!(market.keys().list(&other, id).await, Err(Error::Missing(_))));
        assert!(matches!(market.keys().create(&other, id, &title("x")).await, Err(Error::Missing(_))));
        assert!(matches!(market.keys().revoke(&other, id, key).await, Err(Error::Missing(_))));
        assert!(matches!(market.usage().view(&other, id, 30, 1).await, Err(Error::Missing(_))));
        let into = Subscribe { customer: Some(customer), ..start(pay_per_use(&market), None) };
        assert!(matches!(market.resources().subscribe(&other, into).await, Err(Error::Missing(_))));
        let key_actor = market.identity().by_key(done.key.unwrap().reveal()).await.unwrap().unwrap();
        assert!(matches!(market.keys().create(&key_actor, id, &title("x")).await, Err(Error::Denied)));
        assert!(matches!(market.resources().unsubscribe(&key_actor, pay_per_use(&market)).await, Err(Error::Denied)));
    }

    an_operator_provisions_once_per_reference, |market| {
        let (actor, customer) = newcomer(&market, "provisioned").await;
        let order = |reference: &str| Provision { customer, offering: pay_per_use(&market), plan: None, reference: reference.to_owned() };
        assert!(matches!(market.resources().provision(&actor, order("o")).await, Err(Error::Denied)));
        let operator = operator(&market).await;
        let one = market.resources().provision(&operator, order("o")).await.unwrap();
        let two = market.resources().provision(&operator, order("o")).await.unwrap();
        let three = market.resources().provision(&operator, order("p")).await.unwrap();
        assert_eq!(one.instance.instance_id, two.instance.instance_id);
        assert_ne!(one.instance.instance_id, three.instance.instance_id);
        assert_eq!(one.instance.organization, "provisioned's Workspace");
    }
}

/// A trial costs nothing until it ends; then the fee is taken once a month, and what cannot be paid is paused.
async fn fees(db: store::Db) {
    let clock = Arc::new(TestClock::at(1_700_000_000_000));
    let market = market::testing::with_clock(db, Arc::clone(&clock)).await;
    let (actor, customer) = newcomer(&market, "fees").await;
    let catalog = market.catalog();
    let page = catalog.find(&CatalogQuery {
        search: "customer support agent".to_owned(),
        ..CatalogQuery::default()
    });
    let service = &page.services.first().unwrap().service;
    let days = i64::from(service.trial.as_ref().unwrap().days);
    let done = market.resources().subscribe(&actor, start(service.id, None)).await.unwrap();
    let id = done.instance.instance_id;
    assert_eq!(
        market.wallets().wallet(&actor, None).await.unwrap().balance,
        Credits::whole(100).unwrap()
    );
    clock.advance_ms(days * 86_400_000 + 1);
    market.renew().await.unwrap();
    assert_eq!(market.resources().find(&actor, id).await.unwrap().state, ResourceState::Paused);
    let operator = operator(&market).await;
    market
        .wallets()
        .add_credits(&operator, customer, Credits::whole(1_000).unwrap(), "x")
        .await
        .unwrap();
    for _ in 0..3 {
        market.renew().await.unwrap();
    }
    let instance = market.resources().find(&actor, id).await.unwrap();
    assert_eq!(instance.state, ResourceState::Ok);
    assert!(instance.renews_at.unwrap() > clock.now());
    // $19.99 at $0.08 a credit.
    let expected = Credits::from_micros(1_100_000_000 - 249_875_000);
    assert_eq!(market.wallets().wallet(&actor, None).await.unwrap().balance, expected);
    assert_proven(&market).await;
}

#[tokio::test]
async fn fees_on_sqlite() {
    fees(market::testing::sqlite().await).await;
}

#[tokio::test]
async fn fees_on_postgres() {
    fees(market::testing::postgres().await).await;
}
