//! Bodies in base64, and out of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::body::RawBody;

/// Adds bytes in base64.
pub(super) fn push(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = STANDARD.encode_slice(bytes, &mut out[start..]);
    debug_assert_eq!(written.ok(), Some(out.len() - start), "the room is as long as the text");
}

/// Adds a body in base64; false where it is unreadable.
pub(super) fn push_body(out: &mut Vec<u8>, body: RawBody<'_>, scratch: &mut Vec<u8>) -> bool {
    match body {
        RawBody::Absent => true,
        RawBody::Plain(bytes) => {
            push(out, bytes);
            true
        }
        RawBody::Base64(text) => {
            let readable = decode(text, scratch);
            // As others would spell it, unless it is spelt that way.
            match readable {
                Base64::Canonical => out.extend_from_slice(text),
                Base64::Other => push(out, scratch),
                Base64::None => {}
            }
            readable != Base64::None
        }
    }
}

/// Decodes a body to `scratch`, if it is in base64, and returns its bytes; `None` where it is unreadable.
pub(super) fn body<'a>(body: RawBody<'a>, scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    match body {
        RawBody::Absent => Some(&[]),
        RawBody::Plain(bytes) => Some(bytes),
        RawBody::Base64(text) => (decode(text, scratch) != Base64::None).then_some(scratch),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base64 {
    /// The only spelling that an encoder writes.
    Canonical,
    Other,
    None,
}

fn decode(text: &[u8], scratch: &mut Vec<u8>) -> Base64 {
    scratch.clear();
    if text.is_empty() || STANDARD.decode_vec(text, scratch).is_ok() {
        return Base64::Canonical;
    }
    // As Go reads it: over line ends, and whatever the bits are that no byte has a use for.
    let text: Vec<u8> =
        text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    *scratch = RawBody::Base64(&text).decoded().into_owned();
    if scratch.is_empty() && !text.is_empty() { Base64::None } else { Base64::Other }
}
