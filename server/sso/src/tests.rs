//! Forged and real tokens, with a key that is used nowhere else.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::Timestamp;
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey as _,
    core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey},
};
use serde_json::{Value, json};

use super::{
    Config, Oidc,
    tokens::{Parts, roles},
};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://id.example/realms/cmp";
const CLIENT: &str = "cmp";
const KEY: &str = include_str!("tests/key.pem");
const OTHER: &str = include_str!("tests/other.pem");

fn key(pem: &str) -> CoreRsaPrivateSigningKey {
    let name = JsonWebKeyId::new("one".to_owned());
    CoreRsaPrivateSigningKey::from_pem(pem, Some(name)).unwrap()
}

fn keys() -> CoreJsonWebKeySet {
    CoreJsonWebKeySet::new(vec![key(KEY).as_verification_key()])
}

fn signed(pem: &str, header: &Value, claims: &Value) -> String {
    let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", text(header), text(claims));
    let algorithm = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
    let signature = key(pem).sign(&algorithm, input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn header() -> Value {
    json!({ "alg": "RS256", "typ": "logout+jwt", "kid": "one" })
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": CLIENT, "iat": NOW, "exp": NOW + 120, "jti": "a", "sub": "ada", "sid": "s",
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    })
}

fn leaving(token: &str) -> Result<market::sign_on::Leaving, &'static str> {
    let parts = Parts::read(token).ok_or("not a token")?;
    if !parts.is_signed_by(&keys()) {
        return Err("the signature");
    }
    parts.leaving(ISSUER, CLIENT, Timestamp::from_ms(NOW * 1_000))
}

#[test]
fn a_logout_token_is_read() {
    let found = leaving(&signed(KEY, &header(), &claims())).unwrap();
    assert_eq!((found.subject.as_deref(), found.sid.as_deref()), (Some("ada"), Some("s")));
    assert_eq!((found.issuer.as_str(), found.jti.as_str()), (ISSUER, "a"));
    assert!(found.expires_at.ms() > (NOW + 120) * 1_000, "its name is kept while it is taken");
    let mut plain = claims();
    plain["aud"] = json!(["other", CLIENT]);
    plain.as_object_mut().unwrap().remove("sid");
    assert!(leaving(&signed(KEY, &json!({ "alg": "RS256" }), &plain)).is_ok());
}

#[test]
fn forged_tokens_are_refused() {
    let changed = |name: &str, value: Value| {
        let mut claims = claims();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        signed(KEY, &header(), &claims)
    };
    for (what, token) in [
        ("another key", signed(OTHER, &header(), &claims())),
        ("another issuer", changed("iss", json!("https://evil.example"))),
        ("another client", changed("aud", json!(["other"]))),
        ("no client", changed("aud", Value::Null)),
        ("no time", changed("iat", Value::Null)),
        ("no end", changed("exp", Value::Null)),
        ("ended", changed("exp", json!(NOW - 61))),
        ("old", changed("iat", json!(NOW - 901))),
        ("from the future", changed("iat", json!(NOW + 61))),
        ("the end of time", changed("iat", json!(i64::MAX))),
        ("no name", changed("jti", Value::Null)),
        ("an identity token", changed("nonce", json!("n"))),
        ("no event", changed("events", Value::Null)),
        ("another event", changed("events", json!({ "x": {} }))),
        (
            "an event that is none",
            changed("events", json!("http://schemas.openid.net/event/backchannel-logout")),
        ),
        (
            "another type",
            signed(KEY, &json!({ "alg": "RS256", "typ": "at+jwt", "kid": "one" }), &claims()),
        ),
        ("another name of a key", signed(KEY, &json!({ "alg": "RS256", "kid": "two" }), &claims())),
        (
            "critical",
            signed(KEY, &json!({ "alg": "RS256", "kid": "one", "crit": ["x"] }), &claims()),
        ),
        ("the client's secret", signed(KEY, &json!({ "alg": "HS256", "kid": "one" }), &claims())),
        ("no signature", signed(KEY, &json!({ "alg": "none" }), &claims())),
        ("another algorithm", signed(KEY, &json!({ "alg": "RS512", "kid": "one" }), &claims())),
        ("nobody", {
            let mut claims = claims();
            claims["sub"] = json!("");
            claims.as_object_mut().unwrap().remove("sid");
            signed(KEY, &header(), &claims)
        }),
    ] {
        assert!(leaving(&token).is_err(), "{what}");
    }
    let good = signed(KEY, &header(), &claims());
    let (_, signature) = good.rsplit_once('.').unwrap();
    let mut other = claims();
    other["sub"] = json!("eve");
    let forged = signed(KEY, &header(), &other);
    let (body, _) = forged.rsplit_once('.').unwrap();
    assert!(leaving(&format!("{body}.{signature}")).is_err(), "another token's signature");
    for text in ["", ".", "..", "a.b.c", "e30.e30.", &"a".repeat(20_000)] {
        assert!(leaving(text).is_err(), "{text}");
    }
}

#[test]
fn roles_are_those_of_the_realm() {
    let claims =
        json!({ "realm_access": { "roles": ["staff", 7, "other"] }, "roles": ["finance"] });
    assert_eq!(roles(&claims), Some(vec!["staff".to_owned(), "other".to_owned()]));
    assert_eq!(roles(&json!({ "realm_access": "staff" })), None);
}

#[tokio::test]
async fn a_provider_that_is_away_is_said_to_be() {
    use market::sign_on::{Asking, Provider as _, Unheard};
    let config = Config {
        issuer: "http://127.0.0.1:1/realms/cmp".to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: None,
        public_url: "https://cmp.example".to_owned(),
    };
    let oidc = Oidc::new(config).unwrap();
    let asking = Asking { state: "s".into(), nonce: "n".into(), verifier: "v".repeat(43) };
    assert!(matches!(oidc.address(&asking).await, Err(Unheard::Silent(_))));
    assert!(matches!(oidc.leave("x").await, Err(Unheard::Silent(_))));
}
