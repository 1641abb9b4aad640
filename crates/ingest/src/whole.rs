//! Whole records: everything that an input says of a request, for those who hand it on.

use std::borrow::Cow;
use std::ops::ControlFlow;

use plimsoll_model::{Format, InputId, Ledger, Nanos, Timestamp};

use crate::error::Error;
use crate::headers::HeaderPart;
use crate::pipeline::{Harvest, Progress, ReadOptions, run};
use crate::raw::{Phases, RawRecord, Zone};
use crate::sink::{Aside, DamagedSpan, Sink};
use crate::source::Source;

/// Everything that an input says of one request, still as the input spells it: what is asked for is put into plain words.
///
/// Texts are bytes, since gob and CSV hold any.
#[derive(Clone, Copy, Debug)]
pub struct WholeRecord<'a> {
    pub(crate) raw: &'a RawRecord<'a>,
    pub(crate) format: Format,
}

/// Names of headers with their values, in the order of the input.
pub type Headers<'a> = Vec<(Cow<'a, [u8]>, Vec<Cow<'a, [u8]>>)>;

impl<'a> WholeRecord<'a> {
    /// The format that the record was written in.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The attack's name, empty where it has none.
    #[must_use]
    pub fn attack(&self) -> Cow<'a, [u8]> {
        self.raw.attack.plain_bytes()
    }

    /// The request's number in its run; `None` where the stream has no numbers.
    #[must_use]
    pub fn seq(&self) -> Option<u64> {
        self.raw.has_seq.then_some(self.raw.seq)
    }

    /// The HTTP status, or 0 where no complete answer arrived.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.raw.code
    }

    /// When the generator took the request up; unknown where the stream does not say, or where [`Self::zone`] says that
    /// the time is out of range.
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        self.raw.timestamp
    }

    /// The zone that the timestamp is written in.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.raw.zone
    }

    /// When the request was due; unknown where the stream does not say.
    #[must_use]
    pub fn intended(&self) -> Timestamp {
        self.raw.intended
    }

    /// From the timestamp until the whole answer was read.
    #[must_use]
    pub fn latency(&self) -> Nanos {
        self.raw.latency
    }

    /// What the latency is made of, where the stream says.
    #[must_use]
    pub fn phases(&self) -> Option<Phases> {
        self.raw.phases
    }

    /// Bytes of the request's body.
    #[must_use]
    pub fn bytes_out(&self) -> u64 {
        self.raw.bytes_out
    }

    /// Bytes of the answer's body that were captured.
    #[must_use]
    pub fn bytes_in(&self) -> u64 {
        self.raw.bytes_in
    }

    /// The error text, empty where there was none.
    #[must_use]
    pub fn error(&self) -> Cow<'a, [u8]> {
        self.raw.error.plain_bytes()
    }

    /// The answer's body; `None` where the stream says that there was none, rather than an empty one.
    #[must_use]
    pub fn body(&self) -> Option<Cow<'a, [u8]>> {
        self.raw.body.given()
    }

    /// The HTTP method, empty where the stream does not say.
    #[must_use]
    pub fn method(&self) -> Cow<'a, [u8]> {
        self.raw.method.plain_bytes()
    }

    /// The URL before redirects, empty where the stream does not say.
    #[must_use]
    pub fn url(&self) -> Cow<'a, [u8]> {
        self.raw.url.plain_bytes()
    }

    /// The answer's headers; `None` where there are none, rather than an empty list.
    #[must_use]
    pub fn headers(&self) -> Option<Headers<'static>> {
        if self.raw.headers.is_absent() {
            return None;
        }
        let mut headers: Headers<'static> = Vec::new();
        self.raw.headers.each(|part| match part {
            HeaderPart::Name(name) => headers.push((Cow::Owned(name.to_vec()), Vec::new())),
            HeaderPart::Value(value) => {
                if let Some((_, values)) = headers.last_mut() {
                    values.push(Cow::Owned(value.to_vec()));
                }
            }
        });
        Some(headers)
    }
}

/// Makes something of whole records, on one of several threads.
pub trait Collect: Send {
    /// Forgets what was made of earlier records; those to come are this input's.
    fn begin(&mut self, input: InputId);
    /// Takes the next record.
    fn record(&mut self, record: &WholeRecord<'_>);
    /// Takes what a native stream says beside its records, between which it stands.
    fn aside(&mut self, aside: &Aside<'_>);
    /// Whether what was made takes so much memory that it should be taken now.
    fn is_full(&self) -> bool;
}

/// Reads all records of `sources`, each of which is looked at as a whole, and returns the account of each source.
///
/// Every worker has a collector that `new` makes. It takes the records of a part of an input and is then handed to
/// `sink`, in the order of the sources and of their bytes, to be taken from, before that if it is full; a break ends the reading. So what is costly,
/// writing records down in another format for example, is done on all cores.
///
/// # Errors
/// A source that cannot be opened. Damage, and a source of no known format, are told of in the ledger.
pub fn read_whole<C: Collect>(
    sources: &[Source],
    options: &ReadOptions,
    progress: &Progress,
    new: &(impl Fn() -> C + Sync),
    sink: &mut (dyn FnMut(InputId, &mut C) -> ControlFlow<()> + Send),
) -> Result<Vec<Ledger>, Error> {
    let harvest = || WholeSink {
        collector: new(),
        input: InputId::default(),
        format: Format::VegetaGob,
        records: 0,
        asides: 0,
        damage: Vec::new(),
        formats: Vec::new(),
        notes: Vec::new(),
    };
    run(sources, options, progress, &harvest, &mut |harvest| {
        sink(harvest.input, &mut harvest.collector)
    })
}

struct WholeSink<C> {
    collector: C,
    input: InputId,
    /// Of the records that come next.
    format: Format,
    records: u64,
    asides: u64,
    damage: Vec<(u64, DamagedSpan)>,
    formats: Vec<Format>,
    notes: Vec<&'static str>,
}

impl<C: Collect> Sink for WholeSink<C> {
    fn record(&mut self, raw: &RawRecord<'_>) {
        self.records += 1;
        self.collector.record(&WholeRecord { raw, format: self.format });
    }

    fn aside(&mut self, aside: &Aside<'_>) {
        self.asides += 1;
        self.collector.aside(aside);
    }

    fn wants_asides(&self) -> bool {
        true
    }

    fn damage(&mut self, span: DamagedSpan) {
        self.damage.push((self.records, span));
    }

    fn format(&mut self, format: Format) {
        self.format = format;
        if !self.formats.contains(&format) {
            self.formats.push(format);
        }
    }

    fn note(&mut self, what: &'static str) {
        if !self.notes.contains(&what) {
            self.notes.push(what);
        }
    }
}

impl<C: Collect> Harvest for WholeSink<C> {
    fn begin(&mut self, input: InputId) {
        self.collector.begin(input);
        self.input = input;
        self.records = 0;
        self.asides = 0;
        self.damage.clear();
        self.formats.clear();
        self.notes.clear();
    }

    fn records(&self) -> u64 {
        self.records
    }

    fn is_empty(&self) -> bool {
        self.records == 0 && self.asides == 0
    }

    fn is_full(&self) -> bool {
        self.collector.is_full()
    }

    fn damaged(&self) -> &[(u64, DamagedSpan)] {
        &self.damage
    }

    fn formats(&self) -> &[Format] {
        &self.formats
    }

    fn notes(&self) -> &[&'static str] {
        &self.notes
    }
}
