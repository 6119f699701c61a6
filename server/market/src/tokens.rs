//! Access tokens: what people make for their programs, with less power than they have themselves.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use model::{AccessTokenId, Timestamp, Title};
use serde_json::json;
use store::access_tokens::{AccessToken, SHELF, read};

use crate::{
    Actor, Asked, Clause, Error, Market, Result,
    audit::Deed,
    secrets::{random_hex, sha256},
};

/// What a token may be for, and what that is.
pub const TOKEN_SCOPES: &[(&str, &str)] = &[
    ("read", "See what you can see"),
    ("write", "Change what you can change, except orders, billing, roles and hooks"),
    ("orders", "Order, approve and end services"),
    ("billing", "Invoices, payments and credits"),
    ("staff", "Use your operator role"),
];

/// How many tokens somebody has at most.
const MOST: u64 = 50;
/// How long a token lasts where nothing is said, and at most, in milliseconds: one year, ten years.
const USUAL_MS: i64 = 365 * 24 * 3_600_000;
const LONGEST_MS: i64 = 10 * USUAL_MS;
/// How many networks a token has at most.
const MOST_NETWORKS: usize = 50;
/// How many characters of a token are shown.
const PREFIX: usize = 8;

/// The service for them.
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'a>(pub(crate) &'a Market);

/// A token as it is asked for.
#[derive(Debug, Clone, Default)]
pub struct TokenDraft {
    pub name: String,
    pub scopes: Vec<String>,
    pub networks: Vec<String>,
    pub expires_at: Option<Timestamp>,
}

/// What a token leaves of its owner's power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each stands for a scope")]
pub(crate) struct Reach {
    pub read: bool,
    pub write: bool,
    pub orders: bool,
    pub billing: bool,
    pub staff: bool,
}

impl Reach {
    fn of(scopes: &[String]) -> Self {
        let has = |name: &str| scopes.iter().any(|scope| scope == name);
        Self {
            read: has("read"),
            write: has("write"),
            orders: has("orders"),
            billing: has("billing"),
            staff: has("staff"),
        }
    }

    /// Whether a request at a path is within reach.
    pub fn admits(self, path: &str, changes: bool) -> bool {
        (!changes && self.read) || self.covers(path)
    }

    /// Whether a request that changes something at a path is within reach.
    fn covers(self, path: &str) -> bool {
        let under = |starts: &[&str]| starts.iter().any(|start| path.starts_with(start));
        if under(&["/api/marketplace-orders", "/api/marketplace-resources", "/v1/services"]) {
            self.orders
        } else if under(&[
            "/api/invoices",
            "/api/payment",
            "/api/customer-credits",
            "/api/project-credits",
            "/billing/",
            "/integrations/",
        ]) {
            self.billing
        } else if under(&["/api/hooks-web", "/api/user-invitations"])
            || ["/add_user", "/update_user"]
                .iter()
                .any(|end| path.trim_end_matches('/').ends_with(end))
        {
            // Roles and messages that go on without the token are more than to write; operators' programs may.
            self.write && self.staff
        } else if under(&["/api/personal-access-tokens", "/api-auth", "/account"]) {
            // A token makes no other that could do more, and signs nobody in.
            false
        } else {
            self.write
        }
    }
}

/// Uses of tokens that are not yet written down.
#[derive(Debug, Default)]
pub(crate) struct Uses(Mutex<HashMap<AccessTokenId, Use>>);

/// When a token was last used, from where, and how often since it was last noted.
type Use = (Timestamp, Option<String>, i64);

impl Uses {
    fn note(&self, id: AccessTokenId, at: Timestamp, from: Option<IpAddr>) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = uses.entry(id).or_insert((at, None, 0));
        entry.0 = at;
        entry.1 = from.map(|ip| ip.to_string()).or_else(|| entry.1.take());
        entry.2 += 1;
    }

    pub(crate) fn take(&self) -> Vec<(AccessTokenId, Timestamp, Option<String>, i64)> {
        let taken = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        taken.into_iter().map(|(id, (at, from, times))| (id, at, from, times)).collect()
    }
}

impl Tokens<'_> {
    /// The actor's own tokens.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<AccessToken>, u64)> {
        let user = actor.must_be_person()?;
        let asked = asked
            .and(Clause::of("t.user_id = ?", [user.to_string()]))
            .and(Clause::plain("t.revoked_at IS NULL"));
        Ok(SHELF.page(self.0.core().db(), &asked, range, read).await?)
    }

    /// One of the actor's own tokens.
    pub async fn find(&self, actor: &Actor, id: AccessTokenId) -> Result<AccessToken> {
        let user = actor.must_be_person()?;
        let found = store::access_tokens::find(self.0.core().db(), id, user).await?;
        found.ok_or(Error::Missing("token"))
    }

    /// Makes a token; the secret is shown this once.
    pub async fn create(&self, actor: &Actor, draft: TokenDraft) -> Result<(AccessToken, String)> {
        let user = actor.must_be_person()?;
        let core = self.0.core();
        let now = core.now();
        let name: Title = draft.name.parse().map_err(|wrong| Error::field("name", wrong))?;
        if draft.scopes.is_empty() {
            return Err(Error::field("scopes", "This list may not be empty."));
        }
        let mut scopes = draft.scopes;
        scopes.sort();
        scopes.dedup();
        for scope in &scopes {
            if !TOKEN_SCOPES.iter().any(|(known, _)| known == scope) {
                let shown: String = scope.chars().take(100).collect();
                let message = format!("\"{shown}\" is not a valid choice.");
                return Err(Error::field("scopes", message));
            }
        }
        // It would come to life with a role that is given later, which nobody who gives one expects.
        if actor.role.is_none() && scopes.iter().any(|scope| scope == "staff") {
            return Err(Error::field("scopes", "\"staff\" is for who has an operator role."));
        }
        let expires_at = draft.expires_at.unwrap_or(now.plus_ms(USUAL_MS));
        if expires_at <= now || expires_at > now.plus_ms(LONGEST_MS) {
            let message = "The end is in the future, within ten years.";
            return Err(Error::field("expires_at", message));
        }
        let secret = random_hex(core.entropy(), 20);
        let token = AccessToken {
            id: core.id(AccessTokenId::new),
            user,
            name: name.as_str().to_owned(),
            prefix: secret.chars().take(PREFIX).collect(),
            scopes,
            networks: networks(&draft.networks)?,
            created_at: now,
            expires_at: Some(expires_at),
            last_used_at: None,
            last_used_ip: None,
            uses: 0,
            revoked_at: None,
        };
        let mut tx = core.db().begin().await?;
        // The owner's row is locked, so that the count stays true.
        store::users::lock(&mut tx, user).await?;
        if store::access_tokens::live(&mut tx, user).await? >= MOST {
            return Err(Error::Conflict("You have 50 tokens. Revoke one that is no longer used."));
        }
        store::access_tokens::insert(&mut tx, &token, sha256(secret.as_bytes())).await?;
        self.0.note(&mut tx, Some(actor), deed("token_created", &token, "created")).await?;
        tx.commit().await?;
        Ok((token, secret))
    }

    /// Puts another token with the same powers in the place of one.
    pub async fn rotate(&self, actor: &Actor, id: AccessTokenId) -> Result<(AccessToken, String)> {
        let user = actor.must_be_person()?;
        let core = self.0.core();
        let now = core.now();
        let secret = random_hex(core.entropy(), 20);
        let mut tx = core.db().begin().await?;
        let old = store::access_tokens::find(&mut tx, id, user).await?;
        let old = old.ok_or(Error::Missing("token"))?;
        if store::access_tokens::revoke(&mut tx, id, now).await? == 0 {
            return Err(Error::Missing("token"));
        }
        let token = AccessToken {
            id: core.id(AccessTokenId::new),
            prefix: secret.chars().take(PREFIX).collect(),
            created_at: now,
            last_used_at: None,
            last_used_ip: None,
            uses: 0,
            ..old
        };
        store::access_tokens::insert(&mut tx, &token, sha256(secret.as_bytes())).await?;
        self.0.note(&mut tx, Some(actor), deed("token_rotated", &token, "rotated")).await?;
        tx.commit().await?;
        Ok((token, secret))
    }

    /// Says from where a token may be used.
    pub async fn set_networks(
        &self,
        actor: &Actor,
        id: AccessTokenId,
        from: &[String],
    ) -> Result<AccessToken> {
        let user = actor.must_be_person()?;
        let from = networks(from)?;
        let mut tx = self.0.core().db().begin().await?;
        let token = store::access_tokens::find(&mut tx, id, user).await?;
        let token = token.ok_or(Error::Missing("token"))?;
        store::access_tokens::set_networks(&mut tx, id, &from).await?;
        let deed = deed("token_network_acl_updated", &token, "limited to other networks");
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        Ok(AccessToken { networks: from, ..token })
    }

    /// Ends a token.
    pub async fn revoke(&self, actor: &Actor, id: AccessTokenId) -> Result<()> {
        let user = actor.must_be_person()?;
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        let token = store::access_tokens::find(&mut tx, id, user).await?;
        let token = token.ok_or(Error::Missing("token"))?;
        if store::access_tokens::revoke(&mut tx, id, core.now()).await? == 0 {
            return Err(Error::Missing("token"));
        }
        self.0.note(&mut tx, Some(actor), deed("token_revoked", &token, "revoked")).await?;
        Ok(tx.commit().await?)
    }

    /// The owner and the reach of a token that is used now from an address; `None` when there is no such token, or it has
    /// ended, or may not be used from there.
    pub(crate) async fn used(
        &self,
        hash: [u8; 32],
        from: Option<IpAddr>,
    ) -> Result<Option<(model::UserId, Reach)>> {
        let core = self.0.core();
        let now = core.now();
        let Some(token) = store::access_tokens::by_hash(core.db(), hash).await? else {
            return Ok(None);
        };
        if token.expires_at.is_some_and(|end| end <= now) || !admits(&token.networks, from) {
            return Ok(None);
        }
        self.0.shared().uses.note(token.id, now, from);
        Ok(Some((token.user, Reach::of(&token.scopes))))
    }
}

fn deed(kind: &'static str, token: &AccessToken, done: &str) -> Deed {
    let message = format!("Access token {} ({}…) has been {done}.", token.name, token.prefix);
    Deed::new(kind, message, "access_token", token.id).with(json!({ "scopes": token.scopes }))
}

/// Networks in CIDR form; a bare address is a network of its own.
fn networks(texts: &[String]) -> Result<Vec<String>> {
    if texts.len() > MOST_NETWORKS {
        return Err(Error::field("allowed_networks", "Use 50 networks or fewer."));
    }
    let mut read: Vec<String> = Vec::new();
    for text in texts {
        let Some((ip, bits)) = network(text.trim()) else {
            let shown: String = text.chars().take(60).collect();
            let message = format!("\"{shown}\" is no network, as 192.0.2.0/24 is.");
            return Err(Error::field("allowed_networks", message));
        };
        read.push(format!("{ip}/{bits}"));
    }
    read.sort();
    read.dedup();
    Ok(read)
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (ip, bits) = text.split_once('/').map_or((text, None), |(ip, bits)| (ip, Some(bits)));
    let ip: IpAddr = ip.parse().ok()?;
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
    (bits <= most).then_some((ip, bits))
}

/// Whether an address is in one of the networks; with no network every address is, with some no unknown one.
fn admits(networks: &[String], from: Option<IpAddr>) -> bool {
    if networks.is_empty() {
        return true;
    }
    let Some(from) = from.map(|ip| ip.to_canonical()) else { return false };
    networks.iter().filter_map(|text| network(text)).any(|(ip, bits)| match (ip, from) {
        (IpAddr::V4(ip), IpAddr::V4(from)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            ip.to_bits() & mask == from.to_bits() & mask
        }
        (IpAddr::V6(ip), IpAddr::V6(from)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            ip.to_bits() & mask == from.to_bits() & mask
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_admit_what_is_in_them() {
        let nets =
            networks(&["10.0.0.0/8".into(), "192.0.2.7".into(), "2001:db8::/32".into()]).unwrap();
        assert_eq!(nets, ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]);
        for (ip, good) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("2001:db8:1::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(admits(&nets, Some(ip.parse().unwrap())), good, "{ip}");
        }
        assert!(admits(&[], None) && !admits(&nets, None));
        assert!(admits(&["0.0.0.0/0".to_owned()], Some("1.2.3.4".parse().unwrap())));
        for wrong in ["", "x", "10.0.0.0/33", "::/129", "10.0.0.0/-1"] {
            assert!(networks(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn reach_is_what_the_scopes_say() {
        let read = Reach::of(&["read".to_owned()]);
        assert!(!read.covers("/api/customers/") && !read.covers("/api/marketplace-orders/"));
        let orders = Reach::of(&["orders".to_owned()]);
        assert!(
            orders.covers("/api/marketplace-orders/x/approve/")
                && !orders.covers("/api/customers/")
        );
        let all = Reach { read: true, write: true, orders: true, billing: true, staff: true };
        assert!(!all.covers("/api/personal-access-tokens/"));
        let write = Reach::of(&["read".to_owned(), "write".to_owned()]);
        for path in [
            "/api/hooks-web/",
            "/api/hooks-web/x/",
            "/api/user-invitations/x/accept/",
            "/api/customers/x/add_user/",
            "/api/projects/x/update_user",
        ] {
            assert!(write.admits(path, false) && !write.admits(path, true), "{path}");
            assert!(all.admits(path, true), "{path}");
        }
        assert!(write.admits("/api/customers/x/delete_user/", true));
    }
}
