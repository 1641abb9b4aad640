use std::borrow::Cow;

use bytes::{BufMut as _, Bytes, BytesMut};

use super::options::Options;
use crate::Target;
use crate::targets::{InvalidUrl, Scheme, Url, is_absolute};

/// Bodies up to here go out with the head in one write.
const ONE_WRITE: usize = 64 << 10;

/// A target made ready to be sent: all that can be done once is done.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) target: Target,
    pub(super) url: Url,
    /// The head of an HTTP/1.1 request, with the body where that is small.
    pub(super) wire: Bytes,
    /// What is to be sent after `wire`.
    pub(super) rest: Bytes,
    /// The host that is asked for: the header's, else the URL's.
    host: String,
    /// The URL that redirected to this one.
    referer: Option<String>,
}

/// What goes to no other host.
const SECRETS: [&str; 6] = [
    "authorization",
    "www-authenticate",
    "cookie",
    "cookie2",
    "proxy-authorization",
    "proxy-authenticate",
];
/// What says something of a body.
const OF_BODIES: [&str; 4] =
    ["content-encoding", "content-language", "content-location", "content-type"];

impl Request {
    /// Makes a target ready.
    ///
    /// # Errors
    /// What can be no request, in the words that Go's net/http has for it.
    pub(super) fn new(target: Target, options: &Options) -> Result<Self, String> {
        Self::with_referer(target, None, options)
    }

    fn with_referer(
        target: Target,
        referer: Option<String>,
        options: &Options,
    ) -> Result<Self, String> {
        let url = Url::parse(&target.url).map_err(|error: InvalidUrl| error.to_string())?;
        let is_token = |text: &str| !text.is_empty() && text.bytes().all(is_token_byte);
        if !is_token(&target.method) {
            return Err(format!("net/http: invalid method {:?}", target.method));
        }
        for (name, value) in &target.headers {
            if !is_token(name) {
                return Err(format!("net/http: invalid header field name {name:?}"));
            }
            if value.bytes().any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f) {
                return Err(format!("net/http: invalid header field value for {name:?}"));
            }
        }
        let named = target.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
        let host = named.map_or_else(|| url.authority.clone(), |(_, value)| value.clone());
        let (wire, rest) = (Bytes::new(), Bytes::new());
        let mut request = Self { target, url, wire, rest, host, referer };
        request.serialize(options);
        Ok(request)
    }

    fn serialize(&mut self, options: &Options) {
        let body = &self.target.body;
        let mut wire = BytesMut::with_capacity(256 + body.len().min(ONE_WRITE));
        let mut line = |parts: &[&str]| {
            for part in parts {
                wire.put_slice(part.as_bytes());
            }
            wire.put_slice(b"\r\n");
        };
        line(&[&self.target.method, " ", &self.url.path, " HTTP/1.1"]);
        line(&["Host: ", &self.host]);
        for (name, value) in self.sent_headers(options) {
            line(&[name, ": ", &value]);
        }
        if options.chunked && !body.is_empty() {
            line(&["Transfer-Encoding: chunked"]);
        } else if !body.is_empty() || matches!(&*self.target.method, "POST" | "PUT" | "PATCH") {
            line(&["Content-Length: ", &body.len().to_string()]);
        }
        if !options.keep_alive {
            line(&["Connection: close"]);
        }
        line(&[]);
        let body = if options.chunked && !body.is_empty() {
            let mut chunk = BytesMut::from(format!("{:x}\r\n", body.len()).as_bytes());
            chunk.put_slice(body);
            chunk.put_slice(b"\r\n0\r\n\r\n");
            chunk.freeze()
        } else {
            body.clone()
        };
        if body.len() <= ONE_WRITE {
            wire.put_slice(&body);
        } else {
            self.rest = body;
        }
        self.wire = wire.freeze();
    }

    /// Headers but for the host and what frames the body.
    fn sent_headers<'a>(
        &'a self,
        options: &'a Options,
    ) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        let agent = (!self.has("user-agent"))
            .then_some(("User-Agent", Cow::Borrowed(&*options.user_agent)));
        let user = self.url.authorization.as_deref().filter(|_| !self.has("authorization"));
        let user = user.map(|user| ("Authorization", Cow::Borrowed(user)));
        let own = self.target.headers.iter().filter(|(name, _)| {
            !["host", "content-length", "transfer-encoding", "trailer"]
                .iter()
                .any(|framing| name.eq_ignore_ascii_case(framing))
        });
        let own = own.map(|(name, value)| (&**name, Cow::Borrowed(&**value)));
        let referer = self.referer.as_deref().filter(|_| !self.has("referer"));
        let referer = referer.map(|referer| ("Referer", Cow::Borrowed(referer)));
        let gzip = self.asks_for_gzip().then_some(("Accept-Encoding", Cow::Borrowed("gzip")));
        agent.into_iter().chain(user).chain(own).chain(referer).chain(gzip)
    }

    fn has(&self, name: &str) -> bool {
        self.target.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    /// Whether gzip is asked for though the target does not: as Go's transport does, which then hides it.
    pub(super) fn asks_for_gzip(&self) -> bool {
        !self.is_head() && !self.has("accept-encoding") && !self.has("range")
    }

    /// The same as an HTTP/2 request.
    pub(super) fn http2(&self, options: &Options) -> Result<http::Request<()>, String> {
        let scheme = self.url.endpoint.scheme.name();
        let uri = format!("{scheme}://{}{}", self.host, self.url.path);
        let mut builder = http::Request::builder().method(&*self.target.method).uri(uri);
        for (name, value) in self.sent_headers(options) {
            let hop_by_hop = ["connection", "keep-alive", "proxy-connection", "upgrade"];
            if !hop_by_hop.iter().any(|hop| name.eq_ignore_ascii_case(hop)) {
                builder = builder.header(name.to_ascii_lowercase(), &*value);
            }
        }
        if !options.chunked && !self.target.body.is_empty() {
            builder = builder.header("content-length", self.target.body.len());
        }
        builder.version(http::Version::HTTP_2).body(()).map_err(|error| error.to_string())
    }

    pub(super) fn is_head(&self) -> bool {
        self.target.method == "HEAD"
    }

    /// Whether it may be sent again without knowing what became of it: as in Go, also where a header tells the server how to
    /// know it again.
    pub(super) fn is_repeatable(&self) -> bool {
        matches!(&*self.target.method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
            || self.target.headers.iter().any(|(name, _)| {
                ["idempotency-key", "x-idempotency-key"]
                    .iter()
                    .any(|key| name.eq_ignore_ascii_case(key))
            })
    }

    /// Where an answer's `Location` leads.
    pub(super) fn location(&self, location: &str) -> Result<String, String> {
        self.url
            .join(location)
            .map_err(|error| format!("failed to parse Location header {location:?}: {error}"))
    }

    /// What an answer asks for instead, with the headers that Go takes along.
    pub(super) fn redirected(
        &self,
        code: u16,
        location: &str,
        url: String,
        options: &Options,
    ) -> Result<Self, String> {
        let keeps_method = matches!(code, 307 | 308);
        let method = match &*self.target.method {
            method if keeps_method => method,
            "HEAD" => "HEAD",
            _ => "GET",
        };
        let to = Url::parse(&url).map_err(|error| error.to_string())?;
        let elsewhere = !is_within(&to.endpoint.host, &self.url.endpoint.host);
        let dropped = |name: &str| {
            let is_one_of = |names: &[&str]| names.iter().any(|one| name.eq_ignore_ascii_case(one));
            // A name for the host that the target has is that of a host which is named by a whole URL no more.
            name.eq_ignore_ascii_case("host") && is_absolute(location)
                || elsewhere && is_one_of(&SECRETS)
                || !keeps_method && is_one_of(&OF_BODIES)
        };
        let headers =
            self.target.headers.iter().filter(|(name, _)| !dropped(name)).cloned().collect();
        let is_safe =
            (self.url.endpoint.scheme, to.endpoint.scheme) != (Scheme::Https, Scheme::Http);
        let scheme = self.url.endpoint.scheme.name();
        let referer = format!("{scheme}://{}{}", self.url.authority, self.url.path);
        let body = if keeps_method { self.target.body.clone() } else { Bytes::new() };
        let target = Target { method: method.to_owned(), url, headers, body };
        Self::with_referer(target, is_safe.then_some(referer), options)
    }
}

/// Whether a host is the other, or one below it.
fn is_within(host: &str, other: &str) -> bool {
    let (host, other) = (host.to_ascii_lowercase(), other.to_ascii_lowercase());
    let is_below = |above: &str| above.ends_with('.') && !host.contains([':', '%']);
    host == other || host.strip_suffix(&*other).is_some_and(is_below)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
