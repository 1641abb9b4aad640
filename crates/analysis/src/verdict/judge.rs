use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Nanos, PortBudget, Ports, Rate, Timestamp};

use super::{Behind, Busy, ClassFailures, Evidence, Onset, Unchecked, Verdict, VerdictKind};
use crate::schedule::Bursts;
use crate::taxonomy::{Class, Side};
use crate::{ChainFindings, ErrorFinding, Intended, LatencySummary, Pace};

/// Fewer requests than this prove nothing.
const FEWEST: u64 = 30;

/// Of all failures, the share from which on a side has to do with the verdict.
const SHARE_OF_FAILURES: f64 = 0.1;

/// Classes that are told one by one.
const MOST_CLASSES: usize = 8;

/// Texts that are told of each.
const MOST_TEXTS: usize = 3;

/// Of a run's requests, the share from which on a failure has set in.
const SET_IN: f64 = 0.01;

/// Rates that differ by less than this factor are one.
const SAME_RATE: f64 = 0.98;

/// Of all requests, the share that may be late.
const LATE: f64 = 0.01;

/// Of all requests, the share from which on it is told that the generator was busy, ...
const BUSY_AT_TIMES: f64 = 0.05;

/// ... and that from which on slow answers may be slow by that, and are not held against the server.
const BUSY: f64 = 0.5;

/// How long after a first sign of collapse failures may have begun before it and still be of its making: clocks of one
/// machine and the time that a request takes to fail.
const SLACK: u64 = 1_000_000_000;

/// Failures that a collapsing generator brings about although the texts name the server or the path: it does not answer in
/// time itself, gives requests up, and has the connections that it neglects closed on it.
const WAKE: [Class; 7] = [
    Class::ClosedEarly,
    Class::Reset,
    Class::Timeout,
    Class::TlsFailure,
    Class::H2EnhanceYourCalm,
    Class::ConnectTimeout,
    Class::DnsFailure,
];

/// What a chain, or everything, is measured by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goals {
    pub(crate) success_min: Option<f64>,
    pub(crate) latency: Option<Nanos>,
    pub(crate) good_min: f64,
    pub(crate) min_sent_ratio: f64,
    pub(crate) max_client_error_ratio: f64,
    pub(crate) ports: Ports,
}

/// One run's share in a chain.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) rate: Rate,
    /// Its first start and its last.
    pub(crate) span: (Timestamp, Timestamp),
    pub(crate) requests: u64,
    pub(crate) failures: BTreeMap<Class, u64>,
}

/// What is judged.
#[derive(Clone, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) requests: u64,
    pub(crate) successes: u64,
    pub(crate) good: Option<u64>,
    pub(crate) bodies: u64,
    pub(crate) errors: &'a [ErrorFinding],
    pub(crate) recorded: &'a LatencySummary,
    /// How long requests that opened a connection lasted, on average.
    pub(crate) lasting: Nanos,
    pub(crate) earliest: Option<Timestamp>,
    pub(crate) intended: Option<Intended>,
    pub(crate) offered: Option<Rate>,
    /// About how many requests had been sent when the first failed for want of a port, if the first of them had been sent
    /// less than the ports' hold before.
    pub(crate) sent_before: Option<u64>,
    /// The most requests per second that were to be sent at any time.
    pub(crate) peak: Option<Rate>,
    pub(crate) pace: Result<&'a Pace, Unchecked>,
    pub(crate) bursts: Option<Bursts>,
    /// `None` where it is not known, or it never was.
    pub(crate) busy: Option<Busy>,
    pub(crate) loads: &'a [Load],
    pub(crate) hosts: usize,
    /// Of everything, the chains, judged. Of a chain, nothing.
    pub(crate) chains: &'a [ChainFindings],
}

/// The verdict on a case.
pub(crate) fn judge(case: &Case<'_>, goals: &Goals) -> Verdict {
    let classes = by_class(case);
    let sides = Sides::of(&classes);
    let is_late = case.pace.is_ok_and(|pace| is_late(pace, goals)) || case.bursts.is_some();
    let wake = wake(case, &classes, &sides, is_late, goals);
    Verdict {
        kind: kind(case, &classes, &wake, is_late, goals),
        evidence: evidence(case, classes, &wake, is_late, goals),
        wake,
    }
}

/// Failures by side.
struct Sides(BTreeMap<Side, u64>);

impl Sides {
    /// But for what was given up when the attack was ended, which accuses nobody.
    fn of(classes: &[ClassFailures]) -> Self {
        let mut sides = BTreeMap::new();
        for class in classes.iter().filter(|class| class.class != Class::Interrupted) {
            *sides.entry(class.class.side()).or_default() += class.count;
        }
        Self(sides)
    }

    fn count(&self, side: Side) -> u64 {
        self.0.get(&side).copied().unwrap_or(0)
    }

    fn all(&self) -> u64 {
        self.0.values().sum()
    }
}

/// Whether requests were sent so late that the server was not asked what it was to be asked: one in a hundred, or, where
/// too few were measured for a 99th percentile, almost surely as many; or perhaps as many, and others not at all.
fn is_late(pace: &Pace, goals: &Goals) -> bool {
    let p99 = pace.lag.percentiles.iter().find(|one| (one.quantile - 0.99).abs() < 1e-9);
    let p99 = p99.filter(|one| one.supported).and_then(|one| one.value);
    let are_many = match p99 {
        Some(p99) => p99 > pace.late.limit,
        None => pace.late.share.is_some_and(|late| late.low > LATE),
    };
    let may_be_many = pace.late.share.is_some_and(|late| late.ratio > LATE);
    are_many || (may_be_many && pace.sent_ratio < goals.min_sent_ratio)
}

/// Wake failures by class, if there are signs that the generator had collapsed by the time that they began.
fn wake(
    case: &Case<'_>,
    classes: &[ClassFailures],
    sides: &Sides,
    is_late: bool,
    goals: &Goals,
) -> BTreeMap<Class, u64> {
    let mut wake = BTreeMap::new();
    // Of everything, what its chains come to: one chain's collapse does not excuse another's server.
    if !case.chains.is_empty() {
        for (&class, count) in case.chains.iter().flat_map(|chain| &chain.verdict.wake) {
            *wake.entry(class).or_default() += count;
        }
        return wake;
    }
    let of_generator = sides.count(Side::Generator);
    let has_errors = of_generator as f64 > goals.max_client_error_ratio * case.requests as f64;
    if !is_late && !has_errors {
        return wake;
    }
    let of_generator = classes.iter().filter(|class| class.class.is_limit_of_generator());
    let first_error = of_generator.filter_map(|class| class.onset.first).min();
    let first_late = case.pace.ok().and_then(|pace| pace.late.first).filter(|_| is_late);
    let first_pause = case.bursts.map(|bursts| bursts.first);
    let signs = [first_error.filter(|_| has_errors), first_late, first_pause];
    let since = signs.into_iter().flatten().min();
    let began = |class: &&ClassFailures| match (class.onset.first, since) {
        (Some(first), Some(since)) => since.since(first).0 <= SLACK,
        _ => true,
    };
    let in_wake = classes.iter().filter(|class| WAKE.contains(&class.class)).filter(began);
    wake.extend(in_wake.map(|class| (class.class, class.count)));
    wake
}

fn kind(
    case: &Case<'_>,
    classes: &[ClassFailures],
    wake: &BTreeMap<Class, u64>,
    is_late: bool,
    goals: &Goals,
) -> VerdictKind {
    if case.requests < FEWEST {
        return VerdictKind::InsufficientData;
    }
    let sides = Sides::of(classes);
    // What the generator brought about accuses nobody else.
    let own = |side| {
        let of_side = classes.iter().filter(|class| class.class.side() == side);
        let in_wake = of_side.filter_map(|class| wake.get(&class.class)).sum();
        sides.count(side).saturating_sub(in_wake)
    };
    let requests = case.requests as f64;
    let failures = sides.all() as f64;
    let is_much = |count: u64| count as f64 >= SHARE_OF_FAILURES * failures && count > 0;
    let [of_generator, of_setup] = [Side::Generator, Side::Setup].map(|side| {
        let count = sides.count(side);
        is_much(count) && count as f64 > goals.max_client_error_ratio * requests
    });
    let of_generator = of_generator || is_late;
    // What the generator and the set-up did is no failure of those who were asked.
    let beyond = [Side::Path, Side::Server, Side::Application, Side::Unknown];
    let tolerated = 1.0 - goals.success_min.unwrap_or(1.0 - goals.max_client_error_ratio);
    let count_beyond: u64 = beyond.into_iter().map(own).sum();
    let allowed = tolerated * requests * (1.0 + 1e-9);
    let is_beyond = count_beyond as f64 > allowed;
    let mut found: Vec<VerdictKind> = Vec::new();
    if of_generator {
        found.push(VerdictKind::GeneratorLimited);
    }
    if of_setup {
        found.push(VerdictKind::SetupError);
    }
    for side in beyond {
        if is_beyond && is_much(own(side)) {
            found.push(match side {
                Side::Path => VerdictKind::PathFailure,
                Side::Server => VerdictKind::ServerLimited,
                Side::Application => VerdictKind::ApplicationFailure,
                Side::Generator | Side::Setup | Side::Unknown => VerdictKind::InsufficientData,
            });
        }
    }
    if slow(case, goals).is_some() && !of_generator && !found.contains(&VerdictKind::ServerLimited)
    {
        let is_busy = case.busy.is_some_and(|busy| busy.share > BUSY);
        found.push(if is_busy {
            VerdictKind::GeneratorLimited
        } else {
            VerdictKind::ServerLimited
        });
    }
    let given_up = classes.iter().find(|class| class.class == Class::Interrupted);
    match found[..] {
        // Any of them might have failed.
        [] if given_up.is_some_and(|class| class.count as f64 > allowed) => {
            VerdictKind::InsufficientData
        }
        [] => VerdictKind::Healthy,
        [only] => only,
        _ => VerdictKind::Mixed,
    }
}

/// Accepted answers that were too slow, where they are more than the goal allows.
fn slow(case: &Case<'_>, goals: &Goals) -> Option<(u64, Nanos)> {
    let slow = case.successes - case.good?;
    let allowed = (1.0 - goals.good_min) * case.requests as f64 * (1.0 + 1e-9);
    (slow as f64 > allowed).then_some((slow, goals.latency?))
}

fn evidence(
    case: &Case<'_>,
    classes: Vec<ClassFailures>,
    wake: &BTreeMap<Class, u64>,
    is_late: bool,
    goals: &Goals,
) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    let provoked = provoked(&classes, case);
    let ports = port_budget(case, &classes, goals);
    // The most frequent are told, in the order in which they began.
    let mut told = classes;
    told.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.class.cmp(&b.class)));
    let others = told.split_off(told.len().min(MOST_CLASSES));
    told.sort_by_key(|class| (class.onset.first, class.class));
    evidence.extend(told.into_iter().map(|class| Evidence::Failures(Box::new(class))));
    if !others.is_empty() {
        evidence.push(Evidence::Others {
            classes: others.len() as u64,
            count: others.iter().map(|class| class.count).sum(),
        });
    }
    evidence.extend(provoked);
    if !wake.is_empty() {
        evidence.push(Evidence::Wake(wake.clone()));
    }
    evidence.extend(ports);
    evidence.extend(slow(case, goals).map(|(slow, limit)| Evidence::Slow { slow, limit }));
    evidence.extend(case.bursts.map(|bursts| Evidence::Bursts {
        pauses: bursts.pauses,
        share: bursts.share,
        longest: bursts.longest,
        in_flight: bursts.in_flight,
    }));
    let busy = case.busy.filter(|busy| busy.share > BUSY_AT_TIMES);
    evidence.extend(busy.map(Evidence::Busy));
    evidence.push(match case.pace {
        Ok(pace) if is_late => Evidence::Behind(Box::new(Behind {
            intended: case.intended,
            achieved: case.offered,
            pace: pace.clone(),
            recorded: case.recorded.clone(),
        })),
        Ok(pace) => Evidence::OnSchedule { intended: case.intended, lag: pace.lag.clone() },
        Err(why) => Evidence::Unchecked(why),
    });
    if case.successes > 0 && case.bodies == 0 {
        evidence.push(Evidence::NoBodies);
    }
    evidence
}

/// Time-outs before the first `ENHANCE_YOUR_CALM`, at a host that has both; of everything, those of the chain that was
/// thrown out first.
fn provoked(classes: &[ClassFailures], case: &Case<'_>) -> Option<Evidence> {
    if !case.chains.is_empty() {
        let of_chains = case.chains.iter().flat_map(|chain| &chain.verdict.evidence);
        let provoked = of_chains.filter_map(|one| match one {
            Evidence::Provoked { calm, .. } => Some((calm, one)),
            _ => None,
        });
        return provoked.min_by_key(|(calm, _)| **calm).map(|(_, one)| one.clone());
    }
    let of_class = |class: Class| case.errors.iter().filter(move |error| error.class == class);
    let first_end = |class: Class| {
        classes.iter().find(|found| found.class == class)?;
        of_class(class).filter_map(|error| error.first_end).min()
    };
    let (timeout, calm) = (first_end(Class::Timeout)?, first_end(Class::H2EnhanceYourCalm)?);
    let hosts = |class| of_class(class).flat_map(|error| &error.hosts).map(|host| &host.host);
    let timed_out: BTreeSet<&String> = hosts(Class::Timeout).collect();
    let is_same = hosts(Class::H2EnhanceYourCalm).any(|host| timed_out.contains(host));
    (is_same && timeout <= calm).then_some(Evidence::Provoked { timeout, calm })
}

fn port_budget(case: &Case<'_>, classes: &[ClassFailures], goals: &Goals) -> Option<Evidence> {
    classes.iter().find(|class| class.class == Class::PortExhaustion)?;
    let rate = case.peak.or(case.offered)?;
    let budget = goals.ports.budget(rate, case.lasting);
    Some(Evidence::Ports(PortBudget { ran_out_after: case.sent_before, ..budget }))
}

/// The failures of each class, in no particular order.
fn by_class(case: &Case<'_>) -> Vec<ClassFailures> {
    let mut by_class: BTreeMap<Class, Vec<&ErrorFinding>> = BTreeMap::new();
    for error in case.errors {
        by_class.entry(error.class).or_default().push(error);
    }
    by_class.into_iter().filter_map(|(class, errors)| of_class(case, class, &errors)).collect()
}

fn of_class(case: &Case<'_>, class: Class, errors: &[&ErrorFinding]) -> Option<ClassFailures> {
    // Errors come with the most frequent first.
    let most = errors.first()?;
    let first = errors.iter().filter_map(|error| error.first).min();
    let mut by_host: BTreeMap<&str, u64> = BTreeMap::new();
    for host in errors.iter().flat_map(|error| &error.hosts) {
        *by_host.entry(&host.host).or_default() += host.count;
    }
    let by_chain = case.chains.iter().map(|chain| {
        let of_class = chain.errors.iter().filter(|error| error.class == class);
        (chain.name.as_str(), of_class.map(|error| error.count).sum())
    });
    let several_hosts = if case.hosts > 1 { by_host } else { BTreeMap::new() };
    Some(ClassFailures {
        class,
        count: errors.iter().map(|error| error.count).sum(),
        alternatives: most.alternatives.clone(),
        templates: errors
            .iter()
            .take(MOST_TEXTS)
            .map(|error| (error.template.clone(), error.count))
            .collect(),
        of_templates: errors.len(),
        meaning: most.meaning.clone(),
        advice: most.advice.clone(),
        onset: Onset {
            first,
            after: first.zip(case.earliest).map(|(first, earliest)| first.since(earliest)),
            ..onset_by_rate(case.loads, class)
        },
        last: errors.iter().filter_map(|error| error.last).max(),
        chains: if case.chains.len() > 1 { most_first(by_chain) } else { Vec::new() },
        of_chains: case.chains.len(),
        hosts: most_first(several_hosts.into_iter()),
        of_hosts: case.hosts,
    })
}

/// The names that have any, the most first.
fn most_first<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> Vec<String> {
    let mut counts: Vec<(&str, u64)> =
        counts.filter(|(name, count)| *count > 0 && !name.is_empty()).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    counts.into_iter().map(|(name, _)| name.to_owned()).collect()
}

/// From which rate on a failure had set in, if runs of several rates followed one another, it had in all from that rate on,
/// and not in those below.
fn onset_by_rate(loads: &[Load], class: Class) -> Onset {
    let mut in_time: Vec<&Load> = loads.iter().collect();
    in_time.sort_by_key(|load| load.span);
    if in_time.windows(2).any(|pair| pair[1].span.0 < pair[0].span.1) {
        return Onset::default();
    }
    let has_set_in = |load: &&Load| {
        let count = load.failures.get(&class).copied().unwrap_or(0);
        count as f64 >= SET_IN * load.requests as f64 && count > 0
    };
    let (hit, clean): (Vec<&Load>, Vec<&Load>) = loads.iter().partition(has_set_in);
    let from = hit.iter().map(|load| load.rate.per_second()).reduce(f64::min);
    let clean_up_to = clean.iter().map(|load| load.rate.per_second()).reduce(f64::max);
    match from.zip(clean_up_to) {
        Some((from, clean)) if clean < from * SAME_RATE => {
            Onset { from: Some(Rate(from)), clean_up_to: Some(Rate(clean)), ..Onset::default() }
        }
        _ => Onset::default(),
    }
}
