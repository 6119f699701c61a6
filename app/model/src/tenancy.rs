//! Roles in tenants, and what an invitation has become.

crate::offerings::words! {
    /// What somebody is in a customer, a project or an offering.
    ScopeRole {
        CustomerOwner = "CUSTOMER.OWNER",
        CustomerManager = "CUSTOMER.MANAGER",
        CustomerSupport = "CUSTOMER.SUPPORT",
        ProjectAdmin = "PROJECT.ADMIN",
        ProjectManager = "PROJECT.MANAGER",
        ProjectMember = "PROJECT.MEMBER",
        OfferingManager = "OFFERING.MANAGER",
    }

    /// What a role can be held in.
    ScopeKind {
        Customer = "customer",
        Project = "project",
        Offering = "offering",
    }

    /// Where an invitation stands.
    InvitationState {
        Pending = "pending",
        Accepted = "accepted",
        Canceled = "canceled",
        Rejected = "rejected",
        Expired = "expired",
    }

    /// What a customer may have only so many of.
    Quota {
        Projects = "nc_project_count",
        Resources = "nc_resource_count",
    }
}

impl ScopeRole {
    /// What it can be held in.
    pub const fn scope(self) -> ScopeKind {
        match self {
            Self::CustomerOwner | Self::CustomerManager | Self::CustomerSupport => {
                ScopeKind::Customer
            }
            Self::ProjectAdmin | Self::ProjectManager | Self::ProjectMember => ScopeKind::Project,
            Self::OfferingManager => ScopeKind::Offering,
        }
    }

    /// As people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::CustomerOwner => "Owner",
            Self::CustomerManager => "Manager",
            Self::CustomerSupport => "Support",
            Self::ProjectAdmin => "Project admin",
            Self::ProjectManager => "Project manager",
            Self::ProjectMember => "Project member",
            Self::OfferingManager => "Offering manager",
        }
    }
}
