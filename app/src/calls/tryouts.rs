//! Trying a service in the page: the port through which a page has a call carried out. Pages know no gateway; the
//! server provides one behind this trait.

use std::{future::Future, pin::Pin, sync::Arc};

use http::HeaderMap;
use market::Route;

/// What a call was answered with.
#[derive(Debug, Clone, Default)]
pub struct TryAnswer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl TryAnswer {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The future of an answer.
pub type Trying<'a> = Pin<Box<dyn Future<Output = TryAnswer> + Send + 'a>>;

/// Carries out a call: the body of a chat completion request by a route, answered whole.
pub trait TryOut: Send + Sync {
    fn run(&self, route: Arc<Route>, body: Vec<u8>) -> Trying<'_>;
}

/// The way to try services, which the server provides for every page.
#[derive(Clone)]
pub struct TryOuts(pub Arc<dyn TryOut>);
