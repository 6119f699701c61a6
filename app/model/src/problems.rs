//! What went wrong, as it may be shown: a code for programs, a sentence for people, and nothing for attackers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub field: String,
    pub message: String,
}

impl Fault {
    pub fn new(field: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { field: field.into(), message: format!("{message}") }
    }
}

/// A refusal or failure in a form that is safe to send to anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// A word that programs may rely on, as in `insufficient_credits`.
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Fault>,
    /// Names the log lines that belong to it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request_id: String,
}
