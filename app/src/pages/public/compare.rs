//! Two to four services side by side, or the plans of one.

use leptos::prelude::*;
use leptos_meta::{Meta, Title};
use market::Catalog;
use model::{CatalogQuery, Sort};

use super::landing::category_title;
use crate::{
    context::{loaded, market, query, query_pairs},
    fail::{Fail, escape},
    parts::{
        cards::service_card,
        compare::MOST,
        comparison::{Cell, Column, Group, Row, groups},
        crumbs::crumbs,
        icons::{Icon, icon},
        notices::{empty, remark},
    },
};

/// What is compared, and what of the address was left out.
struct Comparison {
    columns: Vec<Column>,
    notices: Vec<String>,
    /// The parameter that names the columns, for links to the same comparison.
    address: Vec<String>,
    /// The name of the service whose plans are compared.
    plans_of: Option<String>,
}

/// The comparison that the address asks for.
#[component]
pub fn ComparePage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let catalog = market.catalog();
        let asked = match query::<String>("offering").filter(|name| !name.is_empty()) {
            Some(name) => plans(&catalog, &name)?,
            None => services(&catalog),
        };
        let only = query::<String>("diff").is_some_and(|value| value == "1");
        Ok(page(&catalog, &asked, only))
    })
}

fn plans(catalog: &Catalog, name: &str) -> Result<Comparison, Fail> {
    let detail = catalog.named(name).ok_or(Fail::missing("offering"))?;
    let plans = detail.plans.len().min(MOST);
    let columns = (0..plans).map(|place| Column { detail: detail.clone(), plan: Some(place) });
    let more = detail.plans.len() > MOST;
    Ok(Comparison {
        columns: columns.collect(),
        notices: more
            .then(|| format!("Only the first {MOST} plans are shown."))
            .into_iter()
            .collect(),
        address: vec![format!("offering={}", escape(&detail.service.slug))],
        plans_of: Some(detail.service.name.clone()),
    })
}

fn services(catalog: &Catalog) -> Comparison {
    let pairs = query_pairs();
    let names = pairs.iter().filter(|(name, _)| name == "ids");
    let names = names.flat_map(|(_, value)| value.split(',')).map(str::trim);
    let (mut columns, mut unknown): (Vec<Column>, usize) = (Vec::new(), 0);
    let (mut more, mut looked_at) = (false, 0);
    for name in names.filter(|name| !name.is_empty()) {
        looked_at += 1;
        if looked_at > 64 {
            more = true;
            break;
        }
        let Some(detail) = catalog.named(name) else {
            unknown += 1;
            continue;
        };
        if columns.iter().any(|known| known.detail.service.id == detail.service.id) {
            continue;
        }
        if columns.len() == MOST {
            more = true;
            break;
        }
        columns.push(Column { detail: detail.clone(), plan: None });
    }
    let notices = [
        more.then(|| format!("You can compare up to {MOST} agents. The first {MOST} are shown.")),
        match unknown {
            0 => None,
            1 => Some("One agent is not available and was left out.".to_owned()),
            n => Some(format!("{n} agents are not available and were left out.")),
        },
    ];
    Comparison {
        notices: notices.into_iter().flatten().collect(),
        address: columns
            .iter()
            .map(|c| format!("ids={}", escape(&c.detail.service.slug)))
            .collect(),
        columns,
        plans_of: None,
    }
}

fn page(catalog: &Catalog, asked: &Comparison, only: bool) -> AnyView {
    let title = match &asked.plans_of {
        Some(name) => format!("Compare the plans of {name}"),
        None => "Compare agents".to_owned(),
    };
    let trail = [("/marketplace/".to_owned(), "Marketplace".to_owned())];
    let enough = asked.columns.len() >= 2;
    let content = if enough { table(asked, only) } else { too_few(catalog, asked) };
    let base = format!("/marketplace/compare/?{}", asked.address.join("&"));
    let toggle = enough.then(|| {
        let (words, link) = if only {
            ("Show all rows", base.clone())
        } else {
            ("Show differences only", format!("{base}&diff=1"))
        };
        view! { <a class="btn btn-secondary btn-small" href=link>{words}</a> }
    });
    let notice = (!asked.notices.is_empty()).then(|| remark(asked.notices.join(" ")));
    view! {
        <Title text=format!("{title} – Marketplace – CMP") />
        <Meta name="robots" content="noindex,follow" />
        <div class="wrap">
            {crumbs(&trail, "Compare")}
            <header class="page-head">
                <h1>{title}</h1>
                {toggle}
            </header>
            {notice}
            {content}
        </div>
    }
    .into_any()
}

/// One is not a comparison: says how to choose, and offers what is near.
fn too_few(catalog: &Catalog, asked: &Comparison) -> AnyView {
    if asked.plans_of.is_some() {
        let page = asked.columns.first().map(|column| &column.detail.service.id);
        let page = page.map(|id| format!("/marketplace-public-offering/{id}/"));
        return empty(
            "There is nothing to compare",
            "This agent has one plan.",
            page.as_deref().map(|href| (href, "Open its page")),
        );
    }
    let (title, text) = match asked.columns.first() {
        None => (
            "Choose agents to compare",
            "Tick “Compare” on 2 to 4 agents of a list, then compare them.".to_owned(),
        ),
        Some(one) => (
            "Choose another agent",
            format!("{} is chosen. Tick “Compare” on at least one more.", one.detail.service.name),
        ),
    };
    let href = asked.columns.first().map_or_else(
        || "/marketplace/".to_owned(),
        |one| format!("/marketplace/?category={}", one.detail.service.category),
    );
    let often = catalog.find(&CatalogQuery {
        page_size: 3,
        sort: Some(Sort::Popularity),
        ..CatalogQuery::default()
    });
    let cards = often.services.iter().map(|found| {
        service_card(&found.service, &category_title(catalog, &found.service.category), "")
    });
    view! {
        {empty(title, text, Some((&href, "Browse agents")))}
        <section class="band" aria-labelledby="often">
            <h2 id="often">"Often chosen"</h2>
            <div class="cards">{cards.collect_view()}</div>
        </section>
    }
    .into_any()
}

fn table(asked: &Comparison, only: bool) -> AnyView {
    let columns = &asked.columns;
    let groups = groups(columns).into_iter().map(|mut group| {
        if only {
            group.rows.retain(Row::differs);
        }
        group
    });
    let groups: Vec<Group> = groups.filter(|group| !group.rows.is_empty()).collect();
    let same =
        groups.is_empty().then(|| remark("They are the same in everything that is compared."));
    let heads = columns.iter().enumerate().map(|(place, column)| head(asked, place, column));
    let width = (columns.len() + 1).to_string();
    let body = groups.into_iter().map(|group| {
        view! {
            <tbody>
                <tr class="compare-group">
                    <th scope="rowgroup" colspan=width.clone()><span>{group.title}</span></th>
                </tr>
                {group.rows.into_iter().map(row).collect_view()}
            </tbody>
        }
    });
    let what = if asked.plans_of.is_some() { "plans" } else { "agents" };
    view! {
        {same}
        <div class="compare-scroll" tabindex="0" role="region" aria-label="Comparison">
            <table class="compare">
                <caption class="sr-only">
                    {format!("{} {what} side by side; the best figure of a row is marked with a word", columns.len())}
                </caption>
                <thead>
                    <tr>
                        <td></td>
                        {heads.collect_view()}
                    </tr>
                </thead>
                {body.collect_view()}
            </table>
        </div>
        <p class="meta compare-note">
            "Prices in US dollars, of the plan that is cheapest per token. Measured figures come from calls through this marketplace; promised ones from the provider."
        </p>
    }
    .into_any()
}

fn head(asked: &Comparison, place: usize, column: &Column) -> impl IntoView + use<> {
    let service = &column.detail.service;
    let plan = column.plan.and_then(|place| column.detail.plans.get(place));
    let page = format!("/marketplace-public-offering/{}/", service.id);
    let start = match plan {
        Some(plan) => format!("/resource/{}/deploy/?plan={}", service.id, plan.id),
        None => format!("/resource/{}/deploy/", service.id),
    };
    let name = plan.map_or_else(|| service.name.clone(), |plan| plan.name.clone());
    let about =
        plan.map_or_else(|| format!("by {}", service.provider_name), |p| p.description.clone());
    let remove = (asked.plans_of.is_none() && asked.columns.len() > 2).then(|| {
        let rest = asked.address.iter().enumerate().filter(|(other, _)| *other != place);
        let rest: Vec<&str> = rest.map(|(_, text)| text.as_str()).collect();
        view! {
            <a class="btn btn-ghost btn-small" href=format!("/marketplace/compare/?{}", rest.join("&"))>
                {icon(Icon::Cross)}
                "Remove"
                <span class="sr-only">" " {name.clone()}</span>
            </a>
        }
    });
    let details = plan.is_none().then(|| {
        view! {
            <a class="btn btn-secondary btn-small" href=page.clone()>
                "Details"
                <span class="sr-only">" of " {name.clone()}</span>
            </a>
        }
    });
    view! {
        <th scope="col">
            <a class="row-name" href=page.clone()>{name.clone()}</a>
            <p class="meta">{about}</p>
            <p class="compare-act">
                <a class="btn btn-primary btn-small" href=start>
                    "Start using"
                    <span class="sr-only">" " {name.clone()}</span>
                </a>
                {details}
                {remove}
            </p>
        </th>
    }
}

fn row(row: Row) -> impl IntoView {
    let cell = |cell: Cell| {
        let (class, sign) = match cell.text.as_str() {
            "Yes" | "Declared by the provider" => ("yes", Some(icon(Icon::Check))),
            "No" | "Not enough data yet" | "Not promised" | "Not said" | "None" => ("no", None),
            _ => ("", None),
        };
        let best = cell.best.map(|word| view! { <span class="badge badge-good">{word}</span> });
        view! {
            <td class=class>
                {sign}
                <span class="num">{cell.text}</span>
                {best}
            </td>
        }
    };
    view! {
        <tr>
            <th scope="row">{row.title}</th>
            {row.cells.into_iter().map(cell).collect_view()}
        </tr>
    }
}
