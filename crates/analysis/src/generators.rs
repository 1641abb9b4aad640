//! What generators told of themselves: how busy they were, and which rates they were to keep.

use std::cmp::Ordering;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use plimsoll_model::{GeneratorNote, InputId, Nanos, PlannedRate, Rate, Said, Share, Timestamp};

use crate::GeneratorCpu;
use crate::names::short_name;

/// The most generators that are told apart; what others tell is not known.
const MAX_GENERATORS: usize = 1_024;

/// The most spans of time of all generators together in which it is known how busy they were.
const MAX_BUSY: usize = 1 << 16;

/// The most planned rates of all generators together, ...
const MAX_RATES: usize = 1 << 16;

/// ... and the most attacks of one generator. Of one that has more of either, no plan is known.
const MAX_PLANS: usize = 1_000;

/// CPU time that is told of fewer spans of time than this, of a second each, says little of what a request takes.
const LEAST_TOLD: u64 = 3;

/// All generators.
#[derive(Clone, Debug, Default)]
pub(crate) struct Generators {
    all: Vec<Generator>,
    /// By what they sent, and where it was recorded.
    index: HashMap<(InputId, Share), There, FixedState>,
    busy: usize,
    rates: usize,
}

/// The generators of a share in an input.
#[derive(Clone, Debug, Default)]
struct There {
    /// Their ids and places.
    places: Vec<(u64, usize)>,
    /// What they sent of it, all together.
    requests: u64,
}

/// A generator.
#[derive(Clone, Debug)]
pub(crate) struct Generator {
    /// Up to where it has told how busy it was.
    told_until: Option<i64>,
    /// How often it has told how much CPU time it used, ...
    told: u64,
    /// ... and how much that was, in nanoseconds.
    cpu_time: f64,
    /// In order of time.
    busy: Vec<Busy>,
    /// By attack; `None` where there was no room for them.
    plans: Option<Vec<(String, Vec<PlannedRate>)>>,
}

/// How busy a generator was in a span of time, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Busy {
    from: i64,
    until: i64,
    /// How much of the span is known.
    known: f64,
    /// The share of its CPU time that it used, times `known`.
    used: f64,
}

/// A span in which a rate was to be kept by a run, or to change evenly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Planned {
    /// Nanoseconds since the epoch.
    pub(crate) start: i64,
    /// Behind it; the end of time where that was not fixed.
    pub(crate) end: i64,
    /// Requests per second at both ends.
    from: f64,
    to: f64,
}

impl Generators {
    /// Takes up what a generator of an input told.
    pub(crate) fn add(&mut self, input: InputId, note: &GeneratorNote) {
        let there = self.index.entry((input, note.share)).or_default();
        let place = match there.places.iter().find(|(id, _)| *id == note.generator) {
            Some(&(_, place)) => place,
            None if self.all.len() < MAX_GENERATORS => {
                there.places.push((note.generator, self.all.len()));
                self.all.push(Generator::default());
                self.all.len() - 1
            }
            None => return,
        };
        let generator = &mut self.all[place];
        match &note.said {
            Said::Start(start) => {
                // Frames that were moved do not go back in time.
                let later = |until: i64| until.max(start.0);
                generator.told_until = Some(generator.told_until.map_or(start.0, later));
            }
            Said::Cpu { until: Timestamp(until), used, ratio } => {
                self.busy += usize::from(generator.was_busy(*until, *used, *ratio));
                if self.busy > MAX_BUSY {
                    self.coarsen();
                }
            }
            Said::Plan { attack, rates } => {
                let has_room = self.rates + rates.len() <= MAX_RATES;
                self.rates += generator.planned(&short_name(attack), rates, has_room);
            }
        }
    }

    /// Takes up how many requests of a share an input has in one more place.
    pub(crate) fn sent(&mut self, input: InputId, share: Share, requests: usize) {
        if let Some(there) = self.index.get_mut(&(input, share)) {
            there.requests += requests as u64;
        }
    }

    /// The CPU time that requests took; `None` where generators told it for too short a time.
    pub(crate) fn cpu_time(&self) -> Option<GeneratorCpu> {
        let (mut told, mut time, mut requests) = (0, 0.0, 0);
        for there in self.index.values() {
            let all = || there.places.iter().filter_map(|&(_, place)| self.all.get(place));
            if all().any(|generator| generator.told > 0) {
                told += all().map(|generator| generator.told).sum::<u64>();
                time += all().map(|generator| generator.cpu_time).sum::<f64>();
                requests += there.requests;
            }
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let time = Nanos(time as u64);
        let is_known = told >= LEAST_TOLD && requests > 0 && time > Nanos::ZERO;
        is_known.then_some(GeneratorCpu { time, requests })
    }

    /// Makes one span of each two.
    #[cold]
    fn coarsen(&mut self) {
        for generator in &mut self.all {
            let pairs = generator.busy.chunks(2);
            let joined = |pair: &[Busy]| match *pair {
                [first, second] => Busy {
                    from: first.from,
                    until: second.until,
                    known: first.known + second.known,
                    used: first.used + second.used,
                },
                _ => pair[0],
            };
            generator.busy = pairs.map(joined).collect();
        }
        self.busy = self.all.iter().map(|generator| generator.busy.len()).sum();
    }

    /// Those that sent a share of an attack in an input.
    pub(crate) fn of(&self, input: InputId, share: Share) -> impl Iterator<Item = &Generator> {
        let there = self.index.get(&(input, share)).into_iter().flat_map(|there| &there.places);
        there.filter_map(|&(_, place)| self.all.get(place))
    }

    /// The rates that a share of an attack was to keep, in order of time; none where they are not known, or several
    /// generators kept some at the same time.
    pub(crate) fn plan(&self, input: InputId, share: Share, attack: &str) -> Vec<Planned> {
        let mut rates: Vec<PlannedRate> = Vec::new();
        for generator in self.of(input, share) {
            let Some(plans) = &generator.plans else { return Vec::new() };
            let plan = plans.iter().find(|(name, _)| name == attack);
            rates.extend(plan.into_iter().flat_map(|(_, rates)| rates));
        }
        let mut planned: Vec<Planned> =
            rates.iter().map(|rate| Planned::of(rate, share.count.max(1) as f64)).collect();
        planned.sort_by_key(|rate| (rate.start, rate.end));
        // A stream that was copied tells it twice.
        planned.dedup();
        let overlap = planned.windows(2).any(|pair| pair[1].start < pair[0].end);
        if overlap { Vec::new() } else { planned }
    }
}

impl Default for Generator {
    fn default() -> Self {
        Self { told_until: None, told: 0, cpu_time: 0.0, busy: Vec::new(), plans: Some(Vec::new()) }
    }
}

impl Generator {
    /// Takes up how busy it was up to a moment; true where that is another span.
    fn was_busy(&mut self, until: i64, used: f64, ratio: Option<f64>) -> bool {
        let Some(from) = self.told_until else {
            self.told_until = Some(until);
            return false;
        };
        if until <= from {
            return false;
        }
        self.told_until = Some(until);
        let known = until.abs_diff(from) as f64;
        self.told += 1;
        self.cpu_time += used * known;
        let Some(ratio) = ratio else { return false };
        self.busy.push(Busy { from, until, known, used: ratio * known });
        true
    }

    /// Takes up a plan, or what comes behind one; returns how many rates there are more.
    fn planned(&mut self, attack: &str, rates: &[PlannedRate], has_room: bool) -> usize {
        let Some(plans) = &mut self.plans else { return 0 };
        let place = plans.iter().position(|(name, _)| name == attack);
        if !has_room || (place.is_none() && plans.len() >= MAX_PLANS) {
            self.plans = None;
            return 0;
        }
        match place.and_then(|place| plans.get_mut(place)) {
            Some((_, known)) => known.extend(rates),
            None => plans.push((attack.to_owned(), rates.to_vec())),
        }
        rates.len()
    }

    /// The share of its CPU time that it used from one moment until another; `None` where less than half of that time is
    /// known.
    pub(crate) fn cpu(&self, from: i64, until: i64) -> Option<f64> {
        let first = self.busy.partition_point(|busy| busy.until <= from);
        let inside = self.busy[first..].iter().take_while(|busy| busy.from < until);
        let (mut known, mut used) = (0.0, 0.0);
        for busy in inside {
            let common = busy.until.min(until).abs_diff(busy.from.max(from)) as f64;
            let part = common / busy.until.abs_diff(busy.from) as f64;
            known += busy.known * part;
            used += busy.used * part;
        }
        (known * 2.0 >= until.abs_diff(from) as f64 && known > 0.0).then(|| used / known)
    }
}

impl Planned {
    /// The part that one of so many shares has.
    fn of(rate: &PlannedRate, shares: f64) -> Self {
        let end = |span: Nanos| rate.start.saturating_add(span).0;
        Self {
            start: rate.start.0,
            end: rate.span.map_or(i64::MAX, end),
            from: rate.from.per_second() / shares,
            to: rate.to.per_second() / shares,
        }
    }

    /// A rate from one moment on.
    pub(crate) fn constant(start: i64, Rate(rate): Rate) -> Self {
        Self { start, end: i64::MAX, from: rate, to: rate }
    }

    pub(crate) fn is_ramp(&self) -> bool {
        self.from.total_cmp(&self.to) != Ordering::Equal
    }

    /// The mean rate from one moment within it until another.
    pub(crate) fn rate(&self, from: i64, until: i64) -> Rate {
        if !self.is_ramp() {
            return Rate(self.from);
        }
        let after = |at: i64| at.abs_diff(self.start) as f64;
        let middle = f64::midpoint(after(from), after(until));
        let part = middle / self.end.abs_diff(self.start).max(1) as f64;
        Rate(self.from + (self.to - self.from) * part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;
    const INPUT: InputId = InputId(0);

    fn note(generator: u64, said: Said) -> GeneratorNote {
        GeneratorNote { generator, share: Share::ALL, said }
    }

    fn cpu(generators: &mut Generators, generator: u64, until: i64, ratio: f64) {
        let until = Timestamp(until);
        generators
            .add(INPUT, &note(generator, Said::Cpu { until, used: ratio, ratio: Some(ratio) }));
    }

    fn rate(start: i64, seconds: u64, rate: f64) -> PlannedRate {
        let span = Some(Nanos(seconds * SECOND.unsigned_abs()));
        PlannedRate { start: Timestamp(start * SECOND), span, from: Rate(rate), to: Rate(rate) }
    }

    #[test]
    fn what_was_used_of_a_span_is_its_seconds_by_their_lengths() {
        let mut generators = Generators::default();
        generators.add(INPUT, &note(1, Said::Start(Timestamp(0))));
        for (until, ratio) in [(1, 0.25), (2, 0.75), (1, 9.0), (4, 0.5)] {
            cpu(&mut generators, 1, until * SECOND, ratio);
        }
        let [generator] = &generators.of(INPUT, Share::ALL).collect::<Vec<_>>()[..] else {
            panic!("one generator")
        };
        assert_eq!(generator.cpu(0, SECOND), Some(0.25));
        assert_eq!(generator.cpu(0, 2 * SECOND), Some(0.5));
        assert_eq!(generator.cpu(SECOND / 2, 3 * SECOND / 2), Some(0.5));
        assert_eq!(generator.cpu(3 * SECOND, 5 * SECOND), Some(0.5));
        assert_eq!(generator.cpu(3 * SECOND, 5 * SECOND + 1), None);
        assert_eq!(generator.cpu(7 * SECOND, 8 * SECOND), None);
    }

    #[test]
    fn memory_is_bounded_and_means_stay() {
        let mut generators = Generators::default();
        for second in 0..200_000 {
            let ratio = if second % 2 == 0 { 0.2 } else { 0.6 };
            cpu(&mut generators, 1, second * SECOND, ratio);
        }
        assert!(generators.busy <= MAX_BUSY && generators.busy == generators.all[0].busy.len());
        let mean = generators.all[0].cpu(0, 199_996 * SECOND).unwrap();
        assert!((mean - 0.4).abs() < 1e-4, "{mean}");
        for generator in 0..5_000 {
            cpu(&mut generators, generator, 0, 0.5);
        }
        assert_eq!(generators.all.len(), MAX_GENERATORS);
        let plan = |rates| Said::Plan { attack: "a".to_owned(), rates };
        generators.add(INPUT, &note(1, plan(vec![rate(0, 1, 5.0)])));
        assert_eq!(generators.plan(INPUT, Share::ALL, "a").len(), 1);
        generators.add(INPUT, &note(1, plan((0..1 << 16).map(|at| rate(at, 1, 5.0)).collect())));
        assert_eq!(generators.plan(INPUT, Share::ALL, "a"), []);
        assert!(generators.rates <= MAX_RATES);
    }

    #[test]
    fn the_cpu_time_of_all_goes_into_all_requests() {
        let mut generators = Generators::default();
        let share = |index| Share { index, count: 3 };
        let tell = |generators: &mut Generators, index, said| {
            generators.add(INPUT, &GeneratorNote { generator: 1, share: share(index), said });
        };
        for index in [0, 1] {
            tell(&mut generators, index, Said::Start(Timestamp(0)));
            generators.sent(INPUT, share(index), 100);
        }
        // 0.5 cores for two seconds of the one host, for one of the other, 100 requests each: 7.5 ms. The third tells nothing.
        generators.sent(INPUT, share(2), 1_000_000);
        for (index, second, found) in [(0, 1, None), (0, 2, None), (1, 1, Some(Nanos(7_500_000)))] {
            let until = Timestamp(second * SECOND);
            tell(&mut generators, index, Said::Cpu { until, used: 0.5, ratio: None });
            assert_eq!(generators.cpu_time().map(|found| found.per_request()), found);
        }
        assert_eq!(generators.cpu_time().unwrap().requests, 200);
    }

    #[test]
    fn plans_follow_each_other_or_are_none() {
        let mut generators = Generators::default();
        let plan = |generators: &mut Generators, generator, rates: Vec<PlannedRate>| {
            generators.add(INPUT, &note(generator, Said::Plan { attack: "a".to_owned(), rates }));
        };
        plan(&mut generators, 1, vec![rate(10, 5, 100.0), rate(16, 5, 200.0)]);
        // The same stream once more, and a later attack.
        plan(&mut generators, 2, vec![rate(10, 5, 100.0), rate(16, 5, 200.0)]);
        plan(&mut generators, 3, vec![rate(60, 5, 300.0)]);
        let found = generators.plan(INPUT, Share::ALL, "a");
        let ends: Vec<(i64, i64)> =
            found.iter().map(|one| (one.start / SECOND, one.end / SECOND)).collect();
        assert_eq!(ends, [(10, 15), (16, 21), (60, 65)]);
        assert_eq!(found[1].rate(found[1].start, found[1].end), Rate(200.0));
        assert_eq!(generators.plan(INPUT, Share::ALL, "b"), []);
        plan(&mut generators, 4, vec![rate(62, 1, 5.0)]);
        assert_eq!(generators.plan(INPUT, Share::ALL, "a"), []);
    }

    #[test]
    fn a_share_keeps_its_part_of_a_ramp() {
        let share = Share { index: 1, count: 4 };
        let ramp = PlannedRate { to: Rate(300.0), ..rate(0, 10, 100.0) };
        let said = Said::Plan { attack: String::new(), rates: vec![ramp] };
        let mut generators = Generators::default();
        generators.add(INPUT, &GeneratorNote { generator: 1, share, said });
        let found = generators.plan(INPUT, share, "");
        assert!(found[0].is_ramp());
        assert_eq!(found[0].rate(0, 10 * SECOND), Rate(50.0));
        assert_eq!(found[0].rate(0, 5 * SECOND), Rate(37.5));
    }
}
