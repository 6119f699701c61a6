//! The parts of the operator's queue: whose a ticket is, what is late, and what is due first.

use std::sync::Arc;

use market::{Actor, Error, IssueChange, Market, TicketDraft, TicketQueue, ports::TestClock};
use model::{Priority, TicketId, TicketKind, TicketState, Timestamp};
use store::Db;

use crate::{newcomer, operator};

const HOUR: i64 = 3_600_000;

async fn open(market: &Market, actor: &Actor, reference: &str) -> TicketId {
    let draft = TicketDraft {
        kind: TicketKind::Other,
        text: "It does not answer any more.".to_owned(),
        offering: None,
        customer: None,
        reference: reference.to_owned(),
    };
    market.tickets().open(actor, draft).await.unwrap().id
}

async fn found(market: &Market, chief: &Actor, queue: TicketQueue) -> Vec<TicketId> {
    let (found, total) = market.issues().queue(chief, queue, (20, 0)).await.unwrap();
    assert_eq!(found.len() as u64, total);
    found.into_iter().map(|issue| issue.id).collect()
}

async fn what_is_due_comes_first(db: Db) {
    let start: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    let clock = Arc::new(TestClock::at(start.ms()));
    let market = market::testing::with_clock(db, Arc::clone(&clock)).await;
    let (actor, _) = newcomer(&market, "reporter").await;
    let chief = operator(&market).await;
    let me = chief.user().unwrap();
    assert!(matches!(
        market.issues().queue(&actor, TicketQueue::All, (20, 0)).await,
        Err(Error::Denied)
    ));
    let (calm, hasty, waits) = (
        open(&market, &actor, "calm").await,
        open(&market, &actor, "hasty").await,
        open(&market, &actor, "waits").await,
    );
    let set = |id, priority, assignee| {
        let (market, chief) = (&market, &chief);
        async move {
            let change = IssueChange {
                priority: Some(priority),
                assignee: Some(assignee),
                ..IssueChange::default()
            };
            market.issues().update(chief, id, change).await.unwrap();
        }
    };
    set(calm, Priority::Low, None).await;
    set(hasty, Priority::Critical, Some(me)).await;
    set(waits, Priority::Critical, None).await;
    market.tickets().settle(&chief, waits, TicketState::Waiting, "Which one?").await.unwrap();

    assert_eq!(found(&market, &chief, TicketQueue::All).await, [hasty, calm, waits]);
    assert_eq!(found(&market, &chief, TicketQueue::Of(me)).await, [hasty]);
    assert_eq!(found(&market, &chief, TicketQueue::Unassigned).await, [calm, waits]);
    assert!(found(&market, &chief, TicketQueue::Overdue).await.is_empty());

    // The answer is late after an hour; whose clock stands still is not late.
    clock.advance_ms(HOUR);
    assert!(found(&market, &chief, TicketQueue::Overdue).await.is_empty());
    clock.advance_ms(1);
    assert_eq!(found(&market, &chief, TicketQueue::Overdue).await, [hasty]);
    // An answer in between ends the first promise, and the second is broken after four hours.
    market.issues().comment(&chief, hasty, "We look at it.", true).await.unwrap();
    assert!(found(&market, &chief, TicketQueue::Overdue).await.is_empty());
    clock.advance_ms(3 * HOUR);
    assert_eq!(found(&market, &chief, TicketQueue::Overdue).await, [hasty]);
    // A part says the same as the clocks of each ticket.
    for id in [calm, hasty, waits] {
        let issue = market.issues().find(&chief, id).await.unwrap();
        assert_eq!(issue.level.is_breached(market.core().now()), id == hasty);
    }
    market.tickets().settle(&chief, hasty, TicketState::Resolved, "Done at last.").await.unwrap();
    assert!(found(&market, &chief, TicketQueue::Overdue).await.is_empty());
    assert!(found(&market, &chief, TicketQueue::Of(me)).await.is_empty());
    assert_eq!(found(&market, &chief, TicketQueue::All).await, [calm, waits, hasty]);
    // What waits for the customer goes on when the customer says something, not when an operator adds to it.
    let state = async |who: &Actor| market.issues().find(who, waits).await.unwrap();
    market.issues().comment(&chief, waits, "We ask again.", false).await.unwrap();
    assert_eq!(state(&chief).await.state, TicketState::Waiting);
    market.issues().comment(&actor, waits, "The second one.", true).await.unwrap();
    let issue = state(&actor).await;
    assert_eq!((issue.state, issue.level.waiting_since), (TicketState::Open, None));
    assert_eq!(issue.level.waited_ms, 4 * HOUR + 1);
}

mod what_is_due {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        super::what_is_due_comes_first(market::testing::sqlite().await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        super::what_is_due_comes_first(market::testing::postgres().await).await;
    }
}
