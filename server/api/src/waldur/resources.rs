//! `/api/marketplace-resources/` for who has them, `/api/marketplace-provider-resources/` for who provides them.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use market::{ComponentUsage, Error, HOLDINGS, Holding, HoldingChange, ResourceRequest, Told};
use model::{ResourceId, ResourceState};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    answer::{Listing, single},
    component_usages::quantity,
    links::{self, hex},
    orders::limits,
    read::decimal,
    schema,
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

pub fn schemas() -> Vec<(String, Value)> {
    vec![
        schema::<ResourceWire>(),
        schema::<PeriodWire>(),
        schema::<PeriodUsage>(),
        schema::<OrderUuid>(),
        schema::<ResourceStatus>(),
        schema::<TeamMember>(),
        schema::<PlanEstimate>(),
    ]
}

#[derive(Serialize, ToSchema)]
struct OrderUuid {
    order_uuid: String,
}

#[derive(Serialize, ToSchema)]
struct ResourceStatus {
    status: String,
}

#[derive(Serialize, ToSchema)]
struct PlanEstimate {
    plan_uuid: String,
    /// For each unit of time of the plan, in US dollars.
    cost: String,
}

#[derive(Serialize, ToSchema)]
struct TeamMember {
    uuid: String,
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_time: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Resource)]
pub struct ResourceWire {
    url: String,
    uuid: String,
    name: String,
    slug: String,
    description: String,
    state: &'static str,
    paused: bool,
    created: String,
    modified: String,
    offering: String,
    offering_uuid: String,
    offering_name: String,
    offering_slug: String,
    offering_type: String,
    provider_uuid: String,
    provider_name: String,
    category_uuid: String,
    category_title: String,
    plan: String,
    plan_uuid: String,
    plan_name: String,
    plan_unit: &'static str,
    project: String,
    project_uuid: String,
    project_name: String,
    customer: String,
    customer_uuid: String,
    customer_name: String,
    #[schema(value_type = Object)]
    attributes: Map<String, Value>,
    limits: BTreeMap<String, i64>,
    #[schema(value_type = Object)]
    options: Map<String, Value>,
    backend_id: String,
    effective_id: String,
    #[schema(value_type = Object)]
    backend_metadata: Map<String, Value>,
    #[schema(value_type = Vec<Object>)]
    report: Vec<Value>,
    error_message: String,
    end_date: Option<String>,
    can_terminate: bool,
    #[schema(value_type = Object)]
    current_usages: Map<String, Value>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PlanPeriod)]
struct PeriodWire {
    uuid: String,
    plan_name: String,
    plan_uuid: String,
    start: String,
    end: Option<String>,
    limits: BTreeMap<String, i64>,
    components: Vec<PeriodUsage>,
}

/// What was told of a component in a month of a plan period.
#[derive(Serialize, ToSchema)]
struct PeriodUsage {
    uuid: String,
    created: String,
    description: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    measured_unit: String,
    usage: String,
    date: String,
    recurring: bool,
}

fn period_usage(usage: &ComponentUsage) -> PeriodUsage {
    PeriodUsage {
        uuid: hex(usage.id),
        created: usage.created_at.to_string(),
        description: usage.description.clone(),
        kind: usage.kind.clone(),
        name: usage.name.clone(),
        measured_unit: usage.measured_unit.clone(),
        usage: decimal(model::Usd::from_micros(usage.amount)),
        date: usage.day.start().to_string(),
        recurring: usage.recurring,
    }
}

/// As Waldur spells it; what is paused is OK there, with a flag.
pub const fn state(state: ResourceState) -> &'static str {
    match state {
        ResourceState::Creating => "Creating",
        ResourceState::Ok | ResourceState::Paused => "OK",
        ResourceState::Updating => "Updating",
        ResourceState::Erred => "Erred",
        ResourceState::Terminating => "Terminating",
        ResourceState::Terminated => "Terminated",
    }
}

/// Resources on the wire, with what was told last of the use of each.
async fn wires(
    doors: &Doors,
    caller: &SignedIn,
    found: Vec<Holding>,
) -> Result<Vec<ResourceWire>, Error> {
    let ids: Vec<ResourceId> = found.iter().map(|one| one.id).collect();
    let latest = doors.market.usages().latest(&caller.actor, &ids).await?;
    let mut wires: Vec<ResourceWire> = found.into_iter().map(|one| wire(doors, one)).collect();
    for (wire, id) in wires.iter_mut().zip(&ids) {
        let own = latest.iter().filter(|usage| usage.resource == *id);
        wire.current_usages =
            own.map(|usage| (usage.kind.clone(), quantity(usage.amount))).collect();
    }
    Ok(wires)
}

async fn with_usages(
    doors: &Doors,
    caller: &SignedIn,
    found: Holding,
) -> Result<ResourceWire, Error> {
    let wires = wires(doors, caller, vec![found]).await?;
    wires.into_iter().next().ok_or(Error::Missing("resource"))
}

/// A resource on the wire.
fn wire(doors: &Doors, one: Holding) -> ResourceWire {
    ResourceWire {
        url: doors.link(links::RESOURCES, one.id),
        uuid: hex(one.id),
        name: one.name,
        slug: one.slug,
        description: one.description,
        state: state(one.state),
        paused: one.state == ResourceState::Paused,
        created: one.created_at.to_string(),
        modified: one.updated_at.max(one.created_at).to_string(),
        offering: doors.link(links::PUBLIC_OFFERINGS, one.offering),
        offering_uuid: hex(one.offering),
        offering_name: one.offering_name,
        offering_slug: one.offering_slug,
        offering_type: one.offering_kind,
        provider_uuid: hex(one.seller),
        provider_name: one.seller_name,
        category_uuid: hex(one.category),
        category_title: one.category_title,
        plan: doors.link(links::PLANS, one.plan),
        plan_uuid: hex(one.plan),
        plan_name: one.plan_name,
        plan_unit: one.plan_unit.as_str(),
        project: doors.link(links::PROJECTS, one.project),
        project_uuid: hex(one.project),
        project_name: one.project_name,
        customer: doors.link(links::CUSTOMERS, one.customer),
        customer_uuid: hex(one.customer),
        customer_name: one.customer_name,
        attributes: one.attributes,
        limits: one.limits,
        options: one.options,
        effective_id: one.backend_id.clone(),
        backend_id: one.backend_id,
        backend_metadata: one.backend_metadata,
        report: one.report,
        error_message: one.error_message,
        end_date: one.end_day.map(|day| day.to_string()),
        can_terminate: !matches!(one.state, ResourceState::Terminated | ResourceState::Terminating),
        current_usages: Map::new(),
    }
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
    let one = |member: market::Member| TeamMember {
        uuid: hex(member.user),
        role: member.role.as_str(),
        expiration_time: member.expires_at.map(|at| at.to_string()),
    };
    let items: Vec<TeamMember> = found.into_iter().map(one).collect();
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
            fields.may_list("report").map(Told::Report)
        }
        _ => Some(Told::Seen),
    }
}
