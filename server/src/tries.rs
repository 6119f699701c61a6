//! The gateway behind the port of the playground.

use std::sync::Arc;

use app::{TryAnswer, TryOut, TryOuts, Trying};
use gateway::Gateway;
use http_body_util::{BodyExt as _, Limited};
use market::Route;

/// The most bytes of an answer that a page shows.
const ANSWER: usize = 2 * 1024 * 1024;

struct Tries(Gateway);

/// The way for pages to have calls carried out.
pub fn tries(gateway: Gateway) -> TryOuts {
    TryOuts(Arc::new(Tries(gateway)))
}

impl TryOut for Tries {
    fn run(&self, route: Arc<Route>, body: Vec<u8>) -> Trying<'_> {
        Box::pin(async move {
            let (parts, body) = self.0.try_out(route, body.into()).await.into_parts();
            let status = parts.status.as_u16();
            match Limited::new(body, ANSWER).collect().await {
                Ok(whole) => {
                    TryAnswer { status, headers: parts.headers, body: whole.to_bytes().to_vec() }
                }
                Err(error) => {
                    tracing::warn!(%error, "the answer to a try could not be read");
                    TryAnswer { status: 502, headers: parts.headers, body: Vec::new() }
                }
            }
        })
    }
}
