//! The way out: one pooled client for all upstreams.

use std::{env, net::IpAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use market::Failure;

use crate::{
    Config,
    guard::{Resolver, is_public},
    refusals::Refusal,
};

/// Sends requests to upstreams.
pub struct Client {
    http: legacy::Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    allow_private: bool,
    first_byte: Duration,
}

impl Client {
    pub fn new(config: &Config) -> Self {
        let resolver = Resolver { allow_private: config.allow_private };
        let mut connector = HttpConnector::new_with_resolver(resolver);
        connector.enforce_http(false);
        // Without it a small request waits for the acknowledgement of the one before it.
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(5)));
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(55))
            .pool_max_idle_per_host(1_024)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { http, allow_private: config.allow_private, first_byte: config.first_byte }
    }

    /// Asks an endpoint for a completion and waits until its answer begins.
    pub async fn send(
        &self,
        base: &str,
        key_env: Option<&str>,
        body: Bytes,
    ) -> Result<Response<Incoming>, Refusal> {
        let uri = self.uri(base)?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(name) = key_env {
            headers.insert(header::AUTHORIZATION, bearer(name)?);
        }
        let sent = tokio::time::timeout(self.first_byte, self.http.request(request)).await;
        match sent {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => {
                tracing::debug!(error = ?error, "an upstream could not be reached");
                let message =
                    "The provider's endpoint could not be reached. Nothing was charged; try again.";
                let refusal = Refusal::upstream(StatusCode::BAD_GATEWAY, message);
                Err(refusal.because(Failure::Unreachable))
            }
            Err(_) => {
                let message = "The provider's endpoint did not answer in time. Nothing was charged; try again.";
                let refusal = Refusal::upstream(StatusCode::SERVICE_UNAVAILABLE, message);
                Err(refusal.because(Failure::Timeout))
            }
        }
    }

    /// Sends a request as it is; the address must have come from [`Client::guarded`].
    pub async fn request(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        self.http.request(request).await
    }

    /// An address that may be called. A numeric host never meets the resolver, so it is checked here.
    pub fn guarded(&self, text: &str) -> Option<Uri> {
        let uri: Uri = text.parse().ok()?;
        let host = uri.host()?;
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        (self.allow_private || literal.map_or(true, is_public)).then_some(uri)
    }

    fn uri(&self, base: &str) -> Result<Uri, Refusal> {
        let wrong = || {
            Refusal::upstream(
                StatusCode::BAD_GATEWAY,
                "The provider's endpoint has no usable address.",
            )
            .because(Failure::Unreachable)
        };
        let address = format!("{}/chat/completions", base.trim_end_matches('/'));
        self.guarded(&address).ok_or_else(wrong)
    }
}

/// The authorisation that this server's environment holds for an upstream.
fn bearer(name: &str) -> Result<HeaderValue, Refusal> {
    let value =
        env::var(name).ok().and_then(|key| HeaderValue::try_from(format!("Bearer {key}")).ok());
    let mut value = value.ok_or_else(|| {
        tracing::error!(
            variable = name,
            "the environment variable with an upstream's key is not set"
        );
        Refusal::upstream(
            StatusCode::BAD_GATEWAY,
            "The provider's endpoint is not set up. Nothing was charged.",
        )
        .because(Failure::Unreachable)
    })?;
    value.set_sensitive(true);
    Ok(value)
}
