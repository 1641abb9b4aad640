//! `plimsoll attack`: arguments to an attack, its outcomes to results.

mod args;
mod flags;
mod json;
mod live;
mod plan;
mod results;
mod shard;
mod values;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plimsoll_attack::telemetry::Second;
use plimsoll_attack::{Block, ErrorKind, Sink, Stop};
use plimsoll_model::Timestamp;

pub(crate) use args::Attack;
pub(crate) use flags::with_two_dashes;

use crate::exit::Outcome;
use crate::{interrupt, output};
use live::Live;
use results::Results;

/// Attacks, and says whether it was interrupted.
pub(crate) fn run(args: &Attack) -> anyhow::Result<Outcome> {
    let attack = plan::attack(args)?;
    let names = attack.chains.iter().map(|chain| chain.name.clone()).collect();
    let (stop, interrupted) = (Stop::default(), Arc::new(AtomicBool::new(false)));
    interrupt::each({
        let (stop, interrupted) = (stop.clone(), Arc::clone(&interrupted));
        move |count| {
            interrupted.store(true, Ordering::Relaxed);
            stop.stop();
            if count == 1 {
                let text = "interrupted: waiting for requests in flight; once more gives them up";
                output::complain(text);
            }
        }
    })?;
    let mut hand = Hand {
        results: Results::create(args.output.as_deref(), args.to, names)?,
        live: Live::new(plan::end(&attack)),
    };
    let attacked = attack.run(&stop, &mut hand);
    hand.live.finish();
    let written = hand.results.finish();
    for line in hand.live.summary() {
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
    Ok(if interrupted.load(Ordering::Relaxed) { Outcome::Interrupted } else { Outcome::Answered })
}

/// Where an attack's words go.
struct Hand {
    results: Results,
    live: Live,
}

impl Sink for Hand {
    fn start(&mut self, start: Timestamp) -> io::Result<()> {
        self.live.start(start);
        Ok(())
    }

    fn outcomes(&mut self, block: &Block) -> io::Result<()> {
        self.live.outcomes(block);
        self.results.outcomes(block)
    }

    fn second(&mut self, second: &Second) -> io::Result<()> {
        self.live.second(second);
        self.results.flush()
    }
}
