//! What a stream's frames say of its generator, in the words of the analysis.
//!
//! Schedules count from the start of the attack; what is told are moments. What cannot be read, or would take too much
//! memory, is as if it were not there: records are read without it.

use std::fmt;
use std::marker::PhantomData;

use plimsoll_model::{GeneratorNote, Nanos, PlannedRate, Rate, Said, Timestamp};
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::frame::kind;
use crate::sink::Aside;

/// The most entries of a list that are kept: steps of a schedule, or chains.
const MAX_LISTED: usize = 1 << 15;

/// A generator that says that it used more than so many cores is not believed.
const MOST_CORES: f64 = 4_096.0;

/// Hands `told` what the frame says.
pub(crate) fn notes(aside: &Aside<'_>, told: &mut impl FnMut(GeneratorNote)) {
    let mut tell = |said| told(GeneratorNote { generator: aside.stream, share: aside.share, said });
    match aside.kind {
        kind::HEADER => header(aside.payload, &mut tell),
        kind::TELEMETRY => telemetry(aside.payload, &mut tell),
        kind::RATE => rate(aside.payload, &mut tell),
        _ => {}
    }
}

/// A header, for what it says of times to come. Kinds of schedules that are not known have none.
#[derive(Debug, Deserialize)]
struct Header {
    #[serde(default)]
    attack: String,
    start: Option<Start>,
    schedule: Option<Schedule>,
    #[serde(default, deserialize_with = "listed")]
    chains: Vec<Chain>,
}

#[derive(Debug, Deserialize)]
struct Start {
    wall_ns: i64,
}

#[derive(Debug, Deserialize)]
struct Chain {
    attack: String,
    schedule: Schedule,
}

#[derive(Debug, Deserialize)]
struct Schedule {
    kind: String,
    #[serde(default)]
    rate_rps: f64,
    #[serde(default)]
    from_rps: f64,
    #[serde(default)]
    to_rps: f64,
    #[serde(default)]
    duration_ns: u64,
    #[serde(default, deserialize_with = "listed")]
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
struct Step {
    rate_rps: f64,
    duration_ns: u64,
}

#[derive(Debug, Deserialize)]
struct Telemetry {
    time_ns: i64,
    cpu_ratio: Option<f64>,
    cpus: Option<f64>,
}

/// A rate that was decided on while the attack ran.
#[derive(Debug, Deserialize)]
struct DecidedRate {
    #[serde(default)]
    attack: String,
    start_ns: i64,
    duration_ns: u64,
    rate_rps: f64,
}

fn header(payload: &[u8], tell: &mut impl FnMut(Said)) {
    let Ok(header) = rmp_serde::from_slice::<Header>(payload) else { return };
    let Some(start) = header.start.map(|start| Timestamp(start.wall_ns)) else { return };
    if !start.is_known() {
        return;
    }
    tell(Said::Start(start));
    let mut plan = |attack: String, schedule: &Schedule| {
        let rates = schedule.rates(start);
        if !rates.is_empty() {
            tell(Said::Plan { attack, rates });
        }
    };
    match (&header.schedule, &header.chains[..]) {
        (Some(schedule), []) => plan(header.attack, schedule),
        (_, _) => header.chains.into_iter().for_each(|chain| plan(chain.attack, &chain.schedule)),
    }
}

fn telemetry(payload: &[u8], tell: &mut impl FnMut(Said)) {
    let Ok(telemetry) = rmp_serde::from_slice::<Telemetry>(payload) else { return };
    let until = Timestamp(telemetry.time_ns);
    let Some(used) = telemetry.cpu_ratio.filter(|used| (0.0..=MOST_CORES).contains(used)) else {
        return;
    };
    let ratio = telemetry.cpus.map(|cpus| used / cpus);
    let ratio = ratio.filter(|ratio| ratio.is_finite() && *ratio >= 0.0);
    if until.is_known() {
        tell(Said::Cpu { until, used, ratio });
    }
}

fn rate(payload: &[u8], tell: &mut impl FnMut(Said)) {
    let Ok(decided) = rmp_serde::from_slice::<DecidedRate>(payload) else { return };
    let start = Timestamp(decided.start_ns);
    if start.is_known() && is_rate(decided.rate_rps) {
        let rate = Rate(decided.rate_rps);
        let span = Some(Nanos(decided.duration_ns));
        let rates = vec![PlannedRate { start, span, from: rate, to: rate }];
        tell(Said::Plan { attack: decided.attack, rates });
    }
}

impl Schedule {
    /// Its rates from the start on; none where something in it is no rate.
    fn rates(&self, start: Timestamp) -> Vec<PlannedRate> {
        let of =
            |start, span, from, to| PlannedRate { start, span, from: Rate(from), to: Rate(to) };
        let rates = match &*self.kind {
            "constant" | "poisson" => vec![of(start, None, self.rate_rps, self.rate_rps)],
            "ramp" => vec![of(start, Some(Nanos(self.duration_ns)), self.from_rps, self.to_rps)],
            "steps" => {
                let mut at = start;
                let mut rates = Vec::new();
                for step in &self.steps {
                    let span = Nanos(step.duration_ns);
                    // A rate of nothing is the pause between two.
                    if step.rate_rps != 0.0 {
                        rates.push(of(at, Some(span), step.rate_rps, step.rate_rps));
                    }
                    at = at.saturating_add(span);
                }
                rates
            }
            _ => Vec::new(),
        };
        let are_rates = rates.iter().all(|rate| {
            // A ramp may begin, or end, at nothing.
            let (from, to) = (rate.from.per_second(), rate.to.per_second());
            is_rate(from.max(to)) && from.min(to) >= 0.0
        });
        if are_rates { rates } else { Vec::new() }
    }
}

fn is_rate(rate: f64) -> bool {
    rate.is_finite() && rate > 0.0
}

/// A list, if it is not too long to be kept.
fn listed<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct List<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
        type Value = Vec<T>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut kept = Vec::new();
            while kept.len() < MAX_LISTED {
                match list.next_element()? {
                    Some(one) => kept.push(one),
                    None => return Ok(kept),
                }
            }
            while list.next_element::<IgnoredAny>()?.is_some() {}
            // A part of a schedule would be another schedule.
            Ok(Vec::new())
        }
    }
    deserializer.deserialize_seq(List(PhantomData))
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Share;

    use super::*;
    use crate::{
        Clocks, NativeWriter, Progress, ReadOptions, SentRate, SentSchedule, Shard, Source,
        StreamHeader, read,
    };

    const START: i64 = 1_795_422_932_777_191_788;
    const SECOND: u64 = 1_000_000_000;

    fn header(schedule: SentSchedule) -> StreamHeader {
        let wall = Timestamp(START);
        StreamHeader {
            id: 7,
            attack: "eth".to_owned(),
            schedule: Some(schedule),
            start: Some(Clocks { wall, monotonic: Nanos(5) }),
            ..StreamHeader::default()
        }
    }

    fn told(bytes: Vec<u8>) -> Vec<GeneratorNote> {
        let mut notes = Vec::new();
        let sources = [Source::in_memory("stream", bytes)];
        read(&sources, &ReadOptions::default(), &Progress::default(), &mut |batch| {
            notes.extend(batch.notes.iter().cloned());
        })
        .unwrap();
        notes
    }

    fn plans(header: &StreamHeader) -> Vec<(String, Vec<PlannedRate>)> {
        let bytes = NativeWriter::new(Vec::new(), header).unwrap().finish().unwrap();
        let plan = |note: GeneratorNote| match note.said {
            Said::Plan { attack, rates } => Some((attack, rates)),
            Said::Start(_) | Said::Cpu { .. } => None,
        };
        told(bytes).into_iter().filter_map(plan).collect()
    }

    fn planned(start: i64, span: Option<Nanos>, from: f64, to: f64) -> PlannedRate {
        PlannedRate { start: Timestamp(START + start), span, from: Rate(from), to: Rate(to) }
    }

    #[test]
    fn schedules_begin_when_the_attack_did() {
        let ten = Some(Nanos(10 * SECOND));
        for (schedule, expected) in [
            (SentSchedule::Constant { rate_rps: 50.0 }, vec![planned(0, None, 50.0, 50.0)]),
            (SentSchedule::Poisson { rate_rps: 50.5 }, vec![planned(0, None, 50.5, 50.5)]),
            (
                SentSchedule::Ramp { from_rps: 1.0, to_rps: 9.0, duration: Nanos(10 * SECOND) },
                vec![planned(0, ten, 1.0, 9.0)],
            ),
            (
                SentSchedule::Steps(vec![
                    (10.0, Nanos(10 * SECOND)),
                    (0.0, Nanos(SECOND)),
                    (20.0, Nanos(10 * SECOND)),
                ]),
                vec![planned(0, ten, 10.0, 10.0), planned(11_000_000_000, ten, 20.0, 20.0)],
            ),
        ] {
            assert_eq!(plans(&header(schedule)), [("eth".to_owned(), expected)]);
        }
    }

    #[test]
    fn what_is_no_schedule_is_none() {
        let step = |rate| SentSchedule::Steps(vec![(10.0, Nanos(5)), (rate, Nanos(5))]);
        for schedule in [
            SentSchedule::Constant { rate_rps: f64::NAN },
            SentSchedule::Poisson { rate_rps: 0.0 },
            SentSchedule::Ramp { from_rps: -1.0, to_rps: 9.0, duration: Nanos(5) },
            step(-5.0),
            step(f64::INFINITY),
            SentSchedule::Steps(vec![(10.0, Nanos(5)); MAX_LISTED + 1]),
            SentSchedule::Steps(Vec::new()),
        ] {
            assert_eq!(plans(&header(schedule)), []);
        }
        let undated =
            StreamHeader { start: None, ..header(SentSchedule::Constant { rate_rps: 5.0 }) };
        assert_eq!(plans(&undated), []);
    }

    #[test]
    fn a_newer_kind_of_schedule_costs_nothing_else() {
        let payload = rmp_serde::to_vec_named(&serde_json::json!({
            "attack": "eth", "start": {"wall_ns": START, "monotonic_ns": 5, "drift": 1},
            "schedule": {"kind": "tides", "period_ns": 5},
            "chains": [{"attack": "boba", "schedule": {"kind": "constant", "rate_rps": 5}}],
        }))
        .unwrap();
        let aside = Aside { kind: kind::HEADER, stream: 1, share: Share::ALL, payload: &payload };
        let mut said = Vec::new();
        notes(&aside, &mut |note| said.push(note.said));
        let rates = vec![planned(0, None, 5.0, 5.0)];
        let plan = Said::Plan { attack: "boba".to_owned(), rates };
        assert_eq!(said, [Said::Start(Timestamp(START)), plan]);
        let mut count = 0;
        for length in 0..payload.len() {
            notes(&Aside { payload: &payload[..length], ..aside }, &mut |_| count += 1);
        }
        assert_eq!(count, 0);
    }

    #[test]
    fn what_is_told_on_the_way_comes_without_a_record() {
        let header = StreamHeader {
            shard: Some(Shard { index: 1, count: 3 }),
            chains: vec![("a".to_owned(), SentSchedule::Constant { rate_rps: 5.0 })],
            ..header(SentSchedule::Constant { rate_rps: 9.0 })
        };
        let mut writer = NativeWriter::new(Vec::new(), &header).unwrap();
        let telemetry = |cpu_ratio, cpus| crate::Telemetry {
            time: Timestamp(START + 1),
            cpu_ratio,
            cpus,
            run_queue_ratio: None,
            in_flight: None,
            open_files: None,
            ports_in_use: None,
            sockets: Vec::new(),
            send_lag: Vec::new(),
        };
        for (used, cpus) in [
            (Some(0.75), Some(1.5)),
            (Some(0.75), None),
            (Some(0.5), Some(0.0)),
            (Some(f64::NAN), Some(1.0)),
            (Some(1e9), Some(1e9)),
            (None, Some(1.0)),
        ] {
            writer.telemetry(&telemetry(used, cpus)).unwrap();
        }
        let (start, duration) = (Timestamp(START + 7), Nanos(SECOND));
        writer.rate("a", SentRate { start, duration, rate_rps: 8.0 }).unwrap();
        let notes = told(writer.finish().unwrap());
        let share = Share { index: 1, count: 3 };
        assert!(notes.iter().all(|note| (note.generator, note.share) == (7, share)));
        let plan = |rates| Said::Plan { attack: "a".to_owned(), rates };
        let cpu = |used, ratio| Said::Cpu { until: Timestamp(START + 1), used, ratio };
        let said: Vec<Said> = notes.into_iter().map(|note| note.said).collect();
        assert_eq!(
            said,
            [
                Said::Start(Timestamp(START)),
                plan(vec![planned(0, None, 5.0, 5.0)]),
                cpu(0.75, Some(0.5)),
                cpu(0.75, None),
                cpu(0.5, None),
                plan(vec![planned(7, Some(duration), 8.0, 8.0)]),
            ]
        );
    }
}
