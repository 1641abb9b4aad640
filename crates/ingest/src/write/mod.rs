//! Records to result streams: vegeta's gob, JSON and CSV, byte for byte as vegeta writes them, and native streams.
//!
//! What a format cannot hold is counted, as [`Losses`]. The order of headers, which is a matter of chance where vegeta
//! wrote them, stays that of the input.

mod base64;
mod csv;
mod gob;
mod json;
mod losses;
mod native;
mod redact;

use plimsoll_model::Format;

use crate::NativeRecord;
use crate::native::{kind, says_only_who_wrote};
use crate::raw::RawRecord;
use crate::sink::Aside;
use crate::whole::WholeRecord;
pub use losses::{Loss, Losses};
pub use native::NativeOutput;
use redact::Redactor;

/// What stands in front of the first record of a stream.
#[must_use]
pub fn preamble(format: Format) -> &'static [u8] {
    match format {
        Format::VegetaGob => gob::PREAMBLE,
        // The writer of a native stream begins it.
        Format::VegetaJson | Format::VegetaCsv | Format::Native => b"",
    }
}

/// Writes records down, without the [`preamble`].
///
/// What several encoders have written makes one stream when it is put one behind the other. For a native stream they keep
/// the records until a [`NativeOutput`] takes them.
#[derive(Debug)]
pub struct Encoder {
    to: Format,
    bytes: Vec<u8>,
    native: native::Shelf,
    losses: Losses,
    scratch: Scratch,
    redactor: Redactor,
    masked: bool,
    credentials: u64,
    asides_left_out: u64,
}

/// Room that is used for one record after the other.
#[derive(Debug, Default)]
struct Scratch {
    /// A part of the record that has to be put together before it can be written.
    part: Vec<u8>,
    /// A part of that.
    inner: Vec<u8>,
    map: gob::HeaderMap,
    lines: csv::Lines,
}

impl Encoder {
    /// Writes in this format. With `masked`, what may be a credential in URLs, texts and headers becomes `***`; bodies
    /// stay as they are.
    #[must_use]
    pub fn new(to: Format, masked: bool) -> Self {
        Self {
            to,
            bytes: Vec::new(),
            native: native::Shelf::default(),
            losses: Losses::default(),
            scratch: Scratch::default(),
            redactor: Redactor::default(),
            masked,
            credentials: 0,
            asides_left_out: 0,
        }
    }

    /// Forgets what has been written and counted.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.native.clear();
        self.losses = Losses::default();
        self.credentials = 0;
        self.asides_left_out = 0;
    }

    /// What has been written since the last [`Encoder::clear`].
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of memory that what has been written takes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len() + self.native.size()
    }

    /// A number that is the same for the same records and hardly ever for others: what identifies a native stream that
    /// begins with them.
    #[must_use]
    pub fn mark(&self) -> u64 {
        self.native.mark()
    }

    /// Writes what a native stream says beside its records. With masked credentials, its header is left out: that names the
    /// attack.
    pub fn aside(&mut self, aside: &Aside<'_>) {
        let is_header = aside.kind == kind::HEADER;
        if self.to == Format::Native && !(self.masked && is_header) {
            self.native.aside(aside);
        } else if aside.kind != kind::END && !(is_header && says_only_who_wrote(aside.payload)) {
            self.asides_left_out += 1;
        }
    }

    /// Frames of native streams that are not written: headers that tell more than who wrote them, and what tells how the generator was.
    #[must_use]
    pub fn asides_left_out(&self) -> u64 {
        self.asides_left_out
    }

    /// What could not be written.
    #[must_use]
    pub fn losses(&self) -> &Losses {
        &self.losses
    }

    /// Records that hold what may be a credential.
    #[must_use]
    pub fn credentials(&self) -> u64 {
        self.credentials
    }

    /// Writes a record that was not read but made.
    pub fn made(&mut self, record: &NativeRecord<'_>) {
        self.record(&WholeRecord { raw: &record.raw(), format: Format::Native });
    }

    /// Writes a record.
    pub fn record(&mut self, record: &WholeRecord<'_>) {
        let Self { redactor, losses, .. } = self;
        let holds_credentials = redactor.look_at(record.raw);
        self.credentials += u64::from(holds_credentials);
        losses.before(record, self.to);
        let mut write = |raw: &RawRecord<'_>| {
            let (out, scratch) = (&mut self.bytes, &mut self.scratch);
            match self.to {
                Format::VegetaGob => gob::record(raw, out, scratch, losses),
                Format::VegetaJson => json::record(raw, out, scratch, losses),
                Format::VegetaCsv => csv::record(raw, out, scratch, losses),
                Format::Native => self.native.push(raw, losses),
            }
        };
        if self.masked && holds_credentials {
            write(&redactor.masked(record.raw));
        } else {
            write(record.raw);
        }
    }
}

/// Adds a number in decimal digits.
#[inline]
fn push_number(out: &mut Vec<u8>, number: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
