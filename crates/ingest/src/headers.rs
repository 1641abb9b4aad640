//! An answer's headers as they stand in the input, looked into only when a chain is matched by one.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{gob, json};

/// Headers as an input spells them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RawHeaders<'a> {
    Absent,
    /// A gob map: how many names, and the bytes behind that.
    Gob(u64, &'a [u8]),
    /// A JSON object of arrays.
    Json(&'a [u8]),
    /// Base64 of the headers in HTTP/1 form.
    Base64(&'a [u8]),
}

impl RawHeaders<'_> {
    /// The first value of the header `name`, whose case does not matter.
    pub(crate) fn first(self, name: &str) -> Option<String> {
        let mut found = None;
        let mut visit = |candidate: &[u8], value: &[u8]| {
            if found.is_none() && candidate.eq_ignore_ascii_case(name.as_bytes()) {
                found = Some(String::from_utf8_lossy(value).into_owned());
            }
        };
        match self {
            Self::Absent => {}
            Self::Gob(count, map) => gob::for_each_header(count, map, visit),
            Self::Json(object) => json::for_each_header(object, visit),
            Self::Base64(text) => {
                let wire: Cow<'_, [u8]> =
                    STANDARD.decode(text).map_or(Cow::Borrowed(&[]), Cow::Owned);
                for line in wire.split(|&byte| byte == b'\n') {
                    if let Some(colon) = memchr::memchr(b':', line) {
                        visit(&line[..colon], line[colon + 1..].trim_ascii());
                    }
                }
            }
        }
        found
    }
}
