//! What a call costs and who gets what of it: the only place where a price meets a quantity.

use serde::{Deserialize, Serialize};

use crate::{BasisPoints, Credits, Usd};

/// The prices of one price version, in micro-dollars, with the price of a credit that was in force when it was made.
///
/// The credit price is part of it so that a charge can be recomputed from the version alone, whatever the setting says
/// later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Micro-dollars per million prompt tokens.
    pub prompt: i64,
    /// Micro-dollars per million completion tokens.
    pub completion: i64,
    /// Micro-dollars per request.
    pub request: i64,
    /// Micro-dollars per credit; above zero.
    pub credit_price: i64,
}

/// The quantities that a price applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Charge {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub requests: u64,
}

impl Price {
    /// The price of a quantity in credits, rounded half up once, at the end; `None` when it does not fit.
    pub fn charge(&self, used: Charge) -> Option<Credits> {
        let per_million = i128::from(self.prompt) * i128::from(used.prompt_tokens)
            + i128::from(self.completion) * i128::from(used.completion_tokens);
        // Millionths of a micro-dollar, so that tokens and requests meet on one scale.
        let pico = per_million + i128::from(self.request) * i128::from(used.requests) * 1_000_000;
        // pico-dollars ÷ (micro-dollars per credit) = micro-credits.
        let credit = i128::from(self.credit_price.max(1));
        let micros = (pico + credit / 2).div_euclid(credit);
        i64::try_from(micros).ok().map(Credits::from_micros)
    }

    /// The price of a quantity in dollars, rounded half up.
    pub fn cost(&self, used: Charge) -> Option<Usd> {
        Self { credit_price: 1_000_000, ..*self }.charge(used).map(|c| Usd::from_micros(c.micros()))
    }

    /// What 1,000 tokens cost, taking three prompt tokens for each completion token as a typical call has them: the
    /// one figure that lists are sorted by.
    pub fn blended_per_1k(&self) -> Usd {
        Usd::from_micros((self.prompt.saturating_mul(3).saturating_add(self.completion)) / 4_000)
    }

    /// What 1,000 prompt tokens cost.
    pub fn prompt_per_1k(&self) -> PerThousand {
        PerThousand(self.prompt)
    }

    /// What 1,000 completion tokens cost.
    pub fn completion_per_1k(&self) -> PerThousand {
        PerThousand(self.completion)
    }
}

/// A price per 1,000 tokens that keeps the precision of the price per million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PerThousand(i64);

impl std::fmt::Display for PerThousand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Nano-dollars per 1K = micro-dollars per million; printed with up to nine decimals, at least two.
        let (whole, fraction) = (self.0 / 1_000_000_000, format!("{:09}", self.0 % 1_000_000_000));
        let kept = fraction.trim_end_matches('0').len().max(2);
        write!(f, "${whole}.{}", fraction.get(..kept).unwrap_or("00"))
    }
}

/// How a charge is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub fee: Credits,
    /// The provider's part; the remainder of the division is in it.
    pub earnings: Credits,
}

/// Divides a charge between the platform and the provider; the two parts always sum to the charge.
pub fn split(charge: Credits, fee: BasisPoints) -> Share {
    let part = i128::from(charge.micros()) * i128::from(fee.get()) / 10_000;
    // A share of an i64 is an i64.
    let fee = i64::try_from(part).unwrap_or(0);
    Share { fee: Credits::from_micros(fee), earnings: Credits::from_micros(charge.micros() - fee) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PRICE: Price =
        Price { prompt: 150_000, completion: 600_000, request: 0, credit_price: 80_000 };

    #[test]
    fn cheap_tokens_are_not_lost_to_rounding() {
        // $0.15 per million: one token is 0.15 micro-dollars, 1.875 micro-credits.
        let one = Charge { prompt_tokens: 1, ..Charge::default() };
        assert_eq!(PRICE.charge(one), Some(Credits::from_micros(2)));
        let million = Charge { prompt_tokens: 1_000_000, ..Charge::default() };
        assert_eq!(PRICE.charge(million), Some(Credits::from_micros(1_875_000)));
    }

    #[test]
    fn a_price_per_request_counts_requests() {
        let price = Price { prompt: 0, completion: 0, request: 80_000, credit_price: 80_000 };
        let seven = Charge { requests: 7, ..Charge::default() };
        assert_eq!(price.charge(seven), Credits::whole(7));
        assert_eq!(price.cost(seven), Some(Usd::from_micros(560_000)));
    }

    #[test]
    fn prices_per_thousand_keep_their_digits() {
        assert_eq!(PRICE.prompt_per_1k().to_string(), "$0.00015");
        let whole = Price { prompt: 2_000_000_000, ..PRICE };
        assert_eq!(whole.prompt_per_1k().to_string(), "$2.00");
    }

    #[test]
    fn an_absurd_quantity_is_refused_not_wrapped() {
        let price = Price { prompt: i64::MAX, ..PRICE };
        let used = Charge { prompt_tokens: u64::MAX, ..Charge::default() };
        assert_eq!(price.charge(used), None);
    }

    proptest! {
        #[test]
        fn a_split_sums_to_the_whole(micros in 0_i64..i64::MAX, points in 0_u16..=10_000) {
            let share = split(Credits::from_micros(micros), BasisPoints::try_from(points).unwrap());
            prop_assert_eq!(share.fee.plus(share.earnings), Some(Credits::from_micros(micros)));
            prop_assert!(share.fee.micros() >= 0 && share.earnings.micros() >= 0);
        }

        #[test]
        fn more_tokens_never_cost_less(tokens in 0_u64..1_000_000_000, more in 0_u64..1_000_000) {
            let at = |n| PRICE.charge(Charge { completion_tokens: n, ..Charge::default() });
            prop_assert!(at(tokens) <= at(tokens + more));
        }
    }
}
