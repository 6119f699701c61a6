//! Long lists. Counting a million rows takes longer than a page may take, and so does skipping half of them. So a list
//! that may grow long is *surveyed* once for each condition that is asked of it: walked along its usual order in strides,
//! keeping the key at which each stride begins and how many rows it has. A page then skips less than two strides, and
//! the total is the sum. Before it is used, a survey counts those strides again in which something has changed since,
//! which an index by the time of change tells.
//!
//! What this promises:
//! * A list of up to 10,000 rows is counted at every request: its total and its pages are exact.
//! * A longer one misses no change that was committed more than [`FRESH`] ago, as long as the change was committed
//!   within [`SLACK_MS`] of the time that it wrote into the row. What is missed by that, and rows that were deleted,
//!   count until the survey is made anew: [`Surveys::renew`], every half minute while it is used.
//! * A page never shows a row that does not fit what is asked: only its place may be that much off.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use model::Timestamp;

use crate::{
    Db, Result, Row,
    lists::Asked,
    strides::{Key, MOST_CHANGES, STRIDE, Stride},
};

pub use crate::strides::Long;

/// What a survey knows is taken for true this long.
const FRESH: Duration = Duration::from_millis(200);
/// Changes are looked for from this long before the last look on, for transactions that were on their way then.
const SLACK_MS: i64 = 10_000;
/// A survey that is in use is to be made anew after this.
pub const RENEW: Duration = Duration::from_secs(30);
/// Above this a list is surveyed; a survey of fewer than half is dropped.
const LONG: u64 = 10_000;
/// How many surveys are kept: those used last.
const KEPT: usize = 64;

#[derive(Debug)]
struct Survey {
    /// Upwards; the first begins before every row.
    strides: Vec<Stride>,
    total: u64,
    /// All changes up to this time were counted, those on their way then aside.
    seen: Timestamp,
    checked: Instant,
    made: Instant,
}

/// One list under one condition.
#[derive(Debug)]
struct Entry {
    list: Long,
    asked: Asked,
    survey: Mutex<Option<Arc<Survey>>>,
    /// Somebody is surveying or checking.
    busy: AtomicBool,
    used: AtomicU64,
    used_since_made: AtomicBool,
}

/// The surveys of one database that this server has made.
#[derive(Debug, Default)]
pub struct Surveys {
    entries: Mutex<HashMap<String, Arc<Entry>>>,
    clock: AtomicU64,
}

/// Held by whoever works on an entry.
struct Turn<'a>(&'a AtomicBool);

impl<'a> Turn<'a> {
    fn take(busy: &'a AtomicBool) -> Option<Self> {
        (!busy.swap(true, Ordering::Acquire)).then_some(Self(busy))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Surveys {
    /// A page of a list that may be long, and how many there are in all.
    pub async fn page<T>(
        &self,
        list: Long,
        on: &Db,
        now: Timestamp,
        asked: &Asked,
        (limit, offset): (i64, i64),
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<(Vec<T>, u64)> {
        let about = list.shelf;
        if !about.is_own(asked) {
            return about.page(on, asked, (limit, offset), read).await;
        }
        let survey = match self.survey(list, on, now, asked).await? {
            Found::Long(survey) => survey,
            Found::Short(0) => return Ok((Vec::new(), 0)),
            Found::Short(total) => {
                let rows = about.page_of(on, asked, (limit, offset), total, read).await?;
                return Ok((rows, total));
            }
        };
        let skip = u64::try_from(offset).unwrap_or(0);
        let order = about.order(asked);
        let along = match order.as_slice() {
            [(at, down), _] if *at == list.at => {
                survey.place(skip, u64::try_from(limit).unwrap_or(0), *down)
            }
            _ => None,
        };
        let Some(place) = along else {
            let rows = about.page_of(on, asked, (limit, offset), survey.total, read).await?;
            return Ok((rows, survey.total));
        };
        let (from, to) = (list.comparison(">="), list.comparison("<"));
        let within: Vec<(&str, &Key)> = [(from.as_str(), place.from), (to.as_str(), place.to)]
            .into_iter()
            .filter_map(|(comparison, key)| Some((comparison, key?)))
            .collect();
        let rest = i64::try_from(place.skip).unwrap_or(0);
        let ids = about.ids(on, asked, &within, (limit, rest)).await?;
        Ok((about.rows(on, asked, &ids, read).await?, survey.total))
    }

    /// The survey of a long list, as fresh as promised; how many rows a short one has.
    async fn survey(&self, list: Long, on: &Db, now: Timestamp, asked: &Asked) -> Result<Found> {
        let key = list.name(asked);
        let known = held(&self.entries).get(&key).cloned();
        let Some(entry) = known else {
            let few = list.count_up_to(on, asked, LONG + 1).await?;
            if few <= LONG {
                return Ok(Found::Short(few));
            }
            let entry = self.add(key, list, asked);
            return self.survey_of(&entry, on, now).await;
        };
        let found = self.survey_of(&entry, on, now).await?;
        match found {
            Found::Long(survey) if survey.total < LONG / 2 => {
                held(&self.entries).remove(&key);
                Ok(Found::Short(list.shelf.count(on, asked).await?))
            }
            found => Ok(found),
        }
    }

    async fn survey_of(&self, entry: &Entry, on: &Db, now: Timestamp) -> Result<Found> {
        entry.used.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        entry.used_since_made.store(true, Ordering::Relaxed);
        let known = held(&entry.survey).clone();
        let Some(turn) = Turn::take(&entry.busy) else {
            // Somebody else is at it. Without a survey so far, this one counts by itself.
            return Ok(match known {
                Some(survey) => Found::Long(survey),
                None => Found::Short(entry.list.shelf.count(on, &entry.asked).await?),
            });
        };
        let next = match known {
            Some(survey) if survey.checked.elapsed() < FRESH => return Ok(Found::Long(survey)),
            Some(survey) => match survey.caught_up(entry, on, now).await? {
                Some(survey) => survey,
                None => self.made(entry, on, now).await?,
            },
            None => self.made(entry, on, now).await?,
        };
        let next = Arc::new(next);
        *held(&entry.survey) = Some(Arc::clone(&next));
        drop(turn);
        Ok(Found::Long(next))
    }

    /// Surveys a list from nothing: the whole table stride by stride, a part of it in the strides of the whole, which
    /// costs about one look at each row whatever the condition is.
    async fn made(&self, entry: &Entry, on: &Db, now: Timestamp) -> Result<Survey> {
        let Entry { list, asked, .. } = entry;
        let made = Instant::now();
        let mut strides = Vec::new();
        if !asked.clauses.is_empty()
            && let Found::Long(whole) =
                Box::pin(self.survey(*list, on, now, &Asked::default())).await?
        {
            list.walk_along(on, asked, &whole.strides, &mut strides).await?;
        } else {
            list.walk(on, asked, (i64::MIN, String::new()), None, &mut strides).await?;
        }
        let total = strides.iter().map(|stride| stride.rows).sum();
        Ok(Survey { strides, total, seen: now, checked: made, made })
    }

    fn add(&self, key: String, list: Long, asked: &Asked) -> Arc<Entry> {
        let entry = Arc::new(Entry {
            list,
            asked: asked.clone(),
            survey: Mutex::default(),
            busy: AtomicBool::new(false),
            used: AtomicU64::new(self.clock.fetch_add(1, Ordering::Relaxed)),
            used_since_made: AtomicBool::new(false),
        });
        let mut entries = held(&self.entries);
        if entries.len() >= KEPT {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.used.load(Ordering::Relaxed));
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                entries.remove(&oldest);
            }
        }
        Arc::clone(entries.entry(key).or_insert(entry))
    }

    /// Makes the surveys anew that were used since they were made and are older than this.
    pub async fn renew(&self, on: &Db, now: Timestamp, age: Duration) -> Result<()> {
        let all: Vec<Arc<Entry>> = held(&self.entries).values().cloned().collect();
        for entry in all {
            let old = held(&entry.survey).as_ref().is_some_and(|s| s.made.elapsed() >= age);
            if !old || !entry.used_since_made.swap(false, Ordering::Relaxed) {
                continue;
            }
            // Whoever asks meanwhile is told what is known, and checks it.
            let made = self.made(&entry, on, now).await?;
            *held(&entry.survey) = Some(Arc::new(made));
        }
        Ok(())
    }
}

enum Found {
    Long(Arc<Survey>),
    Short(u64),
}

/// Where a page is: between two keys, some rows on.
#[derive(Debug, PartialEq)]
struct Place<'a> {
    from: Option<&'a Key>,
    to: Option<&'a Key>,
    skip: u64,
}

impl Survey {
    /// Where the page after so many rows is; none when there are not so many. Between its keys is a stride more than is
    /// needed, so that rows that have gone since do not cut it short.
    fn place(&self, mut skip: u64, limit: u64, down: bool) -> Option<Place<'_>> {
        let count = self.strides.len();
        let nth = |n: usize| self.strides.get(if down { count.checked_sub(n + 1)? } else { n });
        let mut first = 0;
        while let Some(stride) = nth(first) {
            if skip < stride.rows {
                break;
            }
            skip -= stride.rows;
            first += 1;
        }
        let (mut last, mut rows) = (first, nth(first)?.rows);
        while rows < skip + limit
            && let Some(stride) = nth(last + 1)
        {
            rows += stride.rows;
            last += 1;
        }
        let last = (last + 1).min(count - 1);
        Some(if down {
            let to = if first == 0 { None } else { nth(first - 1).map(|stride| &stride.from) };
            Place { from: nth(last).map(|stride| &stride.from), to, skip }
        } else {
            Place {
                from: nth(first).map(|stride| &stride.from),
                to: nth(last + 1).map(|stride| &stride.from),
                skip,
            }
        })
    }

    /// The same with the strides counted again in which something has changed; none when that is too much.
    async fn caught_up(&self, entry: &Entry, on: &Db, now: Timestamp) -> Result<Option<Self>> {
        let (list, asked) = (entry.list, &entry.asked);
        let checked = Instant::now();
        let changes = list.changes(on, self.seen.plus_ms(-SLACK_MS)).await?;
        if changes.len() >= usize::try_from(MOST_CHANGES).unwrap_or(usize::MAX) {
            return Ok(None);
        }
        let touched: BTreeSet<usize> = changes.iter().map(|key| self.stride_of(key)).collect();
        let mut strides = Vec::with_capacity(self.strides.len() + touched.len());
        for (n, stride) in self.strides.iter().enumerate() {
            if !touched.contains(&n) {
                strides.push(stride.clone());
                continue;
            }
            let to = self.strides.get(n + 1).map(|next| &next.from);
            let rows = list.count_between(on, asked, &stride.from, to).await?;
            if rows > 2 * STRIDE {
                list.walk(on, asked, stride.from.clone(), to, &mut strides).await?;
            } else {
                strides.push(Stride { from: stride.from.clone(), rows });
            }
        }
        let total = strides.iter().map(|stride| stride.rows).sum();
        Ok(Some(Self { strides, total, seen: now, checked, made: self.made }))
    }

    fn stride_of(&self, key: &Key) -> usize {
        self.strides.partition_point(|stride| stride.from <= *key).saturating_sub(1)
    }
}
