use std::collections::HashMap;
use std::fmt;
use std::future;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use fastrand::Rng;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::{Request, Version};

use super::answer::{self, Answer};
use super::counts::{ChainTally, Counts, Tally, count};
use super::queue::{Admission, Queue};
use super::socket::ResetSwitch;
use super::timer::Clock;
use super::{Chain, RpcErrors, Service, StubConfig, WhenFull};

/// Far above any JSON-RPC request.
const MAX_BODY: usize = 1 << 20;

/// The chains, and what they saw.
#[derive(Debug)]
pub(super) struct Gateway {
    start: Instant,
    clock: Clock,
    chains: HashMap<String, Serving>,
    pub(super) tally: Tally,
}

/// A chain that serves.
#[derive(Debug)]
struct Serving {
    service: Service,
    full: Full,
    state: Mutex<State>,
    tally: ChainTally,
}

#[derive(Debug)]
struct State {
    queue: Queue,
    rng: Rng,
    errors: Option<Errors>,
}

/// [`WhenFull`], ready to be done.
#[derive(Debug)]
enum Full {
    Unavailable,
    TooMany(HeaderValue),
    Hang,
    Reset,
}

/// Which of the answers are errors: evenly spread, so that their share is exact, from a place that the seed chooses.
#[derive(Debug)]
struct Errors {
    wanted: RpcErrors,
    owed: f64,
}

/// There is to be no answer: the connection or the stream is to be reset.
#[derive(Debug)]
pub(super) struct NoAnswer;

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no answer")
    }
}

impl std::error::Error for NoAnswer {}

impl Gateway {
    pub(super) fn new(config: &StubConfig, clock: Clock) -> Self {
        // Each chain has a seed of its own, so that its service times do not depend on the others' arrivals.
        let mut seeds = Rng::with_seed(config.seed);
        let serving = |chain: &Chain| (chain.name.clone(), Serving::new(chain, seeds.fork()));
        let chains = config.chains.iter().map(serving).collect();
        Self { start: Instant::now(), clock, chains, tally: Tally::default() }
    }

    pub(super) fn counts(&self) -> Counts {
        let chains = self.chains.iter().map(|(name, chain)| (name.clone(), chain.tally.read()));
        self.tally.read(chains.collect())
    }

    /// Answers a request, in its time.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        connection: &ResetSwitch,
    ) -> Result<Answer, NoAnswer> {
        let version = request.version();
        let path = request.uri().path();
        let name = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        let Some(chain) = self.chains.get(name) else {
            count(&self.tally.unknown_path);
            return Ok(answer::unknown_path());
        };
        let body = match Limited::new(request.into_body(), MAX_BODY).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => {
                count(&self.tally.unreadable);
                let too_large = error.is::<LengthLimitError>();
                return if too_large { Ok(answer::too_large()) } else { Err(NoAnswer) };
            }
        };
        count(&chain.tally.requests);
        if version == Version::HTTP_2 {
            count(&self.tally.http2);
        }
        let Some((until, error)) = chain.admit(self.start) else {
            return chain.turn_away(version, connection).await;
        };
        let guard = Unanswered(Some(&chain.tally.given_up));
        if until > Instant::now() {
            self.clock.alarm(until).await.map_err(|_| NoAnswer)?;
        }
        guard.answered();
        let id = answer::id_of(&body);
        Ok(if let Some(code) = error {
            count(&chain.tally.rpc_errors);
            answer::rpc_error(id, code)
        } else {
            count(&chain.tally.results);
            answer::result(id)
        })
    }
}

impl Serving {
    fn new(chain: &Chain, mut rng: Rng) -> Self {
        let full = match chain.full {
            WhenFull::Unavailable => Full::Unavailable,
            WhenFull::TooMany { retry_after } => {
                let whole = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
                Full::TooMany(HeaderValue::from(whole))
            }
            WhenFull::Hang => Full::Hang,
            WhenFull::Reset => Full::Reset,
        };
        let errors = chain.rpc_errors.map(|wanted| Errors { wanted, owed: rng.f64() });
        let queue = Queue::new(chain.workers, chain.queue);
        let state = Mutex::new(State { queue, rng, errors });
        Self { service: chain.service, full, state, tally: ChainTally::default() }
    }

    /// Until when a request is served, and with which JSON-RPC error, if any; nothing where the queue is full.
    fn admit(&self, origin: Instant) -> Option<(Instant, Option<i64>)> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { queue, rng, errors } = &mut *state;
        // Inside the lock: the queue's time never runs backwards.
        let now = u64::try_from(origin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        match queue.arrive(now, |in_service| self.service.draw(rng, in_service)) {
            Admission::Until(until) => {
                let error = errors.as_mut().and_then(Errors::next);
                Some((origin + Duration::from_nanos(until), error))
            }
            Admission::Full => None,
        }
    }

    async fn turn_away(
        &self,
        version: Version,
        connection: &ResetSwitch,
    ) -> Result<Answer, NoAnswer> {
        match &self.full {
            Full::Unavailable => {
                count(&self.tally.unavailable);
                Ok(answer::unavailable())
            }
            Full::TooMany(retry_after) => {
                count(&self.tally.too_many);
                Ok(answer::too_many(retry_after.clone()))
            }
            Full::Hang => {
                count(&self.tally.hung);
                future::pending().await
            }
            Full::Reset => {
                count(&self.tally.reset);
                if version != Version::HTTP_2 {
                    connection.set();
                }
                Err(NoAnswer)
            }
        }
    }
}

impl Errors {
    fn next(&mut self) -> Option<i64> {
        self.owed += self.wanted.share;
        let error = self.owed >= 1.0;
        if error {
            self.owed -= 1.0;
        }
        error.then_some(self.wanted.code)
    }
}

/// Counts a request whose future is dropped before its answer: the client went away.
struct Unanswered<'a>(Option<&'a AtomicU64>);

impl Unanswered<'_> {
    fn answered(mut self) {
        self.0 = None;
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(counter) = self.0 {
            count(counter);
        }
    }
}
