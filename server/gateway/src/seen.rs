//! What is seen of a stream as it passes: what was used, and how its provider has done.

use std::time::{Duration, Instant};

use bytes::Bytes;
use market::{Answered, Failure};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::meter::{Outcome, Used, tokens_of, usage};

/// Answers of fewer tokens, or of less time after the first, say nothing about speed.
const TOKENS_NEEDED: u64 = 8;
const TIME_NEEDED: Duration = Duration::from_millis(10);

/// What one event of an upstream is to us.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// Goes to the caller.
    Content,
    /// Says what was used, and nothing else.
    Usage,
    /// The end.
    Done,
}

/// What was seen of a stream so far.
#[derive(Debug, Default)]
pub struct Seen {
    /// Bytes of text and of tool calls that were produced.
    produced: usize,
    used: Option<Used>,
    pub finished: bool,
    /// When the first token was there.
    first_token: Option<Instant>,
    /// The caller has at some time read more slowly than the answer came: its speed is the caller's then.
    pub held_up: bool,
    /// Why the upstream's part has ended, when it should not have.
    broken: Option<Failure>,
    /// The upstream's usage event, kept back to carry the receipt too.
    pub usage_event: Option<Bytes>,
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
pub fn data(event: &[u8]) -> Option<&[u8]> {
    event
        .split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(b"data:"))
        .map(<[u8]>::trim_ascii)
}

impl Seen {
    pub fn cut(&mut self, failure: Failure) -> Outcome {
        self.broken = Some(failure);
        Outcome::UpstreamCut
    }

    pub fn look(&mut self, event: &[u8]) -> Kind {
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
    pub fn judge(&self, outcome: Outcome, began: Instant) -> Option<Result<Answered, Failure>> {
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
    pub fn used(&self, prompt_bytes: usize) -> Option<Used> {
        self.used.or_else(|| {
            (self.produced > 0).then(|| Used {
                prompt_tokens: tokens_of(prompt_bytes),
                completion_tokens: tokens_of(self.produced),
                estimated: true,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
