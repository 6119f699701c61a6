//! Who sells, with what their services say of them together.

use std::{collections::HashMap, sync::Arc};

use model::{ProviderId, ProviderView, Service, ServiceDetail};

use crate::Catalog;

/// A provider with the sums of its services on sale.
#[derive(Debug, Clone, PartialEq)]
pub struct Seller {
    pub provider: Arc<ProviderView>,
    pub services: u64,
    /// Reviews of all its services.
    pub reviews: u64,
    /// The average stars of these reviews; none before the first.
    pub rating: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    services: u64,
    reviews: u64,
    stars: f64,
}

impl Sums {
    #[expect(clippy::cast_precision_loss, reason = "counts of reviews are far below 2^52")]
    fn add(&mut self, service: &Service) {
        self.services += 1;
        self.reviews += service.review_count;
        self.stars += service.rating.unwrap_or(0.0) * service.review_count as f64;
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of reviews are far below 2^52")]
    fn of(self, provider: &Arc<ProviderView>) -> Seller {
        Seller {
            provider: Arc::clone(provider),
            services: self.services,
            reviews: self.reviews,
            rating: (self.reviews > 0).then(|| self.stars / self.reviews as f64),
        }
    }
}

impl Catalog {
    /// Everybody who sells, by name.
    pub fn sellers(&self) -> Vec<Seller> {
        let mut sums: HashMap<ProviderId, Sums> = HashMap::new();
        for listed in self.on_sale() {
            let service = &listed.detail.service;
            sums.entry(service.provider_id).or_default().add(service);
        }
        let of = |provider: &Arc<ProviderView>| {
            sums.get(&provider.id).copied().unwrap_or_default().of(provider)
        };
        self.providers().iter().map(of).collect()
    }

    /// Who sells, by slug or id, and all they sell, by name.
    pub fn seller(&self, name: &str) -> Option<(Seller, Vec<Arc<ServiceDetail>>)> {
        let provider = self.provider_named(name)?;
        let mut sums = Sums::default();
        let mut services = Vec::new();
        for listed in self.on_sale().filter(|l| l.detail.service.provider_id == provider.id) {
            sums.add(&listed.detail.service);
            services.push(Arc::clone(&listed.detail));
        }
        let name = |detail: &ServiceDetail| (detail.service.name.to_lowercase(), detail.service.id);
        services.sort_by_cached_key(|detail| name(detail));
        Some((sums.of(provider), services))
    }
}
