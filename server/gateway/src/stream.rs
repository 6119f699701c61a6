//! Streams: events go through as bytes as soon as they are whole; one look at each counts what was used.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Response, StatusCode, header};
use market::{Answered, Failure};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use tokio::sync::mpsc;

use crate::{
    Body,
    answers::{Pieces, receipt_headers},
    call::Call,
    meter::{Outcome, Recorded, Used, tokens_of, usage},
    refusals::Refusal,
};

/// How many pieces may wait for a slow caller before the upstream has to.
const WAITING: usize = 64;
/// Answers of fewer tokens, or of less time after the first, say nothing about speed.
const TOKENS_NEEDED: u64 = 8;
const TIME_NEEDED: Duration = Duration::from_millis(10);
/// The most bytes of one event.
const EVENT_LIMIT: usize = 1024 * 1024;

/// Begins the answer and carries the stream in a task of its own.
pub fn answer(call: Call, pieces: Pieces) -> Response<Body> {
    let (to_caller, from_task) = mpsc::channel(WAITING);
    let mut response = Response::new(Body::Pieces(from_task));
    let headers = response.headers_mut();
    headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    receipt_headers(headers, call.meter.receipt, &call.route);
    market::spawn("stream", async move { carry(call, pieces, &to_caller).await });
    response
}

/// What one event of an upstream is to us.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// Goes to the caller.
    Content,
    /// Says what was used, and nothing else.
    Usage,
    /// The end.
    Done,
}

/// What was seen of a stream so far.
#[derive(Debug, Default)]
struct Seen {
    /// Bytes of text and of tool calls that were produced.
    produced: usize,
    used: Option<Used>,
    finished: bool,
    /// When the first token was there.
    first_token: Option<Instant>,
    /// The caller has at some time read more slowly than the answer came: its speed is the caller's then.
    held_up: bool,
    /// Why the upstream's part has ended, when it should not have.
    broken: Option<Failure>,
    /// The upstream's usage event, kept back to carry the receipt too.
    usage_event: Option<Bytes>,
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    choices: Vec<Choice<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
}

/// The bytes that a JSON value adds to what was produced; quotes and null are none.
fn weight(part: Option<&RawValue>) -> usize {
    match part.map(RawValue::get) {
        None | Some("null" | "[]") => 0,
        Some(text) if text.starts_with('"') => text.len() - 2,
        Some(text) => text.len(),
    }
}

/// The data of an event that has one line of it, as completions have.
fn data(event: &[u8]) -> Option<&[u8]> {
    event
        .split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(b"data:"))
        .map(<[u8]>::trim_ascii)
}

impl Seen {
    fn cut(&mut self, failure: Failure) -> Outcome {
        self.broken = Some(failure);
        Outcome::UpstreamCut
    }

    fn look(&mut self, event: &[u8]) -> Kind {
        let Some(data) = data(event) else { return Kind::Content };
        if data == b"[DONE]" {
            return Kind::Done;
        }
        let Ok(chunk) = serde_json::from_slice::<Chunk<'_>>(data) else { return Kind::Content };
        for choice in &chunk.choices {
            self.finished |= choice.finish_reason.is_some_and(|reason| reason.get() != "null");
            if let Some(delta) = &choice.delta {
                self.produced += weight(delta.content)
                    + weight(delta.reasoning_content)
                    + weight(delta.refusal)
                    + weight(delta.tool_calls);
            }
        }
        if self.produced > 0 {
            self.first_token.get_or_insert_with(Instant::now);
        }
        let used = usage(chunk.usage);
        let only_usage = used.is_some() && chunk.choices.is_empty();
        self.used = used.or(self.used);
        if only_usage { Kind::Usage } else { Kind::Content }
    }

    /// What the answer says about its provider, for the measured quality; none when it says nothing.
    fn judge(&self, outcome: Outcome, began: Instant) -> Option<Result<Answered, Failure>> {
        let first_token = self.first_token.map(|at| at - began);
        match outcome {
            Outcome::Complete if first_token.is_none() && !self.finished && self.used.is_none() => {
                Some(Err(Failure::Malformed))
            }
            Outcome::Complete => Some(Ok(Answered {
                first_token,
                total: Some(began.elapsed()),
                speed: self.first_token.and_then(|at| self.speed(at.elapsed())),
            })),
            Outcome::ClientGone => {
                first_token.map(|_| Ok(Answered { first_token, ..Answered::default() }))
            }
            // An upstream may rightly give up a caller who does not read on.
            Outcome::UpstreamCut | Outcome::UpstreamFailed if self.held_up => None,
            Outcome::UpstreamCut | Outcome::UpstreamFailed => {
                Some(Err(self.broken.unwrap_or(Failure::Cut)))
            }
        }
    }

    /// Thousandths of a token per second after the first, when there were enough of them in a time that can be measured.
    fn speed(&self, time: Duration) -> Option<u64> {
        let produced = self.produced as u64;
        // Tokens that nobody was sent do not make an answer faster: no token is shorter than a byte.
        let tokens = self.used.map_or(tokens_of(self.produced), |used| used.completion_tokens);
        let tokens = tokens.min(produced);
        if tokens < TOKENS_NEEDED || time < TIME_NEEDED || self.held_up {
            return None;
        }
        u64::try_from(u128::from(tokens - 1) * 1_000_000_000 / time.as_micros()).ok()
    }

    /// What was used: the upstream's word at the end, else what was produced; nothing before the first token.
    fn used(&self, prompt_bytes: usize) -> Option<Used> {
        self.used.or_else(|| {
            (self.produced > 0).then(|| Used {
                prompt_tokens: tokens_of(prompt_bytes),
                completion_tokens: tokens_of(self.produced),
                estimated: true,
            })
        })
    }
}

/// Cuts the next whole event, with the empty line after it, off what has arrived.
fn next_event(buffer: &mut BytesMut, searched: &mut usize) -> Option<Bytes> {
    let from = searched.saturating_sub(3);
    let rest = buffer.get(from..)?;
    let end = rest.windows(2).position(|pair| pair == b"\n\n").map(|at| at + 2);
    let crlf = rest.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
    let Some(end) = [end, crlf].into_iter().flatten().min() else {
        *searched = buffer.len();
        return None;
    };
    *searched = 0;
    Some(buffer.split_to(from + end).freeze())
}

/// Passes events on until one side ends; tells how it ended.
async fn pass(
    call: &Call,
    pieces: &mut Pieces,
    to_caller: &mpsc::Sender<Bytes>,
    seen: &mut Seen,
) -> Outcome {
    let (mut buffer, mut searched) = (BytesMut::new(), 0);
    let patience = call.shared.config.between_bytes;
    loop {
        // A caller who has gone is noticed even while the upstream is silent.
        let piece = tokio::select! {
            piece = pieces.next(patience) => piece,
            () = to_caller.closed() => return Outcome::ClientGone,
        };
        match piece {
            Ok(Some(piece)) => buffer.extend_from_slice(&piece),
            Ok(None) if seen.finished => return Outcome::Complete,
            Ok(None) => return seen.cut(Failure::Cut),
            Err(broken) => return seen.cut(broken.failure()),
        }
        while let Some(event) = next_event(&mut buffer, &mut searched) {
            match seen.look(&event) {
                Kind::Done => return Outcome::Complete,
                Kind::Usage => seen.usage_event = Some(event),
                Kind::Content => {
                    seen.held_up |= to_caller.capacity() == 0;
                    if to_caller.send(event).await.is_err() {
                        return Outcome::ClientGone;
                    }
                }
            }
        }
        if buffer.len() > EVENT_LIMIT {
            return seen.cut(Failure::Malformed);
        }
    }
}

async fn carry(call: Call, mut pieces: Pieces, to_caller: &mpsc::Sender<Bytes>) {
    let mut seen = Seen::default();
    let outcome = pass(&call, &mut pieces, to_caller, &mut seen).await;
    if let Some(sample) = seen.judge(outcome, call.meter.began) {
        call.measure(sample);
    }
    // Nobody listens any more: the upstream is told so by closing its connection.
    drop(pieces);
    let used = seen.used(call.peek.len());
    let outcome = if outcome == Outcome::UpstreamCut && used.is_none() {
        Outcome::UpstreamFailed
    } else {
        outcome
    };
    let Call { shared, route, peek, meter, ticket } = call;
    let (receipt, created) = (meter.receipt, meter.at.ms() / 1_000);
    let status = match outcome {
        Outcome::Complete | Outcome::ClientGone => StatusCode::OK,
        Outcome::UpstreamCut | Outcome::UpstreamFailed => StatusCode::BAD_GATEWAY,
    };
    let recorded = meter.record(&shared, &route, status, outcome, used).await;
    drop(ticket);
    let last = match recorded {
        Ok(recorded) => {
            let ours = json!({
                "receipt_id": receipt.to_string(),
                "credits": recorded.credits,
                "price_version": route.price_version.to_string(),
                "prompt_tokens": recorded.used.prompt_tokens,
                "completion_tokens": recorded.used.completion_tokens,
                "estimated": recorded.used.estimated,
                "outcome": outcome.as_str(),
            });
            let event = last_event(
                &seen,
                peek.include_usage,
                &peek.model,
                &receipt.hex(),
                created,
                &recorded,
                &ours,
            );
            match outcome {
                Outcome::Complete | Outcome::ClientGone => {
                    vec![event, Bytes::from_static(b"data: [DONE]\n\n")]
                }
                Outcome::UpstreamCut | Outcome::UpstreamFailed => {
                    let message = "The provider's endpoint broke off its answer. Only what had arrived is charged.";
                    vec![event, error_event(&Refusal::upstream(StatusCode::BAD_GATEWAY, message))]
                }
            }
        }
        Err(refusal) => vec![error_event(&refusal)],
    };
    for event in last {
        if to_caller.send(event).await.is_err() {
            return;
        }
    }
}

fn error_event(refusal: &Refusal) -> Bytes {
    Bytes::from(format!("data: {}\n\n", refusal.to_json()))
}

/// The event that carries tokens, credits and the receipt.
///
/// Who asked for the usage gets the upstream's usage event with ours added. To everybody else it looks like a chunk
/// with an empty delta, because programs that did not ask for usage read `choices[0]` of every chunk.
fn last_event(
    seen: &Seen,
    include_usage: bool,
    model: &str,
    id: &str,
    created: i64,
    recorded: &Recorded,
    ours: &serde_json::Value,
) -> Bytes {
    if include_usage
        && let Some(text) =
            seen.usage_event.as_deref().and_then(data).and_then(|d| std::str::from_utf8(d).ok())
        && let Some(open) = text.strip_suffix('}')
    {
        return Bytes::from(format!("data: {open},\"cmp\":{ours}}}\n\n"));
    }
    let choices = if include_usage {
        json!([])
    } else {
        json!([{ "index": 0, "delta": {}, "finish_reason": null }])
    };
    let used = recorded.used;
    let chunk = json!({
        "id": format!("chatcmpl-{id}"), "object": "chat.completion.chunk", "created": created, "model": model,
        "choices": choices,
        "usage": {
            "prompt_tokens": used.prompt_tokens,
            "completion_tokens": used.completion_tokens,
            "total_tokens": used.prompt_tokens.saturating_add(used.completion_tokens),
        },
        "cmp": ours,
    });
    Bytes::from(format!("data: {chunk}\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(chunks: &[&str]) -> Vec<String> {
        let (mut buffer, mut searched, mut found) = (BytesMut::new(), 0, Vec::new());
        for chunk in chunks {
            buffer.extend_from_slice(chunk.as_bytes());
            while let Some(event) = next_event(&mut buffer, &mut searched) {
                found.push(String::from_utf8(event.to_vec()).unwrap());
            }
        }
        found
    }

    #[test]
    fn events_are_found_wherever_they_are_split() {
        let text = "data: a\n\ndata: b\r\n\r\n: comment\n\ndata: [DONE]\n\n";
        let whole = events(&[text]);
        assert_eq!(whole.len(), 4);
        let pieces: Vec<&str> = text.split_inclusive(|_| true).collect();
        assert_eq!(events(&pieces), whole);
        assert_eq!(whole.concat(), text);
    }

    #[test]
    fn what_was_produced_is_counted() {
        let mut seen = Seen::default();
        assert_eq!(seen.used(400), None);
        let chunk = br#"data: {"choices":[{"index":0,"delta":{"content":"12345678"},"finish_reason":null}]}"#;
        assert_eq!(seen.look(chunk), Kind::Content);
        assert_eq!(
            seen.used(400),
            Some(Used { prompt_tokens: 100, completion_tokens: 2, estimated: true })
        );
        let last = br#"data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":9,"total_tokens":16}}"#;
        assert_eq!(seen.look(last), Kind::Usage);
        assert_eq!(
            seen.used(400),
            Some(Used { prompt_tokens: 7, completion_tokens: 9, estimated: false })
        );
        assert_eq!(seen.look(b"data: [DONE]"), Kind::Done);
        assert_eq!(seen.look(b": keep-alive"), Kind::Content);
        assert_eq!(seen.look(b"data: not json"), Kind::Content);
    }

    #[test]
    fn what_an_answer_says_about_its_provider() {
        let began = Instant::now();
        let judge = |seen: &Seen, outcome| seen.judge(outcome, began);
        let nothing = Seen::default();
        assert_eq!(judge(&nothing, Outcome::ClientGone), None, "the caller left at once");
        assert_eq!(judge(&nothing, Outcome::Complete), Some(Err(Failure::Malformed)));
        let empty = Seen { finished: true, ..Seen::default() };
        assert!(matches!(judge(&empty, Outcome::Complete), Some(Ok(a)) if a.first_token.is_none()));
        let mut cut = Seen { first_token: Some(began), produced: 8, ..Seen::default() };
        assert_eq!(cut.cut(Failure::Timeout), Outcome::UpstreamCut);
        assert_eq!(judge(&cut, Outcome::UpstreamCut), Some(Err(Failure::Timeout)));
        assert!(matches!(judge(&cut, Outcome::ClientGone), Some(Ok(a)) if a.total.is_none()));
        cut.held_up = true;
        assert_eq!(judge(&cut, Outcome::UpstreamCut), None, "the caller did not read on");
    }

    #[test]
    fn speed_is_that_of_tokens_that_were_sent() {
        let used = |completion_tokens| {
            Some(Used { prompt_tokens: 1, completion_tokens, estimated: false })
        };
        let second = Duration::from_secs(1);
        let mut seen = Seen { produced: 100, used: used(51), ..Seen::default() };
        assert_eq!(seen.speed(second), Some(50_000));
        assert_eq!(seen.speed(Duration::from_millis(9)), None);
        seen.used = used(u64::MAX);
        assert_eq!(seen.speed(second), Some(99_000), "a claim is held to the bytes");
        seen.used = None;
        assert_eq!(seen.speed(second), Some(24_000));
        seen.used = used(7);
        assert_eq!(seen.speed(second), None);
        seen = Seen { held_up: true, produced: 100, ..Seen::default() };
        assert_eq!(seen.speed(second), None);
    }

    #[test]
    fn a_lie_about_usage_is_not_understood() {
        let mut seen = Seen::default();
        for text in [
            r#"{"usage":{"prompt_tokens":-1,"completion_tokens":1e9},"choices":[]}"#,
            r#"{"usage":"many","choices":[]}"#,
        ] {
            assert_eq!(seen.look(format!("data: {text}").as_bytes()), Kind::Content);
        }
        assert_eq!(seen.used, None);
    }
}
