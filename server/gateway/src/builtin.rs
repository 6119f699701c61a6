//! The answerers that are part of this program. They need no key and no network, and are no language models.

use bytes::Bytes;
use model::BuiltIn;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{meter::tokens_of, peek::Peek, refusals::Refusal};

/// How many sentences `extractive` quotes.
const QUOTES: usize = 3;

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    role: String,
    #[serde(default)]
    content: Value,
}

impl Message {
    /// The text of a message, whether it is one string or a list of parts.
    fn text(&self) -> String {
        match &self.content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => {
                let texts: Vec<&str> = parts
                    .iter()
                    .filter_map(|part| part.get("text").and_then(Value::as_str))
                    .collect();
                texts.join("\n")
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
        }
    }
}

/// What an answerer says, ready to be sent.
pub struct Answer {
    id: String,
    created: i64,
    model: String,
    text: String,
    finish_reason: &'static str,
    prompt_tokens: u64,
    completion_tokens: u64,
}

impl Answer {
    pub fn new(
        peek: &Peek,
        answerer: BuiltIn,
        knowledge: &str,
        id: String,
        created: i64,
    ) -> Result<Self, Refusal> {
        if peek.choices > 1 {
            return Err(Refusal::bad("This built-in answerer gives one answer; `n` must be 1."));
        }
        let messages: Vec<Message> = peek.messages()?;
        let prompt_tokens =
            messages.iter().map(|message| 4 + tokens_of(message.text().len())).sum();
        let question =
            messages.iter().rev().find(|message| message.role == "user").map(Message::text);
        let question = question.unwrap_or_default();
        let mut text = match answerer {
            BuiltIn::Echo => format!("You said: {question}"),
            BuiltIn::Extractive => extract(&question, knowledge),
        };
        let mut finish_reason = "stop";
        if let Some(most) = peek.max_tokens
            && tokens_of(text.len()) > most
        {
            let mut end =
                usize::try_from(most.saturating_mul(4)).unwrap_or(usize::MAX).min(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            finish_reason = "length";
        }
        let completion_tokens = tokens_of(text.len());
        Ok(Self {
            id,
            created,
            model: peek.model.clone(),
            text,
            finish_reason,
            prompt_tokens,
            completion_tokens,
        })
    }

    fn usage(&self) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        })
    }

    /// The whole answer at once.
    pub fn whole(&self) -> Bytes {
        let answer = json!({
            "id": self.id, "object": "chat.completion", "created": self.created, "model": self.model,
            "choices": [{
                "index": 0,
                "message": { "role": "assistant", "content": self.text },
                "finish_reason": self.finish_reason,
            }],
            "usage": self.usage(),
        });
        Bytes::from(answer.to_string())
    }

    /// The answer as events, a word at a time.
    pub fn events(&self) -> Vec<Bytes> {
        let event = |choices: Value, usage: Option<Value>| {
            let mut chunk = json!({
                "id": self.id, "object": "chat.completion.chunk", "created": self.created,
                "model": self.model, "choices": choices,
            });
            if let (Some(usage), Some(chunk)) = (usage, chunk.as_object_mut()) {
                chunk.insert("usage".to_owned(), usage);
            }
            Bytes::from(format!("data: {chunk}\n\n"))
        };
        let delta = |delta: Value, finish: Option<&str>| {
            event(json!([{ "index": 0, "delta": delta, "finish_reason": finish }]), None)
        };
        let mut events = vec![delta(json!({ "role": "assistant", "content": "" }), None)];
        events.extend(
            self.text.split_inclusive(' ').map(|word| delta(json!({ "content": word }), None)),
        );
        events.push(delta(json!({}), Some(self.finish_reason)));
        events.push(event(json!([]), Some(self.usage())));
        events.push(Bytes::from_static(b"data: [DONE]\n\n"));
        events
    }
}

/// Quotes the sentences of a text that share most with a question.
fn extract(question: &str, knowledge: &str) -> String {
    let asked = words(question);
    let sentences: Vec<&str> = knowledge
        .split_inclusive(['.', '!', '?', '\n'])
        .map(str::trim)
        .filter(|sentence| sentence.len() > 2)
        .collect();
    // A word that few sentences have says more than one that all have.
    let weight = |word: &String| {
        let having = sentences.iter().filter(|sentence| words(sentence).contains(word)).count();
        sentences.len().checked_div(having).unwrap_or(0)
    };
    let weights: Vec<(String, usize)> =
        asked.into_iter().map(|word| (weight(&word), word)).map(|(w, word)| (word, w)).collect();
    let mut scored: Vec<(usize, usize, &str)> = sentences
        .iter()
        .enumerate()
        .map(|(place, sentence)| {
            let has = words(sentence);
            (
                weights.iter().filter(|(word, _)| has.contains(word)).map(|(_, w)| w).sum(),
                place,
                *sentence,
            )
        })
        .filter(|(score, _, _)| *score > 0)
        .collect();
    scored.sort_by_key(|(score, place, _)| (std::cmp::Reverse(*score), *place));
    scored.truncate(QUOTES);
    scored.sort_by_key(|(_, place, _)| *place);
    if scored.is_empty() {
        let about = sentences.first().copied().unwrap_or("nothing");
        return format!(
            "The text that this service quotes from has nothing on that. It begins: “{about}”"
        );
    }
    let quotes: Vec<String> =
        scored.iter().map(|(_, _, sentence)| format!("“{sentence}”")).collect();
    format!("From the text that comes with this service: {}", quotes.join(" "))
}

/// The words of a text that carry meaning: longer than three letters, folded, without a plural's ending.
fn words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() > 3)
        .map(|word| word.to_lowercase().trim_end_matches('s').to_owned())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "Returns are free for 30 days. Shipping takes two days. Gift cards never expire.";

    #[test]
    fn the_fitting_sentence_is_quoted() {
        let answer = extract("How long does shipping take?", TEXT);
        assert!(
            answer.contains("Shipping takes two days.") && !answer.contains("Gift"),
            "{answer}"
        );
        assert!(extract("Wie geht es?", TEXT).contains("has nothing on that"));
        assert!(extract("", "").contains("nothing"));
    }

    #[test]
    fn an_answer_is_cut_at_the_limit() {
        let body =
            r#"{"model":"m","max_tokens":2,"messages":[{"role":"user","content":"äöü äöü äöü"}]}"#;
        let peek = Peek::read(Bytes::from_static(body.as_bytes())).unwrap();
        let answer = Answer::new(&peek, BuiltIn::Echo, "", "id".to_owned(), 0).unwrap();
        assert!(answer.completion_tokens <= 2 && answer.finish_reason == "length");
        assert!(answer.events().last().unwrap().ends_with(b"[DONE]\n\n"));
    }
}
