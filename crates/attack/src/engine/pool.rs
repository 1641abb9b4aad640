//! The connections of one thread to one endpoint.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use super::answer::Answer;
use super::dial::Dialer;
use super::failure::Failure;
use super::http1::Connection;
use super::http2::Shared;
use super::options::{Http2, Options};
use super::request::Request;
use super::trace::{Dialing, Trace};
use crate::targets::{Endpoint, Scheme};

/// What one thread may have open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) idle: usize,
    /// With those that are being opened.
    pub(super) connections: usize,
    pub(super) max_body: u64,
}

#[derive(Debug)]
pub(super) struct Pool {
    endpoint: Endpoint,
    bounds: Bounds,
    state: Mutex<State>,
    /// A place for each connection of HTTP/1.1, from its dial until it is closed.
    room: Arc<Semaphore>,
}

#[derive(Debug)]
struct State {
    idle: Vec<Ready>,
    /// Those who wait for a connection, the first to come first.
    waiting: VecDeque<Arc<Wanted>>,
    shared: Vec<Arc<Shared>>,
    /// A connection in the making that requests may come to share.
    opening: Option<Opening>,
    /// What the endpoint speaks, once that is known.
    http2: Option<bool>,
}

/// A connection that can take a request.
#[derive(Debug)]
struct Ready {
    connection: Connection,
    /// How it came about, until somebody uses it.
    dialing: Option<Arc<Dialing>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Ready {
    /// One that was used may have been closed since.
    fn is_alive(&mut self) -> bool {
        self.dialing.is_some() || self.connection.is_alive()
    }
}

/// What a request waits for: a connection that comes free or the one dialed for it, whichever is there first.
#[derive(Debug)]
struct Wanted(Mutex<Option<oneshot::Sender<Delivery>>>);

type Delivery = Result<Ready, Failure>;

impl Wanted {
    fn new() -> (Arc<Self>, oneshot::Receiver<Delivery>) {
        let (sender, receiver) = oneshot::channel();
        (Arc::new(Self(Mutex::new(Some(sender)))), receiver)
    }

    fn sender(&self) -> MutexGuard<'_, Option<oneshot::Sender<Delivery>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_waited_for(&self) -> bool {
        self.sender().as_ref().is_some_and(|sender| !sender.is_closed())
    }

    /// Gives back what nobody waits for any more.
    fn deliver(&self, delivery: Delivery) -> Option<Delivery> {
        match self.sender().take() {
            Some(sender) => sender.send(delivery).err(),
            None => Some(delivery),
        }
    }
}

/// A dial whose end any number of requests wait for.
#[derive(Clone, Debug)]
struct Opening {
    dialing: Arc<Dialing>,
    ended: watch::Receiver<Option<Opened>>,
}

/// A connection to share, `None` where the endpoint turned out to speak HTTP/1.1 alone, or why there is none.
type Opened = Result<Option<Arc<Shared>>, String>;

impl Pool {
    pub(super) fn new(endpoint: Endpoint, options: &Options, bounds: Bounds) -> Self {
        let http2 = match (endpoint.scheme, options.http2) {
            (_, Http2::Off) | (Scheme::Http, Http2::Negotiated) => Some(false),
            (_, Http2::PriorKnowledge) => Some(true),
            (Scheme::Https, Http2::Negotiated) => None,
        };
        let idle = if options.keep_alive { bounds.idle } else { 0 };
        Self {
            endpoint,
            bounds: Bounds { idle, ..bounds },
            state: Mutex::new(State {
                idle: Vec::new(),
                waiting: VecDeque::new(),
                shared: Vec::new(),
                opening: None,
                http2,
            }),
            room: Arc::new(Semaphore::new(bounds.connections)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request on a connection that is there, or on a new one.
    pub(super) async fn exchange(
        self: &Arc<Self>,
        request: &Request,
        options: &Options,
        dialer: &Arc<Dialer>,
        trace: &mut Trace,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        if self.state().http2 == Some(false) {
            return self.exchange_http1(request, dialer, trace, answer).await;
        }
        // The common way above stays small: each request in flight takes as much memory as the largest.
        Box::pin(self.exchange_shared(request, options, dialer, trace, answer)).await
    }

    async fn exchange_shared(
        self: &Arc<Self>,
        request: &Request,
        options: &Options,
        dialer: &Arc<Dialer>,
        trace: &mut Trace,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        while self.state().http2 != Some(false) {
            let (shared, is_new) = match self.shared(options) {
                Some(shared) => (shared, false),
                None => match self.open(options, dialer, trace).await? {
                    Some(shared) => (shared, true),
                    // Somebody else's, with room for this request or not, or none to share.
                    None => continue,
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
        self.exchange_http1(request, dialer, trace, answer).await
    }

    async fn exchange_http1(
        self: &Arc<Self>,
        request: &Request,
        dialer: &Arc<Dialer>,
        trace: &mut Trace,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        loop {
            let ready = match self.idle() {
                Some(ready) => ready,
                None => Box::pin(self.wait(dialer, trace)).await?,
            };
            match self.exchange_on(ready, request, trace, answer).await {
                Err(failure) if failure.stale && request.is_repeatable() => {}
                result => return result,
            }
        }
    }

    async fn exchange_on(
        &self,
        mut ready: Ready,
        request: &Request,
        trace: &mut Trace,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        if let Some(dialing) = ready.dialing.take() {
            trace.dialed(&dialing);
        }
        let max_body = self.bounds.max_body;
        if ready.connection.exchange(request, max_body, trace, answer).await? {
            self.put(ready, self.bounds.idle);
        }
        Ok(())
    }

    /// The connection used last, which has been idle the shortest, if it still stands.
    fn idle(&self) -> Option<Ready> {
        loop {
            let mut ready = self.state().idle.pop()?;
            if ready.connection.is_alive() {
                return Some(ready);
            }
        }
    }

    /// Hands a connection to who has waited the longest, or keeps it if no more than so many are idle.
    fn put(&self, mut ready: Ready, most: usize) {
        let mut state = self.state();
        while let Some(wanted) = state.waiting.pop_front() {
            let Some(Ok(back)) = wanted.deliver(Ok(ready)) else { return };
            ready = back;
        }
        if state.idle.len() < most {
            state.idle.push(ready);
        }
    }

    /// Waits for a connection that comes free or for a new one. As in Go, the dial is not the request's own: it goes on if
    /// the request needs it no more, and its connection then serves another.
    async fn wait(
        self: &Arc<Self>,
        dialer: &Arc<Dialer>,
        trace: &mut Trace,
    ) -> Result<Ready, Failure> {
        loop {
            let mut ready = self.wait_once(dialer, trace).await?;
            if ready.is_alive() {
                return Ok(ready);
            }
        }
    }

    async fn wait_once(self: &Arc<Self>, dialer: &Arc<Dialer>, trace: &mut Trace) -> Delivery {
        let (wanted, mut delivered) = Wanted::new();
        self.line_up(&wanted);
        let place = tokio::select! {
            biased;
            ready = &mut delivered => return ready.unwrap_or_else(|_| Err(given_up())),
            place = Arc::clone(&self.room).acquire_owned() => place.ok(),
        };
        let dialing = trace.new_dial();
        tokio::spawn(Arc::clone(self).dial(Arc::clone(dialer), dialing, wanted, place));
        let delivery = delivered.await.unwrap_or_else(|_| Err(given_up()));
        match delivery {
            Ok(_) => trace.wait_no_more(),
            Err(_) => trace.dial_failed(),
        }
        delivery
    }

    fn line_up(&self, wanted: &Arc<Wanted>) {
        let mut state = self.state();
        // Where no connection ever comes free, nobody else takes away those who have gone.
        while state.waiting.front().is_some_and(|first| !first.is_waited_for()) {
            state.waiting.pop_front();
        }
        state.waiting.push_back(Arc::clone(wanted));
    }

    async fn dial(
        self: Arc<Self>,
        dialer: Arc<Dialer>,
        dialing: Arc<Dialing>,
        wanted: Arc<Wanted>,
        place: Option<OwnedSemaphorePermit>,
    ) {
        let stream = dialer.dial(&self.endpoint, &dialing).await;
        let delivery = stream.map(|(stream, _)| Ready {
            connection: Connection::new(stream),
            dialing: Some(dialing),
            _place: place,
        });
        if let Some(Ok(ready)) = wanted.deliver(delivery) {
            self.put(ready, self.bounds.idle);
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
        let full = state.shared.len() >= self.bounds.connections;
        with_room
            .or_else(|| state.shared.iter().filter(|_| full).min_by_key(|shared| shared.active()))
            .cloned()
    }

    /// Waits until a connection to share is open; gives it to who began to open it.
    async fn open(
        self: &Arc<Self>,
        options: &Options,
        dialer: &Arc<Dialer>,
        trace: &mut Trace,
    ) -> Result<Option<Arc<Shared>>, Failure> {
        let (mut opening, is_own) = self.opening(options, dialer, trace);
        let opened = opening.ended.wait_for(Option::is_some).await;
        let opened = opened.map(|opened| opened.clone()).ok().flatten();
        match opened {
            Some(Ok(shared)) => {
                if shared.is_some() {
                    trace.dialed(&opening.dialing);
                }
                trace.wait_no_more();
                Ok(shared.filter(|_| is_own))
            }
            Some(Err(text)) => {
                trace.dial_failed();
                Err(Failure::new(text))
            }
            None => Err(given_up()),
        }
    }

    /// The opening under way, or a new one; says whether it is new.
    fn opening(
        self: &Arc<Self>,
        options: &Options,
        dialer: &Arc<Dialer>,
        trace: &mut Trace,
    ) -> (Opening, bool) {
        let mut state = self.state();
        if let Some(opening) = &state.opening {
            trace.wait_for(&opening.dialing);
            return (opening.clone(), false);
        }
        let dialing = trace.new_dial();
        let (end, ended) = watch::channel(None);
        let opening = Opening { dialing: Arc::clone(&dialing), ended };
        if options.keep_alive {
            state.opening = Some(opening.clone());
        }
        let keep = options.keep_alive;
        let (pool, dialer) = (Arc::clone(self), Arc::clone(dialer));
        tokio::spawn(async move {
            let opened = pool.open_shared(keep, &dialer, dialing).await;
            if keep {
                pool.state().opening = None;
            }
            // Perhaps nobody waits any more.
            let _ = end.send(Some(opened.map_err(|failure| failure.text)));
        });
        (opening, true)
    }

    async fn open_shared(
        &self,
        keep: bool,
        dialer: &Dialer,
        dialing: Arc<Dialing>,
    ) -> Result<Option<Arc<Shared>>, Failure> {
        let place = Arc::clone(&self.room).acquire_owned().await.ok();
        let (stream, is_http2) = dialer.dial(&self.endpoint, &dialing).await?;
        self.state().http2 = Some(is_http2);
        if !is_http2 {
            let connection = Connection::new(stream);
            let ready = Ready { connection, dialing: Some(dialing), _place: place };
            // It is the idle one that is found next.
            self.put(ready, usize::MAX);
            return Ok(None);
        }
        let shared = Shared::open(stream).await?;
        if keep {
            self.state().shared.push(Arc::clone(&shared));
        }
        Ok(Some(shared))
    }
}

/// Nobody is left to dial.
fn given_up() -> Failure {
    Failure::new("context canceled")
}
