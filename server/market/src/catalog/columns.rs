//! The figures that filters compare, each in a column of its own: to look at one of a hundred thousand listings reads
//! a few hundred kilobytes and nothing else.

use fixedbitset::FixedBitSet;
use model::{Choice, ProviderId};

use super::listing::Listed;

/// The figures of one listing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    /// Micro-dollars per 1,000 tokens; the least number there is when it cannot be compared.
    pub price: i64,
    pub context: u64,
    /// Thousandths of a percent over 30 days; 0 without a figure.
    pub uptime: u32,
    /// Milliseconds; the greatest number there is without a figure.
    pub latency: u32,
    /// Tokens per second; 0 without a figure.
    pub throughput: u32,
    /// Hundredths of a star; 0 without a review.
    pub rating: u16,
    pub provider: Option<ProviderId>,
}

/// What no filter lets pass.
const NOTHING: Row = Row {
    price: i64::MIN,
    context: 0,
    uptime: 0,
    latency: u32::MAX,
    throughput: 0,
    rating: 0,
    provider: None,
};

impl Row {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "percents, stars and tokens per second are small and not negative"
    )]
    pub fn of(listed: &Listed) -> Self {
        let service = &listed.detail.service;
        Self {
            price: if listed.is_priced() { service.price_per_1k_tokens.micros() } else { i64::MIN },
            context: service.context_window,
            uptime: service
                .metrics
                .uptime30d
                .map_or(0, |percent| (percent * 1_000.0).round() as u32),
            latency: service.metrics.latency_p95.unwrap_or(u32::MAX),
            throughput: service.metrics.throughput_tps.map_or(0, |tps| tps as u32),
            rating: service.rating.map_or(0, |stars| (stars * 100.0).floor() as u16),
            provider: Some(service.provider_id),
        }
    }
}

/// The figures of all slots.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    price: Vec<i64>,
    context: Vec<u64>,
    uptime: Vec<u32>,
    latency: Vec<u32>,
    throughput: Vec<u32>,
    rating: Vec<u16>,
    provider: Vec<Option<ProviderId>>,
}

/// The slots whose value passes.
fn passing<T: Copy>(column: &[T], passes: impl Fn(T) -> bool) -> FixedBitSet {
    const BITS: usize = usize::BITS as usize;
    let blocks = column.chunks(BITS).map(|chunk| {
        chunk
            .iter()
            .enumerate()
            .fold(0_usize, |block, (bit, value)| block | usize::from(passes(*value)) << bit)
    });
    FixedBitSet::with_capacity_and_blocks(column.len(), blocks)
}

/// The slots with a score.
pub(super) fn scored(scores: &[u16]) -> FixedBitSet {
    passing(scores, |score| score > 0)
}

impl Columns {
    pub fn push(&mut self, row: Option<Row>) {
        let row = row.unwrap_or(NOTHING);
        self.price.push(row.price);
        self.context.push(row.context);
        self.uptime.push(row.uptime);
        self.latency.push(row.latency);
        self.throughput.push(row.throughput);
        self.rating.push(row.rating);
        self.provider.push(row.provider);
    }

    pub fn put(&mut self, slot: usize, row: Option<Row>) {
        fn put<T>(column: &mut [T], slot: usize, value: T) {
            if let Some(place) = column.get_mut(slot) {
                *place = value;
            }
        }
        let row = row.unwrap_or(NOTHING);
        put(&mut self.price, slot, row.price);
        put(&mut self.context, slot, row.context);
        put(&mut self.uptime, slot, row.uptime);
        put(&mut self.latency, slot, row.latency);
        put(&mut self.throughput, slot, row.throughput);
        put(&mut self.rating, slot, row.rating);
        put(&mut self.provider, slot, row.provider);
    }

    /// The slots that a filter that compares lets pass; none for the filters with lists of values.
    pub fn set(&self, choice: &Choice, provider: Option<ProviderId>) -> Option<FixedBitSet> {
        Some(match choice {
            Choice::MinPrice(least) => passing(&self.price, |price| price >= least.micros()),
            Choice::MaxPrice(most) => {
                passing(&self.price, |price| price >= 0 && price <= most.micros())
            }
            Choice::MinContext(least) => {
                passing(&self.context, |tokens| tokens > 0 && tokens >= *least)
            }
            Choice::MaxContext(most) => {
                passing(&self.context, |tokens| tokens > 0 && tokens <= *most)
            }
            Choice::Uptime(least) => passing(&self.uptime, |uptime| uptime > 0 && uptime >= *least),
            Choice::Latency(most) => passing(&self.latency, |ms| ms != u32::MAX && ms <= *most),
            Choice::Throughput(least) => passing(&self.throughput, |tps| tps > 0 && tps >= *least),
            Choice::Rating(least) => {
                let least = u16::from(*least) * 100;
                passing(&self.rating, |stars| stars > 0 && stars >= least)
            }
            Choice::Provider(_) => passing(&self.provider, |of| of.is_some() && of == provider),
            _ => return None,
        })
    }
}
