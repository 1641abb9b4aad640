use plimsoll_analysis::{
    Behind, ChainFindings, Class, ClassFailures, Evidence, PortBudget, RateSource, Unchecked,
};

use super::sentence::Sentence;
use super::{failures, meant};
use crate::numbers::{count, counted, rate};

/// Of all failures, the share from which on a class is worth advice, as one in so many.
const WORTH_ADVICE: u64 = 50;

/// Fewer requests in flight than this were not held back by a number of workers.
const FEWEST_WORKERS: f64 = 2.0;

/// Linux's widest range that leaves the ports of services alone: 1024-65535.
const WIDEST_RANGE: u64 = 64_512;

pub(super) fn sentences(chain: &ChainFindings) -> Vec<Sentence> {
    let evidence = &chain.verdict.evidence;
    let mut advice: Vec<Sentence> = Vec::new();
    for one in evidence {
        match one {
            Evidence::Ports(budget) => advice.extend(ports(budget)),
            Evidence::Behind(behind) => advice.extend(catch_up(behind)),
            Evidence::Busy(_) => advice.push(Sentence::new(
                "give the generator more CPU time (cores, or a larger quota of its control group), or spread the load over \
                 several hosts: above the limit, what is slow may be slow by it",
            )),
            Evidence::Bursts { .. } if chain.pace.is_err() => advice.push(Sentence::new(
                "attack at a lower rate, or from more hosts, until the requests leave at even intervals. Where -max-workers or \
                 -connections holds the generator back, raise it to the rate times the seconds that an answer takes; without \
                 -max-workers, vegeta starts ever more workers when it falls behind, and collapses by that. Where no rate was \
                 meant (vegeta's -rate 0), there is no schedule to keep: its latencies leave out all that waited for a worker",
            )),
            _ => {}
        }
    }
    let told_above = |class: Class| match class {
        Class::PortExhaustion => evidence.iter().any(|one| matches!(one, Evidence::Ports(_))),
        _ => false,
    };
    // What is mostly the generator's doing is nothing to mend elsewhere.
    let in_wake = |class: &ClassFailures| {
        evidence.iter().any(|one| match one {
            Evidence::Wake(classes) => {
                classes.get(&class.class).is_some_and(|count| count * 2 >= class.count)
            }
            _ => false,
        })
    };
    let is_provoked = evidence.iter().any(|one| matches!(one, Evidence::Provoked { .. }));
    let is_worth = |class: &&ClassFailures| {
        class.count * WORTH_ADVICE >= chain.failures
            || (is_provoked && class.class == Class::H2EnhanceYourCalm)
    };
    let mut worth: Vec<&ClassFailures> = failures(chain)
        .filter(is_worth)
        .filter(|class| !in_wake(class) && !told_above(class.class) && !class.advice.is_empty())
        .collect();
    worth.sort_by_key(|class| std::cmp::Reverse(class.count));
    advice.extend(
        worth.into_iter().map(|class| Sentence::new(format!("{}: {}", class.class, class.advice))),
    );
    if advice.is_empty() && !chain.verdict.wake.is_empty() {
        advice.push(Sentence::new(
            "repeat the test with a generator that keeps its schedule before blaming the server",
        ));
    }
    for one in evidence {
        match one {
            Evidence::Unchecked(Unchecked::NoRate) => advice.push(Sentence::new(
                "say the rate that the attack was to keep, as in --rate 500: then it can be checked whether it did",
            )),
            Evidence::NoBodies => advice.push(Sentence::new(
                "record the answers' bodies to have JSON-RPC errors counted: leave vegeta's -max-body at -1, or give it \
                 some hundred bytes",
            )),
            _ => {}
        }
    }
    advice
}

fn ports(budget: &PortBudget) -> Vec<Sentence> {
    let on = |available: u64| {
        let usable = (available as f64 * budget.utilisation).max(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a number of hosts"
        )]
        let hosts = (budget.needed as f64 / usable).ceil() as u64;
        hosts
    };
    let each =
        |hosts: u64| rate(Some(plimsoll_model::Rate(budget.rate.per_second() / hosts as f64)));
    let mut advice = Vec::new();
    if let Some(found) = budget.found() {
        advice.push(Sentence::new(format!(
            "this host had about {} ports, not {}: sysctl net.ipv4.ip_local_port_range shows its range (Linux's own is \
             32768 60999), and ss -s what else holds ports there",
            count(found),
            count(budget.available)
        )));
    } else if budget.hosts == 1 {
        advice.push(Sentence::new(
            "by the arithmetic one host has ports enough: look at its range (sysctl net.ipv4.ip_local_port_range; Linux's \
             own is 32768 60999) and at what else holds ports there (ss -s)",
        ));
    }
    advice.push(Sentence::new(
        "reuse connections: leave vegeta's -keepalive at true, and -connections above what is in flight. Then ports are no \
         limit",
    ));
    let widened = on(WIDEST_RANGE);
    if budget.hosts > 1 {
        advice.push(Sentence::new(format!(
            "if each request has to open a connection, spread the {}/s over {} with Linux's own range of ports ({}/s each)",
            rate(Some(budget.rate)),
            counted(budget.hosts, "host", "hosts"),
            each(budget.hosts),
        )));
    }
    if widened < budget.hosts {
        advice.push(Sentence::new(format!(
            "sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\" gives each host {} ports: {} would do; another source \
             address (vegeta -laddr, a process for each) gives as many again",
            count(WIDEST_RANGE),
            counted(widened, "host", "hosts"),
        )));
    }
    advice.push(Sentence::new(
        "TIME_WAIT lasts 60 s on Linux and cannot be set: tcp_fin_timeout is about another state, and tcp_tw_reuse does not \
         help a generator that binds before it connects, as vegeta does",
    ));
    advice
}

fn catch_up(behind: &Behind) -> Vec<Sentence> {
    let Some((intended, achieved)) = behind.intended.zip(behind.achieved) else {
        return vec![Sentence::new(
            "spread the load over more generators, or give this one more processors: it did not keep its schedule",
        )];
    };
    let meant = meant(&intended);
    let (intended, achieved) = (intended.rate.per_second(), achieved.per_second());
    let ratio = (intended / achieved.max(f64::MIN_POSITIVE)).ceil();
    let mut advice = vec![Sentence::new(format!(
        "this generator sent {}/s: attack at that rate or less, or spread {meant} over {} of them",
        rate(behind.achieved),
        if ratio >= 2.0 { format!("{ratio:.0}") } else { "two".to_owned() },
    ))];
    if let Some(in_flight) = behind.pace.in_flight_when_late.filter(|now| *now >= FEWEST_WORKERS) {
        advice.push(Sentence::new(format!(
            "if -max-workers, -connections or -workers held it at {in_flight:.0} in flight, raise that to {:.0} or more",
            (in_flight * intended / achieved.max(f64::MIN_POSITIVE)).ceil()
        )));
    }
    if behind.pace.source == RateSource::Recorded {
        // vegeta does not record when a request was due.
        advice.push(Sentence::new(
            "where targets came while they were sent (-lazy), what wrote them may have been too slow, and not the generator: \
             its attack says then that targets come too late. Have them written sooner, or read them all before (without -lazy)",
        ));
        return advice;
    }
    advice.push(Sentence::new(
        "vegeta without -max-workers starts ever more workers when it falls behind and can collapse by itself; with it, it \
         cannot, but late requests hide in its latencies",
    ));
    advice
}
