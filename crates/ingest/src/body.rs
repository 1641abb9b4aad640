//! What an answer's body says that status and error text do not.

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem::Finder;
use plimsoll_model::BodySign;

use crate::rpc::{self, RpcError};

/// Bytes at the start of a body in which a complaint about TLS is looked for: the pages of web servers are short.
const COMPLAINT_WITHIN: usize = 2_048;

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
    /// The bytes are the body.
    Plain(&'a [u8]),
    Base64(&'a [u8]),
}

/// What a record's body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Something about the error that was recorded.
    Sign(BodySign),
    /// An error of its own.
    Rpc(RpcError),
}

impl<'a> RawBody<'a> {
    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        match self {
            Self::Plain(bytes) | Self::Base64(bytes) => bytes.is_empty(),
        }
    }

    /// What the body adds to a status, for the few statuses and bodies that do; most cost one search.
    #[inline]
    pub(crate) fn says(self, code: u16) -> Option<Said> {
        if self.is_empty() {
            return None;
        }
        match code {
            200..300 if self.may_hold_error() => rpc::error(&self.decoded()).map(Said::Rpc),
            0 => Some(Said::Sign(BodySign::Partial)),
            400 if self.wants_tls() => Some(Said::Sign(BodySign::WantsTls)),
            _ => None,
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
            Self::Plain(bytes) => PLAIN.find(bytes).is_some_and(|at| rpc::may_be_error(bytes, at)),
            Self::Base64(text) => ENCODED.iter().any(|finder| finder.find(text).is_some()),
        }
    }

    fn wants_tls(self) -> bool {
        let body = match self {
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

    #[test]
    fn a_status_decides_what_is_looked_for() {
        let go = RawBody::Plain(b"Client sent an HTTP request to an HTTPS server.\n");
        assert_eq!(go.says(400), Some(Said::Sign(BodySign::WantsTls)));
        assert_eq!((go.says(200), go.says(500)), (None, None));
        assert_eq!(go.says(0), Some(Said::Sign(BodySign::Partial)));
        assert_eq!(RawBody::Plain(b"").says(0), None);
        // nginx 1.22.
        let nginx = "<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n";
        let encoded = general_purpose::STANDARD.encode(nginx);
        assert_eq!(
            RawBody::Base64(encoded.as_bytes()).says(400),
            Some(Said::Sign(BodySign::WantsTls))
        );
    }

    proptest! {
        #[test]
        fn an_error_is_found_wherever_base64_puts_it(before in r"[ \n]{0,7}", after in r"[ \n]{0,4}") {
            let body = format!(r#"{before}{{"error"{after}:{{"code":-32005,"message":"slow down"}}}}"#);
            let expected = RawBody::Plain(body.as_bytes()).says(200);
            prop_assert!(matches!(&expected, Some(Said::Rpc(error)) if error.code == Some(-32_005)));
            let encoded = general_purpose::STANDARD.encode(&body);
            prop_assert_eq!(RawBody::Base64(encoded.as_bytes()).says(200), expected);
        }

        #[test]
        fn no_body_is_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..60), code in prop::sample::select(vec![0_u16, 200, 400])) {
            let _ = (RawBody::Plain(&bytes).says(code), RawBody::Base64(&bytes).says(code));
        }
    }
}
