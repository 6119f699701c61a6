//! What roles, blocks and other people's haste do not undo.

use std::time::Duration;

use market::{
    Actor, Authorize, Error, HookChange, Market, OfferChange, OfferDraft, OfferMove, PlanDraft,
    Run, Subscribe, TokenDraft, UserChange, both_engines,
};
use model::{CategoryId, Credits, CustomerId, OfferingState, Role, ScopeRole, UserId};

use crate::{
    newcomer, operator, pay_per_use,
    sign_in::{PASSWORD, mails, register, token},
    subscribed,
};

/// Somebody who has a role in a customer, besides an organization of their own.
pub async fn colleague(market: &Market, name: &str, of: CustomerId, role: ScopeRole) -> Actor {
    let made = register(market, name).await;
    let core = market.core();
    let mut tx = core.db().begin().await.unwrap();
    let (user, now) = (made.user_uuid, core.now());
    store::customers::add_member(&mut tx, of, user, role, now).await.unwrap();
    tx.commit().await.unwrap();
    market.identity().by_token(&made.token).await.unwrap().unwrap()
}

async fn pat(market: &Market, actor: &Actor, scopes: &[&str]) -> market::Result<String> {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let draft = TokenDraft { name: "robot".to_owned(), scopes, ..TokenDraft::default() };
    Ok(market.tokens().create(actor, draft).await?.1)
}

/// An account made with somebody else's address, with ways to stay in it: the token of a program. The owner's id, too.
async fn in_wait(market: &Market, name: &str) -> (String, UserId) {
    let (actor, _) = newcomer(market, name).await;
    let hook = HookChange { url: Some("https://spy.example/".to_owned()), ..HookChange::default() };
    market.hooks().create(&actor, hook).await.unwrap();
    (pat(market, &actor, &["read", "write"]).await.unwrap(), actor.user().unwrap())
}

/// Whoever waited has no way in any more, and hears nothing.
async fn is_out(market: &Market, secret: &str, user: UserId) {
    assert!(market.identity().by_token(secret).await.unwrap().is_none());
    let mut tx = market.core().db().begin().await.unwrap();
    assert_eq!(store::hooks::count(&mut tx, user).await.unwrap(), 0);
}

/// An offering of somebody who sells, on sale; the seller and what is sold.
pub async fn on_sale(market: &Market, name: &str) -> (Actor, CustomerId, model::OfferingId) {
    let chief = operator(market).await;
    let (_, customer) = newcomer(market, name).await;
    market.vendors().register(&chief, customer, "").await.unwrap();
    let category: CategoryId =
        market.shelves().list(market::Asked::default(), (1, 0)).await.unwrap().0[0].id;
    let again = market.identity().token_of(&format!("{name}@example.org").parse().unwrap()).await;
    let seller = market.identity().by_token(&again.unwrap()).await.unwrap().unwrap();
    let draft = OfferDraft {
        name: format!("{name} sells"),
        category: Some(category),
        customer: Some(customer),
        kind: "Support.OfferingTemplate".to_owned(),
        plans: vec![PlanDraft { name: Some("Only".to_owned()), ..PlanDraft::default() }],
        ..OfferDraft::default()
    };
    let id = market.offers().create(&seller, draft).await.unwrap().row.id;
    market.offers().shift(&chief, id, OfferMove::Activate, None).await.unwrap();
    (seller, customer, id)
}

both_engines! {
    who_waits_in_anothers_account_is_out_when_its_owner_comes, |market| {
        let (secret, user) = in_wait(&market, "ada").await;
        market.identity().forgot(&"ada@example.org".parse().unwrap(), &market::Client::default()).await.unwrap();
        let link = token(&mails(&market, "ada").await[0].text);
        market.identity().reset(&link, "another good password".to_owned()).await.unwrap();
        is_out(&market, &secret, user).await;

        let (secret, user) = in_wait(&market, "boss").await;
        let email = "boss@example.org".parse().unwrap();
        market.identity().create_operator(&email, PASSWORD.to_owned(), Role::Staff).await.unwrap();
        is_out(&market, &secret, user).await;
    }

    a_token_has_no_operator_role_in_store, |market| {
        let (actor, _) = newcomer(&market, "ada").await;
        let refused = pat(&market, &actor, &["read", "staff"]).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        pat(&market, &operator(&market).await, &["staff"]).await.unwrap();
    }

    who_may_only_look_mints_buys_ends_and_spends_nothing, |market| {
        let (owner, customer) = newcomer(&market, "ada").await;
        let route = subscribed(&market, &owner, pay_per_use(&market)).await;
        let helper = colleague(&market, "helper", customer, ScopeRole::CustomerSupport).await;
        let name = "mine".parse().unwrap();
        let key = market.keys().list(&helper, route.resource).await.unwrap()[0].id;
        let denied = |outcome: Result<(), Error>| assert!(matches!(outcome, Err(Error::Denied)), "{outcome:?}");
        denied(market.keys().create(&helper, route.resource, &name).await.map(drop));
        denied(market.keys().rename(&helper, route.resource, key, &name).await);
        denied(market.keys().revoke(&helper, route.resource, key).await);
        denied(market.resources().terminate(&helper, route.resource).await);
        denied(market.resources().unsubscribe(&helper, route.offering).await);
        let order = Subscribe { offering: route.offering, plan: None, customer: Some(customer), project: None, reference: None };
        denied(market.resources().subscribe(&helper, order).await.map(drop));
        let run = |id: &str| Authorize { run_id: id.to_owned(), budget: Credits::whole(5).unwrap(), resource: Some(route.resource) };
        denied(market.wallets().authorize(&helper, run("1")).await.map(drop));
        let market::Authorized::Allowed { reservation, .. } = market.wallets().authorize(&owner, run("2")).await.unwrap() else { panic!() };
        denied(market.wallets().settle(&helper, Run::Reservation(reservation), Credits::whole(5).unwrap()).await.map(drop));

        // A key of another resource of the same customer does not settle it either.
        let other = market.catalog().find(&model::CatalogQuery { page_size: 100, ..model::CatalogQuery::default() });
        let other = other.services.iter().map(|found| &found.service).find(|s| s.id != route.offering && s.monthly_fee.micros() == 0);
        let order = Subscribe { offering: other.unwrap().id, plan: None, customer: None, project: None, reference: None };
        let key = market.resources().subscribe(&owner, order).await.unwrap().key.unwrap();
        let stranger = market.identity().by_key(key.reveal()).await.unwrap().unwrap();
        let refused = market.wallets().settle(&stranger, Run::Reservation(reservation), Credits::ZERO).await;
        assert!(matches!(refused, Err(Error::Missing(_))), "{refused:?}");
        market.wallets().settle(&owner, Run::Reservation(reservation), Credits::ZERO).await.unwrap();
    }

    a_change_of_an_account_waits_for_another, |market| {
        let (ada, _) = newcomer(&market, "ada").await;
        let user = ada.user().unwrap();
        let mut tx = market.core().db().begin().await.unwrap();
        store::users::set_role(&mut tx, user, Some(Role::Support)).await.unwrap();
        tx.commit().await.unwrap();
        // An operator is about to take the role away while she writes her name.
        let mut tx = market.core().db().begin().await.unwrap();
        store::users::set_role(&mut tx, user, None).await.unwrap();
        let writes = tokio::spawn({
            let market = market.clone();
            async move {
                let change = UserChange { full_name: Some("Ada L.".to_owned()), ..UserChange::default() };
                market.users().update(&ada, user, change).await
            }
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        tx.commit().await.unwrap();
        assert_eq!(writes.await.unwrap().unwrap().account.role, None);
        let mut tx = market.core().db().begin().await.unwrap();
        assert_eq!(store::users::find(&mut tx, user).await.unwrap().unwrap().role, None);
    }

    what_an_operator_takes_off_sale_stays_off, |market| {
        let (seller, _, id) = on_sale(&market, "ada").await;
        let chief = operator(&market).await;
        let shift = async |who: &Actor, step| market.offers().shift(who, id, step, Some("why")).await.map(|offer| offer.row);
        // Their own pause is theirs to end.
        shift(&seller, OfferMove::Pause).await.unwrap();
        assert_eq!(shift(&seller, OfferMove::Unpause).await.unwrap().state, OfferingState::Active);
        for (down, up) in [
            (OfferMove::Pause, OfferMove::Unpause),
            (OfferMove::MakeUnavailable, OfferMove::MakeAvailable),
            (OfferMove::Archive, OfferMove::Draft),
        ] {
            let row = shift(&chief, down).await.unwrap();
            assert!(row.paused_reason.starts_with("By the operator."), "{row:?}");
            // Not by a way around either: what is a draft first stays one.
            if up == OfferMove::Draft {
                assert_eq!(shift(&seller, up).await.unwrap().state, OfferingState::Draft);
            }
            let up = if up == OfferMove::Draft { OfferMove::Activate } else { up };
            let refused = shift(&seller, up).await;
            assert!(matches!(refused, Err(Error::Refused(_))), "{up:?}: {refused:?}");
            assert_eq!(shift(&chief, up).await.unwrap().state, OfferingState::Active);
        }
        // Nor by a description that was begun before.
        let mut tx = market.core().db().begin().await.unwrap();
        let changed = store::catalog::begin_change(&mut tx).await.unwrap();
        store::catalog::set_state(&mut tx, id, OfferingState::Archived, market.core().now(), changed).await.unwrap();
        let writes = tokio::spawn({
            let market = market.clone();
            async move {
                let change = OfferChange { name: Some("New".to_owned()), ..OfferChange::default() };
                market.offers().update(&seller, id, change).await
            }
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        tx.commit().await.unwrap();
        let row = writes.await.unwrap().unwrap().row;
        assert_eq!((row.state, row.name.as_str()), (OfferingState::Archived, "New"));
    }
}
