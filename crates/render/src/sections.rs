//! A summary's sections, worded and in order, for people.

pub(crate) mod capacity;
pub(crate) mod chains;
pub(crate) mod errors;
mod inputs;

use plimsoll_analysis::{ChainFindings, FoundBy, GroupBy, Grouping, VerdictKind};
use plimsoll_model::Nanos;

use crate::clock::{date_and_time, period};
use crate::document::{Cell, Document, Tone};
use crate::escape::shortened;
use crate::notices::notices;
use crate::numbers::{count, counted, interval, millis, percent, span};
use crate::verdict::{Told, told};
use crate::{EffectiveConfig, Summary};

pub use capacity::goal;
pub(crate) use capacity::per_second;

/// Characters of a foreign text that are shown.
pub(crate) const LONGEST_TEXT: usize = 400;

/// Chains whose verdicts are shown.
const MOST_VERDICTS: usize = 12;

/// Chains with accepted codes of their own that are named.
const MOST_CODES: usize = 4;

/// The document for a summary. `quote` makes foreign words harmless that stand within a sentence.
pub(crate) fn document<'a>(summary: &Summary<'a>, quote: fn(&str) -> String) -> Document<'a> {
    let (verdicts, more_verdicts) = verdicts(summary);
    Document {
        verdict: told(&summary.findings.total),
        verdicts,
        more_verdicts,
        headline: headline(summary),
        circumstances: circumstances(summary),
        settings: settings(summary, quote),
        chains: chains::by_chain(summary),
        outcomes: chains::by_outcome(summary),
        holds: capacity::holds(summary),
        errors: errors::by_kind(summary),
        status_codes: errors::status_codes(summary),
        inputs: inputs::ledger(summary),
    }
}

fn headline<'a>(summary: &Summary<'a>) -> Vec<Cell<'a>> {
    let total = &summary.findings.total;
    let Some(success) = total.success else {
        return vec![Cell::new("No requests were counted").tone(Tone::Bad)];
    };
    let strong = |text: String| Cell::new(text).tone(Tone::Strong);
    let held_back = total.server_success.filter(|server| server.trials < total.requests);
    let server = held_back.map(|server| {
        let share = percent(server.successes, server.trials);
        Cell::new(format!("{share} of the {} that got past the generator", count(server.trials)))
    });
    let mut headline = vec![
        strong(counted(total.requests, "request", "requests")),
        Cell::new(format!("{} succeeded", percent(total.successes, total.requests)))
            .tone(success_tone(summary, total)),
        strong(format!(
            "{} % interval {}",
            plain_percentage(success.confidence),
            interval(success.low, success.high)
        )),
    ];
    headline.extend(server);
    headline
}

/// The verdicts on the chains, if there are several, and how many more chains there are.
fn verdicts<'a>(summary: &Summary<'a>) -> (Vec<(&'a str, Told)>, usize) {
    let chains = &summary.findings.chains;
    if chains.len() < 2 {
        return (Vec::new(), 0);
    }
    let mut told: Vec<(&str, Told)> =
        chains.iter().map(|chain| (chain.name.as_str(), told(chain))).collect();
    told.sort_by_key(|(_, told)| told.kind == VerdictKind::Healthy);
    let more = told.len().saturating_sub(MOST_VERDICTS);
    told.truncate(MOST_VERDICTS);
    (told, more)
}

fn circumstances<'a>(summary: &Summary<'a>) -> Vec<Cell<'a>> {
    let total = &summary.findings.total;
    let mut items = Vec::new();
    if let (Some(first), Some(last)) = (total.earliest, total.latest) {
        items.push(Cell::new(period(first, last)));
        items.push(Cell::new(format!("active {}", span(total.active))));
    }
    items.push(Cell::new(counted(summary.ledgers.len() as u64, "input", "inputs")));
    let warnings = notices(summary).len() as u64;
    if warnings > 0 {
        items.push(Cell::new(counted(warnings, "warning", "warnings")).tone(Tone::Warning));
    }
    items
}

fn settings<'a>(summary: &Summary<'a>, quote: fn(&str) -> String) -> Vec<Cell<'a>> {
    let config = &summary.config;
    let mut items = Vec::new();
    if summary.findings.chains.len() > 1 || summary.findings.grouping == Grouping::Configured {
        items.push(grouping(&summary.findings.grouping).to_owned());
    }
    items.push(format!("success is a status of {} without an error", success_codes(config, quote)));
    let total = &summary.findings.total;
    if total.http_successes != total.successes {
        let http = percent(total.http_successes, total.requests);
        items.push(format!("by status alone, as vegeta counts, {http}"));
    }
    if config.has_slo() {
        let latency = config.slo_latency.map(|latency| format!("latency ≤ {} ms", millis(latency)));
        let success =
            config.slo_success_min.map(|least| format!("success ≥ {} %", plain_percentage(least)));
        let goals: Vec<String> = latency.into_iter().chain(success).collect();
        items.push(format!("SLO {}", goals.join(", ")));
    }
    items.extend(config.from.map(|at| format!("from {}", date_and_time(at))));
    items.extend(config.to.map(|at| format!("to {}", date_and_time(at))));
    if config.skip > Nanos::ZERO {
        items.push(format!("first {} skipped", span(config.skip)));
    }
    let cut: u64 = summary.findings.inputs.iter().map(|input| input.cut).sum();
    if cut > 0 {
        items.push(format!("{} cut", counted(cut, "record", "records")));
    }
    items.into_iter().map(|item| Cell::new(item).tone(Tone::Quiet)).collect()
}

/// `200-399 (boba: 200,500)`.
fn success_codes(config: &EffectiveConfig, quote: fn(&str) -> String) -> String {
    let own: Vec<(&str, &str)> = config
        .chains
        .iter()
        .filter_map(|chain| Some((chain.name.as_str(), chain.success_codes.as_deref()?)))
        .filter(|(_, codes)| *codes != config.success_codes)
        .collect();
    if own.is_empty() {
        return config.success_codes.clone();
    }
    let mut words: Vec<String> = own
        .iter()
        .take(MOST_CODES)
        .map(|(name, codes)| format!("{}: {codes}", quote(&shortened(name, LONGEST_TEXT))))
        .collect();
    if let Some(more @ 1..) = own.len().checked_sub(MOST_CODES) {
        words.push(format!("others for {}", counted(more as u64, "more chain", "more chains")));
    }
    format!("{} ({})", config.success_codes, words.join("; "))
}

fn grouping(grouping: &Grouping) -> &'static str {
    match grouping {
        Grouping::Configured => "chains as configured",
        Grouping::Asked(by) => match by {
            GroupBy::Attack => "chains by attack name",
            GroupBy::Host => "chains by host",
            GroupBy::Path(_) => "chains by path",
            GroupBy::Url => "chains by URL",
            GroupBy::File => "chains by input",
            GroupBy::Method => "chains by method",
        },
        Grouping::Found(by) => match by {
            FoundBy::Attack => "chains found by attack name",
            FoundBy::Host => "chains found by host",
            FoundBy::Path => "chains found by first path segment",
            FoundBy::Nothing => "one chain",
        },
    }
}

/// A goal as it was given: `99.5`, not `99.50000000000001`.
pub(crate) fn plain_percentage(ratio: f64) -> String {
    let text = format!("{:.9}", ratio * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn success_tone(summary: &Summary<'_>, chain: &ChainFindings) -> Tone {
    let missed = match (summary.config.slo_success_min, chain.success) {
        (Some(least), Some(success)) => success.ratio < least,
        _ => chain.failures > 0,
    };
    if missed { Tone::Bad } else { Tone::Strong }
}
