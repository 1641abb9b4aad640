//! HTTP/1.1, one request at a time on a connection.
//!
//! By hand and not by a client library: requests are bytes that were made before, header names keep their case, an answer
//! is looked at where it lies, and what breaks can be told in the words of Go.

mod body;
mod head;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::answer::Answer;
use super::failure::{Failure, Step, system};
use super::request::Request;
use super::stream::Stream;
use super::trace::Trace;
use body::Framing;

/// A connection that carries one request after another.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    /// Its addresses: after a reset the system tells them no more.
    ends: String,
    buffer: BytesMut,
    /// Whether it has carried a request.
    used: bool,
}

/// Room for most answers with their head.
const BUFFER: usize = 2 << 10;
/// What an idle connection keeps.
const KEPT: usize = 16 << 10;

impl Connection {
    pub(super) fn new(stream: Stream) -> Self {
        let ends = stream.ends();
        Self { stream, ends, buffer: BytesMut::new(), used: false }
    }

    /// Whether it may carry another request, as far as is known without asking.
    pub(super) fn is_alive(&mut self) -> bool {
        self.buffer.is_empty() && !self.stream.has_ended()
    }

    /// Sends a request and reads the answer; says whether the connection can be used again.
    pub(super) async fn exchange(
        &mut self,
        request: &Request,
        max_body: u64,
        trace: &mut Trace,
        answer: &mut Answer,
    ) -> Result<bool, Failure> {
        trace.step = Step::Sending;
        let used = std::mem::replace(&mut self.used, true);
        // What does not take all of a request may have answered it nevertheless.
        let mut unsent = self.send(request, used).await.err();
        trace.step = Step::Waiting;
        let mut reader = head::Reader::default();
        let head = loop {
            match reader.parse(&mut self.buffer, answer)? {
                // Another head follows an interim one.
                Some(head) if (100..200).contains(&head.code) && head.code != 101 => {}
                Some(head) => break head,
                None => self
                    .read_head(&reader, trace, used, answer)
                    .await
                    .map_err(|failure| unsent.take().unwrap_or(failure))?,
            }
        };
        answer.begun = true;
        trace.step = Step::Reading;
        let mut framing = head.framing(request.is_head());
        if request.asks_for_gzip() && !framing.is_complete() {
            answer.unpack();
        }
        loop {
            framing.take(&mut self.buffer, answer, max_body)?;
            if framing.is_complete() {
                break;
            }
            if self.read().await? == 0 {
                if framing.ends_with_the_connection() {
                    answer.end()?;
                    return Ok(false);
                }
                return Err(Failure::new(framing.broken_off()));
            }
        }
        answer.end()?;
        if self.buffer.capacity() > KEPT {
            self.buffer = BytesMut::from(&self.buffer[..]);
        }
        Ok(head.keep_alive && unsent.is_none() && !matches!(framing, Framing::UntilClosed))
    }

    async fn send(&mut self, request: &Request, used: bool) -> Result<(), Failure> {
        let mut sent = self.stream.write_all(&request.wire).await;
        if sent.is_ok() && request.rest.has_remaining() {
            sent = self.stream.write_all(&request.rest).await;
        }
        if let (Ok(()), Stream::Tls(tls)) = (&sent, &mut self.stream) {
            sent = tls.flush().await;
        }
        sent.map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => Failure::new(error.to_string()),
            _ => Failure {
                text: format!("write {}: write: {}", self.ends, system(&error)),
                stale: used,
            },
        })
    }

    /// Reads more of a head.
    async fn read_head(
        &mut self,
        reader: &head::Reader,
        trace: &mut Trace,
        used: bool,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        let nothing_yet = reader.is_untouched(&self.buffer);
        match self.read().await {
            Ok(0) if nothing_yet && used => Err(Failure::stale("EOF")),
            Ok(0) if nothing_yet => Err(Failure::new("EOF")),
            Ok(0) => Err(reader.end(&self.buffer, answer)),
            Ok(_) => {
                trace.first_byte();
                Ok(())
            }
            Err(failure) if nothing_yet => Err(Failure { stale: used, ..failure }),
            Err(failure) => Err(head::broken(failure.text)),
        }
    }

    async fn read(&mut self) -> Result<usize, Failure> {
        self.buffer.reserve(BUFFER);
        self.stream.read_buf(&mut self.buffer).await.map_err(|error| match error.kind() {
            // TLS that ends without saying so.
            std::io::ErrorKind::UnexpectedEof => Failure::new("unexpected EOF"),
            std::io::ErrorKind::InvalidData => Failure::new(error.to_string()),
            _ => Failure::new(format!("read {}: read: {}", self.ends, system(&error))),
        })
    }
}
