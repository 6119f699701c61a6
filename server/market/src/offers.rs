//! Offerings as those who sell and who run the catalogue see them.

mod figures;
mod making;
mod moves;
mod parts;

use std::collections::{BTreeMap, BTreeSet};

use model::{OfferingId, PlanId, ScreenshotId};
use store::{
    components::Component,
    offerings::{OfferingRow, SHELF, read},
    screenshots::Screenshot,
};

pub use self::{
    making::{OfferChange, OfferDraft},
    moves::OfferMove,
};
use crate::{
    Actor, Asked, Clause, Error, FilterValue, Market, On, Permission, Result, plans::PlanDetail,
};

/// The service for offerings.
#[derive(Debug, Clone, Copy)]
pub struct Offers<'a>(pub(crate) &'a Market);

/// An offering with what belongs to it.
#[derive(Debug, Clone)]
pub struct Offer {
    pub row: OfferingRow,
    pub components: Vec<Component>,
    pub plans: Vec<PlanDetail>,
    pub screenshots: Vec<Screenshot>,
}

/// Which offerings are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those that the actor runs.
    Provider,
    /// Those that anybody may order, and paused ones that the actor has.
    Public,
    /// Both.
    Either,
}

fn texts(ids: Vec<String>) -> Vec<FilterValue> {
    ids.into_iter().map(FilterValue::from).collect()
}

impl Offers<'_> {
    fn sight(actor: Option<&Actor>, side: Side) -> Result<Option<Clause>> {
        let Some(actor) = actor else {
            return match side {
                Side::Public => Ok(Some(Clause::plain("o.state = 'active' AND o.shared = 1"))),
                Side::Provider | Side::Either => Err(Error::Anonymous),
            };
        };
        actor.must_be_person()?;
        let runs_all = actor.sees_all() || actor.may_everywhere(Permission::ManageOfferings);
        if runs_all {
            return Ok(match side {
                Side::Public => Some(Clause::plain("o.state IN ('active', 'paused')")),
                Side::Provider | Side::Either => None,
            });
        }
        let (own, managed) = (texts(actor.customer_scopes()), texts(actor.offering_scopes()));
        let projects = texts(actor.project_scopes());
        Ok(Some(match side {
            Side::Provider => {
                Clause::lists("(p.customer_id IN (?) OR o.id IN (?))", [own, managed])
            }
            Side::Public => {
                Clause::lists(store::offerings::ON_SALE_TO, [own.clone(), managed, own, projects])
            }
            Side::Either => Clause::lists(
                "(o.state = 'active' AND o.shared = 1) OR p.customer_id IN (?) OR o.id IN (?)",
                [own, managed],
            ),
        }))
    }

    /// A page of offerings.
    pub async fn list(
        &self,
        actor: Option<&Actor>,
        side: Side,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<Offer>, u64)> {
        let asked = asked.and_some(Self::sight(actor, side)?);
        let (rows, total) = SHELF.page(self.0.core().db(), &asked, range, read).await?;
        Ok((self.whole(rows).await?, total))
    }

    /// Adds what belongs to offerings.
    async fn whole(&self, rows: Vec<OfferingRow>) -> Result<Vec<Offer>> {
        let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let db = self.0.core().db();
        let mut components: BTreeMap<OfferingId, Vec<Component>> = BTreeMap::new();
        let mut plans: BTreeMap<OfferingId, Vec<PlanDetail>> = BTreeMap::new();
        let mut shots: BTreeMap<OfferingId, Vec<Screenshot>> = BTreeMap::new();
        let asked = Asked::default().and(Clause::of("k.offering_id IN (?)", ids.clone()));
        let found = store::components::SHELF
            .page(db, &asked, (100_000, 0), store::components::read)
            .await?;
        for one in found.0 {
            components.entry(one.offering).or_default().push(one);
        }
        for one in self.0.plans().of_offerings(&ids).await? {
            plans.entry(one.plan.offering).or_default().push(one);
        }
        let asked = Asked::default().and(Clause::of("s.offering_id IN (?)", ids));
        for one in
            store::screenshots::SHELF.all(db, &asked, 10_000, store::screenshots::read).await?
        {
            shots.entry(one.offering).or_default().push(one);
        }
        let whole = |row: OfferingRow| Offer {
            components: components.remove(&row.id).unwrap_or_default(),
            plans: plans.remove(&row.id).unwrap_or_default(),
            screenshots: shots.remove(&row.id).unwrap_or_default(),
            row,
        };
        Ok(rows.into_iter().map(whole).collect())
    }

    /// One offering.
    pub async fn find(&self, actor: Option<&Actor>, side: Side, id: OfferingId) -> Result<Offer> {
        let asked = Asked::default()
            .and(Clause::of("o.id IN (?)", [id.to_string()]))
            .and_some(Self::sight(actor, side)?);
        let found = SHELF.one(self.0.core().db(), &asked, read).await?;
        let found = self.whole(vec![found.ok_or(Error::Missing("offering"))?]).await?;
        found.into_iter().next().ok_or(Error::Missing("offering"))
    }

    /// One offering whoever asks.
    pub(crate) async fn known(&self, id: OfferingId) -> Result<Option<OfferingRow>> {
        let asked = Asked::default().and(Clause::of("o.id IN (?)", [id.to_string()]));
        Ok(SHELF.one(self.0.core().db(), &asked, read).await?)
    }

    /// The offering, if the actor runs it; one that the actor cannot see does not exist.
    pub(crate) async fn managed(&self, actor: &Actor, id: OfferingId) -> Result<OfferingRow> {
        let found = self.find(Some(actor), Side::Either, id).await?.row;
        let on = On::offering(found.customer, id);
        if actor.may(Permission::ManageOfferings, on) { Ok(found) } else { Err(Error::Denied) }
    }

    /// The plans of an offering that can be ordered.
    pub async fn plans(
        &self,
        actor: Option<&Actor>,
        id: OfferingId,
        plan: Option<PlanId>,
    ) -> Result<Vec<PlanDetail>> {
        let offer = self.find(actor, Side::Public, id).await?;
        let kept = |one: &PlanDetail| {
            one.plan.archived_at.is_none() && plan.is_none_or(|id| id == one.plan.id)
        };
        Ok(offer.plans.into_iter().filter(kept).collect())
    }

    /// Which of these pictures' offerings the actor may see.
    pub(crate) async fn sees(
        &self,
        actor: Option<&Actor>,
        shot: ScreenshotId,
    ) -> Result<Option<Screenshot>> {
        let db = self.0.core().db();
        let asked = Asked::default().and(Clause::of("s.id IN (?)", [shot.to_string()]));
        let found = store::screenshots::SHELF.one(db, &asked, store::screenshots::read).await?;
        let Some(found) = found else { return Ok(None) };
        let sides: BTreeSet<bool> = BTreeSet::from([actor.is_some(), false]);
        for own in sides {
            let side = if own { Side::Either } else { Side::Public };
            if self.find(actor, side, found.offering).await.is_ok() {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}
