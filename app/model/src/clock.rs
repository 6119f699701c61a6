//! Points in time and calendar days, in UTC, without a time-zone database.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const DAY_MS: i64 = 86_400_000;

/// Milliseconds since 1970-01-01T00:00Z; on the wire RFC 3339 in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    pub const fn ms(self) -> i64 {
        self.0
    }

    /// This time moved by so many milliseconds, held at the ends of the range.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The same time of day one calendar month later; the last day of a shorter month stands for those it lacks.
    #[must_use]
    pub fn plus_month(self) -> Self {
        let (year, month, day) = self.day().civil();
        let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        let found = (0..4).find_map(|less| Day::from_civil(year, month, day - less));
        found.map_or(self, |next| Self(next.0 * DAY_MS + self.0.rem_euclid(DAY_MS)))
    }

    /// The UTC day it falls on.
    pub const fn day(self) -> Day {
        Day(self.0.div_euclid(DAY_MS))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_day = self.0.rem_euclid(DAY_MS);
        let (h, m, s, ms) =
            (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1_000 % 60, of_day % 1_000);
        write!(f, "{}T{h:02}:{m:02}:{s:02}.{ms:03}Z", self.day())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = &'static str;

    /// Reads what `Display` writes, with or without the milliseconds.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a time is written 2025-01-31T23:59:59Z";
        let (date, time) = text.strip_suffix('Z').and_then(|t| t.split_once('T')).ok_or(WRONG)?;
        let day: Day = date.parse().map_err(|_| WRONG)?;
        let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let mut parts = clock.split(':').map(str::parse::<i64>);
        let (Some(Ok(h)), Some(Ok(m)), Some(Ok(s)), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(WRONG);
        };
        if !(0..24).contains(&h) || !(0..60).contains(&m) || !(0..60).contains(&s) {
            return Err(WRONG);
        }
        let ms: i64 = format!("{fraction:0<3.3}").parse().map_err(|_| WRONG)?;
        Ok(Self(day.0 * DAY_MS + ((h * 60 + m) * 60 + s) * 1_000 + ms))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A calendar day in UTC, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    pub const fn from_number(days: i64) -> Self {
        Self(days)
    }

    pub const fn number(self) -> i64 {
        self.0
    }

    /// The day so many days later.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Its first millisecond.
    pub const fn start(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(DAY_MS))
    }

    /// Year, month and day of month in the proleptic Gregorian calendar (Howard Hinnant's `civil_from_days`).
    pub const fn civil(self) -> (i64, i64, i64) {
        let z = self.0 + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, doy - (153 * mp + 2) / 5 + 1)
    }

    /// The day of a civil date; the date must exist.
    pub fn from_civil(year: i64, month: i64, day: i64) -> Option<Self> {
        if !(0..=9_999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let y = if month <= 2 { year - 1 } else { year };
        let mp = (month + 9) % 12;
        let doy = (153 * mp + 2) / 5 + day - 1;
        let yoe = y.rem_euclid(400);
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        let found = Self(y.div_euclid(400) * 146_097 + doe - 719_468);
        (found.civil() == (year, month, day)).then_some(found)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a date is written 2025-01-31";
        let mut parts = text.split('-').map(str::parse::<i64>);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Ok(y)), Some(Ok(m)), Some(Ok(d)), None) => Self::from_civil(y, m, d).ok_or(WRONG),
            _ => Err(WRONG),
        }
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_times_print_and_read_back() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
        ] {
            assert_eq!(Timestamp::from_ms(ms).to_string(), text);
            assert_eq!(text.parse(), Ok(Timestamp::from_ms(ms)));
        }
        assert_eq!("2023-11-14T22:13:20Z".parse(), Ok(Timestamp::from_ms(1_700_000_000_000)));
    }

    #[test]
    fn a_month_later_exists() {
        let later = |text: &str| text.parse::<Timestamp>().unwrap().plus_month().to_string();
        assert_eq!(later("2023-01-31T10:00:00Z"), "2023-02-28T10:00:00.000Z");
        assert_eq!(later("2023-12-05T00:00:00Z"), "2024-01-05T00:00:00.000Z");
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in ["2023-02-29", "2023-13-01", "2023-00-10", "x", "2023-1"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_day_reads_back(n in 0_i64..2_932_896) {
            let day = Day::from_number(n);
            prop_assert_eq!(day.to_string().parse(), Ok(day));
        }
    }
}
