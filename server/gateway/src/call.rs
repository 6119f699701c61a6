//! One call, from the key to the answer.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use market::{Answered, Failure, Held, Route, Ticket};
use model::{Backend, Credits, ReceiptId, SecretKey, Timestamp};

use crate::{
    BODY_LIMIT, Body, Shared,
    answers::{self, Answer},
    bodies, builtin,
    meter::{Meter, Outcome, worst_case},
    peek::Peek,
    refusals::Refusal,
    stream,
};

/// A call that was let in and whose credits are set aside.
pub struct Call {
    pub shared: Arc<Shared>,
    pub route: Arc<Route>,
    pub peek: Peek,
    pub meter: Meter,
    /// Counts as running until the call is over: against the plan's limit, and for a server that wants to stop.
    pub ticket: (Ticket, Arc<()>),
}

/// The key in a request's headers.
fn key(headers: &HeaderMap) -> Result<SecretKey, Refusal> {
    let value = headers.get(header::AUTHORIZATION).ok_or_else(Refusal::unknown_key)?;
    let (scheme, key) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(Refusal::unknown_key)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::unknown_key());
    }
    // The checksum is looked at before anything is looked up.
    key.trim().parse().map_err(|_| Refusal::unknown_key())
}

/// Answers a request for a chat completion.
pub async fn answer<B>(shared: &Arc<Shared>, request: Request<B>) -> Result<Response<Body>, Refusal>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: std::fmt::Display,
{
    let (parts, body) = request.into_parts();
    let route = shared.market.route(&key(&parts.headers)?).await?;
    answer_by(shared, route, bodies::read(body, BODY_LIMIT).await?).await
}

/// Answers a request for a chat completion that may take this way.
pub async fn answer_by(
    shared: &Arc<Shared>,
    route: Arc<Route>,
    body: Bytes,
) -> Result<Response<Body>, Refusal> {
    let peek = Peek::read(body)?;
    check(&route, &peek)?;
    let now = shared.market.core().now();
    let ticket = (route.admit(now)?, Arc::clone(&shared.running));
    let cost = route.price.charge(worst_case(&peek, &route)).ok_or_else(|| {
        Refusal::bad("The request could cost more than a wallet can hold. Ask for fewer tokens.")
    })?;
    let shared = Arc::clone(shared);
    // From here on credits move, so the call goes on when the caller has gone: in a task of its own.
    in_own_task(async move {
        let held = if cost == Credits::ZERO {
            Held::FREE
        } else {
            let (market, purse) = (&shared.market, &route.purse);
            market.ledger().hold(market.core(), purse, cost, shared.config.lease_max).await?
        };
        let receipt = shared.market.core().id(ReceiptId::new);
        let meter = Meter::begin(receipt, now, peek.stream, held);
        Call { shared, route, peek, meter, ticket }.go().await
    })
    .await
}

/// What the key's subscription does not allow.
fn check(route: &Route, peek: &Peek) -> Result<(), Refusal> {
    if route.blocked {
        let message = "This organization is blocked. Ask the marketplace's operator.";
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "invalid_request_error",
            "organization_blocked",
            message,
        ));
    }
    if route.paused {
        let message = "This subscription is paused because its monthly fee could not be paid. Add credits to the wallet.";
        return Err(Refusal::new(
            StatusCode::PAYMENT_REQUIRED,
            "insufficient_quota",
            "subscription_paused",
            message,
        ));
    }
    if peek.model != route.slug && peek.model.parse() != Ok(route.offering) {
        let message = format!(
            "This key is for the model `{}`. Start using the other service to get a key for it.",
            route.slug
        );
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "invalid_request_error",
            "model_not_found",
            message,
        ));
    }
    if route.backend == Backend::Manual {
        return Err(Refusal::bad(
            "This service is fulfilled by its provider by hand; there is nothing to call.",
        ));
    }
    Ok(())
}

async fn in_own_task(
    work: impl Future<Output = Result<Response<Body>, Refusal>> + Send + 'static,
) -> Result<Response<Body>, Refusal> {
    let (reply, answer) = tokio::sync::oneshot::channel();
    market::spawn("call", async move {
        // The caller may have gone; what was used is in the books all the same.
        let _ = reply.send(work.await);
    });
    answer.await.unwrap_or_else(|_| {
        let message = "Something went wrong.";
        Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "api_error", "internal", message))
    })
}

impl Call {
    async fn go(mut self) -> Result<Response<Body>, Refusal> {
        let (receipt, at) = (self.meter.receipt, self.meter.at);
        let sent = ask(&self.shared, &self.route.backend, &self.peek, receipt, at).await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(refusal) => return self.fail(refusal).await,
        };
        self.meter.first_byte();
        if !answer.status.is_success() {
            let refusal = refused_by_upstream(answer, self.shared.config.between_bytes).await;
            return self.fail(refusal).await;
        }
        if answer.events {
            return Ok(stream::answer(self, answer.pieces));
        }
        let body = match answer.pieces.rest(self.shared.config.between_bytes).await {
            Ok(body) => body,
            Err(broken) => {
                let message =
                    "The provider's endpoint broke off its answer. Nothing was charged; try again.";
                let refusal = Refusal::upstream(StatusCode::BAD_GATEWAY, message);
                return self.fail(refusal.because(broken.failure())).await;
            }
        };
        let Some(used) = answers::used_by(&body, &self.peek) else {
            let message =
                "The provider's endpoint did not answer with a completion. Nothing was charged.";
            let refusal = Refusal::upstream(StatusCode::BAD_GATEWAY, message);
            return self.fail(refusal.because(Failure::Malformed)).await;
        };
        // The first token of an answer in one piece comes with the last.
        let whole = Some(self.meter.began.elapsed());
        self.measure(Ok(Answered { first_token: whole, total: whole, speed: None }));
        let Self { shared, route, meter, .. } = self;
        let receipt = meter.receipt;
        let recorded =
            meter.record(&shared, &route, StatusCode::OK, Outcome::Complete, Some(used)).await?;
        Ok(answers::whole(body, receipt, &route, &recorded))
    }

    /// Counts what the provider has done in the measured quality of the offering.
    pub fn measure(&self, outcome: Result<Answered, Failure>) {
        self.route.gauge.call(self.shared.market.core().now(), outcome);
    }

    /// Ends a call that has brought nothing: its credits go back, and the usage page shows that it failed.
    async fn fail(self, refusal: Refusal) -> Result<Response<Body>, Refusal> {
        if let Some(failure) = refusal.failure() {
            self.measure(Err(failure));
        }
        let Self { shared, route, meter, .. } = self;
        meter.record(&shared, &route, refusal.status(), Outcome::UpstreamFailed, None).await?;
        Err(refusal)
    }
}

/// Asks whatever stands behind an offering.
pub async fn ask(
    shared: &Shared,
    backend: &Backend,
    peek: &Peek,
    receipt: ReceiptId,
    at: Timestamp,
) -> Result<Answer, Refusal> {
    match backend {
        Backend::Upstream { url, model, key_env } => {
            let body = peek.for_upstream(model);
            let response = shared.client.send(url, key_env.as_deref(), body).await?;
            Ok(Answer::from_upstream(response))
        }
        Backend::BuiltIn { answerer, knowledge } => {
            let id = format!("chatcmpl-{}", receipt.hex());
            let created = at.ms() / 1_000;
            let answer = builtin::Answer::new(peek, *answerer, knowledge, id, created)?;
            let pieces = if peek.stream { answer.events() } else { vec![answer.whole()] };
            Ok(Answer::own(pieces, peek.stream))
        }
        Backend::Manual => Err(Refusal::bad("There is nothing to call.")),
    }
}

/// What the caller is told when the upstream refuses: its own words about the caller's mistake, ours about its own.
async fn refused_by_upstream(answer: Answer, patience: std::time::Duration) -> Refusal {
    let status = answer.status;
    match status.as_u16() {
        400 | 404 | 413 | 415 | 422 | 429 => match answer.pieces.rest(patience).await {
            Ok(body) if serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok() => {
                Refusal::passed_on(status, body, answer.retry_after_s)
            }
            _ => Refusal::upstream(
                status,
                format!("The provider's endpoint refused the request with {status}."),
            ),
        },
        503 => Refusal::upstream(
            StatusCode::SERVICE_UNAVAILABLE,
            "The provider's endpoint is not available. Nothing was charged; try again later.",
        )
        .because(Failure::Status),
        _ => Refusal::upstream(
            StatusCode::BAD_GATEWAY,
            format!(
                "The provider's endpoint failed with {status}. Nothing was charged; try again."
            ),
        )
        .because(Failure::Status),
    }
}
