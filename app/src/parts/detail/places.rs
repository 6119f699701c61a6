//! Where the service runs, what that means for data, and how far away it is.

use leptos::prelude::*;
use model::Place;

use super::Details;
use crate::parts::prices::leader;

/// Place, compliance and distances.
pub fn places(all: &Details) -> AnyView {
    let service = &all.detail.service;
    let place = &service.geographic;
    let compliance = (!service.compliance.is_empty()).then(|| {
        leader("Compliance, declared by the provider", service.compliance.join(", ").to_uppercase())
    });
    let nothing = place.country.is_empty() && place.region.is_empty() && place.city.is_none();
    let known = if nothing {
        view! { <p>"The provider does not say where the service runs."</p> }.into_any()
    } else {
        view! {
            <dl class="leaders">
                {(!place.country.is_empty()).then(|| leader("Country", place.country.clone()))}
                {(!place.region.is_empty()).then(|| leader("Region", place.region.clone()))}
                {place.city.clone().map(|city| leader("City", city))}
                {(!place.data_centers.is_empty()).then(|| leader("Data centres", place.data_centers.join(", ")))}
            </dl>
        }
        .into_any()
    };
    view! {
        {known}
        <dl class="leaders">
            {compliance.unwrap_or_else(|| leader("Compliance", "none declared"))}
        </dl>
        {distances(&place.country)}
    }
    .into_any()
}

/// The estimated round trip from everywhere, the nearest first.
fn distances(country: &str) -> Option<AnyView> {
    let mut found: Vec<(u32, Place)> = Place::ALL
        .iter()
        .filter_map(|place| Some((place.round_trip_ms(country)?, *place)))
        .collect();
    if found.is_empty() {
        return None;
    }
    found.sort_unstable();
    let row = |(ms, place): &(u32, Place)| {
        view! {
            <tr>
                <th scope="row">{place.title()}</th>
                <td class="num">{format!("about {ms}\u{a0}ms")}</td>
            </tr>
        }
    };
    Some(
        view! {
            <details>
                <summary>"Round trips by where you call from"</summary>
                <div class="sheet-scroll tall" tabindex="0" role="region" aria-label="Round trips">
                    <table class="sheet compact">
                        <caption class="meta">"Estimated from the distance alone, nearest first"</caption>
                        <thead>
                            <tr>
                                <th scope="col">"From"</th>
                                <th scope="col" class="num">"Round trip"</th>
                            </tr>
                        </thead>
                        <tbody>{found.iter().map(row).collect_view()}</tbody>
                    </table>
                </div>
            </details>
        }
        .into_any(),
    )
}
