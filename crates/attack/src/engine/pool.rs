//! The connections of one thread to one endpoint.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_model::Nanos;
use tokio::sync::{Mutex as AsyncMutex, Semaphore, SemaphorePermit};

use super::answer::Answer;
use super::dial::Dialer;
use super::failure::{Failure, Step};
use super::http1::Connection;
use super::http2::Shared;
use super::options::{Http2, Options};
use super::request::Request;
use super::trace::Trace;
use crate::targets::{Endpoint, Scheme};

/// Having waited for longer than this, a request that times out does so because of what it waited for.
const LONG: Nanos = Nanos(100_000_000);

/// What one thread may have open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) idle: usize,
    pub(super) connections: Option<usize>,
    pub(super) max_body: u64,
}

#[derive(Debug)]
pub(super) struct Pool {
    endpoint: Endpoint,
    bounds: Bounds,
    state: Mutex<State>,
    /// Held while a connection is opened that others may come to share.
    opening: AsyncMutex<()>,
    room: Option<Semaphore>,
}

#[derive(Debug)]
struct State {
    idle: Vec<Connection>,
    shared: Vec<Arc<Shared>>,
    /// What the endpoint speaks, once that is known.
    http2: Option<bool>,
}

impl Pool {
    pub(super) fn new(endpoint: Endpoint, options: &Options, bounds: Bounds) -> Self {
        let http2 = match (endpoint.scheme, options.http2) {
            (_, Http2::Off) | (Scheme::Http, Http2::Negotiated) => Some(false),
            (_, Http2::PriorKnowledge) => Some(true),
            (Scheme::Https, Http2::Negotiated) => None,
        };
        Self {
            endpoint,
            bounds,
            state: Mutex::new(State { idle: Vec::new(), shared: Vec::new(), http2 }),
            opening: AsyncMutex::new(()),
            room: bounds.connections.map(Semaphore::new),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request on a connection that is there, or on a new one.
    pub(super) async fn exchange(
        &self,
        request: &Request,
        options: &Options,
        dialer: &Dialer,
        trace: &mut Trace,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        if self.state().http2 == Some(false) {
            return self.exchange_http1(request, options, dialer, trace, answer).await;
        }
        // The common way above stays small: each request in flight takes as much memory as the largest.
        Box::pin(self.exchange_shared(request, options, dialer, trace, answer)).await
    }

    async fn exchange_shared(
        &self,
        request: &Request,
        options: &Options,
        dialer: &Dialer,
        trace: &mut Trace,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        loop {
            let (shared, is_new) = match self.shared(options) {
                Some(shared) => (shared, false),
                None => match self.open(options, dialer, trace).await? {
                    Opened::Shared(shared) => (shared, true),
                    Opened::Meanwhile(shared) => (shared, false),
                    Opened::Http1 => {
                        return self.exchange_http1(request, options, dialer, trace, answer).await;
                    }
                },
            };
            let result = shared
                .exchange(is_new, request, options, self.bounds.max_body, trace, answer)
                .await;
            match result {
                // It had ended before it took the request up.
                Err(failure) if failure.stale => {}
                result => return result,
            }
        }
    }

    async fn exchange_http1(
        &self,
        request: &Request,
        options: &Options,
        dialer: &Dialer,
        trace: &mut Trace,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        let _room = self.room().await;
        loop {
            let connection = if let Some(connection) = self.idle() {
                connection
            } else {
                let (stream, _) = Box::pin(dialer.dial(&self.endpoint, trace)).await?;
                Connection::new(stream)
            };
            match self.exchange_on(connection, request, options, trace, answer).await {
                Err(failure) if failure.stale && request.is_repeatable() => {}
                result => return result,
            }
        }
    }

    async fn exchange_on(
        &self,
        mut connection: Connection,
        request: &Request,
        options: &Options,
        trace: &mut Trace,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        let reusable = connection.exchange(request, self.bounds.max_body, trace, answer).await?;
        if reusable && options.keep_alive {
            let mut state = self.state();
            if state.idle.len() < self.bounds.idle {
                state.idle.push(connection);
            }
        }
        Ok(())
    }

    async fn room(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes it.
        match &self.room {
            Some(room) => room.acquire().await.ok(),
            None => None,
        }
    }

    /// The connection used last, which has been idle the shortest, if it still stands.
    fn idle(&self) -> Option<Connection> {
        loop {
            let mut connection = self.state().idle.pop()?;
            if connection.is_alive() {
                return Some(connection);
            }
        }
    }

    /// A shared connection with room, or the least busy one where no other may be opened.
    fn shared(&self, options: &Options) -> Option<Arc<Shared>> {
        if !options.keep_alive {
            return None;
        }
        let mut state = self.state();
        state.shared.retain(|shared| !shared.is_closed());
        let with_room = state.shared.iter().find(|shared| shared.has_room());
        let full = self.bounds.connections.is_some_and(|bound| state.shared.len() >= bound);
        with_room
            .or_else(|| state.shared.iter().filter(|_| full).min_by_key(|shared| shared.active()))
            .cloned()
    }

    async fn open(
        &self,
        options: &Options,
        dialer: &Dialer,
        trace: &mut Trace,
    ) -> Result<Opened, Failure> {
        trace.endpoint = self.endpoint.to_string();
        trace.waited_for = Some(match self.endpoint.scheme {
            Scheme::Http => Step::Connecting,
            Scheme::Https => Step::Handshaking,
        });
        let waiting = trace.now();
        let _alone = if options.keep_alive { Some(self.opening.lock().await) } else { None };
        if trace.since(waiting) < LONG {
            trace.waited_for = None;
        }
        // Somebody else may have opened one meanwhile.
        if let Some(shared) = self.shared(options) {
            trace.waited_for = None;
            return Ok(Opened::Meanwhile(shared));
        }
        if self.state().http2 == Some(false) {
            trace.waited_for = None;
            return Ok(Opened::Http1);
        }
        let (stream, is_http2) = dialer.dial(&self.endpoint, trace).await?;
        self.state().http2 = Some(is_http2);
        if !is_http2 {
            // It is the idle one that is found next.
            self.state().idle.push(Connection::new(stream));
            return Ok(Opened::Http1);
        }
        let shared = Shared::open(stream).await?;
        if options.keep_alive {
            self.state().shared.push(Arc::clone(&shared));
        }
        Ok(Opened::Shared(shared))
    }
}

enum Opened {
    Shared(Arc<Shared>),
    /// By another request.
    Meanwhile(Arc<Shared>),
    /// The endpoint turned out to speak HTTP/1.1 alone.
    Http1,
}
