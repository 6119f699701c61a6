//! How figures, prices and times are written on pages.

use model::{Credits, Service, Timestamp, Usd};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A whole number with commas, as in `1,204`.
pub fn grouped(number: u64) -> String {
    commas(&number.to_string())
}

fn commas(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount of credits with commas and all its decimals, as in `1,204.5`.
pub fn credits(amount: Credits) -> String {
    let text = amount.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("−", rest));
    match digits.split_once('.') {
        Some((whole, fraction)) => format!("{sign}{}.{fraction}", commas(whole)),
        None => format!("{sign}{}", commas(digits)),
    }
}

/// An amount of credits cut to two decimals, for places that only remind of it.
pub fn credits_short(amount: Credits) -> String {
    credits(Credits::from_micros(amount.micros() / 10_000 * 10_000))
}

/// A change of a balance, always with its sign.
pub fn signed_credits(amount: Credits) -> String {
    if amount.is_positive() { format!("+{}", credits(amount)) } else { credits(amount) }
}

/// A size of a context in tokens, short from ten thousand on, as in `128K`.
pub fn token_count(tokens: u64) -> String {
    match tokens {
        0..10_000 => grouped(tokens),
        10_000..1_000_000 => format!("{}K", tokens / 1_000),
        _ if tokens % 1_000_000 < 100_000 => format!("{}M", tokens / 1_000_000),
        _ => format!("{}.{}M", tokens / 1_000_000, tokens % 1_000_000 / 100_000),
    }
}

/// An amount of dollars with commas and all its decimals, as in `−$1,204.50`.
pub fn dollars(amount: Usd) -> String {
    let text = Usd::from_micros(amount.micros().saturating_abs()).to_string();
    let sign = if amount < Usd::ZERO { "−" } else { "" };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "00"));
    format!("{sign}${}.{fraction}", commas(whole.trim_start_matches('$')))
}

/// A day, as in `20 Nov 2026`.
pub fn date(at: Timestamp) -> String {
    let (year, month, day) = at.day().civil();
    let name = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
    format!("{day} {name} {year}")
}

/// A day and a minute, as in `20 Nov 2026, 14:02 UTC`.
pub fn date_time(at: Timestamp) -> String {
    let of_day = at.ms().rem_euclid(86_400_000);
    format!("{}, {:02}:{:02} UTC", date(at), of_day / 3_600_000, of_day / 60_000 % 60)
}

/// A minute of the week, as in `Mon 09:00 UTC`.
pub fn week_time(at: Timestamp) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    // The first day of 1970 was a Thursday.
    let day = usize::try_from(at.day().number().rem_euclid(7)).ok();
    let of_day = at.ms().rem_euclid(86_400_000);
    let day = day.and_then(|day| DAYS.get(day)).unwrap_or(&"");
    format!("{day} {:02}:{:02} UTC", of_day / 3_600_000, of_day / 60_000 % 60)
}

/// A length of time in its one largest unit, rounded down: `12 min`, `2 h`, `3 days`.
pub fn duration(ms: i64) -> String {
    let minutes = (ms / 60_000).max(0);
    match minutes {
        0 => "less than a minute".to_owned(),
        1..60 => format!("{minutes}\u{a0}min"),
        60..2_880 => format!("{}\u{a0}h", minutes / 60),
        _ => format!("{}\u{a0}days", minutes / 1_440),
    }
}

/// When something is due, as near as it is: `15:40 UTC` today, `Mon 09:00 UTC` this week.
pub fn due_time(at: Timestamp, now: Timestamp) -> String {
    let of_day = at.ms().rem_euclid(86_400_000);
    match at.day().number() - now.day().number() {
        0 => format!("{:02}:{:02} UTC", of_day / 3_600_000, of_day / 60_000 % 60),
        1..=6 => week_time(at),
        _ => date_time(at),
    }
}

/// A number of things with the word in its right number.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A price per thousand tokens as the price of a million.
pub fn per_million(per_thousand: Usd) -> Usd {
    Usd::from_micros(per_thousand.micros().saturating_mul(1_000))
}

/// What a service costs in one line for meta data and search engines.
pub fn price_words(service: &Service) -> String {
    let usage = format!(
        "{} prompt, {} completion per 1K tokens",
        service.prompt_price_per_1k_tokens, service.completion_price_per_1k_tokens
    );
    if service.monthly_fee == Usd::ZERO {
        usage
    } else {
        format!("from {} / month, then {usage}", service.monthly_fee)
    }
}

/// A share of a whole as a floor-rounded percentage with two decimals: 99.999 is never shown as 100.
pub fn percent(value: f64) -> String {
    format!("{:.2} %", (value * 100.0).floor() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(credits(Credits::from_micros(-1_234_500_000)), "−1,234.5");
        assert_eq!(signed_credits(Credits::from_micros(250_000)), "+0.25");
        assert_eq!(dollars(Usd::from_micros(1_234_500_000)), "$1,234.50");
        assert_eq!(dollars(Usd::from_micros(-150)), "−$0.00015");
    }

    #[test]
    fn contexts_are_short() {
        for (tokens, text) in
            [(8_192, "8,192"), (128_000, "128K"), (1_000_000, "1M"), (1_500_000, "1.5M")]
        {
            assert_eq!(token_count(tokens), text);
        }
    }

    #[test]
    fn times_are_read_by_people() {
        let at = Timestamp::from_ms(1_700_000_000_000);
        assert_eq!(date_time(at), "14 Nov 2023, 22:13 UTC");
        assert_eq!(week_time(at), "Tue 22:13 UTC");
        assert_eq!(due_time(at, at), "22:13 UTC");
        assert_eq!(due_time(at, at.plus_ms(-86_400_000)), "Tue 22:13 UTC");
        assert_eq!(due_time(at, at.plus_ms(-8 * 86_400_000)), "14 Nov 2023, 22:13 UTC");
    }

    #[test]
    fn lengths_of_time_have_one_unit() {
        for (minutes, text) in [
            (0, "less than a minute"),
            (59, "59\u{a0}min"),
            (150, "2\u{a0}h"),
            (2_880, "2\u{a0}days"),
        ] {
            assert_eq!(duration(minutes * 60_000), text);
        }
    }

    #[test]
    fn nearly_all_is_not_all() {
        assert_eq!(percent(99.999), "99.99 %");
    }
}
