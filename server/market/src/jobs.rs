//! What the marketplace does by itself: renewals, forgotten holds, idle leases, dead neighbours, stale memory.

use std::{sync::atomic::Ordering, time::Duration};

use store::{Db, resources::Resource};

use crate::{
    Error, Market, Result, idempotency::KEPT_MS, mails, tasks::spawn, work::REMEMBERED_MS,
};

/// A server that has said nothing for this long is taken for dead, in milliseconds.
pub(crate) const SILENT_MS: i64 = 20_000;
/// A lease that no call has used for this long goes back to its wallet, in milliseconds.
const IDLE_MS: i64 = 1_500;

/// How long tries are remembered, in milliseconds: longer than any of them has to wait for.
const ATTEMPTS_KEPT_MS: i64 = 2 * 3_600_000;

/// Runs something again and again until the server stops; a failure is logged and tried again next time.
fn repeat<F>(
    market: &Market,
    name: &'static str,
    every: Duration,
    work: impl Fn(Market) -> F + Send + 'static,
) where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let market = market.clone();
    spawn(name, async move {
        let mut failing = false;
        while !market.shared().stopping.load(Ordering::Relaxed) {
            tokio::time::sleep(every).await;
            let outcome = work(market.clone()).await;
            if let (Err(error), false) = (&outcome, failing) {
                tracing::error!(task = name, error = ?error, "{name} failed and will be tried again");
            }
            failing = outcome.is_err();
        }
    });
}

impl Market {
    /// Takes back what an earlier life of this server has left open, and starts the background work.
    pub async fn start(&self) -> Result<()> {
        self.beat().await?;
        self.bury().await?;
        self.reprice().await?;
        // On PostgreSQL other servers change things; on SQLite only the commands of the same machine do.
        let look = match self.core().db() {
            Db::Postgres(_) => Duration::from_millis(80),
            Db::Sqlite(_) => Duration::from_millis(250),
        };
        repeat(self, "watch for changes", look, |market| async move { market.watch().await });
        repeat(self, "return idle leases", Duration::from_millis(500), |market| async move {
            let since = market.core().now().plus_ms(-IDLE_MS);
            market.ledger().give_back_idle(market.core(), since).await
        });
        repeat(self, "note used keys", Duration::from_secs(3), |market| async move {
            market.note_used().await
        });
        repeat(self, "heartbeat", Duration::from_secs(5), |market| async move {
            market.beat().await?;
            market.bury().await
        });
        repeat(self, "note quality", Duration::from_secs(5), |market| async move {
            market.quality().flush().await
        });
        repeat(self, "sum up quality", Duration::from_mins(1), |market| async move {
            market.quality().tick().await
        });
        repeat(self, "housekeeping", Duration::from_secs(30), |market| async move {
            market.tidy().await
        });
        repeat(self, "send mail", Duration::from_secs(2), |market| async move {
            market.mails().send_due().await.map(drop)
        });
        repeat(self, "work", Duration::from_millis(200), |market| async move {
            while market.work().await? > 0 {}
            Ok(())
        });
        repeat(self, "tell hooks", Duration::from_millis(500), |market| async move {
            while market.tell_hooks().await? > 0 {}
            Ok(())
        });
        repeat(self, "opening hours", Duration::from_secs(5), |market| async move {
            market.look_at_the_clock().await;
            Ok(())
        });
        repeat(self, "long lists", Duration::from_secs(5), |market| async move {
            let core = market.core();
            Ok(core.surveys().renew(core.db(), core.now(), store::surveys::RENEW).await?)
        });
        repeat(self, "figures", Duration::from_mins(1), |market| async move {
            market.refresh_figures().await
        });
        Ok(())
    }

    /// Finishes what was begun and gives everything back; afterwards no more calls are taken.
    pub async fn stop(&self) -> Result<()> {
        self.shared().stopping.store(true, Ordering::Relaxed);
        self.note_used().await?;
        if let Err(error) = self.quality().flush().await {
            tracing::warn!(error = ?error, "the last seconds of measured quality are lost");
        }
        self.ledger().give_back_all(self.core()).await?;
        self.ledger().close().await;
        store::servers::remove(self.core().db(), self.shared().server).await?;
        self.core().db().close().await;
        Ok(())
    }

    async fn beat(&self) -> Result<()> {
        let name = &self.settings().server_name;
        Ok(store::servers::beat(self.core().db(), self.shared().server, name, self.core().now())
            .await?)
    }

    /// Puts the affairs of dead servers in order.
    async fn bury(&self) -> Result<()> {
        let core = self.core();
        // A SQLite file has one server: whoever else is in the list is dead.
        let since = match core.db() {
            Db::Sqlite(_) => core.now().plus_ms(1),
            Db::Postgres(_) => core.now().plus_ms(-SILENT_MS),
        };
        let name = &self.settings().server_name;
        for dead in store::servers::dead(core.db(), self.shared().server, since, name).await? {
            tracing::warn!(server.id = %dead, "a server has gone; its leases and holds are given back");
            self.ledger().recover(core, dead).await?;
        }
        Ok(())
    }

    /// Reads again what others have changed, and answers their recalls.
    async fn watch(&self) -> Result<()> {
        let db = self.core().db();
        let catalog = store::versions::read(db, "catalog").await?;
        if catalog != self.catalog().version {
            self.catch_up().await?;
        }
        let access = store::versions::read(db, "access").await?;
        if self.shared().access.moved_to(access) {
            self.shared().access.forget();
        }
        if matches!(db, Db::Postgres(_)) {
            self.ledger().answer_recalls(self.core()).await?;
        }
        Ok(())
    }

    async fn note_used(&self) -> Result<()> {
        let used = self.shared().access.take_used();
        let tokens = self.shared().uses.take();
        if used.is_empty() && tokens.is_empty() {
            return Ok(());
        }
        let mut tx = self.core().db().begin().await?;
        store::keys::touch(&mut tx, &used).await?;
        store::access_tokens::touch(&mut tx, &tokens).await?;
        Ok(tx.commit().await?)
    }

    /// Everything that is due every half minute; what fails keeps nothing else from being done.
    async fn tidy(&self) -> Result<()> {
        let core = self.core();
        let (db, now) = (core.db(), core.now());
        let outcomes = [
            self.ledger().expire(core).await,
            self.renew().await,
            self.tryouts().tidy().await,
            self.orders().sweep().await,
            self.provisioning().sweep().await,
            self.invoices().queue_last_month().await,
            self.vendors().count_earnings().await,
            swept(store::mails::sweep(db, now.plus_ms(-mails::KEPT_MS)).await),
            swept(store::sessions::sweep(db, now).await),
            swept(store::links::sweep(db, now).await),
            swept(store::identities::sweep(db, now).await),
            swept(store::attempts::sweep(db, now.plus_ms(-ATTEMPTS_KEPT_MS)).await),
            swept(store::jobs::sweep(db, now.plus_ms(-REMEMBERED_MS)).await),
            swept(store::idempotency::sweep(db, now.plus_ms(-KEPT_MS)).await),
        ];
        outcomes.into_iter().collect()
    }

    /// Takes the monthly fees that are due; a subscription whose fee cannot be paid waits for it.
    pub async fn renew(&self) -> Result<()> {
        let (db, now) = (self.core().db(), self.core().now());
        let mut last: Option<Resource> = None;
        loop {
            // Those that cannot pay stay due, before all others: so page by page, and not the first page again and again.
            let batch = store::resources::due(db, now, last.as_ref(), 500).await?;
            for resource in &batch {
                let Some(plan) = self.resources().plan(resource) else { continue };
                let outcome = match self.resources().charge_fee(resource, &plan).await {
                    Err(Error::Unpaid { .. }) => self.resources().pause(resource).await,
                    other => other,
                };
                // One fee that cannot be taken keeps neither the next one nor the rest of the housekeeping waiting.
                if let Err(error) = outcome {
                    tracing::error!(resource.id = %resource.id, error = ?error, "a fee that is due could not be taken");
                }
            }
            let Some(end) = batch.into_iter().last() else { return Ok(()) };
            last = Some(end);
        }
    }
}

fn swept<T>(outcome: store::Result<T>) -> Result<()> {
    outcome.map(drop).map_err(Error::from)
}
