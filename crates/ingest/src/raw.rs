//! A record as a decoder sees it: numbers decoded, texts still borrowed from the input.

use std::borrow::Cow;

use plimsoll_model::{Nanos, Timestamp};

use crate::body::RawBody;
use crate::headers::RawHeaders;
use crate::json;

/// How a text is spelt in the input. Texts are looked up as spelt and only then, once each, put into plain words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// The bytes are the text.
    #[default]
    Plain,
    /// The inside of a JSON string that holds a backslash.
    JsonEscaped,
    /// The inside of a quoted CSV field that holds doubled quotes.
    CsvQuoted,
}

/// A text of the input, perhaps not UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) spelling: Spelling,
}

impl<'a> Text<'a> {
    pub(crate) fn plain(bytes: &'a [u8]) -> Self {
        Self { bytes, spelling: Spelling::Plain }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The text's own bytes, whatever they are.
    pub(crate) fn plain_bytes(self) -> Cow<'a, [u8]> {
        match self.spelling {
            Spelling::Plain => Cow::Borrowed(self.bytes),
            Spelling::JsonEscaped | Spelling::CsvQuoted => {
                let mut plain = Vec::with_capacity(self.bytes.len());
                self.push_plain(&mut plain);
                Cow::Owned(plain)
            }
        }
    }

    /// The text's own bytes, in `scratch` where they are not in the input.
    #[inline]
    pub(crate) fn plain_in<'b>(self, scratch: &'b mut Vec<u8>) -> &'b [u8]
    where
        'a: 'b,
    {
        if self.spelling == Spelling::Plain {
            return self.bytes;
        }
        scratch.clear();
        self.push_plain(scratch);
        scratch
    }

    /// Adds the text's own bytes.
    pub(crate) fn push_plain(self, out: &mut Vec<u8>) {
        match self.spelling {
            Spelling::Plain => out.extend_from_slice(self.bytes),
            Spelling::JsonEscaped => json::push_unescaped(self.bytes, out),
            Spelling::CsvQuoted => {
                let mut rest = self.bytes;
                // Quotes come in pairs, of which the first stays.
                while let Some(quote) = memchr::memchr(b'"', rest) {
                    out.extend_from_slice(&rest[..=quote]);
                    rest = rest.get(quote + 2..).unwrap_or_default();
                }
                out.extend_from_slice(rest);
            }
        }
    }

    /// The text itself; bytes that are not UTF-8 become U+FFFD.
    pub(crate) fn to_str(self) -> Cow<'a, str> {
        match self.plain_bytes() {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }
}

/// The zone that a timestamp is written in, by its offset. Go tells UTC from a zone whose offset happens to be zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    /// UTC itself, or a format that knows no zones.
    #[default]
    Utc,
    /// East of UTC, in seconds.
    Offset(i32),
    /// That of a time outside the range of [`Timestamp`]: neither is kept.
    OutOfRange,
}

/// Parts of a latency, each from the request's start; `None` where a part did not take place or is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Until the name was looked up.
    pub dns: Option<Nanos>,
    /// Until the connection stood.
    pub connect: Option<Nanos>,
    /// Until the TLS handshake was done.
    pub tls: Option<Nanos>,
    /// Until the first byte of the answer came.
    pub first_byte: Option<Nanos>,
}

/// One result. Absent fields are zero or empty, as in vegeta.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawRecord<'a> {
    pub(crate) attack: Text<'a>,
    pub(crate) method: Text<'a>,
    pub(crate) url: Text<'a>,
    pub(crate) error: Text<'a>,
    pub(crate) body: RawBody<'a>,
    pub(crate) headers: RawHeaders<'a>,
    pub(crate) seq: u64,
    pub(crate) timestamp: Timestamp,
    /// The zone that the timestamp was written in.
    pub(crate) zone: Zone,
    /// When the request was due; unknown where the format does not say.
    pub(crate) intended: Timestamp,
    /// What the latency is made of, where the format says.
    pub(crate) phases: Option<Phases>,
    pub(crate) latency: Nanos,
    pub(crate) bytes_out: u64,
    pub(crate) bytes_in: u64,
    pub(crate) code: u16,
    pub(crate) has_seq: bool,
}

impl RawRecord<'_> {
    pub(crate) fn empty() -> Self {
        Self {
            attack: Text::default(),
            method: Text::default(),
            url: Text::default(),
            error: Text::default(),
            body: RawBody::Absent,
            headers: RawHeaders::Absent,
            seq: 0,
            timestamp: Timestamp::UNKNOWN,
            zone: Zone::Utc,
            intended: Timestamp::UNKNOWN,
            phases: None,
            latency: Nanos::ZERO,
            bytes_out: 0,
            bytes_in: 0,
            code: 0,
            has_seq: false,
        }
    }
}

/// All of a record in plain words, for comparing what two readers make of it.
#[cfg(test)]
pub(crate) fn words(record: &RawRecord<'_>) -> (String, [Option<String>; 2]) {
    let body = record.body.decoded();
    let texts = [record.attack, record.method, record.url, record.error]
        .map(|text| text.to_str().into_owned());
    let RawRecord { seq, timestamp, latency, bytes_out, bytes_in, code, has_seq, .. } = record;
    let numbers =
        format!("{seq} {timestamp:?} {latency:?} {bytes_out} {bytes_in} {code} {has_seq}");
    (
        format!("{texts:?} {numbers} {body:?}"),
        ["Server", "Vary"].map(|name| record.headers.first(name)),
    )
}
