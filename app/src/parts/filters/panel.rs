//! The panel: every filter with every value and how many services choosing it would show.
//!
//! Values keep their places whatever is chosen, and a value that would show nothing stays there, muted. Script reads
//! `data-facet`, `data-fixed` and `data-part`; everything works without it by “Apply filters”.

use std::collections::BTreeSet;

use leptos::prelude::*;
use model::{Choice, Facet, FacetCount, Place, View};

use super::Listing;
use crate::format::grouped;

/// How many values of a filter are shown before “View more”.
const SHOWN: usize = 6;

/// One value as the panel shows it.
struct Line<'a> {
    choice: &'a Choice,
    title: String,
    /// None for a value from the address that the catalogue keeps no count of.
    count: Option<u64>,
}

/// How the values of a filter are chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Several,
    /// One at most; the first is “Any”.
    One,
}

/// The filter panel.
pub fn panel(listing: Listing<'_>) -> AnyView {
    let query = listing.query;
    let kept = [
        (query.view != View::Cards).then(|| ("view", query.view.as_str().to_owned())),
        (query.page_size != model::CatalogQuery::PAGE_SIZE)
            .then(|| ("page_size", query.page_size.to_string())),
    ];
    let kept = kept.into_iter().flatten().map(|(name, value)| {
        view! { <input type="hidden" name=name value=value /> }
    });
    view! {
        <form
            class="filters"
            id="filters"
            method="get"
            action=listing.shelf.path().to_owned()
            aria-label="Filters"
            autocomplete="off"
            data-fixed=listing.shelf.parameter()
        >
            <span hidden data-part="kept">{kept.collect_view()}</span>
            {listing.shelf.offers(Facet::Category).then(|| {
                group(listing, "Category", true, &[Facet::Category], |l| values(l, Facet::Category))
            })}
            {group(listing, "Model family", true, &[Facet::Family], |l| values(l, Facet::Family))}
            {group(
                listing,
                "Price",
                true,
                &[Facet::Free, Facet::Price, Facet::MinPrice, Facet::MaxPrice],
                prices,
            )}
            {group(listing, "Features", true, &[Facet::Feature], |l| must_have(l, Facet::Feature))}
            {group(
                listing,
                "Context window",
                false,
                &[Facet::Context, Facet::MinContext, Facet::MaxContext],
                contexts,
            )}
            {group(listing, "Rating", false, &[Facet::Rating], |l| radios(l, Facet::Rating, "Any rating"))}
            {group(
                listing,
                "Performance",
                false,
                &[Facet::Uptime, Facet::Latency, Facet::Throughput],
                performance,
            )}
            {group(listing, "Region", false, &[Facet::Region], regions)}
            {group(listing, "Availability", false, &[Facet::Schedule, Facet::Now], |l| {
                view! { {values(l, Facet::Schedule)} {values(l, Facet::Now)} }.into_any()
            })}
            {group(listing, "Compliance", false, &[Facet::Compliance], |l| must_have(l, Facet::Compliance))}
            {group(listing, "Provider", false, &[Facet::Verified, Facet::Provider], |l| {
                view! { {values(l, Facet::Verified)} {values(l, Facet::Provider)} }.into_any()
            })}
            <p class="filters-foot">
                <button class="btn btn-primary" type="submit">"Apply filters"</button>
                <a href=listing.shelf.path().to_owned()>"Clear all"</a>
            </p>
        </form>
    }
    .into_any()
}

/// A filter or a few that belong together, under one handle.
fn group(
    listing: Listing<'_>,
    title: &'static str,
    open: bool,
    facets: &[Facet],
    content: impl FnOnce(Listing<'_>) -> AnyView,
) -> AnyView {
    let near = facets.contains(&Facet::Region) && listing.query.near.is_some();
    let chosen = listing.query.choices.iter().filter(|c| facets.contains(&c.facet())).count();
    let chosen = chosen + usize::from(near);
    let open = open || chosen > 0;
    view! {
        <details class="facet" open=open data-facet=title>
            <summary>
                {title}
                <span class="facet-n num">{(chosen > 0).then(|| format!(" ({chosen})"))}</span>
            </summary>
            <fieldset>
                <legend class="sr-only">{title}</legend>
                {content(listing)}
            </fieldset>
        </details>
    }
    .into_any()
}

/// The values of a filter in their order, with those that only the address names.
fn lines(listing: Listing<'_>, facet: Facet) -> Vec<Line<'_>> {
    let known = listing.found.facets.iter().filter(|value| value.choice.facet() == facet);
    let mut lines: Vec<Line<'_>> = known.map(line).collect();
    if facet == Facet::Rating {
        lines.reverse();
    }
    let ranges = [Facet::MinPrice, Facet::MaxPrice, Facet::MinContext, Facet::MaxContext];
    let named: BTreeSet<&Choice> = lines.iter().map(|line| line.choice).collect();
    let unnamed = listing.query.choices.iter().filter(|choice| {
        choice.facet() == facet && !ranges.contains(&facet) && !named.contains(choice)
    });
    let unnamed: Vec<&Choice> = unnamed.collect();
    lines.extend(unnamed.into_iter().map(|choice| Line {
        title: words(choice, &listing.catalog.title_of(choice)),
        // The one value of its filter: choosing it shows what is shown.
        count: choice.facet().is_single().then_some(listing.found.total),
        choice,
    }));
    lines
}

fn line(value: &FacetCount) -> Line<'_> {
    Line {
        choice: &value.choice,
        title: words(&value.choice, &value.title),
        count: Some(value.count),
    }
}

/// A title under the heading of its filter, which need not be said again.
fn words(choice: &Choice, title: &str) -> String {
    let rest = match choice {
        Choice::Uptime(_) => title.strip_prefix("Uptime "),
        Choice::Latency(_) => title.strip_prefix("First token "),
        _ => None,
    };
    let Some(rest) = rest else { return title.to_owned() };
    let mut letters = rest.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn option(listing: Listing<'_>, kind: Kind, line: Line<'_>) -> impl IntoView + use<> {
    let none = (line.count == Some(0)).then_some("");
    let kind = if kind == Kind::Several { "checkbox" } else { "radio" };
    view! {
        <label class="option" data-none=none>
            <input
                type=kind
                name=line.choice.facet().parameter()
                value=line.choice.value()
                checked=listing.query.has(line.choice)
            />
            <span>{line.title}</span>
            <span class="n">{line.count.map(grouped)}</span>
        </label>
    }
}

/// Check boxes, the first few and the rest behind a handle.
fn values(listing: Listing<'_>, facet: Facet) -> AnyView {
    let mut first = lines(listing, facet);
    let rest = if first.len() > SHOWN + 1 { first.split_off(SHOWN) } else { Vec::new() };
    let more = (!rest.is_empty()).then(|| {
        let open = rest.iter().any(|line| listing.query.has(line.choice));
        let handle = format!("View {} more", rest.len());
        let rest = rest.into_iter().map(|line| option(listing, Kind::Several, line));
        view! {
            <details class="more" open=open>
                <summary>{handle}</summary>
                {rest.collect_view()}
            </details>
        }
    });
    let first = first.into_iter().map(|line| option(listing, Kind::Several, line));
    view! { {first.collect_view()} {more} }.into_any()
}

/// Check boxes of which every one is demanded.
fn must_have(listing: Listing<'_>, facet: Facet) -> AnyView {
    view! {
        <p class="facet-note">"Must have"</p>
        {values(listing, facet)}
    }
    .into_any()
}

/// Radio buttons, “any” first.
fn radios(listing: Listing<'_>, facet: Facet, any: &'static str) -> AnyView {
    let none = !listing.query.choices.iter().any(|choice| choice.facet() == facet);
    let options = lines(listing, facet).into_iter().map(|line| option(listing, Kind::One, line));
    view! {
        <label class="option">
            <input type="radio" name=facet.parameter() value="" checked=none />
            <span>{any}</span>
        </label>
        {options.collect_view()}
    }
    .into_any()
}

/// Two numbers, the least and the most.
fn range(
    listing: Listing<'_>,
    legend: &'static str,
    ends: [(Facet, &'static str, &'static str); 2],
) -> impl IntoView + use<> {
    let field = move |(facet, label, example): (Facet, &'static str, &'static str)| {
        let typed = listing.query.choices.iter().find(|choice| choice.facet() == facet);
        view! {
            <label>
                <span class="sr-only">{format!("{legend}, {label}")}</span>
                <input
                    class="input num"
                    type="text"
                    inputmode="decimal"
                    name=facet.parameter()
                    value=typed.map(Choice::value)
                    placeholder=example
                    maxlength="16"
                />
            </label>
        }
    };
    let [from, to] = ends;
    view! {
        <p class="facet-note">{legend}</p>
        <div class="range">
            {field(from)}
            <span aria-hidden="true">"–"</span>
            {field(to)}
        </div>
    }
}

fn prices(listing: Listing<'_>) -> AnyView {
    view! {
        {values(listing, Facet::Free)}
        <p class="facet-note">"Per 1K tokens"</p>
        {values(listing, Facet::Price)}
        {range(
            listing,
            "US dollars per 1K tokens",
            [(Facet::MinPrice, "from", "0"), (Facet::MaxPrice, "up to", "0.05")],
        )}
    }
    .into_any()
}

fn contexts(listing: Listing<'_>) -> AnyView {
    view! {
        {values(listing, Facet::Context)}
        {range(
            listing,
            "Tokens",
            [(Facet::MinContext, "from", "32K"), (Facet::MaxContext, "up to", "1M")],
        )}
    }
    .into_any()
}

fn performance(listing: Listing<'_>) -> AnyView {
    let part = |title: &'static str, facet: Facet| {
        view! {
            <fieldset class="facet-part">
                <legend class="facet-note">{title}</legend>
                {radios(listing, facet, "Any")}
            </fieldset>
        }
    };
    view! {
        {part("Uptime, 30 days", Facet::Uptime)}
        {part("First token", Facet::Latency)}
        {part("Throughput", Facet::Throughput)}
        <details class="more">
            <summary>"How this is measured"</summary>
            <dl class="terms">
                <dt>"Uptime"</dt>
                <dd>"Calls answered without an error of the provider’s, of all that count. Errors of the caller’s and rate limits do not count."</dd>
                <dt>"First token"</dt>
                <dd>"The time to the first token that 95 of 100 calls stay under."</dd>
                <dt>"Throughput"</dt>
                <dd>"Tokens per second of a typical answer, after its first token."</dd>
            </dl>
            <p>"Measured by this marketplace on real calls and probes. Agents with fewer than 100 samples have no figure and are not found by these filters."</p>
        </details>
    }
    .into_any()
}

fn regions(listing: Listing<'_>) -> AnyView {
    let places = Place::ALL.iter().map(|place| {
        let chosen = listing.query.near == Some(*place);
        view! { <option value=place.as_str() selected=chosen>{place.title()}</option> }
    });
    view! {
        {values(listing, Facet::Region)}
        <label class="facet-near">
            <span class="facet-note">"Calls come from"</span>
            <select class="input" name="near">
                <option value="">"Not said"</option>
                {places.collect_view()}
            </select>
        </label>
        <p class="meta">"Adds an estimate of the network’s part of each call, from distance alone."</p>
    }
    .into_any()
}
