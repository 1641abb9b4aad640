//! One thread's requests: what is in flight, its connections, and what became of them.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Poll, Waker};

use plimsoll_model::Nanos;
use slab::Slab;
use tokio::sync::Notify;

use super::answer::Answer;
use super::clock::Clock;
use super::dial::Dialer;
use super::failure::{Failure, of_request};
use super::options::Options;
use super::outcome::{Block, Row, Texts};
use super::pool::{Bounds, Pool};
use super::request::Request;
use super::trace::Trace;
use crate::targets::Endpoint;
use crate::telemetry::Departures;

/// What all threads of an attack share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Arc<Options>,
    pub(super) clock: Clock,
    pub(super) dialer: Arc<Dialer>,
    pub(super) state: Arc<AtomicU8>,
    /// Requests in flight, over all threads.
    pub(super) in_flight: AtomicUsize,
    /// Requests that were taken up.
    pub(super) departures: Departures,
    /// Threads whose part of the schedule is not through.
    pub(super) pacing: AtomicUsize,
    /// Bytes of blocks that are on their way to the sink.
    pub(super) queued: AtomicUsize,
}

/// What blocks may take that the sink has not taken yet.
const MAX_QUEUED: usize = 512 << 20;
/// Answers that wait for their next use: what a burst took is let go.
const MAX_SPARE: usize = 256;
/// Endpoints whose connections are kept.
const MAX_POOLS: usize = 10_000;

/// Requests that are late are looked for at most so often.
const BETWEEN_LOOKS: Nanos = Nanos(1_000_000);

pub(super) const RUNNING: u8 = 0;
/// Nothing new is sent.
pub(super) const STOPPING: u8 = 1;
/// What is in flight is given up.
pub(super) const CANCELLED: u8 = 2;
/// The sink cannot keep up: as cancelled.
pub(super) const SWAMPED: u8 = 3;

#[derive(Debug)]
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    bounds: Bounds,
    max_in_flight: usize,
    /// The bound that texts tell: that of all threads.
    told_bound: usize,
    state: Mutex<State>,
    pools: Mutex<HashMap<Endpoint, Arc<Pool>>>,
    blocks: mpsc::Sender<Block>,
    /// Told of each request that ends, where the rate is that of answers.
    pub(super) freed: Notify,
}

/// A request in flight, and what wakes it to look at its time-out.
#[derive(Debug)]
struct Flight {
    row: Row,
    waker: Option<Waker>,
}

#[derive(Debug)]
struct State {
    flight: Slab<Flight>,
    block: Block,
    spare: Vec<Answer>,
}

impl Worker {
    pub(super) fn new(
        shared: Arc<Shared>,
        bounds: Bounds,
        max_in_flight: usize,
        told_bound: usize,
        blocks: mpsc::Sender<Block>,
    ) -> Self {
        let block = Block::new(shared.clock.date());
        Self {
            shared,
            bounds,
            max_in_flight,
            told_bound,
            state: Mutex::new(State { flight: Slab::new(), block, spare: Vec::new() }),
            pools: Mutex::default(),
            blocks,
            freed: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the bound on requests in flight is reached.
    pub(super) fn is_full(&self) -> bool {
        self.in_flight() >= self.max_in_flight
    }

    pub(super) fn in_flight(&self) -> usize {
        self.state().flight.len()
    }

    /// Takes a request up: sends it, or records why it is not sent.
    pub(super) fn take_up(self: &Arc<Self>, row: Row) {
        let request = Arc::clone(&row.request);
        let lag = row.sent.0.saturating_sub(row.intended.0);
        self.shared.departures.add(Nanos(lag), row.target_was_late);
        let mut state = self.state();
        if state.flight.len() >= self.max_in_flight {
            let text = format!("not sent: more than {} requests in flight", self.told_bound);
            return self.refuse(&mut state, row, &text);
        }
        let max_lag = self.shared.options.max_lag;
        if lag > max_lag.0 && !row.target_was_late {
            let text =
                format!("not sent: more than {} ms behind the schedule", max_lag.as_millis_f64());
            return self.refuse(&mut state, row, &text);
        }
        let sent = row.sent;
        let ticket = state.flight.insert(Flight { row, waker: None });
        let answer = state.spare.pop().unwrap_or_default();
        drop(state);
        self.shared.in_flight.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(Arc::clone(self).perform(ticket, request, sent, answer));
    }

    fn refuse(&self, state: &mut State, mut row: Row, text: &str) {
        row.unsent = true;
        state.block.push(row, Texts { error: text, ..Texts::default() });
        self.hand_over(state, Block::ROWS);
    }

    async fn perform(
        self: Arc<Self>,
        ticket: usize,
        request: Arc<Request>,
        sent: Nanos,
        mut answer: Answer,
    ) {
        answer.clear();
        let mut trace = Trace::new(self.shared.clock, sent);
        let exchanged = {
            let exchange = pin!(self.exchange(&request, &mut trace, &mut answer));
            self.within_time(ticket, sent, exchange).await
        };
        let result = exchanged.unwrap_or_else(|| Err(Failure::new(trace.time_out())));
        let now = self.shared.clock.now();
        let error = match &result {
            // As vegeta: what a body broke off with is told as it is.
            Err(failure) if answer.begun => failure.text.clone(),
            Err(failure) => {
                let url = trace.url.as_deref().unwrap_or(&request.target.url);
                of_request(&request.target.method, url, &failure.text)
            }
            Ok(()) if (200..400).contains(&answer.code) => String::new(),
            Ok(()) => std::mem::take(&mut answer.status),
        };
        let mut state = self.state();
        let mut row = state.flight.remove(ticket).row;
        row.latency = Nanos(now.0.saturating_sub(sent.0));
        row.phases = trace.phases;
        row.has_body = answer.begun;
        let mut texts = Texts { error: &error, head: &[], body: &answer.body };
        if result.is_ok() {
            // As vegeta: an answer that broke off has no status, and a body as far as it came.
            row.code = answer.code;
            row.bytes_out = request.target.body.len() as u64;
            texts.head = &answer.head;
        }
        state.block.push(row, texts);
        if state.spare.len() < MAX_SPARE {
            answer.shrink();
            state.spare.push(answer);
        }
        self.hand_over(&mut state, Block::ROWS);
        drop(state);
        self.shared.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.freed.notify_one();
    }

    /// Runs an exchange for as long as it may take.
    ///
    /// The runtime's timers would wake its driver for every other request; here [`wake_late`](Self::wake_late) does it
    /// for those that are late.
    async fn within_time<F: Future>(
        &self,
        ticket: usize,
        sent: Nanos,
        mut exchange: Pin<&mut F>,
    ) -> Option<F::Output> {
        let timeout = self.shared.options.timeout;
        let deadline = Nanos(sent.0.saturating_add(timeout.0));
        let mut known = timeout == Nanos::ZERO;
        poll_fn(|context| {
            if let Poll::Ready(output) = exchange.as_mut().poll(context) {
                return Poll::Ready(Some(output));
            }
            if timeout > Nanos::ZERO && self.shared.clock.now() >= deadline {
                return Poll::Ready(None);
            }
            if !std::mem::replace(&mut known, true)
                && let Some(flight) = self.state().flight.get_mut(ticket)
            {
                flight.waker = Some(context.waker().clone());
            }
            Poll::Pending
        })
        .await
    }

    /// Wakes requests whose time is over, and says when to look again.
    pub(super) fn wake_late(&self, now: Nanos) -> Nanos {
        let timeout = self.shared.options.timeout;
        if timeout == Nanos::ZERO {
            return Nanos(u64::MAX);
        }
        let mut next = Nanos(now.0.saturating_add(timeout.0));
        for (_, flight) in &self.state().flight {
            let deadline = Nanos(flight.row.sent.0.saturating_add(timeout.0));
            if deadline > now {
                next = next.min(deadline);
            } else if let Some(waker) = &flight.waker {
                waker.wake_by_ref();
            }
        }
        next.max(Nanos(now.0 + BETWEEN_LOOKS.0))
    }

    /// Sends a request, and whatever it is redirected to.
    async fn exchange(
        &self,
        request: &Arc<Request>,
        trace: &mut Trace,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        let Shared { options, dialer, .. } = &*self.shared;
        self.pool(request).exchange(request, options, dialer, trace, answer).await?;
        match options.redirects {
            Some(most) if is_redirect(answer.code) => {
                Box::pin(self.follow(request, most, trace, answer)).await
            }
            _ => Ok(()),
        }
    }

    async fn follow(
        &self,
        request: &Arc<Request>,
        most: u32,
        trace: &mut Trace,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        let Shared { options, dialer, .. } = &*self.shared;
        let mut followed = 0;
        let mut current = Arc::clone(request);
        while is_redirect(answer.code) {
            // As Go: an answer that leads nowhere is the answer.
            let Some(location) = answer.location.take().filter(|location| !location.is_empty())
            else {
                return Ok(());
            };
            let code = answer.code;
            // What fails from here on is no part of this answer.
            answer.clear();
            let url = current.location(&location).map_err(Failure::new)?;
            if followed == most {
                // Go names what it would have asked for next as the header has it.
                trace.url = Some(location);
                return Err(Failure::new(format!("stopped after {most} redirects")));
            }
            followed += 1;
            trace.again(url.clone());
            let next = current.redirected(code, &location, url, options).map_err(Failure::new)?;
            current = Arc::new(next);
            self.pool(&current).exchange(&current, options, dialer, trace, answer).await?;
        }
        Ok(())
    }

    fn pool(&self, request: &Request) -> Arc<Pool> {
        let endpoint = &request.url.endpoint;
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(endpoint) {
            return Arc::clone(pool);
        }
        if pools.len() >= MAX_POOLS {
            pools.clear();
        }
        let pool = Arc::new(Pool::new(endpoint.clone(), &self.shared.options, self.bounds));
        pools.insert(endpoint.clone(), Arc::clone(&pool));
        pool
    }

    /// Hands the block over if it has at least so many rows.
    fn hand_over(&self, state: &mut State, rows: usize) {
        if state.block.len() < rows {
            return;
        }
        let block = std::mem::replace(&mut state.block, Block::new(self.shared.clock.date()));
        let queued = self.shared.queued.fetch_add(block.size(), Ordering::Relaxed);
        if queued > MAX_QUEUED {
            self.shared.state.store(SWAMPED, Ordering::Relaxed);
        }
        // Where nobody takes blocks any more, the attack has failed and says so itself.
        let _ = self.blocks.send(block);
    }

    /// Hands over what there is.
    pub(super) fn flush(&self) {
        self.hand_over(&mut self.state(), 1);
    }

    /// Records what is still in flight as given up.
    pub(super) fn give_up(&self) {
        let now = self.shared.clock.now();
        let mut state = self.state();
        let rows: Vec<Row> = state.flight.drain().map(|flight| flight.row).collect();
        self.shared.in_flight.fetch_sub(rows.len(), Ordering::Relaxed);
        for mut row in rows {
            row.latency = Nanos(now.0.saturating_sub(row.sent.0));
            let error = "given up: the attack was ended before the answer came";
            state.block.push(row, Texts { error, ..Texts::default() });
            self.hand_over(&mut state, Block::ROWS);
        }
    }
}

fn is_redirect(code: u16) -> bool {
    matches!(code, 301 | 302 | 303 | 307 | 308)
}
