//! Tickets: once per form, bounded, and nobody else's business.

use std::collections::HashSet;

use market::{Error, TicketDraft, TicketQueue, both_engines};
use model::{CustomerId, OfferingId, TicketId, TicketKind, TicketState, Title};

use crate::{newcomer, operator, pay_per_use, subscribed};

fn draft(reference: &str) -> TicketDraft {
    TicketDraft {
        kind: TicketKind::Latency,
        text: "The answers take a minute.".to_owned(),
        offering: None,
        customer: None,
        reference: reference.to_owned(),
    }
}

both_engines! {
    a_form_opens_one_ticket, |market| {
        let (actor, customer) = newcomer(&market, "reporter").await;
        let offering = pay_per_use(&market);
        let hostile = "<script>alert(1)</script>'; DROP TABLE tickets; --";
        let sent = TicketDraft { text: format!(" {hostile}\0 "), offering: Some(offering), ..draft("form-1") };
        let tasks: Vec<_> = (0..8).map(|_| {
            let (market, actor, sent) = (market.clone(), actor.clone(), sent.clone());
            tokio::spawn(async move { market.tickets().open(&actor, sent).await })
        }).collect();
        let mut ids = HashSet::new();
        for task in tasks {
            ids.insert(task.await.unwrap().unwrap().id);
        }
        assert_eq!(ids.len(), 1);
        let listed = market.tickets().of_customer(&actor, customer, 1).await.unwrap();
        assert_eq!(listed.len(), 1);
        let ticket = &listed[0];
        assert_eq!((ticket.text.as_str(), ticket.state, ticket.kind), (hostile, TicketState::Open, TicketKind::Latency));
        assert_eq!((ticket.reporter.as_str(), ticket.customer.as_str()), ("reporter", "reporter's Workspace"));
        assert_eq!(ticket.service_id, Some(offering));
        assert_eq!(ticket.service.as_deref(), Some(market.catalog().detail(offering).unwrap().service.name.as_str()));
        let next = market.tickets().open(&actor, draft("form-2")).await.unwrap();
        assert_eq!(next.number, ticket.number + 1, "numbers have no gaps");
        let (other, _) = newcomer(&market, "other").await;
        let theirs = market.tickets().open(&other, draft("form-1")).await.unwrap();
        assert!(!ids.contains(&theirs.id), "a reference is one person's own");
    }

    wrong_reports_are_refused, |market| {
        let (actor, _) = newcomer(&market, "clumsy").await;
        for text in ["", "too short", " \n\n  123456789 \0\0\0"] {
            let sent = TicketDraft { text: text.to_owned(), ..draft("a") };
            assert!(matches!(market.tickets().open(&actor, sent).await, Err(Error::Invalid(_))), "{text}");
        }
        let long = TicketDraft { text: "x".repeat(4_001), ..draft("a") };
        assert!(matches!(market.tickets().open(&actor, long).await, Err(Error::Invalid(_))));
        for reference in ["", "a\nb", &"x".repeat(201)] {
            assert!(matches!(market.tickets().open(&actor, draft(reference)).await, Err(Error::Invalid(_))));
        }
        let nothing = TicketDraft { offering: Some(market.core().id(OfferingId::new)), ..draft("a") };
        assert!(matches!(market.tickets().open(&actor, nothing).await, Err(Error::Missing("service"))));
        market.tickets().open(&actor, TicketDraft { text: "x".repeat(4_000), ..draft("a") }).await.unwrap();
    }

    tickets_are_between_an_organization_and_the_operator, |market| {
        let (actor, customer) = newcomer(&market, "reporter").await;
        let (other, theirs) = newcomer(&market, "other").await;
        let ticket = market.tickets().open(&actor, draft("a")).await.unwrap();
        assert!(matches!(market.tickets().find(&other, ticket.id).await, Err(Error::Missing("ticket"))));
        assert!(matches!(market.tickets().of_customer(&other, customer, 1).await, Err(Error::Missing(_))));
        let into = TicketDraft { customer: Some(theirs), ..draft("b") };
        assert!(matches!(market.tickets().open(&actor, into).await, Err(Error::Missing("organization"))));
        assert!(matches!(market.issues().queue(&actor, TicketQueue::All, (20, 0)).await, Err(Error::Denied)));
        let state = TicketState::Closed;
        assert!(matches!(market.tickets().settle(&actor, ticket.id, state, "x").await, Err(Error::Denied)));
        let route = subscribed(&market, &actor, pay_per_use(&market)).await;
        let (_, key) = market.keys().create(&actor, route.resource, &"k".parse::<Title>().unwrap()).await.unwrap();
        let key = market.identity().by_key(key.reveal()).await.unwrap().unwrap();
        assert!(matches!(market.tickets().find(&key, ticket.id).await, Err(Error::Denied)), "a key is no person");
        assert!(matches!(market.tickets().open(&key, draft("k")).await, Err(Error::Denied)));
        let chief = operator(&market).await;
        assert_eq!(market.tickets().find(&chief, ticket.id).await.unwrap(), ticket);
        assert_eq!(market.tickets().of_customer(&chief, customer, 1).await.unwrap().len(), 1);
        let unknown = market.core().id(TicketId::new);
        assert!(matches!(market.tickets().settle(&chief, unknown, state, "x").await, Err(Error::Missing(_))));
        assert!(matches!(market.tickets().of_customer(&other, market.core().id(CustomerId::new), 1).await, Err(Error::Missing(_))));
    }

    an_operator_answers_what_has_waited_longest, |market| {
        let (actor, customer) = newcomer(&market, "reporter").await;
        let first = market.tickets().open(&actor, draft("a")).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        let second = market.tickets().open(&actor, draft("b")).await.unwrap();
        let chief = operator(&market).await;
        let queue = async || {
            let (queue, _) = market.issues().queue(&chief, TicketQueue::All, (20, 0)).await.unwrap();
            queue.iter().map(|ticket| ticket.id).collect::<Vec<_>>()
        };
        assert_eq!(queue().await, [first.id, second.id]);
        let resolve = async |answer: &str| market.tickets().settle(&chief, first.id, TicketState::Resolved, answer).await;
        assert!(matches!(resolve(" ").await, Err(Error::Invalid(_))), "what is solved is told how");
        resolve("A slow disk was replaced.").await.unwrap();
        assert_eq!(queue().await, [second.id, first.id]);
        market.tickets().settle(&chief, first.id, TicketState::Closed, "").await.unwrap();
        let seen = market.tickets().find(&actor, first.id).await.unwrap();
        assert_eq!((seen.state, seen.answer.as_deref()), (TicketState::Closed, Some("A slow disk was replaced.")));
        assert!(seen.updated_at > seen.created_at);
        let newest = market.tickets().of_customer(&actor, customer, 1).await.unwrap();
        assert_eq!(newest[0].id, second.id);
        assert!(market.tickets().of_customer(&actor, customer, 2).await.unwrap().is_empty());
    }
}

/// Ten an hour for a person, twenty unfinished ones for an organization, also when all come at once.
async fn limits(db: store::Db) {
    use std::sync::Arc;
    let clock = Arc::new(market::ports::TestClock::at(1_700_000_000_000));
    let market = market::testing::with_clock(db, Arc::clone(&clock)).await;
    let (actor, customer) = newcomer(&market, "eager").await;
    let burst = async |name: &str| {
        let tasks: Vec<_> = (0..30)
            .map(|n| {
                let (market, actor, draft) =
                    (market.clone(), actor.clone(), draft(&format!("{name}-{n}")));
                tokio::spawn(async move { market.tickets().open(&actor, draft).await })
            })
            .collect();
        let mut opened = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => opened += 1,
                Err(Error::Limited { retry_after_s, .. }) => {
                    assert!((1..=3_601).contains(&retry_after_s), "{retry_after_s}");
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        opened
    };
    assert_eq!(burst("first").await, 10);
    assert_eq!(burst("again").await, 0);
    clock.advance_ms(3_600_000);
    assert_eq!(burst("hour").await, 10);
    clock.advance_ms(3_600_000);
    assert_eq!(burst("full").await, 0, "twenty are unfinished");
    let chief = operator(&market).await;
    let (queue, _) = market.issues().queue(&chief, TicketQueue::All, (20, 0)).await.unwrap();
    let oldest = queue[0].id;
    market.tickets().settle(&chief, oldest, TicketState::Closed, "").await.unwrap();
    assert_eq!(burst("room").await, 1);
    let all = market.tickets().of_customer(&actor, customer, 2).await.unwrap();
    assert_eq!(all.len(), 1, "21 tickets are two pages");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_on_sqlite() {
    limits(market::testing::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_on_postgres() {
    limits(market::testing::postgres().await).await;
}
