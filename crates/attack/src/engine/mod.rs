//! The attack: threads that each send their share of the schedule, and hand over what became of it.

mod answer;
mod clock;
mod course;
mod dial;
mod failure;
mod gunzip;
mod http1;
mod http2;
mod names;
mod options;
mod outcome;
mod pacer;
mod plan;
mod pool;
mod request;
mod source;
mod steering;
mod stop;
mod stream;
mod tls;
mod trace;
mod worker;

use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use plimsoll_model::{Nanos, Timestamp};

use crate::schedule::{Arrivals, Profile, Schedule, Share, Stage};
use crate::telemetry::{Departures, Moment, Monitor, Second, raise_open_files};
use crate::{Error, ErrorKind};
use clock::Clock;
use course::Course;
use dial::Dialer;
pub use options::{Http2, Options, TlsOptions};
pub use outcome::{Block, Outcome, Phases};
use pacer::{Failed, Lane};
use pool::Bounds;
use source::Source;
pub use source::Targets;
pub use steering::Hold;
use steering::Steering;
pub use stop::Stop;
use worker::{RUNNING, SWAMPED, Shared, Worker};

/// What is to be done.
#[derive(Debug)]
pub struct Attack {
    /// The chains, all at once.
    pub chains: Vec<Chain>,
    /// How requests are sent.
    pub options: Options,
    /// The part of the schedules that this process sends.
    pub share: Share,
    /// When to start; at once where the moment has passed.
    pub start_at: Option<Timestamp>,
}

/// Requests that are planned for together.
#[derive(Debug)]
pub struct Chain {
    /// The attack's name in the results.
    pub name: String,
    /// What is sent.
    pub targets: Targets,
    /// When.
    pub pace: Pace,
}

/// When requests are sent.
#[derive(Clone, Debug)]
pub enum Pace {
    /// When they are due, whatever becomes of them.
    Schedule(Schedule),
    /// At rates that [`Sink::next_hold`] decides while the attack runs, of which this chain has so many parts of the whole.
    Steered {
        /// Of `whole`.
        part: u32,
        /// What all steered chains have together.
        whole: u32,
        /// How requests are spread.
        arrivals: Arrivals,
    },
    /// As fast as answers come, with as many in flight as may be; for an attack of one chain.
    AsFastAsAnswersCome {
        /// How long; `None` for ever.
        span: Option<Nanos>,
    },
}

/// Takes what an attack has to say.
pub trait Sink {
    /// The attack starts at this moment, by the clock on the wall and by the one that never jumps (Linux's
    /// `CLOCK_MONOTONIC`).
    ///
    /// # Errors
    /// Ends the attack.
    fn start(&mut self, date: Timestamp, monotonic: Nanos) -> io::Result<()> {
        let _ = (date, monotonic);
        Ok(())
    }

    /// What became of some requests, at the latest a tenth of a second after it is known.
    ///
    /// # Errors
    /// Ends the attack.
    fn outcomes(&mut self, block: &Block) -> io::Result<()>;

    /// How the generator fared in the last second.
    ///
    /// # Errors
    /// Ends the attack.
    fn second(&mut self, second: &Second) -> io::Result<()>;

    /// A chain, by its place in the attack, will keep these rates, which [`Sink::next_hold`] has decided on.
    ///
    /// # Errors
    /// Ends the attack.
    fn stage(&mut self, chain: usize, stage: &Stage) -> io::Result<()> {
        let _ = (chain, stage);
        Ok(())
    }

    /// The rate that comes next; `None` ends the chains whose pace is [`Pace::Steered`], for which it is asked: at the
    /// start, and whenever a hold and its pause are over. By then the outcomes of what was answered in the pause are here,
    /// but for those of its last tenth of a second.
    fn next_hold(&mut self) -> Option<Hold> {
        None
    }
}

/// Above this rate another thread helps, if there is a core for it.
const RATE_OF_A_THREAD: f64 = 25_000.0;
/// Open files that are left for other things than connections.
const SPARE_FILES: u64 = 64;
const SECOND: Nanos = Nanos(1_000_000_000);

impl Attack {
    /// Runs the attack to its end, on threads of its own; the sink is called on this one.
    ///
    /// # Errors
    /// What is wrong before it starts, a target that is none while it runs, and a sink that fails or cannot keep up. What
    /// has been handed over until then is valid.
    pub fn run(self, stop: &Stop, sink: &mut dyn Sink) -> Result<(), Error> {
        let files = raise_open_files();
        let mut options = self.options;
        let files = usize::try_from(files.saturating_sub(SPARE_FILES)).unwrap_or(usize::MAX);
        let fitting = Options::MAX_IN_FLIGHT.min(files).max(1);
        if options.max_in_flight == 0 {
            options.max_in_flight = fitting;
        }
        let connections = match options.max_connections {
            // Dials may outlast their requests, but not use up the open files.
            0 => fitting.max(options.max_in_flight),
            bound => bound,
        };
        let options = Arc::new(options);
        let threads = threads(&options, &self.chains, self.share)?;
        let dialer = Arc::new(Dialer::new(Arc::clone(&options)));
        let lanes = lanes(self.chains, &options, self.share)?;
        let tls = &options.tls;
        let names_files =
            tls.insecure || !tls.roots.is_empty() || tls.certificate.is_some() || tls.key.is_some();
        if names_files || lanes.iter().any(|lane| lane.source.uses_tls()) {
            dialer.prepare_tls()?;
        }
        // Before that, nothing could be due. A moment that was asked for is kept.
        if self.start_at.is_none() {
            let is_wanted = || stop.state().load(Ordering::Relaxed) == RUNNING;
            for lane in &lanes {
                lane.source.wait_for_first(is_wanted);
            }
        }
        let shared = Arc::new(Shared {
            options: Arc::clone(&options),
            clock: Clock::start(self.start_at),
            dialer,
            state: stop.state(),
            in_flight: AtomicUsize::new(0),
            departures: Departures::new(),
            pacing: AtomicUsize::new(threads),
            queued: AtomicUsize::new(0),
        });
        sink.start(shared.clock.date(), shared.clock.monotonic()).map_err(sink_failed)?;
        let lanes = Arc::new(lanes);
        let steering = Steering::begin(&lanes, sink)?;
        let (blocks, received) = mpsc::channel();
        let mut joins = Vec::new();
        for index in 0..threads {
            let part = |whole: usize| whole / threads + usize::from(index < whole % threads);
            let bounds = Bounds {
                idle: part(options.idle_connections).max(1),
                connections: part(connections).max(1),
                max_body: options.max_body.unwrap_or(Options::MAX_BODY).min(Options::MAX_BODY),
            };
            let worker = Arc::new(Worker::new(
                Arc::clone(&shared),
                bounds,
                part(options.max_in_flight).max(1),
                options.max_in_flight,
                blocks.clone(),
            ));
            let lanes = Arc::clone(&lanes);
            let share = share_of(self.share, index, threads);
            let join = thread::Builder::new()
                .name(format!("attack-{index}"))
                .spawn(move || drive(&worker, &lanes, share))
                .map_err(|error| Error::io(ErrorKind::System, "cannot start a thread", error))?;
            joins.push(join);
        }
        drop(blocks);
        let taken = collect(&shared, &received, steering, sink);
        if taken.is_err() {
            shared.state.fetch_max(worker::CANCELLED, Ordering::Relaxed);
        }
        drop(received);
        let mut ended = taken;
        for join in joins {
            let sent = join.join().unwrap_or_else(|_| {
                Err(Error::new(ErrorKind::System, "a thread of the attack panicked"))
            });
            ended = ended.and(sent);
        }
        if shared.state.load(Ordering::Relaxed) == SWAMPED {
            let text = "results come faster than they can be written: the attack was ended";
            ended = ended.and(Err(Error::new(ErrorKind::Sink, text)));
        }
        ended
    }
}

fn sink_failed(error: io::Error) -> Error {
    Error::io(ErrorKind::Sink, "cannot write the results", error)
}

/// The share of one of this process's threads.
fn share_of(share: Share, index: usize, threads: usize) -> Share {
    let narrow = |number| u32::try_from(number).unwrap_or(u32::MAX);
    share.split(narrow(index), narrow(threads))
}

fn threads(options: &Options, chains: &[Chain], share: Share) -> Result<usize, Error> {
    let contradiction = |text: &str| Err(Error::new(ErrorKind::Options, text));
    let mut peak = 0.0;
    for chain in chains {
        match &chain.pace {
            Pace::Schedule(schedule) => peak += schedule.profile().peak() / share.step() as f64,
            Pace::AsFastAsAnswersCome { .. } if chains.len() > 1 => {
                return contradiction("several chains need a rate each");
            }
            Pace::AsFastAsAnswersCome { .. } if share.step() > 1 => {
                return contradiction("without a rate there is no schedule to take a shard of");
            }
            Pace::AsFastAsAnswersCome { .. } | Pace::Steered { .. } => peak = f64::INFINITY,
        }
    }
    if chains.is_empty() {
        return contradiction("no targets to attack");
    }
    let cores = thread::available_parallelism().map_or(1, usize::from);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few threads")]
    let wanted = match options.threads {
        0 => (peak / RATE_OF_A_THREAD).ceil().clamp(1.0, cores as f64) as usize,
        threads => threads.min(256),
    };
    let bound = [options.max_in_flight, options.max_connections];
    let bound = bound.into_iter().filter(|bound| *bound > 0).min().unwrap_or(usize::MAX);
    Ok(wanted.min(bound))
}

fn lanes(chains: Vec<Chain>, options: &Arc<Options>, share: Share) -> Result<Vec<Lane>, Error> {
    let count = u32::try_from(chains.len()).unwrap_or(u32::MAX);
    let lane = |(chain, index): (Chain, u32)| {
        let source = Source::new(chain.targets, options, share)?;
        let next = AtomicU64::new(0);
        let (course, steered, span) = match chain.pace {
            Pace::Schedule(schedule) => (Some(Course::new(schedule, false)), None, None),
            Pace::Steered { part, whole, arrivals } => {
                let schedule = Schedule::new(Profile::empty(), arrivals).out_of_step(index, count);
                (Some(Course::new(schedule, true)), Some((part, whole)), None)
            }
            Pace::AsFastAsAnswersCome { span } => (None, None, span),
        };
        Ok(Lane { course, steered, span, source, next })
    };
    chains.into_iter().zip(0..).map(lane).collect()
}

/// One thread of the attack.
fn drive(worker: &Arc<Worker>, lanes: &[Lane], share: Share) -> Result<(), Error> {
    let system = |error| Error::io(ErrorKind::System, "cannot run a thread of the attack", error);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(system)?;
    let paced = runtime.block_on(pacer::run(worker, lanes, share));
    // A name that is still being looked up is not waited for.
    runtime.shutdown_background();
    paced.map_err(|failed| match failed {
        Failed::Targets(error) => error,
        Failed::System(error) => system(error),
    })
}

/// Takes blocks to the sink until all threads have ended, and tells it each second how the generator fares.
fn collect(
    shared: &Shared,
    blocks: &mpsc::Receiver<Block>,
    mut steering: Steering<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Error> {
    let mut monitor = Monitor::new();
    let mut next = SECOND;
    loop {
        let now = shared.clock.now();
        if now >= next {
            sink.second(&monitor.second(moment(shared, now), &shared.departures))
                .map_err(sink_failed)?;
            next = Nanos(now.0 / SECOND.0 * SECOND.0 + SECOND.0);
        }
        steering.at(now, &shared.clock, sink)?;
        let until = steering.due().map_or(next, |due| due.min(next));
        match blocks.recv_timeout(Duration::from_nanos(until.0.saturating_sub(now.0))) {
            Ok(block) => {
                shared.queued.fetch_sub(block.size(), Ordering::Relaxed);
                sink.outcomes(&block).map_err(sink_failed)?;
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    debug_assert!(shared.state.load(Ordering::Relaxed) != RUNNING || blocks.try_recv().is_err());
    let last = moment(shared, shared.clock.now());
    sink.second(&monitor.second(last, &shared.departures)).map_err(sink_failed)
}

fn moment(shared: &Shared, now: Nanos) -> Moment {
    Moment {
        at: shared.clock.date().saturating_add(now),
        elapsed: now,
        in_flight: shared.in_flight.load(Ordering::Relaxed) as u64,
        draining: shared.pacing.load(Ordering::Relaxed) == 0,
    }
}
