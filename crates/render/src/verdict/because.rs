use plimsoll_analysis::{
    Behind, ChainFindings, Class, ClassFailures, Evidence, LatencySummary, PortBudget, Unchecked,
};
use plimsoll_model::Nanos;

use super::sentence::{Sentence, listed};
use super::{held_back, meant};
use crate::clock::Clock;
use crate::escape::shortened;
use crate::numbers::{count, counted, interval, millis, percent, rate, span};

/// Characters of a recorded text that are quoted.
const LONGEST_QUOTE: usize = 160;

/// Names that are listed.
const MOST_NAMES: usize = 4;

/// A lag below this is none.
const SEEN: Nanos = Nanos(10_000);

/// An onset this soon after the first request is from the start.
const AT_ONCE: Nanos = Nanos(500_000_000);

pub(super) fn sentences(chain: &ChainFindings, clock: Option<Clock>) -> Vec<Sentence> {
    let told = chain.verdict.evidence.iter().map(|evidence| match evidence {
        Evidence::Failures(class) => of_class(class, chain, clock),
        Evidence::Others { classes, count: n } => Sentence::new(format!(
            "{} failed in {}",
            counted(*n, "request", "requests"),
            counted(*classes, "rarer way", "rarer ways")
        )),
        Evidence::Behind(behind) => behind_schedule(behind),
        Evidence::Bursts { pauses, share, longest: (at, length), in_flight } => {
            let when = clock.map(|clock| format!(" at {}", clock.show(*at))).unwrap_or_default();
            Sentence::new(format!(
                "the generator sent its requests in bursts: {}, the longest of {}{when}, took {:.0} % of the time; {} \
                 requests were in flight on average. No constant rate does that: it waited for workers (as with vegeta's \
                 -rate 0), or had collapsed",
                counted(*pauses, "pause", "pauses"),
                span(*length),
                share * 100.0,
                several(*in_flight),
            ))
        }
        Evidence::Busy(busy) => Sentence::new(format!(
            "the generator used more than {:.0} % of the CPU time that it could have while {:.0} % of the requests were due, \
             and up to {:.0} %: it may have been the limit",
            busy.limit * 100.0,
            busy.share * 100.0,
            busy.most * 100.0
        )),
        Evidence::OnSchedule { intended, lag } => {
            let of = intended.map(|intended| format!(" of {}", meant(&intended)));
            let (which, lag) = match supported(lag, 0.99) {
                Some(p99) => ("99 of 100", Some(p99)),
                None => ("all", lag.max),
            };
            let late = lag.map(|lag| {
                let late = late(lag);
                let at_most = if lag < SEEN { "" } else { "at most " };
                format!(": {which} requests were sent {at_most}{late} late")
            });
            Sentence::new(format!(
                "the generator kept its schedule{}{}",
                of.unwrap_or_default(),
                late.unwrap_or_default()
            ))
        }
        Evidence::Unchecked(why) => Sentence::new(format!(
            "whether the generator kept its schedule could not be checked: {}",
            match why {
                Unchecked::NoNumbers => "the records have no numbers",
                Unchecked::NoRate => "no constant rate shows in the records, and none was given",
            }
        )),
        Evidence::Provoked { timeout, calm } => {
            let gap = span(calm.since(*timeout));
            Sentence::new(format!(
                "the first time-out was over {gap} before the first ENHANCE_YOUR_CALM: a client that gives streams up while \
                 their handlers still run is what Go's HTTP/2 servers (Traefik, Caddy) answer so"
            ))
        }
        Evidence::Wake(classes) => {
            let names: Vec<String> = classes.keys().map(ToString::to_string).collect();
            Sentence::new(format!(
                "{} ({}) beside signs that the generator had collapsed or was out of something: they count as its doing, not \
                 as the server's",
                counted(classes.values().sum(), "failure", "failures"),
                names.join(", ")
            ))
        }
        Evidence::Ports(budget) => ports(budget),
        Evidence::Slow { slow, limit } => Sentence::new(format!(
            "{} were accepted and took longer than the {} ms that the SLO allows",
            counted(*slow, "answer", "answers"),
            millis(*limit)
        )),
        Evidence::NoBodies => Sentence::new(
            "no answer's body was recorded: JSON-RPC errors inside HTTP successes cannot be seen",
        ),
    });
    server_side(chain).into_iter().chain(told).collect()
}

/// What the server did with what reached it, where the generator or the set-up held requests back.
fn server_side(chain: &ChainFindings) -> Option<Sentence> {
    let held_back = held_back(chain);
    if held_back == 0 {
        return None;
    }
    let Some(reached) = chain.server_success else {
        return Some(Sentence::new("no request reached the server"));
    };
    let wake = if chain.verdict.wake.is_empty() {
        ""
    } else {
        "; a generator in this state makes sound servers look bad"
    };
    Some(Sentence::new(format!(
        "{} did not get past the generator and the test's set-up; of the {} that did, {} succeeded, {} % interval {}: no \
         measure of the server at the load that was meant{wake}",
        counted(held_back, "request", "requests"),
        count(reached.trials),
        percent(reached.successes, reached.trials),
        (reached.confidence * 100.0).round(),
        interval(reached.low, reached.high)
    )))
}

fn of_class(class: &ClassFailures, chain: &ChainFindings, clock: Option<Clock>) -> Sentence {
    let mut sentence = Sentence::new(format!(
        "{}: {}, {}",
        class.class,
        counted(class.count, "request", "requests"),
        percent(class.count, chain.requests),
    ));
    let onset = &class.onset;
    sentence = match (onset.after, onset.first, clock) {
        (Some(after), _, _) if after <= AT_ONCE => sentence.own(", from the start"),
        (Some(after), Some(first), Some(clock)) => {
            sentence.own(format!(", from {} on, {} in", clock.show(first), span(after)))
        }
        _ => sentence,
    };
    if let (Some(from), Some(clean)) = (onset.from, onset.clean_up_to) {
        sentence = sentence.own(format!(
            ", at {}/s and more (under 1 % up to {}/s)",
            rate(Some(from)),
            rate(Some(clean))
        ));
    }
    if class.of_chains > 1 {
        sentence = if class.chains.len() == class.of_chains {
            sentence.own(", in all chains")
        } else {
            listed(sentence.own(", in "), &class.chains, MOST_NAMES)
        };
    }
    if class.of_hosts > 1 {
        sentence = if class.hosts.len() == class.of_hosts {
            sentence.own(", at all hosts")
        } else {
            let of = match class.hosts.len() {
                1 => format!(", one of {} hosts", class.of_hosts),
                hosts => format!(", {hosts} of {} hosts", class.of_hosts),
            };
            listed(sentence.own(", at "), &class.hosts, MOST_NAMES).own(of)
        };
    }
    // Of what nobody knows, and of what applications say, more is shown.
    let most = match class.class {
        Class::Unclassified | Class::RpcError => class.templates.len(),
        _ => 1,
    };
    for (place, (text, requests)) in class.templates.iter().take(most).enumerate() {
        sentence = sentence.own(if place == 0 { ": " } else { ", " });
        sentence = sentence.foreign(shortened(text, LONGEST_QUOTE));
        if most > 1 {
            sentence = sentence.own(format!(" ({})", count(*requests)));
        }
    }
    if let Some(more @ 1..) = class.of_templates.checked_sub(most.min(class.templates.len())) {
        sentence =
            sentence.own(format!(" and {}", counted(more as u64, "other text", "other texts")));
    }
    sentence = sentence.own(format!(". {}", class.meaning));
    if class.alternatives.is_empty() {
        return sentence;
    }
    let names: Vec<String> = class.alternatives.iter().map(ToString::to_string).collect();
    sentence.own(format!(" The same words may stand for {}.", either(&names)))
}

/// `a`, `a or b`, `a, b or c`.
fn either(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

fn behind_schedule(behind: &Behind) -> Sentence {
    let pace = &behind.pace;
    let first = match (behind.intended, behind.achieved) {
        (Some(intended), Some(achieved)) => format!(
            "the generator was to send {} and sent {}/s",
            meant(&intended),
            rate(Some(achieved))
        ),
        _ => "the generator fell behind its schedule".to_owned(),
    };
    let mut parts = vec![first, format!(", {:.1} % of what was due", pace.sent_ratio * 100.0)];
    let quantiles = [("at the median", 0.5), ("at p99", 0.99)];
    let quantiles =
        quantiles.into_iter().filter_map(|(name, q)| Some((name, supported(&pace.lag, q)?)));
    let lags: Vec<String> = quantiles
        .chain(pace.lag.max.map(|most| ("at most", most)))
        .map(|(name, lag)| format!("{} {name}", late(lag)))
        .collect();
    parts.push(format!("; requests were sent late: {}", lags.join(", ")));
    let recorded = supported(&behind.recorded, 0.99).zip(supported(&pace.corrected, 0.99));
    if let Some((recorded, corrected)) = recorded {
        parts.push(format!(
            "; p99 latency is {} ms as recorded and {} ms from when the requests were due",
            millis(recorded),
            millis(corrected)
        ));
    }
    if let Some((_, longest)) = pace.longest_stall {
        let times = match pace.stalls {
            1 => "once".to_owned(),
            stalls => format!("{} times", count(stalls)),
        };
        parts.push(format!("; it stood still {times}, for up to {}", span(longest)));
    }
    if let Some(in_flight) = pace.in_flight_when_late {
        parts.push(format!(
            "; {} requests were in flight on average while it was behind",
            several(in_flight)
        ));
    }
    Sentence::new(parts.concat())
}

/// `12.3 ms`, `under 0.01 ms`.
fn late(lag: Nanos) -> String {
    if lag < SEEN { "under 0.01 ms".to_owned() } else { format!("{} ms", millis(lag)) }
}

fn supported(latency: &LatencySummary, quantile: f64) -> Option<Nanos> {
    let found = latency.percentiles.iter().find(|one| (one.quantile - quantile).abs() < 1e-9);
    found.filter(|one| one.supported).and_then(|one| one.value)
}

/// A mean number of requests: `19.9`, `9,248`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of requests")]
fn several(mean: f64) -> String {
    if mean < 99.95 { format!("{mean:.1}") } else { count(mean.round() as u64) }
}

fn ports(budget: &PortBudget) -> Sentence {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some ports")]
    let usable = (budget.available as f64 * budget.utilisation) as u64;
    let mut parts = vec![format!(
        "ports, if no connection is reused: {}/s × ({} open + {} in TIME_WAIT, where the generator closes first) = {}; one \
         host has {}, of which {} % may be in use, {}: {}",
        rate(Some(budget.rate)),
        span(budget.lasting),
        span(budget.hold),
        count(budget.needed),
        count(budget.available),
        (budget.utilisation * 100.0).round(),
        count(usable),
        counted(budget.hosts, "host", "hosts"),
    )];
    if let Some(after) = budget.ran_out_after {
        parts.push(format!(
            ". The first failed after about {}, too soon for TIME_WAIT to end: this host had no more ports than that",
            counted(after, "request", "requests")
        ));
    }
    Sentence::new(parts.concat())
}
