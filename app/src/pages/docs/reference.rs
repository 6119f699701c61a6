//! The reference of the REST doors, made from the same document that programs read. It needs no script: what is searched
//! for is a form, and every door is folded until it is opened. All doors at once are an index; what a door takes and
//! answers is shown with those of one noun, or with a search that finds few.

use std::{collections::BTreeMap, sync::Arc};

use leptos::prelude::*;
use leptos_meta::{Link, Meta, Title};
use serde_json::Value;

use crate::{
    context::{loaded, market, query},
    fail::Fail,
    format::count,
    parts::{
        badges::{Tone, badge},
        notices::empty,
    },
};

/// How many doors are shown with everything about them.
const WHOLE: usize = 40;

/// The `OpenAPI` document; the server provides it.
#[derive(Debug, Clone)]
pub struct ApiDocument(pub Arc<Value>);

/// One method of one path.
struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    told: &'a Value,
}

impl Operation<'_> {
    fn summary(&self) -> &str {
        self.told.get("summary").and_then(Value::as_str).unwrap_or_default()
    }

    fn anchor(&self) -> String {
        self.told.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn fits(&self, words: &[String]) -> bool {
        let text = format!("{} {} {}", self.method, self.path, self.summary()).to_lowercase();
        words.iter().all(|word| text.contains(word))
    }
}

/// What a path is about: `customers` of `/api/customers/{uuid}/`.
fn noun(path: &str) -> String {
    let mut parts = path.split('/').filter(|part| !part.is_empty() && !part.starts_with('{'));
    match (parts.next(), parts.next()) {
        (Some("api" | "v1" | "marketplace" | "integrations"), Some(noun)) | (Some(noun), _) => {
            noun.to_owned()
        }
        (None, _) => "root".to_owned(),
    }
}

fn operations<'a>(
    document: &'a Value,
    of: Option<&str>,
    words: &[String],
) -> BTreeMap<String, Vec<Operation<'a>>> {
    let mut groups: BTreeMap<String, Vec<Operation<'a>>> = BTreeMap::new();
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, methods) in paths.into_iter().flatten() {
        for (method, told) in methods.as_object().into_iter().flatten() {
            let operation = Operation { method, path, told };
            // A list that is counted is told of with the list.
            let noun = noun(path);
            if method != "head" && of.is_none_or(|of| of == noun) && operation.fits(words) {
                groups.entry(noun).or_default().push(operation);
            }
        }
    }
    groups
}

/// Every door, by what it is about.
#[component]
pub fn ReferencePage() -> impl IntoView {
    loaded(async {
        let market = market()?;
        let ApiDocument(document) =
            use_context::<ApiDocument>().ok_or(Fail::Unwired("API document"))?;
        let asked: String = query("q").unwrap_or_default();
        let words: Vec<String> =
            asked.to_lowercase().split_whitespace().take(8).map(str::to_owned).collect();
        let of: Option<String> = query("of").filter(|of: &String| !of.is_empty());
        let groups = operations(&document, of.as_deref(), &words);
        let total: usize = groups.values().map(Vec::len).sum();
        let whole = of.is_some() || !words.is_empty() && total <= WHOLE;
        let base = market.settings().public_url.clone();
        let list = if groups.is_empty() {
            empty(
                "No door has these words",
                "Search for a part of a path or of what it does.",
                Some(("/docs/api/", "Show all doors")),
            )
        } else {
            groups
                .iter()
                .map(|(noun, doors)| if whole { group(noun, doors) } else { index(noun, doors) })
                .collect_view()
                .into_any()
        };
        Ok(view! {
            <Title text="API reference – CMP" />
            <Meta name="description" content="Every door of the REST API: what it takes, what it answers, and how it refuses." />
            <Link rel="canonical" href=format!("{base}/docs/api/") />
            <div class="wrap reference">
                <header class="page-head">
                    <h1>"API reference"</h1>
                    <p class="lead">
                        "Made from the document that programs read: " <a href="/openapi.json">"openapi.json"</a>
                        ". Send a token as " <code>"Authorization: Token …"</code> ", or a key of an agent as " <code>"Bearer …"</code> "."
                    </p>
                </header>
                <form class="row reference-search" method="get" action="/docs/api/" role="search" aria-label="API">
                    <label class="sr-only" for="reference-q">"Search the reference"</label>
                    <input class="input" id="reference-q" type="search" name="q" value=asked maxlength="100" placeholder="Path or purpose" />
                    <button class="btn btn-secondary" type="submit">"Search"</button>
                    <span class="meta" role="status">{count(total as u64, "door", "doors")}</span>
                    {whole.then(|| view! { <a href="/docs/api/">"All doors"</a> })}
                </form>
                {list}
            </div>
        }
        .into_any())
    })
}

fn section(noun: &str, title: AnyView, doors: AnyView) -> AnyView {
    let heading = format!("noun-{noun}");
    view! {
        <section class="reference-group" aria-labelledby=heading.clone()>
            <h2 id=heading.clone()>{title}</h2>
            {doors}
        </section>
    }
    .into_any()
}

fn group(noun: &str, doors: &[Operation<'_>]) -> AnyView {
    let shown = doors.iter().map(|door| operation(door, doors.len() < 6)).collect_view();
    section(noun, noun.replace('-', " ").into_any(), shown.into_any())
}

/// The doors of a noun by name only; each leads to everything about it.
fn index(noun: &str, doors: &[Operation<'_>]) -> AnyView {
    let all = format!("/docs/api/?of={noun}");
    let lines = doors.iter().map(|door| {
        view! {
            <li>
                <a class="door-line" href=format!("{all}#{}", door.anchor())>
                    {method(door)} <code>{door.path.to_owned()}</code> <span class="door-say">{door.summary().to_owned()}</span>
                </a>
            </li>
        }
    });
    let title = view! { <a href=all.clone()>{noun.replace('-', " ")}</a> };
    let list = view! { <ul class="door-index" role="list">{lines.collect_view()}</ul> };
    section(noun, title.into_any(), list.into_any())
}

fn method(door: &Operation<'_>) -> AnyView {
    let tone = match door.method {
        "get" => Tone::Accent,
        "post" => Tone::Good,
        "delete" => Tone::Danger,
        _ => Tone::Warning,
    };
    badge(door.method.to_uppercase(), tone).into_any()
}

fn operation(door: &Operation<'_>, open: bool) -> AnyView {
    // The name is inside of what is folded: a browser that is led to it unfolds it.
    view! {
        <details class="door" open=open>
            <summary>
                {method(door)}
                <code>{door.path.to_owned()}</code>
                <span class="door-say">{door.summary().to_owned()}</span>
            </summary>
            <div class="door-body" id=door.anchor()>
                {entry(door.told)}
                {parameters(door.told)}
                {body(door.told)}
                {responses(door.told)}
            </div>
        </details>
    }
    .into_any()
}

/// Who may come in.
fn entry(told: &Value) -> AnyView {
    let ways: Vec<&str> = told
        .get("security")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(|way| way.keys().map(String::as_str))
        .collect();
    let say = if ways.is_empty() {
        "Open to everybody.".to_owned()
    } else {
        format!("Credentials: {}.", ways.join(", "))
    };
    view! { <p class="meta">{say}</p> }.into_any()
}

/// A row of a table: a name, what it is, and what is said of it.
fn row(name: &str, kind: String, say: String) -> AnyView {
    view! {
        <tr>
            <th scope="row"><code>{name.to_owned()}</code></th>
            <td>{kind}</td>
            <td>{say}</td>
        </tr>
    }
    .into_any()
}

fn table(title: &'static str, rows: Vec<AnyView>) -> Option<AnyView> {
    (!rows.is_empty()).then(|| {
        view! {
            <h3>{title}</h3>
            <div class="sheet-scroll" tabindex="0" role="region" aria-label=title>
                <table class="sheet">
                    <thead class="sr-only">
                        <tr><th scope="col">"Name"</th><th scope="col">"Type"</th><th scope="col">"Meaning"</th></tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    })
}

/// A schema in a few words.
fn kind_of(schema: &Value) -> String {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return name.rsplit('/').next().unwrap_or(name).to_owned();
    }
    if let Some(any) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array)
    {
        return any.iter().map(kind_of).collect::<Vec<_>>().join(" or ");
    }
    let words = schema.get("enum").and_then(Value::as_array);
    if let Some(words) = words {
        let shown: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        return shown.join(", ");
    }
    match schema.get("type") {
        Some(Value::String(kind)) if kind == "array" => {
            format!(
                "list of {}",
                schema.get("items").map_or_else(|| "anything".to_owned(), kind_of)
            )
        }
        Some(Value::String(kind)) => match schema.get("format").and_then(Value::as_str) {
            Some(format) => format!("{kind} ({format})"),
            None => kind.clone(),
        },
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        _ => "anything".to_owned(),
    }
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn parameters(told: &Value) -> Option<AnyView> {
    let all = told.get("parameters").and_then(Value::as_array)?;
    let rows = all.iter().map(|one| {
        let kind = one.get("schema").map_or_else(String::new, kind_of);
        row(&text(one, "name"), format!("{}, {kind}", text(one, "in")), text(one, "description"))
    });
    table("Parameters", rows.collect())
}

fn body(told: &Value) -> Option<AnyView> {
    let content = told.pointer("/requestBody/content").and_then(Value::as_object)?;
    let schema = content.values().next()?.get("schema")?;
    let kinds: Vec<&str> = content.keys().map(String::as_str).collect();
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let rows: Vec<AnyView> = fields
        .map(|(name, field)| {
            let must = if required.contains(&name.as_str()) { "required" } else { "" };
            row(name, kind_of(field), must.to_owned())
        })
        .collect();
    let whole = rows.is_empty().then(|| view! { <p><code>{kind_of(schema)}</code></p> });
    Some(
        view! {
            <h3>"Body"</h3>
            <p class="meta">{kinds.join(", ")}</p>
            {whole}
            {table("Fields of the body", rows)}
        }
        .into_any(),
    )
}

fn responses(told: &Value) -> Option<AnyView> {
    let all = told.get("responses").and_then(Value::as_object)?;
    let rows = all.iter().map(|(status, answer)| {
        let schema =
            answer.get("content").and_then(Value::as_object).and_then(|c| c.values().next());
        let kind = schema
            .and_then(|content| content.get("schema"))
            .map_or_else(|| "nothing".to_owned(), kind_of);
        row(status, kind, text(answer, "description"))
    });
    table("Answers", rows.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn doors_are_grouped_by_what_they_are_about() {
        let document = json!({ "paths": {
            "/api/customers/{uuid}/block/": { "post": { "summary": "Block" } },
            "/api/customers/": { "get": { "summary": "List" }, "head": { "summary": "List" } },
            "/healthz": { "get": { "summary": "Alive" } },
        }});
        let all = operations(&document, None, &[]);
        assert_eq!(all.keys().collect::<Vec<_>>(), ["customers", "healthz"]);
        assert_eq!(all["customers"].len(), 2);
        assert_eq!(operations(&document, None, &["block".to_owned()]).len(), 1);
        assert_eq!(operations(&document, Some("healthz"), &[]).len(), 1);
    }

    #[test]
    fn schemas_are_told_in_words() {
        assert_eq!(kind_of(&json!({ "$ref": "#/components/schemas/Order" })), "Order");
        assert_eq!(
            kind_of(&json!({ "type": "array", "items": { "type": "string" } })),
            "list of string"
        );
        assert_eq!(kind_of(&json!({ "type": "string", "enum": ["a", "b"] })), "a, b");
        assert_eq!(
            kind_of(&json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] })),
            "string or null"
        );
    }
}
