use std::fmt::{self, Write as _};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// With or without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
}

impl Scheme {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// What connections lead to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// With or without TLS.
    pub scheme: Scheme,
    /// A name or an address, without brackets.
    pub host: Arc<str>,
    /// The port, also where the URL leaves it out.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    /// `host:port`, with brackets where the host needs them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// A URL in the parts that a request is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// What to connect to.
    pub endpoint: Endpoint,
    /// Host and port as the `Host` header has them: as written.
    pub authority: String,
    /// Path and query, escaped where it has to be; begins with a slash.
    pub path: String,
    /// `Basic …`, where the URL names a user.
    pub authorization: Option<String>,
    /// That user, with the password, as written: `user:password@`, or nothing.
    user: String,
}

/// Why a text is no URL that a request can be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidUrl(String);

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidUrl {}

impl Url {
    /// What vegeta looks at when it reads a target: whether this is a URL at all.
    pub(super) fn check(text: &str) -> Result<(), InvalidUrl> {
        let invalid = |what: &str| Err(InvalidUrl(format!("parse {text:?}: {what}")));
        if text.is_empty() {
            return invalid("empty url");
        }
        if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return invalid("net/url: invalid control character in URL");
        }
        if text.starts_with('/') || text == "*" {
            return Ok(());
        }
        let scheme_ends =
            text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.'));
        match scheme_ends.map(|end| text.split_at(end)) {
            Some((scheme, rest)) if rest.starts_with(':') => {
                if scheme.is_empty() {
                    return invalid("missing protocol scheme");
                }
                if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) {
                    return invalid("first path segment in URL cannot contain colon");
                }
                if !rest.starts_with(":/") {
                    return Ok(());
                }
                let authority = rest.strip_prefix("://").unwrap_or("");
                let authority = authority.split(['/', '?', '#']).next().unwrap_or("");
                let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
                if host.contains([' ', '<', '>', '"', '\\', '^', '`', '{', '|', '}']) {
                    return invalid("invalid character in host name");
                }
                if host.starts_with('[') && !host.contains(']') {
                    return invalid("missing ']' in host");
                }
                let port =
                    host.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
                if port.is_some_and(|port| port.contains(|c: char| !c.is_ascii_digit())) {
                    return invalid("invalid port after host");
                }
                Ok(())
            }
            _ => invalid("invalid URI for request"),
        }
    }

    /// Takes a URL apart.
    ///
    /// # Errors
    /// What cannot be sent to: no URL at all, another scheme than http and https, no host.
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        Self::check(text)?;
        let invalid = |what: &str| InvalidUrl(what.to_owned());
        let (scheme, rest) =
            text.split_once(':').filter(|_| is_absolute(text)).unwrap_or(("", text));
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            scheme => return Err(InvalidUrl(format!("unsupported protocol scheme {scheme:?}"))),
        };
        let rest =
            rest.strip_prefix("//").ok_or_else(|| invalid("http: no Host in request URL"))?;
        let rest = rest.split('#').next().unwrap_or("");
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, authority),
        };
        let (host, port) = match authority.strip_prefix('[') {
            Some(bracketed) => {
                let (host, port) =
                    bracketed.split_once(']').ok_or_else(|| invalid("missing ']' in host"))?;
                (host, port.strip_prefix(':').unwrap_or(port))
            }
            None => authority.split_once(':').unwrap_or((authority, "")),
        };
        if host.is_empty() {
            return Err(invalid("http: no Host in request URL"));
        }
        // As they are they can stand in no request, and what they stand for takes tables to know.
        if !host.is_ascii() {
            let text = format!(
                "the host {host:?} has to be written in ASCII, as in xn--bcher-kva.example"
            );
            return Err(InvalidUrl(text));
        }
        let port = if port.is_empty() {
            scheme.port()
        } else {
            port.parse().map_err(|_| InvalidUrl(format!("invalid port {port:?} after host")))?
        };
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Self {
            endpoint: Endpoint { scheme, host: host.into(), port },
            authority: authority.to_owned(),
            path: format!("{slash}{}", escape(path)),
            authorization: user.map(basic),
            user: user.map_or_else(String::new, |user| format!("{user}@")),
        })
    }

    /// Where a `Location` leads from here, be it to something that cannot be sent to.
    pub(crate) fn join(&self, location: &str) -> Result<String, InvalidUrl> {
        let scheme = self.endpoint.scheme.name();
        let authority = format!("{}{}", self.user, self.authority);
        if let Some(what) = odd_colon(location) {
            return Err(InvalidUrl(format!("parse {location:?}: {what}")));
        }
        let location = location.split('#').next().unwrap_or("");
        let path = self.path.split('?').next().unwrap_or("/");
        let joined = if is_absolute(location) {
            location.to_owned()
        } else if let Some(rest) = location.strip_prefix("//") {
            format!("{scheme}://{rest}")
        } else if location.starts_with('/') {
            format!("{scheme}://{authority}{}", without_dots(location))
        } else if location.is_empty() || location.starts_with('?') {
            format!("{scheme}://{authority}{path}{location}")
        } else {
            let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
            format!("{scheme}://{authority}{}", without_dots(&format!("{directory}/{location}")))
        };
        Self::check(&joined).map(|()| joined)
    }
}

/// Whether a reference names its scheme: what comes later in it, as in `/login?next=http://host/`, does not count.
pub(crate) fn is_absolute(reference: &str) -> bool {
    let in_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    reference.starts_with(|c: char| c.is_ascii_alphabetic())
        && reference.trim_start_matches(in_scheme).starts_with(':')
}

/// What Go refuses in a reference: a colon that could end a scheme, and does not.
fn odd_colon(reference: &str) -> Option<&'static str> {
    let first = reference.split(['/', '?', '#']).next().unwrap_or("");
    if is_absolute(reference) || !first.contains(':') {
        None
    } else if first.starts_with(':') {
        Some("missing protocol scheme")
    } else {
        Some("first path segment in URL cannot contain colon")
    }
}

/// `/a/./b/../c` is `/a/c`.
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

/// What may not stand in a request line becomes %XX.
fn escape(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'!' | b'#'..=b';' | b'=' | b'?'..=b'[' | b']' | b'_' | b'a'..=b'z' | b'|' | b'~' => {
                escaped.push(char::from(byte));
            }
            _ => {
                let _ = write!(escaped, "%{byte:02X}");
            }
        }
    }
    escaped
}

fn basic(user: &str) -> String {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let mut plain = unescape(name);
    plain.push(b':');
    plain.extend(unescape(password));
    format!("Basic {}", STANDARD.encode(plain))
}

fn unescape(text: &str) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = (byte == b'%').then(|| tail.get(..2)).flatten();
        let code = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        rest = if code.is_some() { &tail[2..] } else { tail };
        plain.push(code.unwrap_or(byte));
    }
    plain
}
