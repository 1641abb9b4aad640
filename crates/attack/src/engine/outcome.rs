use std::ops::Range;
use std::sync::Arc;

use plimsoll_model::{Nanos, Timestamp};

use super::request::Request;
use crate::Target;

/// What became of one request.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// Its chain: an index into [`Attack::chains`](super::Attack).
    pub chain: usize,
    /// Its number in the chain's whole schedule.
    pub seq: u64,
    /// When it was due.
    pub intended: Timestamp,
    /// When it was taken up.
    pub sent: Timestamp,
    /// From then until the whole answer was read.
    pub latency: Nanos,
    /// What it was.
    pub target: &'a Target,
    /// The HTTP status; 0 where no complete answer came.
    pub code: u16,
    /// Why it failed, in the words of Go's net/http; empty where it did not.
    pub error: &'a str,
    /// Whether it was never sent, since the generator was at its own limits.
    pub unsent: bool,
    /// Bytes of the request's body.
    pub bytes_out: u64,
    /// What was kept of the answer's body; `None` where no answer came.
    pub body: Option<&'a [u8]>,
    /// The answer's headers as lines.
    head: &'a [u8],
    /// Where its time went.
    pub phases: Phases,
}

/// When the parts of a request were done, from the moment it was taken up on, where they took place and are known. Of
/// several, as with redirects, the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// The name was looked up.
    pub dns: Option<Nanos>,
    /// The connection stood.
    pub connect: Option<Nanos>,
    /// The TLS handshake was done.
    pub tls: Option<Nanos>,
    /// The answer's first byte came.
    pub first_byte: Option<Nanos>,
    /// Connections that were opened.
    pub connections: u32,
}

impl<'a> Outcome<'a> {
    /// The answer's headers in the order in which they came, names in Go's spelling (`Content-Type`).
    pub fn headers(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        self.head.split(|byte| *byte == b'\n').filter_map(|line| {
            // The colon is behind a name, in which there is none.
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((&line[..colon], line.get(colon + 2..)?))
        })
    }
}

/// Some hundred outcomes, in the order in which the answers came.
#[derive(Debug, Default)]
pub struct Block {
    rows: Vec<Row>,
    bytes: Vec<u8>,
    date: i64,
}

#[derive(Debug)]
pub(super) struct Row {
    pub(super) chain: u32,
    pub(super) code: u16,
    pub(super) unsent: bool,
    /// Whether it is late because its target was.
    pub(super) target_was_late: bool,
    pub(super) has_body: bool,
    pub(super) seq: u64,
    pub(super) intended: Nanos,
    pub(super) sent: Nanos,
    pub(super) latency: Nanos,
    pub(super) request: Arc<Request>,
    pub(super) bytes_out: u64,
    pub(super) phases: Phases,
    error: Range<usize>,
    head: Range<usize>,
    body: Range<usize>,
}

/// The texts of a [`Row`], until they are in a block.
#[derive(Clone, Copy, Default)]
pub(super) struct Texts<'a> {
    pub(super) error: &'a str,
    pub(super) head: &'a [u8],
    pub(super) body: &'a [u8],
}

impl Row {
    pub(super) fn new(
        chain: u32,
        seq: u64,
        intended: Nanos,
        sent: Nanos,
        request: Arc<Request>,
    ) -> Self {
        Self {
            chain,
            seq,
            intended,
            sent,
            request,
            code: 0,
            unsent: false,
            target_was_late: false,
            has_body: false,
            latency: Nanos::ZERO,
            bytes_out: 0,
            phases: Phases::default(),
            error: 0..0,
            head: 0..0,
            body: 0..0,
        }
    }
}

impl Block {
    /// Rows after which a block is handed over.
    pub(super) const ROWS: usize = 512;

    pub(super) fn new(date: Timestamp) -> Self {
        Self { rows: Vec::with_capacity(Self::ROWS), bytes: Vec::new(), date: date.0 }
    }

    pub(super) fn push(&mut self, mut row: Row, texts: Texts<'_>) {
        row.error = self.keep(texts.error.as_bytes());
        row.head = self.keep(texts.head);
        row.body = self.keep(texts.body);
        self.rows.push(row);
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// About the memory that it takes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + self.rows.len() * size_of::<Row>()
    }

    /// The outcomes.
    pub fn iter(&self) -> impl Iterator<Item = Outcome<'_>> {
        let at = |time: Nanos| Timestamp(self.date).saturating_add(time);
        self.rows.iter().map(move |row| Outcome {
            chain: row.chain as usize,
            seq: row.seq,
            intended: at(row.intended),
            sent: at(row.sent),
            latency: row.latency,
            target: &row.request.target,
            code: row.code,
            error: std::str::from_utf8(&self.bytes[row.error.clone()]).unwrap_or(""),
            unsent: row.unsent,
            bytes_out: row.bytes_out,
            body: row.has_body.then(|| &self.bytes[row.body.clone()]),
            head: &self.bytes[row.head.clone()],
            phases: row.phases,
        })
    }
}
