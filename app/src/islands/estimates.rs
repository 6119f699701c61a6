//! The cost calculator: what a month of calls costs on each plan, with the code that also charges.

use leptos::prelude::*;
use model::{Charge, Price, Usd};
use serde::{Deserialize, Serialize};

/// What the calculator has to know of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanCost {
    pub name: String,
    pub price: Price,
    pub monthly_fee: Usd,
}

impl PlanCost {
    /// The usage of a month, and the usage with the fee.
    fn month(&self, volume: Volume) -> Option<(Usd, Usd)> {
        let usage = self.price.cost(Charge {
            prompt_tokens: volume.prompt.checked_mul(volume.requests)?,
            completion_tokens: volume.completion.checked_mul(volume.requests)?,
            requests: volume.requests,
        })?;
        let total = usage.micros().checked_add(self.monthly_fee.micros())?;
        Some((usage, Usd::from_micros(total)))
    }

    fn one(&self, volume: Volume) -> Option<Usd> {
        self.month(Volume { requests: 1, ..volume }).map(|(usage, _)| usage)
    }
}

/// How much is used in a month, with tokens per request.
#[derive(Debug, Clone, Copy)]
struct Volume {
    requests: u64,
    prompt: u64,
    completion: u64,
}

/// An amount of a month in cents, rounded half up, but never a price of nothing for something.
fn cents(amount: Usd) -> String {
    let micros = amount.micros();
    if micros > 0 && micros < 10_000 {
        return amount.to_string();
    }
    Usd::from_micros(micros.saturating_add(5_000) / 10_000 * 10_000).to_string()
}

fn number(text: &str) -> u64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).take(12).collect();
    digits.parse().unwrap_or(0)
}

/// Estimates the cost of a month. The fields carry names, so that the form around it can ask the server instead.
#[island]
pub fn CostEstimate(
    plans: Vec<PlanCost>,
    requests: u64,
    prompt_tokens: u64,
    completion_tokens: u64,
) -> impl IntoView {
    let requests_field = NodeRef::<leptos::html::Input>::new();
    let prompt_field = NodeRef::<leptos::html::Input>::new();
    let completion_field = NodeRef::<leptos::html::Input>::new();
    let volume =
        RwSignal::new(Volume { requests, prompt: prompt_tokens, completion: completion_tokens });
    // Read from the fields rather than kept from events: somebody may have typed before the wasm was there.
    let read = move || {
        let value =
            |field: NodeRef<leptos::html::Input>| field.get_untracked().map(|f| number(&f.value()));
        volume.update(|v| {
            v.requests = value(requests_field).unwrap_or(v.requests);
            v.prompt = value(prompt_field).unwrap_or(v.prompt);
            v.completion = value(completion_field).unwrap_or(v.completion);
        });
    };
    Effect::new(read);
    let rows = move || {
        let volume = volume.get();
        let totals = plans.iter().map(|plan| plan.month(volume));
        let least = totals.clone().flatten().map(|(_, total)| total).min();
        let several = plans.len() > 1;
        let rows = plans.iter().zip(totals).map(|(plan, month)| {
            let lowest = several && month.map(|(_, total)| total) == least;
            let (usage, total) = month.map_or_else(
                || ("too much to say".to_owned(), "–".to_owned()),
                |(usage, total)| (cents(usage), cents(total)),
            );
            let each = plan.one(volume).map(|one| one.to_string()).unwrap_or_default();
            view! {
                <div class="estimate-row">
                    <div class="leader">
                        <span>{plan.name.clone()} {lowest.then_some(" · lowest at this volume")}</span>
                        <strong class="num">{total}</strong>
                    </div>
                    <p class="meta">
                        {(plan.monthly_fee != Usd::ZERO)
                            .then(|| format!("{} fee + ", plan.monthly_fee))}
                        {format!("{usage} usage, {each} per request")}
                    </p>
                </div>
            }
        });
        rows.collect_view()
    };
    view! {
        <div class="estimate">
            <div class="estimate-fields">
                <label class="field">
                    <span class="label">"Requests a month"</span>
                    <input class="input num" node_ref=requests_field on:input=move |_| read() type="text" name="requests" inputmode="numeric" autocomplete="off" value=requests.to_string() />
                </label>
                <label class="field">
                    <span class="label">"Prompt tokens each"</span>
                    <input class="input num" node_ref=prompt_field on:input=move |_| read() type="text" name="prompt_tokens" inputmode="numeric" autocomplete="off" value=prompt_tokens.to_string() />
                </label>
                <label class="field">
                    <span class="label">"Answer tokens each"</span>
                    <input class="input num" node_ref=completion_field on:input=move |_| read() type="text" name="completion_tokens" inputmode="numeric" autocomplete="off" value=completion_tokens.to_string() />
                </label>
            </div>
            <output class="estimate-rows" aria-live="polite">{rows}</output>
        </div>
    }
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
        let volume = Volume { requests: 1_000, prompt: 1_000, completion: 500 };
        let month = plan.month(volume);
        assert_eq!(month, Some((Usd::from_micros(2_000_000), Usd::from_micros(7_000_000))));
        assert_eq!(cents(Usd::from_micros(2_004_999)), "$2.00");
        assert_eq!(cents(Usd::from_micros(150)), "$0.00015");
        assert_eq!(number("10,000"), 10_000);
    }
}
