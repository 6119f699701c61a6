//! One order: what is ordered, how far it is, and what whoever looks may do with it. Its buyer, its provider and the
//! operator look at the same page.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Actor, Error, Event, Market, OrderRow, Remark, Step};
use model::{OrderId, OrderKind, OrderState, Usd, UserView};
use serde_json::Value;

use crate::{
    calls::own_form,
    context::{PostedForm, actor, here, loaded, market, param, posted, see_other},
    flash::{self, FlashBody},
    format::{date, dollars},
    parts::{
        areas::Area,
        crumbs::crumbs,
        fields::hidden,
        log::{Done, log},
        notices::{error_summary, flash_banner},
        orders::{called, kind_words, order_state, person, steps, unit_words},
        prices::leader,
        timeline::timeline,
    },
};

const REASON: Area = Area {
    name: "reason",
    label: "Reason, which everybody concerned reads",
    hint: "",
    rows: 3,
    longest: 2_000,
};
const FAILURE: Area = Area {
    name: "failure",
    label: "What went wrong, which the customer reads",
    hint: "",
    rows: 3,
    longest: 2_000,
};

/// What the page needs beside the order.
struct Scene {
    row: OrderRow,
    history: Vec<Event>,
    may: Vec<Step>,
    me: UserView,
    operates: bool,
    listed: bool,
}

/// The order with its steps and forms.
#[component]
pub fn OrderPage() -> impl IntoView {
    loaded(async {
        let (market, actor) = (market()?, actor()?);
        let id = param::<OrderId>("order")?;
        let told = match posted() {
            None => flash::take(),
            Some(form) => match carry_out(&market, &actor, id, &form).await {
                Ok(done) => {
                    flash::put(&FlashBody::done(done));
                    see_other(&here());
                    return Ok(().into_any());
                }
                Err(error) => Some(own_form::wrong(error, &form, &["reason", "failure"])?),
            },
        };
        let row = market.orders().find(&actor, id).await?;
        let mut history = market.orders().history(&actor, id).await?;
        history.sort_by_key(|event| (event.at, event.id));
        let scene = Scene {
            may: market.orders().steps(&actor, &row.order),
            history,
            me: market.identity().me(&actor).await?,
            operates: actor.sees_all(),
            listed: market.catalog().detail(row.order.offering).is_some(),
            row,
        };
        Ok(page(&scene, told.as_ref()))
    })
}

async fn carry_out(
    market: &Market,
    actor: &Actor,
    id: OrderId,
    form: &PostedForm,
) -> Result<&'static str, Error> {
    own_form::must_be_own()?;
    let orders = market.orders();
    let said = |name: &'static str, message: &'static str| match form.text(name).trim() {
        "" => Err(Error::field(name, message)),
        text => Ok(text.to_owned()),
    };
    let none = Remark::default();
    let done = match form.text("do") {
        "approve" => orders.approve(actor, id, none).await.map(|_| "The order is approved."),
        "reject" => {
            let comment = said("reason", "Enter why the order is rejected")?;
            let remark = Remark { comment, ..none };
            orders.reject(actor, id, remark).await.map(|_| "The order is rejected.")
        }
        "cancel" => {
            orders.act(actor, id, Step::Cancel, none).await.map(|_| "The order is canceled.")
        }
        "retry" => {
            orders.act(actor, id, Step::Retry, none).await.map(|_| "The order is tried again.")
        }
        "finish" => orders.act(actor, id, Step::SetDone, none).await.map(|_| "The order is done."),
        "fail" => {
            let error_message = said("failure", "Enter what went wrong")?;
            let remark = Remark { error_message, ..none };
            let failed = orders.act(actor, id, Step::SetErred, remark).await;
            failed.map(|_| "The order is marked as failed.")
        }
        _ => return Err(Error::Missing("page")),
    };
    done.map_err(moved_on)
}

/// A step that the order is past, in words for people.
pub fn moved_on(error: Error) -> Error {
    match error {
        Error::Conflict(text) if text.starts_with("Valid states") => {
            Error::Conflict("The order has moved on meanwhile. See where it stands now.")
        }
        other => other,
    }
}

fn page(scene: &Scene, told: Option<&FlashBody>) -> AnyView {
    let Scene { row, .. } = scene;
    let order = &row.order;
    let own = scene.me.customers.iter().find(|customer| customer.id == order.customer);
    let sold = scene.me.customers.iter().find(|customer| customer.id == order.seller);
    let trail = match (own, sold) {
        (Some(customer), _) | (None, Some(customer)) => {
            let base = format!("/organizations/{}/", customer.id);
            let side = if own.is_some() { "" } else { "?side=sold" };
            vec![
                (base.clone(), customer.name.clone()),
                (format!("{base}orders/{side}"), "Orders".to_owned()),
            ]
        }
        (None, None) if scene.operates => vec![("/admin/orders/".to_owned(), "Orders".to_owned())],
        (None, None) => Vec::new(),
    };
    let wrong = told.filter(|told| !told.done);
    let prefix = if wrong.is_some() { "Error: " } else { "" };
    let canceled = scene.history.iter().rfind(|event| event.kind == "marketplace_order_canceled");
    let canceled_by = canceled.map(|event| who(scene, event)).unwrap_or_default();
    view! {
        <Title text=format!("{prefix}Order {} – {} – CMP", order.slug, row.offering_name) />
        <div class="wrap">
            {(!trail.is_empty()).then(|| crumbs(&trail, &order.slug))}
            {error_summary(wrong)}
            {flash_banner(told.filter(|told| told.done))}
            <header class="page-head">
                <h1>{format!("{}: {}", kind_words(order.kind), row.offering_name)}</h1>
                {order_state(order.state)}
                <p class="meta">{order.slug.clone()}</p>
            </header>
            <div class="split">
                <div>
                    {actions(scene, wrong)}
                    <section aria-labelledby="steps">
                        <h2 id="steps">"How far it is"</h2>
                        {timeline(&steps(row, &canceled_by))}
                        {(order.state == OrderState::Executing).then(|| view! {
                            <p><a href=here()>"See whether it is done"</a></p>
                        })}
                    </section>
                    {history(scene)}
                </div>
                <aside>{ordered(scene, own.is_some())} {details(row)}</aside>
            </div>
        </div>
    }
    .into_any()
}

/// What the order is for, with its price.
fn ordered(scene: &Scene, own: bool) -> AnyView {
    let row = &scene.row;
    let order = &row.order;
    let service = if scene.listed {
        let href = format!("/marketplace-public-offering/{}/", order.offering);
        view! { <a href=href>{row.offering_name.clone()}</a> }.into_any()
    } else {
        row.offering_name.clone().into_any()
    };
    let subscription = called(row).map(|name| {
        let shown = match order.resource.filter(|_| own) {
            Some(id) => {
                let href = format!("/organizations/{}/agents/{id}/", order.customer);
                view! { <a href=href>{name}</a> }.into_any()
            }
            None => name.into_any(),
        };
        view! {
            <div class="leader">
                <dt>"Subscription"</dt>
                <dd>{shown}</dd>
            </div>
        }
    });
    let plan = match (&row.old_plan_name, &row.plan_name) {
        (Some(old), Some(new)) if old != new => Some(format!("{old} → {new}")),
        (_, Some(new)) => Some(new.clone()),
        _ => None,
    };
    let first = unit_words(row.plan_unit);
    let price = if first.is_empty() || order.kind == OrderKind::Terminate {
        "Price".to_owned()
    } else {
        format!("Price, with the {first}")
    };
    let before =
        (order.kind == OrderKind::Update).then(|| leader("Price before", dollars(order.old_cost)));
    let once = (order.activation_price > Usd::ZERO)
        .then(|| leader("of which due once", dollars(order.activation_price)));
    view! {
        <section aria-labelledby="ordered">
            <h2 id="ordered">"What is ordered"</h2>
            <dl class="leaders panel-box">
                <div class="leader">
                    <dt>"Service"</dt>
                    <dd>{service}</dd>
                </div>
                {subscription}
                {leader("Provider", row.seller_name.clone())}
                {plan.map(|plan| leader("Plan", plan))}
                {before}
                {leader(price, dollars(order.cost))}
                {once}
                {leader("For", row.customer_name.clone())}
                {leader("Project", row.project_name.clone())}
                {order.start_day.map(|day| leader("To begin on", date(day.start())))}
            </dl>
            <p class="meta">"The price as it was when the order was placed, before taxes and usage."</p>
        </section>
    }
    .into_any()
}

/// What the buyer has said about it: limits and attributes.
fn details(row: &OrderRow) -> Option<AnyView> {
    let order = &row.order;
    // The name is what the subscription is called, above.
    let said: Vec<_> = order.attributes.iter().filter(|(name, _)| *name != "name").collect();
    if order.limits.is_empty() && said.is_empty() && order.output.is_empty() {
        return None;
    }
    let limit = |(kind, amount): (&String, &i64)| {
        let before = order.old_limits.get(kind).filter(|old| *old != amount);
        let text = before.map_or_else(|| amount.to_string(), |old| format!("{old} → {amount}"));
        leader(kind.replace('_', " "), text)
    };
    let attribute = |(name, value): (&String, &Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        leader(name.replace('_', " "), text)
    };
    let limits = (!order.limits.is_empty()).then(|| {
        view! {
            <h3>"Limits"</h3>
            <dl class="leaders panel-box">{order.limits.iter().map(limit).collect_view()}</dl>
        }
    });
    let attributes = (!said.is_empty()).then(|| {
        view! {
            <h3>"Said with the order"</h3>
            <dl class="leaders panel-box">{said.into_iter().map(attribute).collect_view()}</dl>
        }
    });
    let output = (!order.output.is_empty()).then(|| {
        view! {
            <h3>"Output"</h3>
            <pre class="mail-text" tabindex="0">{order.output.clone()}</pre>
        }
    });
    Some(
        view! {
            <section aria-labelledby="details">
                <h2 id="details">"Details"</h2>
                {limits}
                {attributes}
                {output}
            </section>
        }
        .into_any(),
    )
}

/// Who did something, as far as the order knows them.
fn who(scene: &Scene, event: &Event) -> String {
    let (row, order) = (&scene.row, &scene.row.order);
    let known = [
        (order.created_by, &row.created_by),
        (order.consumer_reviewed_by, &row.consumer_reviewed_by),
        (order.provider_reviewed_by, &row.provider_reviewed_by),
    ];
    match event.user {
        None => "the marketplace".to_owned(),
        Some(id) if id == scene.me.id => scene.me.full_name.clone(),
        Some(id) => {
            let found = known.iter().find(|(user, _)| *user == Some(id));
            found.map_or_else(|| "somebody else".to_owned(), |(_, who)| person(who.as_ref()))
        }
    }
}

fn history(scene: &Scene) -> Option<AnyView> {
    let done = |event: &Event| Done {
        at: event.at,
        what: event.message.clone(),
        reason: None,
        who: Some(who(scene, event)),
    };
    log("What was done with the order, oldest first", scene.history.iter().map(done).collect())
}

/// What may be done now, by who looks.
fn actions(scene: &Scene, wrong: Option<&FlashBody>) -> Option<AnyView> {
    let may = |step: Step| scene.may.contains(&step);
    let row = &scene.row;
    let approves = may(Step::ApproveAsConsumer) || may(Step::ApproveAsProvider);
    let side = if may(Step::ApproveAsConsumer) {
        format!("{} has to approve this order", row.customer_name)
    } else {
        format!("{} has to approve this order", row.seller_name)
    };
    let consent = approves.then(|| {
        view! {
            <section class="panel-box act" aria-labelledby="consent">
                <h2 id="consent">{side}</h2>
                <div class="row">
                    {button("approve", "Approve order", "btn btn-primary")}
                </div>
                {ask("reject", "Reject…", "Reject order", REASON, wrong)}
            </section>
        }
    });
    let repeat = may(Step::Retry).then(|| {
        view! {
            <section class="panel-box act" aria-labelledby="failed">
                <h2 id="failed">"The order failed"</h2>
                <p>"See below what went wrong. Once its cause is gone it can be tried again; nothing is charged twice."</p>
                <div class="row">{button("retry", "Try again", "btn btn-primary")}</div>
            </section>
        }
    });
    let by_hand = may(Step::SetDone).then(|| {
        view! {
            <section class="panel-box act" aria-labelledby="hand">
                <h2 id="hand">"Fulfilled by hand"</h2>
                <p>"Say when it is set up, so that the customer can use it and billing begins."</p>
                <div class="row">{button("finish", "Mark as done", "btn btn-primary")}</div>
                {ask("fail", "It failed…", "Mark as failed", FAILURE, wrong)}
            </section>
        }
    });
    let cancel = may(Step::Cancel).then(|| {
        view! {
            <details class="danger-zone">
                <summary>"Cancel order…"</summary>
                <p>"Nobody works on it any more, and nothing is charged. It can be ordered anew."</p>
                {button("cancel", "Cancel order", "btn btn-danger")}
            </details>
        }
    });
    (consent.is_some() || repeat.is_some() || by_hand.is_some() || cancel.is_some())
        .then(|| view! { {consent} {repeat} {by_hand} {cancel} }.into_any())
}

fn button(what: &'static str, words: &'static str, class: &'static str) -> AnyView {
    view! {
        <form method="post" action=here()>
            {hidden("do", what)}
            <button class=class type="submit">{words}</button>
        </form>
    }
    .into_any()
}

/// Something that needs a reason; it stays open when the reason was wrong.
fn ask(
    what: &'static str,
    summary: &'static str,
    words: &'static str,
    area: Area,
    wrong: Option<&FlashBody>,
) -> AnyView {
    let open = wrong.is_some_and(|wrong| wrong.fault(area.name).is_some());
    view! {
        <details class="fold" open=open>
            <summary>{summary}</summary>
            <form method="post" action=here() novalidate="novalidate">
                {hidden("do", what)}
                {area.view(wrong, "")}
                <button class="btn btn-danger" type="submit">{words}</button>
            </form>
        </details>
    }
    .into_any()
}
