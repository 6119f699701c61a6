//! What is said of an offering only to be shown again: texts, places, and the options that an order form asks for.

use serde_json::{Map, Value};

use crate::{bodies::Fields, openapi::Takes};

/// What is only kept and shown again, and how it is written.
pub const KEPT: [(&str, Takes); 22] = [
    ("full_description", Takes::Text),
    ("attributes", Takes::Object),
    ("options", Takes::Object),
    ("resource_options", Takes::Object),
    ("plugin_options", Takes::Object),
    ("service_attributes", Takes::Object),
    ("terms_of_service", Takes::Text),
    ("terms_of_service_link", Takes::Text),
    ("privacy_policy_link", Takes::Text),
    ("documentation_url", Takes::Text),
    ("access_url", Takes::Text),
    ("helpdesk_url", Takes::Text),
    ("vendor_details", Takes::Text),
    ("getting_started", Takes::Text),
    ("integration_guide", Takes::Text),
    ("country", Takes::Text),
    ("latitude", Takes::Any),
    ("longitude", Takes::Any),
    ("billable", Takes::Flag),
    ("datacite_doi", Takes::Text),
    ("limits", Takes::Object),
    ("backend_metadata", Takes::Object),
];

/// The types of an option that Waldur's client can read.
const TYPES: [&str; 21] = [
    "boolean",
    "component_formula",
    "component_multiplier",
    "component_sum",
    "conditional_cascade",
    "date",
    "html_text",
    "integer",
    "money",
    "multi_datacenter_k8s_config",
    "select_multiple_openstack_instances",
    "select_multiple_openstack_tenants",
    "select_openstack_instance",
    "select_openstack_tenant",
    "select_string",
    "select_string_multi",
    "single_datacenter_k8s_config",
    "storage_folder_manager",
    "string",
    "text",
    "time",
];

/// What an option's own settings must have, for a client that reads them all.
const SETTINGS: [(&str, &[&str]); 7] = [
    ("cascade_config", &["steps"]),
    ("component_formula_config", &["targets"]),
    ("component_multiplier_config", &["component_type", "factor"]),
    ("component_sum_config", &["target_component", "components"]),
    ("storage_folder_config", &["component_type", "storage_data_types"]),
    ("default_configs", &[]),
    ("visible_if", &["field", "values"]),
];

/// The members that are only kept, as far as they were sent.
pub fn kept(fields: &mut Fields) -> Map<String, Value> {
    let mut found = Map::new();
    for (name, takes) in KEPT {
        let value = match takes {
            Takes::Object => fields.may_object(name).map(Value::Object),
            Takes::Flag => fields.may_bool(name).map(Value::Bool),
            Takes::Text => fields.may_text(name, 20_000).map(Value::String),
            // What is sent as null is taken away again.
            _ => match fields.value(name) {
                Some(value @ (Value::Number(_) | Value::Null)) => Some(value.clone()),
                Some(Value::String(text)) => match text.parse::<f64>() {
                    Ok(n) if n.is_finite() => serde_json::Number::from_f64(n).map(Value::Number),
                    _ => fields.fault(name, "A valid number is required."),
                },
                Some(_) => fields.fault(name, "A valid number is required."),
                None => None,
            },
        };
        if let Some(value) = value {
            found.insert(name.to_owned(), value);
        }
    }
    for (name, value) in &found {
        if let Err(why) = readable(name, value) {
            fields.fault::<()>(name, &why);
        }
    }
    for name in ["privacy_policy_link", "documentation_url", "access_url", "helpdesk_url"] {
        let text = found.get(name).and_then(Value::as_str).unwrap_or_default();
        if !text.is_empty() && !text.starts_with("https://") && !text.starts_with("http://") {
            fields.fault::<()>(name, "Enter a valid URL.");
        }
    }
    found
}

/// Whether a client can read what is kept under a name.
pub fn is_readable(name: &str, value: &Value) -> bool {
    readable(name, value).is_ok()
}

fn readable(name: &str, value: &Value) -> Result<(), String> {
    match (name, value) {
        ("country", Value::String(code)) if !model::is_country(code) => {
            let shown: String = code.chars().take(100).collect();
            Err(format!("\"{shown}\" is not a valid choice."))
        }
        ("options" | "resource_options", Value::Object(said)) => options(said),
        _ => Ok(()),
    }
}

/// Whether a client can read these options: `{"order": […], "options": {name: {"type", "label", …}}}`.
fn options(said: &Map<String, Value>) -> Result<(), String> {
    if said.get("order").is_some_and(|order| !order.is_array()) {
        return Err("order: Expected a list of items.".to_owned());
    }
    let Some(all) = said.get("options") else { return Ok(()) };
    let all = all.as_object().ok_or("options: Expected a dictionary of items.")?;
    for (name, option) in all {
        option_of(option).map_err(|why| {
            let shown: String = name.chars().take(100).collect();
            format!("{shown}: {why}")
        })?;
    }
    Ok(())
}

fn option_of(option: &Value) -> Result<(), String> {
    let members = option.as_object().ok_or("Expected a dictionary of items.")?;
    let kind = members.get("type").ok_or("type: This field is required.")?;
    if !kind.as_str().is_some_and(|kind| TYPES.contains(&kind)) {
        let shown: String = kind.as_str().unwrap_or_default().chars().take(100).collect();
        return Err(format!("type: \"{shown}\" is not a valid choice."));
    }
    match members.get("label") {
        None => return Err("label: This field is required.".to_owned()),
        Some(Value::String(_)) => {}
        Some(_) => return Err("label: Not a valid string.".to_owned()),
    }
    for list in ["choices", "validators"] {
        if members.get(list).is_some_and(|value| !value.is_array()) {
            return Err(format!("{list}: Expected a list of items."));
        }
    }
    for (name, needs) in SETTINGS {
        let Some(value) = members.get(name) else { continue };
        let value = value.as_object().ok_or(format!("{name}: Expected a dictionary of items."))?;
        if let Some(missing) = needs.iter().find(|need| !value.contains_key(**need)) {
            return Err(format!("{name}: {missing}: This field is required."));
        }
    }
    Ok(())
}
