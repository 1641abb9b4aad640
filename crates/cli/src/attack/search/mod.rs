//! `--find-capacity`: the attack whose rates follow from what was found at those before.
//!
//! What was held is analysed as `plimsoll analyze` does, so that the results lead to the same answer.

mod rates;

use std::time::Instant;

use anyhow::Context as _;
use plimsoll_analysis::capacity::mlrsearch::Classification;
use plimsoll_analysis::{Analyzer, CapacityFindings, ChainFindings, Findings, Options, Step};
use plimsoll_attack::schedule::Frequency;
use plimsoll_attack::telemetry::Second;
use plimsoll_attack::{Block, Hold};
use plimsoll_ingest::{
    NativeRecord, NativeWriter, Progress, ReadOptions, SentRate, Source, StreamHeader, read,
};
use plimsoll_model::{Nanos, Rate};

use super::args::Attack;
use super::live::Line;
use super::results::{native_record, telemetry};
use crate::config::Config;
use rates::{Bracket, Next, Plan, Rates};

/// How long nothing is sent between two rates, so that the analysis tells them apart.
const PAUSE: Nanos = Nanos(2_500_000_000);

/// How long answers are waited for before it is looked again.
const WAIT: Nanos = Nanos(1_000_000_000);

/// The shortest trial.
const SHORTEST: u64 = 3_000_000_000;

/// Where the search begins, and what it does not exceed.
const DEFAULT_RATES: (f64, f64) = (50.0, 1e6);

/// What was found, and what is held next.
pub(super) struct Search {
    line: Line,
    rates: Rates,
    names: Vec<String>,
    analyzer: Analyzer,
    reading: ReadOptions,
    /// What was not analysed yet, as a native stream.
    writer: NativeWriter<Vec<u8>>,
    /// What went wrong.
    failed: Option<anyhow::Error>,
    start: Instant,
    in_flight: u64,
    waited: Nanos,
    timeout: Nanos,
    last: Option<Frequency>,
}

impl Search {
    /// `names` are those of the attack's chains.
    pub(super) fn new(args: &Attack, line: Line, names: Vec<String>) -> anyhow::Result<Self> {
        let config = Config::load(args.config.as_deref())?;
        let in_file = |error: anyhow::Error| error.context(config.path.display().to_string());
        let chains = config.chains().map_err(in_file)?;
        let judging = config.judging(args.slo).map_err(in_file)?;
        let mut options = Options { chains: chains.by, ..judging };
        // Bounds are asked for, not their intervals: what takes long here delays the next rate.
        options.measure.resamples = 1;
        options.slo.context(
            "--find-capacity needs to know what a good answer is: --slo latency=200ms,success=99%",
        )?;
        let (from, most) = args.rates.unwrap_or(DEFAULT_RATES);
        anyhow::ensure!(from <= most, "--rates: the first rate is above the highest");
        let windows = options.measure.window.0.saturating_mul(options.measure.min_windows.into());
        let hold = Nanos(options.measure.warm_up.0.saturating_add(windows));
        let parts = u64::from(options.measure.min_windows) + 1;
        let plan = Plan {
            from,
            most,
            width: args.width,
            trial: Nanos((hold.0 / parts).max(SHORTEST).min(hold.0)),
            hold,
            budget: args.budget,
        };
        let reading = ReadOptions {
            headers: chains.headers,
            accepted_rpc_codes: config.rpc_codes().map_err(in_file)?.success,
            ..ReadOptions::default()
        };
        Ok(Self {
            line,
            rates: Rates::new(plan),
            names,
            analyzer: Analyzer::new(options, vec!["the attack".to_owned()]),
            reading,
            writer: stream()?,
            failed: None,
            start: Instant::now(),
            in_flight: 0,
            waited: Nanos::ZERO,
            timeout: args.timeout,
            last: None,
        })
    }

    pub(super) fn outcomes(&mut self, block: &Block) {
        let mut headers = Vec::new();
        for outcome in block.iter() {
            let name = self.names.get(outcome.chain).map_or("", |name| name);
            headers.clear();
            headers.extend(outcome.headers());
            let record = native_record(name, &outcome, &headers);
            // An answer that is too large for the stream is judged without its body.
            let bare = || NativeRecord { body: &[], headers: None, ..record };
            let written = self.writer.write(&record).or_else(|_| self.writer.write(&bare()));
            if let Err(error) = written {
                self.failed.get_or_insert(error.into());
            }
        }
    }

    pub(super) fn second(&mut self, second: &Second) {
        self.in_flight = second.in_flight;
        let written = self.writer.telemetry(&telemetry(second));
        self.note(written);
    }

    /// A rate that a chain will keep: the results say it too.
    pub(super) fn rate(&mut self, chain: usize, rate: SentRate) {
        let name = self.names.get(chain).map_or("", |name| name);
        let written = self.writer.rate(name, rate);
        self.note(written);
    }

    fn note(&mut self, written: Result<(), plimsoll_ingest::Error>) {
        if let Err(error) = written {
            self.failed.get_or_insert(error.into());
        }
    }

    /// The rate that is held next; `None` when the search is over.
    pub(super) fn next_hold(&mut self) -> Option<Hold> {
        if let Some(rate) = self.last
            && self.in_flight > 0
            && (self.timeout == Nanos::ZERO || self.waited < self.timeout)
        {
            self.waited = Nanos(self.waited.0 + WAIT.0);
            return Some(Hold { rate, span: Nanos::ZERO, pause: WAIT });
        }
        self.waited = Nanos::ZERO;
        match self.decide() {
            Ok(hold) => hold,
            Err(error) => {
                self.failed.get_or_insert(error);
                None
            }
        }
    }

    fn decide(&mut self) -> anyhow::Result<Option<Hold>> {
        self.take_in()?;
        let findings = self.findings();
        let known = bracket(&findings);
        if self.last.is_some() {
            self.line.complain(&told(&findings.chains));
        }
        let elapsed = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Ok(match self.rates.next(known, Nanos(elapsed), PAUSE) {
            Next::Hold { rate, span } => {
                let seconds = span.as_secs_f64();
                self.line.complain(&format!("next: {}/s for {seconds:.0} s", shown(rate)));
                let rate = Frequency::from_per_second(rate);
                let rate = rate.context("the next rate is out of range: --rates bounds it")?;
                self.last = Some(rate);
                Some(Hold { rate, span, pause: PAUSE })
            }
            Next::End(end) => {
                let found = known_text(known);
                self.line.complain(&format!("capacity: {found}; {}", end.text()));
                None
            }
        })
    }

    /// Analyses what came since the last time.
    fn take_in(&mut self) -> anyhow::Result<()> {
        let bytes = std::mem::replace(&mut self.writer, stream()?).finish()?;
        let source = [Source::in_memory("the attack", bytes)];
        let analyzer = &mut self.analyzer;
        read(&source, &self.reading, &Progress::default(), &mut |batch| analyzer.add(batch))?;
        Ok(())
    }

    fn findings(&self) -> Findings {
        let mut analyzer = self.analyzer.clone();
        loop {
            match analyzer.finish(false) {
                Step::Done(findings) => return *findings,
                Step::ReadAgain(again) => analyzer = *again,
            }
        }
    }

    /// What went wrong while the attack ran.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.failed.map_or(Ok(()), |error| Err(error.context("the search was ended")))
    }
}

fn stream() -> anyhow::Result<NativeWriter<Vec<u8>>> {
    Ok(NativeWriter::new(Vec::new(), &StreamHeader::default())?)
}

/// What all chains together hold, in their mix.
fn bracket(findings: &Findings) -> Bracket {
    let rate = |bound: fn(&CapacityFindings) -> Option<Rate>| {
        findings.total.capacity.as_ref().and_then(bound).map(Rate::per_second)
    };
    Bracket {
        lower: rate(|capacity| capacity.lower),
        upper: rate(|capacity| capacity.upper),
        is_generator: findings.chains.iter().any(is_limited),
    }
}

/// Whether the generator was the limit at the last rate.
fn is_limited(chain: &ChainFindings) -> bool {
    let last = chain.stages.iter().max_by_key(|stage| stage.end);
    last.is_some_and(|stage| {
        stage.classification == Some(Classification::Undecided)
            && stage.invalid.keys().any(|reason| reason.is_generator())
    })
}

/// What became of the last rate.
fn told(chains: &[ChainFindings]) -> String {
    let of_chain = |chain: &ChainFindings| {
        let stage = chain.stages.iter().max_by_key(|stage| stage.end)?;
        let what = match (stage.classification, stage.binding) {
            (Some(Classification::Lower), _) => "holds".to_owned(),
            (Some(Classification::Upper), Some(binding)) => {
                format!("is too much, by {}", binding.name())
            }
            (Some(Classification::Upper), None) => "is too much".to_owned(),
            _ if is_limited(chain) => "cannot be told: the generator was the limit".to_owned(),
            _ => "cannot be told".to_owned(),
        };
        let name = if chains.len() > 1 { format!("{}: ", chain.name) } else { String::new() };
        Some(format!("{name}{}/s {what}", shown(stage.offered.per_second())))
    };
    let lines: Vec<String> = chains.iter().filter_map(of_chain).collect();
    if lines.is_empty() { "the last rate cannot be told".to_owned() } else { lines.join("; ") }
}

fn known_text(known: Bracket) -> String {
    match (known.lower, known.upper) {
        (Some(lower), Some(upper)) => format!(
            "at least {}/s, less than {}/s ({:.0} % apart)",
            shown(lower),
            shown(upper),
            (upper - lower) / upper * 100.0
        ),
        (Some(lower), None) => format!("at least {}/s", shown(lower)),
        (None, Some(upper)) => format!("less than {}/s", shown(upper)),
        (None, None) => "not known".to_owned(),
    }
}

/// A rate, of four digits.
fn shown(rate: f64) -> String {
    let decimals = if rate >= 1_000.0 {
        0
    } else if rate >= 100.0 {
        1
    } else {
        2
    };
    let text = format!("{rate:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
