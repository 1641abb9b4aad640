use crate::{Nanos, Timestamp};

/// A record's target: an index into [`Batch::targets`](crate::Batch::targets) of the same batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TargetId(pub u32);

/// A record's error: an index into [`Batch::errors`](crate::Batch::errors) of the same batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ErrorId(pub u32);

/// One request's result.
///
/// Texts live once per batch; the record only points at them, so that a record is small and copied freely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// When the generator took the request up; [`Timestamp::UNKNOWN`] where the stream does not say.
    pub timestamp: Timestamp,
    /// When the request was due, where the stream records that; unknown elsewhere.
    pub intended: Timestamp,
    /// From `timestamp` until the whole answer was read.
    pub latency: Nanos,
    /// The request's number in its run. 0 where the stream has no numbers: see `has_seq`.
    pub seq: u64,
    /// Bytes of the answer's body that were captured.
    pub bytes_in: u64,
    /// Bytes of the request's body.
    pub bytes_out: u64,
    /// Attack, method, URL and the asked-for answer headers.
    pub target: TargetId,
    /// The error text, where there is one.
    pub error: Option<ErrorId>,
    /// The HTTP status, or 0 where no complete answer arrived.
    pub code: u16,
    /// Whether the stream numbers its requests.
    pub has_seq: bool,
    /// Whether some of the answer's body was recorded.
    pub has_body: bool,
}

impl Record {
    /// When the answer was complete; unknown where the timestamp is.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.timestamp.saturating_add(self.latency)
    }

    /// When the request was to be sent: the intended moment, or where the stream does not tell it the timestamp.
    #[inline]
    #[must_use]
    pub fn due(&self) -> Timestamp {
        if self.intended.is_known() { self.intended } else { self.timestamp }
    }

    /// From [`Record::due`] until the whole answer was read: what somebody waited whose request a late generator held back.
    #[inline]
    #[must_use]
    pub fn latency_from_due(&self) -> Nanos {
        if self.intended.is_known() && self.intended < self.timestamp {
            let lag = self.timestamp.0.abs_diff(self.intended.0);
            Nanos(self.latency.0.saturating_add(lag))
        } else {
            self.latency
        }
    }

    /// vegeta's definition of success: `200 <= code < 400`.
    #[must_use]
    pub fn is_http_success(&self) -> bool {
        (200..400).contains(&self.code)
    }
}
