//! The playground: a prompt, parameters, and what a real call answers and costs. `public/try.js` streams it in place;
//! without script the page answers its own form.

use std::time::Instant;

use leptos::prelude::*;
use leptos_meta::{Link, Meta, Title};
use market::{Actor, Error, Market};
use model::{Charge, Credits, Fault, InstanceView, Price, ResourceState, ServiceDetail};
use serde_json::{Number, Value};

use super::offering::{named_service, trail_below};
use crate::{
    calls::{TryAnswer, TryOuts, own_form},
    context::{Origin, PostedForm, here, loaded, market, posted, visitor},
    fail::{Fail, escape},
    flash::FlashBody,
    format::{count, credits, grouped},
    parts::{
        areas::Area,
        code::{Ask, Message, copy_button, samples, tabs},
        crumbs::crumbs,
        detail::millis,
        fields::Field,
        icons::{Icon, icon},
        notices::{error_summary, remark, warning},
    },
};

const PROMPT: Area = Area { name: "prompt", label: "Prompt", hint: "", rows: 5, longest: 20_000 };
const SYSTEM: Area = Area {
    name: "system",
    label: "System message (optional)",
    hint: "",
    rows: 2,
    longest: 20_000,
};
const FIELDS: [&str; 5] = ["prompt", "system", "temperature", "max_tokens", "stream"];
/// What stands in the prompt before anybody types.
const FIRST: &str = "What can you do?";
/// The answer's length that is asked for at first, in tokens.
const FIRST_TOKENS: u64 = 256;

/// Who pays for a try.
enum Payer {
    /// The platform, within its bounds.
    Demo { signed_in: bool },
    /// A wallet, by a subscription.
    Wallet { instance: InstanceView, available: Option<Credits> },
}

/// What a try has brought.
struct Tried {
    asked: String,
    answer: TryAnswer,
    took_ms: u32,
    demo: bool,
    left: Option<u32>,
}

/// The page, and the answer to its form.
#[component]
pub fn TryOutPage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let detail = named_service(&market)?;
        if !detail.callable {
            return Err(Fail::Market(Error::Conflict(
                "This provider sets the service up by hand. There is no endpoint to try.",
            )));
        }
        let actor = visitor();
        let form = posted();
        let (tried, wrong) = match &form {
            None => (None, None),
            Some(form) => match run(&market, actor.as_deref(), &detail, form).await {
                Ok(tried) => (Some(tried), None),
                Err(error) => (None, Some(refused(error, form)?)),
            },
        };
        let payer = payer(&market, actor.as_deref(), &detail).await?;
        let typed = form.unwrap_or_else(|| first(&detail));
        Ok(page(&market, &detail, &payer, &typed, tried.as_ref(), wrong.as_ref()))
    })
}

/// What is in the form when it is opened.
fn first(detail: &ServiceDetail) -> PostedForm {
    let longest = Some(detail.service.max_output_tokens).filter(|most| *most > 0);
    let tokens = longest.map_or(FIRST_TOKENS, |most| most.min(FIRST_TOKENS));
    let mut fields = vec![
        ("prompt".to_owned(), FIRST.to_owned()),
        ("max_tokens".to_owned(), tokens.to_string()),
    ];
    if detail.service.features.streaming {
        fields.push(("stream".to_owned(), "on".to_owned()));
    }
    PostedForm(fields)
}

/// What the page shows of a failure: the demo's bounds and what the form can be changed for stay on it.
fn refused(error: Error, form: &PostedForm) -> Result<FlashBody, Fail> {
    if let Error::Upstream { status, message } = error {
        crate::context::set_status(http::StatusCode::BAD_GATEWAY);
        let values = FIELDS.iter().map(|f| ((*f).to_owned(), form.text(f).to_owned())).collect();
        let message = format!("The service answered {status}: {message}");
        return Ok(FlashBody { message, values, ..FlashBody::default() });
    }
    own_form::wrong(error, form, &FIELDS)
}

/// Reads the form into a request.
fn read(detail: &ServiceDetail, form: &PostedForm) -> Result<Ask, Error> {
    let mut faults = Vec::new();
    let prompt = form.text("prompt").trim();
    if prompt.is_empty() {
        faults.push(Fault::new("prompt", "Enter a prompt"));
    }
    let temperature = match form.text("temperature").trim().replace(',', ".") {
        text if text.is_empty() => None,
        text => {
            let number: Option<Number> = text.parse().ok();
            let fits = |n: &Number| n.as_f64().is_some_and(|n| (0.0..=2.0).contains(&n));
            if !number.as_ref().is_some_and(fits) {
                faults.push(Fault::new("temperature", "Temperature must be from 0 to 2"));
            }
            number
        }
    };
    let most = detail.service.max_output_tokens;
    let max_tokens = match form.text("max_tokens").trim().replace(',', "") {
        text if text.is_empty() => None,
        text => {
            let number: Option<u64> = text.parse().ok();
            if !number.is_some_and(|n| n > 0 && (most == 0 || n <= most)) {
                let words = if most == 0 {
                    "Longest answer must be a whole number of tokens".to_owned()
                } else {
                    format!("Longest answer must be from 1 to {} tokens", grouped(most))
                };
                faults.push(Fault::new("max_tokens", words));
            }
            number
        }
    };
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let system = form.text("system").trim();
    let mut messages = Vec::new();
    if !system.is_empty() {
        messages.push(Message { role: "system", content: system.to_owned() });
    }
    messages.push(Message { role: "user", content: prompt.to_owned() });
    let stream = !form.text("stream").is_empty();
    Ok(Ask { model: detail.service.slug.clone(), messages, temperature, max_tokens, stream })
}

/// Carries out the call, answered whole: a page cannot grow.
async fn run(
    market: &Market,
    actor: Option<&Actor>,
    detail: &ServiceDetail,
    form: &PostedForm,
) -> Result<Tried, Error> {
    own_form::must_be_own()?;
    let ask = Ask { stream: false, ..read(detail, form)? };
    let tries = use_context::<TryOuts>()
        .ok_or(Error::Conflict("Trying in the page is not set up on this server."))?;
    let address = use_context::<Origin>().unwrap_or_default().0;
    let asked = ask.json();
    let (tryout, body) =
        market.tryouts().ask(actor, &address, detail.service.id, asked.as_bytes()).await?;
    let began = Instant::now();
    let answer = tries.0.run(tryout.route, body).await;
    let took_ms = u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
    Ok(Tried { asked, answer, took_ms, demo: tryout.demo, left: tryout.left })
}

async fn payer(
    market: &Market,
    actor: Option<&Actor>,
    detail: &ServiceDetail,
) -> Result<Payer, Error> {
    let Some(actor) = actor else { return Ok(Payer::Demo { signed_in: false }) };
    let mut own = market.resources().list(actor).await?;
    own.retain(|one| one.offering_id == detail.service.id);
    let found = own.into_iter().find(|one| {
        matches!(one.state, ResourceState::Ok | ResourceState::Updating | ResourceState::Paused)
    });
    Ok(match found {
        None => Payer::Demo { signed_in: true },
        Some(instance) => {
            let available = market.wallets().wallet(actor, None).await.ok().map(|w| w.available);
            Payer::Wallet { instance, available }
        }
    })
}

fn page(
    market: &Market,
    detail: &ServiceDetail,
    payer: &Payer,
    typed: &PostedForm,
    tried: Option<&Tried>,
    wrong: Option<&FlashBody>,
) -> AnyView {
    let service = &detail.service;
    let base = &market.settings().public_url;
    let url = format!("{base}/marketplace-public-offering/{}/try/", service.id);
    let prefix = if wrong.is_some() { "Error: " } else { "" };
    let ask = read(detail, typed).unwrap_or_else(|_| Ask::plain(&service.slug, FIRST));
    let price = price_of(detail, payer);
    let name = &service.name;
    view! {
        <Title text=format!("{prefix}Test API – {name} – CMP") />
        <Meta name="description" content=format!("Try {name} in the page: prompt, parameters, a streamed answer, tokens, latency and cost.") />
        <Meta name="robots" content="noindex,follow" />
        <Link rel="canonical" href=url />
        <script src="/try.js" defer></script>
        <div class="wrap">
            {crumbs(&trail_below(market, detail), "Test API")}
            {error_summary(wrong)}
            <header class="page-head">
                <h1>"Test API"</h1>
                <p class="lead">{name.clone()} " by " {detail.provider.name.clone()}</p>
            </header>
            {detail.built_in.as_ref().map(|text| remark(text.to_string()))}
            {who_pays(market, payer, detail)}
            <div class="try-out">
                {form(detail, base, price, typed, wrong)}
                {result(tried)}
            </div>
            <section id="snippet">
                <h2>"The same call from your code"</h2>
                {tabs("snippet", "Language", samples(base, &ask, None))}
                <p class="meta">"It follows what you type. The key comes with “Start using”."</p>
            </section>
        </div>
    }
    .into_any()
}

/// The price that a try is charged by.
fn price_of(detail: &ServiceDetail, payer: &Payer) -> Option<Price> {
    let named = match payer {
        Payer::Demo { .. } => None,
        Payer::Wallet { instance, .. } => {
            detail.plans.iter().find(|plan| plan.name == instance.plan)
        }
    };
    named.or_else(|| detail.plans.first()).map(|plan| plan.price)
}

fn who_pays(market: &Market, payer: &Payer, detail: &ServiceDetail) -> AnyView {
    let start = format!("/resource/{}/deploy/", detail.service.id);
    match payer {
        Payer::Wallet { instance, available } => view! {
            <div class="callout" id="try-payer">
                {icon(Icon::Wallet)}
                <p>
                    {format!("Runs are paid from the wallet of {}, plan {}.", instance.organization, instance.plan)}
                    {available.map(|held| format!(" It holds {} credits.", credits(held)))}
                </p>
            </div>
        }
        .into_any(),
        Payer::Demo { .. } if !market.tryouts().has_demo() => view! {
            <div class="callout callout-warning" id="try-payer">
                {icon(Icon::Alert)}
                <p>
                    "There is no free demo here. "
                    <a href=start>"Start using it"</a>
                    " to run requests."
                </p>
            </div>
        }
        .into_any(),
        Payer::Demo { signed_in } => {
            let most = u64::from(market.settings().demo_calls_per_address);
            let next = if *signed_in {
                view! { <a href=start>"Start using it"</a> }.into_any()
            } else {
                view! { <a href=format!("/register/?next={}", escape(&start))>"Create account"</a> }
                    .into_any()
            };
            view! {
                <div class="callout" id="try-payer">
                    {icon(Icon::Info)}
                    <p>
                        {format!("Free demo: {} a day from your network, up to 512 tokens each, paid by this marketplace. ", count(most, "try", "tries"))}
                        <span id="try-left"></span>
                        " "
                        {next}
                        " for more."
                    </p>
                </div>
            }
            .into_any()
        }
    }
}

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

fn form(
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

/// The answer's side: empty before the first run.
fn result(tried: Option<&Tried>) -> AnyView {
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
        body.as_ref().and_then(|body| serde_json::to_string_pretty(body).ok()).unwrap_or_else(|| {
            String::from_utf8_lossy(&tried.answer.body).into_owned()
        })
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
