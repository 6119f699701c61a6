//! Reads the fields of a body as Django REST Framework would, with its messages.

mod amounts;

use std::str::FromStr;

use model::{Day, Timestamp, Usd};
use serde_json::{Map, Value};

pub use self::amounts::{amount, decimal, price};
use super::links::{WrongLink, id_of};
use crate::bodies::Fields;

const BLANK: &str = "This field may not be blank.";
const MISSING: &str = "This field is required.";
const NULL: &str = "This field may not be null.";

/// How many members or items a list or an object may have.
const MOST_MEMBERS: usize = 1_000;

impl Fields {
    /// Whether the field was sent at all, be it null or empty.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// A text that must be there.
    pub fn must_text(&mut self, name: &str, most: usize) -> Option<String> {
        match self.value(name) {
            None => self.fault(name, MISSING),
            Some(Value::Null) => self.fault(name, NULL),
            Some(_) => match self.may_text(name, most)? {
                text if text.trim().is_empty() => self.fault(name, BLANK),
                text => Some(text),
            },
        }
    }

    /// A text that may be left out or empty. `None` when it was not sent or is wrong.
    pub fn may_text(&mut self, name: &str, most: usize) -> Option<String> {
        let text = match self.value(name)? {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return self.fault(name, "Not a valid string."),
        };
        if text.chars().count() > most {
            let message = format!("Ensure this field has no more than {most} characters.");
            return self.fault(name, &message);
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return self.fault(name, "Control characters are not allowed.");
        }
        Some(text)
    }

    /// `true` or `false`, also as forms write them.
    pub fn may_bool(&mut self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Null => None,
            Value::Bool(yes) => Some(*yes),
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "1" | "on" | "yes" | "t" => Some(true),
                "false" | "0" | "off" | "no" | "f" => Some(false),
                "" => None,
                _ => self.fault(name, "Must be a valid boolean."),
            },
            Value::Number(number) if number.as_i64() == Some(1) => Some(true),
            Value::Number(number) if number.as_i64() == Some(0) => Some(false),
            _ => self.fault(name, "Must be a valid boolean."),
        }
    }

    /// A whole number within bounds.
    pub fn may_int(&mut self, name: &str, least: i64, most: i64) -> Option<i64> {
        let number = match self.value(name)? {
            Value::Null => return None,
            Value::String(text) if text.is_empty() => return None,
            other => whole(other),
        };
        match number {
            None => self.fault(name, "A valid integer is required."),
            Some(n) if n < least => {
                self.fault(name, &format!("Ensure this value is greater than or equal to {least}."))
            }
            Some(n) if n > most => {
                self.fault(name, &format!("Ensure this value is less than or equal to {most}."))
            }
            good => good,
        }
    }

    /// A price or another amount that is not negative, as text or number.
    pub fn may_price(&mut self, name: &str) -> Option<Usd> {
        let value = self.value(name)?.clone();
        match price(&value) {
            Ok(amount) => amount,
            Err(message) => self.fault(name, message),
        }
    }

    /// A day, `2025-01-31`; of a time its day counts.
    pub fn may_day(&mut self, name: &str) -> Option<Day> {
        let text = match self.value(name)? {
            Value::Null => return None,
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) => text.split('T').next().and_then(|day| day.parse().ok()),
            _ => None,
        };
        match text {
            Some(day) => Some(day),
            None => self.fault(
                name,
                "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.",
            ),
        }
    }

    /// A time with its zone, or a day, whose first moment counts. Without a zone UTC is meant.
    pub fn may_time(&mut self, name: &str) -> Option<Timestamp> {
        let text = match self.value(name)? {
            Value::Null => return None,
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) => text.clone(),
            _ => String::new(),
        };
        moment(&text).or_else(|| {
            self.fault(
                name,
                "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].",
            )
        })
    }

    /// A percentage from 0 to 200, in hundredths.
    pub fn may_percent(&mut self, name: &str) -> Option<i64> {
        let micros = self.may_price(name)?.micros();
        if micros % 10_000 != 0 {
            return self.fault(name, "Ensure that there are no more than 2 decimal places.");
        }
        if micros > 200_000_000 {
            return self.fault(name, "Ensure this value is less than or equal to 200.");
        }
        Some(micros / 10_000)
    }

    /// A number between minus and plus so much.
    pub fn may_number(&mut self, name: &str, most: f64) -> Option<Value> {
        let number = match self.value(name)? {
            Value::Null => return None,
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) => text.trim().parse::<f64>().ok(),
            Value::Number(number) => number.as_f64(),
            _ => None,
        };
        match number.filter(|number| number.is_finite()) {
            None => self.fault(name, "A valid number is required."),
            Some(number) if number.abs() > most => {
                self.fault(name, &format!("Ensure this value is less than or equal to {most}."))
            }
            Some(number) => Some(Value::from(number)),
        }
    }

    /// One of a few words.
    pub fn may_word<T: FromStr>(&mut self, name: &str) -> Option<T> {
        let text = match self.value(name)? {
            Value::Null => return None,
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if let Ok(word) = text.parse() {
            return Some(word);
        }
        let shown: String = text.chars().take(100).collect();
        self.fault(name, &format!("\"{shown}\" is not a valid choice."))
    }

    /// The id in an address that must be there.
    pub fn must_link<T: FromStr>(&mut self, name: &str, kinds: &[&str]) -> Option<T> {
        match self.value(name) {
            None => self.fault(name, MISSING),
            Some(Value::Null) => self.fault(name, NULL),
            Some(Value::String(text)) if text.is_empty() => self.fault(name, NULL),
            Some(_) => self.may_link(name, kinds),
        }
    }

    /// The id in an address.
    pub fn may_link<T: FromStr>(&mut self, name: &str, kinds: &[&str]) -> Option<T> {
        match self.value(name)? {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => match id_of(text, kinds) {
                Ok(id) => Some(id),
                Err(WrongLink) => self.fault(name, WrongLink::SENTENCE),
            },
            _ => self.fault(name, "Incorrect type. Expected URL string, received other."),
        }
    }

    /// An object of any members.
    pub fn may_object(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.value(name)? {
            Value::Null => None,
            Value::Object(members) if members.len() <= MOST_MEMBERS => Some(members.clone()),
            // Forms carry objects as JSON text.
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => match serde_json::from_str(text) {
                Ok(Value::Object(members)) => Some(members),
                _ => self.fault(name, "Value must be valid JSON."),
            },
            _ => self.fault(name, "Expected a dictionary of items."),
        }
    }

    /// A list of anything. A form sends its items as fields of one name, objects as JSON; a field that was sent once is
    /// the whole list as JSON, or its only item.
    pub fn may_list(&mut self, name: &str) -> Option<Vec<Value>> {
        match self.value(name)? {
            Value::Null => None,
            Value::Array(items) if items.len() <= MOST_MEMBERS && self.form => {
                Some(items.iter().map(item).collect())
            }
            Value::Array(items) if items.len() <= MOST_MEMBERS => Some(items.clone()),
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => match serde_json::from_str(text) {
                Ok(Value::Array(items)) => Some(items),
                Ok(item @ Value::Object(_)) if self.form => Some(vec![item]),
                _ if self.form => Some(vec![Value::String(text.clone())]),
                _ => self.fault(name, "Value must be valid JSON."),
            },
            item @ Value::Object(_) if self.form => Some(vec![item.clone()]),
            _ => self.fault(name, "Expected a list of items."),
        }
    }
}

/// An item of a form's list: an object where the text is one.
fn item(value: &Value) -> Value {
    let text = value.as_str().filter(|text| text.trim_start().starts_with('{'));
    match text.map(serde_json::from_str) {
        Some(Ok(object @ Value::Object(_))) => object,
        _ => value.clone(),
    }
}

/// A whole number as number or text; `10.0` is one, as Django REST Framework has it.
pub fn whole(value: &Value) -> Option<i64> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let digits = match text.split_once('.') {
        Some((digits, zeros)) if zeros.bytes().all(|byte| byte == b'0') => digits,
        _ => &text,
    };
    digits.parse().ok()
}

/// A time as Python and JavaScript write it.
pub fn moment(text: &str) -> Option<Timestamp> {
    const MINUTE_MS: i64 = 60_000;
    let text = text.trim().replace(' ', "T");
    if let Ok(day) = text.parse::<Day>() {
        return Some(day.start());
    }
    let (date, clock) = text.split_once('T')?;
    let (clock, offset) = match clock.find(['Z', '+', '-']) {
        None => (clock, 0),
        Some(at) => {
            let (clock, zone) = clock.split_at(at);
            let minutes = if zone == "Z" {
                0
            } else {
                let (sign, zone) = zone.split_at(1);
                let (hours, minutes) = zone.split_once(':').or_else(|| zone.split_at_checked(2))?;
                let (hours, minutes): (i64, i64) = (
                    hours.parse().ok()?,
                    if minutes.is_empty() { 0 } else { minutes.parse().ok()? },
                );
                if !(0..=23).contains(&hours) || !(0..=59).contains(&minutes) {
                    return None;
                }
                (hours * 60 + minutes) * if sign == "-" { -1 } else { 1 }
            };
            (clock, minutes)
        }
    };
    let clock =
        if clock.matches(':').count() == 1 { format!("{clock}:00") } else { clock.to_owned() };
    let read: Timestamp = format!("{date}T{clock}Z").parse().ok()?;
    Some(read.plus_ms(-offset * MINUTE_MS))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_with_their_zone() {
        let ms = |text: &str| moment(text).map(Timestamp::ms);
        assert_eq!(ms("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(ms("1970-01-01 00:00:00.5"), Some(500));
        assert_eq!(ms("1969-12-31T23:00:00.000000-0100"), Some(0));
        assert_eq!(ms("1970-01-02"), Some(86_400_000));
        assert_eq!(ms("1970-01-01T00:01Z"), Some(60_000));
        for wrong in
            ["", "x", "1970-01-01T", "1970-01-01T00:00:00+99:00", "1970-01-01T00:00:00+é", "24:00"]
        {
            assert_eq!(ms(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn whole_numbers_may_end_in_zeros() {
        for right in [json!(10), json!(10.0), json!("10.0"), json!(" 10. "), json!("10")] {
            assert_eq!(whole(&right), Some(10), "{right}");
        }
        for wrong in [json!(10.5), json!("10.01"), json!("x"), json!(""), json!(true), json!(1e30)]
        {
            assert_eq!(whole(&wrong), None, "{wrong}");
        }
    }
}
