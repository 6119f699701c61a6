//! Tells hooks of events, by the same guarded way out that leads to upstreams.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use market::ports::{Tell, Telling};

use crate::{Config, upstream::Client};

/// How long a hook may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way to hooks.
pub struct Teller(Client);

impl Teller {
    pub fn new(config: &Config) -> Self {
        Self(Client::new(config))
    }
}

impl Tell for Teller {
    fn tell(&self, url: String, headers: Vec<(&'static str, String)>, body: String) -> Telling<'_> {
        Box::pin(async move {
            let uri = self.0.guarded(&url).ok_or("the address may not be called")?;
            let mut request = Request::new(Full::new(Bytes::from(body)));
            *request.method_mut() = Method::POST;
            *request.uri_mut() = uri;
            for (name, value) in headers {
                let value = HeaderValue::try_from(value).map_err(|error| error.to_string())?;
                request.headers_mut().insert(name, value);
            }
            request.headers_mut().insert("user-agent", HeaderValue::from_static("cmp-hooks"));
            // What it says besides the status is of no account and is not read.
            match tokio::time::timeout(PATIENCE, self.0.request(request)).await {
                Ok(Ok(response)) => Ok(response.status().as_u16()),
                Ok(Err(error)) => {
                    tracing::debug!(error = ?error, "a hook could not be reached");
                    Err("the hook could not be reached".to_owned())
                }
                Err(_) => Err("the hook did not answer in time".to_owned()),
            }
        })
    }
}
