use bytes::{Buf as _, BytesMut};

use super::super::answer::Answer;
use super::super::failure::Failure;

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

    /// Takes all of the body that is in the buffer.
    pub(super) fn take(
        &mut self,
        buffer: &mut BytesMut,
        answer: &mut Answer,
        max_body: u64,
    ) -> Result<(), Failure> {
        match self {
            Self::Length(left) => take_up_to(left, buffer, answer, max_body),
            Self::UntilClosed => {
                answer.take(buffer, max_body);
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
            Self::Size => match httparse::parse_chunk_size(buffer) {
                Ok(httparse::Status::Complete((line, size))) => {
                    buffer.advance(line);
                    *self = if size == 0 { Self::Trailer } else { Self::Data(size) };
                }
                Ok(httparse::Status::Partial) if buffer.len() < MAX_LINE => return Ok(false),
                _ => return Err(Failure::new("malformed chunked encoding")),
            },
            Self::Data(left) => {
                take_up_to(left, buffer, answer, max_body);
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
                let Some(end) = buffer.iter().position(|byte| *byte == b'\n') else {
                    if buffer.len() > MAX_LINE {
                        return Err(Failure::new(
                            "http: suspiciously long trailer after chunked body",
                        ));
                    }
                    return Ok(false);
                };
                let is_last = buffer[..end].trim_ascii().is_empty();
                buffer.advance(end + 1);
                if is_last {
                    *self = Self::Complete;
                }
            }
        }
        Ok(true)
    }
}

fn take_up_to(left: &mut u64, buffer: &mut BytesMut, answer: &mut Answer, max_body: u64) {
    let there = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
    answer.take(&buffer[..there], max_body);
    buffer.advance(there);
    *left -= there as u64;
}
