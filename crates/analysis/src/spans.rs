//! Time in which requests were started: N requests span N intervals.

use plimsoll_model::{Nanos, Record, Timestamp};

/// First and last start of a number of requests. Requests without timestamp are not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Starts {
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) count: u64,
}

impl Default for Starts {
    fn default() -> Self {
        Self { first: i64::MAX, last: i64::MIN, count: 0 }
    }
}

impl Starts {
    #[inline]
    pub(crate) fn add(&mut self, record: &Record) {
        if record.timestamp.is_known() {
            self.first = self.first.min(record.timestamp.0);
            self.last = self.last.max(record.timestamp.0);
            self.count += 1;
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.count += other.count;
    }

    pub(crate) fn earliest(self) -> Option<Timestamp> {
        (self.count > 0).then_some(Timestamp(self.first))
    }

    pub(crate) fn latest(self) -> Option<Timestamp> {
        (self.count > 0).then_some(Timestamp(self.last))
    }

    /// (last - first)/(count - 1), 0 below two requests.
    pub(crate) fn mean_interval(self) -> u64 {
        match self.count {
            0 | 1 => 0,
            count => self.last.abs_diff(self.first) / (count - 1),
        }
    }

    /// From the first start until one mean interval after the last: (last - first)·count/(count - 1) long. A single
    /// request lasts for `single`.
    pub(crate) fn span(self, single: u64) -> Option<Span> {
        let length = match self.count {
            0 => return None,
            1 => single,
            count => {
                let length = u128::from(self.last.abs_diff(self.first)) * u128::from(count)
                    / u128::from(count - 1);
                u64::try_from(length).unwrap_or(u64::MAX)
            }
        };
        Some(Span { start: self.first, end: self.first.saturating_add_unsigned(length) })
    }
}

/// A stretch of time, its end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// Overlapping and touching spans made one, in order of time.
pub(crate) fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}

/// The length of the spans' union.
pub(crate) fn active(spans: Vec<Span>) -> Nanos {
    Nanos(
        union(spans)
            .iter()
            .fold(0, |sum: u64, span| sum.saturating_add(span.end.abs_diff(span.start))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn starts(first: i64, interval: i64, count: u64) -> Starts {
        Starts { first, last: first + interval * i64::try_from(count - 1).unwrap(), count }
    }

    #[test]
    fn requests_span_as_many_intervals() {
        let span = starts(7, 5_000_000, 200).span(0).unwrap();
        assert_eq!(span, Span { start: 7, end: 7 + SECOND });
        assert_eq!(starts(7, 0, 1).span(3), Some(Span { start: 7, end: 10 }));
        assert_eq!(Starts::default().span(3), None);
        let whole_range = Starts { first: i64::MIN + 1, last: i64::MAX, count: 2 };
        assert_eq!(whole_range.span(0).unwrap().end, i64::MAX);
    }

    #[test]
    fn a_union_counts_no_moment_twice() {
        let spans =
            vec![Span { start: 5, end: 9 }, Span { start: 0, end: 6 }, Span { start: 20, end: 21 }];
        assert_eq!(active(spans), Nanos(10));
    }
}
