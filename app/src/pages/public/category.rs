//! One category on a page of its own: the marketplace with the category fixed.

use leptos::prelude::*;
use leptos_meta::Title;
use model::{CategoryId, CategoryView};

use super::marketplace::{ListHead, list};
use crate::{
    context::{loaded, market, param, set_status},
    parts::{cards::category_card, crumbs::crumbs, filters::Shelf},
};

/// A category by its slug or its id.
#[component]
pub fn CategoryPage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let name = param::<String>("category")?;
        let id = name.parse::<CategoryId>().ok();
        let categories = market.catalog().categories();
        let found = categories.iter().find(|c| c.slug == name || Some(c.id) == id);
        let Some(category) = found else { return Ok(unknown(&categories)) };
        let trail = [("/marketplace/".to_owned(), "Marketplace".to_owned())];
        let about =
            format!("{} Compare prices, measured speed and features.", category.description);
        let head = ListHead {
            title: &category.title,
            about: &about,
            lead: Some(&category.description),
            crumbs: Some(crumbs(&trail, &category.title)),
        };
        Ok(list(&market, &Shelf::category(&category.slug), head))
    })
}

fn unknown(categories: &[CategoryView]) -> AnyView {
    set_status(http::StatusCode::NOT_FOUND);
    view! {
        <Title text="There is no such category – CMP" />
        <section class="wrap category-missing">
            <h1>"There is no such category"</h1>
            <p class="lead">"The address may be mistyped. These are the categories of the marketplace."</p>
            <div class="shelves">{categories.iter().map(category_card).collect_view()}</div>
            <p><a href="/marketplace/">"Browse all agents"</a></p>
        </section>
    }
    .into_any()
}
