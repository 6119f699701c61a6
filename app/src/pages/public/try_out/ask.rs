//! The request: read from the form, and carried out whole for who has no script.

use std::time::Instant;

use leptos::prelude::*;
use market::{Actor, Error, Market};
use model::{Fault, ServiceDetail};
use serde_json::Number;

use crate::{
    calls::{TryAnswer, TryOuts, own_form},
    context::{Origin, PostedForm},
    fail::Fail,
    flash::FlashBody,
    format::grouped,
    parts::code::{Ask, Message},
};

const FIELDS: [&str; 5] = ["prompt", "system", "temperature", "max_tokens", "stream"];
/// What stands in the prompt before anybody types.
pub const FIRST: &str = "What can you do?";
/// The answer's length that is asked for at first, in tokens.
pub const FIRST_TOKENS: u64 = 256;

/// What a try has brought.
pub struct Tried {
    pub asked: String,
    pub answer: TryAnswer,
    pub took_ms: u32,
    pub demo: bool,
    pub left: Option<u32>,
}

/// What is in the form when it is opened.
pub fn first(detail: &ServiceDetail) -> PostedForm {
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
pub fn refused(error: Error, form: &PostedForm) -> Result<FlashBody, Fail> {
    if let Error::Upstream { status, message } = error {
        crate::context::set_status(http::StatusCode::BAD_GATEWAY);
        let values = FIELDS.iter().map(|f| ((*f).to_owned(), form.text(f).to_owned())).collect();
        let message = format!("The service answered {status}: {message}");
        return Ok(FlashBody { message, values, ..FlashBody::default() });
    }
    own_form::wrong(error, form, &FIELDS)
}

/// Reads the form into a request.
pub fn read(detail: &ServiceDetail, form: &PostedForm) -> Result<Ask, Error> {
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
pub async fn run(
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
    if tryout.demo && answer.status == http::StatusCode::PAYMENT_REQUIRED {
        // It is not the visitor's wallet that is empty.
        return Err(market.tryouts().used_up());
    }
    let took_ms = u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
    Ok(Tried { asked, answer, took_ms, demo: tryout.demo, left: tryout.left })
}
