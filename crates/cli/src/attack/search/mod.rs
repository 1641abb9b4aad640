//! `--find-capacity`: the attack whose rates follow from what was found at those before.
//!
//! What was held is analysed as `plimsoll analyze` does, so that the results lead to the same answer.

mod rates;
#[cfg(test)]
mod simulated;
mod trials;

use std::time::Instant;

use anyhow::Context as _;
use plimsoll_analysis::capacity::mlrsearch::Classification;
use plimsoll_analysis::capacity::window::Rules;
use plimsoll_analysis::{
    CapacityFindings, ChainFindings, Findings, Options, Slo, StageFindings, WindowFindings,
};
use plimsoll_attack::schedule::Frequency;
use plimsoll_attack::telemetry::Second;
use plimsoll_attack::{Block, Hold};
use plimsoll_ingest::{ReadOptions, SentRate};
use plimsoll_model::{Nanos, Rate};

use super::args::Attack;
use super::live::Line;
use super::results::{native_record, telemetry};
use crate::config::Config;
use rates::{Hidden, Known, Next, Plan, Rates, Tried};
use trials::Trials;

/// How long nothing is sent between two rates, so that the analysis tells them apart.
const PAUSE: Nanos = Nanos(2_500_000_000);

/// How long answers are waited for before it is looked again.
const WAIT: Nanos = Nanos(1_000_000_000);

/// The shortest trial.
const SHORTEST: u64 = 3_000_000_000;

/// How long a rate is held that decides, where nothing asks for more and the budget has room.
const MINUTE: u64 = 60_000_000_000;

/// How many holds of full length a budget has to have room for; where it has not, they are shorter.
const ROOM: u64 = 10;

/// So many times as many requests as a window needs are enough, whatever the chance of their arrivals.
const ENOUGH: f64 = 1.25;

/// Over how many windows misses are summed up to find bursts, where there are as many sums.
const BURST_LENGTHS: [usize; 4] = [1, 2, 4, 8];
const FEWEST_SUMS: usize = 5;

/// Where nothing may be missed, as little as one of this many counts as using it up.
const LEAST_ALLOWED: f64 = 1e-4;

/// Where the search begins, and what it does not exceed.
const DEFAULT_RATES: (f64, f64) = (50.0, 1e6);

/// What was found, and what is held next.
pub(super) struct Search {
    line: Line,
    rates: Rates,
    names: Vec<String>,
    trials: Trials,
    slo: Slo,
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
        let config = Config::load(args.config.as_deref(), args.output.as_deref())?;
        let in_file = |error: anyhow::Error| config.in_file(error);
        let chains = config.chains().map_err(in_file)?;
        let judging = config.judging(args.slo).map_err(in_file)?;
        let mut options = Options { chains: chains.by, ..judging };
        // Bounds are asked for, not their intervals: what takes long here delays the next rate.
        options.measure.resamples = 1;
        let slo = options.slo.context(
            "--find-capacity needs to know what a good answer is: --slo latency=200ms,success=99%",
        )?;
        let (from, most) = args.rates.unwrap_or(DEFAULT_RATES);
        anyhow::ensure!(from <= most, "--rates: the first rate is above the highest");
        let plan = plan(&options, &slo, (from, most), args.width, args.budget);
        let reading = ReadOptions {
            headers: chains.headers,
            accepted_rpc_codes: config.rpc_codes().map_err(in_file)?.success,
            ..ReadOptions::default()
        };
        Ok(Self {
            line,
            rates: Rates::new(plan),
            names,
            trials: Trials::new(options, reading)?,
            slo,
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
            let added = self.trials.add(&record);
            note(&mut self.failed, added);
        }
    }

    pub(super) fn second(&mut self, second: &Second) {
        self.in_flight = second.in_flight;
        let added = self.trials.telemetry(&telemetry(second));
        note(&mut self.failed, added);
    }

    /// A rate that a chain will keep: the results say it too.
    pub(super) fn rate(&mut self, chain: usize, rate: SentRate) {
        let name = self.names.get(chain).map_or("", |name| name);
        let added = self.trials.rate(name, rate);
        note(&mut self.failed, added);
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
        let findings = self.trials.findings()?;
        let known = known(&findings, &self.slo);
        if self.last.is_some() {
            self.line.complain(&told(&findings.chains));
        }
        let elapsed = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Ok(match self.rates.next(&known, Nanos(elapsed), PAUSE) {
            Next::Hold { rate, span } => {
                let seconds = span.as_secs_f64();
                self.line.complain(&format!("next: {}/s for {seconds:.0} s", shown(rate)));
                let rate = Frequency::from_per_second(rate);
                let rate = rate.context("the next rate is out of range: --rates bounds it")?;
                self.last = Some(rate);
                Some(Hold { rate, span, pause: PAUSE })
            }
            Next::End(end) => {
                let found = known_text(&known);
                let short = if self.rates.are_confirmed(&known) { "" } else { ", by short trials" };
                self.line.complain(&format!("capacity: {found}{short}; {}", end.text()));
                None
            }
        })
    }

    /// What went wrong while the attack ran.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.failed.map_or(Ok(()), |error| Err(error.context("the search was ended")))
    }
}

fn note(failed: &mut Option<anyhow::Error>, added: anyhow::Result<()>) {
    if let Err(error) = added {
        failed.get_or_insert(error);
    }
}

/// Rates from one to the highest, in trials as long as the measure asks for.
fn plan(options: &Options, slo: &Slo, (from, most): (f64, f64), width: f64, budget: Nanos) -> Plan {
    let measure = &options.measure;
    let samples = Rules::new(&options.validity, slo).min_samples;
    let least = samples as f64 / measure.window.as_secs_f64() * ENOUGH;
    let windows = measure.window.0.saturating_mul(measure.min_windows.into());
    let room = (budget.0 / ROOM).saturating_sub(2 * PAUSE.0);
    let asked = measure.warm_up.0.saturating_add(windows);
    let hold = Nanos(room.clamp(2 * SHORTEST, asked.max(MINUTE)));
    let parts = u64::from(measure.min_windows) + 1;
    let trial = Nanos((hold.0.min(asked) / parts).clamp(SHORTEST, hold.0));
    Plan { from, most, least, width, trial, hold, budget }
}

/// What all chains together hold, in their mix.
fn known(findings: &Findings, slo: &Slo) -> Known {
    let rate = |bound: fn(&CapacityFindings) -> Option<Rate>| {
        findings.total.capacity.as_ref().and_then(bound).map(Rate::per_second)
    };
    let last = findings.chains.iter().filter_map(last_stage);
    Known {
        lower: rate(|capacity| capacity.lower),
        upper: rate(|capacity| capacity.upper),
        tried: tried(findings, slo),
        hidden: last.filter_map(hidden).min_by_key(|hidden| *hidden != Hidden::Generator),
    }
}

/// The rates of all chains together; of those chains, the one that used up most decides.
fn tried(findings: &Findings, slo: &Slo) -> Vec<Tried> {
    let mut tried: Vec<Tried> = Vec::new();
    for stage in &findings.total.stages {
        let Some(classification) = stage.classification else { continue };
        let middle = stage.start.saturating_add(Nanos(stage.end.since(stage.start).0 / 2));
        let part = |chain: &ChainFindings| {
            let at = |part: &&StageFindings| part.start <= middle && middle < part.end;
            let part = chain.stages.iter().find(at)?;
            let (missed, allowed) = missed(part, slo);
            Some((missed, allowed, bursts(part, &chain.windows)))
        };
        let parts = findings.chains.iter().filter_map(part);
        let most = parts.max_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
        let Some((missed, allowed, bursts)) = most else { continue };
        let rate = stage.offered.per_second();
        match tried.iter_mut().find(|tried| (tried.rate / rate - 1.0).abs() < 1e-3) {
            None => tried.push(Tried { rate, missed, allowed, bursts, classification }),
            Some(tried) => {
                tried.missed += missed;
                tried.allowed += allowed;
                tried.bursts = tried.bursts.max(bursts);
            }
        }
    }
    tried
}

/// How many requests of a stage missed the SLO, and how many may.
fn missed(stage: &StageFindings, slo: &Slo) -> (f64, f64) {
    let requests = stage.requests as f64;
    let missed = |reached: f64, least: f64| {
        (requests - reached, requests.max(1.0) * (1.0 - least).max(LEAST_ALLOWED))
    };
    let good = stage.good.map(|good| missed(good as f64, slo.good_ratio()));
    let success = stage.success.as_ref().zip(slo.success_min);
    let success = success.map(|(success, least)| missed(success.ratio * requests, least));
    let both = good.into_iter().chain(success);
    both.max_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1))).unwrap_or((0.0, 1.0))
}

/// Variance over mean of how many requests miss the SLO at a time, of a stage: 1 where they are independent. Bursts last
/// for longer than a window: of several lengths of time, that counts which shows them most.
fn bursts(stage: &StageFindings, windows: &[WindowFindings]) -> f64 {
    let is_within =
        |window: &&WindowFindings| stage.start <= window.start && window.start < stage.end;
    let missed =
        |window: &WindowFindings| (window.sent - window.good.unwrap_or(window.successes)) as f64;
    let missed: Vec<f64> = windows.iter().filter(is_within).map(missed).collect();
    let of_length = |length: &usize| {
        let sums: Vec<f64> = missed.chunks_exact(*length).map(|chunk| chunk.iter().sum()).collect();
        let count = sums.len() as f64;
        let mean = sums.iter().sum::<f64>() / count;
        let variance = sums.iter().map(|sum| (sum - mean).powi(2)).sum::<f64>() / count;
        variance / mean
    };
    let at_least = |length: &usize| missed.len() >= length * FEWEST_SUMS;
    let all = BURST_LENGTHS.iter().filter(|length| at_least(length)).map(of_length);
    all.filter(|bursts| bursts.is_finite()).fold(1.0, f64::max)
}

fn last_stage(chain: &ChainFindings) -> Option<&StageFindings> {
    chain.stages.iter().max_by_key(|stage| stage.end)
}

/// What keeps a stage from being told.
fn hidden(stage: &StageFindings) -> Option<Hidden> {
    let is_untold = stage.classification == Some(Classification::Undecided);
    if is_untold && stage.invalid.keys().any(|reason| reason.is_generator()) {
        Some(Hidden::Generator)
    } else if is_untold && !stage.invalid.is_empty() {
        Some(Hidden::Few)
    } else {
        None
    }
}

/// What became of the last rate.
fn told(chains: &[ChainFindings]) -> String {
    let of_chain = |chain: &ChainFindings| {
        let stage = last_stage(chain)?;
        let what = match (stage.classification, stage.binding) {
            (Some(Classification::Lower), _) => "holds".to_owned(),
            (Some(Classification::Upper), Some(binding)) => {
                format!("is too much, by {}", binding.name())
            }
            (Some(Classification::Upper), None) => "is too much".to_owned(),
            (_, Some(binding)) => {
                format!(
                    "cannot be told: most windows hold, together they do not, by {}",
                    binding.name()
                )
            }
            _ => match hidden(stage) {
                Some(Hidden::Generator) => "cannot be told: the generator was the limit".to_owned(),
                Some(Hidden::Few) => "cannot be told: too few requests".to_owned(),
                None => "cannot be told".to_owned(),
            },
        };
        let name = if chains.len() > 1 { format!("{}: ", chain.name) } else { String::new() };
        Some(format!("{name}{}/s {what}", shown(stage.offered.per_second())))
    };
    let lines: Vec<String> = chains.iter().filter_map(of_chain).collect();
    if lines.is_empty() { "the last rate cannot be told".to_owned() } else { lines.join("; ") }
}

fn known_text(known: &Known) -> String {
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
