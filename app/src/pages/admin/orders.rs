//! Every order, for the operator: by state and organization, approved or rejected together.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Actor, Asked, Error, Market, Mine, OrderRow, Permission, Remark};
use model::OrderId;

use crate::{
    calls::own_form,
    context::{PostedForm, actor, here, loaded, market, posted, query, see_other},
    fail::Fail,
    flash::{self, FlashBody},
    format::count,
    pages::buyer::moved_on,
    parts::{
        areas::Area,
        fields::hidden,
        notices::{empty, error_summary, flash_banner},
        orders::{Columns, View, order_table},
        pages::Pages,
        views::{Listed, address, views},
    },
};

/// How many orders a page has, and how many organizations a search may find.
const PAGE: u64 = 50;
const MOST_FOUND: i64 = 100;
/// How many failures are told by name.
const MOST_TOLD: usize = 5;

const REASON: Area = Area {
    name: "reason",
    label: "Reason, which the customers read when their orders are rejected",
    hint: "",
    rows: 2,
    longest: 2_000,
};

/// What is looked for.
struct Looked {
    view: View,
    search: String,
    customer: String,
    page: u64,
}

impl Looked {
    fn read() -> Self {
        let text = |name| query::<String>(name).unwrap_or_default();
        Self {
            view: query("view").unwrap_or_default(),
            search: text("search"),
            customer: text("customer"),
            page: query::<u64>("page").unwrap_or(1).clamp(1, 100_000),
        }
    }

    fn address(&self, view: View, page: u64) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        address(&[
            ("view", view.as_str()),
            ("search", &self.search),
            ("customer", &self.customer),
            ("page", &page),
        ])
    }
}

/// The list with its filters and the form for those that wait.
#[component]
pub fn AllOrdersPage() -> impl IntoView {
    loaded(async {
        let (market, actor) = (market()?, actor()?);
        if !actor.sees_all() {
            return Err(Error::Denied.into());
        }
        let told = match posted() {
            None => flash::take(),
            Some(form) => match carry_out(&market, &actor, &form).await {
                Ok(done) => {
                    flash::put(&done);
                    see_other(&here());
                    return Ok(().into_any());
                }
                Err(error) => Some(own_form::wrong(error, &form, &["reason"])?),
            },
        };
        let looked = Looked::read();
        let customers = customers(&market, &actor, &looked.customer).await?;
        let first = ((looked.page - 1) * PAGE).cast_signed();
        let range = (PAGE.cast_signed(), first);
        let (orders, total) =
            list(&market, &actor, &looked, customers.as_deref(), looked.view, range).await?;
        let mut listed = Vec::new();
        for view in View::ALL {
            let one = (1, 0);
            let count = if view.is_work() {
                let found = list(&market, &actor, &looked, customers.as_deref(), view, one).await?;
                Some(found.1)
            } else {
                None
            };
            let href = looked.address(view, 1);
            listed.push(Listed { href, words: view.title(), count, current: view == looked.view });
        }
        let approves = actor.may_everywhere(Permission::ApproveAsProvider)
            && actor.may_everywhere(Permission::ApproveAsConsumer);
        Ok(page(&looked, &orders, total, &listed, approves, told.as_ref()))
    })
}

/// The ids of the organizations that a search finds; none when nothing is looked for.
async fn customers(
    market: &Market,
    actor: &Actor,
    search: &str,
) -> Result<Option<Vec<String>>, Fail> {
    if search.trim().is_empty() {
        return Ok(None);
    }
    let asked = Asked::read(&market::CUSTOMERS, [("query", search.trim())].into_iter())
        .map_err(Error::Invalid)?;
    let range = (MOST_FOUND, 0);
    let (found, _) = market.customers().list(actor, asked, Mine::default(), range).await?;
    Ok(Some(found.iter().map(|row| row.tenant.customer.id.to_string()).collect()))
}

async fn list(
    market: &Market,
    actor: &Actor,
    looked: &Looked,
    customers: Option<&[String]>,
    view: View,
    range: (i64, i64),
) -> Result<(Vec<OrderRow>, u64), Fail> {
    if customers.is_some_and(<[String]>::is_empty) {
        return Ok((Vec::new(), 0));
    }
    let states = view.states().iter().map(|state| ("state", state.as_str()));
    let of = customers.unwrap_or_default().iter().map(|id| ("customer", id.as_str()));
    let pairs = states.chain(of).chain([("query", looked.search.trim())]);
    let asked = Asked::read(&market::ORDERS, pairs).map_err(Error::Invalid)?;
    Ok(market.orders().list(actor, asked, range).await?)
}

/// Approves or rejects what was chosen, one after the other: what cannot be is told by name, the others are done.
async fn carry_out(market: &Market, actor: &Actor, form: &PostedForm) -> Result<FlashBody, Error> {
    own_form::must_be_own()?;
    let chosen = form.0.iter().filter(|(name, _)| name == "order");
    let chosen: Vec<OrderId> = chosen.filter_map(|(_, id)| id.parse().ok()).collect();
    if chosen.is_empty() {
        return Err(Error::Conflict("Choose the orders first, by the boxes in front of them."));
    }
    let approves = match form.text("do") {
        "approve" => true,
        "reject" => false,
        _ => return Err(Error::Missing("page")),
    };
    let comment = form.text("reason").trim().to_owned();
    if !approves && comment.is_empty() {
        return Err(Error::field("reason", "Enter why the orders are rejected"));
    }
    let (mut done, mut failed) = (0_u64, Vec::new());
    for id in chosen {
        let remark = Remark { comment: comment.clone(), ..Remark::default() };
        let orders = market.orders();
        let outcome = if approves {
            orders.approve(actor, id, Remark::default()).await
        } else {
            orders.reject(actor, id, remark).await
        };
        match outcome {
            Ok(_) => done += 1,
            Err(error @ (Error::Internal(_) | Error::Denied)) => return Err(error),
            Err(error) => {
                let slug = orders.find(actor, id).await.map(|row| row.order.slug);
                let name = slug.unwrap_or_else(|_| id.to_string());
                failed.push(format!("{name}: {}", moved_on(error).sentence()));
            }
        }
    }
    let all = failed.is_empty();
    let verb = if approves { "approved" } else { "rejected" };
    let mut words = format!("{} {verb}.", count(done, "order", "orders"));
    if !failed.is_empty() {
        let more = failed.len().saturating_sub(MOST_TOLD);
        failed.truncate(MOST_TOLD);
        words = format!("{words} Not done: {}", failed.join(" "));
        if more > 0 {
            words = format!("{words} And {more} more.");
        }
    }
    Ok(FlashBody { done: all, ..FlashBody::done(words) })
}

fn page(
    looked: &Looked,
    orders: &[OrderRow],
    total: u64,
    listed: &[Listed],
    approves: bool,
    told: Option<&FlashBody>,
) -> AnyView {
    let pages = Pages { page: looked.page, size: PAGE, total };
    let open = |row: &OrderRow| View::Approval.states().contains(&row.order.state);
    let waits = approves && orders.iter().any(open);
    let columns = Columns { customer: true, choose: waits.then_some("decide") };
    let list = if orders.is_empty() {
        nothing(looked)
    } else {
        view! {
            {order_table(orders, columns, count(total, "order", "orders") + ", newest first")}
            {pages.view("orders", |page| looked.address(looked.view, page))}
        }
        .into_any()
    };
    let wrong = told.filter(|told| !told.done);
    view! {
        <Title text="Orders – Operator – CMP" />
        <div class="wrap">
            {error_summary(wrong)}
            {flash_banner(told.filter(|told| told.done))}
            <header class="page-head">
                <h1>"Orders"</h1>
            </header>
            {views("Orders by state", listed)}
            {filters(looked)}
            {waits.then(|| decide(wrong))}
            {list}
        </div>
    }
    .into_any()
}

fn filters(looked: &Looked) -> AnyView {
    let some = !looked.search.is_empty() || !looked.customer.is_empty();
    let clear = some.then(|| {
        view! { <a class="btn btn-ghost" href=address(&[("view", looked.view.as_str())])>"Clear"</a> }
    });
    view! {
        <form class="inline-form wide-form" method="get" role="search" aria-label="Orders">
            {(looked.view != View::All).then(|| hidden("view", looked.view.as_str()))}
            <div class="field">
                <label class="label" for="customer">"Organization"</label>
                <input class="input" id="customer" type="search" name="customer" maxlength="200" value=looked.customer.clone() />
            </div>
            <div class="field">
                <label class="label" for="search">"Service, subscription or project"</label>
                <input class="input" id="search" type="search" name="search" maxlength="200" value=looked.search.clone() />
            </div>
            <button class="btn btn-secondary" type="submit">"Filter"</button>
            {clear}
        </form>
    }
    .into_any()
}

/// The form for the chosen ones, which the boxes in the table belong to.
fn decide(wrong: Option<&FlashBody>) -> AnyView {
    let open = wrong.is_some_and(|wrong| wrong.fault("reason").is_some());
    view! {
        <form class="bulk panel-box" id="decide" method="post" action=here() novalidate="novalidate" aria-label="Chosen orders">
            <p>"With the orders chosen below:"</p>
            <button class="btn btn-primary" type="submit" name="do" value="approve">"Approve orders"</button>
            <details class="fold" open=open>
                <summary>"Reject…"</summary>
                <div class="stacked">
                    {REASON.view(wrong, "")}
                    <button class="btn btn-danger" type="submit" name="do" value="reject">"Reject orders"</button>
                </div>
            </details>
        </form>
    }
    .into_any()
}

fn nothing(looked: &Looked) -> AnyView {
    if looked.search.is_empty() && looked.customer.is_empty() && looked.view == View::All {
        return empty(
            "No orders yet",
            "What organizations start, change or end stands here.",
            None,
        );
    }
    empty(
        "No order fits",
        "Look for a part of a name, or at all orders.",
        Some(("/admin/orders/", "Show all orders")),
    )
}
