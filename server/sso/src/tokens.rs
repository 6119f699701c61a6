//! Signed tokens that the library has no type for: logout tokens (OpenID Connect Back-Channel Logout 1.0), and access
//! tokens that happen to be signed. Verified by hand against the provider's keys.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use market::sign_on::Leaving;
use model::Timestamp;
use openidconnect::{
    JsonWebKey as _,
    core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm},
};
use serde_json::Value;

/// The event that a logout token tells of.
const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How far the provider's clock may be from ours, in seconds.
const SKEW_S: i64 = 60;
/// How old a logout token may be, in seconds.
const OLD_S: i64 = 15 * 60;
/// The longest token that is read.
const LONGEST: usize = 16_384;

/// A signed token, taken apart.
pub struct Parts<'a> {
    header: Value,
    pub claims: Value,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    /// Takes a token apart; nothing is verified.
    pub fn read(token: &'a str) -> Option<Self> {
        if token.len() > LONGEST {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let json = |text: &str| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
        };
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { header: json(header)?, claims: json(claims)?, signed, signature })
    }

    /// Whether one of these keys has signed it. Only algorithms with a public key count: what is signed with the client's
    /// secret, or not at all, could be anybody's who knows or guesses that.
    pub fn is_signed_by(&self, keys: &CoreJsonWebKeySet) -> bool {
        let text = self.header.get("alg").cloned().unwrap_or_default();
        let Ok(algorithm) = serde_json::from_value::<CoreJwsSigningAlgorithm>(text) else {
            return false;
        };
        let public = !matches!(
            algorithm,
            CoreJwsSigningAlgorithm::None
                | CoreJwsSigningAlgorithm::HmacSha256
                | CoreJwsSigningAlgorithm::HmacSha384
                | CoreJwsSigningAlgorithm::HmacSha512
        );
        let named = self.header.get("kid").and_then(Value::as_str);
        // Nothing that must be understood is.
        public
            && self.header.get("crit").is_none()
            && keys.keys().iter().any(|key| {
                let of_name =
                    named.is_none_or(|named| key.key_id().is_some_and(|id| id.as_str() == named));
                of_name
                    && key.key_use().is_none_or(openidconnect::JsonWebKeyUse::allows_signature)
                    && key
                        .verify_signature(&algorithm, self.signed.as_bytes(), &self.signature)
                        .is_ok()
            })
    }

    /// What a logout token says, when it is one, from this issuer, for this client, and of now. Its signature was verified
    /// before.
    pub fn leaving(
        &self,
        issuer: &str,
        client: &str,
        now: Timestamp,
    ) -> Result<Leaving, &'static str> {
        let text = |name: &str| {
            let found = self.claims.get(name).and_then(Value::as_str);
            found.filter(|text| !text.is_empty() && text.len() <= 1_000)
        };
        let kind = self.header.get("typ").and_then(Value::as_str).unwrap_or("JWT");
        let known = ["logout+jwt", "application/logout+jwt", "JWT"];
        if !known.iter().any(|one| kind.eq_ignore_ascii_case(one)) {
            return Err("it is of another type");
        }
        if text("iss") != Some(issuer) {
            return Err("it is from another issuer");
        }
        let meant = match self.claims.get("aud") {
            Some(Value::String(one)) => one == client,
            Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(client)),
            _ => false,
        };
        if !meant {
            return Err("it is for another client");
        }
        let seconds = |name: &str| self.claims.get(name).and_then(Value::as_i64);
        let (Some(made), Some(ends)) = (seconds("iat"), seconds("exp")) else {
            return Err("it has no times");
        };
        let now = now.ms() / 1_000;
        if made > now.saturating_add(SKEW_S) || made < now - OLD_S || ends < now - SKEW_S {
            return Err("it is not of now");
        }
        let event = self.claims.get("events").and_then(|events| events.get(LOGOUT));
        if !event.is_some_and(Value::is_object) {
            return Err("it is no logout token");
        }
        if self.claims.get("nonce").is_some() {
            return Err("it is an identity token");
        }
        let jti = text("jti").ok_or("it has no name")?.to_owned();
        let (subject, sid) = (text("sub").map(str::to_owned), text("sid").map(str::to_owned));
        if subject.is_none() && sid.is_none() {
            return Err("it names nobody");
        }
        let taken_until = ends.min(made + OLD_S).saturating_add(SKEW_S + 1);
        Ok(Leaving {
            issuer: issuer.to_owned(),
            subject,
            sid,
            jti,
            expires_at: Timestamp::from_ms(taken_until.saturating_mul(1_000)),
        })
    }
}

/// The roles that claims give in the realm, as Keycloak writes them; `None` when they do not speak of roles.
pub fn roles(claims: &Value) -> Option<Vec<String>> {
    let roles = claims.get("realm_access")?.get("roles")?.as_array()?;
    Some(roles.iter().take(200).filter_map(Value::as_str).map(str::to_owned).collect())
}
