//! Trying a service from its page: `POST /marketplace/services/{id}/try`.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
};

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Request, State},
    http::{HeaderValue, StatusCode, request::Parts},
    routing::post,
};
use bytes::Bytes;

use crate::{
    Answer, Shared,
    actors::MaybeActor,
    bodies::{Named, collect},
    door, services,
};

pub fn routes() -> Router<Shared> {
    door("/marketplace/services/{id}/try", post(try_out))
}

/// Where a request comes from. The server that takes the connection puts it among the request's extensions; without it
/// all callers are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddr(pub IpAddr);

impl FromRequestParts<Shared> for ClientAddr {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Infallible> {
        let found = parts.extensions.get().copied();
        Ok(found.unwrap_or(Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))))
    }
}

/// The same answer as on the metered path, paid with the caller's subscription or, without one, by the demo.
async fn try_out(
    State(doors): State<Shared>,
    Named(name): Named,
    MaybeActor(caller): MaybeActor,
    ClientAddr(address): ClientAddr,
    request: Request,
) -> Answer {
    let offering = services::named(&doors.market.catalog(), &name)?.service.id;
    let (parts, body) = request.into_parts();
    let body = collect(&parts.headers, body).await?;
    let actor = caller.as_ref().map(|caller| &*caller.actor);
    let tryouts = doors.market.tryouts();
    let (tryout, body) = tryouts.ask(actor, &address.to_string(), offering, &body).await?;
    let mut response = doors.gateway.try_out(tryout.route, Bytes::from(body)).await.map(Body::new);
    if tryout.demo && response.status() == StatusCode::PAYMENT_REQUIRED {
        // It is not the visitor's wallet that is empty.
        return Err(tryouts.used_up().into());
    }
    let headers = response.headers_mut();
    let demo = if tryout.demo { "true" } else { "false" };
    headers.insert("x-cmp-demo", HeaderValue::from_static(demo));
    if let Some(left) = tryout.left {
        headers.insert("x-cmp-demo-left", HeaderValue::from(left));
    }
    Ok(response)
}
