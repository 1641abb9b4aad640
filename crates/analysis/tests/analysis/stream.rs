//! Streams of records, made to measure.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "test helpers, on inputs that the tests choose"
)]

use plimsoll_analysis::{Analyzer, ChainFindings, Findings, Options, Step};
use plimsoll_model::{
    Batch, ErrorId, ErrorText, InputId, Nanos, Record, Target, TargetId, Timestamp,
};

/// A moment in 2023 that all streams are told from.
pub(crate) const START: i64 = 1_700_000_000_000_000_000;

pub(crate) const SECOND: i64 = 1_000_000_000;

/// Records of one input with their targets and errors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    pub(crate) records: Vec<Record>,
    pub(crate) targets: Vec<Target>,
    pub(crate) errors: Vec<ErrorText>,
}

pub(crate) fn target(attack: &str, url: &str) -> Target {
    Target { attack: attack.into(), method: "GET".into(), url: url.into(), headers: Vec::new() }
}

pub(crate) fn record(seq: u64, at: i64) -> Record {
    Record {
        timestamp: Timestamp(at),
        latency: Nanos(2_000_000 + seq * 1_000),
        seq,
        bytes_in: 56,
        bytes_out: 60,
        target: TargetId(0),
        error: None,
        code: 200,
        has_seq: true,
        has_body: false,
        intended: Timestamp::UNKNOWN,
    }
}

/// `count` requests `interval` nanoseconds apart, beginning `start` after [`START`].
pub(crate) fn run(attack: &str, url: &str, start: i64, interval: i64, count: u64) -> Stream {
    let at = |seq: u64| START + start + interval * i64::try_from(seq).unwrap();
    Stream {
        records: (0..count).map(|seq| record(seq, at(seq))).collect(),
        targets: vec![target(attack, url)],
        errors: Vec::new(),
    }
}

impl Stream {
    /// The other stream's records after this one's, as `cat` would.
    pub(crate) fn then(mut self, other: Self) -> Self {
        let targets = u32::try_from(self.targets.len()).unwrap();
        let errors = u32::try_from(self.errors.len()).unwrap();
        self.records.extend(other.records.into_iter().map(|record| Record {
            target: TargetId(record.target.0 + targets),
            error: record.error.map(|error| ErrorId(error.0 + errors)),
            ..record
        }));
        self.targets.extend(other.targets);
        self.errors.extend(other.errors);
        self
    }

    /// Makes every `nth` record fail with this code and error.
    pub(crate) fn failing(mut self, nth: usize, code: u16, template: &str, example: &str) -> Self {
        let error = ErrorId(u32::try_from(self.errors.len()).unwrap());
        self.errors.push(ErrorText {
            template: template.into(),
            example: example.into(),
            ..ErrorText::default()
        });
        for record in self.records.iter_mut().step_by(nth) {
            record.code = code;
            record.error = Some(error);
        }
        self
    }

    pub(crate) fn batches(&self, input: u32, size: usize) -> Vec<Batch> {
        let batch = |records: &[Record]| Batch {
            input: InputId(input),
            records: records.to_vec(),
            targets: self.targets.clone(),
            errors: self.errors.clone(),
            ..Batch::default()
        };
        self.records.chunks(size.max(1)).map(batch).collect()
    }
}

/// The findings over the streams, one input each, in batches of 97 records, reading again as often as is asked for.
pub(crate) fn analyse(options: &Options, streams: &[Stream]) -> Findings {
    analyse_in_batches(options, streams, 97)
}

pub(crate) fn analyse_in_batches(options: &Options, streams: &[Stream], size: usize) -> Findings {
    let names = (0..streams.len()).map(|input| format!("results/input-{input}.gob")).collect();
    let batches: Vec<Batch> =
        (0..).zip(streams).flat_map(|(input, stream)| stream.batches(input, size)).collect();
    let mut analyzer = Analyzer::new(options.clone(), names);
    loop {
        for batch in &batches {
            analyzer.add(batch);
        }
        match analyzer.finish(true) {
            Step::ReadAgain(next) => analyzer = *next,
            Step::Done(findings) => return *findings,
        }
    }
}

pub(crate) fn chain<'a>(findings: &'a Findings, name: &str) -> &'a ChainFindings {
    findings.chains.iter().find(|chain| chain.name == name).expect("a chain of this name")
}

pub(crate) fn names(findings: &Findings) -> Vec<&str> {
    findings.chains.iter().map(|chain| chain.name.as_str()).collect()
}

pub(crate) fn offered(chain: &ChainFindings) -> f64 {
    chain.offered.expect("an offered rate").per_second()
}
