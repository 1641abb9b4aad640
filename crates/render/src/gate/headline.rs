//! The first line: what failed, and by how much.

use plimsoll_analysis::gate::judge::Decision;

use super::GateReport;
use super::words::{refusal, sentence};
use crate::numbers::counted;
use crate::verdict::Sentence;

/// The judgement in a sentence.
pub(super) fn headline(report: &GateReport<'_>) -> Sentence {
    let judgement = report.judgement;
    let first_of = |decision: Decision, what: &str| {
        let mut found = judgement.of(decision);
        let first = found.next().map(|check| sentence(check, report.compares))?;
        Some(and_more(first, found.count(), ["rule", "rules"], what))
    };
    let decided = match judgement.decision {
        Decision::Fail => first_of(Decision::Fail, "failed"),
        Decision::Pass => {
            let passed = judgement.of(Decision::Pass).count();
            let kept = if passed == 1 { "is kept" } else { "are kept" };
            Some(Sentence::new(format!("{} {kept}", counted(passed as u64, "rule", "rules"))))
        }
        Decision::Inconclusive => match &judgement.refusals[..] {
            [first, others @ ..] => {
                Some(and_more(refusal(first), others.len(), ["reason", "reasons"], ""))
            }
            [] => first_of(Decision::Inconclusive, "undecided"),
        },
    };
    decided.unwrap_or_else(|| Sentence::new("no rule was asked for"))
}

fn and_more(told: Sentence, more: usize, [one, many]: [&str; 2], what: &str) -> Sentence {
    if more == 0 {
        return told;
    }
    let what = format!("{} more {what}", counted(more as u64, one, many));
    told.own(format!(" (and {})", what.trim_end()))
}
