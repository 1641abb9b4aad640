//! Short attacks, and what became of their requests.

use std::collections::HashMap;
use std::io;

use plimsoll_analysis::{Failure, Taxonomy};
use plimsoll_attack::schedule::{Arrivals, Frequency, Profile, Schedule, Share};
use plimsoll_attack::telemetry::Second;
use plimsoll_attack::{Attack, Block, Chain, Options, Pace, Phases, Sink, Stop, Target, Targets};
use plimsoll_model::{BodySign, Nanos, Timestamp, fold_error};

pub(crate) const MILLISECOND: u64 = 1_000_000;

#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) chain: usize,
    pub(crate) seq: u64,
    pub(crate) intended: Timestamp,
    pub(crate) lag: Nanos,
    pub(crate) latency: Nanos,
    pub(crate) code: u16,
    pub(crate) error: String,
    pub(crate) unsent: bool,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) phases: Phases,
}

impl Done {
    /// From the moment it was due.
    pub(crate) fn corrected(&self) -> Nanos {
        Nanos(self.lag.0 + self.latency.0)
    }

    /// The class that the taxonomy finds for it.
    pub(crate) fn class(&self) -> String {
        class(&self.error, self.code, self.body.is_some() && self.code == 0)
    }
}

pub(crate) fn class(error: &str, status: u16, partial: bool) -> String {
    let taxonomy = Taxonomy::default();
    let mut template = String::new();
    fold_error(error, &mut template);
    let sign = if partial { BodySign::Partial } else { BodySign::Nothing };
    let failure = Failure { template: &template, status, sign };
    taxonomy.cause(taxonomy.classify(&failure)).class.to_string()
}

#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) done: Vec<Done>,
    pub(crate) seconds: Vec<Second>,
    /// The sink fails after so many.
    pub(crate) room: Option<usize>,
}

impl Sink for Kept {
    fn outcomes(&mut self, block: &Block) -> io::Result<()> {
        self.done.extend(block.iter().map(|outcome| {
            Done {
                chain: outcome.chain,
                seq: outcome.seq,
                intended: outcome.intended,
                lag: outcome.sent.since(outcome.intended),
                latency: outcome.latency,
                code: outcome.code,
                error: outcome.error.to_owned(),
                unsent: outcome.unsent,
                body: outcome.body.map(<[u8]>::to_vec),
                headers: outcome
                    .headers()
                    .map(|(name, value)| {
                        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                        (text(name), text(value))
                    })
                    .collect(),
                phases: outcome.phases,
            }
        }));
        match self.room {
            Some(room) if self.done.len() > room => {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            _ => Ok(()),
        }
    }

    fn second(&mut self, second: &Second) -> io::Result<()> {
        self.seconds.push(*second);
        Ok(())
    }
}

/// Requests at a rate for some milliseconds.
pub(crate) fn paced(rate: u64, span: u64) -> Pace {
    let rate = Frequency::new(rate, Nanos(1_000_000_000)).unwrap();
    let profile = Profile::constant(rate, Some(Nanos(span * MILLISECOND)));
    Pace::Schedule(Schedule::new(profile, Arrivals::Uniform))
}

/// The first so many requests, 10 ms apart.
pub(crate) fn few(count: u64) -> Pace {
    paced(100, count * 10)
}

pub(crate) fn get(url: &str) -> Target {
    Target { method: "GET".to_owned(), url: url.to_owned(), ..Target::default() }
}

/// An attack on one target.
pub(crate) fn attack(target: Target, pace: Pace, options: Options) -> Attack {
    let chain = Chain { name: String::new(), targets: Targets::listed(vec![target]), pace };
    Attack { chains: vec![chain], options, share: Share::ALL, start_at: None }
}

pub(crate) fn run(attack: Attack) -> Vec<Done> {
    let mut kept = Kept::default();
    attack.run(&Stop::default(), &mut kept).unwrap();
    kept.done
}

/// What a few GETs of a URL come to.
pub(crate) fn fetch(url: &str, options: Options) -> Vec<Done> {
    run(attack(get(url), few(5), options))
}

pub(crate) fn options() -> Options {
    Options { timeout: Nanos(5_000 * MILLISECOND), threads: 1, ..Options::default() }
}

/// Connections that were opened.
pub(crate) fn connections(done: &[Done]) -> u32 {
    done.iter().map(|done| done.phases.connections).sum()
}
