//! The living style page: every part in each of its states, and the tokens with their contrast. It is there while the
//! program is developed and not in a release.

mod figures;
mod work;

use leptos::prelude::*;
use leptos_meta::{Meta, Title};
use model::{CatalogQuery, Fault, ReviewView, ServiceStatus, Stars, Timestamp};

use self::figures::{charts, contrasts, tables, trackers};
use crate::{
    context::{loaded, market},
    fail::missing_page,
    flash::FlashBody,
    parts::{
        areas::{Area, select},
        badges::{Tone, badge, call_status, provider, resource_state, service_state},
        cards::{category_card, service_card},
        code::{code_block, quickstart, tabs},
        crumbs::crumbs,
        detail::review_block,
        fields::Field,
        filters::{Listing, Shelf, chips, panel},
        icons::{Icon, icon},
        notices::{empty, error_summary, flash_banner, remark, warning},
        pages::Pages,
        prices::{leader, plan_table, price_lines, unit_switch},
        ratings::{rating, stars, stars_input},
        tickets::ticket_state,
    },
};

/// All parts, in a debug build.
#[component]
pub fn ComponentsPage() -> impl IntoView {
    loaded(async {
        if !cfg!(debug_assertions) {
            return Ok(missing_page());
        }
        let market = market()?;
        let catalog = market.catalog();
        let asked = CatalogQuery::read([("category", "agents"), ("family", "gpt")]);
        let shelf = Shelf::everything();
        let found = catalog.find(&CatalogQuery::default());
        let listing = Listing { shelf: &shelf, query: &asked, found: &found, catalog: &catalog };
        let cards =
            found.services.iter().take(2).map(|one| service_card(&one.service, "Agents", ""));
        let first = found.services.first();
        let samples = quickstart(&market.settings().public_url, "brook-mini", None);
        Ok(view! {
            <Title text="Components – CMP" />
            <Meta name="robots" content="noindex" />
            <div class="wrap gallery">
                {crumbs(&[("/".to_owned(), "CMP".to_owned())], "Components")}
                <h1>"Components"</h1>
                {piece("Colours and their contrast", contrasts())}
                {piece("Type", type_scale())}
                {piece("Buttons and links", buttons())}
                {piece("Fields", fields())}
                {piece("Badges", badges())}
                {piece("States of work", work::states())}
                {piece("Steps", work::steps())}
                {piece("Views of a list", work::tabs())}
                {piece("Notices", notices())}
                {piece("Ratings", ratings())}
                {piece("Prices", view! {
                    {first.map(|one| price_lines(&one.service))}
                    {unit_switch()}
                    {first.map(|one| plan_table(&one.plans))}
                    <dl class="leaders">{leader("A name", "$0.0025")} {leader("A name that is so long that it has to break on a narrow screen", "1,204.5 credits")}</dl>
                }.into_any())}
                {piece("Cards", view! {
                    <div class="cards">{cards.collect_view()}</div>
                    <div class="shelves">{catalog.categories().iter().map(category_card).collect_view()}</div>
                }.into_any())}
                {piece("Tables", tables())}
                {piece("Bar charts", charts())}
                {piece("Uptime trackers", trackers())}
                {piece("Code", view! {
                    {tabs("gallery", "Language", samples)}
                    {code_block("gallery-code", "A block", "CMP_API_KEY=cmp_sk_…".to_owned())}
                }.into_any())}
                {piece("Facets and chips", view! {
                    {chips(listing)}
                    <div class="gallery-narrow">{panel(listing)}</div>
                }.into_any())}
                {piece("Pagination", view! {
                    {Pages { page: 1, size: 24, total: 1_204 }.view("first", |page| format!("?page={page}"))}
                    {Pages { page: 3, size: 24, total: 1_204 }.view("middle", |page| format!("?page={page}"))}
                    {Pages { page: 51, size: 24, total: 1_204 }.view("last", |page| format!("?page={page}"))}
                }.into_any())}
                {piece("Empty states", view! {
                    {empty("No keys yet", "Create a key to call this agent from your server.", Some(("/marketplace/", "Browse agents")))}
                    {empty("No reviews to look at", "Reviews that somebody reports appear here.", None)}
                }.into_any())}
                {piece("Dialog", dialog())}
                {piece("Icons", icons())}
            </div>
        }
        .into_any())
    })
}

fn piece(title: &'static str, content: AnyView) -> AnyView {
    view! {
        <section class="gallery-piece">
            <h2>{title}</h2>
            {content}
        </section>
    }
    .into_any()
}

fn type_scale() -> AnyView {
    view! {
        <p class="display">"Display: the start page"</p>
        <p class="h1">"A page’s name"</p>
        <p class="h2">"A section"</p>
        <p class="h3">"A card"</p>
        <p class="lead">"A lead says in a sentence what the page is for."</p>
        <p>"Body text with a " <a href="#content">"link that says where it goes"</a> " and " <code>"code"</code> "."</p>
        <p class="meta">"Secondary data, 20 Nov 2026, 14:02 UTC"</p>
        <p class="stat num">"1,204.5"</p>
    }
    .into_any()
}

fn buttons() -> AnyView {
    view! {
        <p class="row">
            <button type="button" class="btn btn-primary">"Create key"</button>
            <button type="button" class="btn btn-secondary">"Recalculate"</button>
            <button type="button" class="btn btn-ghost">"Show all"</button>
            <button type="button" class="btn btn-danger">"Revoke key"</button>
            <button type="button" class="btn btn-primary" disabled=true>"Working…"</button>
        </p>
        <p class="row">
            <button type="button" class="btn btn-primary btn-large">{icon(Icon::Play)} "Run request"</button>
            <button type="button" class="btn btn-secondary btn-small">{icon(Icon::Copy)} "Copy"</button>
            <button type="button" class="icon-btn" aria-label="Close" title="Close">{icon(Icon::Cross)}</button>
            <a class="chip" href="#content"><span class="sr-only">"Remove "</span>"GPT" {icon(Icon::Cross)}</a>
        </p>
    }
    .into_any()
}

fn fields() -> AnyView {
    let wrong = FlashBody {
        message: "The input is wrong.".to_owned(),
        fields: vec![
            Fault::new("gallery-wrong", "Enter an e-mail address as name@example.com"),
            Fault::new("gallery-area", "Review must be 2,000 characters or less"),
            Fault::new("gallery-select", "Select a problem"),
        ],
        values: [("gallery-wrong".to_owned(), "name@".to_owned())].into(),
        ..FlashBody::default()
    };
    let field = |name: &'static str, label: &'static str, hint: &'static str| Field {
        name,
        label,
        hint,
        kind: "text",
        autocomplete: "off",
        required: false,
    };
    let area = Area {
        name: "gallery-area",
        label: "Review (optional)",
        hint: "Shown as plain text",
        rows: 3,
        longest: 2_000,
    };
    let options = [("a".to_owned(), "Slow answers".to_owned())];
    view! {
        <form class="gallery-narrow stacked" aria-label="Fields">
            {field("gallery-field", "Name (optional)", "As your colleagues know it").view(None)}
            {field("gallery-wrong", "E-mail", "").view(Some(&wrong))}
            {area.view(Some(&wrong), "A text of several lines.")}
            {select("gallery-select", "What is wrong?", "Select a problem", &options, Some(&wrong))}
            <div class="field">
                <label class="label" for="gallery-fixed">"Base URL"</label>
                <input class="input mono" id="gallery-fixed" readonly="readonly" value="https://cmp.example/v1" />
            </div>
            <fieldset>
                <legend class="label">"Features"</legend>
                <label class="option"><input type="checkbox" checked=true /> <span>"Streaming"</span> <span class="meta num">"38"</span></label>
                <label class="option" data-count="none"><input type="checkbox" /> <span>"Vision"</span> <span class="meta num">"0"</span></label>
            </fieldset>
        </form>
    }
    .into_any()
}

fn badges() -> AnyView {
    let tones = [
        ("Neutral", Tone::Neutral),
        ("Good", Tone::Good),
        ("Warning", Tone::Warning),
        ("Danger", Tone::Danger),
        ("Accent", Tone::Accent),
    ];
    let services = [ServiceStatus::Maintenance, ServiceStatus::Deprecated];
    view! {
        <p class="row">{tones.map(|(word, tone)| badge(word, tone)).into_iter().collect_view()}</p>
        <p class="row">{model::ResourceState::ALL.iter().map(|state| resource_state(*state)).collect_view()}</p>
        <p class="row">{services.into_iter().filter_map(service_state).collect_view()}</p>
        <p class="row">{model::TicketState::ALL.iter().map(|state| ticket_state(*state)).collect_view()}</p>
        <p class="row">{call_status(200, "complete")} {call_status(200, "client_gone")} {call_status(502, "upstream_failed")}</p>
        <p class="row">{provider("Deskwerk", true)} {provider("Somebody", false)}</p>
    }
    .into_any()
}

fn notices() -> AnyView {
    let failed =
        FlashBody { message: "The key was not revoked.".to_owned(), ..FlashBody::default() };
    let summary = FlashBody {
        fields: vec![Fault::new("gallery-wrong", "Enter an e-mail address as name@example.com")],
        ..FlashBody::default()
    };
    view! {
        {flash_banner(Some(&FlashBody::done("The key has its new name.")))}
        {flash_banner(Some(&failed))}
        {remark("Answered by a program that is part of this marketplace.")}
        {warning("The wallet holds less than the first fee.")}
        {error_summary(Some(&summary))}
    }
    .into_any()
}

fn ratings() -> AnyView {
    let review = ReviewView {
        id: model::ReviewId::new(0, [0; 10]),
        service_id: model::OfferingId::new(0, [0; 10]),
        stars: *Stars::ALL.last().unwrap_or(&Stars::ALL[0]),
        text: "Answers our tickets well.\n\n<script>alert(1)</script> stays text.".to_owned(),
        author: "Nordwind Labs".to_owned(),
        verified_use: true,
        created_at: Timestamp::from_ms(1_763_000_000_000),
        edited_at: Some(Timestamp::from_ms(1_763_900_000_000)),
        reply: Some(model::Reply {
            text: "Thank you. The limit is higher now.".to_owned(),
            at: Timestamp::from_ms(1_764_000_000_000),
        }),
    };
    view! {
        <p class="row">{rating(None, 0)} {rating(Some(5.0), 2)} {rating(Some(3.5), 12)} {rating(Some(4.26), 1_204)}</p>
        <p class="row">{Stars::ALL.into_iter().map(stars).collect_view()}</p>
        <form class="gallery-narrow" aria-label="Rating">{stars_input(None, Some("Choose from 1 to 5 stars".to_owned()))}</form>
        <article class="review" aria-label="A review">{review_block(&review, "Deskwerk")}</article>
    }
    .into_any()
}

/// A dialog as it stands in a page, open and not modal.
fn dialog() -> AnyView {
    view! {
        <div class="gallery-dialog" role="group" aria-label="A dialog">
            <p class="dialog-bar"><a class="btn btn-ghost btn-small" href="#content">{icon(Icon::Cross)} "Close"</a></p>
            <div class="dialog-body">
                <p class="h1">"Customer Support Agent"</p>
                <p class="lead">"The details of a service stand in it, the same as on its page."</p>
            </div>
        </div>
    }
    .into_any()
}

fn icons() -> AnyView {
    let all = [
        Icon::Agents,
        Icon::Apps,
        Icon::Assistants,
        Icon::Automations,
        Icon::Search,
        Icon::Sun,
        Icon::Moon,
        Icon::Device,
        Icon::Check,
        Icon::Cross,
        Icon::Alert,
        Icon::Info,
        Icon::Wallet,
        Icon::Key,
        Icon::Chart,
        Icon::Arrow,
        Icon::Copy,
        Icon::Filter,
        Icon::Receipt,
        Icon::Shelf,
        Icon::Verified,
        Icon::Play,
        Icon::Book,
        Icon::Flag,
        Icon::Columns,
        Icon::Star,
        Icon::Rows,
        Icon::Stop,
    ];
    let one = |sign: Icon| view! { <li>{icon(sign)} <span class="meta">{format!("{sign:?}")}</span></li> };
    view! { <ul class="swatches" aria-label="Icons">{all.map(one).into_iter().collect_view()}</ul> }
        .into_any()
}
