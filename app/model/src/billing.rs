//! What a month costs: the rules of the monthly invoice, in integers only.
//!
//! Prices are micro-dollars, amounts are millionths of a unit. What is billed by time is billed by whole UTC days (by
//! whole UTC hours where the plan is priced by the hour): a day belongs to the plan that held first on it, so that a
//! switch never bills a day twice, and whoever begins and ends within a day pays for that day. A price that changes
//! holds from the first day that begins after the change; before its first version the first one holds.
//!
//! Every item is rounded once, half up, to the cent, which is what can be paid; its tax likewise. The invoice is the sum of
//! its items, as anybody can add them up.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Day, LimitPeriod, PlanUnit, Timestamp};

const MILLION: i128 = 1_000_000;
/// Micro-dollars.
const CENT: i128 = 10_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A calendar month in UTC, from January 2000 to December 2199.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i64,
    month: i64,
}

impl Month {
    /// A month that the house can bill; years far away are refused.
    pub fn new(year: i64, month: i64) -> Option<Self> {
        let good = (2_000..2_200).contains(&year) && (1..=12).contains(&month);
        good.then_some(Self { year, month })
    }

    /// The month that a day falls in.
    pub const fn of(day: Day) -> Self {
        let (year, month, _) = day.civil();
        Self { year, month }
    }

    pub const fn year(self) -> i64 {
        self.year
    }

    /// From 1 to 12.
    pub const fn month(self) -> i64 {
        self.month
    }

    /// Its first day.
    pub fn first(self) -> Day {
        Day::from_civil(self.year, self.month, 1).unwrap_or(Day::from_number(0))
    }

    /// The first day after it.
    pub fn end(self) -> Day {
        self.next().first()
    }

    #[must_use]
    pub const fn next(self) -> Self {
        match self.month {
            12 => Self { year: self.year + 1, month: 1 },
            month => Self { year: self.year, month: month + 1 },
        }
    }

    #[must_use]
    pub const fn previous(self) -> Self {
        match self.month {
            1 => Self { year: self.year - 1, month: 12 },
            month => Self { year: self.year, month: month - 1 },
        }
    }

    /// How many days it has.
    pub fn days(self) -> i64 {
        self.end().number() - self.first().number()
    }

    fn quarter_days(self) -> i64 {
        let first = Self { year: self.year, month: (self.month - 1) / 3 * 3 + 1 };
        first.days() + first.next().days() + first.next().next().days()
    }

    fn year_days(self) -> i64 {
        let days = |year| Self { year, month: 1 }.first().number();
        days(self.year + 1) - days(self.year)
    }

    /// As in `March 2026`.
    pub fn title(self) -> String {
        const NAMES: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let index = usize::try_from(self.month - 1).unwrap_or(0);
        format!("{} {}", NAMES.get(index).copied().unwrap_or_default(), self.year)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a month is written 2025-01";
        let (year, month) = text.split_once('-').ok_or(WRONG)?;
        let number = |text: &str| text.parse::<i64>().map_err(|_| WRONG);
        Self::new(number(year)?, number(month)?).ok_or(WRONG)
    }
}

/// How the price of something that is had for a time grows with the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    Hour,
    Day,
    HalfMonth,
    Month,
    Quarter,
    Year,
    /// Once in each month in which it is had, whatever the days.
    Whole,
}

impl From<PlanUnit> for Pace {
    fn from(unit: PlanUnit) -> Self {
        match unit {
            PlanUnit::Hour => Self::Hour,
            PlanUnit::Day => Self::Day,
            PlanUnit::HalfMonth => Self::HalfMonth,
            PlanUnit::Month => Self::Month,
            PlanUnit::Quarter => Self::Quarter,
            PlanUnit::Quantity => Self::Whole,
        }
    }
}

impl Pace {
    /// How a limit is billed: by the plan's unit, unless it is for a quarter or a year; `None` for a total, which is
    /// charged once.
    pub fn of_limit(period: Option<LimitPeriod>, unit: PlanUnit) -> Option<Self> {
        match period {
            None | Some(LimitPeriod::Month) => Some(unit.into()),
            Some(LimitPeriod::Quarterly) => Some(Self::Quarter),
            Some(LimitPeriod::Annual) => Some(Self::Year),
            Some(LimitPeriod::Total) => None,
        }
    }

    /// The length of what is counted, in milliseconds.
    const fn slot_ms(self) -> i64 {
        if matches!(self, Self::Hour) { HOUR_MS } else { DAY_MS }
    }

    /// The part of the price that is due for so many slots of a month, as a fraction.
    fn share(self, slots: Slots, month: Month) -> (i128, i128) {
        let count = i128::from(slots.len());
        match self {
            Self::Hour | Self::Day => (count, 1),
            Self::Month => (count, i128::from(month.days())),
            Self::Quarter => (count, i128::from(month.quarter_days())),
            Self::Year => (count, i128::from(month.year_days())),
            Self::Whole => (i128::from(!slots.is_empty()), 1),
            Self::HalfMonth => {
                // The first 15 days are one half, the others the other one.
                let middle = month.first().plus(15).number();
                let first = i128::from((slots.to.min(middle) - slots.from).max(0));
                let (one, other) = (15_i128, i128::from(month.days() - 15));
                (first * other + (count - first) * one, one * other)
            }
        }
    }
}

/// Days (or hours) that are billed, as numbers since 1970; the last one is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    pub from: i64,
    pub to: i64,
}

impl Slots {
    pub const fn len(self) -> i64 {
        if self.to > self.from { self.to - self.from } else { 0 }
    }

    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// From when to when.
    pub const fn times(self, pace: Pace) -> (Timestamp, Timestamp) {
        let ms = pace.slot_ms();
        (Timestamp::from_ms(self.from * ms), Timestamp::from_ms(self.to * ms))
    }
}

/// A time that something was had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    pub start: Timestamp,
    /// Still had when there is none.
    pub end: Option<Timestamp>,
    /// When what was had before it ended; its last day is not billed again.
    pub before: Option<Timestamp>,
}

impl Stay {
    /// What of it is billed in a month.
    pub fn slots(&self, pace: Pace, month: Month) -> Slots {
        let ms = pace.slot_ms();
        let (first, last) = (month.first().start().ms() / ms, month.end().start().ms() / ms);
        let slot_of = |at: i64| at.div_euclid(ms);
        // What began and ended at once, after something else, was not had for any time.
        if self.before.is_some() && self.end == Some(self.start) {
            return Slots { from: first, to: first };
        }
        let mut from = slot_of(self.start.ms());
        if self.before.is_some_and(|end| slot_of(end.ms().saturating_sub(1)) >= from) {
            from += 1;
        }
        let to = self.end.map_or(i64::MAX, |end| slot_of(end.ms().saturating_sub(1)) + 1);
        Slots { from: from.max(first), to: to.min(last) }
    }
}

/// Cuts slots where a price changes. The versions are in the order of their times.
pub fn spans<T: Copy>(
    slots: Slots,
    pace: Pace,
    versions: impl IntoIterator<Item = (Timestamp, T)>,
) -> Vec<(Slots, T)> {
    let ms = pace.slot_ms();
    // What is due once a month is due at its first price.
    let to = if pace == Pace::Whole { slots.to.min(slots.from + 1) } else { slots.to };
    let mut found: Vec<(Slots, T)> = Vec::new();
    for (at, version) in versions {
        let begins = at.ms().div_euclid(ms) + i64::from(at.ms().rem_euclid(ms) != 0);
        if begins >= to && !found.is_empty() {
            break;
        }
        let from = if found.is_empty() { slots.from } else { begins.max(slots.from) };
        if let Some((last, _)) = found.last_mut() {
            last.to = from;
        }
        found.push((Slots { from, to }, version));
    }
    found.retain(|(span, _)| !span.is_empty());
    found
}

/// A price with the quantity that it is for, in millionths of the unit that the price is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Billed {
    /// Micro-dollars.
    pub price: i64,
    /// Millionths; rounded, where time is divided. The price is made from the exact value.
    pub quantity: i64,
}

/// What an amount costs that was had for a time; `None` when it does not fit.
pub fn for_time(price: i64, amount: i64, pace: Pace, slots: Slots, month: Month) -> Option<Billed> {
    let (part, whole) = pace.share(slots, month);
    let had = i128::from(amount).checked_mul(part)?;
    let cost = had.checked_mul(i128::from(price))?;
    Some(Billed {
        price: in_cents(cost, whole.checked_mul(MILLION)?)?,
        quantity: rounded(had, whole)?,
    })
}

/// What an amount costs by itself; `None` when it does not fit.
pub fn for_amount(price: i64, amount: i64) -> Option<Billed> {
    let cost = i128::from(price).checked_mul(i128::from(amount))?;
    Some(Billed { price: in_cents(cost, MILLION)?, quantity: amount })
}

/// From how much on a unit has another price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// Millionths of the unit.
    pub from: i64,
    /// Micro-dollars.
    pub price: i64,
}

/// What an amount costs where it is cheaper by steps: each part at the price of its tier. Below the first tier the
/// plain price holds. `None` when it does not fit, or when the tiers are not in order.
pub fn for_tiers(price: i64, tiers: &[Tier], amount: i64) -> Option<Billed> {
    let (mut cost, mut reached, mut now) = (0_i128, 0_i64, price);
    for tier in tiers {
        if tier.from < reached {
            return None;
        }
        let until = tier.from.min(amount);
        cost = cost.checked_add(i128::from(until - reached).checked_mul(i128::from(now))?)?;
        (reached, now) = (until, tier.price);
        if tier.from >= amount {
            break;
        }
    }
    cost = cost.checked_add(i128::from(amount - reached).checked_mul(i128::from(now))?)?;
    Some(Billed { price: in_cents(cost, MILLION)?, quantity: amount })
}

/// The tax on an item, by a rate in hundredths of a percent.
pub fn tax(price: i64, rate: i64) -> Option<i64> {
    in_cents(i128::from(price).checked_mul(i128::from(rate))?, 10_000)
}

/// Micro-dollars that are whole cents.
fn in_cents(part: i128, whole: i128) -> Option<i64> {
    let cents = rounded(part, whole.checked_mul(CENT)?)?;
    cents.checked_mul(i64::try_from(CENT).ok()?)
}

/// Half up: a half goes away from zero, so that a credit note is the mirror of its invoice.
fn rounded(part: i128, whole: i128) -> Option<i64> {
    let size = (part.abs().checked_mul(2)?.checked_add(whole)?).div_euclid(whole.checked_mul(2)?);
    i64::try_from(if part < 0 { -size } else { size }).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        let whole = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
        whole.parse().unwrap()
    }

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    fn stay(start: &str, end: Option<&str>, before: Option<&str>) -> Stay {
        Stay { start: at(start), end: end.map(at), before: before.map(at) }
    }

    #[test]
    fn months_know_their_days() {
        assert_eq!(month("2024-02").days(), 29);
        assert_eq!(month("2023-02").quarter_days(), 90);
        assert_eq!(month("2024-12").next(), month("2025-01"));
        assert_eq!(month("2025-01").previous(), month("2024-12"));
        assert_eq!(month("2026-10").title(), "October 2026");
        for wrong in ["9999-01", "1999-12", "2024-13", "2024-00", "x", "2024", "-1-1"] {
            assert!(wrong.parse::<Month>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_is_billed_to_the_plan_that_held_first_on_it() {
        let m = month("2026-04");
        let days = |s: Stay| s.slots(Pace::Day, m).len();
        assert_eq!(days(stay("2026-03-01", None, None)), 30);
        assert_eq!(days(stay("2026-04-10T10:00:00Z", None, None)), 21);
        // Begun and ended on one day: that day.
        assert_eq!(days(stay("2026-04-10T10:00:00Z", Some("2026-04-10T10:05:00Z"), None)), 1);
        // Switched at noon of the tenth: ten days before, twenty after.
        let noon = "2026-04-10T12:00:00Z";
        assert_eq!(days(stay("2026-04-01", Some(noon), None)), 10);
        assert_eq!(days(stay(noon, None, Some(noon))), 20);
        // Switched at midnight: the day belongs to the new plan.
        assert_eq!(days(stay("2026-04-01", Some("2026-04-10"), None)), 9);
        assert_eq!(days(stay("2026-04-10", None, Some("2026-04-10"))), 21);
        assert_eq!(days(stay("2026-05-01", None, None)), 0);
        assert_eq!(days(stay("2026-03-01", Some("2026-04-01"), None)), 0);
    }

    #[test]
    fn time_is_prorated_exactly() {
        let m = month("2026-04");
        let cost = |price, amount, pace: Pace, from: &str, to: &str| {
            let slots = stay(from, Some(to), None).slots(pace, m);
            for_time(price, amount, pace, slots, m).unwrap().price
        };
        let (one, dollar) = (1_000_000, 1_000_000);
        assert_eq!(cost(99 * dollar, one, Pace::Month, "2026-04-01", "2026-05-01"), 99 * dollar);
        assert_eq!(cost(99 * dollar, one, Pace::Month, "2026-04-11", "2026-05-01"), 66 * dollar);
        assert_eq!(cost(10 * dollar, one, Pace::Month, "2026-04-01", "2026-04-11"), 3_330_000);
        assert_eq!(cost(5 * dollar, 2 * one, Pace::Month, "2026-04-01", "2026-04-11"), 3_330_000);
        assert_eq!(cost(91 * dollar, one, Pace::Quarter, "2026-04-01", "2026-05-01"), 30 * dollar);
        assert_eq!(
            cost(30 * dollar, one, Pace::HalfMonth, "2026-04-01", "2026-05-01"),
            60 * dollar
        );
        assert_eq!(cost(30 * dollar, one, Pace::HalfMonth, "2026-04-15", "2026-04-17"), 4 * dollar);
        assert_eq!(cost(dollar, one, Pace::Day, "2026-04-01", "2026-04-04"), 3 * dollar);
        assert_eq!(cost(dollar, one, Pace::Hour, "2026-04-01", "2026-04-01T02:30:00Z"), 3 * dollar);
        assert_eq!(cost(7 * dollar, one, Pace::Whole, "2026-04-20", "2026-04-21"), 7 * dollar);
        assert_eq!(cost(365 * dollar, one, Pace::Year, "2026-04-01", "2026-05-01"), 30 * dollar);
    }

    #[test]
    fn a_price_that_changes_splits_the_item() {
        let m = month("2026-04");
        let slots = stay("2026-03-05", None, None).slots(Pace::Month, m);
        let versions =
            [(at("2026-03-20"), 1), (at("2026-04-11T09:00:00Z"), 2), (at("2026-06-01"), 3)];
        let found = spans(slots, Pace::Month, versions);
        let days: Vec<_> = found.iter().map(|(span, price)| (span.len(), *price)).collect();
        assert_eq!(days, [(11, 1), (19, 2)], "the day of the change has the old price");
        // Once a month: one price.
        let once = spans(slots, Pace::Whole, versions);
        assert_eq!(once.iter().map(|(_, price)| *price).collect::<Vec<_>>(), [1]);
        // Two changes on one day: the last one counts.
        let twice = spans(
            slots,
            Pace::Day,
            [
                (at("2026-01-01"), 1),
                (at("2026-04-03T01:00:00Z"), 2),
                (at("2026-04-03T02:00:00Z"), 3),
            ],
        );
        let days: Vec<_> = twice.iter().map(|(span, price)| (span.len(), *price)).collect();
        assert_eq!(days, [(3, 1), (27, 3)]);
        // A price that was only made later holds before its time as well.
        assert_eq!(spans(slots, Pace::Day, [(at("2027-01-01"), 9)]).len(), 1);
    }

    #[test]
    fn tiers_price_each_part_by_itself() {
        let tier = |from: i64, price| Tier { from: from * 1_000_000, price };
        let tiers = [tier(0, 100), tier(1_000, 50), tier(5_000, 10)];
        let cost = |amount: i64| for_tiers(999, &tiers, amount * 1_000_000).unwrap().price;
        assert_eq!(cost(0), 0);
        assert_eq!(cost(1_000), 100_000);
        assert_eq!(cost(1_200), 110_000);
        assert_eq!(cost(1_201), 110_000, "half a cent is a cent, less is none");
        assert_eq!(cost(1_300), 120_000);
        assert_eq!(cost(6_000), 100_000 + 200_000 + 10_000);
        // Without a tier at zero the plain price holds up to the first.
        assert_eq!(for_tiers(70_000, &[tier(10, 10_000)], 12_000_000).unwrap().price, 720_000);
        assert_eq!(for_tiers(1, &[tier(5, 1), tier(2, 1)], 12_000_000), None);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(for_amount(i64::MAX, i64::MAX), None);
        let most = i64::MAX / 10_000 * 10_000;
        assert_eq!(tax(most, 10_000), Some(most));
        assert_eq!(tax(most, 10_001), None);
        assert_eq!((tax(250_000, 2_000), tax(-250_000, 2_000)), (Some(50_000), Some(-50_000)));
        // 12.5 cents: half up, and the credit note mirrors it.
        assert_eq!((tax(500_000, 2_500), tax(-500_000, 2_500)), (Some(130_000), Some(-130_000)));
    }

    proptest! {
        #[test]
        fn a_switch_never_loses_or_doubles_a_day(start in 0_i64..60 * DAY_MS, a in 0_i64..40 * DAY_MS, b in 0_i64..40 * DAY_MS) {
            let m = month("2026-04");
            let base = month("2026-03").first().start();
            let (start, first, second) = (base.plus_ms(start), base.plus_ms(start + a), base.plus_ms(start + a + b));
            for pace in [Pace::Day, Pace::Hour] {
                let whole = Stay { start, end: Some(second), before: None }.slots(pace, m).len();
                let one = Stay { start, end: Some(first), before: None }.slots(pace, m).len();
                let two = Stay { start: first, end: Some(second), before: Some(first) }.slots(pace, m).len();
                if a > 0 && b > 0 {
                    prop_assert_eq!(one + two, whole);
                }
            }
        }

        #[test]
        fn the_months_of_a_quarter_make_its_price(price in 0_i64..1_000_000_000_000, amount in 0_i64..1_000_000_000) {
            let always = stay("2020-01-01", None, None);
            let parts: i64 = ["2026-04", "2026-05", "2026-06"].iter().map(|m| {
                let m = month(m);
                for_time(price, amount, Pace::Quarter, always.slots(Pace::Quarter, m), m).unwrap().price
            }).sum();
            let whole = for_amount(price, amount).unwrap().price;
            prop_assert!((parts - whole).abs() <= 20_000, "{parts} {whole}");
        }

        #[test]
        fn spans_cover_what_they_cut(changes in proptest::collection::vec(0_i64..90 * DAY_MS, 1..6)) {
            let m = month("2026-04");
            let mut times: Vec<i64> = changes;
            times.sort_unstable();
            let base = month("2026-03").first().start();
            let slots = stay("2026-04-03", Some("2026-04-29"), None).slots(Pace::Day, m);
            let found = spans(slots, Pace::Day, times.iter().map(|ms| (base.plus_ms(*ms), *ms)));
            prop_assert_eq!(found.iter().map(|(span, _)| span.len()).sum::<i64>(), slots.len());
            for pair in found.windows(2) {
                prop_assert_eq!(pair[0].0.to, pair[1].0.from);
            }
        }

        #[test]
        fn one_tier_is_a_plain_price(price in 0_i64..1_000_000_000, amount in 0_i64..1_000_000_000_000) {
            let tiers = [Tier { from: 0, price }];
            prop_assert_eq!(for_tiers(0, &tiers, amount), for_amount(price, amount));
        }

        #[test]
        fn more_never_costs_less(price in 0_i64..1_000_000_000, amount in 0_i64..1_000_000_000_000, more in 0_i64..1_000_000) {
            let tiers = [Tier { from: 0, price }, Tier { from: 1_000_000, price: price / 2 }];
            let cost = |amount| for_tiers(0, &tiers, amount).unwrap().price;
            prop_assert!(cost(amount) <= cost(amount + more));
        }
    }
}
