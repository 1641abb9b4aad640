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

    /// The text itself; bytes that are not UTF-8 become U+FFFD.
    pub(crate) fn to_str(self) -> Cow<'a, str> {
        match self.spelling {
            Spelling::Plain => String::from_utf8_lossy(self.bytes),
            Spelling::JsonEscaped => Cow::Owned(json::unescape(self.bytes)),
            Spelling::CsvQuoted => {
                Cow::Owned(String::from_utf8_lossy(self.bytes).replace("\"\"", "\""))
            }
        }
    }
}

/// A zone by its offset. Go tells UTC from a zone whose offset happens to be zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Zone {
    #[default]
    Utc,
    /// East of UTC, in seconds.
    Offset(i32),
}

/// Parts of a latency, each from the request's start; `None` where a part did not take place or is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Phases {
    /// Until the name was looked up.
    pub(crate) dns: Option<Nanos>,
    /// Until the connection stood.
    pub(crate) connect: Option<Nanos>,
    /// Until the TLS handshake was done.
    pub(crate) tls: Option<Nanos>,
    /// Until the first byte of the answer came.
    pub(crate) first_byte: Option<Nanos>,
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
            body: RawBody::Plain(&[]),
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
