//! `/api/marketplace-resources/` for who has them, `/api/marketplace-provider-resources/` for who provides them.

mod wires;

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use market::{Error, HOLDINGS, HoldingChange, ResourceRequest, Told};
use model::ResourceId;
use serde_json::{Value, json};

use self::wires::{
    OrderUuid, PeriodWire, PlanEstimate, TeamMember, period_usage, wires, with_usages,
};
pub use self::wires::{schemas, state};
use super::{
    answer::{Listing, single},
    links::{self, hex},
    orders::limits,
    read::decimal,
};
use crate::{
    Answer, Doors, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    openapi::{Door, Takes, may, must},
    queries::Query,
};

/// One of the two sides: its paths.
struct Side {
    list: &'static str,
    one: &'static str,
    terminate: &'static str,
    plan_periods: &'static str,
    team: &'static str,
}

const CONSUMER: Side = Side {
    list: "/api/marketplace-resources/",
    one: "/api/marketplace-resources/{uuid}/",
    terminate: "/api/marketplace-resources/{uuid}/terminate/",
    plan_periods: "/api/marketplace-resources/{uuid}/plan_periods/",
    team: "/api/marketplace-resources/{uuid}/team/",
};

const PROVIDER: Side = Side {
    list: "/api/marketplace-provider-resources/",
    one: "/api/marketplace-provider-resources/{uuid}/",
    terminate: "/api/marketplace-provider-resources/{uuid}/terminate/",
    plan_periods: "/api/marketplace-provider-resources/{uuid}/plan_periods/",
    team: "/api/marketplace-provider-resources/{uuid}/team/",
};

/// What a provider tells of a resource, by the end of the path and what is read of the body.
const TOLD: [(&str, &str); 7] = [
    ("/api/marketplace-provider-resources/{uuid}/set_backend_id/", "Name it as the provider does"),
    (
        "/api/marketplace-provider-resources/{uuid}/set_backend_metadata/",
        "Keep what the provider knows of it",
    ),
    ("/api/marketplace-provider-resources/{uuid}/set_as_ok/", "It works"),
    ("/api/marketplace-provider-resources/{uuid}/set_as_erred/", "It does not work"),
    ("/api/marketplace-provider-resources/{uuid}/set_limits/", "Set its limits at once"),
    ("/api/marketplace-provider-resources/{uuid}/submit_report/", "Say how it does"),
    ("/api/marketplace-provider-resources/{uuid}/refresh_last_sync/", "It was looked at now"),
];

pub fn routes() -> Router<Shared> {
    let mut all = vec![
        door("/api/marketplace-resources/{uuid}/switch_plan", post(switch_plan)),
        door("/api/marketplace-resources/{uuid}/update_limits", post(update_limits)),
        door("/api/marketplace-resources/{uuid}/update_options", post(update_options)),
        door("/api/marketplace-resources/{uuid}/estimate", get(estimate)),
    ];
    for (side, as_provider) in [(CONSUMER, false), (PROVIDER, true)] {
        let list = move |State(doors): State<Shared>, caller: SignedIn, listing: Listing| async move {
            let asked = listing.asked(&HOLDINGS)?;
            let holdings = doors.market.holdings();
            let (found, total) =
                holdings.list(&caller.actor, as_provider, asked, listing.range()).await?;
            listing.answer(&doors, &wires(&doors, &caller, found).await?, total)
        };
        all.push(door(side.list, get(list)));
        all.push(door(side.one, get(find).patch(update).put(update)));
        all.push(door(side.terminate, post(terminate)));
        all.push(door(side.plan_periods, get(plan_periods)));
        all.push(door(side.team, get(team)));
    }
    for (path, _) in TOLD {
        let what = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let tell = move |State(doors): State<Shared>,
                         caller: SignedIn,
                         Named(id): Named,
                         mut fields: Fields| async move {
            let told = told_by(what, &mut fields);
            fields.check()?;
            let told = told.ok_or(Error::Missing("resource"))?;
            doors.market.holdings().tell(&caller.actor, named(&id)?, told).await?;
            Answer::Ok(Json(json!({ "status": "Resource has been updated." })).into_response())
        };
        all.push(door(path, post(tell)));
    }
    all.into_iter().fold(Router::new(), Router::merge)
}

pub fn doors() -> Vec<Door> {
    let asks = |path, summary| {
        Door::new("post", path, summary).answers(200, "OrderUuid").refuses(&[403, 404, 409])
    };
    let mut all = vec![
        asks("/api/marketplace-resources/{uuid}/switch_plan/", "Order another plan")
            .fields(&[must("plan", Takes::Link)]),
        asks("/api/marketplace-resources/{uuid}/update_limits/", "Order other limits")
            .fields(&[must("limits", Takes::Object)]),
        Door::new(
            "post",
            "/api/marketplace-resources/{uuid}/update_options/",
            "Change the options of a resource",
        )
        .fields(&[must("options", Takes::Object)])
        .answers(200, "ResourceStatus")
        .refuses(&[403, 404]),
        Door::new(
            "get",
            "/api/marketplace-resources/{uuid}/estimate/",
            "What a unit of time costs on another plan",
        )
        .query(&[("plan", "The address or the id of a plan of the same offering.")])
        .answers(200, "PlanEstimate")
        .refuses(&[404]),
    ];
    for side in [CONSUMER, PROVIDER] {
        let change = |method| {
            Door::new(method, side.one, "Change what a resource is called and when it ends")
                .fields(&[
                    may("name", Takes::Text),
                    may("description", Takes::Text),
                    may("end_date", Takes::Day),
                ])
                .answers(200, "Resource")
                .refuses(&[403, 404])
        };
        all.extend([
            Door::list(side.list, "Resources", "Resource", HOLDINGS.filters),
            Door::new("get", side.one, "A resource").answers(200, "Resource").refuses(&[404]),
            change("patch"),
            change("put").needs(&[must("name", Takes::Text)]),
            asks(side.terminate, "Order the end of a resource")
                .fields(&[may("attributes", Takes::Object)]),
            Door::list(side.plan_periods, "When it was on which plan", "PlanPeriod", &[]),
            Door::list(side.team, "Who has a role in its project", "TeamMember", &[]),
        ]);
    }
    all.extend(TOLD.map(|(path, summary)| {
        Door::new("post", path, summary)
            .fields(&[
                may("backend_id", Takes::Text),
                may("backend_metadata", Takes::Object),
                may("error_message", Takes::Text),
                may("limits", Takes::Object),
                may("report", Takes::List),
            ])
            .answers(200, "ResourceStatus")
            .refuses(&[403, 404, 409])
    }));
    all
}

fn named(text: &str) -> Result<ResourceId, Error> {
    text.parse().map_err(|_| Error::Missing("resource"))
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let found = doors.market.holdings().find(&caller.actor, named(&id)?).await?;
    Ok(single(&query, &with_usages(&doors, &caller, found).await?))
}

async fn update(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let change = HoldingChange {
        name: fields.may_text("name", 150),
        description: fields.may_text("description", 2_000),
        end_day: if fields.has("end_date") { Some(fields.may_day("end_date")) } else { None },
        options: None,
    };
    fields.check()?;
    let found = doors.market.holdings().update(&caller.actor, named(&id)?, change).await?;
    Ok(Json(with_usages(&doors, &caller, found).await?).into_response())
}

async fn ask(
    doors: &Doors,
    caller: &SignedIn,
    id: &str,
    request: ResourceRequest,
) -> Result<Response, crate::errors::ApiError> {
    let order = doors.market.orders().request(&caller.actor, named(id)?, request).await?;
    Ok(Json(OrderUuid { order_uuid: hex(order.order.id) }).into_response())
}

async fn terminate(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let attributes = fields.may_object("attributes").unwrap_or_default();
    fields.check()?;
    ask(&doors, &caller, &id, ResourceRequest::End(attributes)).await
}

async fn switch_plan(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let plan = fields.must_link("plan", &["plans", links::PLANS]);
    fields.check()?;
    let plan = plan.ok_or(Error::Missing("plan"))?;
    ask(&doors, &caller, &id, ResourceRequest::Switch(plan)).await
}

async fn update_limits(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    if !fields.has("limits") {
        fields.fault::<()>("limits", "This field is required.");
    }
    let limits = limits(&mut fields).unwrap_or_default();
    fields.check()?;
    ask(&doors, &caller, &id, ResourceRequest::Limits(limits)).await
}

async fn update_options(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    if !fields.has("options") {
        fields.fault::<()>("options", "This field is required.");
    }
    let options = fields.may_object("options");
    fields.check()?;
    let change = HoldingChange { options, ..HoldingChange::default() };
    doors.market.holdings().update(&caller.actor, named(&id)?, change).await?;
    Ok(Json(json!({ "status": "Resource options have been updated." })).into_response())
}

async fn estimate(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let text = query.text("plan").unwrap_or_default();
    let plan: model::PlanId =
        links::id_of(text, &["plans", links::PLANS]).map_err(|_| Error::Missing("plan"))?;
    let cost = doors.market.holdings().estimate(&caller.actor, named(&id)?, plan).await?;
    Ok(Json(PlanEstimate { plan_uuid: hex(plan), cost: decimal(cost) }).into_response())
}

async fn plan_periods(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let id = named(&id)?;
    let found = doors.market.holdings().periods(&caller.actor, id).await?;
    let used = doors.market.usages().of_resource(&caller.actor, id).await?;
    let one = |(period, plan): (market::PlanPeriod, Option<market::PlanDetail>)| PeriodWire {
        uuid: hex(period.id),
        plan_name: plan.map(|plan| plan.plan.name).unwrap_or_default(),
        plan_uuid: hex(period.plan),
        start: period.start_at.to_string(),
        end: period.end_at.map(|at| at.to_string()),
        limits: period.limits,
        components: used
            .iter()
            .filter(|usage| usage.period == Some(period.id))
            .map(period_usage)
            .collect(),
    };
    let items: Vec<PeriodWire> = found.into_iter().map(one).collect();
    listing.answer_all(&doors, &items)
}

async fn team(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let found = doors.market.holdings().team(&caller.actor, named(&id)?).await?;
    let items: Vec<TeamMember> =
        found.into_iter().map(|mate| TeamMember::new(&doors, mate)).collect();
    listing.answer_all(&doors, &items)
}

/// What a provider tells, read of the body; `None` only after a fault was noted.
fn told_by(what: &str, fields: &mut Fields) -> Option<Told> {
    let required = |fields: &mut Fields, name: &str| {
        if !fields.has(name) {
            fields.fault::<()>(name, "This field is required.");
        }
    };
    match what {
        "set_backend_id" => {
            required(fields, "backend_id");
            Some(Told::BackendId(fields.may_text("backend_id", 255).unwrap_or_default()))
        }
        "set_backend_metadata" => {
            required(fields, "backend_metadata");
            fields.may_object("backend_metadata").map(Told::BackendMetadata)
        }
        "set_as_ok" => Some(Told::Ok),
        "set_as_erred" => {
            Some(Told::Erred(fields.may_text("error_message", 4_000).unwrap_or_default()))
        }
        "set_limits" => {
            required(fields, "limits");
            limits(fields).map(Told::Limits)
        }
        "submit_report" => {
            required(fields, "report");
            report(fields).map(Told::Report)
        }
        _ => Some(Told::Seen),
    }
}

/// The sections of a report: objects with a header and a body, both texts.
fn report(fields: &mut Fields) -> Option<Vec<Value>> {
    let sections = fields.may_list("report")?;
    let sound = |section: &Value| {
        let text = |name: &str| section.get(name).is_none_or(Value::is_string);
        section.is_object() && text("header") && text("body")
    };
    if sections.iter().all(sound) {
        return Some(sections);
    }
    fields.fault("report", "A report is a list of sections, each with the texts header and body.")
}
