//! A service in a list, and a shelf of the marketplace.

use leptos::prelude::*;
use model::{CategoryView, Service};

use super::{
    badges::{Tone, badge, provider, service_state},
    icons::{Icon, icon},
    prices::price_lines,
};
use crate::format::{count, token_count};

/// A service in a list. Its name links to its page; `return_query` is the list's own query, kept for the dialog.
pub fn service_card(service: &Service, category: &str, return_query: &str) -> AnyView {
    let page = format!("/marketplace-public-offering/{}/", service.id);
    let amp = if return_query.is_empty() { "" } else { "&" };
    let dialog = format!("/marketplace/?{return_query}{amp}service={}", service.id);
    let features = service.features.names().into_iter().map(|name| view! { <li>{name}</li> });
    let context = (service.context_window > 0).then(|| {
        view! { <li class="num">{format!("{} context", token_count(service.context_window))}</li> }
    });
    let trial = service
        .trial
        .as_ref()
        .map(|trial| badge(format!("{}-day trial", trial.days), Tone::Accent));
    view! {
        <article class="card service" data-cat=service.category.to_string()>
            <p class="service-kind">
                {icon(Icon::of_category(&service.category))}
                <span>{category.to_owned()}</span>
                <span class="meta">{service.model_family.title()}</span>
            </p>
            <h3 class="service-name">
                <a href=page.clone()>{service.name.clone()}</a>
            </h3>
            <p class="service-tagline">{service.tagline.clone()}</p>
            <p class="meta">
                "by " {provider(&service.provider_name, service.provider_verified)} " "
                {service_state(service.status)} " " {trial}
            </p>
            {price_lines(service)}
            <ul class="tags" aria-label="Features">
                {context}
                {features.collect_view()}
            </ul>
            <p class="service-actions">
                <a class="btn btn-secondary" href=page data-dialog=dialog>
                    "Details"
                    <span class="sr-only">" of " {service.name.clone()}</span>
                </a>
                <a class="btn btn-ghost" href=format!("/resource/{}/deploy/", service.id)>
                    "Start using"
                    <span class="sr-only">" " {service.name.clone()}</span>
                </a>
            </p>
        </article>
    }
    .into_any()
}

/// A shelf with the number of services on it.
pub fn category_card(category: &CategoryView) -> AnyView {
    let services = (category.count > 0).then(|| count(category.count, "service", "services"));
    view! {
        <a class="shelf" data-cat=category.slug.clone() href=format!("/marketplace/?category={}", category.slug)>
            <span class="shelf-icon">{icon(Icon::of_category(&category.slug))}</span>
            <span class="shelf-title">{category.title.clone()}</span>
            <span class="meta num">{services}</span>
            <span class="shelf-text">{category.description.clone()}</span>
        </a>
    }
    .into_any()
}
