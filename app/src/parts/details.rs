//! Everything about a service that has a value, the same on its page and in the dialog over the list.

use leptos::prelude::*;
use model::{Capability, OfferingId, PlanCost, ServiceDetail, ServiceMetrics, UsageStats, Volume};

use super::{
    badges::{Tone, badge, provider, service_state},
    code::{quickstart, tabs},
    icons::{Icon, icon},
    notices::remark,
    prices::{leader, per_million_words, plan_table},
};
use crate::{
    format::{count, credits, date, grouped, percent, token_count},
    islands::CostEstimate,
};

/// What the view needs beside the service.
#[derive(Debug, Clone)]
pub struct Setting<'a> {
    pub base_url: &'a str,
    pub category: &'a str,
    pub volume: Volume,
    /// In a dialog the name is a second-level heading, because the list keeps the first.
    pub in_dialog: bool,
}

/// The whole service.
pub fn service_details(detail: &ServiceDetail, setting: &Setting<'_>) -> AnyView {
    let service = &detail.service;
    let name = if setting.in_dialog {
        view! { <h2 class="h1" id="service-name" tabindex="-1">{service.name.clone()}</h2> }
            .into_any()
    } else {
        view! { <h1 id="service-name">{service.name.clone()}</h1> }.into_any()
    };
    let quick = detail.callable.then(|| {
        section(setting.in_dialog, "Call it", view! {
            <p>
                "The model name is " <code>{service.slug.clone()}</code> " at " <code>{format!("{}/v1", setting.base_url)}</code>
                ". Any OpenAI client works."
            </p>
            {tabs("quick", "Language", quickstart(setting.base_url, &service.slug, None))}
        }.into_any())
    });
    view! {
        <article class="detail" data-service=service.id.to_string() data-cat=service.category.to_string()>
            <header class="detail-head">
                <div>
                    <p class="service-kind">
                        {icon(Icon::of_category(&service.category))}
                        <a href=format!("/marketplace/?category={}", service.category)>{setting.category.to_owned()}</a>
                    </p>
                    {name}
                    <p class="lead">{service.tagline.clone()}</p>
                    <p class="meta">
                        "by " {provider(&detail.provider.name, detail.provider.verified_at.is_some())} " "
                        {service_state(service.status)}
                    </p>
                </div>
                <div class="detail-act">
                    {start_link(service.id)}
                    <p class="meta num">{per_million_words(detail)}</p>
                    {trial_words(detail)}
                </div>
            </header>
            {facts(detail)}
            {detail.built_in.as_ref().map(|text| remark(text.to_string()))}
            {(!detail.callable).then(|| remark("This provider sets the service up by hand. There is no endpoint to call."))}
            {section(setting.in_dialog, "About", view! { <div class="prose">{paragraphs(&service.description)}</div> }.into_any())}
            {section(setting.in_dialog, "Prices", prices(detail))}
            {section(setting.in_dialog, "Cost estimate", estimate(detail, setting))}
            {quick}
            {section(setting.in_dialog, "Features", features(detail))}
            {section(setting.in_dialog, "Measured", measured(&service.metrics, service.usage_stats))}
            {section(setting.in_dialog, "Where and when", place(detail))}
            {section(setting.in_dialog, "Provider", seller(detail))}
        </article>
    }
    .into_any()
}

/// A section under the name's heading, whichever level that has.
fn section(in_dialog: bool, title: &'static str, content: AnyView) -> AnyView {
    let heading = if in_dialog {
        view! { <h3 class="h2">{title}</h3> }.into_any()
    } else {
        view! { <h2>{title}</h2> }.into_any()
    };
    view! {
        <section class="detail-section">
            {heading}
            <div>{content}</div>
        </section>
    }
    .into_any()
}

fn start_link(id: OfferingId) -> AnyView {
    view! {
        <a class="btn btn-primary btn-large" href=format!("/resource/{id}/deploy/")>"Start using"</a>
    }
    .into_any()
}

fn trial_words(detail: &ServiceDetail) -> AnyView {
    let trial = detail
        .service
        .trial
        .as_ref()
        .map(|trial| badge(format!("{}-day trial", trial.days), Tone::Accent));
    let credit = detail.trial_credits.is_positive().then(|| {
        format!("{} trial credits with every new workspace", credits(detail.trial_credits))
    });
    view! { <p class="meta">{trial} " " {credit}</p> }.into_any()
}

fn paragraphs(text: &str) -> AnyView {
    text.split("\n\n").map(|part| view! { <p>{part.to_owned()}</p> }).collect_view().into_any()
}

fn fact(name: &'static str, value: String) -> AnyView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd class="num">{value}</dd>
        </div>
    }
    .into_any()
}

fn facts(detail: &ServiceDetail) -> AnyView {
    let service = &detail.service;
    let region = &service.geographic.region;
    view! {
        <dl class="facts">
            {fact("Model family", service.model_family.title().to_owned())}
            {service.base_model.as_ref().map(|model| fact("Base model", model.to_string()))}
            {(service.context_window > 0).then(|| fact("Context", format!("{} tokens", token_count(service.context_window))))}
            {(service.max_output_tokens > 0).then(|| fact("Longest answer", format!("{} tokens", token_count(service.max_output_tokens))))}
            {(!region.is_empty()).then(|| fact("Region", region.clone()))}
            {fact("Availability", service.availability.schedule.title().to_owned())}
        </dl>
    }
    .into_any()
}

fn prices(detail: &ServiceDetail) -> AnyView {
    let service = &detail.service;
    let tiers = (!service.pricing_tiers.is_empty()).then(|| {
        let lines = service.pricing_tiers.iter().map(|tier| {
            leader(
                format!("From {} tokens a month", grouped(tier.tokens)),
                format!("{} / 1K tokens", tier.price),
            )
        });
        view! {
            <p class="h3">"Bulk prices"</p>
            <dl class="leaders">{lines.collect_view()}</dl>
        }
    });
    let trial = service.trial.as_ref().map(|trial| {
        let limits = (!trial.limits.is_empty()).then(|| format!(" {}", trial.limits));
        view! { <p>{format!("{} days without the monthly fee.", trial.days)} {limits}</p> }
    });
    let tokens = service.trial_tokens.map(|tokens| {
        view! { <p class="meta">{format!("About {} tokens to try it with.", grouped(tokens))}</p> }
    });
    view! {
        {plan_table(&detail.plans)}
        <p class="meta">"In US dollars, before taxes. Usage is charged in credits from the wallet, call by call, and each call has a receipt."</p>
        {tiers} {trial} {tokens}
    }
    .into_any()
}

/// What the calculator has to know of the plans of a service.
pub fn plan_costs(detail: &ServiceDetail) -> Vec<PlanCost> {
    let cost = |plan: &model::PlanView| PlanCost {
        name: plan.name.clone(),
        price: plan.price,
        monthly_fee: plan.monthly_fee,
    };
    detail.plans.iter().map(cost).collect()
}

fn estimate(detail: &ServiceDetail, setting: &Setting<'_>) -> AnyView {
    let page = format!("/marketplace-public-offering/{}/", detail.service.id);
    view! {
        <form class="panel-box" id="cost" method="get" action=format!("{page}#cost")>
            {estimate_fields(detail, setting.volume)}
            <div class="row">
                <button class="btn btn-secondary" type="submit">"Recalculate"</button>
                <p class="meta">"An estimate: real calls differ in length."</p>
            </div>
        </form>
    }
    .into_any()
}

/// The calculator's fields and figures, without the form around them.
pub fn estimate_fields(detail: &ServiceDetail, volume: Volume) -> AnyView {
    view! {
        <CostEstimate
            plans=plan_costs(detail)
            volume=volume
        />
    }
    .into_any()
}

fn features(detail: &ServiceDetail) -> AnyView {
    let has = detail.service.features;
    let line = |name: &'static str, there: bool| {
        let (class, sign, word) =
            if there { ("yes", Icon::Check, "Yes") } else { ("no", Icon::Cross, "No") };
        view! {
            <div class="leader">
                <dt>{name}</dt>
                <dd class=class>{icon(sign)} {word}</dd>
            </div>
        }
    };
    let apis = (!detail.service.api_compatibility.is_empty())
        .then(|| leader("API compatibility", detail.service.api_compatibility.join(", ")));
    let screens: Vec<&str> = detail.capabilities.iter().map(|c| capability(*c)).collect();
    let screens = (!screens.is_empty()).then(|| leader("You can set up", screens.join(", ")));
    view! {
        <dl class="leaders two">
            {line("Function calling", has.function_calling)}
            {line("Vision", has.vision)}
            {line("Streaming", has.streaming)}
            {line("JSON mode", has.json_mode)}
            {apis}
            {screens}
        </dl>
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

fn measured(metrics: &ServiceMetrics, usage: UsageStats) -> AnyView {
    let figures: Vec<AnyView> = [
        metrics.uptime7d.map(|v| leader("Answered without error, 7 days", percent(v))),
        metrics.uptime30d.map(|v| leader("Answered without error, 30 days", percent(v))),
        metrics
            .latency_p50
            .map(|v| leader("First token, typical", format!("{} ms", grouped(v.into())))),
        metrics
            .latency_p95
            .map(|v| leader("First token, slowest 5 %", format!("{} ms", grouped(v.into())))),
        metrics
            .latency_p99
            .map(|v| leader("First token, slowest 1 %", format!("{} ms", grouped(v.into())))),
        metrics.throughput_rps.map(|v| leader("Requests per second", format!("{v:.1}"))),
        metrics.throughput_tps.map(|v| leader("Tokens per second", format!("{v:.0}"))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let quality = if figures.is_empty() {
        view! { <p>"No figure yet: measured figures appear after 100 calls."</p> }.into_any()
    } else {
        view! { <dl class="leaders">{figures}</dl> }.into_any()
    };
    view! {
        {quality}
        <dl class="leaders">
            {leader("Tokens served", grouped(usage.total_tokens_served))}
            {leader("Workspaces that called it, 30 days", grouped(usage.active_users))}
            {leader("Calls, 30 days", grouped(usage.monthly_requests))}
        </dl>
    }
    .into_any()
}

fn place(detail: &ServiceDetail) -> AnyView {
    let service = &detail.service;
    let place = &service.geographic;
    let runs: Vec<&str> =
        [place.city.as_deref().unwrap_or_default(), &place.region, &place.country]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
    let hours = service.availability.custom_hours.iter();
    let hours = hours.map(|window| leader("Open", format!("{} – {}", window.start, window.end)));
    let upkeep = service.availability.maintenance_windows.iter();
    let upkeep =
        upkeep.map(|window| leader("Maintenance", format!("{} – {}", window.start, window.end)));
    view! {
        <dl class="leaders">
            {(!runs.is_empty()).then(|| leader("Runs in", runs.join(", ")))}
            {(!place.data_centers.is_empty()).then(|| leader("Data centres", place.data_centers.join(", ")))}
            {leader("Hours", service.availability.schedule.title().to_owned())}
            {service.availability.timezone.clone().map(|zone| leader("Time zone", zone))}
            {hours.collect_view()}
            {upkeep.collect_view()}
            {(!service.compliance.is_empty())
                .then(|| leader("Compliance, declared by the provider", service.compliance.join(", ").to_uppercase()))}
        </dl>
    }
    .into_any()
}

fn seller(detail: &ServiceDetail) -> AnyView {
    let seller = &detail.provider;
    let reviews = match detail.service.rating {
        Some(stars) => {
            format!("{stars:.1} of 5, {}", count(detail.service.review_count, "review", "reviews"))
        }
        None => "No reviews yet".to_owned(),
    };
    view! {
        <p>{seller.description.clone()}</p>
        <dl class="leaders">
            {leader("Name", seller.name.clone())}
            {(!seller.country.is_empty()).then(|| leader("Country", seller.country.clone()))}
            {seller.verified_at.map(|at| leader("Verified", date(at)))}
            {leader("Reviews of this service", reviews)}
            {leader("Listed since", date(detail.service.created_at))}
        </dl>
    }
    .into_any()
}
