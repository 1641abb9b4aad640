use std::collections::BTreeMap;

use plimsoll_model::{CodeSet, Nanos, Record, Timestamp};

use crate::latencies::Latencies;
use crate::spans::Starts;
use crate::templates::ErrorCounts;

/// What counts as a success, and as good.
#[derive(Clone, Debug)]
pub(crate) struct Acceptance {
    pub(crate) codes: CodeSet,
    /// The SLO's latency; a success is good without one.
    pub(crate) good_within: Nanos,
}

impl Acceptance {
    /// What a record is counted as, `accepted` saying whether its code is one of `codes`.
    ///
    /// A success has an accepted code. An error beside an HTTP success (a JSON-RPC error, or a check that failed after the
    /// answer) makes it a failure; beside another code the error is but the status in words, and the code decides.
    #[inline]
    pub(crate) fn judge(&self, record: &Record, accepted: bool, is_error: bool) -> Counted {
        if !accepted || (is_error && record.is_http_success()) {
            Counted::Failure
        } else if record.latency_from_due() <= self.good_within {
            Counted::Good
        } else {
            Counted::Slow
        }
    }
}

/// Figures of a set of records that merge exactly.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) success: Latencies,
    pub(crate) failure: Latencies,
    pub(crate) good: u64,
    pub(crate) bytes_in: u64,
    /// Those of them that came with successes.
    pub(crate) bytes_in_success: u64,
    pub(crate) bytes_out: u64,
    pub(crate) bytes_measured: u64,
    /// Records whose answer's body was recorded.
    pub(crate) bodies: u64,
    pub(crate) starts: Starts,
    /// Successes and good requests without timestamp: they are in no rate.
    pub(crate) untimed_successes: u64,
    pub(crate) untimed_good: u64,
    /// The latest end; unknown sorts before every moment.
    end: Timestamp,
    codes: Vec<CodeCount>,
    latest_code: usize,
    pub(crate) errors: ErrorCounts,
}

/// What a record was counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// An accepted answer within the SLO's latency.
    Good,
    /// An accepted answer that took longer.
    Slow,
    Failure,
}

#[derive(Clone, Copy, Debug)]
struct CodeCount {
    code: u16,
    accepted: bool,
    count: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            success: Latencies::default(),
            failure: Latencies::default(),
            good: 0,
            bytes_in: 0,
            bytes_in_success: 0,
            bytes_out: 0,
            bytes_measured: 0,
            bodies: 0,
            starts: Starts::default(),
            untimed_successes: 0,
            untimed_good: 0,
            end: Timestamp::UNKNOWN,
            codes: Vec::new(),
            latest_code: 0,
            errors: ErrorCounts::default(),
        }
    }
}

impl Tally {
    /// Counts the record and says what as.
    #[inline]
    pub(crate) fn add(
        &mut self,
        record: &Record,
        is_error: bool,
        acceptance: &Acceptance,
    ) -> Counted {
        let place = match self.codes.get(self.latest_code) {
            Some(latest) if latest.code == record.code => self.latest_code,
            _ => self.place_of(record.code, &acceptance.codes),
        };
        let code = &mut self.codes[place];
        code.count += 1;
        let counted = acceptance.judge(record, code.accepted, is_error);
        if counted == Counted::Failure {
            self.failure.record(record.latency);
        } else {
            let good = u64::from(counted == Counted::Good);
            self.good += good;
            if !record.timestamp.is_known() {
                self.untimed_successes += 1;
                self.untimed_good += good;
            }
            self.success.record(record.latency);
            self.bytes_in_success = self.bytes_in_success.saturating_add(record.bytes_in);
        }
        self.bytes_in = self.bytes_in.saturating_add(record.bytes_in);
        self.bytes_out = self.bytes_out.saturating_add(record.bytes_out);
        self.bytes_measured += u64::from(record.bytes_in > 0);
        self.bodies += u64::from(record.has_body);
        self.starts.add(record);
        self.end = self.end.max(record.end());
        counted
    }

    #[cold]
    fn place_of(&mut self, code: u16, accepted: &CodeSet) -> usize {
        let place =
            self.codes.binary_search_by_key(&code, |count| count.code).unwrap_or_else(|place| {
                self.codes
                    .insert(place, CodeCount { code, accepted: accepted.contains(code), count: 0 });
                place
            });
        self.latest_code = place;
        place
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.success.merge(&other.success);
        self.failure.merge(&other.failure);
        self.good += other.good;
        self.bytes_in = self.bytes_in.saturating_add(other.bytes_in);
        self.bytes_in_success = self.bytes_in_success.saturating_add(other.bytes_in_success);
        self.bytes_out = self.bytes_out.saturating_add(other.bytes_out);
        self.bytes_measured += other.bytes_measured;
        self.bodies += other.bodies;
        self.starts.merge(other.starts);
        self.untimed_successes += other.untimed_successes;
        self.untimed_good += other.untimed_good;
        self.end = self.end.max(other.end);
        for theirs in &other.codes {
            match self.codes.binary_search_by_key(&theirs.code, |count| count.code) {
                Ok(place) => self.codes[place].count += theirs.count,
                Err(place) => self.codes.insert(place, *theirs),
            }
        }
        self.errors.merge(&other.errors);
    }

    pub(crate) fn requests(&self) -> u64 {
        self.success.count() + self.failure.count()
    }

    pub(crate) fn successes(&self) -> u64 {
        self.success.count()
    }

    pub(crate) fn http_successes(&self) -> u64 {
        self.codes
            .iter()
            .filter(|count| (200..400).contains(&count.code))
            .map(|count| count.count)
            .sum()
    }

    pub(crate) fn status_codes(&self) -> BTreeMap<u16, u64> {
        self.codes.iter().map(|count| (count.code, count.count)).collect()
    }

    pub(crate) fn end(&self) -> Option<Timestamp> {
        self.end.known()
    }
}
