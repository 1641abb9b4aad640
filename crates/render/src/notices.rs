//! Warnings in words.

use plimsoll_analysis::Warning;

use crate::Summary;
use crate::numbers::{count, counted};

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

/// The analysis' warnings, and those that the ledgers give rise to.
pub(crate) fn notices<'a>(summary: &Summary<'a>) -> Vec<Notice<'a>> {
    let analysis = summary.findings.warnings.iter().map(worded);
    analysis.chain(damaged(summary)).chain(refused(summary)).collect()
}

fn worded(warning: &Warning) -> Notice<'_> {
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
            format!("there are more than {limit} runs: not all of them are told apart"),
        ),
        Warning::ErrorsFolded { limit, records: n } => (
            "errors_folded",
            format!(
                "there are more than {limit} kinds of error: {} of the others are together in (other errors)",
                records(*n)
            ),
        ),
        Warning::WithoutTimestamp { records: n } => (
            "without_timestamp",
            format!("{} without a timestamp: counted, but in no rate", records(*n)),
        ),
        Warning::Unmatched { records: n } => {
            ("unmatched", format!("{} in no configured chain: see (unmatched)", records(*n)))
        }
        Warning::DuplicatesUnchecked { records: n } => (
            "duplicates_unchecked",
            format!(
                "{} may have been counted twice: an input could not be read again to make sure",
                records(*n)
            ),
        ),
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
    let places = counted(damaged().map(|ledger| ledger.damaged_records).sum(), "place", "places");
    let lost = match damaged().map(|ledger| ledger.lost_bytes).sum() {
        0 => places,
        bytes => format!("{} in {places}", counted(bytes, "byte", "bytes")),
    };
    (inputs > 0).then(|| Notice {
        kind: "damaged_inputs",
        message: format!(
            "{} damaged: {lost} could not be read; the figures are over what could",
            of_the_inputs(inputs, summary),
        ),
        subject: None,
    })
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
