//! The way to the provider: bounded in time and size, without redirections. Its address is the operator's word, so that
//! it may be in our own network.

use std::{future::Future, pin::Pin, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use openidconnect::AsyncHttpClient;
use serde_json::Value;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes of an answer.
const LIMIT: usize = 1 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error("it was not reached")]
    Unreached(#[from] legacy::Error),
    #[error("it took too long")]
    TooLate,
    #[error("the answer could not be read")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("it answered {0}")]
    Refused(http::StatusCode),
}

pub struct Http(legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Http {
    pub fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(5)));
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self(client)
    }

    /// Sends a request and reads the whole answer.
    pub async fn ask(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Failed> {
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts, Full::new(Bytes::from(body)));
        let answer = async {
            let (parts, body) = self.0.request(request).await?.into_parts();
            let body = Limited::new(body, LIMIT).collect().await.map_err(Failed::Broken)?;
            Ok(Response::from_parts(parts, body.to_bytes().to_vec()))
        };
        tokio::time::timeout(PATIENCE, answer).await.map_err(|_| Failed::TooLate)?
    }

    /// The claims that an access token opens.
    pub async fn claims(&self, address: &str, token: &str) -> Result<Value, Failed> {
        let broken = |error: http::Error| Failed::Broken(Box::new(error));
        let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|error| Failed::Broken(Box::new(error)))?;
        bearer.set_sensitive(true);
        let request = Request::get(address)
            .header(header::AUTHORIZATION, bearer)
            .header(header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(broken)?;
        let answer = self.ask(request).await?;
        if !answer.status().is_success() {
            return Err(Failed::Refused(answer.status()));
        }
        serde_json::from_slice(answer.body()).map_err(|error| Failed::Broken(Box::new(error)))
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = Failed;
    // On the heap, so that the compiler need not know for which lifetimes it can be sent between threads.
    type Future = Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, Failed>> + Send + 'c>>;

    fn call(&'c self, request: Request<Vec<u8>>) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

/// An error with what caused it, on one line.
pub fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text.replace(['\r', '\n'], " ")
}
