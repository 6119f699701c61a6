//! OpenID Connect: the adapter behind [`market::sign_on::Provider`]. The only crate that knows openidconnect.
//!
//! It asks the provider (discovery, keys, tokens, claims) and verifies its word. Whose account that makes, and what it
//! may do, is the market's affair. The layout is Keycloak's, and whatever else follows the standard: the address of the
//! issuer is all that is set, roles come from `realm_access.roles`.

mod http;
mod tokens;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use market::sign_on::{Asking, Heard, Leaving, Provider, Unheard, Word};
use model::Timestamp;
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, LogoutRequest, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout, RedirectUrl, Scope, SignatureVerificationError, TokenResponse as _,
    core::{CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreIdTokenClaims, CoreTokenResponse},
};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::http::Http;

/// How long what the provider says of itself is taken for true.
const FRESH: Duration = Duration::from_hours(1);
/// How often keys are asked for at most when somebody comes with one that is not known.
const PAUSE: Duration = Duration::from_secs(30);

/// The provider as it is set up.
#[derive(Clone)]
pub struct Config {
    /// As in `https://id.example.com/realms/cmp`.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<String>,
    /// Where browsers find this server, without a slash at the end.
    pub public_url: String,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// What the provider says of itself, with its keys.
struct Known {
    metadata: ProviderMetadataWithLogout,
    at: Instant,
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// An OpenID provider.
pub struct Oidc {
    config: Config,
    issuer: IssuerUrl,
    redirect: RedirectUrl,
    home: PostLogoutRedirectUrl,
    http: Http,
    known: Mutex<Option<Arc<Known>>>,
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Why a provider cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("{0} is no address")]
pub struct Wrong(String);

fn silent(error: &dyn std::error::Error) -> Unheard {
    Unheard::Silent(http::said(error))
}

fn refused(error: &dyn std::error::Error) -> Unheard {
    Unheard::Refused(http::said(error))
}

impl Oidc {
    /// A provider; nothing is asked of it yet, so that this server starts without it.
    pub fn new(config: Config) -> Result<Self, Wrong> {
        let wrong = |text: &str| Wrong(text.to_owned());
        let redirect = format!("{}/api-auth/oidc/callback/", config.public_url);
        let home = format!("{}/", config.public_url);
        Ok(Self {
            issuer: IssuerUrl::new(config.issuer.clone()).map_err(|_| wrong(&config.issuer))?,
            redirect: RedirectUrl::new(redirect.clone()).map_err(|_| wrong(&redirect))?,
            home: PostLogoutRedirectUrl::new(home.clone()).map_err(|_| wrong(&home))?,
            http: Http::new(),
            known: Mutex::default(),
            config,
        })
    }

    /// What the provider says of itself, asked for when it is older than `most`. When it does not answer, what it said
    /// last will do.
    async fn known(&self, most: Duration) -> Result<Arc<Known>, Unheard> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref().filter(|known| known.at.elapsed() < most) {
            return Ok(Arc::clone(known));
        }
        match ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &self.http).await {
            Ok(metadata) => {
                let fresh = Arc::new(Known { metadata, at: Instant::now() });
                *known = Some(Arc::clone(&fresh));
                Ok(fresh)
            }
            Err(error) => match known.as_ref() {
                Some(old) => {
                    let error = http::said(&error);
                    tracing::warn!(error, "the identity provider could not be asked again");
                    Ok(Arc::clone(old))
                }
                None => Err(silent(&error)),
            },
        }
    }

    fn client(&self, known: &Known) -> Client {
        let secret = self.config.client_secret.clone().map(ClientSecret::new);
        let id = ClientId::new(self.config.client_id.clone());
        CoreClient::from_provider_metadata(known.metadata.clone(), id, secret)
            .set_redirect_uri(self.redirect.clone())
    }

    /// The verified claims of an identity token; a key that is not known is asked for once more.
    async fn claims(&self, token: &CoreIdToken, nonce: &str) -> Result<CoreIdTokenClaims, Unheard> {
        let nonce = Nonce::new(nonce.to_owned());
        let known = self.known(FRESH).await?;
        let client = self.client(&known);
        match token.claims(&client.id_token_verifier(), &nonce) {
            Ok(claims) => return Ok(claims.clone()),
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {}
            Err(error) => return Err(refused(&error)),
        }
        let client = self.client(&*self.known(PAUSE).await?);
        let claims = token.claims(&client.id_token_verifier(), &nonce);
        claims.cloned().map_err(|error| refused(&error))
    }

    /// The access token must be the one that the identity token was given with, where that says so.
    async fn must_belong(
        &self,
        answer: &CoreTokenResponse,
        token: &CoreIdToken,
        claims: &CoreIdTokenClaims,
    ) -> Result<(), Unheard> {
        let Some(expected) = claims.access_token_hash() else { return Ok(()) };
        let client = self.client(&*self.known(FRESH).await?);
        let verifier = client.id_token_verifier();
        let algorithm = token.signing_alg().map_err(|error| refused(&error))?;
        let key = token.signing_key(&verifier).map_err(|error| refused(&error))?;
        let found = AccessTokenHash::from_token(answer.access_token(), algorithm, key)
            .map_err(|error| refused(&error))?;
        if found == *expected {
            Ok(())
        } else {
            Err(Unheard::Refused("the access token is another one".to_owned()))
        }
    }

    /// What the provider tells of somebody beyond the identity token; nothing when it has no door for that.
    async fn more(&self, access_token: &str, subject: &str) -> Result<Value, Unheard> {
        let known = self.known(FRESH).await?;
        let Some(address) = known.metadata.userinfo_endpoint() else { return Ok(Value::Null) };
        let told = self.http.claims(address.as_str(), access_token).await;
        let told = told.map_err(|error| silent(&error))?;
        // Claims about somebody else are not to be mixed in.
        if told.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(Unheard::Refused("the claims are of somebody else".to_owned()));
        }
        Ok(told)
    }

    async fn hear(&self, code: &str, asking: &Asking) -> Result<Word, Unheard> {
        let client = self.client(&*self.known(FRESH).await?);
        let answer = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| refused(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(asking.verifier.clone()))
            .request_async(&self.http)
            .await
            .map_err(|error| refused(&error))?;
        let no_token = || Unheard::Refused("there is no identity token".to_owned());
        let token = answer.id_token().ok_or_else(no_token)?;
        let claims = self.claims(token, &asking.nonce).await?;
        self.must_belong(&answer, token, &claims).await?;
        let id_token = token.to_string();
        // It is verified now, so that its other claims may be read as they are.
        let own = tokens::Parts::read(&id_token).map(|parts| parts.claims).unwrap_or_default();
        let subject = claims.subject().as_str().to_owned();
        let secret = answer.access_token().secret();
        let more = self.more(secret, &subject).await?;
        let find = |name: &str| more.get(name).or_else(|| own.get(name));
        let text = |name: &str| find(name).and_then(Value::as_str).map(str::to_owned);
        let roles = match tokens::roles(&own).or_else(|| tokens::roles(&more)) {
            Some(roles) => roles,
            // Keycloak puts them into the access token alone, unless it is told otherwise.
            None => self.roles_of_access_token(secret).await.unwrap_or_default(),
        };
        Ok(Word {
            issuer: self.config.issuer.clone(),
            email: text("email"),
            email_verified: find("email_verified").and_then(Value::as_bool).unwrap_or(false),
            name: text("name").or_else(|| text("preferred_username")),
            sid: own.get("sid").and_then(Value::as_str).map(str::to_owned),
            roles,
            subject,
            id_token,
        })
    }

    async fn roles_of_access_token(&self, token: &str) -> Option<Vec<String>> {
        let parts = tokens::Parts::read(token)?;
        let known = self.known(FRESH).await.ok()?;
        if !parts.is_signed_by(known.metadata.jwks()) {
            return None;
        }
        let issuer = parts.claims.get("iss").and_then(Value::as_str);
        (issuer == Some(self.config.issuer.as_str())).then(|| tokens::roles(&parts.claims))?
    }

    async fn read_leaving(&self, token: &str, now: Timestamp) -> Result<Leaving, Unheard> {
        let no = |why: &str| Unheard::Refused(why.to_owned());
        let parts = tokens::Parts::read(token).ok_or_else(|| no("not a signed token"))?;
        if !parts.is_signed_by(self.known(FRESH).await?.metadata.jwks())
            && !parts.is_signed_by(self.known(PAUSE).await?.metadata.jwks())
        {
            return Err(no("the signature is not the provider's"));
        }
        parts.leaving(&self.config.issuer, &self.config.client_id, now).map_err(no)
    }
}

impl Provider for Oidc {
    fn address<'a>(&'a self, asking: &'a Asking) -> Heard<'a, String> {
        Box::pin(async move {
            let client = self.client(&*self.known(FRESH).await?);
            let verifier = PkceCodeVerifier::new(asking.verifier.clone());
            let (state, nonce) = (asking.state.clone(), asking.nonce.clone());
            let (address, _, _) = client
                .authorize_url(
                    CoreAuthenticationFlow::AuthorizationCode,
                    || CsrfToken::new(state),
                    || Nonce::new(nonce),
                )
                .add_scope(Scope::new("profile".to_owned()))
                .add_scope(Scope::new("email".to_owned()))
                .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
                .url();
            Ok(address.to_string())
        })
    }

    fn word<'a>(&'a self, code: &'a str, asking: &'a Asking) -> Heard<'a, Word> {
        Box::pin(self.hear(code, asking))
    }

    fn leave<'a>(&'a self, id_token: &'a str) -> Heard<'a, Option<String>> {
        Box::pin(async move {
            let known = self.known(FRESH).await?;
            let end = known.metadata.additional_metadata().end_session_endpoint.clone();
            let Some(end) = end else { return Ok(None) };
            let mut request = LogoutRequest::from(end)
                .set_client_id(ClientId::new(self.config.client_id.clone()))
                .set_post_logout_redirect_uri(self.home.clone());
            if let Ok(token) = id_token.parse::<CoreIdToken>() {
                request = request.set_id_token_hint(&token);
            }
            Ok(Some(request.http_get_url().to_string()))
        })
    }

    fn leaving<'a>(&'a self, token: &'a str, now: Timestamp) -> Heard<'a, Leaving> {
        Box::pin(self.read_leaving(token, now))
    }
}

#[cfg(test)]
mod tests;
