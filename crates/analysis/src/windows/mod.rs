//! What became of the requests of each moment: the cells of a table of time, one row per window.
//!
//! A request belongs to the moment at which it was due. Windows lie on one grid for all cells, so that they merge exactly;
//! they widen, all at once, when there are too many of them.

mod spread;

use plimsoll_model::{Nanos, Record};

use crate::latencies::{nearest_rank, samples_needed};
use crate::taxonomy::{Class, Side};
pub(crate) use spread::Spread;

/// The width of windows to begin with, in nanoseconds. Its doubles meet whole seconds.
const WIDTH: i64 = 125_000_000;

/// The most windows of all cells together, ...
const MAX_WINDOWS: usize = 1 << 14;

/// ... and the most memory of their latencies, in bytes.
const MAX_BYTES: usize = 12 << 20;

/// What a record was counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Good,
    Slow,
    Failure(Side),
    /// Given up when the attack was ended: a failure of the generator's side, which says nothing of it.
    Interrupted,
}

impl Outcome {
    /// What a failure of this class counts as.
    pub(crate) fn failure(class: Class) -> Self {
        if class == Class::Interrupted { Self::Interrupted } else { Self::Failure(class.side()) }
    }
}

/// The requests that were due within a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    /// It begins this many widths after 1970.
    pub(crate) index: i64,
    /// All of them, so that nobody has to add up the latencies.
    requests: u64,
    /// Successes that were too slow to be good.
    slow: u64,
    /// Failures by side.
    pub(crate) failures: [u64; Side::ALL.len()],
    /// Those of them that were given up when the attack was ended.
    pub(crate) interrupted: u64,
    /// Of all requests, from when they were due, in nanoseconds.
    pub(crate) latency_sum: u64,
    /// Latencies of the successes, from when they were due.
    pub(crate) latencies: Spread,
}

impl Window {
    pub(crate) fn at(index: i64) -> Self {
        Self { index, ..Self::default() }
    }

    /// An empty one that is likely to get latencies like another's.
    fn like(other: Option<&Self>, index: i64) -> Self {
        let latencies = other.map_or_else(Spread::default, |other| Spread::like(&other.latencies));
        Self { index, latencies, ..Self::default() }
    }

    /// Counts a request; returns by how many bytes that made the window larger.
    #[inline]
    fn add(&mut self, latency: Nanos, outcome: Outcome) -> usize {
        self.requests += 1;
        self.latency_sum = self.latency_sum.saturating_add(latency.0);
        match outcome {
            Outcome::Failure(side) => {
                self.failures[side as usize] += 1;
                return 0;
            }
            Outcome::Interrupted => {
                self.failures[Side::Generator as usize] += 1;
                self.interrupted += 1;
                return 0;
            }
            Outcome::Good => {}
            Outcome::Slow => self.slow += 1,
        }
        self.latencies.add(latency)
    }

    /// Adds what another window of the same span holds.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.slow += other.slow;
        for (mine, theirs) in self.failures.iter_mut().zip(other.failures) {
            *mine += theirs;
        }
        self.interrupted += other.interrupted;
        self.latency_sum = self.latency_sum.saturating_add(other.latency_sum);
        self.latencies.merge(&other.latencies);
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    pub(crate) fn successes(&self) -> u64 {
        self.requests - self.failures.iter().sum::<u64>()
    }

    pub(crate) fn good(&self) -> u64 {
        self.successes() - self.slow
    }

    /// A percentile of the successes' latencies, in thousandths; `None` where they are too few to tell it.
    pub(crate) fn percentile(&self, per_mille: u64) -> Option<Nanos> {
        let count = self.successes();
        let is_supported = count >= samples_needed(per_mille);
        is_supported.then(|| self.latencies.at(nearest_rank(count, per_mille))).flatten()
    }

    /// The longest of the successes' latencies.
    pub(crate) fn longest(&self) -> Option<Nanos> {
        self.latencies.at(self.successes())
    }

    pub(crate) fn failed(&self, side: Side) -> u64 {
        self.failures[side as usize]
    }
}

/// The windows of all cells.
#[derive(Clone, Debug)]
pub(crate) struct Windows {
    width: i64,
    cells: Vec<Series>,
    count: usize,
    bytes: usize,
    most: usize,
    most_bytes: usize,
}

/// The windows of one cell, those without a request left out.
#[derive(Clone, Debug, Default)]
struct Series {
    /// In order of time.
    windows: Vec<Window>,
    /// Where the last request was counted, ...
    latest: usize,
    /// ... and when that window begins, in nanoseconds since 1970.
    start: i64,
}

impl Default for Windows {
    fn default() -> Self {
        Self::with_limits(MAX_WINDOWS, MAX_BYTES)
    }
}

impl Windows {
    fn with_limits(most: usize, most_bytes: usize) -> Self {
        Self { width: WIDTH, cells: Vec::new(), count: 0, bytes: 0, most, most_bytes }
    }

    /// Counts a record in a cell. One without a time is in no window.
    #[inline]
    pub(crate) fn add(&mut self, cell: usize, record: &Record, outcome: Outcome) {
        if !record.timestamp.is_known() {
            return;
        }
        let due = record.due().0;
        let latency = record.latency_from_due();
        if let Some(series) = self.cells.get_mut(cell)
            // Cheaper than a division, and most often true.
            && due.wrapping_sub(series.start).cast_unsigned() < self.width.cast_unsigned()
            && let Some(window) = series.windows.get_mut(series.latest)
        {
            let bytes = window.add(latency, outcome);
            if bytes > 0 {
                self.grow(bytes);
            }
        } else {
            self.add_elsewhere(cell, due, latency, outcome);
        }
    }

    #[inline(never)]
    fn add_elsewhere(&mut self, cell: usize, due: i64, latency: Nanos, outcome: Outcome) {
        if cell >= self.cells.len() {
            self.cells.resize_with(cell + 1, Series::default);
        }
        let index = due.div_euclid(self.width);
        let series = &mut self.cells[cell];
        let place = match series.place_of(index) {
            Ok(place) => place,
            Err(place) => {
                let window = Window::like(series.windows.get(series.latest), index);
                series.windows.insert(place, window);
                self.count += 1;
                place
            }
        };
        series.latest = place;
        series.start = index.wrapping_mul(self.width);
        let bytes = series.windows[place].add(latency, outcome);
        self.grow(bytes);
    }

    #[cold]
    fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        if self.count > self.most || self.bytes > self.most_bytes {
            self.widen();
        }
    }

    /// Doubles the width until there is room for a while.
    #[cold]
    fn widen(&mut self) {
        while self.count > self.most / 4 * 3 || self.bytes > self.most_bytes / 4 * 3 {
            let Some(width) = self.width.checked_mul(2) else { return };
            self.width = width;
            (self.count, self.bytes) = (0, 0);
            for series in &mut self.cells {
                series.halve();
                let latest = series.windows.get(series.latest);
                series.start = latest.map_or(0, |window| window.index.wrapping_mul(width));
                self.count += series.windows.len();
                let bytes = series.windows.iter().map(|window| window.latencies.bytes());
                self.bytes += bytes.sum::<usize>();
            }
        }
    }

    /// The width of all windows.
    pub(crate) fn width(&self) -> Nanos {
        Nanos(self.width.unsigned_abs())
    }

    /// The windows of a cell that have requests, in order of time.
    pub(crate) fn of(&self, cell: usize) -> &[Window] {
        self.cells.get(cell).map_or(&[], |series| &series.windows)
    }
}

/// Requests of all these cells together by the index of the window, in order of time.
pub(crate) fn counts(cells: &[&[Window]]) -> Vec<(i64, u64)> {
    let mut counts: Vec<(i64, u64)> = cells
        .iter()
        .flat_map(|cell| cell.iter().map(|window| (window.index, window.requests())))
        .collect();
    if cells.len() > 1 {
        counts.sort_by_key(|count| count.0);
        counts.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            kept.1 += if is_same { next.1 } else { 0 };
            is_same
        });
    }
    counts
}

impl Series {
    /// The place of the window with this index, or where it belongs.
    fn place_of(&self, index: i64) -> Result<usize, usize> {
        // Requests end in about the order in which they were due: the window is near the latest one.
        for place in [self.latest + 1, self.latest.wrapping_sub(1)] {
            if self.windows.get(place).is_some_and(|window| window.index == index) {
                return Ok(place);
            }
        }
        if self.windows.last().is_none_or(|window| window.index < index) {
            return Err(self.windows.len());
        }
        self.windows.binary_search_by_key(&index, |window| window.index)
    }

    /// Makes one window of the two that lie in one of twice the width.
    fn halve(&mut self) {
        let mut wide: Vec<Window> = Vec::with_capacity(self.windows.len() / 2 + 1);
        for mut window in self.windows.drain(..) {
            window.index = window.index.div_euclid(2);
            match wide.last_mut() {
                Some(last) if last.index == window.index => last.merge(&window),
                _ => wide.push(window),
            }
        }
        self.latest = wide.len().saturating_sub(1);
        self.windows = wide;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use plimsoll_model::{TargetId, Timestamp};
    use proptest::prelude::*;

    use super::*;

    const START: i64 = 1_795_420_800_000_000_000;

    fn record(at: i64, latency: u64) -> Record {
        Record {
            timestamp: Timestamp(at),
            intended: Timestamp::UNKNOWN,
            latency: Nanos(latency),
            seq: 0,
            bytes_in: 0,
            bytes_out: 0,
            target: TargetId(0),
            error: None,
            code: 200,
            has_seq: false,
            has_body: false,
        }
    }

    #[test]
    fn a_request_belongs_to_the_moment_at_which_it_was_due() {
        let mut windows = Windows::default();
        let late = Record { intended: Timestamp(START), ..record(START + 2 * WIDTH, 5) };
        windows.add(0, &late, Outcome::Good);
        windows.add(0, &record(i64::MIN, 5), Outcome::Good);
        let [window] = windows.of(0) else { panic!("{windows:?}") };
        assert_eq!(window.index, START / WIDTH);
        assert_eq!(window.latency_sum, 2 * WIDTH.unsigned_abs() + 5);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_however_wide_windows_become(
            records in prop::collection::vec(
                (0_usize..3, -40_000_000_000_i64..400_000_000_000, 0_u64..1 << 40, 0_usize..8), 0..400),
            most in 4_usize..40,
            most_bytes in 2_000_usize..20_000,
        ) {
            let mut windows = Windows::with_limits(most, most_bytes);
            for &(cell, after, latency, outcome) in &records {
                let outcome = match outcome {
                    6 => Outcome::Good,
                    7 => Outcome::Slow,
                    side => Outcome::Failure(Side::ALL[side]),
                };
                windows.add(cell, &record(START + after, latency), outcome);
            }
            prop_assert!(windows.count <= most.max(3), "{}", windows.count);
            let width = i64::try_from(windows.width().0).unwrap();
            let mut expected: BTreeMap<(usize, i64), (u64, u64, u64)> = BTreeMap::new();
            for &(cell, after, latency, outcome) in &records {
                let window = expected.entry((cell, (START + after).div_euclid(width))).or_default();
                window.0 += 1;
                window.1 += u64::from(outcome >= 6);
                window.2 += latency;
            }
            let mut found = BTreeMap::new();
            for cell in 0..3 {
                for window in windows.of(cell) {
                    found.insert((cell, window.index), (window.requests(), window.successes(), window.latency_sum));
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
