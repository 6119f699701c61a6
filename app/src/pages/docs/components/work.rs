//! What shows how far something is: steps, states of orders, promises of tickets, views of a list.

use leptos::prelude::*;
use model::{OrderState, Priority, ServiceLevel, Timestamp};

use crate::parts::{
    orders::order_state,
    tickets::{priority, promises},
    timeline::{Mark, Point, timeline},
    views::{Listed, views},
};

const HOUR: i64 = 3_600_000;

/// A step of each kind, with and without who, when and what was said.
pub fn steps() -> AnyView {
    let point = |mark, title: &str| Point {
        mark,
        title: title.to_owned(),
        who: String::new(),
        at: None,
        said: String::new(),
    };
    let at = Some(Timestamp::from_ms(1_795_000_000_000));
    let placed = Point {
        who: "by Ada Newcomer".to_owned(),
        at,
        said: "For the finance team, before the year ends please.".to_owned(),
        ..point(Mark::Done, "Placed")
    };
    let points = [
        placed,
        point(Mark::Skipped, "Approval by the organization was not needed"),
        Point {
            who: "Waiting for Deskwerk".to_owned(),
            ..point(Mark::Now, "Approval by the provider")
        },
        Point { at, ..point(Mark::Failed, "Failed") },
        point(Mark::Ahead, "Done"),
    ];
    timeline(&points)
}

/// Every state of an order, and every promise of a ticket.
pub fn states() -> AnyView {
    let now = Timestamp::from_ms(1_795_000_000_000);
    let level = |priority, hours: i64| ServiceLevel {
        created_at: now.plus_ms(-hours * HOUR),
        priority,
        first_response_at: None,
        resolved_at: None,
        waited_ms: 0,
        waiting_since: None,
    };
    let answered =
        ServiceLevel { first_response_at: Some(now.plus_ms(-HOUR)), ..level(Priority::High, 2) };
    let levels = [
        level(Priority::Critical, 3),
        level(Priority::Low, 1),
        answered,
        ServiceLevel { waiting_since: Some(now.plus_ms(-HOUR)), ..answered },
        ServiceLevel { resolved_at: Some(now), ..answered },
    ];
    let line = |level: &ServiceLevel| view! { <p class="row">{promises(level, now)}</p> };
    view! {
        <div class="row">{OrderState::ALL.iter().map(|state| order_state(*state)).collect_view()}</div>
        <div class="row">{Priority::ALL.iter().map(|one| priority(*one)).collect_view()}</div>
        {levels.iter().map(line).collect_view()}
    }
    .into_any()
}

/// Views with and without how many they have.
pub fn tabs() -> AnyView {
    let view = |words, count, current| Listed { href: "#".to_owned(), words, count, current };
    views(
        "Views",
        &[
            view("All", None, true),
            view("Failed", Some(1_204), false),
            view("Mine", Some(0), false),
        ],
    )
}
