//! Many values in few bytes: how often each range of values came, precise enough for percentiles.

/// Steps per doubling, as a power of two.
const FINE: u32 = 4;
const STEPS: u64 = 1 << FINE;
/// There is no bucket from this number on: one group of steps for the exact values, one for each of the 60 doublings.
const BUCKETS: u64 = 61 * STEPS;
/// The first byte of the stored form.
const FORMAT: u8 = 1;

/// A log-linear histogram: values up to 16 are kept exactly, above that each doubling has 16 buckets, so that a value
/// is known to 3.2 %. Only buckets that have a value are kept, in their order.
///
/// Stored, it is nothing at all when empty, else the byte 1 and for each bucket two numbers: how many empty buckets lie
/// before it since the last one, and its count. Numbers are in base 128, the low digits first, the high bit saying that
/// more follow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram(Vec<(u16, u32)>);

fn bucket(value: u64) -> u16 {
    let at = match value.checked_ilog2() {
        Some(exponent) if exponent >= FINE => {
            let step = (value >> (exponent - FINE)) & (STEPS - 1);
            (u64::from(exponent - FINE + 1) << FINE) + step
        }
        _ => value,
    };
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// The middle of a bucket.
fn middle(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    if bucket < STEPS {
        return bucket;
    }
    let shift = (bucket >> FINE) - 1;
    let lowest = (STEPS + (bucket & (STEPS - 1))) << shift;
    lowest + ((1_u64 << shift) - 1) / 2
}

impl Histogram {
    /// Counts a value. A bucket that had none before may make the list grow; else nothing is allocated.
    pub fn record(&mut self, value: u64) {
        self.add(bucket(value), 1);
    }

    fn add(&mut self, bucket: u16, times: u32) {
        match self.0.binary_search_by_key(&bucket, |(at, _)| *at) {
            Ok(place) => {
                if let Some((_, count)) = self.0.get_mut(place) {
                    *count = count.saturating_add(times);
                }
            }
            Err(place) => self.0.insert(place, (bucket, times)),
        }
    }

    /// Counts all that another has counted.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.0 {
            self.add(*bucket, *count);
        }
    }

    /// Forgets everything and keeps its room.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// The value that so many of a hundred do not exceed, by rank; none of nothing.
    pub fn percentile(&self, percent: u32) -> Option<u64> {
        let rank = u128::from(self.count()) * u128::from(percent);
        let rank = u64::try_from(rank.div_ceil(100)).unwrap_or(u64::MAX).max(1);
        let mut seen = 0_u64;
        let found = self.0.iter().find(|(_, count)| {
            seen = seen.saturating_add(u64::from(*count));
            seen >= rank
        });
        found.or(self.0.last()).map(|(bucket, _)| middle(*bucket))
    }

    /// The form that is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let mut bytes = Vec::with_capacity(1 + self.0.len() * 3);
        bytes.push(FORMAT);
        let mut next = 0;
        for (bucket, count) in &self.0 {
            write(&mut bytes, u32::from(bucket - next));
            write(&mut bytes, *count);
            next = bucket + 1;
        }
        bytes
    }

    /// Reads the stored form; none when it is not one. However the bytes are, no more is allocated than they are long.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let Some((format, mut rest)) = bytes.split_first() else { return Some(Self::default()) };
        if *format != FORMAT || rest.is_empty() {
            return None;
        }
        let mut counts = Vec::new();
        let mut next = 0_u64;
        while !rest.is_empty() {
            let bucket = next + u64::from(read(&mut rest)?);
            let count = read(&mut rest)?;
            if bucket >= BUCKETS || count == 0 {
                return None;
            }
            counts.push((u16::try_from(bucket).ok()?, count));
            next = bucket + 1;
        }
        Some(Self(counts))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "only the low seven bits are taken")]
fn write(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Cuts a number off the front.
fn read(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0_u64;
    for place in 0..5 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (place * 7);
        if byte & 0x80 == 0 {
            return u32::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for value in values {
            histogram.record(*value);
        }
        histogram
    }

    /// Values of every magnitude.
    fn value() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0_u32..64).prop_map(|(bits, shift)| bits >> shift)
    }

    #[test]
    fn buckets_follow_each_other() {
        assert_eq!(
            (bucket(0), bucket(15), bucket(16), bucket(31), bucket(32)),
            (0, 15, 16, 31, 32)
        );
        assert_eq!((bucket(33), bucket(34)), (32, 33));
        assert_eq!(u64::from(bucket(u64::MAX)), BUCKETS - 1);
        for at in 0..u16::try_from(BUCKETS).unwrap() {
            assert_eq!(bucket(middle(at)), at);
        }
    }

    #[test]
    fn percentiles_go_by_rank() {
        let hundred: Vec<u64> = (1..=10).flat_map(|n| [n; 10]).collect();
        let histogram = of(&hundred);
        for (percent, expected) in [(0, 1), (10, 1), (11, 2), (50, 5), (95, 10), (100, 10)] {
            assert_eq!(histogram.percentile(percent), Some(expected), "{percent}");
        }
        assert_eq!(Histogram::default().percentile(50), None);
    }

    #[test]
    fn what_is_stored_stays_readable() {
        // The bytes of earlier releases are in databases.
        let bytes = [1, 3, 2, 6, 0x80, 1];
        let histogram = Histogram::from_bytes(&bytes).unwrap();
        assert_eq!(histogram, Histogram(vec![(3, 2), (10, 128)]));
        assert_eq!(histogram.to_bytes(), bytes);
        assert_eq!(Histogram::from_bytes(&[]), Some(Histogram::default()));
        for wrong in [
            &[0][..],
            &[1],
            &[2, 0, 1],
            &[1, 0],
            &[1, 0, 0],
            &[1, 0x80],
            &[1, 0xff, 0xff, 0xff, 0xff, 0x0f, 1],
            &[1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            &[1, 0xd1, 0x07, 1],
        ] {
            assert_eq!(Histogram::from_bytes(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn counts_do_not_overflow() {
        let mut full = Histogram(vec![(7, u32::MAX)]);
        full.record(7);
        full.merge(&full.clone());
        assert_eq!((full.count(), full.percentile(99)), (u64::from(u32::MAX), Some(7)));
        assert_eq!(Histogram::from_bytes(&full.to_bytes()), Some(full));
    }

    proptest! {
        #[test]
        fn merging_is_counting_both(one in prop::collection::vec(value(), 0..60), two in prop::collection::vec(value(), 0..60)) {
            let mut merged = of(&one);
            merged.merge(&of(&two));
            prop_assert_eq!(&merged, &of(&[one, two].concat()));
            prop_assert_eq!(Histogram::from_bytes(&merged.to_bytes()), Some(merged));
        }

        #[test]
        fn a_percentile_is_near_the_true_one(mut values in prop::collection::vec(value(), 1..200), percent in 1_u32..=100) {
            let found = of(&values).percentile(percent).unwrap();
            values.sort_unstable();
            let rank = (values.len() * usize::try_from(percent).unwrap()).div_ceil(100);
            let exact = values[rank - 1];
            prop_assert!(found.abs_diff(exact) <= exact / 31, "{} {}", found, exact);
        }

        #[test]
        fn any_bytes_are_safe(bytes in prop::collection::vec(any::<u8>(), 0..300), honest in any::<bool>()) {
            let mut bytes = bytes;
            if let (true, Some(first)) = (honest, bytes.first_mut()) {
                *first = FORMAT;
            }
            if let Some(read) = Histogram::from_bytes(&bytes) {
                prop_assert!(read.0.len() <= bytes.len());
                prop_assert!(read.count() == 0 || read.percentile(99).is_some());
                prop_assert_eq!(Histogram::from_bytes(&read.to_bytes()), Some(read));
            }
        }
    }
}
