//! Finding services: filters, order, pages and counts.

use std::cmp::Ordering;

use model::{CatalogQuery, ModelFamily, Service, ServicePage, Sort};

use super::{Catalog, Listed};

/// How many services each value of a filter would show, with the other filters applied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    pub categories: Vec<(String, u64)>,
    pub families: Vec<(ModelFamily, u64)>,
}

fn has_words(listed: &Listed, query: &CatalogQuery) -> bool {
    query.search.split(' ').all(|word| listed.text.contains(word))
}

fn in_categories(service: &Service, query: &CatalogQuery) -> bool {
    query.categories.is_empty() || query.categories.binary_search(&service.category).is_ok()
}

fn in_families(service: &Service, query: &CatalogQuery) -> bool {
    query.families.is_empty() || query.families.contains(&service.model_family)
}

/// Whether a service's price can be compared per token; the others come last.
fn unpriced(service: &Service) -> bool {
    service.price_per_1k_tokens.micros() == 0 && service.monthly_fee.micros() > 0
}

fn compare(a: &Listed, b: &Listed, query: &CatalogQuery) -> Ordering {
    let (one, two) = (&a.detail.service, &b.detail.service);
    let key = |service: &Service| (service.price_per_1k_tokens, service.monthly_fee);
    let by_key = match query.sort {
        Sort::Newest => two.created_at.cmp(&one.created_at),
        Sort::Price => unpriced(one).cmp(&unpriced(two)).then(key(one).cmp(&key(two))),
        Sort::PriceDown => unpriced(one).cmp(&unpriced(two)).then(key(two).cmp(&key(one))),
    };
    // A name that begins with what was searched for is what was meant.
    let meant = |listed: &Listed| {
        query.sort == Sort::Newest
            && !query.search.is_empty()
            && listed.name.contains(&query.search)
    };
    meant(b).cmp(&meant(a)).then(by_key).then_with(|| a.name.cmp(&b.name)).then(one.id.cmp(&two.id))
}

impl Catalog {
    fn active(&self) -> impl Iterator<Item = &Listed> {
        self.listed.iter().filter(|listed| listed.active)
    }

    /// The services on sale that a query asks for.
    pub fn search(&self, query: &CatalogQuery) -> ServicePage {
        let mut found: Vec<&Listed> = self
            .active()
            .filter(|listed| {
                in_categories(&listed.detail.service, query)
                    && in_families(&listed.detail.service, query)
                    && has_words(listed, query)
            })
            .collect();
        found.sort_by(|a, b| compare(a, b, query));
        let size = usize::try_from(query.page_size).unwrap_or(usize::MAX);
        let skipped = usize::try_from(query.page.saturating_sub(1))
            .unwrap_or(usize::MAX)
            .saturating_mul(size);
        ServicePage {
            total: found.len() as u64,
            page: query.page,
            services: found
                .into_iter()
                .skip(skipped)
                .take(size)
                .map(|l| l.detail.service.clone())
                .collect(),
        }
    }

    /// The counts beside the filters.
    pub fn facets(&self, query: &CatalogQuery) -> Facets {
        let matching: Vec<&Listed> =
            self.active().filter(|listed| has_words(listed, query)).collect();
        let count = |has: &dyn Fn(&Service) -> bool| {
            matching.iter().filter(|listed| has(&listed.detail.service)).count() as u64
        };
        Facets {
            categories: self
                .categories
                .iter()
                .map(|category| {
                    let slug = category.slug.clone();
                    let n = count(&|s| s.category == slug && in_families(s, query));
                    (slug, n)
                })
                .collect(),
            families: ModelFamily::ALL
                .iter()
                .map(|family| {
                    (*family, count(&|s| s.model_family == *family && in_categories(s, query)))
                })
                .collect(),
        }
    }
}
