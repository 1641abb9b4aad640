use std::fmt::Write as _;
use std::mem::MaybeUninit;

use bytes::{Buf as _, BytesMut};

use super::super::answer::Answer;
use super::super::failure::{Failure, quoted};
use super::body::Framing;

const MAX_HEADERS: usize = 128;
/// Go's bound.
const MAX_HEAD: usize = 10 << 20;

/// What the head of an answer says about what follows.
pub(super) struct Head {
    pub(super) code: u16,
    pub(super) keep_alive: bool,
    length: Option<u64>,
    chunked: bool,
}

/// Takes a head off the buffer, once it is there in full.
pub(super) fn parse(buffer: &mut BytesMut, answer: &mut Answer) -> Result<Option<Head>, Failure> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let config = {
        let mut config = httparse::ParserConfig::default();
        config.allow_multiple_spaces_in_response_status_delimiters(true);
        config
    };
    let size = match config.parse_response_with_uninit_headers(&mut response, buffer, &mut headers)
    {
        Ok(httparse::Status::Complete(size)) => size,
        Ok(httparse::Status::Partial) if buffer.len() > MAX_HEAD => {
            let text =
                format!("net/http: server response headers exceeded {MAX_HEAD} bytes; aborted");
            return Err(Failure::new(text));
        }
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(malformed(error, buffer)),
    };
    let code = response.code.unwrap_or(0);
    answer.clear();
    answer.code = code;
    let _ = write!(answer.status, "{code:03} {}", response.reason.unwrap_or(""));
    let mut head =
        Head { code, keep_alive: response.version == Some(1), length: None, chunked: false };
    for header in response.headers.iter() {
        answer.header(header.name, header.value);
        head.look_at(header)?;
    }
    buffer.advance(size);
    Ok(Some(head))
}

impl Head {
    fn look_at(&mut self, header: &httparse::Header<'_>) -> Result<(), Failure> {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        if is("content-length") {
            let text = std::str::from_utf8(header.value).unwrap_or("").trim();
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let length = if digits { text.parse().ok() } else { None };
            let Some(length) = length else {
                return Err(Failure::new(format!("bad Content-Length {}", quoted(header.value))));
            };
            if self.length.is_some_and(|other| other != length) {
                let text = "http: message cannot contain multiple Content-Length headers";
                return Err(Failure::new(text));
            }
            self.length = Some(length);
        } else if is("transfer-encoding") {
            if !header.value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                let text = format!("unsupported transfer encoding: {}", quoted(header.value));
                return Err(Failure::new(text));
            }
            self.chunked = true;
        } else if is("connection") {
            for token in header.value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                if token.eq_ignore_ascii_case(b"close") {
                    self.keep_alive = false;
                } else if token.eq_ignore_ascii_case(b"keep-alive") {
                    self.keep_alive = true;
                }
            }
        }
        Ok(())
    }

    pub(super) fn framing(&self, is_head: bool) -> Framing {
        if is_head || matches!(self.code, 204 | 304) {
            Framing::Length(0)
        } else if self.chunked {
            Framing::chunked()
        } else {
            self.length.map_or(Framing::UntilClosed, Framing::Length)
        }
    }
}

/// What Go says of a head that is none.
fn malformed(error: httparse::Error, buffer: &[u8]) -> Failure {
    let line = buffer.split(|byte| *byte == b'\n').next().unwrap_or(&[]);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = quoted(&line[..line.len().min(200)]);
    let text = match error {
        httparse::Error::Version => format!("malformed HTTP response {line}"),
        httparse::Error::Status => format!("malformed HTTP status code {line}"),
        httparse::Error::TooManyHeaders => "header list too large".to_owned(),
        _ if !buffer.starts_with(b"HTTP/") => format!("malformed HTTP response {line}"),
        _ => format!("malformed MIME header line: {error}"),
    };
    Failure::new(format!("net/http: HTTP/1.x transport connection broken: {text}"))
}
