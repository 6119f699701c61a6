//! The fields of bodies.

use serde_json::{Value, json};

/// How a field of a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Text,
    Int,
    Flag,
    /// A decimal number as text.
    Price,
    /// The address of a thing, or its id.
    Link,
    Day,
    Object,
    List,
    /// Anything.
    Any,
}

/// A field of a body.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub(super) name: &'static str,
    kind: Takes,
    pub(super) required: bool,
}

/// A field that may be left out.
pub const fn may(name: &'static str, kind: Takes) -> Field {
    Field { name, kind, required: false }
}

/// A field that must be there.
pub const fn must(name: &'static str, kind: Takes) -> Field {
    Field { name, kind, required: true }
}

impl Field {
    pub(super) fn schema(self) -> Value {
        let schema = match self.kind {
            Takes::Text | Takes::Link => json!({ "type": "string" }),
            Takes::Int => json!({ "type": "integer" }),
            Takes::Flag => json!({ "type": "boolean" }),
            // Half a millionth is refused rather than rounded: money is not lost on the way in.
            Takes::Price => json!({
                "type": "string", "format": "decimal",
                "description": "Up to six decimal places other than zeros; more are refused, never rounded.",
            }),
            Takes::Day => json!({ "type": "string", "format": "date" }),
            Takes::Object => json!({ "type": "object" }),
            Takes::List => json!({ "type": "array", "items": {} }),
            Takes::Any => json!({}),
        };
        if self.required { schema } else { json!({ "anyOf": [schema, { "type": "null" }] }) }
    }
}
