//! Passkeys (Web Authentication): the adapter behind [`market::passkeys::Authenticators`]. The only crate that knows
//! webauthn-rs.
//!
//! It writes what devices are asked and verifies what they answer. Whose key it is, and how long a question stands, is
//! the market's affair, which keeps the state of a question in the database: that is why the library is allowed to
//! write it down.

use std::fmt;

use market::passkeys::{Authenticators, Challenge, Unfit};
use model::UserId;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

/// Why there are no passkeys on this server.
#[derive(Debug, thiserror::Error)]
#[error("passkeys need a server with a name, over https or on localhost")]
pub struct Nameless;

/// This server, as devices know it.
pub struct Devices(Webauthn);

impl fmt::Debug for Devices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Devices")
    }
}

impl Devices {
    /// The server that browsers find at this address. Devices tell servers apart by name, so that one with a numeric
    /// address has no passkeys.
    pub fn new(public_url: &str) -> Result<Self, Nameless> {
        let url: Url = public_url.parse().map_err(|_| Nameless)?;
        let name = url.domain().ok_or(Nameless)?.to_owned();
        if url.scheme() != "https" && name != "localhost" {
            return Err(Nameless);
        }
        let built = WebauthnBuilder::new(&name, &url).and_then(|b| b.rp_name("CMP").build());
        built.map(Self).map_err(|_| Nameless)
    }
}

fn failed(error: &WebauthnError) -> Unfit {
    Unfit(format!("{error:?}"))
}

fn write<T: Serialize>(value: &T) -> Result<String, Unfit> {
    serde_json::to_string(value).map_err(|error| Unfit(error.to_string()))
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unfit> {
    serde_json::from_str(text).map_err(|error| Unfit(error.to_string()))
}

/// What the browser's function takes: the part under `publicKey`.
fn options<T: Serialize>(challenge: &T) -> Result<Value, Unfit> {
    let mut whole = serde_json::to_value(challenge).map_err(|error| Unfit(error.to_string()))?;
    Ok(whole.get_mut("publicKey").map(Value::take).unwrap_or_default())
}

impl Authenticators for Devices {
    fn invite(
        &self,
        user: UserId,
        (email, full_name): (&str, &str),
        known: Vec<Vec<u8>>,
    ) -> Result<Challenge, Unfit> {
        let known = Some(known.into_iter().collect());
        let (challenge, state) = self
            .0
            .start_passkey_registration(Uuid::from_bytes(*user.as_bytes()), email, full_name, known)
            .map_err(|error| failed(&error))?;
        let mut options = options(&challenge)?;
        // The device has to remember whose the key is: nobody types a name to sign in with it.
        if let Some(wanted) =
            options.get_mut("authenticatorSelection").and_then(Value::as_object_mut)
        {
            wanted.insert("residentKey".to_owned(), json!("required"));
            wanted.insert("requireResidentKey".to_owned(), json!(true));
        }
        Ok(Challenge { options: options.to_string(), state: write(&state)? })
    }

    fn enrol(&self, answer: &str, state: &str) -> Result<(Vec<u8>, String), Unfit> {
        let answer: RegisterPublicKeyCredential = read(answer)?;
        let state: PasskeyRegistration = read(state)?;
        let key =
            self.0.finish_passkey_registration(&answer, &state).map_err(|error| failed(&error))?;
        Ok((key.cred_id().clone(), write(&key)?))
    }

    fn ask(&self) -> Result<Challenge, Unfit> {
        let (challenge, state) =
            self.0.start_discoverable_authentication().map_err(|error| failed(&error))?;
        Ok(Challenge { options: options(&challenge)?.to_string(), state: write(&state)? })
    }

    fn whose(&self, answer: &str) -> Result<(UserId, Vec<u8>), Unfit> {
        let answer: PublicKeyCredential = read(answer)?;
        let (user, key) =
            self.0.identify_discoverable_authentication(&answer).map_err(|error| failed(&error))?;
        let user = user.to_string().parse().map_err(|_| Unfit("nobody's key".to_owned()))?;
        Ok((user, key.to_vec()))
    }

    fn check(&self, answer: &str, state: &str, credential: &str) -> Result<String, Unfit> {
        let answer: PublicKeyCredential = read(answer)?;
        let state: DiscoverableAuthentication = read(state)?;
        let mut key: Passkey = read(credential)?;
        let result = self
            .0
            .finish_discoverable_authentication_v2(&answer, state, &key)
            .map_err(|error| failed(&error))?;
        key.update_credential(&result);
        write(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_needs_a_name() {
        for good in ["https://cmp.example", "http://localhost:3000", "https://a.b.example:8443"] {
            assert!(Devices::new(good).is_ok(), "{good}");
        }
        for bad in ["http://127.0.0.1:3000", "https://10.0.0.1", "http://cmp.example", "x"] {
            assert!(Devices::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn devices_must_know_their_owner_and_answers_must_fit() {
        let devices = Devices::new("https://cmp.example").unwrap();
        let user = UserId::new(1_700_000_000_000, [7; 10]);
        let asked = devices.invite(user, ("ada@example.org", "Ada"), vec![vec![1; 16]]).unwrap();
        let options: Value = serde_json::from_str(&asked.options).unwrap();
        assert_eq!(options["rp"]["id"], "cmp.example");
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
        let shown = devices.ask().unwrap();
        let options: Value = serde_json::from_str(&shown.options).unwrap();
        assert_eq!(options["userVerification"], "required");
        for answer in ["", "{}", "[]", "null", "{\"id\":1}"] {
            assert!(devices.enrol(answer, &asked.state).is_err());
            assert!(devices.whose(answer).is_err());
            assert!(devices.check(answer, &shown.state, "{}").is_err());
        }
        assert_ne!(devices.ask().unwrap().options, shown.options, "no question is asked twice");
    }
}
