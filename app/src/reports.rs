//! Reports: what is counted, as rows that the page shows and the file holds, so that the two never differ.

mod csv;
mod figures;

use std::str::FromStr;

use market::{Actor, Error, Market};
use model::{Day, Month};

pub use self::csv::csv;

/// One report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    Revenue,
    Services,
    Usage,
    Orders,
}

impl Report {
    pub const ALL: [Self; 4] = [Self::Revenue, Self::Services, Self::Usage, Self::Orders];

    /// As in the address and in the name of the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revenue => "revenue",
            Self::Services => "services",
            Self::Usage => "usage",
            Self::Orders => "orders",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Revenue => "Revenue",
            Self::Services => "By service",
            Self::Usage => "Usage",
            Self::Orders => "Orders",
        }
    }

    /// What is counted, and how.
    pub const fn definition(self) -> &'static str {
        match self {
            Self::Revenue => {
                "Invoiced counts by the month that an invoice is for, credit notes taken off; paid is the part of it that is paid. From wallets is what calls and fees took in credits, at the price of a credit today. Income is net and wallets together."
            }
            Self::Services => {
                "What was invoiced for each service in these months, credit notes taken off, before and of tax."
            }
            Self::Usage => {
                "What providers told of components that are billed by use, by month. A bar is the part of the component’s highest month."
            }
            Self::Orders => {
                "Orders by the month that they were placed in, by where they stand now. The price is what was estimated when they were placed."
            }
        }
    }
}

impl FromStr for Report {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|report| report.as_str() == text).ok_or(())
    }
}

/// From which day to which, both counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: Day,
    pub to: Day,
}

impl Span {
    /// The last twelve months, the one that runs included.
    pub fn usual(today: Day) -> Self {
        let first = (0..11).fold(Month::of(today), |month, _| month.previous());
        Self { from: first.first(), to: today }
    }

    /// Reads two days; an empty text leaves the usual one.
    pub fn read(from: &str, to: &str, today: Day) -> Result<Self, Error> {
        let usual = Self::usual(today);
        let day = |field: &'static str, text: &str, usual: Day| match text.trim() {
            "" => Ok(usual),
            text => text.parse().map_err(|_| Error::field(field, "Enter a day, as in 2026-01-31")),
        };
        let span = Self { from: day("from", from, usual.from)?, to: day("to", to, usual.to)? };
        if span.from > span.to {
            return Err(Error::field("to", "The end is before the start"));
        }
        Ok(span)
    }

    /// The months that it touches.
    fn months(self) -> Vec<Month> {
        let (mut month, last) = (Month::of(self.from), Month::of(self.to));
        let mut months = Vec::new();
        while month <= last && months.len() < 300 {
            months.push(month);
            month = month.next();
        }
        months
    }
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    Count(u64),
    /// Micro-dollars.
    Money(i64),
    /// Millionths.
    Amount(i64),
}

/// A row; the bar is the part of the most that it is, in thousandths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub cells: Vec<Cell>,
    pub bar: i64,
}

/// A report's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub heads: Vec<&'static str>,
    /// Which column the bars stand for.
    pub measure: usize,
    pub lines: Vec<Line>,
    /// The sums, where the rows add up.
    pub sum: Option<Vec<Cell>>,
}

/// Counts a report.
pub async fn sheet(
    market: &Market,
    actor: &Actor,
    report: Report,
    span: Span,
) -> Result<Sheet, Error> {
    match report {
        Report::Revenue => figures::revenue(market, actor, span).await,
        Report::Services => figures::services(market, actor, span).await,
        Report::Usage => figures::usage(market, actor, span).await,
        Report::Orders => figures::orders(market, actor, span).await,
    }
    .map_err(renamed)
}

/// Faults by the names of the page's fields.
fn renamed(error: Error) -> Error {
    match error {
        Error::Invalid(mut faults) => {
            for fault in &mut faults {
                fault.field = if fault.field == "start" { "from".into() } else { "to".into() };
            }
            Error::Invalid(faults)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usually_twelve_months() {
        let today: Day = "2026-11-21".parse().unwrap();
        let span = Span::read("", " ", today).unwrap();
        assert_eq!((span.from.to_string(), span.to), ("2025-12-01".to_owned(), today));
        assert_eq!(span.months().len(), 12);
        assert!(matches!(Span::read("2026-12-01", "", today), Err(Error::Invalid(_))));
        assert!(matches!(Span::read("x", "", today), Err(Error::Invalid(_))));
    }
}
