//! Money and quantities: exact to the millionth or refused, never rounded.

use model::Usd;
use serde_json::Value;

/// An amount of money as text or number; `None` when it is null or empty.
pub fn price(value: &Value) -> Result<Option<Usd>, &'static str> {
    /// The most that a price may be, in micro-dollars: a billion dollars.
    const MOST: i64 = 1_000_000_000_000_000;
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.is_empty() => return Ok(None),
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return Err("A valid number is required."),
    };
    if text.len() > 40 {
        return Err("Ensure that there are no more than 22 digits in total.");
    }
    let plain = text.strip_prefix(['-', '+']).unwrap_or(&text);
    if plain.is_empty() || !plain.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err("A valid number is required.");
    }
    let fraction = plain.split_once('.').map_or("", |(_, fraction)| fraction.trim_end_matches('0'));
    if fraction.len() > 6 {
        return Err("Ensure that there are no more than 6 decimal places.");
    }
    if text.starts_with('-') {
        return Err("Ensure this value is greater than or equal to 0.");
    }
    match text.trim_start_matches('+').parse::<Usd>() {
        Ok(amount) if amount.micros() <= MOST => Ok(Some(amount)),
        Ok(_) => Err("Ensure this value is less than or equal to 1000000000."),
        Err(_) => Err("Ensure that there are no more than 22 digits in total."),
    }
}

/// How much of something, as text or number, in millionths: up to a million million units.
pub fn amount(value: &Value) -> Result<i64, &'static str> {
    const MOST: i64 = 1_000_000_000_000 * 1_000_000;
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return Err("A valid number is required."),
    };
    if text.len() > 40 {
        return Err("Ensure that there are no more than 22 digits in total.");
    }
    match text.parse::<Usd>().map(Usd::micros) {
        Ok(amount) if amount < 0 => Err("Ensure this value is greater than or equal to 0."),
        Ok(amount) if amount <= MOST => Ok(amount),
        Ok(_) | Err(model::WrongAmount::TooLarge) => {
            Err("Ensure this value is less than or equal to 1000000000000.")
        }
        Err(model::WrongAmount::Format) => {
            Err("A valid number with at most 6 decimal places is required.")
        }
    }
}

/// An amount as this wire prints it: text with seven decimals.
pub fn decimal(amount: Usd) -> String {
    let micros = amount.micros();
    let sign = if micros < 0 { "-" } else { "" };
    let size = micros.unsigned_abs();
    format!("{sign}{}.{:06}0", size / 1_000_000, size % 1_000_000)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prices_are_exact_or_refused() {
        let right = |value: Value| price(&value).unwrap().map(Usd::micros);
        assert_eq!(right(json!("99.00")), Some(99_000_000));
        assert_eq!(right(json!(0.5)), Some(500_000));
        assert_eq!(right(json!("1.0000010")), Some(1_000_001));
        assert_eq!(right(json!("")), None);
        for wrong in [
            json!("-1"),
            json!("1e3"),
            json!("0.0000001"),
            json!("9".repeat(30)),
            json!([]),
            json!("."),
            json!("NaN"),
        ] {
            assert!(price(&wrong).is_err(), "{wrong}");
        }
        assert_eq!(decimal(Usd::from_micros(99_000_000)), "99.0000000");
    }
}
