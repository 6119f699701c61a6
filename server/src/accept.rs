//! Connections: accepted, bounded in number and patience, and let go when the server stops.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use gateway::Gateway;
use http::{Method, Request, Response};
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

use crate::pages::{self, Site};

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
            Ok((stream, _)) => stream,
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
    stream: TcpStream,
    front: &Arc<Front>,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + use<> {
    // Without it the end of a small answer waits for the client's acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    let front = Arc::clone(front);
    builder.serve_connection(
        TokioIo::new(stream),
        service_fn(move |request: Request<Incoming>| answer(Arc::clone(&front), request)),
    )
}

/// What answers requests.
pub struct Front {
    pub app: Router,
    pub gateway: Gateway,
    pub site: Arc<Site>,
}

/// The metered path goes straight to the gateway, a page that is kept straight out; everything else through the router.
async fn answer(
    front: Arc<Front>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    if request.method() == Method::POST && request.uri().path() == "/v1/chat/completions" {
        return Ok(front.gateway.chat(request).await.map(Body::new));
    }
    if let Some(page) = pages::kept(&front.site, &request) {
        return Ok(page);
    }
    front.app.clone().oneshot(request.map(Body::new)).await
}
