//! Secret keys of resources: made, shown once, listed, renamed, revoked.

use model::{CustomerId, KeyId, KeyView, ResourceId, SecretKey, Title};
use store::{Tx, resources::Resource};

use crate::{
    Actor, Core, Error, Market, On, Permission, Result, audit::Deed, secrets::sha256,
    tenancy::lock_for,
};

/// How many keys of a resource may be live at once.
const LIVE_KEYS: usize = 50;

/// The service for keys.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a>(pub(crate) &'a Market);

/// Makes a key in a transaction of the caller's.
pub(crate) async fn make(
    core: &Core,
    tx: &mut Tx,
    resource: ResourceId,
    name: &str,
) -> Result<(KeyView, SecretKey)> {
    let mut drawn = [0; 28];
    core.entropy().fill(&mut drawn);
    let secret = SecretKey::new(drawn);
    let view = KeyView {
        id: core.id(KeyId::new),
        name: name.to_owned(),
        hint: secret.hint(),
        created_at: core.now(),
        last_used_at: None,
        revoked_at: None,
    };
    store::keys::insert(tx, resource, &view, sha256(secret.reveal().as_bytes())).await?;
    Ok((view, secret))
}

impl Keys<'_> {
    /// The owner of a resource that a person may see.
    async fn owner(&self, actor: &Actor, resource: ResourceId) -> Result<CustomerId> {
        actor.must_be_person()?;
        let found = store::resources::find(self.0.core().db(), resource).await?;
        let found = found.ok_or(Error::Missing("subscription"))?;
        actor.must_see(found.customer, resource, "subscription")?;
        Ok(found.customer)
    }

    /// The owner of a resource that a person may use: a key spends what its customer has.
    async fn used(&self, actor: &Actor, resource: ResourceId) -> Result<Resource> {
        actor.must_be_person()?;
        let found = store::resources::find(self.0.core().db(), resource).await?;
        let found = found.ok_or(Error::Missing("subscription"))?;
        let on = On::project(found.customer, found.project);
        actor.must(Permission::PlaceOrders, on, "subscription")?;
        Ok(found)
    }

    /// The keys of a resource, newest first.
    pub async fn list(&self, actor: &Actor, resource: ResourceId) -> Result<Vec<KeyView>> {
        if self.used(actor, resource).await.is_err() {
            self.owner(actor, resource).await?;
        }
        Ok(store::keys::list(self.0.core().db(), resource).await?)
    }

    /// Makes a key. The secret is in the answer and nowhere else.
    pub async fn create(
        &self,
        actor: &Actor,
        resource: ResourceId,
        name: &Title,
    ) -> Result<(KeyView, SecretKey)> {
        let used = self.used(actor, resource).await?;
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        // The customer's row is locked, so that the count stays true.
        lock_for(&mut tx, actor, used.customer).await?;
        let live = store::keys::list(&mut tx, resource).await?;
        if live.iter().filter(|key| key.revoked_at.is_none()).count() >= LIVE_KEYS {
            return Err(Error::Conflict("This subscription has 50 keys in use. Revoke one first."));
        }
        let made = make(core, &mut tx, resource, name.as_str()).await?;
        let told = format!("Key {} ({}) has been created.", made.0.name, made.0.hint);
        self.note(&mut tx, actor, &used, ("resource_key_created", told)).await?;
        tx.commit().await?;
        Ok(made)
    }

    pub async fn rename(
        &self,
        actor: &Actor,
        resource: ResourceId,
        key: KeyId,
        name: &Title,
    ) -> Result<()> {
        let used = self.used(actor, resource).await?;
        let mut tx = self.0.core().db().begin().await?;
        if store::keys::rename(&mut tx, resource, key, name.as_str()).await? == 0 {
            return Err(Error::Missing("key"));
        }
        let told = format!("A key is called {} now.", name.as_str());
        self.note(&mut tx, actor, &used, ("resource_key_renamed", told)).await?;
        Ok(tx.commit().await?)
    }

    /// Ends a key at once: the next call with it is refused, on every server within a tenth of a second.
    pub async fn revoke(&self, actor: &Actor, resource: ResourceId, key: KeyId) -> Result<()> {
        let used = self.used(actor, resource).await?;
        let core = self.0.core();
        let mut tx = core.db().begin().await?;
        if store::keys::revoke(&mut tx, resource, key, core.now()).await? == 0 {
            return Err(Error::Missing("key"));
        }
        let told = format!("A key of {} has been revoked.", used.name);
        self.note(&mut tx, actor, &used, ("resource_key_revoked", told)).await?;
        store::versions::bump(&mut tx, "access").await?;
        tx.commit().await?;
        self.0.shared().access.forget();
        Ok(())
    }

    async fn note(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        used: &Resource,
        (kind, told): (&'static str, String),
    ) -> Result<()> {
        let deed = Deed::new(kind, told, "resource", used.id);
        self.0.note(tx, Some(actor), deed.of(used.customer).in_project(used.project)).await
    }
}
