//! What an upstream answers, wherever it comes from, and how a whole answer is passed on.

use std::{collections::VecDeque, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use market::{Failure, Route};
use model::ReceiptId;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    Body,
    meter::{Recorded, Used, tokens_of, usage},
    peek::Peek,
};

/// The most bytes of a whole answer.
const ANSWER_LIMIT: usize = 32 * 1024 * 1024;

/// The bytes of an answer, as they come.
pub enum Pieces {
    Incoming(Incoming),
    Ready(VecDeque<Bytes>),
}

/// Why an answer has no next piece.
#[derive(Debug)]
pub enum Broken {
    /// It did not go on in time.
    Silent,
    /// The connection ended.
    Off,
    /// It is longer than answers may be.
    TooLong,
}

impl Broken {
    /// What that is in the measured quality.
    pub const fn failure(&self) -> Failure {
        match self {
            Self::Silent => Failure::Timeout,
            Self::Off => Failure::Cut,
            Self::TooLong => Failure::Malformed,
        }
    }
}

impl Pieces {
    /// The next piece; `None` at the end.
    pub async fn next(&mut self, patience: Duration) -> Result<Option<Bytes>, Broken> {
        match self {
            Self::Ready(pieces) => Ok(pieces.pop_front()),
            Self::Incoming(body) => loop {
                let frame = tokio::time::timeout(patience, body.frame()).await;
                let frame = frame.map_err(|_| Broken::Silent)?;
                let Some(frame) = frame else { return Ok(None) };
                if let Ok(data) = frame.map_err(|_| Broken::Off)?.into_data() {
                    return Ok(Some(data));
                }
            },
        }
    }

    /// All that is left, up to the limit of whole answers.
    pub async fn rest(mut self, patience: Duration) -> Result<Bytes, Broken> {
        let Some(first) = self.next(patience).await? else { return Ok(Bytes::new()) };
        let Some(second) = self.next(patience).await? else { return Ok(first) };
        let mut all = BytesMut::from(&*first);
        all.extend_from_slice(&second);
        while let Some(piece) = self.next(patience).await? {
            if all.len() + piece.len() > ANSWER_LIMIT {
                return Err(Broken::TooLong);
            }
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }
}

/// An upstream's answer.
pub struct Answer {
    pub status: StatusCode,
    pub retry_after_s: Option<u32>,
    pub events: bool,
    pub pieces: Pieces,
}

impl Answer {
    /// An answer of this program.
    pub fn own(pieces: Vec<Bytes>, events: bool) -> Self {
        Self {
            status: StatusCode::OK,
            retry_after_s: None,
            events,
            pieces: Pieces::Ready(pieces.into()),
        }
    }

    /// An answer from outside.
    pub fn from_upstream(response: Response<Incoming>) -> Self {
        let (parts, body) = response.into_parts();
        let text = |name| parts.headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
        Self {
            status: parts.status,
            retry_after_s: text(header::RETRY_AFTER)
                .and_then(|seconds| seconds.trim().parse().ok()),
            events: text(header::CONTENT_TYPE)
                .is_some_and(|kind| kind.starts_with("text/event-stream")),
            pieces: Pieces::Incoming(body),
        }
    }
}

/// What a whole answer says was used.
pub fn used_by(body: &[u8], peek: &Peek) -> Option<Used> {
    #[derive(Deserialize)]
    struct Whole<'a> {
        #[serde(borrow, default)]
        usage: Option<&'a RawValue>,
        #[serde(borrow, default)]
        choices: Option<&'a RawValue>,
    }
    let whole: Whole<'_> = serde_json::from_slice(body).ok()?;
    usage(whole.usage).or_else(|| {
        let choices = whole.choices?;
        Some(Used {
            prompt_tokens: tokens_of(peek.len()),
            completion_tokens: tokens_of(choices.get().len()),
            estimated: true,
        })
    })
}

/// The headers that name a call's receipt, known before it is paid.
pub fn receipt_headers(headers: &mut HeaderMap, receipt: ReceiptId, route: &Route) {
    put(headers, "x-cmp-receipt-id", &receipt.to_string());
    put(headers, "x-cmp-price-version", &route.price_version.to_string());
}

/// The headers that say what a call has cost.
pub fn cost_headers(headers: &mut HeaderMap, recorded: &Recorded) {
    put(headers, "x-cmp-credits", &recorded.credits.to_string());
    headers.insert("x-cmp-prompt-tokens", HeaderValue::from(recorded.used.prompt_tokens));
    headers.insert("x-cmp-completion-tokens", HeaderValue::from(recorded.used.completion_tokens));
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    // Ids and decimals are plain ASCII.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// A whole answer with its receipt.
pub fn whole(
    body: Bytes,
    receipt: ReceiptId,
    route: &Route,
    recorded: &Recorded,
) -> Response<Body> {
    let mut response = Response::new(Body::whole(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    receipt_headers(headers, receipt, route);
    cost_headers(headers, recorded);
    response
}
