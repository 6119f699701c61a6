//! The lines of a month's invoice, made of what was had and used: pure rules, no database, no clock.

use std::collections::HashMap;

use model::{
    Billed, Billing, Month, OfferingId, Pace, PlanId, PlanUnit, ProjectId, ResourceId, Slots, Stay,
    Timestamp, for_amount, for_tiers, for_time, spans,
};
use serde_json::{Value, json};
use store::{
    billable::{Component, ComponentPrice, Period, PlanPrice, Tariff, Used},
    plan_periods::Opening,
};

/// Millionths of a unit.
const ONE: i64 = 1_000_000;

/// A line before it belongs to an invoice.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub resource: ResourceId,
    pub project: ProjectId,
    pub offering: OfferingId,
    pub seller: Option<model::CustomerId>,
    pub name: String,
    pub billing: Billing,
    pub component: String,
    pub unit: PlanUnit,
    pub measured_unit: String,
    pub article_code: String,
    pub unit_price: i64,
    pub quantity: i64,
    pub price: i64,
    pub start: Timestamp,
    pub end: Timestamp,
    pub price_version: Option<String>,
    pub details: Value,
}

/// How much was billed of what is due once a month, by resource, plan and kind of component; the plan's own price has none.
type Whole<'a> = HashMap<(ResourceId, PlanId, &'a str), i64>;

/// Whose line it is.
struct Of<'a> {
    resource: ResourceId,
    project: ProjectId,
    offering: OfferingId,
    seller: Option<model::CustomerId>,
    resource_name: &'a str,
    tariff: &'a Tariff,
}

/// One customer's month.
pub(crate) struct Bill<'a> {
    pub month: Month,
    /// Nothing is billed by time after it: now, or when the customer was blocked.
    pub until: Option<Timestamp>,
    pub tariffs: &'a HashMap<PlanId, Tariff>,
}

impl Bill<'_> {
    /// All lines; `None` when an amount does not fit.
    pub fn lines(&self, periods: &[Period], used: &[Used]) -> Option<Vec<Line>> {
        let (mut lines, mut whole) = (Vec::new(), Whole::new());
        for period in periods {
            if let Some(tariff) = self.tariffs.get(&period.plan) {
                self.period(period, tariff, &mut whole, &mut lines)?;
            }
        }
        for used in used {
            if let Some(tariff) = self.tariffs.get(&used.plan) {
                self.usage(used, tariff, &mut lines)?;
            }
        }
        Some(lines)
    }

    fn period<'a>(
        &self,
        period: &'a Period,
        tariff: &'a Tariff,
        whole: &mut Whole<'a>,
        lines: &mut Vec<Line>,
    ) -> Option<()> {
        if self.until.is_some_and(|until| period.start >= until) {
            return Some(());
        }
        let end = match (period.end, self.until) {
            (Some(end), Some(until)) => Some(end.min(until)),
            (end, until) => end.or(until),
        };
        let stay = Stay { start: period.start, end, before: period.before };
        let of = Of {
            resource: period.resource,
            project: period.project,
            offering: period.offering,
            seller: period.seller,
            resource_name: &period.resource_name,
            tariff,
        };
        let begins = Month::of(period.start.day()) == self.month;
        // What is due once a month, whatever the days, is due once for all the periods of a month: of an amount that was
        // raised, what is more than was billed.
        let mut due = |pace: Pace, kind: &'a str, amount: i64| {
            if pace != Pace::Whole || stay.slots(pace, self.month).is_empty() {
                return amount;
            }
            let billed = whole.entry((period.resource, period.plan, kind)).or_insert(0);
            let more = amount.saturating_sub(*billed).max(0);
            *billed = (*billed).max(amount);
            more
        };
        let own = due(tariff.unit.into(), "", ONE);
        self.plan(&of, period, stay, (begins, own > 0), lines)?;
        for component in &tariff.components {
            let ordered = period.limits.get(&component.kind).copied();
            match component.billing {
                Billing::Fixed => {
                    let pace = Pace::from(tariff.unit);
                    let amount = due(pace, &component.kind, component.amount.checked_mul(ONE)?);
                    self.timed(&of, component, pace, stay, amount, lines)?;
                }
                Billing::Limit => {
                    let amount = ordered.unwrap_or(0).checked_mul(ONE)?;
                    match Pace::of_limit(component.period, tariff.unit) {
                        Some(pace) => {
                            let amount = due(pace, &component.kind, amount);
                            self.timed(&of, component, pace, stay, amount, lines)?;
                        }
                        None if begins => {
                            // A total is paid once; of a limit that was raised, what is more than it ever was.
                            let had = period.most_before.get(&component.kind).copied().unwrap_or(0);
                            let more = amount.checked_sub(had.checked_mul(ONE)?)?;
                            Self::once(&of, component, period.start, more, lines)?;
                        }
                        None => {}
                    }
                }
                Billing::One if begins && period.opening == Opening::Init => {
                    let amount = ordered.unwrap_or(component.amount.max(1)).checked_mul(ONE)?;
                    Self::once(&of, component, period.start, amount, lines)?;
                }
                Billing::Few if begins && period.opening == Opening::Switch => {
                    let amount = ordered.unwrap_or(component.amount.max(1)).checked_mul(ONE)?;
                    Self::once(&of, component, period.start, amount, lines)?;
                }
                Billing::One | Billing::Few | Billing::Usage => {}
            }
        }
        Some(())
    }

    /// What the plan costs by itself.
    fn plan(
        &self,
        of: &Of<'_>,
        period: &Period,
        stay: Stay,
        (begins, is_due): (bool, bool),
        lines: &mut Vec<Line>,
    ) -> Option<()> {
        let pace = Pace::from(of.tariff.unit);
        let slots = stay.slots(pace, self.month);
        for (span, price) in spans(slots, pace, of.tariff.prices.iter().map(|p| (p.at, p))) {
            if price.unit > 0 && is_due {
                let billed = for_time(price.unit, ONE, pace, span, self.month)?;
                let (start, end) = times(span, pace);
                lines.push(Line {
                    price_version: version(price),
                    ..of.line(
                        Billing::Fixed,
                        "",
                        price.unit,
                        billed,
                        (start, end),
                        timed_details(of, span, pace, ONE),
                    )
                });
            }
        }
        let Some(price) = in_force(&of.tariff.prices, |p| p.at, period.start) else {
            return Some(());
        };
        let (fee, billing, what) = match period.opening {
            Opening::Init => (price.init, Billing::One, "activation"),
            Opening::Switch => (price.switch, Billing::Few, "switch"),
            Opening::Nothing => (0, Billing::One, ""),
        };
        if begins && fee > 0 {
            let billed = for_amount(fee, ONE)?;
            let line = of.line(
                billing,
                "",
                fee,
                billed,
                (period.start, period.start),
                json!({ "for": what }),
            );
            lines.push(Line {
                unit: PlanUnit::Quantity,
                name: format!("{}, {what}", line.name),
                price_version: version(price),
                ..line
            });
        }
        Some(())
    }

    /// A component that is had for a time.
    fn timed(
        &self,
        of: &Of<'_>,
        component: &Component,
        pace: Pace,
        stay: Stay,
        amount: i64,
        lines: &mut Vec<Line>,
    ) -> Option<()> {
        if amount <= 0 {
            return Some(());
        }
        let slots = stay.slots(pace, self.month);
        for (span, price) in spans(slots, pace, component.prices.iter().map(|p| (p.at, p))) {
            if price.price > 0 {
                let billed = for_time(price.price, amount, pace, span, self.month)?;
                let details = timed_details(of, span, pace, amount);
                lines.push(of.component(component, price, billed, times(span, pace), details));
            }
        }
        Some(())
    }

    /// A component that is paid once.
    fn once(
        of: &Of<'_>,
        component: &Component,
        at: Timestamp,
        amount: i64,
        lines: &mut Vec<Line>,
    ) -> Option<()> {
        let Some(price) = in_force(&component.prices, |p| p.at, at) else { return Some(()) };
        if amount > 0 && price.price > 0 {
            let billed = for_amount(price.price, amount)?;
            let line = of.component(
                component,
                price,
                billed,
                (at, at),
                json!({ "plan_name": of.tariff.name }),
            );
            lines.push(Line { unit: PlanUnit::Quantity, ..line });
        }
        Some(())
    }

    fn usage(&self, used: &Used, tariff: &Tariff, lines: &mut Vec<Line>) -> Option<()> {
        let Some(component) = tariff.components.iter().find(|c| c.id == used.component) else {
            return Some(());
        };
        // The price of the day: the one that held when the day began.
        let day = used.day.start();
        let Some(price) = in_force(&component.prices, |p| p.at, day) else { return Some(()) };
        // What holds on holds only as long as the customer is served.
        let served = self.until.is_none_or(|until| until > self.month.first().start());
        if used.amount == 0 || (used.carried && !served) {
            return Some(());
        }
        let billed = for_tiers(price.price, &price.tiers, used.amount)?;
        let of = Of {
            resource: used.resource,
            project: used.project,
            offering: used.offering,
            seller: used.seller,
            resource_name: &used.resource_name,
            tariff,
        };
        let span = (self.month.first().start(), self.month.end().start().plus_ms(-1));
        let mut details = json!({ "plan_name": tariff.name });
        if let Some(details) = details.as_object_mut() {
            if !used.description.is_empty() {
                details.insert("description".to_owned(), json!(used.description));
            }
            if !price.tiers.is_empty() {
                details.insert("tiers".to_owned(), json!(price.tiers.len()));
            }
        }
        let line = of.component(component, price, billed, span, details);
        lines.push(Line { unit: PlanUnit::Quantity, ..line });
        Some(())
    }
}

impl Of<'_> {
    fn line(
        &self,
        billing: Billing,
        component: &str,
        unit_price: i64,
        billed: Billed,
        (start, end): (Timestamp, Timestamp),
        details: Value,
    ) -> Line {
        Line {
            resource: self.resource,
            project: self.project,
            offering: self.offering,
            seller: self.seller,
            name: format!(
                "{} ({} / {})",
                self.resource_name, self.tariff.offering_name, self.tariff.name
            ),
            billing,
            component: component.to_owned(),
            unit: self.tariff.unit,
            measured_unit: String::new(),
            article_code: self.tariff.article_code.clone(),
            unit_price,
            quantity: billed.quantity,
            price: billed.price,
            start,
            end,
            price_version: None,
            details,
        }
    }

    fn component(
        &self,
        component: &Component,
        price: &ComponentPrice,
        billed: Billed,
        times: (Timestamp, Timestamp),
        details: Value,
    ) -> Line {
        let line =
            self.line(component.billing, &component.kind, price.price, billed, times, details);
        let article = if component.article_code.is_empty() {
            line.article_code
        } else {
            component.article_code.clone()
        };
        Line {
            name: format!("{} / {}", self.resource_name, component.name),
            measured_unit: component.measured_unit.clone(),
            article_code: article,
            price_version: Some(price.version.to_string()),
            ..line
        }
    }
}

/// What was in force at a time; before the first version the first one.
fn in_force<T>(versions: &[T], at: impl Fn(&T) -> Timestamp, when: Timestamp) -> Option<&T> {
    versions.iter().rfind(|version| at(version) <= when).or(versions.first())
}

fn version(price: &PlanPrice) -> Option<String> {
    price.version.map(|id| id.to_string())
}

fn times(span: Slots, pace: Pace) -> (Timestamp, Timestamp) {
    let (start, end) = span.times(pace);
    (start, end.plus_ms(-1))
}

fn timed_details(of: &Of<'_>, span: Slots, pace: Pace, amount: i64) -> Value {
    let counted = if pace == Pace::Hour { "hours" } else { "days" };
    json!({ "plan_name": of.tariff.name, counted: span.len(), "amount": amount / ONE })
}
