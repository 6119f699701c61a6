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

/// The list, newest first.
#[component]
pub fn OrdersPage() -> impl IntoView {
    loaded(async {
        let place = Workspace::load().await?;
        let view = query::<View>("view").unwrap_or_default();
        let page = query::<u64>("page").unwrap_or(1).clamp(1, 100_000);
        let range = (PAGE.cast_signed(), ((page - 1) * PAGE).cast_signed());
        let asked = asked(&place, view)?;
        let (orders, total) = place.market.orders().list(&place.actor, asked, range).await?;
        let mut listed = Vec::new();
        for one in View::ALL {
            let count = if one.is_work() {
                let (_, count) = place
                    .market
                    .orders()
                    .list(&place.actor, self::asked(&place, one)?, (1, 0))
                    .await?;
                Some(count)
            } else {
                None
            };
            let href = address(&[("view", one.as_str())]);
            listed.push(Listed { href, words: one.title(), count, current: one == view });
        }
        let flash = flash::take();
        let pages = Pages { page, size: PAGE, total };
        let list = if orders.is_empty() {
            nothing(view)
        } else {
            let caption = count(total, "order", "orders") + ", newest first";
            view! {
                {order_table(&orders, Columns { customer: false, choose: None }, caption)}
                {pages.view("orders", |page| address(&[("view", view.as_str()), ("page", &page.to_string())]))}
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
                {views("Orders by state", &listed)}
                {list}
            </div>
        }
        .into_any())
    })
}

fn asked(place: &Workspace, view: View) -> Result<Asked, Fail> {
    let customer = place.customer.id.to_string();
    let states = view.states().iter().map(|state| ("state", state.as_str()));
    let pairs = states.chain([("customer", customer.as_str())]);
    Ok(Asked::read(&market::ORDERS, pairs).map_err(Error::Invalid)?)
}

fn nothing(view: View) -> AnyView {
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
        Some(("?", "Show all orders")),
    )
}
