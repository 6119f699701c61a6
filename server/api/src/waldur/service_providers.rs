//! `/api/marketplace-service-providers/`: customers that sell.

use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use market::{Account, Earnings, Error, OFFERINGS, PEERS, PROVIDERS, Side, Vendor};
use model::{CustomerId, ProviderId, Usd};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    answer::{Listing, made, single},
    component_usages::quantity,
    links::{self, hex},
    offerings,
    read::decimal,
    schema,
};
use crate::{
    Answer, Doors, Shared,
    actors::SignedIn,
    bodies::{Fields, Named},
    door,
    openapi::{Door, Takes, may, must},
    queries::Query,
};

pub fn routes() -> Router<Shared> {
    [
        door("/api/marketplace-service-providers", get(list).post(create)),
        door("/api/marketplace-service-providers/{uuid}", get(find).patch(update).put(update)),
        door("/api/marketplace-service-providers/{uuid}/stat", get(stat)),
        door("/api/marketplace-service-providers/{uuid}/revenue", get(revenue)),
        door("/api/marketplace-service-providers/{uuid}/customers", get(customers)),
        door("/api/marketplace-service-providers/{uuid}/users", get(users)),
        door("/api/marketplace-service-providers/{uuid}/projects", get(projects)),
        door("/api/marketplace-service-providers/{uuid}/offerings", get(offers)),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}

pub fn doors() -> Vec<Door> {
    let path = "/api/marketplace-service-providers/";
    let one = "/api/marketplace-service-providers/{uuid}/";
    let change = |method| {
        Door::new(method, one, "Change what a provider says of itself")
            .fields(&[may("description", Takes::Text)])
            .answers(200, "ServiceProvider")
            .refuses(&[403, 404])
    };
    vec![
        Door::list(path, "Organizations that sell", "ServiceProvider", PROVIDERS.filters),
        Door::new("post", path, "Let an organization sell")
            .fields(&[must("customer", Takes::Link), may("description", Takes::Text)])
            .answers(201, "ServiceProvider")
            .refuses(&[403, 409]),
        Door::new("get", one, "An organization that sells")
            .answers(200, "ServiceProvider")
            .refuses(&[404]),
        change("patch"),
        change("put"),
        Door::new(
            "get",
            "/api/marketplace-service-providers/{uuid}/stat/",
            "What a provider has going on",
        )
        .answers(200, "ProviderStat")
        .refuses(&[403, 404]),
        Door::list(
            "/api/marketplace-service-providers/{uuid}/revenue/",
            "What a provider has earned by month, by invoices and from wallets",
            "ProviderRevenue",
            &[],
        )
        .refuses(&[403, 404]),
        Door::list(
            "/api/marketplace-service-providers/{uuid}/customers/",
            "Who buys of a provider",
            "ProviderCustomer",
            &[],
        )
        .refuses(&[403, 404]),
        Door::list(
            "/api/marketplace-service-providers/{uuid}/users/",
            "People with a role in what has something of a provider",
            "ProviderUser",
            PEERS.filters,
        )
        .refuses(&[403, 404]),
        Door::list(
            "/api/marketplace-service-providers/{uuid}/projects/",
            "Projects that have something of a provider",
            "ProviderProject",
            &[],
        )
        .refuses(&[403, 404]),
        Door::list(
            "/api/marketplace-service-providers/{uuid}/offerings/",
            "What a provider sells",
            "Offering",
            OFFERINGS.filters,
        )
        .refuses(&[404]),
    ]
}

pub fn schemas() -> Vec<(String, Value)> {
    vec![
        schema::<ProviderWire>(),
        schema::<ProviderStat>(),
        schema::<ProviderRevenue>(),
        schema::<ProviderCustomer>(),
        schema::<ProviderUser>(),
        schema::<ProviderProject>(),
    ]
}

#[derive(Serialize, ToSchema)]
#[schema(as = ServiceProvider)]
struct ProviderWire {
    url: String,
    uuid: String,
    created: String,
    description: String,
    enable_notifications: bool,
    customer: String,
    customer_uuid: String,
    customer_name: String,
    customer_slug: String,
    customer_abbreviation: String,
    customer_native_name: String,
    customer_country: String,
    image: Option<String>,
    #[schema(value_type = Vec<Object>)]
    organization_groups: [(); 0],
    offering_count: u64,
    #[schema(value_type = Vec<String>)]
    allowed_domains: [(); 0],
}

#[derive(Serialize, ToSchema)]
struct ProviderStat {
    active_campaigns: u64,
    current_customers: u64,
    customers_number_change: u64,
    active_resources: u64,
    resources_number_change: u64,
    active_and_paused_offerings: u64,
    unresolved_tickets: u64,
    pending_orders: u64,
    erred_resources: u64,
}

#[derive(Serialize, ToSchema)]
struct ProviderRevenue {
    /// What was invoiced and what came from wallets, in US dollars: a number, as the client has it.
    #[schema(value_type = f64)]
    total: Value,
    year: i64,
    month: i64,
    invoiced: String,
    /// What came from wallets, after the platform's fee, at the price of a credit as it is now.
    wallet_earnings: String,
    /// The same in credits.
    wallet_credits: String,
}

#[derive(Serialize, ToSchema)]
struct ProviderCustomer {
    uuid: String,
    name: String,
}

#[derive(Serialize, ToSchema)]
struct ProviderUser {
    uuid: String,
    username: String,
    full_name: String,
    first_name: String,
    last_name: String,
    email: String,
    is_active: bool,
}

#[derive(Serialize, ToSchema)]
struct ProviderProject {
    uuid: String,
    name: String,
    customer_uuid: String,
    customer_name: String,
}

fn wire(doors: &Doors, vendor: Vendor) -> ProviderWire {
    ProviderWire {
        url: doors.link("marketplace-service-providers", vendor.id),
        uuid: hex(vendor.id),
        created: vendor.created_at.to_string(),
        description: vendor.description,
        enable_notifications: true,
        customer: doors.link(links::CUSTOMERS, vendor.customer),
        customer_uuid: hex(vendor.customer),
        customer_name: vendor.customer_name,
        customer_slug: vendor.customer_slug,
        customer_abbreviation: vendor.customer_abbreviation,
        customer_native_name: vendor.customer_native_name,
        customer_country: vendor.customer_country,
        image: None,
        organization_groups: [],
        offering_count: vendor.offerings,
        allowed_domains: [],
    }
}

fn named(text: &str) -> Result<ProviderId, Error> {
    text.parse().map_err(|_| Error::Missing("service provider"))
}

async fn list(State(doors): State<Shared>, caller: SignedIn, listing: Listing) -> Answer {
    let asked = listing.asked(&PROVIDERS)?;
    let vendors = doors.market.vendors();
    let (found, total) = vendors.list(&caller.actor, asked, listing.range()).await?;
    let items: Vec<ProviderWire> = found.into_iter().map(|one| wire(&doors, one)).collect();
    listing.answer(&doors, &items, total)
}

async fn find(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    query: Query,
) -> Answer {
    let found = doors.market.vendors().find(&caller.actor, named(&id)?).await?;
    Ok(single(&query, &wire(&doors, found)))
}

async fn create(State(doors): State<Shared>, caller: SignedIn, mut fields: Fields) -> Answer {
    let customer: Option<CustomerId> = fields.must_link("customer", &[links::CUSTOMERS]);
    let text = fields.may_text("description", 4_000).unwrap_or_default();
    fields.check()?;
    let customer = customer.ok_or(Error::Missing("organization"))?;
    let found = doors.market.vendors().register(&caller.actor, customer, &text).await?;
    Ok(made(&wire(&doors, found)))
}

async fn update(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    mut fields: Fields,
) -> Answer {
    let text = fields.may_text("description", 4_000);
    fields.check()?;
    let (vendors, id) = (doors.market.vendors(), named(&id)?);
    let found = vendors.describe(&caller.actor, id, text.as_deref()).await?;
    Ok(Json(wire(&doors, found)).into_response())
}

async fn stat(State(doors): State<Shared>, caller: SignedIn, Named(id): Named) -> Answer {
    let trade = doors.market.vendors().trade(&caller.actor, named(&id)?).await?;
    Ok(Json(ProviderStat {
        active_campaigns: 0,
        current_customers: trade.customers,
        customers_number_change: trade.new_customers,
        active_resources: trade.resources,
        resources_number_change: trade.new_resources,
        active_and_paused_offerings: trade.offerings,
        unresolved_tickets: trade.tickets,
        pending_orders: trade.pending_orders,
        erred_resources: trade.erred_resources,
    })
    .into_response())
}

async fn revenue(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let found = doors.market.vendors().revenue(&caller.actor, named(&id)?).await?;
    let dollars = |micros| decimal(Usd::from_micros(micros));
    let one = |earned: Earnings| ProviderRevenue {
        total: quantity(earned.invoiced.saturating_add(earned.wallets)),
        year: earned.month.year(),
        month: earned.month.month(),
        invoiced: dollars(earned.invoiced),
        wallet_earnings: dollars(earned.wallets),
        wallet_credits: dollars(earned.credits),
    };
    let items: Vec<ProviderRevenue> = found.into_iter().map(one).collect();
    listing.answer_all(&doors, &items)
}

async fn customers(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let found = doors.market.vendors().buyers(&caller.actor, named(&id)?).await?;
    let one = |named: market::Named| ProviderCustomer { uuid: hex(named.id), name: named.name };
    let items: Vec<ProviderCustomer> = found.into_iter().map(one).collect();
    listing.answer_all(&doors, &items)
}

async fn users(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let id = named(&id)?;
    let asked = listing.asked(&PEERS)?;
    let vendors = doors.market.vendors();
    let (found, total) = vendors.people(&caller.actor, id, asked, listing.range()).await?;
    let one = |account: Account| {
        let (first, last) =
            account.full_name.split_once(' ').unwrap_or((account.full_name.as_str(), ""));
        ProviderUser {
            uuid: hex(account.id),
            username: account.email.clone(),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            full_name: account.full_name.clone(),
            email: account.email,
            is_active: account.active,
        }
    };
    let items: Vec<ProviderUser> = found.into_iter().map(one).collect();
    listing.answer(&doors, &items, total)
}

async fn projects(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let found = doors.market.vendors().projects(&caller.actor, named(&id)?).await?;
    let one = |(project, customer): (market::Named, market::Named)| ProviderProject {
        uuid: hex(project.id),
        name: project.name,
        customer_uuid: hex(customer.id),
        customer_name: customer.name,
    };
    let items: Vec<ProviderProject> = found.into_iter().map(one).collect();
    listing.answer_all(&doors, &items)
}

async fn offers(
    State(doors): State<Shared>,
    caller: SignedIn,
    Named(id): Named,
    listing: Listing,
) -> Answer {
    let vendor = doors.market.vendors().find(&caller.actor, named(&id)?).await?;
    let of = market::Clause::of("p.id IN (?)", [vendor.id.to_string()]);
    let asked = listing.asked(&OFFERINGS)?.and(of);
    let offers = doors.market.offers();
    let (found, total) =
        offers.list(Some(&caller.actor), Side::Either, asked, listing.range()).await?;
    let items: Vec<offerings::OfferingWire> =
        found.into_iter().map(|one| offerings::wire(&doors, Side::Public, one)).collect();
    listing.answer(&doors, &items, total)
}
