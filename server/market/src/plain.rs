//! What comes from outside in the form that it is kept in: longer texts, nested values, and addresses of clients.

use std::net::IpAddr;

use serde_json::Value;

use crate::{Error, Result};

/// A text of several lines as it is kept: without control characters but line ends, and without white space around it.
/// What would be markup elsewhere stays; whoever shows it, shows it as text.
pub(crate) fn plain(field: &str, text: &str, least: usize, most: usize) -> Result<String> {
    let lines = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    let kept: String = lines
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| *c == '\n' || !c.is_control())
        .collect();
    let kept = kept.trim();
    let length = kept.chars().count();
    if length > most {
        return Err(Error::field(field, format!("Use {most} characters or less")));
    }
    if length < least {
        return Err(match least {
            1 => Error::field(field, "Enter a text"),
            _ => Error::field(field, format!("Use at least {least} characters")),
        });
    }
    Ok(kept.to_owned())
}

/// Who shares an address for the purpose of counting: of the long addresses, everybody in the same /64, which is what one
/// household or machine is given.
pub(crate) fn neighbourhood(address: &str) -> String {
    match address.trim().parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(ip)) => ip.to_string(),
        Err(_) => address.to_owned(),
    }
}

/// How deep a value is nested.
pub(crate) fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_as_text() {
        let hostile = "<script>alert('x')</script> ' OR 1=1 -- [a](javascript:b) \u{202e}";
        assert_eq!(plain("text", hostile, 0, 2_000).unwrap(), hostile.trim());
        assert_eq!(plain("text", " \r\n\ta\0\r\nb\u{7}\u{85}\rc \n", 0, 9).unwrap(), "a\nb\nc");
        assert_eq!(plain("text", " \t\u{a0}\u{3000}\n\0", 0, 9).unwrap(), "");
        assert_eq!(plain("text", "ääää", 4, 4).unwrap(), "ääää");
        assert!(plain("text", "ääääé", 0, 4).is_err());
        assert!(plain("text", " abc ", 4, 9).is_err());
    }
}
