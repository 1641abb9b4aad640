//! Credentials in records that are handed on.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use plimsoll_model::{is_credential_header, is_url_header, mask_text, mask_url};

use super::gob::HeaderMap;
use crate::headers::{HeaderPart, RawHeaders};
use crate::raw::{RawRecord, Text};

/// Distinct texts of a kind that are remembered; where each one is different, remembering is of no use.
const MAX_KNOWN: usize = 1_024;

/// Longer texts are not remembered.
const MAX_LEN: usize = 1 << 12;

/// Looks for credentials in records, and masks them.
#[derive(Debug, Default)]
pub(super) struct Redactor {
    urls: Known,
    texts: Known,
    names: HashMap<Vec<u8>, Holds, FixedState>,
    masked: Masked,
}

/// The parts of the record that was looked at last, where they are other than its own.
#[derive(Debug, Default)]
struct Masked {
    url: Option<Vec<u8>>,
    attack: Option<Vec<u8>>,
    error: Option<Vec<u8>>,
    headers: Option<(u64, Vec<u8>)>,
}

/// What a header of some name holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Credential,
    Url,
    Other,
}

impl Redactor {
    /// Whether the record holds what may be a credential.
    pub(super) fn look_at(&mut self, raw: &RawRecord<'_>) -> bool {
        let Self { urls, texts, names, masked } = self;
        masked.url = urls.masked(raw.url, mask_url);
        masked.attack = texts.masked(raw.attack, mask_text);
        masked.error = texts.masked(raw.error, mask_text);
        masked.headers = masked_headers(raw.headers, names);
        masked.url.is_some()
            || masked.attack.is_some()
            || masked.error.is_some()
            || masked.headers.is_some()
    }

    /// The record that was looked at last, without credentials.
    pub(super) fn masked<'a>(&'a self, raw: &RawRecord<'a>) -> RawRecord<'a> {
        let Masked { url, attack, error, headers } = &self.masked;
        let text = |masked: &'a Option<Vec<u8>>, own: Text<'a>| {
            masked.as_ref().map_or(own, |masked| Text::plain(masked))
        };
        RawRecord {
            url: text(url, raw.url),
            attack: text(attack, raw.attack),
            error: text(error, raw.error),
            headers: headers
                .as_ref()
                .map_or(raw.headers, |(count, map)| RawHeaders::Gob(*count, map)),
            ..*raw
        }
    }
}

/// Texts that have been looked at, by spelling, and what is left of them where that is less.
#[derive(Debug, Default)]
struct Known([HashMap<Vec<u8>, Option<Vec<u8>>, FixedState>; 3]);

impl Known {
    #[inline]
    fn masked(&mut self, text: Text<'_>, mask: fn(&str) -> String) -> Option<Vec<u8>> {
        if text.is_empty() {
            return None;
        }
        let known = &mut self.0[text.spelling as usize];
        if let Some(masked) = known.get(text.bytes) {
            return masked.clone();
        }
        let plain = text.to_str();
        let masked = Some(mask(&plain)).filter(|masked| *masked != plain).map(String::into_bytes);
        if known.len() < MAX_KNOWN && text.bytes.len() <= MAX_LEN {
            known.insert(text.bytes.to_vec(), masked.clone());
        }
        masked
    }
}

/// The headers with what may be a credential masked, as a gob map; `None` where nothing is.
fn masked_headers(
    headers: RawHeaders<'_>,
    names: &mut HashMap<Vec<u8>, Holds, FixedState>,
) -> Option<(u64, Vec<u8>)> {
    let mut found = false;
    let mut holds = Holds::Other;
    headers.each(|part| match part {
        HeaderPart::Name(name) => holds = what_it_holds(name, names),
        HeaderPart::Value(value) => found |= mask_value(holds, value).is_some(),
    });
    if !found {
        return None;
    }
    let mut map = HeaderMap::default();
    headers.each(|part| match part {
        HeaderPart::Name(name) => {
            holds = what_it_holds(name, names);
            map.push(part);
        }
        HeaderPart::Value(value) => match mask_value(holds, value) {
            Some(masked) => map.push(HeaderPart::Value(&masked)),
            None => map.push(part),
        },
    });
    let (count, map) = map.finish();
    Some((count, map.to_vec()))
}

fn mask_value(holds: Holds, value: &[u8]) -> Option<Vec<u8>> {
    match holds {
        Holds::Credential if value.is_empty() || value == b"***" => None,
        Holds::Credential => Some(b"***".to_vec()),
        Holds::Url => {
            let plain = String::from_utf8_lossy(value);
            let masked = mask_url(&plain);
            (masked != plain).then(|| masked.into_bytes())
        }
        Holds::Other => None,
    }
}

#[inline]
fn what_it_holds(name: &[u8], names: &mut HashMap<Vec<u8>, Holds, FixedState>) -> Holds {
    if let Some(&holds) = names.get(name) {
        return holds;
    }
    let text = String::from_utf8_lossy(name);
    let holds = if is_credential_header(&text) {
        Holds::Credential
    } else if is_url_header(&text) {
        Holds::Url
    } else {
        Holds::Other
    };
    if names.len() < MAX_KNOWN && name.len() <= MAX_LEN {
        names.insert(name.to_vec(), holds);
    }
    holds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_no_unicode_is_not_masked_for_that() {
        assert_eq!(mask_value(Holds::Url, b"/caf\xe9"), None);
        let masked = mask_value(Holds::Url, b"/caf\xe9?token=0123456789abcdef0123");
        assert_eq!(masked.as_deref(), Some("/caf\u{fffd}?token=***".as_bytes()));
        assert_eq!(mask_value(Holds::Credential, b"\xff").as_deref(), Some(&b"***"[..]));
    }
}
