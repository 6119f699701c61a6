//! Who asks, and what that allows.

use model::{CustomerId, ResourceId, Role, SessionId, UserId};

use crate::{Error, Result, permissions::Grant, tokens::Reach};

/// Somebody or something whose identity was checked. Only `Identity` makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub(crate) user: Option<UserId>,
    pub(crate) role: Option<Role>,
    /// The customers that it has a role in, the oldest first; a role in a project or offering alone is in `grants` only.
    pub(crate) customers: Vec<CustomerId>,
    /// Every role that holds now, in customers, projects and offerings.
    pub(crate) grants: Vec<Grant>,
    /// Set when a resource's key was presented: the key speaks for that resource only.
    pub(crate) resource: Option<ResourceId>,
    /// The browser's session, when it was one that asked.
    pub(crate) session: Option<SessionId>,
    /// What an access token leaves of its owner's power, when it was one that was presented.
    pub(crate) reach: Option<Reach>,
}

impl Actor {
    pub const fn user(&self) -> Option<UserId> {
        self.user
    }

    /// Whether what was presented is good for a request at a path, which changes something or only reads.
    pub fn reaches(&self, path: &str, changes: bool) -> bool {
        self.reach.is_none_or(|reach| reach.admits(path, changes))
    }

    /// The resource whose key was presented.
    pub const fn resource(&self) -> Option<ResourceId> {
        self.resource
    }

    /// True for who may run the marketplace.
    pub fn is_operator(&self) -> bool {
        self.role == Some(Role::Staff)
    }

    /// A name for it that does not change: what idempotency keys belong to.
    pub fn scope(&self) -> String {
        match (self.user, self.resource) {
            (Some(user), _) => format!("user:{user}"),
            (None, Some(resource)) => format!("resource:{resource}"),
            (None, None) => "nobody".to_owned(),
        }
    }

    /// Operators and integrations may provision and add credits.
    pub(crate) fn must_integrate(&self) -> Result<()> {
        match self.role {
            Some(Role::Staff | Role::Integration) => Ok(()),
            Some(Role::Support | Role::Finance | Role::CatalogManager) | None => Err(Error::Denied),
        }
    }

    /// Operators alone decide about what others have said.
    pub(crate) fn must_operate(&self) -> Result<()> {
        if self.is_operator() { Ok(()) } else { Err(Error::Denied) }
    }

    /// A key may not do what only a person may.
    pub(crate) fn must_be_person(&self) -> Result<UserId> {
        self.user.ok_or(Error::Denied)
    }

    /// The customer meant: the one named, which must be one of the actor's, or the first.
    pub(crate) fn customer(&self, named: Option<CustomerId>) -> Result<CustomerId> {
        match named {
            None => self.customers.first().copied().ok_or(Error::Missing("organization")),
            Some(id) if self.customers.contains(&id) || self.is_operator() => Ok(id),
            Some(_) => Err(Error::Missing("organization")),
        }
    }

    /// What is a foreign customer's does not exist for the actor.
    pub(crate) fn must_see(
        &self,
        owner: CustomerId,
        resource: ResourceId,
        kind: &'static str,
    ) -> Result<()> {
        let own = self.customers.contains(&owner)
            && self.resource.is_none_or(|presented| presented == resource);
        if own || self.is_operator() { Ok(()) } else { Err(Error::Missing(kind)) }
    }

    /// Somebody with these roles, for tests of rules.
    #[cfg(test)]
    pub(crate) fn for_tests(role: Option<Role>, grants: Vec<Grant>) -> Self {
        let customers = grants.iter().filter(|g| g.kind == model::ScopeKind::Customer);
        let customers = customers.map(|g| g.customer).collect();
        Self { user: None, role, customers, grants, resource: None, session: None, reach: None }
    }
}
