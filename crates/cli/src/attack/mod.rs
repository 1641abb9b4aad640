//! `plimsoll attack`: arguments to an attack, its outcomes to results.

mod args;
mod contradictions;
mod flags;
mod live;
mod place;
mod plan;
mod preflight;
mod results;
mod search;
mod sent_schedule;
mod shard;
mod values;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use plimsoll_attack::schedule::Stage;
use plimsoll_attack::telemetry::Second;
use plimsoll_attack::{Block, ErrorKind, Hold, Sink, Stop};
use plimsoll_model::{Nanos, Timestamp};

pub(crate) use args::Attack;
pub(crate) use flags::with_two_dashes;

use crate::exit::Outcome;
use crate::{interrupt, output};
use live::{Line, Live};
use results::Results;
use search::Search;
use sent_schedule::sent_rate;

/// Attacks, and says whether it was interrupted.
pub(crate) fn run(args: &Attack) -> anyhow::Result<Outcome> {
    let attack = plan::attack(args)?;
    contradictions::warn(args);
    preflight::warn(&attack);
    let live = Live::new(plan::end(&attack));
    let names = || attack.chains.iter().map(|chain| chain.name.clone()).collect();
    let search = args.find_capacity.then(|| Search::new(args, live.line(), names())).transpose()?;
    let results = Results::create(args.output.as_deref(), args.to, &args.name, &attack)?;
    let start_at = args.start_at;
    let mut hand = Hand { results, live, search, start: Timestamp::UNKNOWN, start_at };
    let (stop, interrupted) = stopped_by_signals(hand.live.line())?;
    let attacked = attack.run(&stop, &mut hand);
    hand.live.finish();
    let interrupted = interrupted.load(Ordering::Relaxed);
    let written = hand.results.finish(attacked.is_ok() && !interrupted);
    let written = written.context("cannot write the results");
    for line in hand.live.summary().into_iter().chain(hand.results.losses()) {
        output::complain(&line);
    }
    match attacked {
        // The results before it are whole.
        Err(error) if error.kind() == ErrorKind::Sink => {
            output::complain("the attack was ended; the results up to here are whole");
            return Err(error.into());
        }
        Err(error) => {
            written?;
            return Err(error.into());
        }
        Ok(()) => written?,
    }
    hand.search.map_or(Ok(()), Search::finish)?;
    Ok(if interrupted { Outcome::Interrupted } else { Outcome::Answered })
}

/// What ends an attack, and whether a signal did: the first waits for what is in flight, the second gives it up.
fn stopped_by_signals(line: Line) -> anyhow::Result<(Stop, Arc<AtomicBool>)> {
    let (stop, interrupted) = (Stop::default(), Arc::new(AtomicBool::new(false)));
    let (stopped, noted) = (stop.clone(), Arc::clone(&interrupted));
    interrupt::each(move |count| {
        noted.store(true, Ordering::Relaxed);
        stopped.stop();
        if count == 1 {
            line.complain("interrupted: waiting for requests in flight; once more gives them up");
        }
    })?;
    Ok((stop, interrupted))
}

/// Where an attack's words go.
struct Hand {
    results: Results,
    live: Live,
    /// With `--find-capacity`.
    search: Option<Search>,
    /// When the attack began.
    start: Timestamp,
    /// The moment that was asked for.
    start_at: Option<Timestamp>,
}

impl Sink for Hand {
    fn start(&mut self, date: Timestamp, monotonic: Nanos) -> io::Result<()> {
        self.start = date;
        self.live.start(date);
        if let Some(asked) = self.start_at.filter(|asked| *asked < date) {
            let late = (date.0 - asked.0) as f64 / 1e9;
            self.live.line().complain(&format!(
                "warning: --start-at was {late:.3} s ago: other hosts may have started without this one"
            ));
        }
        self.results.start(date, monotonic)
    }

    fn outcomes(&mut self, block: &Block) -> io::Result<()> {
        self.live.outcomes(block);
        if let Some(search) = &mut self.search {
            search.outcomes(block);
        }
        self.results.outcomes(block)
    }

    fn second(&mut self, second: &Second) -> io::Result<()> {
        self.live.second(second);
        if let Some(search) = &mut self.search {
            search.second(second);
        }
        self.results.second(second)
    }

    fn stage(&mut self, chain: usize, stage: &Stage) -> io::Result<()> {
        let Some(rate) = sent_rate(self.start, stage) else { return Ok(()) };
        if let Some(search) = &mut self.search {
            search.rate(chain, rate);
        }
        self.results.rate(chain, rate)
    }

    fn next_hold(&mut self) -> Option<Hold> {
        self.search.as_mut()?.next_hold()
    }
}
