//! The head of an answer, by the rules of Go's net/textproto and net/http: what they take is taken, and what they refuse is
//! refused in their words.

use std::borrow::Cow;

use bytes::{Buf as _, BytesMut};
use memchr::{memchr, memchr_iter};

use super::super::answer::Answer;
use super::super::failure::{Failure, quoted};
use super::body::Framing;

/// Go's bound, for interim heads and the last one together.
const MAX_HEAD: usize = 10 << 20;

/// What the head of an answer says about what follows.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) code: u16,
    pub(super) keep_alive: bool,
    length: Option<u64>,
    chunked: bool,
}

/// Reads heads line by line, so that what is none is known at its first line, and a long one is looked at once.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// That of the head whose status line is read.
    version: Option<Version>,
    /// Bytes of lines that are read.
    taken: usize,
    /// Bytes of the buffer that are known to hold no end of a line.
    scanned: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u8, u8);

impl Reader {
    /// Whether nothing of an answer has come.
    pub(super) fn is_untouched(&self, buffer: &BytesMut) -> bool {
        self.taken == 0 && buffer.is_empty()
    }

    /// Takes lines off the buffer; returns a head once it is there in full.
    pub(super) fn parse(
        &mut self,
        buffer: &mut BytesMut,
        answer: &mut Answer,
    ) -> Result<Option<Head>, Failure> {
        while let Some(size) = self.next_line(buffer)? {
            let line = without_end(&buffer[..size]);
            let mut head = None;
            match self.version {
                None => self.version = Some(status_line(line, answer)?),
                Some(version) if line.is_empty() => head = Some(Head::new(version, answer)?),
                Some(_) => field(line, answer)?,
            }
            buffer.advance(size);
            self.taken += size;
            self.check_size(0)?;
            if head.is_some() {
                self.version = None;
                return Ok(head);
            }
        }
        self.check_size(buffer.len())?;
        Ok(None)
    }

    fn check_size(&self, more: usize) -> Result<(), Failure> {
        if self.taken + more <= MAX_HEAD {
            return Ok(());
        }
        let text = format!("net/http: server response headers exceeded {MAX_HEAD} bytes; aborted");
        Err(broken(text))
    }

    /// The end of the next line, of a header together with the lines that it is continued on.
    fn next_line(&mut self, buffer: &[u8]) -> Result<Option<usize>, Failure> {
        while let Some(end) = memchr(b'\n', &buffer[self.scanned..]) {
            let size = self.scanned + end + 1;
            let line = without_end(&buffer[..size]);
            if self.version.is_some() && !line.is_empty() {
                has_colon(line)?;
                match buffer.get(size) {
                    None => return Ok(None),
                    Some(b' ' | b'\t') => {
                        self.scanned = size;
                        continue;
                    }
                    Some(_) => {}
                }
            }
            self.scanned = 0;
            return Ok(Some(size));
        }
        self.scanned = buffer.len();
        Ok(None)
    }

    /// What it means that the connection ends here.
    pub(super) fn end(&self, buffer: &[u8], answer: &mut Answer) -> Failure {
        let is_first_line = self.version.is_none() && !buffer.is_empty();
        let malformed = is_first_line.then(|| status_line(buffer, answer).err()).flatten();
        malformed.unwrap_or_else(|| broken("unexpected EOF"))
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn status_line(line: &[u8], answer: &mut Answer) -> Result<Version, Failure> {
    let malformed =
        |what: &str, text: &[u8]| broken(format!("malformed HTTP {what} {}", told(text)));
    let Some(space) = line.iter().position(|byte| *byte == b' ') else {
        return Err(malformed("response", line));
    };
    let status = line[space..].trim_ascii_start();
    let code = status.split(|byte| *byte == b' ').next().unwrap_or(&[]);
    let digits = code.len() == 3 && code.iter().all(u8::is_ascii_digit);
    let number = if digits { std::str::from_utf8(code).ok() } else { None };
    let Some(number) = number.and_then(|code| code.parse().ok()) else {
        return Err(malformed("status code", code));
    };
    let &[b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] =
        &line[..space]
    else {
        return Err(malformed("version", &line[..space]));
    };
    answer.clear();
    answer.code = number;
    answer.status.push_str(&String::from_utf8_lossy(status));
    Ok(Version(major - b'0', minor - b'0'))
}

fn has_colon(line: &[u8]) -> Result<(), Failure> {
    if line.contains(&b':') {
        return Ok(());
    }
    Err(broken(format!("malformed MIME header: missing colon: {}", told(line))))
}

/// Keeps a header's line, of which there may be several.
fn field(line: &[u8], answer: &mut Answer) -> Result<(), Failure> {
    if answer.head.is_empty() && matches!(line.first(), Some(b' ' | b'\t')) {
        return Err(broken(format!("malformed MIME header initial line: {}", told(line))));
    }
    let line = unfolded(line);
    let colon = memchr(b':', &line).unwrap_or(0);
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    match std::str::from_utf8(name) {
        Ok(text) if colon > 0 && is_name(name) && is_value(value) => {
            answer.header(text, value.trim_ascii_start());
            Ok(())
        }
        _ => Err(broken(format!("malformed MIME header line: {}", told(&line)))),
    }
}

fn is_name(name: &[u8]) -> bool {
    const MAY_BE: [bool; 256] = {
        let mut may_be = [false; 256];
        let mut byte = 0_u8;
        while byte < 128 {
            may_be[byte as usize] = byte.is_ascii_alphanumeric();
            byte += 1;
        }
        let mut others: &[u8] = b"!#$%&'*+-.^_`|~ ";
        while let [byte, rest @ ..] = others {
            may_be[*byte as usize] = true;
            others = rest;
        }
        may_be
    };
    name.iter().all(|byte| MAY_BE[usize::from(*byte)])
}

fn is_value(value: &[u8]) -> bool {
    // Without a way out of the loop, so that the processor takes many at once.
    let is_bad = |byte: &u8| matches!(byte, 0..=8 | 10..=31 | 127);
    !value.iter().fold(false, |bad, byte| bad | is_bad(byte))
}

/// One line of those that a header was folded into, joined by a space each.
fn unfolded(line: &[u8]) -> Cow<'_, [u8]> {
    let mut lines = line.split(|byte| *byte == b'\n').map(|line| blank_trimmed(without_end(line)));
    let first = lines.next().unwrap_or(&[]);
    lines.fold(Cow::Borrowed(first), |mut whole, line| {
        whole.to_mut().push(b' ');
        whole.to_mut().extend_from_slice(line);
        whole
    })
}

fn blank_trimmed(mut line: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = line {
        line = rest;
    }
    line
}

impl Head {
    /// Looks through the headers of an answer, and removes those that say how it was carried.
    fn new(version: Version, answer: &mut Answer) -> Result<Self, Failure> {
        let said = Said::of(&answer.head);
        let chunked = said.chunked(version)?;
        let length = said.length()?;
        let closes = said.of_connection(b"close");
        let lasts = version > Version(1, 0)
            || version == Version(1, 0) && said.of_connection(b"keep-alive");
        if chunked {
            said.check_trailers()?;
        }
        let removed = [
            ("Connection", closes && version > Version(1, 0)),
            ("Transfer-Encoding", !said.encodings.is_empty()),
            ("Content-Length", chunked && length.is_some() || said.lengths.are_several()),
            ("Trailer", chunked && !said.trailers.is_empty()),
        ];
        let repeated = length.filter(|_| !chunked && said.lengths.are_several());
        let no_cache = said.pragma == Some(b"no-cache") && !said.cache_control;
        for (name, _) in removed.iter().filter(|(_, is_removed)| *is_removed) {
            answer.remove(name);
        }
        if let Some(length) = repeated {
            answer.header("Content-Length", length.to_string().as_bytes());
        }
        if no_cache {
            answer.header("Cache-Control", b"no-cache");
        }
        // What follows a switch of protocols is no HTTP.
        let keep_alive = lasts && !closes && answer.code != 101;
        Ok(Self { code: answer.code, keep_alive, length, chunked })
    }

    pub(super) fn framing(&self, is_head: bool) -> Framing {
        if is_head || matches!(self.code, 100..=199 | 204 | 304) {
            Framing::Length(0)
        } else if self.chunked {
            Framing::chunked()
        } else {
            self.length.map_or(Framing::UntilClosed, Framing::Length)
        }
    }
}

/// What an answer's headers say about how it is carried, and of caches, where Go adds what is missing.
#[derive(Debug, Default)]
struct Said<'a> {
    connection: Values<'a>,
    encodings: Values<'a>,
    lengths: Values<'a>,
    trailers: Values<'a>,
    pragma: Option<&'a [u8]>,
    cache_control: bool,
}

/// The values of one header: almost always one, which takes no memory of its own.
#[derive(Debug, Default)]
struct Values<'a> {
    first: Option<&'a [u8]>,
    others: Vec<&'a [u8]>,
}

impl<'a> Values<'a> {
    fn push(&mut self, value: &'a [u8]) {
        if self.first.is_none() {
            self.first = Some(value);
        } else {
            self.others.push(value);
        }
    }

    fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        self.first.into_iter().chain(self.others.iter().copied())
    }

    fn are_several(&self) -> bool {
        !self.others.is_empty()
    }

    fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// What stands between the commas.
    fn elements(&self) -> impl Iterator<Item = &'a [u8]> {
        self.iter().flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
    }

    /// As Go prints lists.
    fn listed(&self) -> String {
        let values: Vec<String> = self.iter().map(quoted).collect();
        format!("[{}]", values.join(" "))
    }
}

impl<'a> Said<'a> {
    fn of(head: &'a [u8]) -> Self {
        let mut said = Self::default();
        let mut begin = 0;
        for end in memchr_iter(b'\n', head) {
            let line = &head[std::mem::replace(&mut begin, end + 1)..end];
            let Some(colon) = memchr(b':', line) else { continue };
            let value = line[colon + 1..].trim_ascii();
            match &line[..colon] {
                b"Connection" => said.connection.push(value),
                b"Transfer-Encoding" => said.encodings.push(value),
                b"Content-Length" => said.lengths.push(value),
                b"Trailer" => said.trailers.push(value),
                b"Pragma" => said.pragma = said.pragma.or(Some(value)),
                b"Cache-Control" => said.cache_control = true,
                _ => {}
            }
        }
        said
    }

    fn of_connection(&self, token: &[u8]) -> bool {
        self.connection.elements().any(|element| element.eq_ignore_ascii_case(token))
    }

    fn chunked(&self, version: Version) -> Result<bool, Failure> {
        let Some(encoding) = self.encodings.first else { return Ok(false) };
        // HTTP/1.0 knows none.
        if version < Version(1, 1) {
            Ok(false)
        } else if self.encodings.are_several() {
            let encodings = self.encodings.listed();
            Err(broken(format!("too many transfer encodings: {encodings}")))
        } else if encoding.eq_ignore_ascii_case(b"chunked") {
            Ok(true)
        } else {
            Err(broken(format!("unsupported transfer encoding: {}", quoted(encoding))))
        }
    }

    fn length(&self) -> Result<Option<u64>, Failure> {
        let Some(text) = self.lengths.first else { return Ok(None) };
        if self.lengths.iter().any(|other| other != text) {
            return Err(broken(format!(
                "http: message cannot contain multiple Content-Length headers; got {}",
                self.lengths.listed()
            )));
        }
        let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        let number = if digits { std::str::from_utf8(text).ok() } else { None };
        // Go's lengths are signed.
        let length = number.and_then(|text| text.parse::<i64>().ok()).map(i64::unsigned_abs);
        if length.is_none() {
            let what = if text.is_empty() { "invalid empty" } else { "bad" };
            return Err(broken(format!("{what} Content-Length {}", quoted(text))));
        }
        Ok(length)
    }

    /// Go takes no trailer that would say how the body is carried.
    fn check_trailers(&self) -> Result<(), Failure> {
        for name in self.trailers.elements() {
            for framing in ["Transfer-Encoding", "Trailer", "Content-Length"] {
                if name.eq_ignore_ascii_case(framing.as_bytes()) {
                    return Err(broken(format!("bad trailer key \"{framing}\"")));
                }
            }
        }
        Ok(())
    }
}

/// The beginning of a line, quoted: it may be as long as a head.
fn told(line: &[u8]) -> String {
    quoted(&line[..line.len().min(200)])
}

/// What fails before there is an answer.
pub(super) fn broken(text: impl std::fmt::Display) -> Failure {
    Failure::new(format!("net/http: HTTP/1.x transport connection broken: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the tables of net/textproto and golang.org/x/net/http/httpguts: tokens, and a space that Go lets pass.
    #[test]
    fn names_and_values_have_the_bytes_that_go_takes() {
        for byte in 0..=255_u8 {
            let is_token = matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'!' | b'#'..=b'\''
                | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~');
            assert_eq!(is_name(&[b'x', byte]), is_token || byte == b' ', "{byte}");
            assert_eq!(
                is_value(&[b'x', byte, b'x']),
                byte == b'\t' || byte >= b' ' && byte != 127,
                "{byte}"
            );
        }
    }

    #[test]
    fn heads_are_bounded_also_where_they_come_at_once() {
        for (value, fits) in [(MAX_HEAD - 100, true), (MAX_HEAD, false)] {
            let head = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(value));
            let mut buffer = BytesMut::from(head.as_bytes());
            let parsed = Reader::default().parse(&mut buffer, &mut Answer::default());
            assert_eq!(parsed.is_ok_and(|head| head.is_some()), fits);
        }
    }
}
