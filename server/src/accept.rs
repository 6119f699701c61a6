//! Connections: accepted, bounded in number and patience, and let go when the server stops.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use api::ClientAddr;
use axum::{Router, body::Body};
use gateway::Gateway;
use http::{HeaderMap, Method, Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tower::ServiceExt as _;

use crate::{
    pages::{self, Site},
    site,
};

/// How many connections may be open at once; more wait in the kernel's queue.
const CONNECTIONS: usize = 16_384;
/// How long a client may take to send the head of a request, idle time between requests included.
const HEAD: Duration = Duration::from_secs(30);

/// Serves until the signal comes, then lets running requests finish.
pub async fn serve(
    listener: TcpListener,
    front: Arc<Front>,
    stop: impl Future<Output = ()>,
    patience: Duration,
) {
    let (slots, graceful) = (Arc::new(Semaphore::new(CONNECTIONS)), GracefulShutdown::new());
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(100)
        .pipeline_flush(true);
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let stream = match accepted {
            Ok((stream, peer)) => (stream, peer.ip()),
            Err(error) => {
                // Out of file descriptors, most likely: those who are served first make room.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { break };
        let connection = graceful.watch(connect(&builder, stream, &front));
        market::spawn("connection", async move {
            // What a client does to its own connection is its own affair.
            let _ = connection.await;
            drop(slot);
        });
    }
    drop(listener);
    if tokio::time::timeout(patience, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections were still busy when the server stopped");
    }
}

fn connect(
    builder: &http1::Builder,
    (stream, peer): (TcpStream, IpAddr),
    front: &Arc<Front>,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + use<> {
    // Without it the end of a small answer waits for the client's acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    let front = Arc::clone(front);
    builder.serve_connection(
        TokioIo::new(stream),
        service_fn(move |request: Request<Incoming>| answer(Arc::clone(&front), peer, request)),
    )
}

/// What answers requests.
pub struct Front {
    pub app: Router,
    pub gateway: Gateway,
    pub site: Arc<Site>,
    /// A proxy in front says who the client is.
    pub trust_proxy: bool,
}

/// The metered path goes straight to the gateway, a page that is kept straight out; everything else through the router,
/// where it may be asked who the client is.
async fn answer(
    front: Arc<Front>,
    peer: IpAddr,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    if request.method() == Method::POST && request.uri().path() == "/v1/chat/completions" {
        return Ok(front.gateway.chat(request).await.map(Body::new));
    }
    if !site::asks_for_data(&request)
        && let Some(page) = pages::kept(&front.site, &request)
    {
        return Ok(page);
    }
    let client = if front.trust_proxy { forwarded(request.headers()) } else { None };
    request.extensions_mut().insert(ClientAddr(client.unwrap_or(peer)));
    front.app.clone().oneshot(request.map(Body::new)).await
}

/// Whom the nearest proxy has seen: it adds to the end of the list, and what stands before is anybody's word.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let line = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    let last = line.rsplit(',').next()?.trim();
    let with_port = || last.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed = last.trim_start_matches('[').trim_end_matches(']');
    bracketed.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_proxy_is_believed() {
        for (lines, client) in [
            (vec!["203.0.113.9"], Some("203.0.113.9")),
            (vec!["10.0.0.1, 203.0.113.9"], Some("203.0.113.9")),
            (vec!["1.2.3.4", "5.6.7.8 , 203.0.113.9"], Some("203.0.113.9")),
            (vec!["203.0.113.9:5000"], Some("203.0.113.9")),
            (vec!["[2001:db8::1]:443"], Some("2001:db8::1")),
            (vec!["[2001:db8::1]"], Some("2001:db8::1")),
            (vec!["2001:db8::1"], Some("2001:db8::1")),
            (vec!["203.0.113.9, unknown"], None),
            (vec![""], None),
            (vec![], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            assert_eq!(forwarded(&headers), client.map(|text| text.parse().unwrap()), "{lines:?}");
        }
    }
}
