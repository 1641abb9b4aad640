//! What load holds: one sentence per chain, what other methods say, what to run next, and the stages that it follows from.

use plimsoll_analysis::capacity::mlrsearch::Classification;
use plimsoll_analysis::capacity::sustained::{Binding, Censored};
use plimsoll_analysis::capacity::usl;
use plimsoll_analysis::{CapacityFindings, ChainFindings, Slo, StageFindings};
use plimsoll_model::{Nanos, Rate};

use super::{LONGEST_TEXT, plain_percentage};
use crate::document::{Cell, Column, Fit, Holds, Row, Table, Tone};
use crate::escape::shortened;
use crate::numbers::{NONE, count, counted, millis, percent, rate};
use crate::verdict::Sentence;
use crate::{EffectiveConfig, Summary};

/// Chains that are told of.
const MOST_CHAINS: usize = 12;

/// Stages of a chain that are shown; of more, those next to the bracket.
const MOST_STAGES: usize = 24;

/// Fewer stages than this make no curve.
const LEAST_OF_CURVE: usize = 4;

/// How far outside of the bracket another method's answer may lie and still agree, as a share of it.
const AGREES: f64 = 0.05;

pub(super) fn holds<'a>(summary: &Summary<'a>) -> Holds<'a> {
    let config = &summary.config;
    let chains = || summary.findings.chains.iter().filter(|chain| !chain.stages.is_empty());
    let mut sentences = Vec::new();
    for chain in chains().take(MOST_CHAINS) {
        sentences.extend(of_chain(chain, config));
    }
    let total = &summary.findings.total;
    sentences.extend(of_mix(total, config));
    let has_steps = chains().any(|chain| chain.stages.len() > 1);
    if has_steps && !config.has_slo() {
        sentences.push(Sentence::new(
            "Which of these rates hold is a question of what is good enough: ask with --slo latency=500ms,success=99.5%",
        ));
    }
    if let Some(more @ 1..) = chains().count().checked_sub(MOST_CHAINS) {
        sentences.push(Sentence::new(format!(
            "and {}",
            counted(more as u64, "more chain", "more chains")
        )));
    }
    Holds { sentences, stages: table(chains().take(MOST_CHAINS), config) }
}

/// What a chain sustains, what other methods say of it, and what would tell more.
pub(crate) fn of_chain(chain: &ChainFindings, config: &EffectiveConfig) -> Vec<Sentence> {
    let name = shortened(&chain.name, LONGEST_TEXT).into_owned();
    let subject = || Sentence::default().foreign(name.clone());
    let has_steps = chain.stages.len() > 1;
    let mut sentences = Vec::new();
    match &chain.capacity {
        Some(capacity) => {
            sentences.push(subject().own(bracket(chain, capacity, config)));
            if has_steps {
                sentences.extend(second_opinions(chain, capacity).map(|said| subject().own(said)));
                sentences.extend(next_run(capacity).map(|said| subject().own(said)));
            }
        }
        None if has_steps && config.has_slo() => sentences.push(subject().own(
            ": whether a rate holds cannot be told, as too few windows count: see the reasons below",
        )),
        None => {}
    }
    sentences
}

/// What all chains together sustain, where that is known.
pub(crate) fn of_mix(total: &ChainFindings, config: &EffectiveConfig) -> Vec<Sentence> {
    let Some(capacity) = total.capacity.as_ref().filter(|capacity| !capacity.mix.is_empty()) else {
        return Vec::new();
    };
    let subject = || Sentence::new("the mix of all chains");
    let mut sentences = vec![mix(subject().own(bracket(total, capacity, config)), capacity)];
    if total.stages.len() > 1 {
        sentences.extend(next_run(capacity).map(|said| subject().own(said)));
    }
    sentences
}

/// ` sustains at least 400/s, less than 450/s (99 % good within 200 ms); bound by latency`.
fn bracket(chain: &ChainFindings, found: &CapacityFindings, config: &EffectiveConfig) -> String {
    let bound = |bound: Option<Rate>| per_second(bound.unwrap_or(Rate(0.0)));
    let (lower, upper) = (bound(found.lower), bound(found.upper));
    let goal = goal(&config.slo());
    let mut said = match found.censored {
        Censored::None => format!(" sustains at least {lower}, less than {upper} ({goal})"),
        Censored::MaxLoad => format!(" sustains at least {lower} ({goal}): no rate was too high"),
        Censored::Generator => {
            format!(" sustains at least {lower} ({goal}): beyond, the generator was the limit")
        }
        Censored::BelowMinLoad => {
            format!(" sustains less than {upper} ({goal}): every rate was too high")
        }
    };
    if let Some(binding) = found.binding {
        said += match binding {
            Binding::Success => "; bound by failures",
            Binding::Latency => "; bound by latency",
            Binding::Backlog => "; bound by a backlog that grew",
        };
    }
    let interval = found.interval;
    if interval.low != found.lower || interval.high != found.upper {
        let end = |end: Option<Rate>, open: &str| end.map_or_else(|| open.to_owned(), per_second);
        let (low, high) =
            (end(interval.low, "below all rates"), end(interval.high, "above all rates"));
        said = format!("{said}; by chance anything from {low} to {high}");
    }
    if found.screening {
        said += if chain.stages.iter().all(|stage| stage.is_ramp) {
            "; screening: a ramp reads too high, hold steps to confirm it"
        } else {
            "; screening: too few windows count, hold the rates for longer"
        };
    }
    if found.mixed && found.mix.is_empty() {
        said += "; mixed: other chains shared the server, it holds for this mix only";
    }
    match config.instances_of(&chain.name, found) {
        1 => said,
        instances => format!("{said}; by {} instances together", count(instances.into())),
    }
}

/// `; boba gives way first; for this mix only: eth 40 %, boba 60 %`.
fn mix(mut said: Sentence, found: &CapacityFindings) -> Sentence {
    if let Some(first) = &found.limited_by {
        let first = shortened(first, LONGEST_TEXT);
        said = said.own("; ").foreign(first).own(" gives way first");
    }
    said = said.own("; for this mix only: ");
    for (place, part) in found.mix.iter().take(MOST_CHAINS).enumerate() {
        let joint = if place > 0 { ", " } else { "" };
        let name = shortened(&part.chain, LONGEST_TEXT);
        said = said.own(joint).foreign(name).own(format!(" {} %", share(part.share)));
    }
    if found.mix.len() > MOST_CHAINS { said.own(", …") } else { said }
}

/// `40`, `33.3`: per cent.
fn share(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// What a good answer is, in words: `99 % good within 200 ms, 99 % accepted`. Empty where nobody says.
#[must_use]
pub fn goal(slo: &Slo) -> String {
    let good = slo.latency.map(|latency| {
        let share = plain_percentage(slo.good_ratio());
        format!("{share} % good within {} ms", millis(latency))
    });
    let accepted = slo.success_min.map(|least| format!("{} % accepted", plain_percentage(least)));
    good.into_iter().chain(accepted).collect::<Vec<_>>().join(", ")
}

/// What other methods say of the curve, and on which side of the bracket that lies.
fn second_opinions(chain: &ChainFindings, found: &CapacityFindings) -> Option<String> {
    if chain.stages.len() < LEAST_OF_CURVE {
        return None;
    }
    let opinions = &found.second_opinions;
    let beside = |other: Rate| {
        let is_below = found
            .lower
            .is_some_and(|lower| other.per_second() < lower.per_second() * (1.0 - AGREES));
        let is_above = found
            .upper
            .is_some_and(|upper| other.per_second() > upper.per_second() * (1.0 + AGREES));
        match (is_below, is_above) {
            (true, _) => ", which disagrees: it is below the bracket",
            (_, true) => ", which disagrees: it is above the bracket",
            _ => "",
        }
    };
    let at = |other: Rate| format!("{}{}", per_second(other), beside(other));
    let mut said: Vec<String> = Vec::new();
    match &opinions.usl {
        Some(Ok(fit)) => said.push(match fit.peak() {
            Some(peak) => format!(
                "Universal Scalability Law, peak at {}{}",
                at(peak.throughput),
                opinions.usl_peak.as_ref().map(by_chance).unwrap_or_default()
            ),
            None => "Universal Scalability Law, no peak".to_owned(),
        }),
        Some(Err(why)) => said.push(format!("Universal Scalability Law, none ({why})")),
        None => {}
    }
    said.push(format!("Kneedle, {}", opinions.kneedle.map_or_else(|| "no knee".to_owned(), at)));
    said.push(format!(
        "segmented regression, {}",
        opinions.segmented.map_or_else(|| "no break".to_owned(), at)
    ));
    Some(format!(", second opinions: {}", said.join("; ")))
}

/// ` (by chance anything from 380/s to 460/s, at a concurrency of 12 to 31)`.
fn by_chance(found: &usl::PeakInterval) -> String {
    let usl::PeakInterval { concurrency, throughput, .. } = found;
    if !concurrency.low.is_finite() || !throughput.low.is_finite() {
        return " (by chance none at all)".to_owned();
    }
    let rates = match throughput.high {
        high if high.is_finite() => {
            format!("from {} to {}", per_second(Rate(throughput.low)), per_second(Rate(high)))
        }
        _ => format!("from {} on", per_second(Rate(throughput.low))),
    };
    let concurrencies = match concurrency.high {
        high if high.is_finite() => format!("{:.1} to {high:.1}", concurrency.low),
        _ => format!("{:.1}, or no peak", concurrency.low),
    };
    format!(" (by chance anything {rates}, at a concurrency of {concurrencies})")
}

/// The flags of the attack that would narrow the bracket.
fn next_run(found: &CapacityFindings) -> Option<String> {
    let (first, last) = (found.next_rates.first()?, found.next_rates.last()?);
    let hold = seconds(found.hold);
    let flags = match found.next_rates.len() {
        1 => format!("-rate {} -duration {hold}", number(*first)),
        several => {
            let ratio = (last.per_second() / first.per_second()).powf(1.0 / (several as f64 - 1.0));
            // Rounded down, lest the last step lies beyond the end.
            let ratio = (ratio * 1e4).floor() / 1e4;
            format!(
                "--steps {}..{},ratio={ratio},hold={hold},drain=30s",
                number(*first),
                number(*last)
            )
        }
    };
    let aim = match found.censored {
        Censored::None => "to narrow the bracket",
        _ => "to close the bracket",
    };
    Some(format!(", {aim}: plimsoll attack {flags}"))
}

/// A number as flags take it.
fn number(rate: Rate) -> String {
    rate.per_second().to_string()
}

fn seconds(span: Nanos) -> String {
    format!("{}s", span.as_secs_f64().ceil())
}

/// `400/s`, `399.5/s`.
pub(crate) fn per_second(found: Rate) -> String {
    let text = rate(Some(found));
    format!("{}/s", text.strip_suffix(".0").unwrap_or(&text))
}

const STAGES: [Column; 8] = [
    Column { title: "stages of", fit: Fit::Name, worth: 6 },
    Column { title: "offered/s", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "good/s", fit: Fit::Number, worth: 5 },
    Column { title: "success", fit: Fit::Number, worth: 4 },
    Column { title: "p50 ms", fit: Fit::Number, worth: 2 },
    Column { title: "p99 ms", fit: Fit::Number, worth: 3 },
    Column { title: "windows", fit: Fit::Number, worth: 1 },
    Column { title: "holds", fit: Fit::Prose, worth: Column::KEPT },
];

pub(crate) fn table<'a>(
    chains: impl Iterator<Item = &'a ChainFindings>,
    config: &EffectiveConfig,
) -> Option<Table<'a>> {
    let mut rows = Vec::new();
    let mut left_out = 0;
    for chain in chains.filter(|chain| chain.stages.len() > 1) {
        let shown = shown(chain);
        left_out += chain.stages.len() - shown.len();
        let names =
            std::iter::once(Cell::foreign(&chain.name)).chain(std::iter::repeat(Cell::new("")));
        rows.extend(shown.into_iter().zip(names).map(|(stage, name)| row(name, stage)));
    }
    if rows.is_empty() {
        return None;
    }
    let rest = (left_out > 0)
        .then(|| format!("and {}", counted(left_out as u64, "other stage", "other stages")));
    let mut table = Table { columns: STAGES.to_vec(), rows, rest };
    if config.slo_latency.is_none() {
        table.retain(|column| column.title != "good/s");
    }
    if !config.has_slo() {
        table.retain(|column| column.title != "holds");
    }
    Some(table)
}

/// The stages in order of time; of many, those whose rates are next to the bracket.
fn shown(chain: &ChainFindings) -> Vec<&StageFindings> {
    let bracket = chain.capacity.as_ref().and_then(|found| found.lower.or(found.upper));
    let mut stages: Vec<&StageFindings> = chain.stages.iter().collect();
    if let Some(bracket) = bracket {
        let distance =
            |stage: &StageFindings| (stage.offered.per_second() / bracket.per_second()).ln().abs();
        stages.sort_by(|left, right| distance(left).total_cmp(&distance(right)));
    }
    stages.truncate(MOST_STAGES);
    stages.sort_by_key(|stage| stage.start);
    stages
}

fn row<'a>(name: Cell<'a>, stage: &StageFindings) -> Row<'a> {
    let percentile = |value: Option<Nanos>| match value {
        Some(value) => millis(value),
        None if stage.latency.count == 0 => NONE.to_owned(),
        None => format!("n/a (n={})", count(stage.latency.count)),
    };
    let success = stage.success;
    let cells = vec![
        name,
        Cell::new(rate(Some(stage.offered))),
        Cell::new(rate(stage.goodput)),
        Cell::new(
            success.map_or_else(|| NONE.to_owned(), |found| percent(found.successes, found.trials)),
        ),
        Cell::new(percentile(stage.latency.p50)),
        Cell::new(percentile(stage.latency.p99)),
        Cell::new(if stage.valid_windows == stage.windows {
            count(stage.windows as u64)
        } else {
            format!("{} of {}", count(stage.valid_windows as u64), count(stage.windows as u64))
        }),
        holding(stage),
    ];
    Row { cells, remarks: Vec::new() }
}

/// `yes`, `no: latency`, `undecided: 3 × generator_rate`.
fn holding(stage: &StageFindings) -> Cell<'static> {
    let (mut said, tone) = match stage.classification {
        Some(Classification::Lower) => ("yes".to_owned(), Tone::Plain),
        Some(Classification::Upper) => (
            stage
                .binding
                .map_or_else(|| "no".to_owned(), |binding| format!("no: {}", binding.name())),
            Tone::Bad,
        ),
        Some(Classification::Undecided) => ("undecided".to_owned(), Tone::Warning),
        None if stage.is_ramp => ("a ramp".to_owned(), Tone::Quiet),
        None => (NONE.to_owned(), Tone::Quiet),
    };
    if stage.not_steady {
        said += ", not steady";
    }
    let reasons: Vec<String> = stage
        .invalid
        .iter()
        .map(|(reason, &windows)| format!("{} × {}", count(windows as u64), reason.code()))
        .collect();
    if !reasons.is_empty() {
        said = format!("{said} ({})", reasons.join(", "));
    }
    Cell::new(said).tone(tone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_may_have_no_upper_end() {
        let interval = |low, high| usl::Interval { low, high };
        let said = |concurrency, throughput| {
            by_chance(&usl::PeakInterval { concurrency, throughput, no_peak_ratio: 0.1 })
        };
        assert_eq!(
            said(interval(90.0, 110.25), interval(1_850.0, 1_920.0)),
            " (by chance anything from 1,850/s to 1,920/s, at a concurrency of 90.0 to 110.2)"
        );
        assert_eq!(
            said(interval(90.0, f64::INFINITY), interval(1_850.0, f64::INFINITY)),
            " (by chance anything from 1,850/s on, at a concurrency of 90.0, or no peak)"
        );
        let none = interval(f64::INFINITY, f64::INFINITY);
        assert_eq!(said(none, none), " (by chance none at all)");
    }
}
