//! People and tenants on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CustomerId, Email, FullName, PasskeyId, ProjectId, SessionId, Timestamp, UserId};

crate::offerings::words! {
    /// What somebody may do beyond their own customers.
    Role {
        /// Everything.
        Staff = "staff",
        /// Sees everything, and works on tickets.
        Support = "support",
        /// Sees everything, and works on billing.
        Finance = "finance",
        /// Works on offerings and categories.
        CatalogManager = "catalog_manager",
        /// Programs that provision and add credits; no console.
        Integration = "integration",
    }
}

/// A request for an account.
#[derive(Clone, Deserialize)]
pub struct Register {
    pub email: Email,
    pub password: String,
    pub full_name: FullName,
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Register({})", self.email)
    }
}

/// What a new account is answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    pub token: String,
    pub user_uuid: UserId,
    pub customer_uuid: CustomerId,
}

/// A name and a password, to be checked.
#[derive(Clone, Deserialize)]
pub struct SignIn {
    pub username: String,
    pub password: String,
    /// A code of the second factor, where there is one: of the app, or a recovery code.
    #[serde(default)]
    pub otp: Option<String>,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignIn(…)")
    }
}

/// A browser that somebody is signed in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    pub id: SessionId,
    pub created_at: Timestamp,
    /// Known to the minute.
    pub seen_at: Timestamp,
    /// What the browser says that it is; anybody's word.
    pub user_agent: String,
    pub address: String,
    /// The one that asks.
    pub current: bool,
    /// The identity provider that vouched for it.
    pub issuer: Option<String>,
}

/// A key of a device that somebody signs in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyView {
    pub id: PasskeyId,
    pub name: String,
    pub created_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

/// How somebody's sign-in is kept safe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityView {
    pub email: String,
    pub full_name: String,
    pub verified_at: Option<Timestamp>,
    /// False for who has only ever come from an identity provider.
    pub has_password: bool,
    pub second_factor_at: Option<Timestamp>,
    /// Recovery codes that were not used.
    pub recovery_codes: u64,
    /// Where identity providers know the person.
    pub issuers: Vec<String>,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserView {
    pub id: UserId,
    pub email: String,
    pub full_name: String,
    pub customers: Vec<CustomerView>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// A customer that the user belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerView {
    pub id: CustomerId,
    pub name: String,
    pub projects: Vec<ProjectView>,
}

/// A project of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectView {
    pub id: ProjectId,
    pub name: String,
}
