//! Services or plans side by side: what each row says of each column, and which of them is best.

use std::{collections::BTreeSet, sync::Arc};

use model::{Feature, PlanCost, PlanView, Price, ServiceDetail, Usd, Volume};

use super::cards::{milliseconds, rating_words};
use crate::format::{grouped, percent, token_count};

/// One thing that is compared: a service with its cheapest figures, or one plan of it.
#[derive(Debug, Clone)]
pub struct Column {
    pub detail: Arc<ServiceDetail>,
    /// The place of a plan among those of the service; none for the service as a whole.
    pub plan: Option<usize>,
}

/// What a row says of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    /// Why it is the best of its row, in a word.
    pub best: Option<&'static str>,
}

/// A row of the comparison.
#[derive(Debug, Clone)]
pub struct Row {
    pub title: String,
    pub cells: Vec<Cell>,
}

/// Rows under one heading.
#[derive(Debug, Clone)]
pub struct Group {
    pub title: &'static str,
    pub rows: Vec<Row>,
}

/// What is better.
#[derive(Debug, Clone, Copy)]
enum Better {
    Less(&'static str),
    More(&'static str),
}

impl Row {
    fn plain(title: impl Into<String>, texts: Vec<String>) -> Self {
        let cells = texts.into_iter().map(|text| Cell { text, best: None });
        Self { title: title.into(), cells: cells.collect() }
    }

    /// A row of which one column may be best. What has no figure is never best, and neither is anything when all are
    /// the same.
    fn judged(
        title: impl Into<String>,
        better: Better,
        values: Vec<(String, Option<i64>)>,
    ) -> Self {
        let figures = || values.iter().filter_map(|(_, figure)| *figure);
        let (best, word) = match better {
            Better::Less(word) => (figures().min(), word),
            Better::More(word) => (figures().max(), word),
        };
        let differ = figures().min() != figures().max();
        let cells = values.into_iter().map(|(text, figure)| Cell {
            text,
            best: (differ && figure.is_some() && figure == best).then_some(word),
        });
        Self { title: title.into(), cells: cells.collect() }
    }

    /// Whether the columns say different things.
    pub fn differs(&self) -> bool {
        self.cells.windows(2).any(|pair| matches!(pair, [a, b] if a.text != b.text))
    }
}

impl Column {
    fn plans(&self) -> Vec<&PlanView> {
        let chosen = |place: usize| self.plan.is_none_or(|plan| plan == place);
        self.detail
            .plans
            .iter()
            .enumerate()
            .filter_map(|(place, plan)| chosen(place).then_some(plan))
            .collect()
    }

    /// The lowest of a price over the plans of the column.
    fn least<T: Ord>(&self, of: impl Fn(&PlanView) -> T) -> Option<T> {
        self.plans().into_iter().map(of).min()
    }

    /// The most generous of a limit; none is no limit at all.
    fn most(&self, of: impl Fn(&PlanView) -> Option<u32>) -> Option<u32> {
        let limits: Vec<Option<u32>> = self.plans().into_iter().map(of).collect();
        if limits.contains(&None) { None } else { limits.into_iter().flatten().max() }
    }

    /// The price that a usual mix of tokens is cheapest at.
    fn price(&self) -> Option<Price> {
        self.plans().into_iter().map(|plan| plan.price).min_by_key(Price::blended_per_1k)
    }
}

/// Everything that can be said, in groups.
pub fn groups(columns: &[Column]) -> Vec<Group> {
    vec![
        Group { title: "Price", rows: prices(columns) },
        Group { title: "Limits", rows: limits(columns) },
        Group { title: "Features", rows: features(columns) },
        Group { title: "Performance", rows: performance(columns) },
        Group { title: "Compliance", rows: compliance(columns) },
        Group { title: "Support and provider", rows: provider(columns) },
        Group { title: "Reviews and use", rows: reviews(columns) },
    ]
}

fn each<T>(columns: &[Column], say: impl Fn(&Column) -> T) -> Vec<T> {
    columns.iter().map(say).collect()
}

fn money(amount: Option<Usd>) -> (String, Option<i64>) {
    let text = match amount {
        Some(Usd::ZERO) => "No charge".to_owned(),
        Some(amount) => amount.to_string(),
        None => "–".to_owned(),
    };
    (text, amount.map(Usd::micros))
}

fn prices(columns: &[Column]) -> Vec<Row> {
    let per_1k = |part: fn(&Price) -> i64, words: fn(&Price) -> String| {
        each(columns, move |column| match column.price() {
            Some(price) if part(&price) == 0 => ("No charge".to_owned(), Some(0)),
            Some(price) => (words(&price), Some(part(&price))),
            None => ("–".to_owned(), None),
        })
    };
    let usual = Volume::default();
    let month = |column: &Column| {
        let cost = |plan: &PlanView| {
            let plan =
                PlanCost { name: String::new(), price: plan.price, monthly_fee: plan.monthly_fee };
            plan.month(usual).map(|month| model::in_cents(month.total))
        };
        column.plans().into_iter().filter_map(cost).min()
    };
    let mut rows = vec![
        Row::judged(
            "Prompt / 1K tokens",
            Better::Less("Lowest"),
            per_1k(|p| p.prompt, |p| p.prompt_per_1k().to_string()),
        ),
        Row::judged(
            "Answer / 1K tokens",
            Better::Less("Lowest"),
            per_1k(|p| p.completion, |p| p.completion_per_1k().to_string()),
        ),
    ];
    let request = |column: &Column| column.price().map(|price| Usd::from_micros(price.request));
    if columns.iter().any(|column| request(column).is_some_and(|price| price != Usd::ZERO)) {
        let values = each(columns, |column| money(request(column)));
        rows.push(Row::judged("Per request", Better::Less("Lowest"), values));
    }
    let fees = each(columns, |column| {
        let fee = column.least(|plan| plan.monthly_fee);
        let text = match fee {
            Some(Usd::ZERO) => "None".to_owned(),
            Some(fee) => fee.to_string(),
            None => "–".to_owned(),
        };
        (text, fee.map(Usd::micros))
    });
    rows.push(Row::judged("Monthly fee, from", Better::Less("Lowest"), fees));
    rows.push(Row::judged(
        format!(
            "A month of {} calls, {} + {} tokens",
            grouped(usual.requests),
            grouped(usual.prompt_tokens),
            grouped(usual.completion_tokens)
        ),
        Better::Less("Lowest"),
        each(columns, |column| money(month(column))),
    ));
    let trials = each(columns, |column| {
        let days = column.detail.service.trial.as_ref().map(|trial| trial.days);
        (days.map_or_else(|| "None".to_owned(), |days| format!("{days} days")), days.map(i64::from))
    });
    rows.push(Row::judged("Trial without the fee", Better::More("Longest"), trials));
    rows
}

fn limits(columns: &[Column]) -> Vec<Row> {
    let tokens = |count: u64| match count {
        0 => ("Not said".to_owned(), None),
        _ => (format!("{} tokens", token_count(count)), i64::try_from(count).ok()),
    };
    let limit = |of: fn(&PlanView) -> Option<u32>| {
        each(columns, move |column| match column.most(of) {
            Some(limit) => (grouped(limit.into()), Some(i64::from(limit))),
            None => ("No limit".to_owned(), Some(i64::MAX)),
        })
    };
    vec![
        Row::judged(
            "Context window",
            Better::More("Longest"),
            each(columns, |column| tokens(column.detail.service.context_window)),
        ),
        Row::judged(
            "Longest answer",
            Better::More("Longest"),
            each(columns, |column| tokens(column.detail.service.max_output_tokens)),
        ),
        Row::judged(
            "Requests a minute",
            Better::More("Most"),
            limit(|plan| plan.limits.requests_per_minute),
        ),
        Row::judged(
            "Requests a day",
            Better::More("Most"),
            limit(|plan| plan.limits.requests_per_day),
        ),
        Row::judged(
            "Requests at a time",
            Better::More("Most"),
            limit(|plan| plan.limits.concurrent),
        ),
    ]
}

fn yes(there: bool) -> String {
    if there { "Yes" } else { "No" }.to_owned()
}

fn features(columns: &[Column]) -> Vec<Row> {
    let feature = |feature: &Feature| {
        let there = each(columns, |column| yes(column.detail.service.features.has(*feature)));
        Row::plain(feature.title(), there)
    };
    let mut rows: Vec<Row> = Feature::ALL.iter().map(feature).collect();
    rows.push(Row::plain(
        "Model family",
        each(columns, |column| column.detail.service.model_family.title().to_owned()),
    ));
    rows.push(Row::plain(
        "API compatibility",
        each(columns, |column| listed(&column.detail.service.api_compatibility)),
    ));
    rows
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "Not said".to_owned() } else { names.join(", ") }
}

/// Measured beside promised; only what was measured can be best.
fn performance(columns: &[Column]) -> Vec<Row> {
    let measured = |text: Option<String>, figure: Option<i64>| {
        (text.unwrap_or_else(|| "Not enough data yet".to_owned()), figure)
    };
    let promised = |text: Option<String>| text.unwrap_or_else(|| "Not promised".to_owned());
    let rate = |tps: f64| format!("{tps:.0}\u{a0}tokens/s");
    vec![
        Row::judged(
            "First token, p95, measured",
            Better::Less("Quickest"),
            each(columns, |column| {
                let ms = column.detail.service.metrics.latency_p95;
                measured(ms.map(milliseconds), ms.map(i64::from))
            }),
        ),
        Row::plain(
            "First token, p95, promised",
            each(columns, |c| promised(c.detail.promises.latency_p95.map(milliseconds))),
        ),
        Row::judged(
            "Uptime, 30 days, measured",
            Better::More("Highest"),
            each(columns, |column| {
                let share = column.detail.service.metrics.uptime30d;
                measured(share.map(percent), share.map(thousandths))
            }),
        ),
        Row::plain(
            "Uptime, promised",
            each(columns, |column| promised(column.detail.promises.uptime.map(percent))),
        ),
        Row::judged(
            "Throughput, measured",
            Better::More("Highest"),
            each(columns, |column| {
                let tps = column.detail.service.metrics.throughput_tps;
                measured(tps.map(rate), tps.map(thousandths))
            }),
        ),
        Row::plain(
            "Throughput, promised",
            each(columns, |column| promised(column.detail.promises.throughput_tps.map(rate))),
        ),
        Row::plain(
            "Hours",
            each(columns, |c| c.detail.service.availability.schedule.title().to_owned()),
        ),
    ]
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "percents and tokens per second are small; a figure that is not orders nothing"
)]
fn thousandths(figure: f64) -> i64 {
    (figure * 1_000.0) as i64
}

fn compliance(columns: &[Column]) -> Vec<Row> {
    let names: BTreeSet<&String> =
        columns.iter().flat_map(|column| column.detail.service.compliance.iter()).collect();
    if names.is_empty() {
        let none = each(columns, |_| "None declared".to_owned());
        return vec![Row::plain("Certificates", none)];
    }
    let row = |name: &String| {
        let declared = each(columns, |column| {
            let there = column.detail.service.compliance.contains(name);
            if there { "Declared by the provider" } else { "No" }.to_owned()
        });
        Row::plain(name.clone(), declared)
    };
    names.into_iter().map(row).collect()
}

fn provider(columns: &[Column]) -> Vec<Row> {
    let place = |column: &Column| {
        let place = &column.detail.service.geographic;
        let parts = [place.city.as_deref().unwrap_or_default(), &place.country, &place.region];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { "Not said".to_owned() } else { parts.join(", ") }
    };
    vec![
        Row::plain("Provider", each(columns, |column| column.detail.provider.name.clone())),
        Row::plain(
            "Verified by the marketplace",
            each(columns, |column| yes(column.detail.service.provider_verified)),
        ),
        Row::plain("Runs in", each(columns, place)),
        Row::plain(
            "Documentation",
            each(columns, |column| yes(column.detail.documentation_url.is_some())),
        ),
    ]
}

fn reviews(columns: &[Column]) -> Vec<Row> {
    let count = |number: u64| (grouped(number), i64::try_from(number).ok().filter(|n| *n > 0));
    vec![
        Row::judged(
            "Rating",
            Better::More("Highest"),
            each(columns, |column| {
                let service = &column.detail.service;
                (rating_words(service), service.rating.map(thousandths))
            }),
        ),
        Row::judged(
            "Calls, 30 days",
            Better::More("Most"),
            each(columns, |column| count(column.detail.service.usage_stats.monthly_requests)),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(values: [Option<i64>; 3]) -> Vec<(String, Option<i64>)> {
        values.into_iter().map(|value| (format!("{value:?}"), value)).collect()
    }

    #[test]
    fn the_best_is_marked_and_nothing_is_when_all_are_the_same() {
        let best = |better, values| {
            let row = Row::judged("", better, figures(values));
            row.cells.iter().map(|cell| cell.best.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(best(Better::Less("x"), [Some(2), None, Some(1)]), [false, false, true]);
        assert_eq!(best(Better::More("x"), [Some(2), Some(2), Some(1)]), [true, true, false]);
        assert_eq!(best(Better::Less("x"), [Some(1); 3]), [false; 3]);
        assert_eq!(best(Better::Less("x"), [None, None, Some(1)]), [false; 3]);
    }

    #[test]
    fn rows_that_say_the_same_can_be_left_out() {
        assert!(!Row::plain("", vec!["a".to_owned(), "a".to_owned()]).differs());
        assert!(Row::plain("", vec!["a".to_owned(), "b".to_owned()]).differs());
    }
}
