//! What customers say about services they really use, what providers answer, and what operators hide.

use model::{
    CustomerId, OfferingId, ProviderId, REQUESTS_NEEDED, ReportedReview, ReviewFault, ReviewGate,
    ReviewId, ReviewPage, ReviewSort, ReviewView, Stars,
};
use store::{
    Tx,
    reviews::{Review, Written},
};

use crate::{Actor, Error, Market, Result, plain::plain};

/// Reviews on a page.
const PAGE: u64 = 20;
/// The most characters of a review, a reply or a reason.
const LONGEST: usize = 2_000;
/// The most reported reviews that an operator sees at once.
const QUEUE: i64 = 200;

/// The service for it.
#[derive(Debug, Clone, Copy)]
pub struct Reviews<'a>(pub(crate) &'a Market);

/// For whom somebody would review, and whether they may.
struct Standing {
    /// None when they belong to no organization.
    customer: Option<CustomerId>,
    gate: ReviewGate,
}

impl Reviews<'_> {
    /// A page of what everybody sees, of any stars or of some.
    pub async fn page(
        &self,
        offering: OfferingId,
        stars: Option<Stars>,
        sort: ReviewSort,
        page: u64,
    ) -> Result<ReviewPage> {
        self.seller(offering)?;
        let page = page.clamp(1, 100_000);
        let size = i64::try_from(PAGE).unwrap_or(i64::MAX);
        let offset = i64::try_from(page - 1).unwrap_or(0) * size;
        let mut tx = self.0.core().db().snapshot().await?;
        let reviews = store::reviews::page(&mut tx, offering, stars, sort, size, offset).await?;
        let counted = store::reviews::distribution(&mut tx, offering).await?;
        drop(tx);
        let count =
            |of: Stars| counted.iter().find(|(found, _)| *found == of).map_or(0, |(_, n)| *n);
        let distribution = Stars::ALL.map(count);
        let all: u64 = distribution.iter().sum();
        Ok(ReviewPage {
            reviews,
            total: stars.map_or(all, count),
            page,
            page_size: PAGE,
            average: average(&counted, all),
            distribution,
        })
    }

    /// Whether somebody may review a service, what is missing, and what they have said before.
    pub async fn gate(&self, actor: &Actor, offering: OfferingId) -> Result<ReviewGate> {
        Ok(self.standing(actor, offering).await?.gate)
    }

    /// Writes the actor's review of a service, or changes it.
    pub async fn write(
        &self,
        actor: &Actor,
        offering: OfferingId,
        stars: Stars,
        text: &str,
    ) -> Result<ReviewView> {
        let user = actor.must_be_person()?;
        let text = plain("text", text, 0, LONGEST)?;
        let Standing { customer, gate } = self.standing(actor, offering).await?;
        if gate.own_service {
            return Err(Error::Conflict("People of the provider do not review its services."));
        }
        let customer = customer.filter(|_| gate.allowed).ok_or(Error::Conflict(
            "You can review this service after 10 requests that were answered.",
        ))?;
        let core = self.0.core();
        let review = Written {
            id: core.id(ReviewId::new),
            offering,
            customer,
            user,
            stars,
            text,
            at: core.now(),
        };
        let mut tx = core.db().begin().await?;
        let id = store::reviews::write(&mut tx, &review).await?;
        if gate.own.is_some_and(|own| own.text != review.text) {
            store::reviews::reopen(&mut tx, id).await?;
        }
        let written = store::reviews::find(&mut tx, id).await?;
        self.publish(tx, offering).await?;
        Ok(written.ok_or(Error::Missing("review"))?.view)
    }

    /// Removes a review of one's own.
    pub async fn remove(&self, actor: &Actor, id: ReviewId) -> Result<()> {
        actor.must_be_person()?;
        let found = self.find(id).await?;
        if !actor.customers.contains(&found.customer) {
            return Err(Error::Missing("review"));
        }
        let mut tx = self.0.core().db().begin().await?;
        store::reviews::remove(&mut tx, id).await?;
        self.publish(tx, found.view.service_id).await
    }

    /// Whether the actor may answer reviews of a service: its provider's people may.
    pub async fn may_reply(&self, actor: &Actor, offering: OfferingId) -> Result<bool> {
        let seller = self.seller(offering)?;
        Ok(actor.user().is_some() && self.sells(actor, seller).await?)
    }

    /// Answers a review, or changes the answer.
    pub async fn reply(&self, actor: &Actor, id: ReviewId, text: &str) -> Result<()> {
        actor.must_be_person()?;
        let found = self.find_shown(id).await?;
        if !self.sells(actor, found.provider).await? {
            return Err(Error::Denied);
        }
        let text = plain("text", text, 1, LONGEST)?;
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        store::reviews::reply(&mut tx, id, &text, core.now()).await?;
        self.publish(tx, found.view.service_id).await
    }

    /// Tells the operator that something is wrong with a review; once per person, again changes nothing.
    pub async fn report(&self, actor: &Actor, id: ReviewId, fault: ReviewFault) -> Result<()> {
        let user = actor.must_be_person()?;
        let found = self.find_shown(id).await?;
        if actor.customers.contains(&found.customer) {
            return Err(Error::Conflict("This is your own review. Change or delete it instead."));
        }
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        store::reviews::report(&mut tx, id, user, fault, core.now()).await?;
        Ok(tx.commit().await?)
    }

    /// What waits for an operator's decision, the longest waiting first.
    pub async fn reported(&self, actor: &Actor) -> Result<Vec<ReportedReview>> {
        actor.must_operate()?;
        let mut tx = self.0.core().db().snapshot().await?;
        let found = store::reviews::reported(&mut tx, QUEUE).await?;
        let faults = store::reviews::faults(&mut tx).await?;
        drop(tx);
        let of = |id: ReviewId| faults.iter().filter(move |(of, ..)| *of == id);
        let reported = found.into_iter().map(|(review, first_reported_at)| ReportedReview {
            faults: of(review.view.id).map(|(_, fault, n)| (*fault, *n)).collect(),
            service: review.service,
            hidden: review.hidden,
            review: review.view,
            first_reported_at,
        });
        Ok(reported.collect())
    }

    /// Hides a review for a reason, or keeps it; either way its reports are settled.
    pub async fn moderate(
        &self,
        actor: &Actor,
        id: ReviewId,
        hide: bool,
        reason: &str,
    ) -> Result<()> {
        actor.must_operate()?;
        let reason = plain("reason", reason, usize::from(hide), LONGEST)?;
        let found = self.find(id).await?;
        let core = self.0.core();
        let now = core.now();
        let mut tx = core.db().begin().await?;
        store::reviews::hide(&mut tx, id, hide.then_some((now, reason.as_str()))).await?;
        store::reviews::settle(&mut tx, id, now).await?;
        self.publish(tx, found.view.service_id).await?;
        tracing::info!(review.id = %id, hide, reason, "a review was moderated");
        Ok(())
    }

    /// Commits a change of what is seen of a service, here at once and on the other servers within a tenth of a second.
    async fn publish(&self, mut tx: Tx, offering: OfferingId) -> Result<()> {
        store::catalog::mark_changed(&mut tx, offering).await?;
        tx.commit().await?;
        self.0.catch_up().await
    }

    async fn standing(&self, actor: &Actor, offering: OfferingId) -> Result<Standing> {
        actor.must_be_person()?;
        let seller = self.seller(offering)?;
        let db = self.0.core().db();
        let mut best: Option<(CustomerId, u64, Option<Review>)> = None;
        for customer in &actor.customers {
            let own = store::reviews::of_customer(db, offering, *customer).await?;
            let requests = store::reviews::successful_requests(db, offering, *customer).await?;
            // Who has reviewed for one organization changes that review; else the one with the most use speaks.
            let better = best
                .as_ref()
                .is_none_or(|(_, n, before)| (own.is_some(), requests) > (before.is_some(), *n));
            if better {
                best = Some((*customer, requests, own));
            }
        }
        let own_service = self.sells(actor, seller).await?;
        let (customer, requests, own) = match best {
            Some((customer, requests, own)) => (Some(customer), requests, own),
            None => (None, 0, None),
        };
        let gate = ReviewGate {
            allowed: !own_service && requests >= REQUESTS_NEEDED,
            requests,
            needed: REQUESTS_NEEDED,
            own_service,
            own: own.map(|review| review.view),
        };
        Ok(Standing { customer, gate })
    }

    /// Whose service it is, while it is on sale.
    fn seller(self, offering: OfferingId) -> Result<ProviderId> {
        let catalog = self.0.catalog();
        let detail = catalog.detail(offering).ok_or(Error::Missing("service"))?;
        Ok(detail.provider.id)
    }

    async fn sells(&self, actor: &Actor, provider: ProviderId) -> Result<bool> {
        Ok(self.0.identity().providers(actor).await?.contains(&provider))
    }

    async fn find(&self, id: ReviewId) -> Result<Review> {
        store::reviews::find(self.0.core().db(), id).await?.ok_or(Error::Missing("review"))
    }

    async fn find_shown(&self, id: ReviewId) -> Result<Review> {
        let found = self.find(id).await?;
        if found.hidden { Err(Error::Missing("review")) } else { Ok(found) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of reviews are far below 2^52")]
fn average(counted: &[(Stars, u64)], all: u64) -> Option<f64> {
    let sum: u64 = counted.iter().map(|(stars, n)| u64::from(stars.get()) * n).sum();
    (all > 0).then(|| sum as f64 / all as f64)
}
