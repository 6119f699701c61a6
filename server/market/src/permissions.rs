//! Who may do what: the one table that every service asks.

use model::{CustomerId, OfferingId, ProjectId, Role, ScopeKind, ScopeRole};

use crate::{Actor, Error, Result};

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Make, archive, delete, block customers; set their quotas and tax.
    RunCustomers,
    /// Change what a customer says of itself.
    UpdateCustomer,
    /// Give and take roles in a customer, invite people to it.
    ManageTeam,
    /// Make and remove projects.
    ManageProjects,
    /// Change a project.
    UpdateProject,
    /// Give and take roles in a project.
    ManageProjectTeam,
    /// Make somebody a provider.
    RegisterProvider,
    /// The shelves.
    ManageCategories,
    /// Offerings, their plans, components, prices and states.
    ManageOfferings,
    /// Give and take roles in an offering: who runs the catalogue does not make themselves a seller's.
    ManageOfferingTeam,
    /// Order, switch plans, change limits, end.
    PlaceOrders,
    /// Consent to an order for the customer.
    ApproveAsConsumer,
    /// Consent to an order for the provider, and tell how it goes.
    ApproveAsProvider,
    /// Change what a resource is called.
    UpdateResource,
    /// Tell what was used.
    SetUsage,
    /// See invoices and wallets.
    SeeBilling,
    /// Make invoices, mark them paid, cancel them, give credits.
    ManageBilling,
    /// Numbers about the whole marketplace.
    SeeStats,
    /// Open and see tickets of a customer.
    OpenTickets,
    /// Take, answer and settle tickets.
    ManageTickets,
    /// See the addresses of a customer's people.
    SeeMembers,
    /// See everybody's account.
    SeeUsers,
    /// Change everybody's account.
    ManageUsers,
    /// See what was done.
    SeeEvents,
}

/// Operators with a permission, and roles that have it within their scope. For what a provider does, the scope is the
/// provider's customer or the offering.
const fn holders(permission: Permission) -> (&'static [Role], &'static [ScopeRole]) {
    use Role::{CatalogManager, Finance, Integration, Staff, Support};
    use ScopeRole::{
        CustomerManager, CustomerOwner, CustomerSupport, OfferingManager, ProjectAdmin,
        ProjectManager, ProjectMember,
    };
    match permission {
        Permission::RunCustomers | Permission::ManageUsers => (&[Staff], &[]),
        Permission::UpdateCustomer | Permission::ManageTeam | Permission::RegisterProvider => {
            (&[Staff], &[CustomerOwner])
        }
        Permission::ManageProjects => (&[Staff], &[CustomerOwner, CustomerManager]),
        Permission::UpdateProject | Permission::ManageProjectTeam => {
            (&[Staff], &[CustomerOwner, CustomerManager, ProjectManager])
        }
        Permission::ManageCategories => (&[Staff, CatalogManager], &[]),
        Permission::ManageOfferings => {
            (&[Staff, CatalogManager], &[CustomerOwner, CustomerManager, OfferingManager])
        }
        Permission::PlaceOrders => (
            &[Staff, Integration],
            &[CustomerOwner, CustomerManager, ProjectAdmin, ProjectManager, ProjectMember],
        ),
        Permission::ApproveAsProvider | Permission::ManageOfferingTeam => {
            (&[Staff], &[CustomerOwner, CustomerManager, OfferingManager])
        }
        Permission::ApproveAsConsumer | Permission::UpdateResource => {
            (&[Staff], &[CustomerOwner, CustomerManager, ProjectAdmin, ProjectManager])
        }
        Permission::SetUsage => {
            (&[Staff, Integration], &[CustomerOwner, CustomerManager, OfferingManager])
        }
        Permission::SeeBilling => {
            (&[Staff, Support, Finance], &[CustomerOwner, CustomerManager, CustomerSupport])
        }
        Permission::ManageBilling => (&[Staff, Finance], &[]),
        Permission::SeeStats => (&[Staff, Support, Finance], &[]),
        Permission::OpenTickets => (
            &[Staff, Support],
            &[
                CustomerOwner,
                CustomerManager,
                CustomerSupport,
                ProjectAdmin,
                ProjectManager,
                ProjectMember,
            ],
        ),
        Permission::ManageTickets | Permission::SeeUsers => (&[Staff, Support], &[]),
        Permission::SeeMembers | Permission::SeeEvents => {
            (&[Staff, Support], &[CustomerOwner, CustomerManager])
        }
    }
}

impl Permission {
    const ALL: [(Self, &'static str); 15] = [
        (Self::UpdateCustomer, "CUSTOMER.UPDATE"),
        (Self::ManageTeam, "CUSTOMER.CREATE_PERMISSION"),
        (Self::ManageProjects, "PROJECT.CREATE"),
        (Self::UpdateProject, "PROJECT.UPDATE"),
        (Self::ManageProjectTeam, "PROJECT.CREATE_PERMISSION"),
        (Self::RegisterProvider, "SERVICE_PROVIDER.REGISTER"),
        (Self::ManageOfferings, "OFFERING.UPDATE"),
        (Self::PlaceOrders, "ORDER.CREATE"),
        (Self::ApproveAsConsumer, "ORDER.APPROVE_PRIVATE"),
        (Self::ApproveAsProvider, "ORDER.APPROVE"),
        (Self::UpdateResource, "RESOURCE.UPDATE"),
        (Self::SetUsage, "RESOURCE.SET_USAGE"),
        (Self::SeeBilling, "INVOICE.LIST"),
        (Self::OpenTickets, "ISSUE.CREATE"),
        (Self::SeeEvents, "EVENT.LIST"),
    ];

    /// What a role may do within its scope, by the names that programs know.
    pub fn of(role: ScopeRole) -> Vec<&'static str> {
        let held =
            Self::ALL.iter().filter(|(permission, _)| holders(*permission).1.contains(&role));
        held.map(|(_, name)| *name).collect()
    }
}

/// A role that somebody has somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub kind: ScopeKind,
    /// The id of the customer, project or offering.
    pub scope: String,
    /// The customer that the scope belongs to.
    pub customer: CustomerId,
    pub role: ScopeRole,
}

/// What an act is about: it belongs to a customer, and perhaps to one of its projects or offerings.
#[derive(Debug, Clone, Copy)]
pub struct On {
    customer: CustomerId,
    project: Option<ProjectId>,
    offering: Option<OfferingId>,
}

impl On {
    pub const fn customer(customer: CustomerId) -> Self {
        Self { customer, project: None, offering: None }
    }

    pub const fn project(customer: CustomerId, project: ProjectId) -> Self {
        Self { customer, project: Some(project), offering: None }
    }

    /// An offering of a provider; the customer is the provider's.
    pub const fn offering(seller: CustomerId, offering: OfferingId) -> Self {
        Self { customer: seller, project: None, offering: Some(offering) }
    }

    fn covered_by(&self, grant: &Grant) -> bool {
        grant.customer == self.customer
            && match grant.kind {
                ScopeKind::Customer => true,
                ScopeKind::Project => self.project.is_some_and(|id| grant.scope == id.to_string()),
                ScopeKind::Offering => {
                    self.offering.is_some_and(|id| grant.scope == id.to_string())
                }
            }
    }
}

impl Actor {
    /// The roles that the actor has.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// Whether the actor's operator role has the permission everywhere.
    pub fn may_everywhere(&self, permission: Permission) -> bool {
        self.resource.is_none()
            && self.role.is_some_and(|role| holders(permission).0.contains(&role))
    }

    /// Whether the actor has the permission there.
    pub fn may(&self, permission: Permission, on: On) -> bool {
        let roles = holders(permission).1;
        self.may_everywhere(permission)
            || (self.resource.is_none()
                && self.grants.iter().any(|g| roles.contains(&g.role) && on.covered_by(g)))
    }

    /// Whether the actor knows of it at all: operators who see everything, and whoever has a role there.
    pub fn knows(&self, on: On) -> bool {
        self.sees_all() || self.grants.iter().any(|grant| on.covered_by(grant))
    }

    /// Whether the actor sees every tenant's things.
    pub fn sees_all(&self) -> bool {
        self.resource.is_none()
            && matches!(self.role, Some(Role::Staff | Role::Support | Role::Finance))
    }

    /// The permission there, or `Denied`; what the actor does not know of is missing.
    pub fn must(&self, permission: Permission, on: On, kind: &'static str) -> Result<()> {
        if self.may(permission, on) {
            Ok(())
        } else if self.knows(on) {
            Err(Error::Denied)
        } else {
            Err(Error::Missing(kind))
        }
    }

    /// The permission everywhere, or `Denied`.
    pub fn must_everywhere(&self, permission: Permission) -> Result<()> {
        if self.may_everywhere(permission) { Ok(()) } else { Err(Error::Denied) }
    }

    /// The customers in which the actor has the permission by a role in the customer itself.
    pub fn customers_with(&self, permission: Permission) -> Vec<CustomerId> {
        let roles = holders(permission).1;
        let held = self.grants.iter().filter(|g| g.kind == ScopeKind::Customer);
        let mut found: Vec<_> =
            held.filter(|g| roles.contains(&g.role)).map(|g| g.customer).collect();
        found.dedup();
        found
    }

    /// The ids of the projects in which the actor has a role of the project's own.
    pub fn project_scopes(&self) -> Vec<String> {
        self.scopes_of(ScopeKind::Project)
    }

    /// The ids of the offerings in which the actor has a role of the offering's own.
    pub fn offering_scopes(&self) -> Vec<String> {
        self.scopes_of(ScopeKind::Offering)
    }

    fn scopes_of(&self, kind: ScopeKind) -> Vec<String> {
        self.grants.iter().filter(|g| g.kind == kind).map(|g| g.scope.clone()).collect()
    }

    /// The ids of the customers in which the actor has a role of the customer's own.
    pub fn customer_scopes(&self) -> Vec<String> {
        self.customers.iter().map(ToString::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(role: ScopeRole, scope: &str, customer: CustomerId) -> Actor {
        let grant = Grant { kind: role.scope(), scope: scope.to_owned(), customer, role };
        Actor::for_tests(None, vec![grant])
    }

    #[test]
    fn a_role_reaches_as_far_as_its_scope() {
        let (ours, theirs) = (CustomerId::new(1, [1; 10]), CustomerId::new(1, [2; 10]));
        let (one, other) = (ProjectId::new(1, [3; 10]), ProjectId::new(1, [4; 10]));
        let owner = member(ScopeRole::CustomerOwner, &ours.to_string(), ours);
        assert!(owner.may(Permission::PlaceOrders, On::project(ours, one)));
        assert!(!owner.may(Permission::PlaceOrders, On::project(theirs, other)));
        assert!(matches!(
            owner.must(Permission::ManageTeam, On::customer(theirs), "customer"),
            Err(Error::Missing(_))
        ));

        let worker = member(ScopeRole::ProjectMember, &one.to_string(), ours);
        assert!(worker.may(Permission::PlaceOrders, On::project(ours, one)));
        assert!(!worker.may(Permission::PlaceOrders, On::project(ours, other)));
        assert!(matches!(
            worker.must(Permission::ApproveAsConsumer, On::project(ours, one), "order"),
            Err(Error::Denied)
        ));
        assert!(!worker.knows(On::customer(ours)));
    }

    #[test]
    fn operators_have_their_trade() {
        let finance = Actor::for_tests(Some(Role::Finance), vec![]);
        assert!(finance.may_everywhere(Permission::ManageBilling));
        assert!(!finance.may_everywhere(Permission::ManageTickets));
        let support = Actor::for_tests(Some(Role::Support), vec![]);
        assert!(support.may_everywhere(Permission::ManageTickets));
        assert!(!support.may_everywhere(Permission::ManageBilling));
        let catalog = Actor::for_tests(Some(Role::CatalogManager), vec![]);
        assert!(catalog.may_everywhere(Permission::ManageOfferings));
        assert!(!catalog.sees_all());
    }
}
