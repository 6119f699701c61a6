//! Reports for the operator: how the marketplace does, and what was earned, used and ordered, as tables with bars and as
//! files.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Kpis, Permission};
use model::{Credits, Usd};

use crate::{
    calls::own_form,
    context::{PostedForm, actor, loaded, market, query},
    format::{count, credits, dollars, grouped},
    parts::{
        invoices::cents,
        notices::{empty, error_summary},
        views::{Listed, address, views},
    },
    reports::{Cell, Line, Report, Sheet, Span, sheet},
};

/// Figures, or one report.
#[component]
pub fn FiguresPage() -> impl IntoView {
    loaded(async {
        let (market, actor) = (market()?, actor()?);
        actor.must_everywhere(Permission::SeeStats)?;
        let report = query::<Report>("report");
        let text = |name| query::<String>(name).unwrap_or_default();
        let (from, to) = (text("from"), text("to"));
        let today = market.core().now().day();
        let counted = match report {
            None => None,
            Some(report) => Some(match Span::read(&from, &to, today) {
                Ok(span) => sheet(&market, &actor, report, span).await.map(|sheet| (span, sheet)),
                Err(error) => Err(error),
            }),
        };
        let (wrong, body) = match (report, counted) {
            (Some(report), Some(Ok((span, sheet)))) => {
                let days = (span.from.to_string(), span.to.to_string());
                (None, view! { {form(report, &days)} {shown(report, &sheet, &days)} }.into_any())
            }
            (Some(report), Some(Err(error))) => {
                let wrong = own_form::wrong(error, &PostedForm::default(), &[])?;
                (Some(wrong), form(report, &(from, to)))
            }
            _ => (None, kpis(market.stats().kpis(&actor).await?)),
        };
        let mut listed = vec![Listed {
            href: "/admin/reports/".to_owned(),
            words: "Overview",
            count: None,
            current: report.is_none(),
        }];
        listed.extend(Report::ALL.map(|one| Listed {
            href: address(&[("report", one.as_str())]),
            words: one.title(),
            count: None,
            current: report == Some(one),
        }));
        let title = report.map_or("Reports", Report::title);
        let prefix = if wrong.is_some() { "Error: " } else { "" };
        Ok(view! {
            <Title text=format!("{prefix}{title} – Operator – CMP") />
            <div class="wrap">
                {error_summary(wrong.as_ref())}
                <header class="page-head">
                    <h1>"Reports"</h1>
                </header>
                {views("Reports", &listed)}
                {body}
            </div>
        }
        .into_any())
    })
}

/// One figure with how it is made.
fn figure(name: &'static str, value: String, formula: &'static str) -> AnyView {
    view! {
        <div class="tile">
            <dt>{name}</dt>
            <dd class="stat num">{value}</dd>
            <dd class="meta">{formula}</dd>
        </div>
    }
    .into_any()
}

fn kpis(kpis: Kpis) -> AnyView {
    let share = |points: Option<u64>| {
        points.map_or_else(
            || "–".to_owned(),
            |points| format!("{}.{:02} %", points / 100, points % 100),
        )
    };
    view! {
        <section aria-labelledby="month">
            <h2 id="month">{kpis.month.title()} <span class="meta">" · the last month that has ended"</span></h2>
            <dl class="tiles kpis">
                {figure("Revenue", cents(kpis.revenue), "invoiced before tax, less credit notes + what left the wallets × price of a credit")}
                {figure("Monthly recurring revenue", cents(kpis.mrr), "invoiced plans, fixed parts and limits + plans’ fees from wallets × price of a credit")}
                {figure("Paying organizations", grouped(kpis.customers), "those with an invoice above zero or a charge on their wallet in the month")}
                {figure("Revenue per organization", cents(kpis.arpu), "revenue ÷ paying organizations")}
                {figure("Churn", share(kpis.churn), "of those who paid in the month before, the part that did not pay in this one; – when nobody had paid")}
            </dl>
        </section>
        <section aria-labelledby="orders">
            <h2 id="orders">"Orders of the last 30 days"</h2>
            <dl class="tiles kpis">
                {figure("Placed", grouped(kpis.orders), "orders of every kind that were placed")}
                {figure("Completed", share(kpis.completion), "done ÷ (done + failed + rejected + canceled); – when none has ended")}
            </dl>
        </section>
    }
    .into_any()
}

fn form(report: Report, (from, to): &(String, String)) -> AnyView {
    view! {
        <form class="inline-form wide-form" method="get">
            <input type="hidden" name="report" value=report.as_str() />
            <div class="field">
                <label class="label" for="from">"From"</label>
                <input class="input" id="from" type="date" name="from" value=from.clone() />
            </div>
            <div class="field">
                <label class="label" for="to">"To"</label>
                <input class="input" id="to" type="date" name="to" value=to.clone() />
            </div>
            <button class="btn btn-secondary" type="submit">"Show"</button>
        </form>
    }
    .into_any()
}

fn shown(report: Report, sheet: &Sheet, (from, to): &(String, String)) -> AnyView {
    let file =
        format!("/admin/reports/{}.csv{}", report.as_str(), address(&[("from", from), ("to", to)]));
    let definition = view! { <p class="meta definition">{report.definition()}</p> };
    if sheet.lines.is_empty() {
        return view! {
            {definition}
            {empty("Nothing in these days", "Choose other days, or another report.", None)}
        }
        .into_any();
    }
    let head = |(place, words): (usize, &&'static str)| {
        let class = is_number(sheet, place).then_some("num");
        let bar = (place == sheet.measure)
            .then(|| view! { <th class="bar-head" aria-hidden="true"></th> });
        view! { <th scope="col" class=class>{*words}</th> {bar} }
    };
    let foot = sheet.sum.as_ref().map(|sum| {
        let cell = |(place, cell): (usize, &Cell)| {
            let bar = (place == sheet.measure)
                .then(|| view! { <td class="bar-cell" aria-hidden="true"></td> });
            let words = sheet.heads.get(place).copied().unwrap_or_default();
            if place == 0 {
                view! { <th scope="row">{words_of(cell)}</th> }.into_any()
            } else {
                let class = is_number(sheet, place).then_some("num");
                view! { <td class=class data-label=words>{words_of(cell)}</td> {bar} }.into_any()
            }
        };
        view! { <tfoot><tr>{sum.iter().enumerate().map(cell).collect_view()}</tr></tfoot> }
    });
    let rows = count(sheet.lines.len() as u64, "row", "rows");
    view! {
        {definition}
        <div class="band-head report-head">
            <p class="meta">{rows}</p>
            <a class="btn btn-secondary" href=file>"Download CSV"</a>
        </div>
        <div class="sheet-scroll" tabindex="0" role="region" aria-label=report.title()>
            <table class="sheet report">
                <caption class="sr-only">{format!("{} from {from} to {to}", report.title())}</caption>
                <thead><tr>{sheet.heads.iter().enumerate().map(head).collect_view()}</tr></thead>
                <tbody>{sheet.lines.iter().map(|line| row(sheet, line)).collect_view()}</tbody>
                {foot}
            </table>
        </div>
    }
    .into_any()
}

fn is_number(sheet: &Sheet, place: usize) -> bool {
    let first = sheet.lines.first().and_then(|line| line.cells.get(place));
    first.is_some_and(|cell| !matches!(cell, Cell::Text(_)))
}

fn words_of(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Count(number) => grouped(*number),
        Cell::Money(micros) => dollars(Usd::from_micros(*micros)),
        Cell::Amount(micros) => credits(Credits::from_micros(*micros)),
    }
}

fn row(sheet: &Sheet, line: &Line) -> AnyView {
    let cell = |(place, cell): (usize, &Cell)| {
        let words = sheet.heads.get(place).copied().unwrap_or_default();
        // The figure beside it says the same.
        let bar = (place == sheet.measure).then(|| {
            view! {
                <td class="bar-cell" aria-hidden="true">
                    <svg viewBox="0 0 1000 8" preserveAspectRatio="none">
                        <rect width=line.bar.to_string() height="8" />
                    </svg>
                </td>
            }
        });
        if place == 0 {
            view! { <th scope="row">{words_of(cell)}</th> }.into_any()
        } else {
            let class = is_number(sheet, place).then_some("num");
            view! { <td class=class data-label=words><span>{words_of(cell)}</span></td> {bar} }
                .into_any()
        }
    };
    view! { <tr>{line.cells.iter().enumerate().map(cell).collect_view()}</tr> }.into_any()
}
