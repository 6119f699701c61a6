//! How what was used is divided among the people of a resource, as the provider tells it.

use model::{UsageId, UserId};
use serde_json::json;
use store::{
    usages,
    user_usages::{self, SHELF, UserUsage, read},
};

use crate::{
    Actor, Asked, Clause, Error, On, Permission, Result, Usages,
    audit::Deed,
    usages::{MOST, seen},
};

/// How many people an amount is divided among at most.
const MOST_PEOPLE: usize = 10_000;
/// How many people's parts are told at once.
const MOST_AT_ONCE: usize = 1_000;

/// One person's part of an amount.
#[derive(Debug, Clone)]
pub struct Part {
    /// The name that the provider knows the person by.
    pub username: String,
    /// The person's account here, where it is known.
    pub user: Option<UserId>,
    /// Millionths of the measured unit.
    pub amount: i64,
}

impl Usages<'_> {
    /// A page of the parts of what the actor may see.
    pub async fn parts(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<UserUsage>, u64)> {
        let asked = asked.and_some(seen(actor));
        Ok(SHELF.page(self.0.core().db(), &asked, range, read).await?)
    }

    /// One of them.
    pub async fn part(&self, actor: &Actor, id: UsageId) -> Result<UserUsage> {
        let asked =
            Asked::default().and(Clause::of("w.id = ?", [id.to_string()])).and_some(seen(actor));
        let found = SHELF.one(self.0.core().db(), &asked, read).await?;
        found.ok_or(Error::Missing("usage"))
    }

    /// How an amount is divided among people.
    pub async fn of_users(&self, actor: &Actor, id: UsageId) -> Result<Vec<(String, i64)>> {
        self.find(actor, id).await?;
        Ok(user_usages::of_usage(self.0.core().db(), id).await?)
    }

    /// Sets how much of an amount was whose; all of it or, when one part is wrong, nothing.
    pub async fn divide(&self, actor: &Actor, id: UsageId, parts: &[Part]) -> Result<()> {
        let usage = self.find(actor, id).await?;
        let target = usages::target(self.0.core().db(), usage.resource).await?;
        let target = target.ok_or(Error::Missing("usage"))?;
        // Whoever sees it as a buyer knows that it is there.
        if !actor.may(Permission::SetUsage, On::offering(target.seller, target.offering)) {
            return Err(Error::Denied);
        }
        if parts.len() > MOST_AT_ONCE {
            let sentence = format!("Ensure this field has no more than {MOST_AT_ONCE} elements.");
            return Err(Error::field("usages", sentence));
        }
        if parts.iter().any(|part| !(0..=MOST).contains(&part.amount)) {
            return Err(Error::field("usage", "An amount is from 0 to 1000000000000."));
        }
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        store::customers::lock(&mut tx, target.customer).await?;
        let people = user_usages::of_usage(&mut tx, id).await?;
        let known = |part: &&Part| people.iter().any(|(name, _)| *name == part.username);
        if people.len() + parts.iter().filter(|part| !known(part)).count() > MOST_PEOPLE {
            return Err(Error::Conflict("The amount is divided among 10000 people."));
        }
        for part in parts {
            if let Some(user) = part.user
                && store::users::find(&mut tx, user).await?.is_none()
            {
                return Err(Error::field("user", crate::WRONG_LINK));
            }
            let person = (part.username.as_str(), part.user);
            let row = core.id(UsageId::new);
            user_usages::tell(&mut tx, row, id, person, part.amount, core.now()).await?;
            let deed = Deed::new(
                "component_user_usage_set",
                format!("The use of {} was told.", part.username),
                "component_usage",
                id,
            )
            .of(target.customer)
            .in_project(target.project)
            .with(json!({ "username": part.username, "usage": part.amount }));
            self.0.note(&mut tx, Some(actor), deed).await?;
        }
        Ok(tx.commit().await?)
    }
}
