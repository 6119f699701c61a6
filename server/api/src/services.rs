//! The catalogue and subscriptions: `/v1/services…`, `/marketplace/services`, `/v1/receipts/{id}`.

use std::{collections::HashSet, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use market::{Catalog, Error, Subscribe};
use model::{
    CatalogQuery, CustomerId, Fault, OfferingId, PlanId, ProjectId, ReceiptId, SecretKey, Service,
    ServiceDetail,
};
use serde_json::json;

use crate::{
    Answer, Shared,
    actors::{MaybeActor, SignedIn},
    bodies::{Body, Fields, Named, Posted},
    door,
    errors::ApiError,
    idempotency::{Once, Reply},
    queries::Query,
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .merge(door("/marketplace/services", get(search)))
        .merge(door("/v1/services", get(list)))
        .merge(door("/v1/services/{id}", get(detail)))
        .merge(door("/v1/services/{id}/subscribe", post(subscribe).delete(unsubscribe)))
        .merge(door("/v1/receipts/{id}", get(receipt)))
}

/// A service by its slug or its id.
pub fn named<'a>(catalog: &'a Catalog, name: &str) -> Result<&'a Arc<ServiceDetail>, ApiError> {
    catalog.named(name).ok_or(ApiError::Market(Error::Missing("service")))
}

/// A plan of a service, by its slug or its id.
pub fn plan(service: &ServiceDetail, name: &str) -> Result<PlanId, ApiError> {
    let id: Option<PlanId> = name.parse().ok();
    let mut plans = service.plans.iter();
    let found = plans.find(|plan| Some(plan.id) == id || plan.slug == name);
    found.map(|plan| plan.id).ok_or(ApiError::Market(Error::Missing("plan")))
}

/// The lists show services without what only their own page needs.
fn brief(services: &[Arc<ServiceDetail>]) -> Vec<&Service> {
    services.iter().map(|detail| &detail.service).collect()
}

async fn search(State(doors): State<Shared>, query: Query) -> Answer {
    Ok(Json(doors.market.catalog().page(&CatalogQuery::read(query.pairs()))).into_response())
}

async fn list(State(doors): State<Shared>, MaybeActor(caller): MaybeActor, query: Query) -> Answer {
    let catalog = doors.market.catalog();
    let mut services = catalog.all();
    let scope = query.text("scope").unwrap_or("all");
    let caller = match scope {
        "all" => return Ok(Json(json!({ "services": brief(&services) })).into_response()),
        "subscribed" | "owned" => caller.ok_or(Error::Anonymous)?,
        _ => {
            let fault = Fault::new("scope", "Expected one of all, subscribed, owned.");
            return Err(Error::Invalid(vec![fault]).into());
        }
    };
    if scope == "owned" {
        let own = doors.market.identity().providers(&caller.actor).await?;
        services.retain(|detail| own.contains(&detail.service.provider_id));
    } else {
        let instances = doors.market.resources().list(&caller.actor).await?;
        let has: HashSet<_> = instances.iter().map(|instance| instance.offering_id).collect();
        services.retain(|detail| has.contains(&detail.service.id));
    }
    Ok(Json(json!({ "services": brief(&services) })).into_response())
}

async fn detail(State(doors): State<Shared>, Named(name): Named) -> Answer {
    let catalog = doors.market.catalog();
    Ok(Json(json!({ "service": named(&catalog, &name)? })).into_response())
}

struct Choice {
    plan: Option<String>,
    project: Option<ProjectId>,
    customer: Option<CustomerId>,
}

impl Posted for Choice {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            plan: fields.optional("plan"),
            project: fields.optional("project"),
            customer: fields.optional("customer"),
        })
    }
}

async fn subscribe(
    State(doors): State<Shared>,
    Named(name): Named,
    caller: SignedIn,
    once: Once,
    Body { value, raw }: Body<Choice>,
) -> Answer {
    let (market, actor) = (doors.market.clone(), caller.actor.clone());
    let endpoint = format!("{}/v1", doors.public_url);
    let reference = once.reference(&caller);
    once.run(&doors, &caller, &raw, async move {
        let catalog = market.catalog();
        let service = named(&catalog, &name)?;
        let order = Subscribe {
            offering: service.service.id,
            plan: value.plan.map(|name| plan(service, &name)).transpose()?,
            customer: value.customer,
            project: value.project,
            reference,
        };
        let made = market.resources().subscribe(&actor, order).await?;
        let body = json!({
            "subscription": made.instance,
            // What is fulfilled by hand has nothing to call.
            "endpoint": service.callable.then_some(endpoint),
            "api_key": made.key.as_ref().map(SecretKey::reveal),
        });
        Ok(Reply { status: StatusCode::CREATED, body })
    })
    .await
}

/// Looks among what the caller has, not in the catalogue: what is no longer on sale can still be left.
async fn unsubscribe(State(doors): State<Shared>, Named(name): Named, caller: SignedIn) -> Answer {
    let resources = doors.market.resources();
    let id: Option<OfferingId> = name.parse().ok();
    let mut instances = resources.list(&caller.actor).await?.into_iter();
    let had = instances.find(|had| had.offering_slug == name || Some(had.offering_id) == id);
    let offering = had.ok_or(Error::Missing("subscription"))?.offering_id;
    resources.unsubscribe(&caller.actor, offering).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn receipt(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    let id: ReceiptId = id.parse().map_err(|_| Error::Missing("receipt"))?;
    let receipt = doors.market.usage().receipt(&caller.actor, id).await?;
    Ok(Json(json!({ "receipt": receipt })).into_response())
}
