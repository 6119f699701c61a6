//! The cost calculator: what a month of calls costs on each plan, with the code that also charges.

use leptos::prelude::*;
use model::{PlanCost, Usd, Volume, in_cents};

fn number(text: &str) -> u64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).take(12).collect();
    digits.parse().unwrap_or(0)
}

/// Estimates the cost of a month. The fields carry names, so that the form around it can ask the server instead.
#[island]
pub fn CostEstimate(plans: Vec<PlanCost>, volume: Volume) -> impl IntoView {
    let requests_field = NodeRef::<leptos::html::Input>::new();
    let prompt_field = NodeRef::<leptos::html::Input>::new();
    let completion_field = NodeRef::<leptos::html::Input>::new();
    let start = volume;
    let volume = RwSignal::new(start);
    // Read from the fields rather than kept from events: somebody may have typed before the wasm was there.
    let read = move || {
        let value =
            |field: NodeRef<leptos::html::Input>| field.get_untracked().map(|f| number(&f.value()));
        volume.update(|v| {
            v.requests = value(requests_field).unwrap_or(v.requests);
            v.prompt_tokens = value(prompt_field).unwrap_or(v.prompt_tokens);
            v.completion_tokens = value(completion_field).unwrap_or(v.completion_tokens);
        });
    };
    Effect::new(read);
    let rows = move || {
        let volume = volume.get();
        let totals = plans.iter().map(|plan| plan.month(volume));
        let least = totals.clone().flatten().map(|month| month.total).min();
        let several = plans.len() > 1;
        let rows = plans.iter().zip(totals).map(|(plan, month)| {
            let lowest = several && month.map(|month| month.total) == least;
            let (usage, total) = month.map_or_else(
                || ("too much to say".to_owned(), "–".to_owned()),
                |month| (in_cents(month.usage).to_string(), in_cents(month.total).to_string()),
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
                    <input class="input num" node_ref=requests_field on:input=move |_| read() type="text" name="requests" inputmode="numeric" autocomplete="off" value=start.requests.to_string() />
                </label>
                <label class="field">
                    <span class="label">"Prompt tokens each"</span>
                    <input class="input num" node_ref=prompt_field on:input=move |_| read() type="text" name="prompt_tokens" inputmode="numeric" autocomplete="off" value=start.prompt_tokens.to_string() />
                </label>
                <label class="field">
                    <span class="label">"Answer tokens each"</span>
                    <input class="input num" node_ref=completion_field on:input=move |_| read() type="text" name="completion_tokens" inputmode="numeric" autocomplete="off" value=start.completion_tokens.to_string() />
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
    fn numbers_are_read_as_people_write_them() {
        assert_eq!((number("10,000"), number("")), (10_000, 0));
    }
}
