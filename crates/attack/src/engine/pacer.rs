//! Takes requests up when they are due, whatever became of those before.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use plimsoll_model::Nanos;

use super::clock::Timer;
use super::course::{Course, Upcoming};
use super::outcome::Row;
use super::source::{Next, Source};
use super::worker::{CANCELLED, RUNNING, STOPPING, Worker};
use crate::Error;
use crate::schedule::{Due, Share};

/// Requests taken up before answers are looked at again.
const BURST: usize = 32;
/// How often a pacer that has nothing to do looks whether it is to stop.
const LOOK: Nanos = Nanos(50_000_000);
/// How often it looks whether the schedule goes on.
const LOOK_AHEAD: Nanos = Nanos(5_000_000);
/// How often it looks whether a target has come that was not there in time.
const LOOK_FOR_TARGET: Nanos = Nanos(1_000_000);
/// How often it looks whether the last requests have ended.
const DRAIN: Nanos = Nanos(5_000_000);
/// How long outcomes wait for their block to fill.
const FLUSH: Nanos = Nanos(100_000_000);
/// Above these rates of a thread, requests are taken up a few at a time, with so long between: what it adds to the lag, it
/// saves in wakings.
const PAUSES: [(f64, Nanos); 3] =
    [(15_000.0, Nanos(900_000)), (10_000.0, Nanos(500_000)), (2_000.0, Nanos(250_000))];

/// A chain in the making.
#[derive(Debug)]
pub(super) struct Lane {
    /// `None` to send the next whenever there is room.
    pub(super) course: Option<Course>,
    /// The part of the whole that it has of rates that are decided on the way.
    pub(super) steered: Option<(u32, u32)>,
    pub(super) span: Option<Nanos>,
    pub(super) source: Source,
    /// The next number where there is no schedule.
    pub(super) next: AtomicU64,
}

/// Why a pacer ended early.
pub(super) enum Failed {
    Targets(Error),
    System(io::Error),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// Sends one thread's share, then waits for what is in flight.
pub(super) async fn run(worker: &Arc<Worker>, lanes: &[Lane], share: Share) -> Result<(), Failed> {
    let timer = Timer::new(worker.shared.clock)?;
    // The clock stands at zero until then, when the first requests are due.
    while state(worker) == RUNNING && !timer.sleep_until_start(LOOK).await? {}
    let sent = if lanes.iter().all(|lane| lane.course.is_some()) {
        open_loop(worker, lanes, share, &timer).await
    } else {
        closed_loop(worker, lanes, &timer).await
    };
    worker.shared.pacing.fetch_sub(1, Ordering::Relaxed);
    if sent.is_err() {
        worker.shared.state.fetch_max(STOPPING, Ordering::Relaxed);
    }
    while worker.in_flight() > 0 && state(worker) < CANCELLED {
        worker.flush();
        let now = worker.shared.clock.now();
        worker.wake_late(now);
        timer.sleep_until(Nanos(now.0 + DRAIN.0)).await?;
    }
    worker.give_up();
    worker.flush();
    sent
}

fn state(worker: &Worker) -> u8 {
    worker.shared.state.load(Ordering::Relaxed)
}

async fn open_loop(
    worker: &Arc<Worker>,
    lanes: &[Lane],
    share: Share,
    timer: &Timer,
) -> Result<(), Failed> {
    let clock = worker.shared.clock;
    let courses = lanes.iter().filter_map(|lane| lane.course.as_ref());
    let mut upcoming: Vec<_> = courses.map(|course| Upcoming::new(course, share)).collect();
    let mut flushed = Nanos::ZERO;
    let mut overdue = Nanos::ZERO;
    while state(worker) == RUNNING {
        let mut burst = 0;
        let mut now = clock.now();
        let next = loop {
            let Some((lane, at, next)) = first(&mut upcoming, now) else {
                if upcoming.iter().all(Upcoming::has_ended) {
                    return Ok(());
                }
                break Nanos(now.0 + LOOK_AHEAD.0);
            };
            if at > now || burst == BURST {
                break at;
            }
            let is_behind_targets = upcoming[lane].is_behind_targets();
            // What waited for its target waits for room, too: it was not the server that held it up.
            if is_behind_targets && worker.is_full() {
                upcoming[lane].wait_until(Nanos(now.0 + LOOK_FOR_TARGET.0));
                continue;
            }
            match lanes[lane].source.next(|| next.seq) {
                Next::Request(seq, request) => {
                    upcoming[lane].advance();
                    let chain = u32::try_from(lane).unwrap_or(u32::MAX);
                    let mut row = Row::new(chain, seq, next.at, now, request);
                    row.target_was_late = is_behind_targets;
                    worker.take_up(row);
                }
                Next::NotYet => upcoming[lane].wait_until(Nanos(now.0 + LOOK_FOR_TARGET.0)),
                Next::End => upcoming[lane].end(),
                Next::Failed(error) => return Err(Failed::Targets(error)),
            }
            burst += 1;
            now = clock.now();
        };
        if now.0 > flushed.0 + FLUSH.0 {
            worker.flush();
            flushed = now;
        }
        if now >= overdue {
            overdue = worker.wake_late(now);
        }
        if next <= now {
            tokio::task::yield_now().await;
        } else {
            let earliest = Nanos(now.0 + pause(&upcoming, share).0);
            let latest = overdue.min(Nanos(now.0 + LOOK.0));
            timer.sleep_until(next.max(earliest).min(latest)).await?;
        }
    }
    Ok(())
}

/// How long requests may be gathered.
fn pause(upcoming: &[Upcoming<'_>], share: Share) -> Nanos {
    let peak: f64 = upcoming.iter().map(|upcoming| upcoming.peak).sum();
    let rate = peak / share.step() as f64;
    PAUSES.iter().find(|(above, _)| rate > *above).map_or(Nanos::ZERO, |(_, pause)| *pause)
}

/// The chain whose next request is to be seen to first, and when.
fn first(upcoming: &mut [Upcoming<'_>], now: Nanos) -> Option<(usize, Nanos, Due)> {
    let nexts = upcoming.iter_mut().enumerate();
    let nexts = nexts.filter_map(|(lane, upcoming)| {
        let (at, due) = upcoming.look_at(now)?;
        Some((lane, at, due))
    });
    nexts.min_by_key(|(_, at, _)| *at)
}

/// As fast as answers come: each request is due when there is room for it.
async fn closed_loop(worker: &Arc<Worker>, lanes: &[Lane], timer: &Timer) -> Result<(), Failed> {
    let clock = worker.shared.clock;
    let Some(lane) = lanes.first() else { return Ok(()) };
    let mut flushed = Nanos::ZERO;
    let mut overdue = Nanos::ZERO;
    while state(worker) == RUNNING {
        let mut now = clock.now();
        while !worker.is_full() {
            if lane.span.is_some_and(|span| now >= span) {
                return Ok(());
            }
            match lane.source.next(|| lane.next.fetch_add(1, Ordering::Relaxed)) {
                Next::Request(seq, request) => worker.take_up(Row::new(0, seq, now, now, request)),
                Next::NotYet => break,
                Next::End => return Ok(()),
                Next::Failed(error) => return Err(Failed::Targets(error)),
            }
            now = clock.now();
        }
        if now.0 > flushed.0 + FLUSH.0 {
            worker.flush();
            flushed = now;
        }
        if now >= overdue {
            overdue = worker.wake_late(now);
        }
        tokio::select! {
            () = worker.freed.notified() => {}
            slept = timer.sleep_until(overdue.min(Nanos(now.0 + LOOK.0))) => slept?,
        }
    }
    Ok(())
}
