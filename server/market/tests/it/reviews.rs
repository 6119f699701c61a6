//! Reviews: who may, what everybody sees of them, and what operators decide.

use std::sync::Arc;

use market::{Actor, Error, Market, both_engines};
use model::{
    OfferingId, ReviewFault, ReviewId, ReviewSort, ScopeRole, ServiceDetail, Stars, Title,
};

use crate::{assert_proven, call, newcomer, operator, pay_per_use, subscribed};

fn stars(n: u8) -> Stars {
    Stars::try_from(n).unwrap()
}

/// Somebody who has had so many answers of a service.
async fn user(market: &Market, name: &str, offering: OfferingId, answers: usize) -> Actor {
    let (actor, _) = newcomer(market, name).await;
    let route = subscribed(market, &actor, offering).await;
    for _ in 0..answers {
        call(market, &route, 200).await.unwrap();
    }
    actor
}

/// Somebody who belongs to the provider of a service: a member of the customer that sells it.
async fn seller(market: &Market, offering: OfferingId) -> Actor {
    let catalog = market.catalog();
    let provider = catalog.detail(offering).unwrap().provider.id;
    let (actor, _) = newcomer(market, "seller").await;
    let core = market.core();
    let sellers = store::catalog::providers(core.db()).await.unwrap();
    let customer = sellers.iter().find(|p| p.id == provider).unwrap().customer;
    let mut tx = core.db().begin().await.unwrap();
    let user = actor.user().unwrap();
    store::customers::add_member(&mut tx, customer, user, ScopeRole::CustomerOwner, core.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let token = market.identity().token_of(&"seller@example.org".parse().unwrap()).await.unwrap();
    market.identity().by_token(&token).await.unwrap().unwrap()
}

/// The service as a search shows it, not as its page does.
fn found(market: &Market, offering: OfferingId) -> Arc<ServiceDetail> {
    let catalog = market.catalog();
    let page = catalog.find(&model::CatalogQuery { page_size: 100, ..Default::default() });
    Arc::clone(page.services.iter().find(|found| found.service.id == offering).unwrap())
}

fn rating(market: &Market, offering: OfferingId) -> (Option<f64>, u64) {
    let service = &found(market, offering).service;
    (service.rating, service.review_count)
}

async fn texts(market: &Market, offering: OfferingId, sort: ReviewSort) -> Vec<String> {
    let page = market.reviews().page(offering, None, sort, 1).await.unwrap();
    page.reviews.into_iter().map(|review| review.text).collect()
}

both_engines! {
    the_gate_opens_at_ten_answers, |market| {
        let offering = pay_per_use(&market);
        let (actor, _) = newcomer(&market, "gate").await;
        let gate = market.reviews().gate(&actor, offering).await.unwrap();
        assert_eq!((gate.allowed, gate.requests, gate.needed, gate.own_service), (false, 0, 10, false));
        let route = subscribed(&market, &actor, offering).await;
        for _ in 0..9 {
            call(&market, &route, 200).await.unwrap();
        }
        // What has failed is no answer.
        for _ in 0..5 {
            call(&market, &route, 502).await.unwrap();
        }
        let gate = market.reviews().gate(&actor, offering).await.unwrap();
        assert_eq!((gate.allowed, gate.requests), (false, 9));
        let refused = market.reviews().write(&actor, offering, stars(5), "good").await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
        call(&market, &route, 200).await.unwrap();
        // What was used of a subscription that has ended counts, too.
        market.resources().terminate(&actor, route.resource).await.unwrap();
        let gate = market.reviews().gate(&actor, offering).await.unwrap();
        assert_eq!((gate.allowed, gate.requests, gate.own.is_none()), (true, 10, true));
        let other = found(&market, offering);
        let other = market.catalog().find(&model::CatalogQuery::default()).services.iter()
            .map(|s| s.service.id).find(|id| *id != other.service.id).unwrap();
        assert!(!market.reviews().gate(&actor, other).await.unwrap().allowed, "use of one service is none of another");
        market.reviews().write(&actor, offering, stars(5), "good").await.unwrap();
        assert_proven(&market).await;
    }

    a_review_is_seen_at_once_and_can_be_changed, |market| {
        let offering = pay_per_use(&market);
        let actor = user(&market, "editor", offering, 10).await;
        assert_eq!(rating(&market, offering), (None, 0));
        let first = market.reviews().write(&actor, offering, stars(2), " so\r\nso ").await.unwrap();
        assert_eq!((first.text.as_str(), first.author.as_str(), first.verified_use), ("so\nso", "editor's Workspace", true));
        assert_eq!(first.edited_at, None);
        assert_eq!(rating(&market, offering), (Some(2.0), 1));
        let same = market.reviews().write(&actor, offering, stars(2), "so\nso").await.unwrap();
        assert_eq!(same, first, "the same words again are no change");
        let hostile = "<img src=x onerror=alert(1)>'); DROP TABLE reviews; -- \u{202e} [x](javascript:y)";
        let second = market.reviews().write(&actor, offering, stars(4), hostile).await.unwrap();
        assert_eq!((second.id, second.created_at, second.text.as_str()), (first.id, first.created_at, hostile));
        assert!(second.edited_at.is_some());
        let page = market.reviews().page(offering, None, ReviewSort::Newest, 1).await.unwrap();
        assert_eq!(page.reviews, vec![second.clone()]);
        assert_eq!((page.total, page.average, page.distribution), (1, Some(4.0), [0, 0, 0, 1, 0]));
        let none = market.reviews().page(offering, Some(stars(2)), ReviewSort::Newest, 1).await.unwrap();
        assert_eq!((none.total, none.reviews.len(), none.average), (0, 0, Some(4.0)));
        assert_eq!(rating(&market, offering), (Some(4.0), 1));
        assert_eq!(market.reviews().gate(&actor, offering).await.unwrap().own, Some(second));
        let blank = market.reviews().write(&actor, offering, stars(4), " \t\0\n ").await.unwrap();
        assert_eq!(blank.text, "");
        let long = "ä".repeat(2_000);
        assert_eq!(market.reviews().write(&actor, offering, stars(4), &long).await.unwrap().text, long);
        let longer = market.reviews().write(&actor, offering, stars(4), &"ä".repeat(2_001)).await;
        assert!(matches!(longer, Err(Error::Invalid(_))));
        market.reviews().remove(&actor, first.id).await.unwrap();
        assert_eq!(rating(&market, offering), (None, 0));
        assert!(matches!(market.reviews().remove(&actor, first.id).await, Err(Error::Missing(_))));
    }

    writing_twice_at_once_leaves_one_review, |market| {
        let offering = pay_per_use(&market);
        let actor = user(&market, "hasty", offering, 10).await;
        let tasks: Vec<_> = (0..12_u8).map(|n| {
            let (market, actor) = (market.clone(), actor.clone());
            tokio::spawn(async move { market.reviews().write(&actor, offering, stars(n % 5 + 1), "x").await })
        }).collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        let page = market.reviews().page(offering, None, ReviewSort::Newest, 1).await.unwrap();
        assert_eq!((page.total, page.reviews.len()), (1, 1));
        assert_eq!(rating(&market, offering), (page.average, 1));
    }

    pages_are_in_the_order_that_was_asked_for, |market| {
        let offering = pay_per_use(&market);
        for (name, n) in [("anna", 3), ("berta", 5), ("carla", 1), ("doro", 5)] {
            let actor = user(&market, name, offering, 10).await;
            market.reviews().write(&actor, offering, stars(n), name).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        }
        assert_eq!(texts(&market, offering, ReviewSort::Newest).await, ["doro", "carla", "berta", "anna"]);
        assert_eq!(texts(&market, offering, ReviewSort::Lowest).await, ["carla", "anna", "doro", "berta"]);
        assert_eq!(texts(&market, offering, ReviewSort::Highest).await, ["doro", "berta", "anna", "carla"]);
        let page = market.reviews().page(offering, Some(stars(5)), ReviewSort::Newest, 1).await.unwrap();
        assert_eq!((page.total, page.average, page.distribution), (2, Some(3.5), [1, 0, 1, 0, 2]));
        assert_eq!(rating(&market, offering), (Some(3.5), 4));
        let beyond = market.reviews().page(offering, None, ReviewSort::Newest, u64::MAX).await.unwrap();
        assert_eq!((beyond.reviews.len(), beyond.total), (0, 4));
    }

    providers_answer_and_do_not_review, |market| {
        let offering = pay_per_use(&market);
        let author = user(&market, "author", offering, 10).await;
        let review = market.reviews().write(&author, offering, stars(1), "slow").await.unwrap();
        let seller = seller(&market, offering).await;
        let gate = market.reviews().gate(&seller, offering).await.unwrap();
        assert!(gate.own_service && !gate.allowed);
        let own = market.reviews().write(&seller, offering, stars(5), "the best").await;
        assert!(matches!(own, Err(Error::Conflict(_))), "{own:?}");
        assert!(market.reviews().may_reply(&seller, offering).await.unwrap());
        assert!(!market.reviews().may_reply(&author, offering).await.unwrap());
        assert!(matches!(market.reviews().reply(&author, review.id, "no").await, Err(Error::Denied)));
        assert!(matches!(market.reviews().reply(&seller, review.id, " \n").await, Err(Error::Invalid(_))));
        let edition = market.edition();
        market.reviews().reply(&seller, review.id, "Faster now.").await.unwrap();
        assert_ne!(market.edition(), edition, "pages that were kept are made anew");
        market.reviews().reply(&seller, review.id, "Much <b>faster</b> now.").await.unwrap();
        let page = market.reviews().page(offering, None, ReviewSort::Newest, 1).await.unwrap();
        assert_eq!(page.reviews[0].reply.as_ref().unwrap().text, "Much <b>faster</b> now.");
        let changed = market.reviews().write(&author, offering, stars(2), "less slow").await.unwrap();
        assert!(changed.reply.is_some(), "a changed review keeps its answer");
    }

    what_an_operator_hides_is_in_no_list_and_no_average, |market| {
        let offering = pay_per_use(&market);
        let (liar, fan) = (user(&market, "liar", offering, 10).await, user(&market, "fan", offering, 10).await);
        let lie = market.reviews().write(&liar, offering, stars(1), "call 555-0100").await.unwrap();
        market.reviews().write(&fan, offering, stars(5), "fine").await.unwrap();
        assert_eq!(rating(&market, offering), (Some(3.0), 2));
        let chief = operator(&market).await;
        for actor in [&fan, &liar] {
            assert!(matches!(market.reviews().reported(actor).await, Err(Error::Denied)));
            assert!(matches!(market.reviews().moderate(actor, lie.id, true, "x").await, Err(Error::Denied)));
        }
        assert!(matches!(market.reviews().report(&liar, lie.id, ReviewFault::Spam).await, Err(Error::Conflict(_))));
        for fault in [ReviewFault::Spam, ReviewFault::Spam, ReviewFault::Abuse] {
            market.reviews().report(&fan, lie.id, fault).await.unwrap();
        }
        let (third, _) = newcomer(&market, "third").await;
        market.reviews().report(&third, lie.id, ReviewFault::Private).await.unwrap();
        let waiting = market.reviews().reported(&chief).await.unwrap();
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].faults, vec![(ReviewFault::Private, 1), (ReviewFault::Spam, 1)]);
        assert_eq!((waiting[0].review.id, waiting[0].hidden), (lie.id, false));
        assert_eq!(waiting[0].service, found(&market, offering).service.name);
        assert!(matches!(market.reviews().moderate(&chief, lie.id, true, " ").await, Err(Error::Invalid(_))));
        market.reviews().moderate(&chief, lie.id, true, "A telephone number").await.unwrap();
        assert_eq!(market.reviews().reported(&chief).await.unwrap(), vec![]);
        assert_eq!(rating(&market, offering), (Some(5.0), 1));
        assert_eq!(texts(&market, offering, ReviewSort::Newest).await, ["fine"]);
        // Who wrote it sees it still, and cannot show it again: neither by a change nor by writing it anew.
        assert_eq!(market.reviews().gate(&liar, offering).await.unwrap().own.unwrap().text, "call 555-0100");
        market.reviews().write(&liar, offering, stars(1), "call me").await.unwrap();
        assert_eq!(rating(&market, offering), (Some(5.0), 1));
        market.reviews().remove(&liar, lie.id).await.unwrap();
        assert_eq!(market.reviews().gate(&liar, offering).await.unwrap().own.unwrap().text, "");
        market.reviews().write(&liar, offering, stars(1), "call again").await.unwrap();
        assert_eq!(rating(&market, offering), (Some(5.0), 1));
        assert!(matches!(market.reviews().report(&third, lie.id, ReviewFault::Spam).await, Err(Error::Missing(_))));
        let seller = seller(&market, offering).await;
        assert!(matches!(market.reviews().reply(&seller, lie.id, "x").await, Err(Error::Missing(_))));
        market.reviews().moderate(&chief, lie.id, false, "").await.unwrap();
        assert_eq!(rating(&market, offering), (Some(3.0), 2));
    }

    a_decision_is_about_the_words_it_was_made_of, |market| {
        let offering = pay_per_use(&market);
        let author = user(&market, "author", offering, 10).await;
        let review = market.reviews().write(&author, offering, stars(3), "harmless").await.unwrap();
        let (reader, _) = newcomer(&market, "reader").await;
        let chief = operator(&market).await;
        market.reviews().report(&reader, review.id, ReviewFault::Other).await.unwrap();
        market.reviews().moderate(&chief, review.id, false, "").await.unwrap();
        market.reviews().report(&reader, review.id, ReviewFault::Other).await.unwrap();
        assert_eq!(market.reviews().reported(&chief).await.unwrap(), vec![], "once per person");
        market.reviews().write(&author, offering, stars(3), "harmful").await.unwrap();
        market.reviews().report(&reader, review.id, ReviewFault::Abuse).await.unwrap();
        assert_eq!(market.reviews().reported(&chief).await.unwrap().len(), 1);
    }

    foreign_reviews_cannot_be_touched, |market| {
        let offering = pay_per_use(&market);
        let (author, other) = (user(&market, "author", offering, 10).await, user(&market, "other", offering, 10).await);
        let review = market.reviews().write(&author, offering, stars(3), "mine").await.unwrap();
        assert!(matches!(market.reviews().remove(&other, review.id).await, Err(Error::Missing(_))));
        let nothing = market.core().id(ReviewId::new);
        let service = market.core().id(OfferingId::new);
        let chief = operator(&market).await;
        let reviews = market.reviews();
        assert!(matches!(reviews.remove(&author, nothing).await, Err(Error::Missing(_))));
        assert!(matches!(reviews.reply(&author, nothing, "x").await, Err(Error::Missing(_))));
        assert!(matches!(reviews.report(&author, nothing, ReviewFault::Spam).await, Err(Error::Missing(_))));
        assert!(matches!(reviews.moderate(&chief, nothing, false, "").await, Err(Error::Missing(_))));
        assert!(matches!(reviews.gate(&author, service).await, Err(Error::Missing(_))));
        assert!(matches!(reviews.write(&author, service, stars(1), "").await, Err(Error::Missing(_))));
        assert!(matches!(reviews.page(service, None, ReviewSort::Newest, 1).await, Err(Error::Missing(_))));
        let instance = market.resources().list(&author).await.unwrap()[0].instance_id;
        let (_, key) = market.keys().create(&author, instance, &"k".parse::<Title>().unwrap()).await.unwrap();
        let key = market.identity().by_key(key.reveal()).await.unwrap().unwrap();
        assert!(matches!(reviews.write(&key, offering, stars(5), "").await, Err(Error::Denied)), "a key is no person");
        assert!(matches!(reviews.remove(&key, review.id).await, Err(Error::Denied)));
        assert_eq!(texts(&market, offering, ReviewSort::Newest).await, ["mine"]);
    }
}
