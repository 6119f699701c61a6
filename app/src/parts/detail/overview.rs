//! What the service is and can do, and how it is called.

use leptos::prelude::*;
use model::{Capability, Feature};

use super::{Details, own_words};
use crate::{
    format::{grouped, token_count},
    parts::{
        code::{quickstart, tabs},
        icons::{Icon, icon},
        prices::leader,
    },
};

/// Description, specification and features.
pub fn overview(all: &Details) -> AnyView {
    let detail = &*all.detail;
    let service = &detail.service;
    let feature = |feature: &Feature| {
        let there = service.features.has(*feature);
        let (class, sign, word) =
            if there { ("yes", Icon::Check, "Yes") } else { ("no", Icon::Cross, "No") };
        view! {
            <div class="leader">
                <dt>{feature.title()}</dt>
                <dd class=class>{icon(sign)} {word}</dd>
            </div>
        }
    };
    let screens: Vec<&str> = detail.capabilities.iter().map(|c| capability(*c)).collect();
    view! {
        {own_words(&service.description)}
        {all.sub("Specification")}
        <dl class="leaders two">
            {leader("Model family", service.model_family.title())}
            {service.base_model.as_ref().map(|model| leader("Base model", model.to_string()))}
            {(service.context_window > 0).then(|| leader("Context window", format!("{} tokens", grouped(service.context_window))))}
            {(service.max_output_tokens > 0).then(|| leader("Longest answer", format!("{} tokens", token_count(service.max_output_tokens))))}
            {(!service.api_compatibility.is_empty()).then(|| leader("API compatibility", service.api_compatibility.join(", ")))}
            {(!screens.is_empty()).then(|| leader("You can set up", screens.join(", ")))}
        </dl>
        {all.sub("Features")}
        <dl class="leaders two">{Feature::ALL.iter().map(feature).collect_view()}</dl>
    }
    .into_any()
}

const fn capability(capability: Capability) -> &'static str {
    match capability {
        Capability::Chat => "chat",
        Capability::Api => "API access",
        Capability::Knowledge => "knowledge",
        Capability::Persona => "persona",
        Capability::Branding => "branding",
        Capability::Integrations => "integrations",
        Capability::Scheduling => "scheduling",
    }
}

/// How the service is called.
pub fn api(all: &Details) -> AnyView {
    let slug = &all.detail.service.slug;
    view! {
        <p>
            "The model name is " <code>{slug.clone()}</code> " at " <code>{format!("{}/v1", all.base_url)}</code>
            ". Any OpenAI client works. The key comes with “Start using”."
        </p>
        {tabs("quick", "Language", quickstart(&all.base_url, slug, None))}
        <p>
            <a href=format!("{}try/", all.page())>"Test it in the page"</a>
            " or read the "
            <a href="/openapi.json">"API description (OpenAPI)"</a>
        </p>
    }
    .into_any()
}
