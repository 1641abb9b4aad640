//! HTTP/2: many requests at a time on a connection.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use h2::client::SendRequest;
use http::header::TRAILER;

use super::answer::Answer;
use super::failure::{Failure, Step, system};
use super::options::Options;
use super::request::Request;
use super::stream::Stream;
use super::trace::Trace;

/// Go's: room for a stream's body, and for all bodies of a connection.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 1 << 30;

/// How often a request goes to yet another connection: as often as in Go.
const MAX_RETRIES: u32 = 7;

/// A connection that requests share.
#[derive(Debug)]
pub(super) struct Shared {
    send: SendRequest<Bytes>,
    active: AtomicUsize,
    closed: Arc<AtomicBool>,
    /// Why the connection ended, where its end says so.
    end: Arc<OnceLock<String>>,
}

impl Shared {
    /// Speaks the preface; the connection lives on as a task of its own.
    pub(super) async fn open(stream: Stream) -> Result<Arc<Self>, Failure> {
        let (send, connection) = h2::client::Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .handshake(stream)
            .await
            .map_err(|error| Failure::new(text(&error, None)))?;
        let closed = Arc::new(AtomicBool::new(false));
        let end = Arc::new(OnceLock::new());
        let (done, told) = (Arc::clone(&closed), Arc::clone(&end));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                told.get_or_init(|| text(&error, None));
            }
            done.store(true, Ordering::Relaxed);
        });
        Ok(Arc::new(Self { send, active: AtomicUsize::new(0), closed, end }))
    }

    /// What became of a stream. One that the end of its connection took along knows only that; the connection knows why.
    async fn failure(&self, error: h2::Error, stream: Option<u32>) -> Failure {
        if error.is_io() {
            // Lets the connection's own task come to its end.
            tokio::task::yield_now().await;
            if let Some(end) = self.end.get() {
                return Failure::new(end.clone());
            }
        }
        Failure::new(text(&error, stream))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    pub(super) fn active(&self) -> usize {
        self.active.load(Ordering::Relaxed)
    }

    /// Whether the server takes one more request at a time.
    pub(super) fn has_room(&self) -> bool {
        !self.is_closed() && self.active() < self.send.current_max_send_streams()
    }

    /// Sends a request and reads the answer. Where that fails as stale, another connection may take the request; not so on
    /// a new one that took up nothing: the next would end in the same way.
    pub(super) async fn exchange(
        &self,
        is_new: bool,
        request: &Request,
        options: &Options,
        max_body: u64,
        trace: &mut Trace,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        self.active.fetch_add(1, Ordering::Relaxed);
        let active = Active(self);
        trace.step = Step::Sending;
        let message = request.http2(options).map_err(Failure::new)?;
        let mut send = self.send.clone().ready().await.map_err(|error| {
            self.closed.store(true, Ordering::Relaxed);
            not_taken_up(text(&error, None), is_new, trace)
        })?;
        let body = &request.target.body;
        let (response, mut sending) = send
            .send_request(message, body.is_empty())
            .map_err(|error| Failure::new(text(&error, None)))?;
        let id = Some(u32::from(response.stream_id()));
        if !body.is_empty() {
            sending
                .send_data(body.clone(), true)
                .map_err(|error| Failure::new(text(&error, id)))?;
        }
        trace.step = Step::Waiting;
        let response = match response.await {
            Ok(response) => response,
            // Servers retire connections so, and take up none of the requests that this meets with.
            Err(error) if is_retirement(&error) => {
                self.closed.store(true, Ordering::Relaxed);
                let is_first = id == Some(1);
                return Err(not_taken_up(text(&error, id), is_new && is_first, trace));
            }
            Err(error) => return Err(self.failure(error, id).await),
        };
        trace.first_byte();
        answer.clear();
        answer.code = response.status().as_u16();
        answer.begun = true;
        let reason = response.status().canonical_reason().unwrap_or("");
        answer.status = format!("{} {reason}", answer.code);
        // As in Go: what trailers there will be is no header.
        for (name, value) in response.headers().iter().filter(|(name, _)| *name != TRAILER) {
            answer.header(name.as_str(), value.as_bytes());
        }
        trace.step = Step::Reading;
        let mut stream = response.into_body();
        if request.asks_for_gzip() && !stream.is_end_stream() {
            answer.unpack();
        }
        while let Some(data) = stream.data().await {
            let data = match data {
                Ok(data) => data,
                Err(error) => return Err(self.failure(error, id).await),
            };
            answer.take(&data, max_body)?;
            stream
                .flow_control()
                .release_capacity(data.len())
                .map_err(|error| Failure::new(text(&error, id)))?;
        }
        drop(active);
        answer.end()
    }
}

/// Whether another connection may take the request: where each takes some and leaves the rest, this has to end some time.
fn not_taken_up(text: String, took_up_nothing: bool, trace: &mut Trace) -> Failure {
    trace.refused += 1;
    Failure { text, stale: !took_up_nothing && trace.refused <= MAX_RETRIES }
}

/// Counts a request in flight, also where it is given up.
struct Active<'a>(&'a Shared);

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Ordering::Relaxed);
    }
}

fn is_retirement(error: &h2::Error) -> bool {
    error.is_go_away() && error.is_remote() && error.reason() == Some(h2::Reason::NO_ERROR)
}

/// What Go's http2 says.
fn text(error: &h2::Error, stream: Option<u32>) -> String {
    if let Some(error) = error.get_io() {
        return match error.kind() {
            std::io::ErrorKind::UnexpectedEof => "unexpected EOF".to_owned(),
            // An alert of TLS.
            std::io::ErrorKind::InvalidData => error.to_string(),
            std::io::ErrorKind::BrokenPipe => "http2: client connection is closed".to_owned(),
            _ => format!("read tcp: read: {}", system(error)),
        };
    }
    let Some(reason) = error.reason() else { return format!("http2: {error}") };
    let name = match reason {
        h2::Reason::NO_ERROR => "NO_ERROR",
        h2::Reason::PROTOCOL_ERROR => "PROTOCOL_ERROR",
        h2::Reason::INTERNAL_ERROR => "INTERNAL_ERROR",
        h2::Reason::FLOW_CONTROL_ERROR => "FLOW_CONTROL_ERROR",
        h2::Reason::SETTINGS_TIMEOUT => "SETTINGS_TIMEOUT",
        h2::Reason::STREAM_CLOSED => "STREAM_CLOSED",
        h2::Reason::FRAME_SIZE_ERROR => "FRAME_SIZE_ERROR",
        h2::Reason::REFUSED_STREAM => "REFUSED_STREAM",
        h2::Reason::CANCEL => "CANCEL",
        h2::Reason::COMPRESSION_ERROR => "COMPRESSION_ERROR",
        h2::Reason::CONNECT_ERROR => "CONNECT_ERROR",
        h2::Reason::ENHANCE_YOUR_CALM => "ENHANCE_YOUR_CALM",
        h2::Reason::INADEQUATE_SECURITY => "INADEQUATE_SECURITY",
        h2::Reason::HTTP_1_1_REQUIRED => "HTTP_1_1_REQUIRED",
        _ => "unknown error code",
    };
    match stream {
        _ if error.is_go_away() && error.is_remote() => format!(
            "http2: server sent GOAWAY and closed the connection; LastStreamID=?, ErrCode={name}, debug=\"\""
        ),
        Some(id) if error.is_reset() => format!("stream error: stream ID {id}; {name}"),
        // A frame of another protocol: what answers is no HTTP/2 server.
        _ if error.is_library() && reason == h2::Reason::FRAME_SIZE_ERROR => {
            "http2: frame too large".to_owned()
        }
        _ => format!("http2: connection error: {name}"),
    }
}
