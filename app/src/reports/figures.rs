//! The rows of each report, from what the market counts.

use std::collections::HashMap;

use market::{Actor, Error, Market};
use model::{Month, OrderState};

use super::{Cell, Line, Sheet, Span};

/// Gives each row its bar: the part of the most that its measure is.
fn barred(rows: Vec<Vec<Cell>>, measure: usize) -> Vec<Line> {
    let size = |row: &Vec<Cell>| match row.get(measure) {
        Some(Cell::Count(number)) => i64::try_from(*number).unwrap_or(i64::MAX),
        Some(Cell::Money(number) | Cell::Amount(number)) => *number,
        Some(Cell::Text(_)) | None => 0,
    };
    let most = rows.iter().map(size).max().unwrap_or(0);
    rows.into_iter().map(|cells| Line { bar: part(size(&cells), most), cells }).collect()
}

/// How much of the most, in thousandths; anything at all is seen.
fn part(size: i64, most: i64) -> i64 {
    if size <= 0 || most <= 0 {
        return 0;
    }
    let share = i128::from(size) * 1_000 / i128::from(most);
    i64::try_from(share).unwrap_or(1_000).clamp(4, 1_000)
}

/// The sums of the columns that hold numbers, after a first word.
fn summed(rows: &[Vec<Cell>]) -> Option<Vec<Cell>> {
    let first = rows.first().filter(|_| rows.len() > 1)?;
    let sum = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.fold(None, |sum, cell| match (sum, cell) {
            (None, cell) => Some(cell.clone()),
            (Some(Cell::Count(a)), Cell::Count(b)) => Some(Cell::Count(a.saturating_add(*b))),
            (Some(Cell::Money(a)), Cell::Money(b)) => Some(Cell::Money(a.saturating_add(*b))),
            (Some(Cell::Amount(a)), Cell::Amount(b)) => Some(Cell::Amount(a.saturating_add(*b))),
            (other, _) => other,
        })
    };
    let blank = |cell| if matches!(cell, Cell::Text(_)) { Cell::Text(String::new()) } else { cell };
    let mut cells: Vec<Cell> = (0..first.len()).filter_map(sum).map(blank).collect();
    if let Some(cell) = cells.first_mut() {
        *cell = Cell::Text("Sum".to_owned());
    }
    Some(cells)
}

pub async fn revenue(market: &Market, actor: &Actor, span: Span) -> Result<Sheet, Error> {
    let invoiced = market.stats().revenue(actor, span.from, span.to).await?;
    let wallets = market.stats().spent(actor, span.from, span.to).await?;
    let rows: Vec<Vec<Cell>> = span
        .months()
        .into_iter()
        .map(|month| {
            let of = invoiced.iter().find(|row| is(month, row.year, row.month));
            let spent = wallets.iter().find(|row| row.0 == month).map_or(0, |row| row.1);
            let net = of.map_or(0, |row| row.price);
            vec![
                Cell::Text(month.title()),
                Cell::Count(of.map_or(0, |row| row.invoices)),
                Cell::Money(net),
                Cell::Money(of.map_or(0, |row| row.tax)),
                Cell::Money(of.map_or(0, |row| row.total)),
                Cell::Money(of.map_or(0, |row| row.paid)),
                Cell::Money(spent),
                Cell::Money(net.saturating_add(spent)),
            ]
        })
        .collect();
    Ok(Sheet {
        heads: vec!["Month", "Invoices", "Net", "Tax", "Total", "Paid", "From wallets", "Income"],
        measure: 7,
        sum: summed(&rows),
        lines: barred(rows, 7),
    })
}

fn is(month: Month, year: i64, number: i64) -> bool {
    (month.year(), month.month()) == (year, number)
}

pub async fn services(market: &Market, actor: &Actor, span: Span) -> Result<Sheet, Error> {
    let costs = market.stats().costs(actor, span.from, span.to).await?;
    let rows: Vec<Vec<Cell>> = costs
        .into_iter()
        .map(|cost| {
            vec![
                Cell::Text(cost.name),
                Cell::Text(cost.category),
                Cell::Text(cost.provider_name),
                Cell::Money(cost.price),
                Cell::Money(cost.tax),
            ]
        })
        .collect();
    Ok(Sheet {
        heads: vec!["Service", "Category", "Provider", "Net", "Tax"],
        measure: 3,
        sum: summed(&rows),
        lines: barred(rows, 3),
    })
}

pub async fn usage(market: &Market, actor: &Actor, span: Span) -> Result<Sheet, Error> {
    let used = market.stats().usage(actor, None, span.from, span.to).await?;
    // Amounts of different things do not compare, so that each component has its own most.
    let mut most: HashMap<(String, String), i64> = HashMap::new();
    for row in &used {
        let of = most.entry((row.offering.to_string(), row.kind.clone())).or_default();
        *of = (*of).max(row.amount);
    }
    let lines = used
        .into_iter()
        .map(|row| {
            let highest = most.get(&(row.offering.to_string(), row.kind.clone()));
            let month = Month::new(row.year, row.month).map(Month::title).unwrap_or_default();
            Line {
                bar: part(row.amount, highest.copied().unwrap_or(0)),
                cells: vec![
                    Cell::Text(month),
                    Cell::Text(row.offering_name),
                    Cell::Text(row.name),
                    Cell::Amount(row.amount),
                    Cell::Text(row.measured_unit),
                    Cell::Count(row.resources),
                ],
            }
        })
        .collect();
    Ok(Sheet {
        heads: vec!["Month", "Service", "Component", "Amount", "Unit", "Subscriptions"],
        measure: 3,
        sum: None,
        lines,
    })
}

pub async fn orders(market: &Market, actor: &Actor, span: Span) -> Result<Sheet, Error> {
    let all = market.stats().orders(actor, (span.from, span.to), None, None).await?;
    let rows: Vec<Vec<Cell>> = span
        .months()
        .into_iter()
        .map(|month| {
            let of = || all.iter().filter(|row| Month::of(row.day) == month);
            let count = |fits: fn(OrderState) -> bool| {
                Cell::Count(of().filter(|row| fits(row.state)).map(|row| row.count).sum())
            };
            vec![
                Cell::Text(month.title()),
                count(|_| true),
                count(|state| state == OrderState::Done),
                count(|state| state.is_pending() || state == OrderState::Executing),
                count(|state| state == OrderState::Erred),
                count(|state| matches!(state, OrderState::Rejected | OrderState::Canceled)),
                Cell::Money(of().map(|row| row.cost).sum()),
            ]
        })
        .collect();
    Ok(Sheet {
        heads: vec!["Month", "Placed", "Done", "Open", "Failed", "Rejected or canceled", "Price"],
        measure: 1,
        sum: summed(&rows),
        lines: barred(rows, 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_parts_of_the_most() {
        let rows = vec![vec![Cell::Money(50)], vec![Cell::Money(200)], vec![Cell::Money(-9)]];
        let bars: Vec<i64> = barred(rows, 0).iter().map(|line| line.bar).collect();
        assert_eq!(bars, [250, 1_000, 0]);
        assert_eq!(part(1, i64::MAX), 4);
    }

    #[test]
    fn sums_are_of_numbers() {
        let row = |n| vec![Cell::Text("x".into()), Cell::Text("y".into()), Cell::Count(n)];
        let sum = summed(&[row(1), row(2)]).unwrap();
        assert_eq!(sum, [Cell::Text("Sum".into()), Cell::Text(String::new()), Cell::Count(3)]);
        assert_eq!(summed(&[row(1)]), None);
    }
}
