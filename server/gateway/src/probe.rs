//! Asking services by ourselves, so that their quality is known when nobody calls.
//!
//! A probe is a chat completion of one token to whatever stands behind an offering. Nobody is charged and no request is
//! recorded; it counts as a probe in the measured quality. What a probe is told is its own mistake (a parameter that the
//! endpoint does not know, 429) counts for nothing; that the model is not there (404) is a failure, because we know
//! that we asked for the right one.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use market::{Failure, Probe};
use metrics::counter;
use model::{ReceiptId, Timestamp};
use tokio::{sync::oneshot, task::JoinSet};

use crate::{Gateway, Shared, answers::used_by, call::ask, peek::Peek};

/// The most probes at once.
const AT_ONCE: usize = 8;
/// The most time that one may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked whose turn has come.
const LOOK: Duration = Duration::from_secs(1);
/// Every probe asks the same. The model's name is replaced by the one that the endpoint knows.
const QUESTION: &[u8] =
    br#"{"model":"probe","messages":[{"role":"user","content":"ping"}],"max_tokens":1}"#;

/// Asks each service once in a period, on the first of the servers that are alive.
pub struct Prober {
    shared: Arc<Shared>,
    every: Duration,
    /// Turns up to here have been taken.
    until: Timestamp,
}

impl std::fmt::Debug for Prober {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prober").field("every", &self.every).finish_non_exhaustive()
    }
}

/// A prober at work; it goes on until it is stopped or this is dropped.
#[derive(Debug)]
pub struct Probing {
    stop: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
}

impl Probing {
    /// Breaks off running probes, uncounted, and returns when none is left.
    pub async fn stop(self) {
        drop(self.stop);
        // It has ended either way.
        let _ = self.stopped.await;
    }
}

impl Gateway {
    /// Begins to ask each service once in a period.
    pub fn probe(&self, every: Duration) -> Probing {
        let mut prober = Prober::new(self, every);
        let (stop, mut stopping) = oneshot::channel::<()>();
        let (done, stopped) = oneshot::channel();
        market::spawn("probe services", async move {
            loop {
                let round = async {
                    tokio::time::sleep(LOOK).await;
                    if let Err(error) = prober.round().await {
                        tracing::warn!(error = ?error, "probes were left out");
                    }
                };
                tokio::select! {
                    () = round => {}
                    _ = &mut stopping => break,
                }
            }
            drop(prober);
            // Who has gone does not wait for it.
            let _ = done.send(());
        });
        Probing { stop, stopped }
    }
}

impl Prober {
    /// Takes the turns that come from now on.
    pub fn new(gateway: &Gateway, every: Duration) -> Self {
        let shared = Arc::clone(&gateway.0);
        let until = shared.market.core().now();
        Self { shared, every, until }
    }

    /// Takes the turns that have come since the last round and waits for their answers; tells how many services were
    /// asked. When asking takes longer than a period, turns are left out, not made up for.
    pub async fn round(&mut self) -> market::Result<usize> {
        let market = &self.shared.market;
        let now = market.core().now();
        let after = std::mem::replace(&mut self.until, now);
        let due = market.quality().due(self.every, after, now);
        if due.is_empty() || !market.quality().leads().await? {
            return Ok(0);
        }
        let (mut running, mut asked) = (JoinSet::new(), 0);
        for offering in due {
            if running.len() >= AT_ONCE {
                running.join_next().await;
            }
            // Looked at only now: it may have closed while others were asked.
            if let Some(probe) = market.quality().probe(offering) {
                running.spawn(take(Arc::clone(&self.shared), probe));
                asked += 1;
            }
        }
        while running.join_next().await.is_some() {}
        Ok(asked)
    }
}

/// Asks one service and counts how it went.
async fn take(shared: Arc<Shared>, probe: Probe) {
    let began = Instant::now();
    let answer = tokio::time::timeout(PATIENCE, answer(&shared, &probe)).await;
    let outcome = match answer {
        Ok(outcome) => outcome,
        Err(_) => Some(Err(Failure::Timeout)),
    };
    let word = match outcome {
        Some(Ok(())) => "answered",
        Some(Err(_)) => "failed",
        None => "refused",
    };
    counter!("cmp_probes_total", "outcome" => word).increment(1);
    if let Some(outcome) = outcome {
        let time = began.elapsed();
        probe.gauge.probe(shared.market.core().now(), outcome.map(|()| time));
    }
}

/// How a service answers; none when that says nothing about it.
async fn answer(shared: &Shared, probe: &Probe) -> Option<Result<(), Failure>> {
    let core = shared.market.core();
    let peek = Peek::read(Bytes::from_static(QUESTION)).ok()?;
    let id = core.id(ReceiptId::new);
    let answer = match ask(shared, &probe.backend, &peek, id, core.now()).await {
        Ok(answer) => answer,
        Err(refusal) => return refusal.failure().map(Err),
    };
    match answer.status.as_u16() {
        200..=299 => {}
        400 | 413 | 415 | 422 | 429 => return None,
        _ => return Some(Err(Failure::Status)),
    }
    Some(match answer.pieces.rest(PATIENCE).await {
        Ok(body) => used_by(&body, &peek).map(drop).ok_or(Failure::Malformed),
        Err(broken) => Err(broken.failure()),
    })
}
