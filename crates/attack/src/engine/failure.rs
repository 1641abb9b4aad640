//! Why a request failed, in the words of Go's net/http: they are what people search for, and what the taxonomy knows.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

/// Why an attempt failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) text: String,
    /// The connection had been used before, and closed before a byte of the answer came: its server had given it up.
    pub(super) stale: bool,
}

impl Failure {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), stale: false }
    }

    pub(super) fn stale(text: impl Into<String>) -> Self {
        Self { text: text.into(), stale: true }
    }
}

/// What a request is about, for the text of its time-out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Step {
    #[default]
    Waiting,
    Resolving,
    Connecting,
    Handshaking,
    Sending,
    Reading,
}

/// The text of a time-out. Go says the same of all steps before the answer; which one it was is known here.
pub(super) fn timed_out(step: Step, endpoint: &str) -> String {
    match step {
        Step::Waiting | Step::Sending => {
            "context deadline exceeded (Client.Timeout exceeded while awaiting headers)".to_owned()
        }
        Step::Resolving => {
            let host = endpoint.rsplit_once(':').map_or(endpoint, |(host, _)| host);
            format!("dial tcp: lookup {host}: i/o timeout")
        }
        Step::Connecting => format!("dial tcp {endpoint}: i/o timeout"),
        Step::Handshaking => "net/http: TLS handshake timeout".to_owned(),
        Step::Reading => {
            "context deadline exceeded (Client.Timeout or context cancellation while reading body)"
                .to_owned()
        }
    }
}

/// The C library's words as Go spells them.
pub(super) fn system(error: &io::Error) -> String {
    use rustix::io::Errno;

    let known = error.raw_os_error().map(Errno::from_raw_os_error);
    let words = match known {
        Some(Errno::CONNREFUSED) => "connection refused",
        Some(Errno::CONNRESET) => "connection reset by peer",
        Some(Errno::CONNABORTED) => "software caused connection abort",
        Some(Errno::TIMEDOUT) => "connection timed out",
        Some(Errno::PIPE) => "broken pipe",
        Some(Errno::ADDRNOTAVAIL) => "cannot assign requested address",
        Some(Errno::ADDRINUSE) => "address already in use",
        Some(Errno::MFILE) => "too many open files",
        Some(Errno::NFILE) => "too many open files in system",
        Some(Errno::NETUNREACH) => "network is unreachable",
        Some(Errno::HOSTUNREACH) => "no route to host",
        Some(Errno::NOBUFS) => "no buffer space available",
        Some(Errno::NOMEM) => "cannot allocate memory",
        Some(Errno::ACCESS) => "permission denied",
        Some(Errno::PERM) => "operation not permitted",
        Some(Errno::NOENT) => "no such file or directory",
        Some(Errno::INVAL) => "invalid argument",
        Some(Errno::AFNOSUPPORT) => "address family not supported by protocol",
        Some(Errno::NOTCONN) => "transport endpoint is not connected",
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or("").to_owned();
            let mut letters = text.chars();
            return match letters.next() {
                Some(first) => first.to_lowercase().chain(letters).collect(),
                None => "unknown error".to_owned(),
            };
        }
    };
    words.to_owned()
}

/// Bytes as Go's `%q` quotes them.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 2);
    text.push('"');
    for &byte in bytes {
        match byte {
            b'"' => text.push_str("\\\""),
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(byte)),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            _ => {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
    }
    text.push('"');
    text
}

/// `Get "http://host/": what happened`, without the URL's password.
pub(super) fn of_request(method: &str, url: &str, what: &str) -> String {
    let mut letters = method.chars();
    let first = letters.next().unwrap_or('G');
    let rest = letters.as_str().to_ascii_lowercase();
    format!("{first}{rest} \"{}\": {what}", without_password(url))
}

fn without_password(url: &str) -> Cow<'_, str> {
    let hidden = || {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, _) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (user, host) = authority.rsplit_once('@')?;
        let (name, _) = user.split_once(':')?;
        Some(format!("{scheme}://{name}:***@{host}{}", &rest[authority.len()..]))
    };
    hidden().map_or(Cow::Borrowed(url), Cow::Owned)
}
