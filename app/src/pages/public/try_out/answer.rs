//! The answer: its text, what it took and cost, and what went over the wire.

use leptos::prelude::*;
use model::Credits;
use serde_json::Value;

use super::ask::Tried;
use crate::{
    context::market,
    format::count,
    parts::{code::copy_button, detail::millis, notices::warning},
};

/// The answer's side: empty before the first run.
pub fn result(tried: Option<&Tried>) -> AnyView {
    let body: Option<Value> =
        tried.and_then(|tried| serde_json::from_slice(&tried.answer.body).ok());
    let ok = tried.is_some_and(|tried| (200..300).contains(&tried.answer.status));
    let text = body.as_ref().filter(|_| ok).and_then(|body| {
        body.pointer("/choices/0/message/content").and_then(Value::as_str).map(str::to_owned)
    });
    let header = |name: &str| tried.and_then(|tried| tried.answer.header(name)).map(str::to_owned);
    let tokens = header("x-cmp-prompt-tokens")
        .zip(header("x-cmp-completion-tokens"))
        .map(|(prompt, answer)| format!("{prompt} + {answer}"));
    let dollars = body.as_ref().filter(|_| ok).and_then(|_| header("x-cmp-credits"));
    let raw = tried.map(|tried| {
        body.as_ref()
            .and_then(|body| serde_json::to_string_pretty(body).ok())
            .unwrap_or_else(|| String::from_utf8_lossy(&tried.answer.body).into_owned())
    });
    let fault = tried.filter(|_| !ok).map(|tried| failed(tried, body.as_ref()));
    let left = tried.and_then(|tried| tried.left.filter(|_| tried.demo)).map(|left| {
        view! { <p class="meta">{format!("{} left today in the free demo.", count(left.into(), "try", "tries"))}</p> }
    });
    let said = if text.is_none() && fault.is_none() {
        Some(view! { <p class="meta" id="try-hint">"The answer appears here."</p> })
    } else {
        None
    };
    let figure = |name: &'static str, key: &'static str, value: Option<String>| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd class="num" data-figure=key>{value.unwrap_or_else(|| "–".to_owned())}</dd>
            </div>
        }
    };
    let total = tried.map(|tried| millis(tried.took_ms));
    view! {
        <section class="try-result" aria-label="Answer">
            <div id="try-fault">{fault}</div>
            <div class="panel-box try-answer">
                {said}
                <div id="try-answer" role="log" aria-live="polite" aria-label="Answer of the agent" tabindex="0" dir="auto">{text}</div>
            </div>
            <p class="meta" id="try-status" role="status"></p>
            <dl class="facts" id="try-figures">
                {figure("First token", "first", None)}
                {figure("Total time", "total", total)}
                {figure("Tokens, prompt + answer", "tokens", tokens)}
                {figure("Credits", "credits", header("x-cmp-credits"))}
                {figure("In dollars", "dollars", dollars.and_then(|_| in_dollars(header("x-cmp-credits"))))}
            </dl>
            {left}
            <details class="fold" id="try-raw" open=tried.is_some_and(|_| !ok)>
                <summary>"Raw request and response"</summary>
                {pane("try-request", "Request", tried.map(|tried| tried.asked.clone()))}
                {pane("try-response", "Response", raw)}
            </details>
        </section>
    }
    .into_any()
}

/// Credits as dollars at the price of a credit in force.
fn in_dollars(charged: Option<String>) -> Option<String> {
    let charged: Credits = charged?.parse().ok()?;
    let price = market().ok()?.settings().credit_price;
    let micros = i128::from(charged.micros()) * i128::from(price.micros()) / 1_000_000;
    Some(model::Usd::from_micros(i64::try_from(micros).ok()?).to_string())
}

fn pane(id: &'static str, name: &'static str, text: Option<String>) -> AnyView {
    view! {
        <p class="pane-name">{name}</p>
        <div class="code">
            <pre id=id tabindex="0" role="region" aria-label=format!("Raw {}", name.to_lowercase())>
                <code>{text.unwrap_or_default()}</code>
            </pre>
            {copy_button(id, "Copy")}
        </div>
    }
    .into_any()
}

/// What went wrong with the call itself, in the provider's own words.
fn failed(tried: &Tried, body: Option<&Value>) -> AnyView {
    let said = body
        .and_then(|body| body.pointer("/error/message").or_else(|| body.get("message")))
        .and_then(Value::as_str)
        .unwrap_or("The answer is no completion.");
    let request = tried.answer.header("x-request-id").map(|id| format!(" Request {id}."));
    warning(format!(
        "The call was answered with {}: {said}{} You were not charged.",
        tried.answer.status,
        request.unwrap_or_default()
    ))
}
