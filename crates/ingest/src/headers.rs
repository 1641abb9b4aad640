//! An answer's headers as they stand in the input, looked into only when somebody asks for them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{gob, json};

/// Headers as an input spells them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RawHeaders<'a> {
    Absent,
    /// Names and values.
    Pairs(&'a [(&'a [u8], &'a [u8])]),
    /// A gob map: how many names, and the bytes behind that.
    Gob(u64, &'a [u8]),
    /// A JSON object of arrays, as vegeta writes it, without anything escaped.
    CompactJson(&'a [u8]),
    /// Any JSON, perhaps an object of arrays.
    Json(&'a [u8]),
    /// Base64 of the headers in HTTP/1 form.
    Base64(&'a [u8]),
}

/// A name, followed by its values.
#[derive(Clone, Copy, Debug)]
pub(crate) enum HeaderPart<'a> {
    Name(&'a [u8]),
    Value(&'a [u8]),
}

impl RawHeaders<'_> {
    pub(crate) fn is_absent(self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Calls `visit` with each name and its values, as far as they can be read; false where that is not the whole of them.
    #[inline]
    pub(crate) fn each(self, mut visit: impl FnMut(HeaderPart<'_>)) -> bool {
        match self {
            Self::Absent => true,
            Self::Pairs(pairs) => {
                let mut last = None;
                for &(name, value) in pairs {
                    if last != Some(name) {
                        visit(HeaderPart::Name(name));
                        last = Some(name);
                    }
                    visit(HeaderPart::Value(value));
                }
                true
            }
            Self::Gob(count, map) => {
                gob::each_header(count, map, visit);
                true
            }
            Self::CompactJson(object) => {
                json::each_compact_header(object, visit);
                true
            }
            Self::Json(object) => json::each_header(object, visit),
            Self::Base64(text) => {
                STANDARD.decode(text).is_ok_and(|wire| each_header_of_wire(&wire, visit))
            }
        }
    }

    /// The first value of the header `name`, whose case does not matter.
    pub(crate) fn first(self, name: &str) -> Option<String> {
        let mut found = None;
        let mut inside = false;
        self.each(|part| match part {
            HeaderPart::Name(candidate) => {
                inside = candidate.eq_ignore_ascii_case(name.as_bytes());
            }
            HeaderPart::Value(value) if inside && found.is_none() => {
                found = Some(String::from_utf8_lossy(value).into_owned());
            }
            HeaderPart::Value(_) => {}
        });
        found
    }
}

/// Headers in HTTP/1 form, up to the empty line behind them. Lines of one name are put together.
fn each_header_of_wire(wire: &[u8], mut visit: impl FnMut(HeaderPart<'_>)) -> bool {
    let mut sound = true;
    let mut headers = Vec::new();
    for line in wire.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        match memchr::memchr(b':', line) {
            Some(colon) => headers.push((&line[..colon], line[colon + 1..].trim_ascii())),
            None => sound = false,
        }
    }
    // Sorted already where vegeta wrote them; the order of values stays.
    headers.sort_by_key(|&(name, _)| name);
    let mut last = None;
    for (name, value) in headers {
        if last != Some(name) {
            visit(HeaderPart::Name(name));
            last = Some(name);
        }
        visit(HeaderPart::Value(value));
    }
    sound
}
