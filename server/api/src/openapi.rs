//! The `OpenAPI` document: every door with what it takes and answers. The tests hold it against the router.

mod discovery;
mod fields;
mod house;
mod sign_on;

use std::{collections::HashMap, sync::LazyLock};

use axum::{Json, Router, extract::State, routing::get};
use market::FilterKind;
use serde_json::{Map, Value, json};

pub use self::fields::{Field, Takes, may, must};
use crate::{
    Shared, door,
    errors::Shape,
    schemas::{self, holding, named},
    waldur,
};

pub fn routes() -> Router<Shared> {
    door("/openapi.json", get(document))
}

async fn document(State(doors): State<Shared>) -> Json<Value> {
    Json(openapi(&doors.public_url))
}

/// The document for a server that is found at this address.
pub fn openapi(public_url: &str) -> Value {
    let mut paths = Map::new();
    let mut schemas = schemas::all();
    for door in house::doors()
        .into_iter()
        .chain(discovery::doors())
        .chain(sign_on::doors())
        .chain(waldur::doors())
    {
        let methods = paths.entry(door.path).or_insert_with(|| json!({}));
        if let Some(methods) = methods.as_object_mut() {
            methods.insert(door.method.to_owned(), door.describe());
            if door.array {
                methods.insert("head".to_owned(), door.headed().describe());
                door.loosen(&mut schemas);
            }
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "CMP",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A marketplace for AI agents with a metered gateway. Every path also answers with a slash at its end.",
        },
        "servers": [{ "url": public_url }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "apiKey", "in": "header", "name": "Authorization",
                    "description": "`Token` and the 40 characters from `/api-auth/password/`.",
                },
                "key": {
                    "type": "http", "scheme": "bearer",
                    "description": "A key of a resource; it begins with `cmp_sk_`.",
                },
                "session": { "type": "apiKey", "in": "cookie", "name": "__Host-session" },
            },
        },
    })
}

/// The fields that a whole thing needs, by the path that it is put to: as the document says it.
static WHOLE: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let puts = waldur::doors().into_iter().filter(|door| door.method == "put");
    let needs = |door: Door| {
        let fields = door.fields.unwrap_or_default().into_iter();
        let needed = fields.filter(|field| field.required).map(|field| field.name).collect();
        (door.path.trim_end_matches('/'), needed)
    };
    puts.map(needs).collect()
});

/// What must be there of a thing that is put to a path of the router.
pub fn needed(path: &str) -> &'static [&'static str] {
    WHOLE.get(path.trim_end_matches('/')).map(Vec::as_slice).unwrap_or_default()
}

/// Who may come in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Open {
    ToAll,
    /// Nobody is needed, but credentials that come along must work.
    Checked,
    SignedIn,
    KeyOnly,
}

/// Takes what must be there from a named schema, and from those that it is put together of.
fn loosen(mut schema: Value, schemas: &mut Value) -> Value {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        let pointer = name.trim_start_matches("#/components/schemas").to_owned();
        if let Some(found) = schemas.pointer_mut(&pointer).map(Value::take) {
            let loose = loosen(found, schemas);
            if let Some(place) = schemas.pointer_mut(&pointer) {
                *place = loose;
            }
        }
    } else if let Some(members) = schema.as_object_mut() {
        members.remove("required");
        for part in members.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
            *part = loosen(part.take(), schemas);
        }
    }
    schema
}

/// One method of one path.
#[derive(Clone)]
pub struct Door {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    open: Open,
    query: &'static [(&'static str, &'static str)],
    /// The schema of the body that is taken.
    takes: Option<&'static str>,
    status: u16,
    answers: Option<Value>,
    /// Another success, with the schema of its answer.
    or: Option<(u16, &'static str)>,
    /// Refusals beyond those that every door of its kind has.
    refuses: &'static [u16],
    once: bool,
    /// What a list can be asked for.
    filters: &'static [market::Filter],
    /// The fields of the body, where it has no schema of its own.
    fields: Option<Vec<Field>>,
    /// Answers a bare list, page by page.
    array: bool,
}

impl Door {
    pub fn new(method: &'static str, path: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path,
            summary,
            open: Open::SignedIn,
            query: &[],
            takes: None,
            status: 200,
            answers: None,
            or: None,
            refuses: &[],
            once: false,
            filters: &[],
            fields: None,
            array: false,
        }
    }

    /// A list of things with a schema, and what it can be asked for; `HEAD` counts it.
    pub fn list(
        path: &'static str,
        summary: &'static str,
        schema: &str,
        filters: &'static [market::Filter],
    ) -> Self {
        let answers = Some(json!({ "type": "array", "items": named(schema) }));
        Self { answers, filters, array: true, ..Self::new("get", path, summary) }.refuses(&[404])
    }

    /// Takes these fields, as JSON or as a form.
    pub fn fields(self, fields: &[Field]) -> Self {
        Self { fields: Some(fields.to_vec()), ..self }
    }

    /// Demands these fields, whether or not it takes them by [`Self::fields`] already.
    pub fn needs(mut self, needed: &[Field]) -> Self {
        let mut fields = self.fields.take().unwrap_or_default();
        fields.retain(|field| needed.iter().all(|other| other.name != field.name));
        self.fields = Some([needed, &fields].concat());
        self
    }

    /// Answers something that has no schema of its own.
    pub fn answers_any(self, status: u16) -> Self {
        Self { status, answers: Some(json!({})), ..self }
    }

    /// The same list, counted.
    fn headed(&self) -> Self {
        Self { method: "head", answers: None, ..self.clone() }
    }

    pub const fn path(&self) -> &'static str {
        self.path
    }

    pub fn open(self, open: Open) -> Self {
        Self { open, ..self }
    }

    pub fn query(self, query: &'static [(&'static str, &'static str)]) -> Self {
        Self { query, ..self }
    }

    pub fn takes(self, schema: &'static str) -> Self {
        Self { takes: Some(schema), ..self }
    }

    pub fn answers(self, status: u16, schema: &str) -> Self {
        Self { status, answers: Some(named(schema)), ..self }
    }

    fn holds(self, name: &str, schema: &str) -> Self {
        Self { answers: Some(holding(name, named(schema))), ..self }
    }

    /// May as well answer this.
    pub fn or_answers(self, status: u16, schema: &'static str) -> Self {
        Self { or: Some((status, schema)), ..self }
    }

    pub fn empty(self) -> Self {
        Self { status: 204, ..self }
    }

    pub fn refuses(self, refuses: &'static [u16]) -> Self {
        Self { refuses, ..self }
    }

    pub fn once(self) -> Self {
        Self { once: true, ..self }
    }

    fn describe(&self) -> Value {
        let mut told = json!({
            "operationId": self.operation_id(),
            "summary": self.summary,
            "parameters": self.parameters(),
            "responses": self.responses(),
            "security": self.security(),
        });
        if let (Some(schema), Some(told)) = (self.takes, told.as_object_mut()) {
            let mut content = json!({ "application/json": { "schema": named(schema) } });
            let json_only = self.is_chat() || self.is_page();
            if let (Some(content), false) = (content.as_object_mut(), json_only) {
                let form = json!({ "schema": named(schema) });
                content.insert("application/x-www-form-urlencoded".to_owned(), form);
            }
            let required = schema != "Subscribe";
            told.insert(
                "requestBody".to_owned(),
                json!({ "required": required, "content": content }),
            );
        }
        if let (Some(fields), Some(told)) = (&self.fields, told.as_object_mut()) {
            let properties: Map<String, Value> =
                fields.iter().map(|field| (field.name.to_owned(), field.schema())).collect();
            let required: Vec<&str> =
                fields.iter().filter(|field| field.required).map(|field| field.name).collect();
            let schema =
                json!({ "type": "object", "properties": properties, "required": required });
            let content = json!({
                "application/json": { "schema": schema },
                "application/x-www-form-urlencoded": { "schema": schema },
                "multipart/form-data": { "schema": schema },
            });
            let required = !required.is_empty();
            told.insert(
                "requestBody".to_owned(),
                json!({ "required": required, "content": content }),
            );
        }
        told
    }

    /// Of what a list shows, `field` may leave any member out.
    fn loosen(&self, schemas: &mut Value) {
        if let Some(shown) = self.answers.as_ref().and_then(|answers| answers.get("items")) {
            loosen(shown.clone(), schemas);
        }
    }

    /// Takes JSON only, and may answer with events.
    fn is_chat(&self) -> bool {
        matches!(self.takes, Some("ChatRequest" | "TryRequest"))
    }

    /// A form that is sent here comes from a page and is answered with one.
    fn is_page(&self) -> bool {
        matches!(self.path, "/api-auth/register/" | "/api-auth/session/")
    }

    /// `post_v1_services_id_subscribe`
    fn operation_id(&self) -> String {
        let words = self.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
        std::iter::once(self.method).chain(words).collect::<Vec<_>>().join("_")
    }

    fn parameters(&self) -> Vec<Value> {
        let named = self.path.split(['{', '}']).skip(1).step_by(2).map(|name| {
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
        });
        let filters = self.filters.iter().map(|filter| {
            let schema = match filter.kind {
                FilterKind::Word(words) => {
                    json!({ "type": "array", "items": { "type": "string", "enum": words } })
                }
                FilterKind::Bool => json!({ "type": "boolean" }),
                FilterKind::Number => json!({ "type": "integer" }),
                FilterKind::Day => json!({ "type": "string", "format": "date" }),
                _ => json!({ "type": "string" }),
            };
            json!({ "name": filter.name, "in": "query", "schema": schema })
        });
        let paging = self.array.then(|| {
            [
                json!({ "name": "page", "in": "query", "schema": { "type": "integer", "minimum": 1 } }),
                json!({ "name": "page_size", "in": "query", "schema": { "type": "integer", "minimum": 1, "maximum": 300 } }),
                json!({ "name": "field", "in": "query", "schema": { "type": "array", "items": { "type": "string" } } }),
                json!({ "name": "o", "in": "query", "schema": { "type": "array", "items": { "type": "string" } } }),
            ]
        });
        let filters = filters.chain(paging.into_iter().flatten());
        let query = self.query.iter().map(|(name, description)| {
            json!({ "name": name, "in": "query", "description": description, "schema": { "type": "string" } })
        });
        let once = self.once.then(|| {
            json!({
                "name": "Idempotency-Key", "in": "header",
                "description": "The same key with the same body is answered as it was the first time.",
                "schema": { "type": "string", "maxLength": 255 },
            })
        });
        named.chain(query).chain(filters).chain(once).collect()
    }

    fn responses(&self) -> Value {
        let mut responses = Map::new();
        let mut done = json!({ "description": "Done." });
        if let (true, Some(done)) = (self.array, done.as_object_mut()) {
            let count = json!({ "X-Result-Count": { "schema": { "type": "integer" } }, "Link": { "schema": { "type": "string" } } });
            done.insert("headers".to_owned(), count);
        }
        if let (Some(schema), Some(done)) = (&self.answers, done.as_object_mut()) {
            let mut content = json!({ "application/json": { "schema": schema } });
            if let (Some(content), true) = (content.as_object_mut(), self.is_chat()) {
                let events = json!({ "schema": { "type": "string" } });
                content.insert("text/event-stream".to_owned(), events);
            }
            done.insert("content".to_owned(), content);
        }
        responses.insert(self.status.to_string(), done);
        if let Some((status, schema)) = self.or {
            let content = json!({ "application/json": { "schema": named(schema) } });
            let done = json!({ "description": "Done.", "content": content });
            responses.insert(status.to_string(), done);
        }
        let error = match Shape::of(self.path) {
            Shape::Django => "DjangoError",
            Shape::OpenAi => "OpenAiError",
            Shape::House => "Error",
        };
        let closed: &[u16] = if self.open == Open::ToAll { &[] } else { &[401] };
        let body: &[u16] =
            if self.takes.is_some() || self.fields.is_some() { &[400, 413, 415] } else { &[] };
        let query: &[u16] =
            if self.query.is_empty() && self.filters.is_empty() { &[] } else { &[400] };
        let once: &[u16] = if self.once { &[409, 422] } else { &[] };
        for status in [closed, body, query, once, self.refuses].concat() {
            let content = json!({ "application/json": { "schema": named(error) } });
            responses.insert(
                status.to_string(),
                json!({ "description": refusal(status), "content": content }),
            );
        }
        Value::Object(responses)
    }

    fn security(&self) -> Value {
        match self.open {
            Open::ToAll => json!([]),
            Open::Checked => json!([{}, { "token": [] }, { "key": [] }, { "session": [] }]),
            Open::SignedIn => json!([{ "token": [] }, { "key": [] }, { "session": [] }]),
            Open::KeyOnly => json!([{ "key": [] }]),
        }
    }
}

fn refusal(status: u16) -> &'static str {
    match status {
        400 => "The request is malformed, or fields are wrong.",
        401 => "The credentials are missing or do not work.",
        402 => "The wallet does not hold enough.",
        403 => "Not allowed to this caller.",
        404 => "There is no such thing, or it is somebody else's.",
        409 => "It does not fit the present state, or the first request with this key is running.",
        413 => "The body is larger than 4 MB.",
        415 => "The content type is not understood.",
        422 => "The Idempotency-Key was used for another request.",
        429 => "Too many requests; see Retry-After.",
        502 => "The upstream failed; nothing was charged.",
        _ => "Not available now.",
    }
}
