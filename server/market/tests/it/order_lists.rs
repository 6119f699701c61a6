//! Lists of many orders: everybody's own, whole, and up to date.

use std::{collections::HashSet, time::Duration};

use market::{Actor, Asked, Market, ORDERS, OrderRow, both_engines};
use model::{OrderId, OrderKind, OrderState, ScopeRole};
use store::bulk::{BulkOrder, BulkResource, Offered};

use crate::newcomer;

const MANY: u64 = 11_000;

async fn page(
    market: &Market,
    actor: &Actor,
    pairs: &[(&str, &str)],
    at: i64,
) -> (Vec<OrderRow>, u64) {
    let asked = Asked::read(&ORDERS, pairs.iter().copied()).unwrap();
    market.orders().list(actor, asked, (100, at)).await.unwrap()
}

/// Every order that the actor sees, page by page.
async fn walk(market: &Market, actor: &Actor, pairs: &[(&str, &str)]) -> (Vec<OrderRow>, u64) {
    let (mut rows, total) = page(market, actor, pairs, 0).await;
    while rows.len() < usize::try_from(total).unwrap() {
        let (next, _) = page(market, actor, pairs, i64::try_from(rows.len()).unwrap()).await;
        assert!(!next.is_empty(), "{} of {total}", rows.len());
        rows.extend(next);
    }
    (rows, total)
}

both_engines! {
    everybody_sees_their_own_orders_and_all_of_them, |market| {
        let made = market.bench_orders(MANY).await.unwrap();
        let identity = market.identity();
        let staff = identity.by_token(&made.staff).await.unwrap().unwrap();
        let owner = identity.by_token(&made.large.0).await.unwrap().unwrap();

        let (all, total) = walk(&market, &staff, &[]).await;
        let ids: HashSet<OrderId> = all.iter().map(|row| row.order.id).collect();
        assert_eq!((total, ids.len() as u64), (MANY, MANY));
        let keys: Vec<_> = all.iter().map(|row| (row.order.created_at, row.order.id)).collect();
        assert!(keys.is_sorted_by(|a, b| a > b), "newest first");

        let customer = made.large.1;
        let wanted: Vec<OrderId> =
            all.iter().filter(|row| row.order.customer == customer).map(|row| row.order.id).collect();
        assert_eq!(wanted.len(), 1_100);
        let hex = customer.hex();
        for (actor, pairs) in [(&owner, vec![]), (&staff, vec![("customer_uuid", hex.as_str())])] {
            let (rows, total) = walk(&market, actor, &pairs).await;
            assert_eq!(total, 1_100);
            assert_eq!(rows.iter().map(|row| row.order.id).collect::<Vec<_>>(), wanted);
        }
        let (rows, total) = page(&market, &owner, &[("customer_uuid", &made.small.1.hex())], 0).await;
        assert_eq!((rows, total), (vec![], 0), "of another customer");
        let (stranger, _) = newcomer(&market, "stranger").await;
        assert_eq!(page(&market, &stranger, &[], 0).await, (vec![], 0));

        // Who sells sees what was sold, beside what was bought.
        let seller = all[0].order.seller;
        let (vendor, own) = newcomer(&market, "vendor").await;
        let mut tx = market.core().db().begin().await.unwrap();
        let now = market.core().now();
        let user = vendor.user().unwrap();
        store::customers::add_member(&mut tx, seller, user, ScopeRole::CustomerOwner, now).await.unwrap();
        tx.commit().await.unwrap();
        let token = identity.token_of(&"vendor@example.org".parse().unwrap()).await.unwrap();
        let vendor = identity.by_token(&token).await.unwrap().unwrap();
        let (sold, _) = walk(&market, &vendor, &[]).await;
        let expected: Vec<OrderId> = all.iter().filter(|row| row.order.seller == seller).map(|row| row.order.id).collect();
        assert!(expected.len() > 100 && expected.len() < all.len());
        assert_eq!(sold.iter().map(|row| row.order.id).collect::<Vec<_>>(), expected);

        // A new order and another state are seen in the long list and in the short one.
        let row = &all[17].order;
        let offered = Offered { offering: row.offering, plan: row.plan.unwrap(), seller: row.seller };
        let resource = BulkResource { id: row.resource.unwrap(), customer: own, project: row.project, offered, at: now };
        let id = market.core().id(OrderId::new);
        let (state, kind) = (OrderState::Executing, OrderKind::Update);
        let order = BulkOrder { id, resource, created_by: user, state, kind, at: now };
        let executing = page(&market, &staff, &[("state", "executing")], 0).await.1;
        let done = all.iter().find(|row| row.order.state == OrderState::Done).unwrap();
        let mut changed = done.order.clone();
        (changed.state, changed.updated_at) = (OrderState::Executing, now);
        let mut tx = market.core().db().begin().await.unwrap();
        store::bulk::orders(&mut tx, &[order]).await.unwrap();
        assert_eq!(store::orders::update(&mut tx, &changed, OrderState::Done).await.unwrap(), 1);
        tx.commit().await.unwrap();
        tokio::time::sleep(Duration::from_millis(250)).await;
        let (first, total) = page(&market, &staff, &[], 0).await;
        assert_eq!((total, first[0].order.id), (MANY + 1, id));
        assert_eq!(page(&market, &staff, &[("state", "executing")], 0).await.1, executing + 2);
        assert_eq!(page(&market, &vendor, &[], 0).await.0[0].order.id, id);
    }
}
