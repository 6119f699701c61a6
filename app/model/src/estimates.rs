//! What a month of calls costs: the same code in the browser and on the server, and the same that charges.

use serde::{Deserialize, Serialize};

use crate::{Charge, Price, Usd};

/// How much is used in a month, with tokens per request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    pub requests: u64,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
}

impl Default for Volume {
    fn default() -> Self {
        Self { requests: 1_000, prompt_tokens: 750, completion_tokens: 250 }
    }
}

/// What the estimate has to know of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanCost {
    pub name: String,
    pub price: Price,
    pub monthly_fee: Usd,
}

/// What a month costs on one plan, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthCost {
    pub usage: Usd,
    /// The usage and the fee.
    pub total: Usd,
}

impl PlanCost {
    /// The cost of a month; none when it is more than can be written down.
    pub fn month(&self, volume: Volume) -> Option<MonthCost> {
        let usage = self.price.cost(Charge {
            prompt_tokens: volume.prompt_tokens.checked_mul(volume.requests)?,
            completion_tokens: volume.completion_tokens.checked_mul(volume.requests)?,
            requests: volume.requests,
        })?;
        let total = usage.micros().checked_add(self.monthly_fee.micros())?;
        Some(MonthCost { usage, total: Usd::from_micros(total) })
    }

    /// The cost of one request.
    pub fn one(&self, volume: Volume) -> Option<Usd> {
        self.month(Volume { requests: 1, ..volume }).map(|month| month.usage)
    }
}

/// An amount of a month in cents, rounded half up, but never a price of nothing for something.
pub fn in_cents(amount: Usd) -> Usd {
    let micros = amount.micros();
    if micros > 0 && micros < 10_000 {
        return amount;
    }
    Usd::from_micros(micros.saturating_add(5_000) / 10_000 * 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_usage_and_fee() {
        let price =
            Price { prompt: 1_000_000, completion: 2_000_000, request: 0, credit_price: 80_000 };
        let plan =
            PlanCost { name: "Pro".to_owned(), price, monthly_fee: Usd::from_micros(5_000_000) };
        let volume = Volume { requests: 1_000, prompt_tokens: 1_000, completion_tokens: 500 };
        let month = plan.month(volume).unwrap();
        assert_eq!(month.usage, Usd::from_micros(2_000_000));
        assert_eq!(month.total, Usd::from_micros(7_000_000));
        assert_eq!(in_cents(Usd::from_micros(2_004_999)).to_string(), "$2.00");
        assert_eq!(in_cents(Usd::from_micros(150)).to_string(), "$0.00015");
        assert_eq!(plan.month(Volume { requests: u64::MAX, ..volume }), None);
    }
}
