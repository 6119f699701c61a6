//! Finding: every count is checked against counting by hand, and a catalogue that was changed against one read anew.

use std::sync::Arc;

use market::{Market, Settings, both_engines, testing};
use model::{
    CatalogQuery, Choice, ContextBand, Facet, PriceBand, ServiceDetail, Sort, Usd, slug_of,
};

/// What a filter means, said once more and slowly.
fn passes(detail: &ServiceDetail, choice: &Choice, open_now: bool) -> bool {
    let s = &detail.service;
    let priced = s.price_per_1k_tokens > Usd::ZERO || s.monthly_fee == Usd::ZERO;
    let (micros, context) = (s.price_per_1k_tokens.micros(), s.context_window);
    match choice {
        Choice::Category(slug) => *s.category == **slug,
        Choice::Family(family) => s.model_family == *family,
        Choice::Price(PriceBand::Low) => priced && micros < 10_000,
        Choice::Price(PriceBand::Middle) => priced && (10_000..=100_000).contains(&micros),
        Choice::Price(PriceBand::High) => priced && micros > 100_000,
        Choice::MinPrice(least) => priced && s.price_per_1k_tokens >= *least,
        Choice::MaxPrice(most) => priced && s.price_per_1k_tokens <= *most,
        Choice::Free => {
            s.trial.is_some()
                || detail.plans.iter().any(|p| {
                    p.monthly_fee == Usd::ZERO
                        && p.price.prompt + p.price.completion + p.price.request == 0
                })
        }
        Choice::Context(band) => context > 0 && ContextBand::of(context) == *band,
        Choice::MinContext(least) => context >= *least,
        Choice::MaxContext(most) => context > 0 && context <= *most,
        Choice::Feature(feature) => s.features.has(*feature),
        Choice::Region(slug) => slug_of(&s.geographic.region) == *slug,
        Choice::Uptime(least) => {
            s.metrics.uptime30d.is_some_and(|u| u * 1_000.0 >= f64::from(*least))
        }
        Choice::Latency(most) => s.metrics.latency_p95.is_some_and(|ms| ms <= *most),
        Choice::Throughput(least) => {
            s.metrics.throughput_tps.is_some_and(|t| t >= f64::from(*least))
        }
        Choice::Schedule(schedule) => s.availability.schedule == *schedule,
        Choice::Now => open_now,
        Choice::Compliance(slug) => s.compliance.iter().any(|name| slug_of(name) == *slug),
        Choice::Rating(least) => s.rating.is_some_and(|stars| stars >= f64::from(*least)),
        Choice::Verified => s.provider_verified,
        Choice::Provider(slug) => detail.provider.slug == *slug,
    }
}

fn matches(market: &Market, detail: &ServiceDetail, query: &CatalogQuery) -> bool {
    let open = market.catalog().open_state(detail.service.id, market.core().now()).open;
    Facet::ALL.iter().all(|facet| {
        let mut chosen = query.choices.iter().filter(|c| c.facet() == *facet).peekable();
        if chosen.peek().is_none() {
            return true;
        }
        if facet.demands_all() {
            chosen.all(|choice| passes(detail, choice, open))
        } else {
            chosen.any(|choice| passes(detail, choice, open))
        }
    })
}

fn everything(market: &Market) -> Vec<Arc<ServiceDetail>> {
    let mut all = Vec::new();
    for page in 1.. {
        let found = market.catalog().find(&CatalogQuery {
            page,
            page_size: 100,
            ..CatalogQuery::default()
        });
        if found.services.is_empty() {
            break;
        }
        all.extend(found.services);
    }
    all
}

/// Every value of every filter, with and without other filters, is counted right.
fn assert_counts(market: &Market, query: &CatalogQuery) {
    let (all, found) = (everything(market), market.catalog().find(query));
    let by_hand =
        |query: &CatalogQuery| all.iter().filter(|d| matches(market, d, query)).count() as u64;
    assert_eq!(found.total, by_hand(query), "{}", query.to_query());
    for value in &found.facets {
        // What one would see: the value instead of its filter's others, or besides them where all are demanded.
        let mut alone = query.first_page();
        let facet = value.choice.facet();
        if !facet.demands_all() {
            alone.choices.retain(|choice| choice.facet() != facet);
        }
        let seen = alone.with(value.choice.clone());
        assert_eq!(value.count, by_hand(&seen), "{:?} with {}", value.choice, query.to_query());
    }
}

fn read(text: &str) -> CatalogQuery {
    CatalogQuery::read(text.split('&').filter_map(|pair| pair.split_once('=')))
}

const QUERIES: [&str; 12] = [
    "",
    "category=agents",
    "category=agents&category=apps&family=gpt&family=claude",
    "feature=vision&feature=json",
    "price=lt-0.01&region=europe",
    "min_price=0.001&max_price=0.02",
    "min_context=32000&compliance=gdpr",
    "compliance=gdpr&compliance=soc2&availability=24/7",
    "availability=now&availability=business-hours",
    "free=1&verified=1",
    "context=gt-128k&context=lt-8k&feature=streaming",
    "category=nothing-like-this",
];

both_engines! {
    every_count_is_right, |market| {
        for text in QUERIES {
            assert_counts(&market, &read(text));
        }
    }

    searches_forgive_and_rank, |market| {
        let names = |text: &str| -> Vec<String> {
            let found = market.catalog().find(&read(&format!("search={text}")));
            found.services.iter().map(|d| d.service.name.clone()).collect()
        };
        for text in ["customer support", "custmer suport", "CUSTOMER SUPP", "support customer agent"] {
            assert_eq!(names(text).first().map(String::as_str), Some("Customer Support Agent"), "{text}");
        }
        // By provider, by model family, and both with a filter.
        assert!(names("deskwerk").len() >= 3);
        assert!(names("mistral").iter().len() >= 1);
        let found = market.catalog().find(&read("search=support&category=agents"));
        assert!(found.total >= 1 && found.services.iter().all(|d| &*d.service.category == "agents"));
        assert!(found.terms.iter().any(|term| term == "support"));
        assert_eq!(names("zzzzqqqq"), [] as [String; 0]);
    }

    what_has_no_value_comes_last, |market| {
        for sort in Sort::ALL {
            let query = CatalogQuery { sort: Some(*sort), page_size: 100, ..CatalogQuery::default() };
            let found = market.catalog().find(&query).services;
            assert_eq!(found.len() as u64, market.catalog().total());
            let price = |d: &Arc<ServiceDetail>| {
                let s = &d.service;
                (s.price_per_1k_tokens > Usd::ZERO || s.monthly_fee == Usd::ZERO).then_some(s.price_per_1k_tokens)
            };
            let prices: Vec<_> = found.iter().map(price).collect();
            let known: Vec<_> = prices.iter().copied().flatten().collect();
            if matches!(sort, Sort::Price | Sort::PriceDown) {
                assert!(prices.iter().skip(known.len()).all(Option::is_none), "{sort:?}");
                let rising = known.windows(2).all(|pair| pair[0] <= pair[1]);
                let falling = known.windows(2).all(|pair| pair[0] >= pair[1]);
                assert!(if *sort == Sort::Price { rising } else { falling }, "{sort:?}");
            }
            // Nothing is measured of the samples yet, so that these are in the order of their names.
            if matches!(sort, Sort::Popularity | Sort::Rating | Sort::Latency | Sort::Uptime) {
                let names: Vec<_> = found.iter().map(|d| d.service.name.to_lowercase()).collect();
                assert!(names.is_sorted(), "{sort:?}");
            }
        }
    }

    nothing_found_names_the_nearest_ways, |market| {
        let query = read("search=support&compliance=hipaa&family=llama&min_context=999999");
        let catalog = market.catalog();
        assert_eq!(catalog.find(&query).total, 0);
        for (_, wider, total) in catalog.relaxations(&query) {
            assert_eq!(total, catalog.find(&wider).total);
            assert!(total > 0);
        }
    }
}

/// A catalogue that has seen many small changes is the one that is read anew.
async fn changes(db: store::Db) {
    let market = Market::open(db, Settings::default()).await.unwrap();
    assert_eq!(market.bench_catalog(400).await.unwrap(), 400);
    let slugs: Vec<String> = everything(&market).iter().map(|d| d.service.slug.clone()).collect();
    let mut edition = market.edition();
    for slug in slugs.iter().step_by(7).chain(slugs.iter().step_by(14)) {
        let before = market.catalog().total();
        market.bench_flip(slug).await.unwrap();
        assert_eq!(market.catalog().total().abs_diff(before), 1);
        assert_eq!(market.catalog().named(slug).is_some(), market.catalog().total() > before);
        assert_ne!(std::mem::replace(&mut edition, market.edition()), market.edition());
    }
    let seen = |market: &Market| {
        let catalog = market.catalog();
        let mut all = Vec::new();
        for text in
            QUERIES.into_iter().chain(["search=support", "search=nordic translation&feature=json"])
        {
            for sort in [None].into_iter().chain(Sort::ALL.iter().copied().map(Some)) {
                let found = catalog.find(&CatalogQuery { sort, page_size: 100, ..read(text) });
                let ids: Vec<_> = found.services.iter().map(|d| d.service.id).collect();
                let counts: Vec<_> =
                    found.facets.iter().map(|f| (f.choice.clone(), f.count)).collect();
                all.push((found.total, ids, counts));
            }
        }
        all
    };
    let changed = seen(&market);
    assert_counts(&market, &read("feature=vision&region=europe"));
    market.reload().await.unwrap();
    assert!(changed == seen(&market), "a catalogue read anew is another one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_on_sqlite() {
    changes(testing::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_on_postgres() {
    changes(testing::postgres().await).await;
}
