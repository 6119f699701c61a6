//! Hooks: people's programs are told of events, signed as Standard Webhooks has it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use model::{EventId, HookId, JobId};
use serde_json::{Value, json};
use sha2::Sha256;
use store::{
    Tx,
    events::Event,
    hooks::{Hook, SHELF, read},
};

use crate::{Actor, Asked, Clause, Error, Market, Result, audit::Deed, work::Kind};

/// How many hooks somebody has at most.
const MOST: u64 = 20;
/// How many kinds and groups of events a hook names at most.
const MOST_KINDS: usize = 200;
/// The longest address of a hook.
const LONGEST: usize = 2_000;
/// The most bytes that are sent.
const MOST_BYTES: usize = 64 * 1024;
/// What the secrets of Standard Webhooks begin with.
const PREFIX: &str = "whsec_";

/// Groups of events by the beginnings of their kinds.
const GROUPS: &[(&str, &[&str])] = &[
    ("users", &["user_"]),
    ("customers", &["customer_"]),
    ("projects", &["project_"]),
    ("permissions", &["role_", "invitation_"]),
    ("invitations", &["invitation_"]),
    ("auth", &["auth_", "user_", "token_"]),
    // Waldur counts orders among what concerns resources, and offerings among what concerns providers.
    ("resources", &["resource_", "marketplace_resource_", "order_", "marketplace_order_"]),
    ("providers", &["offering_", "marketplace_offering_", "marketplace_plan_"]),
    ("credits", &["credit_"]),
    ("orders", &["order_", "marketplace_order_"]),
    ("offerings", &["offering_", "marketplace_offering_"]),
    ("invoices", &["invoice_", "payment_"]),
    ("payments", &["payment_"]),
    ("support", &["issue_", "ticket_"]),
];

/// The service for them.
#[derive(Debug, Clone, Copy)]
pub struct Hooks<'a>(pub(crate) &'a Market);

/// What is to be changed of a hook; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct HookChange {
    pub url: Option<String>,
    pub event_types: Option<Vec<String>>,
    pub event_groups: Option<Vec<String>>,
    pub content_type: Option<String>,
    pub active: Option<bool>,
}

impl Hooks<'_> {
    /// The actor's own hooks.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<Hook>, u64)> {
        let user = actor.must_be_person()?;
        let asked = asked.and(Clause::of("h.user_id = ?", [user.to_string()]));
        Ok(SHELF.page(self.0.core().db(), &asked, range, read).await?)
    }

    /// One of the actor's own hooks.
    pub async fn find(&self, actor: &Actor, id: HookId) -> Result<Hook> {
        let user = actor.must_be_person()?;
        let found = store::hooks::find(self.0.core().db(), id).await?;
        found.filter(|hook| hook.user == user).ok_or(Error::Missing("hook"))
    }

    /// Makes a hook.
    pub async fn create(&self, actor: &Actor, draft: HookChange) -> Result<Hook> {
        let user = actor.must_be_person()?;
        let core = self.0.core();
        let now = core.now();
        let mut secret = [0; 32];
        core.entropy().fill(&mut secret);
        let mut hook = Hook {
            id: core.id(HookId::new),
            user,
            url: String::new(),
            event_types: Vec::new(),
            event_groups: Vec::new(),
            content_type: "json".to_owned(),
            active: true,
            secret: format!("{PREFIX}{}", STANDARD.encode(secret)),
            created_at: now,
            updated_at: now,
        };
        apply(&mut hook, &draft)?;
        let mut tx = core.db().begin().await?;
        // The owner's row is locked, so that the count stays true.
        store::users::lock(&mut tx, user).await?;
        if store::hooks::count(&mut tx, user).await? >= MOST {
            return Err(Error::Conflict("You have 20 hooks. Delete one that is no longer used."));
        }
        store::hooks::put(&mut tx, &hook).await?;
        self.0.note(&mut tx, Some(actor), deed("web_hook_created", &hook, "created")).await?;
        tx.commit().await?;
        Ok(hook)
    }

    /// Changes a hook.
    pub async fn update(&self, actor: &Actor, id: HookId, change: HookChange) -> Result<Hook> {
        let mut hook = self.find(actor, id).await?;
        apply(&mut hook, &change)?;
        hook.updated_at = self.0.core().now();
        let mut tx = self.0.core().db().begin().await?;
        store::hooks::put(&mut tx, &hook).await?;
        self.0.note(&mut tx, Some(actor), deed("web_hook_updated", &hook, "updated")).await?;
        tx.commit().await?;
        Ok(hook)
    }

    /// Takes a hook away.
    pub async fn remove(&self, actor: &Actor, id: HookId) -> Result<()> {
        let hook = self.find(actor, id).await?;
        let mut tx = self.0.core().db().begin().await?;
        if store::hooks::remove(&mut tx, id).await? == 0 {
            return Err(Error::Missing("hook"));
        }
        self.0.note(&mut tx, Some(actor), deed("web_hook_deleted", &hook, "deleted")).await?;
        Ok(tx.commit().await?)
    }

    /// Queues a message for every hook that wants to hear of an event, in the transaction that records it.
    pub(crate) async fn queue(&self, tx: &mut Tx, event: &Event) -> Result<()> {
        let core = self.0.core();
        for hook in store::hooks::hearing(tx, event).await? {
            if !wants(&hook, &event.kind) {
                continue;
            }
            let payload = json!({ "hook": hook.id, "event": event.id }).to_string();
            let reference = format!("hook:{}:{}", hook.id, event.id);
            let (id, now) = (core.id(JobId::new), core.now());
            let kind = Kind::Hook.as_str();
            store::jobs::push(tx, id, kind, &payload, Some(&reference), now, now).await?;
        }
        Ok(())
    }

    /// Tells a hook of an event, or an order's callback of its end. A hook that is gone or was switched off meanwhile is not told.
    pub(crate) async fn deliver(&self, payload: &str) -> Result<()> {
        let broken = || Error::broken("the payload of a message to a hook");
        let payload: Value = serde_json::from_str(payload).map_err(|_| broken())?;
        if let Some(url) = payload.get("callback").and_then(Value::as_str) {
            return self.call_back(url, &payload).await;
        }
        let id = |name: &str| payload.get(name).and_then(Value::as_str).ok_or_else(broken);
        let hook: HookId = id("hook")?.parse().map_err(|_| broken())?;
        let event: EventId = id("event")?.parse().map_err(|_| broken())?;
        let db = self.0.core().db();
        let Some(hook) = store::hooks::find(db, hook).await?.filter(|hook| hook.active) else {
            return Ok(());
        };
        let asked = Asked::default().and(Clause::of("e.id = ?", [event.to_string()]));
        let found = store::events::SHELF.one(db, &asked, store::events::read).await?;
        let Some(event) = found else { return Ok(()) };
        let body = body(&hook, &event);
        let at = self.0.core().now().ms() / 1_000;
        let headers = vec![
            ("content-type", media(&hook).to_owned()),
            ("webhook-id", event.id.to_string()),
            ("webhook-timestamp", at.to_string()),
            ("webhook-signature", signature(&hook.secret, &event.id.to_string(), at, &body)?),
        ];
        self.post(hook.url, headers, body).await
    }

    /// Posts what is to be told. Whatever is not a success is a failure, which is tried again.
    pub(crate) async fn post(
        &self,
        url: String,
        headers: Vec<(&'static str, String)>,
        body: String,
    ) -> Result<()> {
        let way = self.0.shared().teller.get().ok_or_else(|| Error::broken("a way to hooks"))?;
        match way.tell(url, headers, body).await {
            Ok(200..=299) => Ok(()),
            Ok(status) => {
                Err(Error::Upstream { status, message: format!("the hook answered {status}") })
            }
            Err(why) => Err(Error::Upstream { status: 502, message: why }),
        }
    }
}

fn deed(kind: &'static str, hook: &Hook, done: &str) -> Deed {
    // The address may hold a secret of its own, so that it is not told.
    Deed::new(kind, format!("A hook has been {done}."), "hook", hook.id)
}

fn wants(hook: &Hook, kind: &str) -> bool {
    if hook.event_types.is_empty() && hook.event_groups.is_empty() {
        return true;
    }
    hook.event_types.iter().any(|wanted| wanted == kind)
        || GROUPS
            .iter()
            .filter(|(group, _)| hook.event_groups.iter().any(|wanted| wanted == group))
            .any(|(_, starts)| starts.iter().any(|start| kind.starts_with(start)))
}

fn media(hook: &Hook) -> &'static str {
    if hook.content_type == "form" {
        "application/x-www-form-urlencoded"
    } else {
        "application/json"
    }
}

/// What is sent: the event, or, when it is too long, the event without its context.
fn body(hook: &Hook, event: &Event) -> String {
    let whole = |context: &Value| {
        json!({
            "uuid": event.id.to_string(),
            "created": event.at.to_string(),
            "event_type": event.kind,
            "message": event.message,
            "object": { "type": event.object_kind, "uuid": event.object_id },
            "customer_uuid": event.customer.map(|id| id.to_string()),
            "project_uuid": event.project.map(|id| id.to_string()),
            "user_uuid": event.user.map(|id| id.to_string()),
            "context": context,
        })
        .to_string()
    };
    let text = whole(&event.context);
    let text = if text.len() > MOST_BYTES / 3 { whole(&Value::Null) } else { text };
    if hook.content_type == "form" { format!("payload={}", encoded(&text)) } else { text }
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len() * 2), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = std::fmt::Write::write_fmt(&mut out, format_args!("%{byte:02X}"));
        }
        out
    })
}

/// `v1,` and the HMAC-SHA-256 of id, time and body in base64.
fn signature(secret: &str, id: &str, at: i64, body: &str) -> Result<String> {
    let broken = || Error::broken("the secret of a hook");
    let key =
        STANDARD.decode(secret.strip_prefix(PREFIX).ok_or_else(broken)?).map_err(|_| broken())?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| broken())?;
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

fn apply(hook: &mut Hook, change: &HookChange) -> Result<()> {
    if let Some(url) = &change.url {
        hook.url =
            address(url).ok_or_else(|| Error::field("destination_url", "Enter a valid URL."))?;
    }
    for (name, wanted, to) in [
        ("event_types", &change.event_types, &mut hook.event_types),
        ("event_groups", &change.event_groups, &mut hook.event_groups),
    ] {
        let Some(wanted) = wanted else { continue };
        let plain = |word: &String| {
            !word.is_empty()
                && word.len() <= 100
                && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
        };
        if wanted.len() > MOST_KINDS || !wanted.iter().all(plain) {
            return Err(Error::field(name, "Enter at most 200 names of events."));
        }
        wanted.clone_into(to);
    }
    if let Some(kind) = &change.content_type {
        if kind != "json" && kind != "form" {
            return Err(Error::field("content_type", "Choose json or form."));
        }
        kind.clone_into(&mut hook.content_type);
    }
    if let Some(active) = change.active {
        hook.active = active;
    }
    Ok(())
}

/// An address of the web without a name and password in it.
pub(crate) fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let sound = !host.is_empty()
        && !host.contains('@')
        && text.len() <= LONGEST
        && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\' && b != b'"');
    sound.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_signed_as_the_standard_has_it() {
        // The example of the Standard Webhooks specification's reference libraries.
        let signed = signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn addresses_are_of_the_web() {
        assert!(address("https://a.example/x?y=1").is_some());
        for wrong in [
            "",
            "ftp://a",
            "https://",
            "https://u:p@a/",
            "http://a b/",
            "javascript:x",
            "https:///x",
        ] {
            assert_eq!(address(wrong), None, "{wrong}");
        }
    }
}
