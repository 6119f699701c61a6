//! The orders of a workspace: what was asked for, and how far each is.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Asked, Error};

use crate::{
    context::{Workspace, loaded, query},
    fail::Fail,
    flash,
    format::count,
    parts::{
        crumbs::crumbs,
        notices::{empty, flash_banner},
        orders::{Columns, View, order_table},
        pages::Pages,
        views::{Listed, address, views},
    },
};

/// How many orders a page has.
const PAGE: u64 = 20;

/// Whether a workspace has ordered or is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Bought,
    Sold,
}

impl Side {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Bought => "",
            Self::Sold => "sold",
        }
    }

    /// Whom the workspace is in an order, as the list's filters call it.
    const fn filter(self) -> &'static str {
        match self {
            Self::Bought => "customer",
            Self::Sold => "provider_uuid",
        }
    }
}

/// The list, newest first. Who sells has two: what was ordered from it stands beside what it has ordered.
#[component]
pub fn OrdersPage() -> impl IntoView {
    loaded(async {
        let place = Workspace::load().await?;
        let sells = place.market.catalog().sells(place.customer.id);
        let sold = sells && query::<String>("side").is_some_and(|side| side == "sold");
        let side = if sold { Side::Sold } else { Side::Bought };
        let view = query::<View>("view").unwrap_or_default();
        let page = query::<u64>("page").unwrap_or(1).clamp(1, 100_000);
        let range = (PAGE.cast_signed(), ((page - 1) * PAGE).cast_signed());
        let asked = asked(&place, side, view)?;
        let (orders, total) = place.market.orders().list(&place.actor, asked, range).await?;
        let mut listed = Vec::new();
        for one in View::ALL {
            let count = if one.is_work() {
                let (_, count) = place
                    .market
                    .orders()
                    .list(&place.actor, self::asked(&place, side, one)?, (1, 0))
                    .await?;
                Some(count)
            } else {
                None
            };
            let href = address(&[("side", side.as_str()), ("view", one.as_str())]);
            listed.push(Listed { href, words: one.title(), count, current: one == view });
        }
        let flash = flash::take();
        let pages = Pages { page, size: PAGE, total };
        let list = if orders.is_empty() {
            nothing(side, view)
        } else {
            let caption = count(total, "order", "orders") + ", newest first";
            view! {
                {order_table(&orders, Columns { customer: sold, choose: None }, caption)}
                {pages.view("orders", |page| address(&[("side", side.as_str()), ("view", view.as_str()), ("page", &page.to_string())]))}
            }
            .into_any()
        };
        Ok(view! {
            <Title text=format!("Orders – {} – CMP", place.customer.name) />
            <div class="wrap">
                {crumbs(&[(place.path(), place.customer.name.clone())], "Orders")}
                {flash_banner(flash.as_ref())}
                <header class="page-head">
                    <h1>"Orders"</h1>
                </header>
                {sells.then(|| sides(side))}
                {views("Orders by state", &listed)}
                {list}
            </div>
        }
        .into_any())
    })
}

fn asked(place: &Workspace, side: Side, view: View) -> Result<Asked, Fail> {
    let customer = place.customer.id.to_string();
    let states = view.states().iter().map(|state| ("state", state.as_str()));
    let pairs = states.chain([(side.filter(), customer.as_str())]);
    Ok(Asked::read(&market::ORDERS, pairs).map_err(Error::Invalid)?)
}

/// The way between the two lists of who sells.
fn sides(now: Side) -> AnyView {
    let link = |(side, words): (Side, &'static str)| {
        let current = (side == now).then_some("page");
        view! { <a href=address(&[("side", side.as_str())]) aria-current=current>{words}</a> }
    };
    let both = [(Side::Bought, "What we ordered"), (Side::Sold, "What was ordered from us")];
    view! { <nav class="segments" aria-label="Whose orders">{both.map(link).into_iter().collect_view()}</nav> }
        .into_any()
}

fn nothing(side: Side, view: View) -> AnyView {
    if view == View::All && side == Side::Sold {
        return empty(
            "Nobody has ordered yet",
            "What organizations order from this provider stands here, and waits here where it asks for approval.",
            None,
        );
    }
    if view == View::All {
        return empty(
            "No orders yet",
            "Whatever this workspace starts, changes or ends becomes an order, and stands here with its price.",
            Some(("/marketplace/", "Browse agents")),
        );
    }
    empty(
        "No order is in this state",
        "Others may be: look at all of them.",
        Some((&address(&[("side", side.as_str())]), "Show all orders")),
    )
}
