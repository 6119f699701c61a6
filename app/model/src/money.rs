//! Amounts: credits, cash and shares. Integers only; every operation that could overflow says so.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Text or a number that is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongAmount {
    #[error("not an amount: digits with at most six decimals are expected, as in 12.5")]
    Format,
    #[error("the amount is too large")]
    TooLarge,
}

const MICROS: i64 = 1_000_000;

/// Reads a decimal number into millionths, exactly.
fn millionths(text: &str) -> Result<i64, WrongAmount> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 6 || !plain(whole) || !plain(fraction) {
        return Err(WrongAmount::Format);
    }
    let whole: i64 = whole.parse().map_err(|_| WrongAmount::TooLarge)?;
    let fraction: i64 = format!("{fraction:0<6}").parse().map_err(|_| WrongAmount::Format)?;
    let amount = whole
        .checked_mul(MICROS)
        .and_then(|w| w.checked_add(fraction))
        .ok_or(WrongAmount::TooLarge)?;
    Ok(if negative { -amount } else { amount })
}

/// Writes millionths as a decimal number with at least `places` decimals and no idle zeros after them.
fn decimal(micros: i64, places: usize) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let size = micros.unsigned_abs();
    let (whole, fraction) = (size / 1_000_000, format!("{:06}", size % 1_000_000));
    let kept = fraction.trim_end_matches('0').len().max(places);
    match fraction.get(..kept) {
        Some("") | None => format!("{sign}{whole}"),
        Some(shown) => format!("{sign}{whole}.{shown}"),
    }
}

/// An amount of credits, kept in micro-credits (1 credit = 1,000,000). On the wire a decimal number of credits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Credits(i64);

impl Credits {
    pub const ZERO: Self = Self(0);

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// So many whole credits, or `None` when that is more than the ledger can hold.
    pub const fn whole(credits: i64) -> Option<Self> {
        match credits.checked_mul(MICROS) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    pub const fn plus(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    pub const fn minus(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// The same amount with the other sign; the ledger's amounts are never `i64::MIN`.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal(self.0, 0))
    }
}

impl fmt::Debug for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} credits")
    }
}

impl FromStr for Credits {
    type Err = WrongAmount;

    fn from_str(text: &str) -> Result<Self, WrongAmount> {
        millionths(text.trim()).map(Self)
    }
}

impl Serialize for Credits {
    /// A whole amount is written without a fraction. The decimal text, not arithmetic, makes the float, so that what
    /// a client parses and prints again is what the ledger says (up to 4 billion credits, beyond which a float has no millionths).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % MICROS == 0 {
            return serializer.serialize_i64(self.0 / MICROS);
        }
        serializer.serialize_f64(decimal(self.0, 0).parse().map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Credits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Amount;
        impl de::Visitor<'_> for Amount {
            type Value = Credits;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number of credits")
            }

            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Credits, E> {
                Credits::whole(n).ok_or_else(|| E::custom(WrongAmount::TooLarge))
            }

            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Credits, E> {
                i64::try_from(n)
                    .ok()
                    .and_then(Credits::whole)
                    .ok_or_else(|| E::custom(WrongAmount::TooLarge))
            }

            fn visit_f64<E: de::Error>(self, n: f64) -> Result<Credits, E> {
                n.to_string().parse().map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Credits, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Amount)
    }
}

/// A price in US dollars, kept in micro-dollars. Prices of tokens are far below a cent, so cents would not do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Usd(i64);

impl Usd {
    pub const ZERO: Self = Self(0);

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Usd {
    /// With a dollar sign and at least two decimals, as in `$19.99` or `$0.00015`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            f.write_str("-")?;
        }
        write!(f, "${}", decimal(self.0.saturating_abs(), 2))
    }
}

impl fmt::Debug for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Usd {
    type Err = WrongAmount;

    fn from_str(text: &str) -> Result<Self, WrongAmount> {
        millionths(text.trim().trim_start_matches('$')).map(Self)
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(decimal(self.0, 0).parse().map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Credits::deserialize(deserializer).map(|amount| Self(amount.micros()))
    }
}

/// Cash in the smallest unit of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    /// ISO 4217, as in `USD`.
    pub currency: String,
}

/// A share in hundredths of a percent, from 0 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct BasisPoints(u16);

impl BasisPoints {
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for BasisPoints {
    type Error = &'static str;

    fn try_from(points: u16) -> Result<Self, Self::Error> {
        if points > 10_000 {
            return Err("a share is between 0 and 10000 basis points");
        }
        Ok(Self(points))
    }
}

impl From<BasisPoints> for u16 {
    fn from(points: BasisPoints) -> Self {
        points.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        assert_eq!("12.5".parse(), Ok(Credits::from_micros(12_500_000)));
        assert_eq!("0.000001".parse(), Ok(Credits::from_micros(1)));
        assert_eq!("-3".parse(), Ok(Credits::from_micros(-3_000_000)));
        assert_eq!("1.10000000".parse(), Ok(Credits::from_micros(1_100_000)));
        for text in ["", ".5", "1e3", "NaN", "inf", "1.0000001", "--1", "1,5", "+1", "0x1"] {
            assert_eq!(text.parse::<Credits>(), Err(WrongAmount::Format), "{text}");
        }
        assert_eq!("9999999999999999999".parse::<Credits>(), Err(WrongAmount::TooLarge));
    }

    #[test]
    fn dollars_print_as_prices_do() {
        assert_eq!(Usd::from_micros(19_990_000).to_string(), "$19.99");
        assert_eq!(Usd::from_micros(49_000_000).to_string(), "$49.00");
        assert_eq!(Usd::from_micros(150).to_string(), "$0.00015");
    }

    #[test]
    fn the_wire_is_a_number() {
        let json = |micros| serde_json::to_string(&Credits::from_micros(micros)).unwrap();
        assert_eq!(json(97_000_000), "97");
        assert_eq!(json(99_990_625), "99.990625");
        assert!(serde_json::from_str::<Credits>("1e400").is_err());
        assert!(serde_json::from_str::<Credits>("0.0000001").is_err());
        assert!(serde_json::from_str::<Credits>("true").is_err());
    }

    proptest! {
        #[test]
        fn credits_survive_the_wire(micros in -4_000_000_000_000_000_i64..4_000_000_000_000_000) {
            let credits = Credits::from_micros(micros);
            let json = serde_json::to_string(&credits).unwrap();
            prop_assert_eq!(serde_json::from_str::<Credits>(&json).unwrap(), credits);
            prop_assert_eq!(credits.to_string().parse(), Ok(credits));
        }
    }
}
