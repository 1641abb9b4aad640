//! Warnings in words.

use plimsoll_analysis::Warning;
use plimsoll_model::Ledger;

use crate::escape::visible;
use crate::numbers::{count, counted, rate};
use crate::{EffectiveConfig, Summary};

/// A warning, worded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice<'a> {
    /// The name by which scripts know it.
    pub(crate) kind: &'static str,
    /// What was seen and what it means, in our own words.
    pub(crate) message: String,
    /// The recording's or the configuration's name for what it is about.
    pub(crate) subject: Option<&'a str>,
}

impl Notice<'_> {
    /// The notice as a sentence, with the subject as it was recorded.
    pub(crate) fn line(&self) -> String {
        match self.subject {
            Some(subject) => format!("{}: {subject}", self.message),
            None => self.message.clone(),
        }
    }
}

/// The analysis' warnings, and those that the ledgers give rise to.
pub(crate) fn notices<'a>(summary: &Summary<'a>) -> Vec<Notice<'a>> {
    let config = &summary.config;
    let analysis = summary.findings.warnings.iter().map(|warning| worded(warning, config));
    analysis.chain(damaged(summary)).chain(refused(summary)).collect()
}

/// The warnings of every report in one line each, without characters that act on a terminal.
#[must_use]
pub fn warnings(summary: &Summary<'_>) -> Vec<String> {
    notices(summary).iter().map(|notice| visible(&notice.line()).into_owned()).collect()
}

fn worded<'a>(warning: &'a Warning, config: &EffectiveConfig) -> Notice<'a> {
    let records = |n| counted(n, "record", "records");
    let (kind, message) = match warning {
        Warning::Duplicates { records: n } => (
            "duplicates",
            format!(
                "{} had been counted before and {} left out: every figure counts a record once",
                records(*n),
                was(*n)
            ),
        ),
        Warning::GroupsFolded { limit, records: n } => (
            "groups_folded",
            format!(
                "there are more than {limit} groups: {} of the others are together in (other)",
                records(*n)
            ),
        ),
        Warning::RunsFolded { limit } => (
            "runs_folded",
            format!(
                "there are more than {limit} runs, or parts of runs by chain: not all of them have figures of their own"
            ),
        ),
        Warning::ErrorsFolded { limit, records: n } => (
            "errors_folded",
            format!(
                "there are more than {limit} kinds of error: {} of the others are together in (other errors)",
                records(*n)
            ),
        ),
        Warning::NumbersMissing { records: n } => (
            "numbers_missing",
            format!(
                "{} that no record has: so many results are missing from the inputs",
                counted(*n, "number", "numbers")
            ),
        ),
        Warning::WithoutTimestamp { records: n } => (
            "without_timestamp",
            format!("{} without a timestamp: counted, but in no rate", records(*n)),
        ),
        Warning::Unmatched { records: n } => {
            let unanswered = if config.matched_by_header {
                "; without an answer there is no header to match, so that chains matched by header lack these failures"
            } else {
                ""
            };
            (
                "unmatched",
                format!("{} in no configured chain: see (unmatched){unanswered}", records(*n)),
            )
        }
        Warning::DuplicatesUnchecked { records: n } => (
            "duplicates_unchecked",
            format!(
                "{} may have been counted twice: an input could not be read again to make sure",
                records(*n)
            ),
        ),
        Warning::RateExceeded { attack, given } => {
            let message = format!(
                "the attack was faster than the {}/s that were given for it: they are not used",
                rate(Some(*given))
            );
            let subject = (!attack.is_empty()).then_some(attack.as_str());
            return Notice { kind: "rate_exceeded", message, subject };
        }
        Warning::UnmatchedRate { attacks } => {
            let message = "a rate was given for attacks that are not in the records".to_owned();
            return Notice { kind: "unmatched_rate", message, subject: Some(attacks) };
        }
        Warning::EmptyChain { name } => {
            let message = "no record belongs to a configured chain".to_owned();
            return Notice { kind: "empty_chain", message, subject: Some(name) };
        }
    };
    Notice { kind, message, subject: None }
}

fn damaged(summary: &Summary<'_>) -> Option<Notice<'static>> {
    let damaged =
        || summary.ledgers.iter().filter(|ledger| ledger.is_damaged() && ledger.refused.is_none());
    let inputs = damaged().count();
    let records = damaged().map(|ledger| ledger.damaged_records).sum();
    let bytes = damaged().map(|ledger| ledger.lost_bytes).sum();
    let places: Option<u64> = damaged().map(places).sum();
    let lost = lost(records, bytes, places);
    (inputs > 0).then(|| Notice {
        kind: "damaged_inputs",
        message: format!(
            "{} damaged: {lost} could not be read; the figures are over what could",
            of_the_inputs(inputs, summary),
        ),
        subject: None,
    })
}

/// How many places are damaged, where all of them are described.
fn places(ledger: &Ledger) -> Option<u64> {
    (ledger.damage.len() < Ledger::MAX_DAMAGE).then_some(ledger.damage.len() as u64)
}

/// `286 bytes in 1 place`; the records too where a place is not one record.
fn lost(records: u64, bytes: u64, places: Option<u64>) -> String {
    let in_records = counted(records, "record", "records");
    let in_bytes = counted(bytes, "byte", "bytes");
    let one_each = places == Some(records);
    let what = match (records, bytes) {
        (_, 0) => in_records,
        (0, _) => in_bytes,
        _ if one_each => in_bytes,
        _ => format!("{in_records}, {in_bytes}"),
    };
    match places.filter(|&n| n > 0 && !(one_each && bytes == 0)) {
        Some(n) => format!("{what} in {}", counted(n, "place", "places")),
        None => what,
    }
}

/// Files that happen to lie in a directory beside results are no reason to warn.
fn refused(summary: &Summary<'_>) -> Option<Notice<'static>> {
    let inputs =
        summary.ledgers.iter().filter(|ledger| ledger.refused.is_some() && ledger.named).count();
    (inputs > 0).then(|| Notice {
        kind: "refused_inputs",
        message: format!(
            "{} not read: see the inputs for the reason",
            of_the_inputs(inputs, summary)
        ),
        subject: None,
    })
}

fn of_the_inputs(n: usize, summary: &Summary<'_>) -> String {
    let all = counted(summary.ledgers.len() as u64, "input", "inputs");
    format!("{} of {all} {}", count(n as u64), if n == 1 { "is" } else { "are" })
}

fn was(n: u64) -> &'static str {
    if n == 1 { "was" } else { "were" }
}
