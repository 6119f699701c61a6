//! Starting and ending the use of a service.

use leptos::{prelude::*, server};
use market::{Error, Subscribe};
use model::{CustomerId, InstanceView, ResourceId};

use super::{Posted, go_back, read};
use crate::{
    context::see_other,
    flash::{self, FlashBody},
};

/// Starts a service for a workspace and shows its first key once.
#[server(prefix = "/rpc", endpoint = "resources/start")]
pub async fn start_resource(
    #[server(default)] offering: String,
    #[server(default)] plan: String,
    #[server(default)] customer: String,
    #[server(default)] reference: String,
) -> Result<(), ServerFnError> {
    let form = format!("/resource/{offering}/deploy/");
    match start(&offering, &plan, &customer, reference).await {
        Ok(page) => see_other(&page),
        Err(error) if offering.parse::<model::OfferingId>().is_ok() => go_back(error, &form),
        Err(error) => go_back(error, "/marketplace/"),
    }
    Ok(())
}

async fn start(
    offering: &str,
    plan: &str,
    customer: &str,
    reference: String,
) -> Result<String, Error> {
    let Posted { market, actor } = Posted::find()?;
    let order = Subscribe {
        offering: read(offering, "offering")?,
        plan: if plan.is_empty() { None } else { Some(read(plan, "plan")?) },
        customer: Some(read(customer, "workspace")?),
        project: None,
        reference: (!reference.is_empty()).then_some(reference),
    };
    let done = market.resources().subscribe(&actor, order).await?;
    let InstanceView { instance_id, .. } = done.instance;
    if let Some(key) = done.key {
        flash::put(&FlashBody {
            key: Some(key.reveal().to_owned()),
            resource: Some(instance_id.to_string()),
            key_name: Some("First key".to_owned()),
            ..FlashBody::default()
        });
    }
    let customer: CustomerId = read(customer, "workspace")?;
    Ok(format!("/organizations/{customer}/agents/{instance_id}/keys/created/"))
}

/// Ends a resource: its keys stop at once.
#[server(prefix = "/rpc", endpoint = "resources/stop")]
pub async fn stop_resource(
    #[server(default)] customer: String,
    #[server(default)] resource: String,
) -> Result<(), ServerFnError> {
    match stop(&customer, &resource).await {
        Ok(page) => {
            flash::put(&FlashBody::done("The subscription has ended and its keys no longer work."));
            see_other(&page);
        }
        Err(error) => go_back(error, &agent_page(&customer, &resource)),
    }
    Ok(())
}

/// The page of an agent; ids that cannot be read lead to the start page.
fn agent_page(customer: &str, resource: &str) -> String {
    match (customer.parse::<CustomerId>(), resource.parse::<ResourceId>()) {
        (Ok(customer), Ok(resource)) => format!("/organizations/{customer}/agents/{resource}/"),
        _ => "/".to_owned(),
    }
}

async fn stop(customer: &str, resource: &str) -> Result<String, Error> {
    let Posted { market, actor } = Posted::find()?;
    let customer: CustomerId = read(customer, "workspace")?;
    let resource: ResourceId = read(resource, "agent")?;
    market.resources().terminate(&actor, resource).await?;
    Ok(format!("/organizations/{customer}/agents/"))
}
