//! The form: prompt and parameters, with what a request would cost.

use leptos::prelude::*;
use model::{Charge, Price, ServiceDetail};

use super::ask::FIRST_TOKENS;
use crate::{
    context::{PostedForm, here},
    flash::FlashBody,
    format::credits,
    parts::{
        areas::Area,
        fields::Field,
        icons::{Icon, icon},
    },
};

const PROMPT: Area = Area { name: "prompt", label: "Prompt", hint: "", rows: 5, longest: 20_000 };
const SYSTEM: Area =
    Area { name: "system", label: "System message (optional)", hint: "", rows: 2, longest: 20_000 };

/// What a request costs at most: four bytes are a token, and the answer is as long as it may be.
fn estimate(price: Option<Price>, typed: &PostedForm, detail: &ServiceDetail) -> Option<String> {
    let price = price?;
    let bytes = typed.text("prompt").len() + typed.text("system").len();
    let longest = detail.service.max_output_tokens.max(FIRST_TOKENS);
    let used = Charge {
        prompt_tokens: (bytes as u64).div_ceil(4),
        completion_tokens: typed.text("max_tokens").trim().parse().unwrap_or(longest),
        requests: 1,
    };
    let (charge, dollars) = (price.charge(used)?, price.cost(used)?);
    Some(format!("About {} credits ({dollars}) for an answer of full length", credits(charge)))
}

/// The form, with what was typed.
pub fn form(
    detail: &ServiceDetail,
    base: &str,
    price: Option<Price>,
    typed: &PostedForm,
    wrong: Option<&FlashBody>,
) -> AnyView {
    let service = &detail.service;
    let kept = FlashBody {
        fields: wrong.map(|wrong| wrong.fields.clone()).unwrap_or_default(),
        values: typed.0.iter().cloned().collect(),
        ..FlashBody::default()
    };
    let field = |name: &'static str, label: &'static str, hint: &'static str| Field {
        name,
        label,
        hint,
        kind: "text",
        autocomplete: "off",
        required: false,
    };
    let streams = service.features.streaming.then(|| {
        let on = !typed.text("stream").is_empty();
        view! {
            <label class="option needs-script">
                <input type="checkbox" name="stream" checked=on />
                <span>"Stream the answer"</span>
            </label>
        }
    });
    let part = |of: fn(Price) -> i64| price.map(of).unwrap_or_default().to_string();
    view! {
        <form
            id="try"
            class="panel-box stacked"
            method="post"
            action=here()
            novalidate="novalidate"
            aria-label="Request"
            data-url=format!("/marketplace/services/{}/try", service.id)
            data-model=service.slug.clone()
            data-base=base.to_owned()
            data-longest=service.max_output_tokens.max(FIRST_TOKENS).to_string()
            data-prompt-price=part(|price| price.prompt)
            data-completion-price=part(|price| price.completion)
            data-request-price=part(|price| price.request)
            data-credit-price=part(|price| price.credit_price)
            data-start=format!("/resource/{}/deploy/", service.id)
        >
            {PROMPT.view(Some(&kept), "")}
            <details class="fold" open=!typed.text("system").is_empty()>
                <summary>"System message"</summary>
                {SYSTEM.view(Some(&kept), "")}
            </details>
            <div class="pair">
                {field("temperature", "Temperature (optional)", "0 to 2").view(Some(&kept))}
                {field("max_tokens", "Longest answer", "In tokens").view(Some(&kept))}
            </div>
            {streams}
            <p class="meta num" id="try-estimate">{estimate(price, typed, detail)}</p>
            <p class="row">
                <button class="btn btn-primary btn-large" type="submit" id="try-run">{icon(Icon::Play)} "Run request"</button>
                <button class="btn btn-secondary" type="button" id="try-stop" hidden>{icon(Icon::Stop)} "Stop"</button>
            </p>
        </form>
    }
    .into_any()
}
