//! Finding services: filters, order, pages, and how many each further choice would leave.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use fixedbitset::FixedBitSet;
use model::{CatalogQuery, Choice, Facet, FacetCount, ServiceDetail, ServicePage, Sort};

use super::{Catalog, columns::scored};

/// What a query finds.
#[derive(Debug)]
pub struct Found {
    /// How many there are on all pages.
    pub total: u64,
    /// The page asked for.
    pub services: Vec<Arc<ServiceDetail>>,
    /// Words of the catalogue that the search was taken to mean, folded: what a page highlights.
    pub terms: Vec<String>,
    /// Each value of each filter, in their order, with how many services choosing it would show.
    pub facets: Vec<FacetCount>,
}

/// What a query leaves, filter by filter.
struct Narrowed {
    /// On sale and with the words asked for.
    base: FixedBitSet,
    /// Zero for what has not the words; empty without a search.
    scores: Vec<u16>,
    terms: Vec<String>,
    /// What each filter with a choice lets pass.
    by_facet: BTreeMap<Facet, FixedBitSet>,
}

impl Narrowed {
    /// What all filters but one let pass.
    fn all_but(&self, facet: Option<Facet>) -> FixedBitSet {
        let mut left = self.base.clone();
        for (other, set) in &self.by_facet {
            if Some(*other) != facet {
                left.intersect_with(set);
            }
        }
        left
    }
}

impl Catalog {
    fn narrow(&self, query: &CatalogQuery) -> Narrowed {
        let mut base = self.index.active().clone();
        let (mut scores, mut terms) = (Vec::new(), Vec::new());
        if !query.search.is_empty() {
            let found = self.index.words.search(&query.search, self.index.len());
            base.intersect_with(&scored(&found.by_slot));
            (scores, terms) = (found.by_slot, found.terms);
        }
        let mut by_facet: BTreeMap<Facet, FixedBitSet> = BTreeMap::new();
        for choice in &query.choices {
            let provider = match choice {
                Choice::Provider(slug) => self.provider_named(slug).map(|provider| provider.id),
                _ => None,
            };
            let set = self.index.set(choice, provider);
            let facet = choice.facet();
            match by_facet.get_mut(&facet) {
                Some(known) if facet.demands_all() => known.intersect_with(&set),
                Some(known) => known.union_with(&set),
                None => {
                    by_facet.insert(facet, set.into_owned());
                }
            }
        }
        Narrowed { base, scores, terms, by_facet }
    }

    /// The services on sale that a query asks for, and the counts beside the filters.
    pub fn find(&self, query: &CatalogQuery) -> Found {
        let narrowed = self.narrow(query);
        let left = narrowed.all_but(None);
        let total = left.count_ones(..) as u64;
        let size = usize::try_from(query.page_size).unwrap_or(usize::MAX);
        let skipped = usize::try_from(query.page.saturating_sub(1))
            .unwrap_or(usize::MAX)
            .saturating_mul(size);
        let slots = if query.sort.is_none() && !query.search.is_empty() {
            self.by_score(&left, &narrowed.scores, skipped, size)
        } else {
            let order = self.index.order_of(query.sort.unwrap_or(Sort::Popularity));
            order
                .iter()
                .copied()
                .filter(|slot| left.contains(*slot as usize))
                .skip(skipped)
                .take(size)
                .collect()
        };
        let services = slots
            .into_iter()
            .filter_map(|slot| self.index.get(slot).map(|listed| Arc::clone(&listed.detail)))
            .collect();
        Found { total, services, facets: self.counts(&narrowed, &left), terms: narrowed.terms }
    }

    /// Every service on sale, the most used first.
    pub fn all(&self) -> Vec<Arc<ServiceDetail>> {
        let order = self.index.order_of(Sort::Popularity).iter();
        order
            .filter_map(|slot| self.index.get(*slot))
            .map(|listed| Arc::clone(&listed.detail))
            .collect()
    }

    /// How many services a query finds.
    pub fn total_of(&self, query: &CatalogQuery) -> u64 {
        self.narrow(query).all_but(None).count_ones(..) as u64
    }

    /// The counts beside the filters, without the services.
    pub fn facets(&self, query: &CatalogQuery) -> Vec<FacetCount> {
        let narrowed = self.narrow(query);
        let left = narrowed.all_but(None);
        self.counts(&narrowed, &left)
    }

    /// A page of the slots that fit best; equal fits in the order of popularity.
    fn by_score(
        &self,
        left: &FixedBitSet,
        scores: &[u16],
        skipped: usize,
        size: usize,
    ) -> Vec<u32> {
        let score = |slot: u32| scores.get(slot as usize).copied().unwrap_or(0);
        let popular = self.index.order_of(Sort::Popularity).iter().copied();
        let mut found: Vec<(u16, u32)> = popular
            .filter(|slot| left.contains(*slot as usize))
            .map(|slot| (score(slot), slot))
            .collect();
        let wanted = skipped.saturating_add(size);
        if wanted < found.len() / 4 {
            // What cannot be on the page is left out by its score, so that little has to be sorted.
            let mut scores: Vec<u16> = found.iter().map(|(score, _)| *score).collect();
            let (_, least, _) = scores.select_nth_unstable_by(wanted, |a, b| b.cmp(a));
            let least = *least;
            found.retain(|(score, _)| *score >= least);
        }
        // Stable: equal scores keep the order that they came in.
        found.sort_by_key(|(score, _)| Reverse(*score));
        found.into_iter().skip(skipped).take(size).map(|(_, slot)| slot).collect()
    }

    fn counts(&self, narrowed: &Narrowed, left: &FixedBitSet) -> Vec<FacetCount> {
        let mut without: Option<(Facet, FixedBitSet)> = None;
        self.index
            .values()
            .map(|(choice, set)| {
                let facet = choice.facet();
                let chosen = narrowed.by_facet.contains_key(&facet) && !facet.demands_all();
                let base = if chosen {
                    // Values of a filter follow each other, so that each is worked out once.
                    if without.as_ref().is_none_or(|(known, _)| *known != facet) {
                        without = Some((facet, narrowed.all_but(Some(facet))));
                    }
                    without.as_ref().map_or(left, |(_, base)| base)
                } else {
                    left
                };
                FacetCount {
                    title: self.title_of(choice),
                    count: base.intersection_count(set) as u64,
                    choice: choice.clone(),
                }
            })
            .collect()
    }

    /// A page of results as the API answers it.
    pub fn page(&self, query: &CatalogQuery) -> ServicePage {
        let found = self.find(query);
        let mut facets: BTreeMap<&'static str, BTreeMap<String, u64>> = BTreeMap::new();
        for value in &found.facets {
            facets
                .entry(value.choice.facet().parameter())
                .or_default()
                .insert(value.choice.value(), value.count);
        }
        ServicePage {
            services: found.services,
            total: found.total,
            page: query.page,
            page_size: query.page_size,
            facets,
            notices: query.notices.iter().map(|notice| notice.0.clone()).collect(),
        }
    }

    /// The nearest questions that have answers: each choice left out in turn, the most answers first.
    pub fn relaxations(&self, query: &CatalogQuery) -> Vec<(Option<Choice>, CatalogQuery, u64)> {
        let mut ways: Vec<_> = query
            .choices
            .iter()
            .map(|choice| (Some(choice.clone()), query.without(choice)))
            .chain(
                (!query.search.is_empty())
                    .then(|| (None, CatalogQuery { search: String::new(), ..query.first_page() })),
            )
            .map(|(choice, wider)| {
                let total = self.total_of(&wider);
                (choice, wider, total)
            })
            .filter(|(_, _, total)| *total > 0)
            .collect();
        ways.sort_by_key(|(_, _, total)| Reverse(*total));
        ways.truncate(6);
        ways
    }
}
