//! What an answer's body says that status and error text do not.

use std::borrow::Cow;
use std::io::Read as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::MultiGzDecoder;
use memchr::memmem::Finder;
use plimsoll_model::BodySign;

use crate::rpc::{self, RpcError};

/// Bytes at the start of a body in which a complaint about TLS is looked for: the pages of web servers are short.
const COMPLAINT_WITHIN: usize = 2_048;

/// Bytes of a packed body that are looked at.
const UNPACKED_WITHIN: u64 = 1 << 20;

/// What web servers answer, with status 400, on a port that wants TLS: Go's `net/http` (Traefik, Caddy), nginx, Apache
/// httpd and Tomcat.
const TLS_COMPLAINTS: [&[u8]; 4] = [
    b"HTTP request to an HTTPS server",
    b"plain HTTP request was sent to HTTPS port",
    b"speaking plain HTTP to an SSL-enabled server port",
    b"combination of host and port requires TLS",
];

/// A body as an input spells it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RawBody<'a> {
    /// The format says that there is none, rather than an empty one.
    Absent,
    /// The bytes are the body.
    Plain(&'a [u8]),
    Base64(&'a [u8]),
}

/// What a record's body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Something about the error that was recorded.
    Sign(BodySign),
    /// An error of its own, which may have a code that is accepted.
    Rpc(RpcError),
}

impl<'a> RawBody<'a> {
    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        match self {
            Self::Absent => true,
            Self::Plain(bytes) | Self::Base64(bytes) => bytes.is_empty(),
        }
    }

    /// What the body adds to a status, for the few statuses and bodies that do; most cost one search.
    #[inline]
    pub(crate) fn says(self, code: u16, accepted_rpc_codes: &[i64]) -> Option<Said> {
        if self.is_empty() {
            return None;
        }
        match code {
            200..300 if self.is_packed() => {
                rpc::error(&self.unpacked(), accepted_rpc_codes).map(Said::Rpc)
            }
            200..300 if self.may_hold_error() => {
                rpc::error(&self.decoded(), accepted_rpc_codes).map(Said::Rpc)
            }
            0 => Some(Said::Sign(BodySign::Partial)),
            400 if self.wants_tls() => Some(Said::Sign(BodySign::WantsTls)),
            _ => None,
        }
    }

    /// The body, where there is one: gob does not tell an empty one from none.
    pub(crate) fn given(self) -> Option<Cow<'a, [u8]>> {
        match self {
            Self::Absent | Self::Plain([]) => None,
            Self::Plain(_) | Self::Base64(_) => Some(self.decoded()),
        }
    }

    /// The body itself; base64 that is none ends it.
    pub(crate) fn decoded(self) -> Cow<'a, [u8]> {
        /// A body that was cut somewhere is read as far as it goes.
        const LENIENT: GeneralPurpose = GeneralPurpose::new(
            &STANDARD,
            GeneralPurposeConfig::new()
                .with_decode_allow_trailing_bits(true)
                .with_decode_padding_mode(DecodePaddingMode::Indifferent),
        );
        match self {
            Self::Absent => Cow::Borrowed(&[]),
            Self::Plain(bytes) => Cow::Borrowed(bytes),
            Self::Base64(text) => Cow::Owned(LENIENT.decode(text).unwrap_or_default()),
        }
    }

    /// Whether the body may have a member `error`: found without decoding it.
    fn may_hold_error(self) -> bool {
        static PLAIN: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(rpc::ERROR_KEY));
        /// [`rpc::ERROR_KEY`] in base64, as it is spelt behind a multiple of three bytes, one more, and two more. Characters
        /// that depend on its neighbours too are left out.
        static ENCODED: LazyLock<[Finder<'_>; 3]> =
            LazyLock::new(|| ["ImVycm9yI", "JlcnJvci", "iZXJyb3Ii"].map(Finder::new));
        match self {
            Self::Absent => false,
            Self::Plain(bytes) => PLAIN.find(bytes).is_some_and(|at| rpc::may_be_error(bytes, at)),
            Self::Base64(text) => ENCODED.iter().any(|finder| finder.find(text).is_some()),
        }
    }

    /// Whether the body is gzip: Go unpacks what it asked for, but not what a target's `Accept-Encoding` asked for.
    fn is_packed(self) -> bool {
        match self {
            Self::Absent => false,
            Self::Plain(bytes) => bytes.starts_with(&[0x1f, 0x8b, 0x08]),
            Self::Base64(text) => text.starts_with(b"H4sI"),
        }
    }

    /// The beginning of what was packed; as far as it can be unpacked.
    fn unpacked(self) -> Vec<u8> {
        let mut unpacked = Vec::new();
        let packed = self.decoded();
        // What could be read before an error stands.
        let _ = MultiGzDecoder::new(&*packed).take(UNPACKED_WITHIN).read_to_end(&mut unpacked);
        unpacked
    }

    fn wants_tls(self) -> bool {
        let body = match self {
            Self::Absent => self,
            Self::Plain(bytes) => Self::Plain(&bytes[..bytes.len().min(COMPLAINT_WITHIN)]),
            Self::Base64(text) => Self::Base64(&text[..text.len().min(COMPLAINT_WITHIN / 3 * 4)]),
        };
        let body = body.decoded();
        TLS_COMPLAINTS.iter().any(|complaint| memchr::memmem::find(&body, complaint).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose;
    use proptest::prelude::*;
    use std::io::Write as _;

    #[test]
    fn a_status_decides_what_is_looked_for() {
        let go = RawBody::Plain(b"Client sent an HTTP request to an HTTPS server.\n");
        assert_eq!(go.says(400, &[]), Some(Said::Sign(BodySign::WantsTls)));
        assert_eq!((go.says(200, &[]), go.says(500, &[])), (None, None));
        assert_eq!(go.says(0, &[]), Some(Said::Sign(BodySign::Partial)));
        assert_eq!(RawBody::Plain(b"").says(0, &[]), None);
        // nginx 1.22.
        let nginx = "<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n";
        let encoded = general_purpose::STANDARD.encode(nginx);
        assert_eq!(
            RawBody::Base64(encoded.as_bytes()).says(400, &[]),
            Some(Said::Sign(BodySign::WantsTls))
        );
    }

    #[test]
    fn packed_bodies_are_unpacked() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(br#"{"id":1,"error":{"code":-32005}}"#).unwrap();
        let packed = gzip.finish().unwrap();
        let expected = RpcError { code: Some(-32_005), message: String::new() };
        assert_eq!(RawBody::Plain(&packed).says(200, &[]), Some(Said::Rpc(expected.clone())));
        let encoded = general_purpose::STANDARD.encode(&packed);
        assert_eq!(RawBody::Base64(encoded.as_bytes()).says(200, &[]), Some(Said::Rpc(expected)));
        assert_eq!(RawBody::Plain(&packed[..12]).says(200, &[]), None);
    }

    proptest! {
        #[test]
        fn an_error_is_found_wherever_base64_puts_it(before in "\u{feff}?[ \\n]{0,7}", after in r"[ \n]{0,4}") {
            let body = format!(r#"{before}{{"error"{after}:{{"code":-32005,"message":"slow down"}}}}"#);
            let expected = RawBody::Plain(body.as_bytes()).says(200, &[]);
            prop_assert!(matches!(&expected, Some(Said::Rpc(error)) if error.code == Some(-32_005)));
            let encoded = general_purpose::STANDARD.encode(&body);
            prop_assert_eq!(RawBody::Base64(encoded.as_bytes()).says(200, &[]), expected);
        }

        #[test]
        fn no_body_is_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..60), code in prop::sample::select(vec![0_u16, 200, 400])) {
            let _ = (RawBody::Plain(&bytes).says(code, &[]), RawBody::Base64(&bytes).says(code, &[]));
        }
    }
}
