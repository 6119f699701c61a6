//! Who sells the service, and what else there is of its kind.

use std::sync::Arc;

use leptos::prelude::*;
use model::ServiceDetail;

use super::Details;
use crate::{
    format::{count, date},
    parts::{
        badges::provider,
        prices::{leader, per_million_words},
        ratings::rating,
    },
};

/// The provider in short, with the way to its own page.
pub fn seller(all: &Details) -> AnyView {
    let seller = &*all.detail.provider;
    let page = format!("/marketplace/providers/{}/", seller.slug);
    view! {
        <p>{provider(&seller.name, seller.verified_at.is_some())}</p>
        {(!seller.description.is_empty()).then(|| view! { <p class="prose">{seller.description.clone()}</p> })}
        <dl class="leaders">
            {(!seller.country.is_empty()).then(|| leader("Country", seller.country.clone()))}
            {leader("Verified", seller.verified_at.map_or_else(|| "not checked".to_owned(), |at| format!("checked by the operator on {}", date(at))))}
            {leader("Sells here since", date(seller.created_at))}
            {leader("This agent is listed since", date(all.detail.service.created_at))}
        </dl>
        <p>
            <a href=page>{format!("See {} and its {}", seller.name, count(all.of_provider, "agent", "agents"))}</a>
        </p>
    }
    .into_any()
}

/// Others of the same category.
pub fn similar(services: &[Arc<ServiceDetail>]) -> AnyView {
    let line = |detail: &Arc<ServiceDetail>| {
        let service = &detail.service;
        view! {
            <li>
                <a href=format!("/marketplace-public-offering/{}/", service.id)>{service.name.clone()}</a>
                <p class="meta">{service.tagline.clone()}</p>
                <p class="meta num">{per_million_words(detail)} " · " {rating(service.rating, service.review_count)}</p>
            </li>
        }
    };
    view! { <ul class="similar">{services.iter().map(line).collect_view()}</ul> }.into_any()
}
