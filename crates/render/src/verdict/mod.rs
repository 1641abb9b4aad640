//! Verdicts in words.

mod advice;
mod because;
mod phrases;
mod sentence;

use plimsoll_analysis::{
    ChainFindings, Class, ClassFailures, Evidence, Intended, Side, VerdictKind,
};
use plimsoll_model::{Nanos, Timestamp};

use crate::clock::Clock;
use crate::numbers::{count, percent, rate};
use phrases::happened;
pub(crate) use sentence::{Sentence, listed};

/// Of all failures, the share that a class has to have to be in the headline.
const IN_HEADLINE: u64 = 10;

/// What begins so long after something else is told as later.
const LATER: Nanos = Nanos(1_000_000_000);

/// A verdict, worded.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) kind: VerdictKind,
    pub(crate) headline: Sentence,
    /// The evidence, in the order in which things happened.
    pub(crate) because: Vec<Sentence>,
    /// What to do, the most pressing first.
    pub(crate) advice: Vec<Sentence>,
}

/// The chain's verdict in words.
pub(crate) fn told(chain: &ChainFindings) -> Told {
    let clock = chain.earliest.zip(chain.latest).map(|(first, last)| Clock::within(first, last));
    Told {
        kind: chain.verdict.kind,
        headline: headline(chain),
        because: because::sentences(chain, clock),
        advice: advice::sentences(chain),
    }
}

/// `generator limited`.
pub(crate) fn label(kind: VerdictKind) -> String {
    kind.name().replace('_', " ")
}

fn headline(chain: &ChainFindings) -> Sentence {
    let requests = count(chain.requests);
    let happenings = happenings(chain);
    match chain.verdict.kind {
        VerdictKind::Healthy => {
            let share = percent(chain.successes, chain.requests);
            Sentence::new(format!("{share} of {requests} requests succeeded; {}", pace(chain)))
        }
        VerdictKind::GeneratorLimited => Sentence::new(format!(
            "{happenings}: the generator was the limit, and what the server can carry was not measured"
        )),
        VerdictKind::SetupError => Sentence::new(format!(
            "{happenings}: the test is set up wrongly, and the server was not tested"
        )),
        VerdictKind::PathFailure => {
            Sentence::new(format!("{happenings}: the way to the server failed, not the server"))
        }
        VerdictKind::ServerLimited => Sentence::new(format!("{happenings}: {}", server(chain))),
        VerdictKind::ApplicationFailure => Sentence::new(format!(
            "{happenings}: the HTTP answers are sound, what is in them is not"
        )),
        VerdictKind::Mixed if is_generators(chain) => Sentence::new(format!(
            "{happenings}: there is more than one cause, the generator one of them, and what the server can carry was not \
             measured"
        )),
        VerdictKind::Mixed => Sentence::new(format!("{happenings}: there is more than one cause")),
        VerdictKind::InsufficientData if chain.failures == 0 || happenings.is_empty() => {
            Sentence::new(format!("{requests} requests are too few for a verdict"))
        }
        VerdictKind::InsufficientData => {
            Sentence::new(format!("{happenings}: that is not enough for a verdict"))
        }
    }
}

/// Whether the generator has to do with the verdict.
fn is_generators(chain: &ChainFindings) -> bool {
    failures(chain).any(|class| {
        class.class.is_limit_of_generator() && class.count * IN_HEADLINE >= chain.failures
    }) || chain
        .verdict
        .evidence
        .iter()
        .any(|one| matches!(one, Evidence::Behind(_) | Evidence::Bursts { .. } | Evidence::Busy(_)))
}

/// What happened, in the order in which it began: `of 6,000 requests 31 % timed out, then 61 % found no free local port`.
fn happenings(chain: &ChainFindings) -> String {
    let is_provoked =
        chain.verdict.evidence.iter().any(|one| matches!(one, Evidence::Provoked { .. }));
    let mut happenings: Vec<String> = Vec::new();
    let mut before = None;
    for class in failures(chain) {
        let provoked = is_provoked && class.class == Class::H2EnhanceYourCalm;
        if class.count * IN_HEADLINE < chain.failures && !provoked {
            continue;
        }
        let share = percent(class.count, chain.requests);
        let by = if provoked { ", which time-outs provoke" } else { "" };
        let began_later = before
            .zip(class.onset.first)
            .is_some_and(|(before, first): (Timestamp, _)| first.since(before) > LATER);
        let joint = match (happenings.is_empty(), began_later) {
            (true, _) => "",
            (false, true) => ", then ",
            (false, false) => " and ",
        };
        happenings.push(format!("{joint}{share} {}{by}", happened(class.class)));
        before = class.onset.first;
    }
    let mut clauses: Vec<String> = Vec::new();
    for one in &chain.verdict.evidence {
        match one {
            Evidence::Behind(behind) => clauses.push(match (behind.intended, behind.achieved) {
                (Some(intended), Some(achieved)) if behind.pace.sent_ratio < 0.99 => format!(
                    "the generator sent {}/s where it was to send {}",
                    rate(Some(achieved)),
                    meant(&intended)
                ),
                _ => "the generator sent requests late".to_owned(),
            }),
            Evidence::Bursts { share, .. } => clauses.push(format!(
                "the generator sent nothing in {:.0} % of the time and the requests in bursts",
                share * 100.0
            )),
            Evidence::Busy(busy) if chain.verdict.kind == VerdictKind::GeneratorLimited => {
                clauses.push(format!(
                    "the generator used up to {:.0} % of the CPU time that it could have",
                    busy.most * 100.0
                ));
            }
            Evidence::Slow { slow, limit } => clauses.push(format!(
                "{} took longer than {} ms",
                percent(*slow, chain.requests),
                crate::numbers::millis(*limit)
            )),
            _ => {}
        }
    }
    if !happenings.is_empty() {
        clauses.insert(0, format!("Of {} requests {}", count(chain.requests), happenings.concat()));
    }
    let sentence = clauses.join("; ");
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The classes of failure that are told one by one.
fn failures(chain: &ChainFindings) -> impl Iterator<Item = &ClassFailures> {
    chain.verdict.evidence.iter().filter_map(|one| match one {
        Evidence::Failures(class) => Some(&**class),
        _ => None,
    })
}

fn pace(chain: &ChainFindings) -> &'static str {
    let is_unchecked =
        chain.verdict.evidence.iter().any(|one| matches!(one, Evidence::Unchecked(_)));
    if is_unchecked {
        "whether the generator kept its schedule could not be checked"
    } else {
        "the generator kept its schedule"
    }
}

/// Whether the server had more of it than it could take, or something is wrong with it at any load, as far as the failures
/// tell.
fn server(chain: &ChainFindings) -> &'static str {
    let kept = chain.pace.is_ok();
    if kept {
        "the server was the limit, the generator kept its schedule"
    } else {
        "the server was the limit"
    }
}

/// A rate that was to be kept: `500.0/s`, `about 506/s`.
fn meant(intended: &Intended) -> String {
    const ROUGH: f64 = 0.01;
    let about = if intended.uncertainty > ROUGH { "about " } else { "" };
    format!("{about}{}/s", rate(Some(intended.rate)))
}

/// Requests that the generator and the set-up did not let through.
fn held_back(chain: &ChainFindings) -> u64 {
    [Side::Generator, Side::Setup].iter().filter_map(|side| chain.errors_by_side.get(side)).sum()
}
