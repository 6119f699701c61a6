//! A report as a file that spreadsheets read.

use market::{Actor, Error, Market};

use super::{Cell, Report, Sheet, Span, sheet};

/// The name of the file and its text, if there is a report of that name. Without days it is the usual span.
///
/// # Errors
/// Whoever may not see figures is refused; days that cannot be read are told.
pub async fn csv(
    market: &Market,
    actor: &Actor,
    file: &str,
    (from, to): (&str, &str),
) -> Result<(String, String), Error> {
    let name = file.strip_suffix(".csv").and_then(|name| name.parse::<Report>().ok());
    let report = name.ok_or(Error::Missing("page"))?;
    let span = Span::read(from, to, market.core().now().day())?;
    let sheet = sheet(market, actor, report, span).await?;
    Ok((format!("{}-{}-{}.csv", report.as_str(), span.from, span.to), text(&sheet)))
}

fn text(sheet: &Sheet) -> String {
    let heads: Vec<String> = sheet.heads.iter().map(|head| quoted(head)).collect();
    let mut text = heads.join(",") + "\r\n";
    for line in &sheet.lines {
        let cells: Vec<String> = line.cells.iter().map(plain).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => quoted(text),
        Cell::Count(number) => number.to_string(),
        // Decimal numbers without a sign of currency: both are millionths.
        Cell::Money(micros) | Cell::Amount(micros) => {
            model::Credits::from_micros(*micros).to_string()
        }
    }
}

/// A text as a field. What a spreadsheet would take for a formula is text.
fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Line, *};

    #[test]
    fn texts_are_no_formulas() {
        let sheet = Sheet {
            heads: vec!["Service", "Net"],
            measure: 1,
            lines: vec![Line {
                cells: vec![Cell::Text("=HYPERLINK(\"x\")".into()), Cell::Money(-1_500_000)],
                bar: 0,
            }],
            sum: None,
        };
        assert_eq!(text(&sheet), "Service,Net\r\n\"'=HYPERLINK(\"\"x\"\")\",-1.5\r\n");
    }
}
