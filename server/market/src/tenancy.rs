//! What holds for every change in a tenant: it is there, it is not blocked, and it has room.

use model::{CustomerId, Quota};
use store::{Db, Tx};

use crate::{Actor, Error, Permission, Result};

/// Told whoever wants something for a blocked customer.
pub(crate) const BLOCKED: &str = "The organization is blocked. The operator can unblock it.";

/// Keeps others from changing what belongs to a customer until the transaction ends; refuses for a blocked one.
pub(crate) async fn lock_open(tx: &mut Tx, customer: CustomerId) -> Result<()> {
    if !store::customers::lock(tx, customer).await? {
        return Err(Error::Missing("organization"));
    }
    let found = store::customers::find(&mut *tx, customer).await?;
    match found.ok_or(Error::Missing("organization"))?.blocked_at {
        Some(_) => Err(Error::Conflict(BLOCKED)),
        None => Ok(()),
    }
}

/// The same for what operators may do for a blocked customer, too.
pub(crate) async fn lock_for(tx: &mut Tx, actor: &Actor, customer: CustomerId) -> Result<()> {
    if !actor.may_everywhere(Permission::ManageOfferings) {
        return lock_open(tx, customer).await;
    }
    if store::customers::lock(tx, customer).await? {
        Ok(())
    } else {
        Err(Error::Missing("organization"))
    }
}

/// Refuses for a blocked customer what is done without a transaction.
pub(crate) async fn must_be_open(db: &Db, actor: &Actor, customer: CustomerId) -> Result<()> {
    let found = store::customers::find(db, customer).await?;
    match found.ok_or(Error::Missing("organization"))?.blocked_at {
        Some(_) if !actor.is_operator() => Err(Error::Conflict(BLOCKED)),
        _ => Ok(()),
    }
}

/// Refuses when a customer has as many as its quota allows. The customer must be locked, so that the count stays true.
pub(crate) async fn must_have_room(tx: &mut Tx, customer: CustomerId, quota: Quota) -> Result<()> {
    let Some(most) = store::quotas::limit(&mut *tx, customer, quota).await? else { return Ok(()) };
    if store::quotas::used(&mut *tx, customer, quota).await? < most {
        return Ok(());
    }
    Err(Error::Conflict(match quota {
        Quota::Projects => {
            "The quota of projects (nc_project_count) is used up. The operator can raise it."
        }
        Quota::Resources => {
            "The quota of resources (nc_resource_count) is used up. The operator can raise it."
        }
    }))
}
