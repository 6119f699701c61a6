//! Streams: events go through as bytes as soon as they are whole; one look at each counts what was used.

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Response, StatusCode, header};
use market::Failure;
use serde_json::json;
use tokio::sync::mpsc;

use crate::{
    Body,
    answers::{Pieces, receipt_headers},
    call::Call,
    meter::{Outcome, Recorded},
    refusals::Refusal,
    seen::{Kind, Seen, data},
};

/// How many pieces may wait for a slow caller before the upstream has to.
const WAITING: usize = 64;
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
}
