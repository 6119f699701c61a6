//! What roles, blocks and other people's haste do not undo.

use std::time::Duration;

use market::{
    Actor, Asked, Authorize, Error, HookChange, InvitationDraft, IssueChange, IssueDraft, Market,
    OfferChange, OfferDraft, OfferMove, PlanDraft, ProjectChange, Run, Scope, Subscribe,
    TokenDraft, UserChange, both_engines,
};
use model::{
    CategoryId, Credits, CustomerId, IssueType, OfferingState, Priority, Register, Role, ScopeRole,
    UserId,
};

use crate::{
    newcomer, operator, pay_per_use,
    sign_in::{PASSWORD, Post, code, from, known, mails, markets, register, session, token},
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
        market.shelves().list(Asked::default(), (1, 0)).await.unwrap().0[0].id;
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

    who_left_gives_no_roles, |market| {
        let (owner, customer) = newcomer(&market, "ada").await;
        let leaver = colleague(&market, "leaver", customer, ScopeRole::CustomerOwner).await;
        let (guest, _) = newcomer(&market, "guest").await;
        let invite = async || {
            let draft = InvitationDraft { email: "guest@example.org".to_owned(), scope: Scope::Customer(customer), role: ScopeRole::CustomerOwner, note: String::new() };
            let made = market.invitations().create(&leaver, draft).await.unwrap();
            (made.row.invitation.id, made.secret)
        };
        let (id, secret) = invite().await;
        market.team().remove(&owner, Scope::Customer(customer), leaver.user().unwrap(), ScopeRole::CustomerOwner).await.unwrap();
        let refused = market.invitations().accept(&guest, id, Some(&secret)).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
        // The same when the account is closed, and not when all is as it was.
        let mut tx = market.core().db().begin().await.unwrap();
        let now = market.core().now();
        store::customers::add_member(&mut tx, customer, leaver.user().unwrap(), ScopeRole::CustomerOwner, now).await.unwrap();
        tx.commit().await.unwrap();
        let chief = operator(&market).await;
        let active = async |active| {
            let change = UserChange { active: Some(active), ..UserChange::default() };
            market.users().update(&chief, leaver.user().unwrap(), change).await.unwrap();
        };
        active(false).await;
        assert!(market.invitations().accept(&guest, id, Some(&secret)).await.is_err());
        active(true).await;
        market.invitations().accept(&guest, id, Some(&secret)).await.unwrap();
    }

    nobody_has_us_send_mails_without_end, |market| {
        let (owner, customer) = newcomer(&market, "ada").await;
        let draft = |to: String| InvitationDraft { email: to, scope: Scope::Customer(customer), role: ScopeRole::CustomerSupport, note: String::new() };
        let made = market.invitations().create(&owner, draft("victim@example.org".to_owned())).await.unwrap();
        for _ in 0..9 {
            market.invitations().send(&owner, made.row.invitation.id).await.unwrap();
        }
        let refused = market.invitations().send(&owner, made.row.invitation.id).await;
        assert!(matches!(refused, Err(Error::Limited { .. })), "{refused:?}");
        for n in 0..89 {
            market.invitations().create(&owner, draft(format!("v{n}@example.org"))).await.unwrap();
        }
        let refused = market.invitations().create(&owner, draft("other@example.org".to_owned())).await;
        assert!(matches!(refused, Err(Error::Limited { .. })), "{refused:?}");
    }

    who_runs_the_catalogue_sells_nothing, |market| {
        let (seller, customer, id) = on_sale(&market, "ada").await;
        let role = async |name: &str, role| {
            let email: model::Email = format!("{name}@example.org").parse().unwrap();
            market.identity().create_operator(&email, PASSWORD.to_owned(), role).await.unwrap();
            let token = market.identity().token_of(&email).await.unwrap();
            market.identity().by_token(&token).await.unwrap().unwrap()
        };
        let (curator, helper) = (role("curator", Role::CatalogManager).await, role("helper", Role::Support).await);
        let scope = Scope::Offering(id);
        for who in [&curator, &seller] {
            market.team().list(who, scope).await.unwrap();
        }
        let (me, manager) = (curator.user().unwrap(), ScopeRole::OfferingManager);
        let refused = market.team().add(&curator, scope, me, manager, None).await;
        assert!(matches!(refused, Err(Error::Denied)), "{refused:?}");
        market.team().add(&seller, scope, seller.user().unwrap(), manager, None).await.unwrap();

        // What a provider says of itself is its own, and the catalogue's.
        let vendor = market.vendors().find(&seller, customer.to_string().parse().unwrap()).await.unwrap();
        let refused = market.vendors().describe(&helper, vendor.id, Some("x")).await;
        assert!(matches!(refused, Err(Error::Denied)), "{refused:?}");
        market.vendors().describe(&curator, vendor.id, Some("Good")).await.unwrap();
        let told = market.history().list(&operator(&market).await, Asked::default(), (50, 0)).await.unwrap().0;
        assert!(told.iter().any(|event| event.kind == "service_provider_updated"), "{told:?}");
    }

    registering_tells_nobody_who_has_an_account, |market| {
        let request = |name: &str| Register {
            email: format!("{name}@example.org").parse().unwrap(),
            password: PASSWORD.to_owned(),
            full_name: name.parse().unwrap(),
        };
        let client = from("10.0.0.9");
        let register = async |name: &str| market.identity().register_from(request(name), &client).await;
        register("ada").await.unwrap();
        let again = register("ada").await;
        assert!(matches!(again, Err(Error::Conflict(_))), "where no mail is sent there is no other way: {again:?}");
        market.send_mail_by(std::sync::Arc::new(Post::default()));
        let had = mails(&market, "ada").await.len();
        let again = register("ADA").await.unwrap();
        assert!(market.identity().by_token(&again.token).await.unwrap().is_none());
        register("ada").await.unwrap();
        let found = mails(&market, "ada").await;
        assert_eq!((found.len(), found[0].subject.as_str()), (had + 1, "You have an account"), "once an hour");
        for n in 0..56 {
            register(&format!("n{n}")).await.unwrap();
        }
        let often = register("more").await;
        assert!(matches!(often, Err(Error::Limited { .. })), "{often:?}");
    }

    of_two_who_come_at_once_for_the_last_place_one_gets_it, |market| {
        let (ada, customer) = newcomer(&market, "ada").await;
        let route = subscribed(&market, &ada, pay_per_use(&market)).await;
        let hook = || HookChange { url: Some("https://me.example/".to_owned()), ..HookChange::default() };
        let name = || "key".parse().unwrap();
        for _ in 0..49 {
            pat(&market, &ada, &["read"]).await.unwrap();
        }
        for _ in 0..19 {
            market.hooks().create(&ada, hook()).await.unwrap();
        }
        for _ in 0..48 {
            market.keys().create(&ada, route.resource, &name()).await.unwrap();
        }
        let mut tx = market.core().db().begin().await.unwrap();
        store::users::lock(&mut tx, ada.user().unwrap()).await.unwrap();
        store::customers::lock(&mut tx, customer).await.unwrap();
        let each = |n: usize| {
            let (market, ada, resource) = (market.clone(), ada.clone(), route.resource);
            tokio::spawn(async move {
                match n {
                    0 => pat(&market, &ada, &["read"]).await.map(drop),
                    1 => market.hooks().create(&ada, hook()).await.map(drop),
                    _ => market.keys().create(&ada, resource, &name()).await.map(drop),
                }
            })
        };
        let both: Vec<_> = (0..3).map(|n| [each(n), each(n)]).collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        tx.commit().await.unwrap();
        for (n, [one, other]) in both.into_iter().enumerate() {
            let made = [one.await.unwrap(), other.await.unwrap()];
            assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{n}: {made:?}");
        }
    }

    another_address_is_not_verified, |market| {
        let (ada, _) = newcomer(&market, "ada").await;
        let (user, chief) = (ada.user().unwrap(), operator(&market).await);
        let verified = async || {
            let mut tx = market.core().db().begin().await.unwrap();
            store::users::verified_at(&mut tx, user).await.unwrap()
        };
        let mut tx = market.core().db().begin().await.unwrap();
        store::users::verify(&mut tx, user, market.core().now()).await.unwrap();
        tx.commit().await.unwrap();
        market.identity().forgot(&"ada@example.org".parse().unwrap(), &from("10.0.0.1")).await.unwrap();
        let link = token(&mails(&market, "ada").await[0].text);
        let change = async |email: &str| {
            let change = UserChange { email: Some(email.to_owned()), ..UserChange::default() };
            market.users().update(&chief, user, change).await.unwrap();
        };
        change("Ada@example.org").await;
        assert!(verified().await.is_some() && market.identity().may_reset(&link).await.unwrap());
        change("eve@example.org").await;
        assert!(verified().await.is_none() && !market.identity().may_reset(&link).await.unwrap());
    }

    an_issue_is_about_what_its_reporter_may_ask_about, |market| {
        let (ada, customer) = newcomer(&market, "ada").await;
        let theirs = subscribed(&market, &ada, pay_per_use(&market)).await;
        let made = market.projects().create(&ada, customer, ProjectChange { name: Some("Own".to_owned()), ..ProjectChange::default() }).await.unwrap();
        let own = made.project.id;
        let joined = register(&market, "joined").await;
        market.team().add(&operator(&market).await, Scope::Project(own), joined.user_uuid, ScopeRole::ProjectMember, None).await.unwrap();
        let worker = market.identity().by_token(&joined.token).await.unwrap().unwrap();
        let draft = IssueDraft {
            issue_type: IssueType::Incident, priority: Priority::Medium, summary: "x".to_owned(), description: String::new(),
            customer: None, project: Some(own), resource: None, offering: None, assignee: None, remote_id: String::new(),
            caller: None,
        };
        let issue = market.issues().open(&worker, draft).await.unwrap().id;
        let refused = market.issues().attach(&worker, issue, theirs.resource).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        let hurry = || IssueChange { priority: Some(Priority::Critical), ..IssueChange::default() };
        assert_eq!(market.issues().update(&worker, issue, hurry()).await.unwrap().level.priority, Priority::Medium);
        let chief = operator(&market).await;
        assert_eq!(market.issues().update(&chief, issue, hurry()).await.unwrap().level.priority, Priority::Critical);
        market.issues().attach(&ada, issue, theirs.resource).await.unwrap();
    }

    what_is_done_with_keys_and_codes_is_noted, |market| {
        let (ada, _) = newcomer(&market, "ada").await;
        let route = subscribed(&market, &ada, pay_per_use(&market)).await;
        let name = "key".parse().unwrap();
        let key = market.keys().create(&ada, route.resource, &name).await.unwrap().0.id;
        market.keys().rename(&ada, route.resource, key, &name).await.unwrap();
        market.keys().revoke(&ada, route.resource, key).await.unwrap();
        let secret = session(&market, "ada").await;
        let me = market.identity().by_session(&secret).await.unwrap().unwrap();
        let setup = market.second_factors().begin(&me).await.unwrap();
        let now = market.core().now().ms() / 1_000;
        market.second_factors().confirm(&me, &code(&setup.secret, now)).await.unwrap();
        for _ in 0..5 {
            assert!(market.second_factors().renew_codes(&me, "000000").await.is_err());
        }
        let told = market.history().list(&ada, Asked::default(), (100, 0)).await.unwrap().0;
        let times = |kind: &str| told.iter().filter(|event| event.kind == kind).count();
        let kinds = ["resource_key_created", "resource_key_renamed", "resource_key_revoked", "auth_second_factor_failed", "auth_locked_out"];
        assert_eq!(kinds.map(times), [1, 1, 1, 5, 1], "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_a_password_is_no_better_than_a_browser() {
    for (market, clock) in markets().await {
        register(&market, "ada").await;
        let (identity, factors) = (market.identity(), market.second_factors());
        let client = from("10.0.0.1");
        let secret = session(&market, "ada").await;
        let issue = async || identity.issue_token(&known("ada", PASSWORD, None), &client).await;
        let lives = async |token: &str| identity.by_token(token).await.unwrap().is_some();
        let me = identity.by_session(&secret).await.unwrap().unwrap();
        let (one, two) = (issue().await.unwrap(), issue().await.unwrap());
        identity.revoke_token(&one).await.unwrap();
        assert!(!lives(&one).await && lives(&two).await);
        identity.end_other_sessions(&me).await.unwrap();
        assert!(!lives(&two).await);
        let three = issue().await.unwrap();
        let setup = factors.begin(&me).await.unwrap();
        let now = || {
            use market::ports::Clock as _;
            clock.now().ms() / 1_000
        };
        // Neither a token nor a browser that was left open adds a way in.
        let robot = identity.by_token(&three).await.unwrap().unwrap();
        let refused = factors.confirm(&robot, &code(&setup.secret, now())).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        clock.advance_ms(15 * 60_000);
        let refused = factors.confirm(&me, &code(&setup.secret, now())).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        let me = session(&market, "ada").await;
        let me = identity.by_session(&me).await.unwrap().unwrap();
        factors.confirm(&me, &code(&setup.secret, now())).await.unwrap();
        assert!(!lives(&three).await);
        assert_eq!(mails(&market, "ada").await[0].subject, "Your account has changed");
    }
}
