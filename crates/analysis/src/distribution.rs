use hdrhistogram::Histogram;

use crate::latencies::{bucket, lowest};

/// A distribution of latencies in nanoseconds, to three significant digits, packed: a few bytes per distinct value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// For each bucket that has values, how many buckets it lies after the one before, and its count; in LEB128.
    packed: Vec<u8>,
}

impl Distribution {
    /// From buckets in rising order with their counts, none of them 0.
    pub(crate) fn of_buckets(buckets: impl Iterator<Item = (usize, u64)>) -> Self {
        let mut packed = Vec::new();
        let mut before = 0;
        for (bucket, count) in buckets {
            push(&mut packed, (bucket - before) as u64);
            push(&mut packed, count);
            before = bucket;
        }
        packed.shrink_to_fit();
        Self { packed }
    }

    /// In a form that answers questions and can be written down.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        reason = "every bucket's values are in the histogram's range"
    )]
    pub fn to_histogram(&self) -> Histogram<u64> {
        let mut histogram =
            Histogram::new(3).expect("three significant digits are within the histogram's range");
        let mut packed = self.packed.iter();
        let mut bucket = 0;
        while let Some(step) = pop(&mut packed) {
            bucket += usize::try_from(step).unwrap_or(usize::MAX);
            histogram
                .record_n(lowest(bucket), pop(&mut packed).unwrap_or(0))
                .expect("a histogram that resizes itself takes values of every bucket");
        }
        histogram
    }
}

impl From<&Histogram<u64>> for Distribution {
    fn from(histogram: &Histogram<u64>) -> Self {
        let mut buckets = std::collections::BTreeMap::new();
        for step in histogram.iter_recorded() {
            *buckets.entry(bucket(step.value_iterated_to())).or_default() += step.count_at_value();
        }
        Self::of_buckets(buckets.into_iter())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
fn push(packed: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        packed.push(value as u8 | 0x80);
        value >>= 7;
    }
    packed.push(value as u8);
}

fn pop(packed: &mut std::slice::Iter<'_, u8>) -> Option<u64> {
    let mut value = 0;
    let mut shift = 0;
    loop {
        let byte = *packed.next()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
        shift += 7;
    }
}
