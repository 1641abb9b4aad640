use bytes::{Buf as _, BytesMut};

use super::super::answer::Answer;
use super::super::failure::{Failure, quoted};

/// How the end of a body is known, and how far away it is.
#[derive(Debug)]
pub(super) enum Framing {
    Length(u64),
    Chunked(Chunk),
    UntilClosed,
}

/// Where in a body of chunks the next byte is.
#[derive(Debug)]
pub(super) enum Chunk {
    Size,
    Data(u64),
    DataEnd,
    Trailer,
    Complete,
}

/// The longest line of a chunk's size or of a trailer.
const MAX_LINE: usize = 4096;

impl Framing {
    pub(super) fn chunked() -> Self {
        Self::Chunked(Chunk::Size)
    }

    pub(super) fn is_complete(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunk::Complete))
    }

    pub(super) fn ends_with_the_connection(&self) -> bool {
        matches!(self, Self::UntilClosed)
    }

    /// What it means that the connection ends where more has to come.
    pub(super) fn broken_off(&self) -> &'static str {
        match self {
            Self::Chunked(Chunk::Trailer) => "http: unexpected EOF reading trailer",
            _ => "unexpected EOF",
        }
    }

    /// Takes all of the body that is in the buffer.
    pub(super) fn take(
        &mut self,
        buffer: &mut BytesMut,
        answer: &mut Answer,
        max_body: u64,
    ) -> Result<(), Failure> {
        match self {
            Self::Length(left) => take_up_to(left, buffer, answer, max_body)?,
            Self::UntilClosed => {
                answer.take(buffer, max_body)?;
                buffer.clear();
            }
            Self::Chunked(chunk) => while chunk.advance(buffer, answer, max_body)? {},
        }
        Ok(())
    }
}

impl Chunk {
    /// Goes one step on; `false` where more bytes are needed, or none.
    fn advance(
        &mut self,
        buffer: &mut BytesMut,
        answer: &mut Answer,
        max_body: u64,
    ) -> Result<bool, Failure> {
        match self {
            Self::Complete => return Ok(false),
            Self::Size => {
                let Some(line) = line_end(buffer) else {
                    if buffer.len() < MAX_LINE {
                        return Ok(false);
                    }
                    return Err(Failure::new("header line too long"));
                };
                let size = chunk_size(&buffer[..line]).map_err(Failure::new)?;
                buffer.advance(line);
                *self = if size == 0 { Self::Trailer } else { Self::Data(size) };
            }
            Self::Data(left) => {
                take_up_to(left, buffer, answer, max_body)?;
                if *left > 0 {
                    return Ok(false);
                }
                *self = Self::DataEnd;
            }
            Self::DataEnd => {
                if buffer.len() < 2 {
                    return Ok(false);
                }
                if !buffer.starts_with(b"\r\n") {
                    return Err(Failure::new("malformed chunked encoding"));
                }
                buffer.advance(2);
                *self = Self::Size;
            }
            Self::Trailer => {
                let Some(end) = line_end(buffer) else {
                    if buffer.len() < MAX_LINE {
                        return Ok(false);
                    }
                    let text = "http: suspiciously long trailer after chunked body";
                    return Err(Failure::new(text));
                };
                let line = buffer[..end].trim_ascii();
                let is_last = line.is_empty();
                if !is_last && !line.contains(&b':') {
                    let line = quoted(line);
                    let text = format!("malformed MIME header: missing colon: {line}");
                    return Err(Failure::new(text));
                }
                buffer.advance(end);
                if is_last {
                    *self = Self::Complete;
                }
            }
        }
        Ok(true)
    }
}

/// Where the first line in a buffer ends, its end included.
fn line_end(buffer: &[u8]) -> Option<usize> {
    buffer.iter().position(|byte| *byte == b'\n').map(|end| end + 1)
}

/// The size that a chunk's line tells, read as strictly as Go does and refused in its words.
fn chunk_size(line: &[u8]) -> Result<u64, &'static str> {
    match line.iter().position(|byte| *byte == b'\r') {
        None => return Err("chunked line ends with bare LF"),
        Some(at) if at + 2 != line.len() => return Err("invalid CR in chunked line"),
        Some(_) => {}
    }
    let size = line.trim_ascii_end().split(|byte| *byte == b';').next().unwrap_or(&[]);
    if size.is_empty() {
        return Err("empty hex number for chunk length");
    }
    let mut number = 0;
    for (at, byte) in size.iter().enumerate() {
        let digit = char::from(*byte).to_digit(16).ok_or("invalid byte in chunk length")?;
        if at == 16 {
            return Err("http chunk length too large");
        }
        number = number << 4 | u64::from(digit);
    }
    Ok(number)
}

fn take_up_to(
    left: &mut u64,
    buffer: &mut BytesMut,
    answer: &mut Answer,
    max_body: u64,
) -> Result<(), Failure> {
    let there = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
    answer.take(&buffer[..there], max_body)?;
    buffer.advance(there);
    *left -= there as u64;
    Ok(())
}
