//! Bodies in and out: bytes with a limit, and answers that are whole or arrive piece by piece.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::sync::mpsc;

use crate::refusals::Refusal;

/// The body of an answer.
#[derive(Debug)]
pub enum Body {
    /// All of it; `None` once it was sent.
    Whole(Option<Bytes>),
    /// Pieces as they come.
    Pieces(mpsc::Receiver<Bytes>),
}

impl Body {
    pub fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::Whole(Some(bytes.into()))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Pieces(pieces) => {
                pieces.poll_recv(cx).map(|piece| piece.map(|b| Ok(Frame::data(b))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(Some(bytes)) => SizeHint::with_exact(bytes.len() as u64),
            Self::Whole(None) => SizeHint::with_exact(0),
            Self::Pieces(_) => SizeHint::default(),
        }
    }
}

/// How much of a refused body is thrown away, and for how long, so that its sender gets to read the refusal.
const DISCARDED: usize = 16 * 1024 * 1024;
const DISCARDING: Duration = Duration::from_secs(2);

/// Takes in and throws away some of a body that was refused, aside. A connection that is closed while its client is
/// still sending is reset, and the client would never see why.
pub fn discard<B>(mut body: B)
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
{
    market::spawn("discard a refused body", async move {
        let mut seen = 0;
        let work = async {
            while let Some(Ok(frame)) = body.frame().await {
                seen += frame.data_ref().map_or(0, Bytes::len);
                if seen > DISCARDED {
                    break;
                }
            }
        };
        // Who goes on sending has been told, and is cut off.
        let _ = tokio::time::timeout(DISCARDING, work).await;
    });
}

/// Reads a body up to a limit, and refuses it as soon as the limit is passed.
pub async fn read<B>(mut body: B, limit: usize) -> Result<Bytes, Refusal>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: std::fmt::Display,
{
    if body.size_hint().lower() > limit as u64 {
        discard(body);
        return Err(Refusal::too_large(limit));
    }
    let mut first = Bytes::new();
    let mut rest: Option<BytesMut> = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::bad("The request body ended early."))?;
        let Ok(data) = frame.into_data() else { continue };
        let so_far = rest.as_ref().map_or(first.len(), BytesMut::len);
        if so_far + data.len() > limit {
            discard(body);
            return Err(Refusal::too_large(limit));
        }
        match &mut rest {
            Some(rest) => rest.extend_from_slice(&data),
            // Most bodies come in one piece, which needs no copy.
            None if first.is_empty() => first = data,
            None => {
                let mut joined = BytesMut::with_capacity(first.len() + data.len());
                joined.extend_from_slice(&first);
                joined.extend_from_slice(&data);
                rest = Some(joined);
            }
        }
    }
    Ok(rest.map_or(first, BytesMut::freeze))
}
