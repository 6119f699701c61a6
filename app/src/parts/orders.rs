//! Orders: their states and kinds in words, the table of them, and the steps that one has taken.

use std::str::FromStr;

use leptos::prelude::*;
use market::{Order, OrderRow};
use model::{OrderKind, OrderState, PlanUnit};
use serde_json::Value;

use super::{
    badges::{Tone, badge},
    timeline::{Mark, Point},
};
use crate::format::{date, date_time, dollars};

/// Where an order stands, in words.
pub fn order_state(state: OrderState) -> AnyView {
    let tone = match state {
        OrderState::PendingConsumer | OrderState::PendingProvider => Tone::Warning,
        OrderState::Executing => Tone::Accent,
        OrderState::Done => Tone::Good,
        OrderState::Erred | OrderState::Rejected => Tone::Danger,
        OrderState::PendingProject | OrderState::PendingStartDate | OrderState::Canceled => {
            Tone::Neutral
        }
    };
    badge(state.title(), tone)
}

/// A part of the orders, by where they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    #[default]
    All,
    Approval,
    Progress,
    Failed,
    Done,
    Refused,
}

impl View {
    pub const ALL: [Self; 6] =
        [Self::All, Self::Approval, Self::Progress, Self::Failed, Self::Done, Self::Refused];

    /// As in the address; all of them need no word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Approval => "approval",
            Self::Progress => "progress",
            Self::Failed => "failed",
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Approval => "Pending approval",
            Self::Progress => "In progress",
            Self::Failed => "Failed",
            Self::Done => "Done",
            Self::Refused => "Rejected or canceled",
        }
    }

    /// The states of the view; none: every one.
    pub const fn states(self) -> &'static [OrderState] {
        use OrderState as S;
        match self {
            Self::All => &[],
            Self::Approval => &[S::PendingConsumer, S::PendingProvider],
            Self::Progress => &[S::PendingProject, S::PendingStartDate, S::Executing],
            Self::Failed => &[S::Erred],
            Self::Done => &[S::Done],
            Self::Refused => &[S::Rejected, S::Canceled],
        }
    }

    /// Somebody has something to do with those, so that it is told how many there are.
    pub const fn is_work(self) -> bool {
        matches!(self, Self::Approval | Self::Progress | Self::Failed)
    }
}

impl FromStr for View {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|view| view.as_str() == text).ok_or(())
    }
}

/// What an order asks for.
pub const fn kind_words(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Create => "New subscription",
        OrderKind::Update => "Change",
        OrderKind::Terminate => "End",
        OrderKind::Restore => "Restore",
    }
}

/// For how long the estimate of an order is.
pub const fn unit_words(unit: Option<PlanUnit>) -> &'static str {
    match unit {
        Some(PlanUnit::Month) => "first month",
        Some(PlanUnit::Quarter) => "first quarter",
        Some(PlanUnit::HalfMonth) => "first half month",
        Some(PlanUnit::Day) => "first day",
        Some(PlanUnit::Hour) => "first hour",
        Some(PlanUnit::Quantity) | None => "",
    }
}

/// The page of an order.
pub fn order_page(order: &Order) -> String {
    format!("/marketplace-order/{}/", order.id)
}

/// Who, as people are named; somebody without a name by the address.
pub fn person(who: Option<&(String, String)>) -> String {
    match who {
        Some((name, email)) if name.trim().is_empty() => email.clone(),
        Some((name, _)) => name.clone(),
        None => String::new(),
    }
}

/// What the subscription is called, or will be.
pub fn called(row: &OrderRow) -> Option<String> {
    let asked = row.order.attributes.get("name").and_then(Value::as_str).map(str::trim);
    let asked = asked.filter(|name| !name.is_empty()).map(str::to_owned);
    row.resource_name.clone().or(asked)
}

/// What a table of orders shows beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// Whose orders they are.
    pub customer: bool,
    /// A box to choose each that waits for consent; the form of this id gets them.
    pub choose: Option<&'static str>,
}

/// Orders, the newest first.
pub fn order_table(orders: &[OrderRow], columns: Columns, caption: String) -> AnyView {
    let choose = columns
        .choose
        .map(|_| view! { <th scope="col"><span class="sr-only">"Choose"</span></th> });
    let customer = columns.customer.then(|| view! { <th scope="col">"Organization"</th> });
    view! {
        <table class="sheet sheet-cards">
            <caption>{caption}</caption>
            <thead>
                <tr>
                    {choose}
                    <th scope="col">"Order"</th>
                    {customer}
                    <th scope="col">"State"</th>
                    <th scope="col">"Type"</th>
                    <th scope="col">"Plan"</th>
                    <th scope="col" class="num">"Price"</th>
                    <th scope="col">"Placed"</th>
                </tr>
            </thead>
            <tbody>{orders.iter().map(|row| line(row, columns)).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn line(row: &OrderRow, columns: Columns) -> AnyView {
    let order = &row.order;
    let name = called(row).filter(|name| *name != row.offering_name);
    let named = name.map(|name| view! { <span class="meta block">{name}</span> });
    let waits = matches!(order.state, OrderState::PendingConsumer | OrderState::PendingProvider);
    let choose = columns.choose.map(|form| {
        let label = format!("Choose {} {} of {}", order.slug, row.offering_name, row.customer_name);
        let input = waits.then(|| {
            view! { <input type="checkbox" form=form name="order" value=order.id.to_string() aria-label=label /> }
        });
        view! { <td class="pick" data-label="Choose">{input}</td> }
    });
    let customer = columns.customer.then(|| {
        view! { <td data-label="Organization"><span>{row.customer_name.clone()}</span></td> }
    });
    let plan = match (&row.old_plan_name, &row.plan_name) {
        (Some(old), Some(new)) if old != new => format!("{old} → {new}"),
        (_, Some(new)) => new.clone(),
        _ => "–".to_owned(),
    };
    let who = person(row.created_by.as_ref());
    view! {
        <tr>
            {choose}
            <th scope="row">
                <a href=order_page(order)>{row.offering_name.clone()} <span class="sr-only">", " {order.slug.clone()}</span></a>
                {named}
                <span class="meta block" aria-hidden="true">{order.slug.clone()}</span>
            </th>
            {customer}
            <td data-label="State">{order_state(order.state)}</td>
            <td data-label="Type"><span>{kind_words(order.kind)}</span></td>
            <td data-label="Plan"><span>{plan}</span></td>
            <td data-label="Price" class="num">{dollars(order.cost)}</td>
            <td data-label="Placed">
                <span>
                    <time datetime=order.created_at.to_string() title=date_time(order.created_at)>{date(order.created_at)}</time>
                    <span class="meta block">{who}</span>
                </span>
            </td>
        </tr>
    }
    .into_any()
}

/// The steps of an order: what was done by whom, where it stands, and what comes.
pub fn steps(row: &OrderRow, canceled_by: &str) -> Vec<Point> {
    let order = &row.order;
    let said =
        |by: String, what: &str| if by.is_empty() { String::new() } else { format!("{what} {by}") };
    let point = |mark, title: &str, who: String| Point {
        mark,
        title: title.to_owned(),
        who,
        at: None,
        said: String::new(),
    };
    let mut points = vec![Point {
        at: Some(order.created_at),
        said: order.request_comment.clone(),
        ..point(Mark::Done, "Placed", said(person(row.created_by.as_ref()), "by"))
    }];
    points.push(consumer(row, &point));
    points.push(provider(row, &point));
    let dated = order.start_day.filter(|_| !order.state.is_final());
    match (order.state, dated) {
        (OrderState::PendingProject, _) => {
            points.push(point(Mark::Now, "Waits for the project to start", String::new()));
        }
        (OrderState::PendingStartDate, Some(day)) => points.push(point(
            Mark::Now,
            &format!("Waits for {}", date(day.start())),
            String::new(),
        )),
        _ => {}
    }
    points.push(match order.state {
        OrderState::Erred => Point {
            at: Some(order.updated_at),
            said: order.error_message.clone(),
            ..point(Mark::Failed, "Failed", String::new())
        },
        OrderState::Executing => {
            point(Mark::Now, "Executing", format!("{} is setting it up", row.seller_name))
        }
        OrderState::Done => point(Mark::Done, "Executed", String::new()),
        OrderState::Canceled | OrderState::Rejected => {
            point(Mark::Skipped, "Executing", String::new())
        }
        _ => point(Mark::Ahead, "Executing", String::new()),
    });
    points.push(match order.state {
        OrderState::Done => {
            Point { at: order.completed_at, ..point(Mark::Done, "Done", String::new()) }
        }
        OrderState::Rejected => {
            Point { at: order.completed_at, ..point(Mark::Failed, "Rejected", String::new()) }
        }
        OrderState::Canceled => Point {
            at: order.completed_at,
            ..point(Mark::Failed, "Canceled", said(canceled_by.to_owned(), "by"))
        },
        _ => point(Mark::Ahead, "Done", String::new()),
    });
    points
}

fn consumer(row: &OrderRow, point: &impl Fn(Mark, &str, String) -> Point) -> Point {
    let order = &row.order;
    let by = person(row.consumer_reviewed_by.as_ref());
    let refused = order.state == OrderState::Rejected && order.provider_reviewed_at.is_none();
    let (mark, title, who) = match (order.state, order.consumer_reviewed_at) {
        (OrderState::PendingConsumer, _) => (
            Mark::Now,
            "Approval by the organization",
            format!("Waiting for somebody of {} who may approve orders", row.customer_name),
        ),
        (_, Some(_)) if refused => (Mark::Failed, "Rejected by the organization", by),
        (_, Some(_)) => (Mark::Done, "Approved by the organization", by),
        (OrderState::Canceled, None) => {
            (Mark::Skipped, "Approval by the organization", String::new())
        }
        (_, None) => (Mark::Skipped, "Approval by the organization was not needed", String::new()),
    };
    Point {
        at: order.consumer_reviewed_at,
        said: order.consumer_comment.clone(),
        ..point(mark, title, who)
    }
}

fn provider(row: &OrderRow, point: &impl Fn(Mark, &str, String) -> Point) -> Point {
    let order = &row.order;
    let by = person(row.provider_reviewed_by.as_ref());
    let (mark, title, who) = match (order.state, order.provider_reviewed_at) {
        (OrderState::PendingProvider, _) => {
            (Mark::Now, "Approval by the provider", format!("Waiting for {}", row.seller_name))
        }
        (OrderState::Rejected, Some(_)) => (Mark::Failed, "Rejected by the provider", by),
        (_, Some(_)) => (Mark::Done, "Approved by the provider", by),
        (OrderState::PendingConsumer | OrderState::PendingProject, None) => {
            (Mark::Ahead, "Approval by the provider, where it is asked for", String::new())
        }
        (OrderState::Rejected | OrderState::Canceled, None) => {
            (Mark::Skipped, "Approval by the provider", String::new())
        }
        (_, None) => (Mark::Skipped, "Approval by the provider was not needed", String::new()),
    };
    Point {
        at: order.provider_reviewed_at,
        said: order.provider_comment.clone(),
        ..point(mark, title, who)
    }
}
