//! What every service stands on: the database, the clock and the source of ids.

use std::{fmt, sync::Arc};

use model::Timestamp;
use store::{
    Db, Row,
    lists::Asked,
    surveys::{Long, Surveys},
};

use crate::ports::{Clock, Entropy};

/// The shared ground of the services.
pub struct Core {
    db: Db,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    surveys: Surveys,
}

impl Core {
    pub fn new(db: Db, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { db, clock, entropy, surveys: Surveys::default() }
    }

    pub const fn db(&self) -> &Db {
        &self.db
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What this server knows of long lists.
    pub const fn surveys(&self) -> &Surveys {
        &self.surveys
    }

    /// A page of a list that may grow long, and how many there are; see [`store::surveys`] for how exact that is.
    pub async fn page<T>(
        &self,
        list: Long,
        asked: &Asked,
        range: (i64, i64),
        read: impl Fn(&Row) -> store::Result<T>,
    ) -> crate::Result<(Vec<T>, u64)> {
        Ok(self.surveys.page(list, &self.db, self.now(), asked, range, read).await?)
    }

    pub fn entropy(&self) -> &dyn Entropy {
        self.entropy.as_ref()
    }

    /// Makes an id: `core.id(ReceiptId::new)`.
    pub fn id<T>(&self, make: impl FnOnce(i64, [u8; 10]) -> T) -> T {
        self.id_at(self.now(), make)
    }

    /// Makes an id that sorts at another time, as sample content has them.
    pub fn id_at<T>(&self, at: Timestamp, make: impl FnOnce(i64, [u8; 10]) -> T) -> T {
        let mut bytes = [0; 10];
        self.entropy.fill(&mut bytes);
        make(at.ms(), bytes)
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("engine", &self.db.engine()).finish_non_exhaustive()
    }
}
