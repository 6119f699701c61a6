//! The secret keys of a resource.

use leptos::{prelude::*, server};
use market::Error;
use model::{CustomerId, Fault, KeyId, ResourceId, Title};

use super::{Posted, go_back, read};
use crate::{
    context::see_other,
    flash::{self, FlashBody},
};

/// The page that lists the keys; ids that cannot be read lead to the start page.
fn keys_page(customer: &str, resource: &str) -> String {
    match (customer.parse::<CustomerId>(), resource.parse::<ResourceId>()) {
        (Ok(customer), Ok(resource)) => {
            format!("/organizations/{customer}/agents/{resource}/keys/")
        }
        _ => "/".to_owned(),
    }
}

fn title(name: &str) -> Result<Title, Error> {
    name.parse().map_err(|wrong: model::WrongText| Error::Invalid(vec![Fault::new("name", wrong)]))
}

/// Creates a key and shows it once.
#[server(prefix = "/rpc", endpoint = "keys/create")]
pub async fn create_key(
    #[server(default)] customer: String,
    #[server(default)] resource: String,
    #[server(default)] name: String,
) -> Result<(), ServerFnError> {
    let page = keys_page(&customer, &resource);
    match create(&resource, &name).await {
        Ok(shown) => {
            flash::put(&shown);
            see_other(&format!("{page}created/"));
        }
        Err(error) => go_back(error, &page),
    }
    Ok(())
}

async fn create(resource: &str, name: &str) -> Result<FlashBody, Error> {
    let Posted { market, actor } = Posted::find()?;
    let resource: ResourceId = read(resource, "agent")?;
    let (view, key) = market.keys().create(&actor, resource, &title(name)?).await?;
    Ok(FlashBody {
        key: Some(key.reveal().to_owned()),
        resource: Some(resource.to_string()),
        key_name: Some(view.name),
        ..FlashBody::default()
    })
}

/// Gives a key another name.
#[server(prefix = "/rpc", endpoint = "keys/rename")]
pub async fn rename_key(
    #[server(default)] customer: String,
    #[server(default)] resource: String,
    #[server(default)] key: String,
    #[server(default)] name: String,
) -> Result<(), ServerFnError> {
    let page = keys_page(&customer, &resource);
    match rename(&resource, &key, &name).await {
        Ok(()) => {
            flash::put(&FlashBody::done("The key has its new name."));
            see_other(&page);
        }
        Err(error) => go_back(error, &page),
    }
    Ok(())
}

async fn rename(resource: &str, key: &str, name: &str) -> Result<(), Error> {
    let Posted { market, actor } = Posted::find()?;
    let (resource, key): (ResourceId, KeyId) = (read(resource, "agent")?, read(key, "key")?);
    market.keys().rename(&actor, resource, key, &title(name)?).await
}

/// Revokes a key: calls with it are refused from now on.
#[server(prefix = "/rpc", endpoint = "keys/revoke")]
pub async fn revoke_key(
    #[server(default)] customer: String,
    #[server(default)] resource: String,
    #[server(default)] key: String,
) -> Result<(), ServerFnError> {
    let page = keys_page(&customer, &resource);
    match revoke(&resource, &key).await {
        Ok(()) => {
            flash::put(&FlashBody::done("The key is revoked and no longer works."));
            see_other(&page);
        }
        Err(error) => go_back(error, &page),
    }
    Ok(())
}

async fn revoke(resource: &str, key: &str) -> Result<(), Error> {
    let Posted { market, actor } = Posted::find()?;
    let (resource, key): (ResourceId, KeyId) = (read(resource, "agent")?, read(key, "key")?);
    market.keys().revoke(&actor, resource, key).await
}
