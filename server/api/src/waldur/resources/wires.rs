//! Resources and what belongs to them as they go over the wire.

use std::collections::BTreeMap;

use market::{ComponentUsage, Error, Holding, Teammate};
use model::{ResourceId, ResourceState};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    Doors,
    actors::SignedIn,
    waldur::{
        component_usages::quantity,
        links::{self, hex},
        read::decimal,
        schema,
    },
};

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
pub struct OrderUuid {
    pub order_uuid: String,
}

#[derive(Serialize, ToSchema)]
pub struct ResourceStatus {
    status: String,
}

#[derive(Serialize, ToSchema)]
pub struct PlanEstimate {
    pub plan_uuid: String,
    /// For each unit of time of the plan, in US dollars.
    pub cost: String,
}

#[derive(Serialize, ToSchema)]
pub struct TeamMember {
    url: String,
    uuid: String,
    /// Empty where the address is not shown.
    username: String,
    full_name: String,
    role: &'static str,
    expiration_time: Option<String>,
    /// Always null: accounts of offerings are not kept here.
    offering_user_username: Option<String>,
    /// Always null: accounts of offerings are not kept here.
    offering_user_state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

impl TeamMember {
    pub fn new(doors: &Doors, mate: Teammate) -> Self {
        let email = mate.shows_email.then_some(mate.account.email);
        Self {
            url: doors.link(links::USERS, mate.account.id),
            uuid: hex(mate.account.id),
            username: email.clone().unwrap_or_default(),
            full_name: mate.account.full_name,
            role: mate.member.role.as_str(),
            expiration_time: mate.member.expires_at.map(|at| at.to_string()),
            offering_user_username: None,
            offering_user_state: None,
            email,
        }
    }
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
pub struct PeriodWire {
    pub uuid: String,
    pub plan_name: String,
    pub plan_uuid: String,
    pub start: String,
    pub end: Option<String>,
    pub limits: BTreeMap<String, i64>,
    pub components: Vec<PeriodUsage>,
}

/// What was told of a component in a month of a plan period.
#[derive(Serialize, ToSchema)]
pub struct PeriodUsage {
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

pub fn period_usage(usage: &ComponentUsage) -> PeriodUsage {
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
pub async fn wires(
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

pub async fn with_usages(
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
