//! What GitHub's runner reads: annotations and outputs.

use std::fmt::Write;

use plimsoll_analysis::gate::judge::Decision;

use super::headline::headline;
use super::words::{refusal, rule, sentence};
use super::{GateReport, label};
use crate::escape::{shortened, visible};

/// Annotations of a kind that a step can have; what is beyond is not shown.
const MOST: usize = 10;

/// Characters of a message that are shown.
const LONGEST: usize = 1_000;

/// `::error` for each broken rule and `::warning` for each that is undecided, a line each, within what a step may have.
///
/// In messages `%` and line ends are escaped, in properties `:` and `,`, too (`toolkit`, `packages/core/src/command.ts`).
#[must_use]
pub fn annotations(report: &GateReport<'_>) -> String {
    let judgement = report.judgement;
    let failed = judgement.of(Decision::Fail).map(|check| (rule(check), sentence(check, false)));
    let failed: Vec<_> = failed.collect();
    let refused = judgement.refusals.iter().map(|one| ("not compared".to_owned(), refusal(one)));
    let undecided =
        judgement.of(Decision::Inconclusive).map(|check| (rule(check), sentence(check, false)));
    let undecided: Vec<_> = refused.chain(undecided).collect();
    let mut out = String::new();
    for (level, all) in [("error", failed), ("warning", undecided)] {
        let shown = if all.len() > MOST { MOST - 1 } else { all.len() };
        for (rule, told) in all.iter().take(shown) {
            let title = property(&format!("Load test gate: {rule}"));
            let _ = writeln!(out, "::{level} title={title}::{}", message(&told.raw()));
        }
        if all.len() > shown {
            let more = format!("{} more: see the step's summary", all.len() - shown);
            let title = property("Load test gate");
            let _ = writeln!(out, "::{level} title={title}::{}", message(&more));
        }
    }
    if judgement.decision == Decision::Pass {
        let told = message(&headline(report).raw());
        let _ = writeln!(out, "::notice title={}::{told}", property("Load test gate: PASS"));
    }
    out
}

/// `KEY=VALUE` lines for `$GITHUB_OUTPUT`.
#[must_use]
pub fn outputs(report: &GateReport<'_>) -> String {
    let judgement = report.judgement;
    let count = |decision| judgement.of(decision).count();
    format!(
        "decision={}\nexit-code={}\nheadline={}: {}\npassed={}\nfailed={}\nundecided={}\n",
        judgement.decision.name(),
        report.exit_code(),
        label(judgement.decision),
        one_line(&headline(report).raw()),
        count(Decision::Pass),
        count(Decision::Fail),
        count(Decision::Inconclusive),
    )
}

/// Nothing in it begins a line of its own.
fn one_line(text: &str) -> String {
    shortened(&visible(text), LONGEST).into_owned()
}

fn message(text: &str) -> String {
    // Line ends are visible escapes already; what is left is what the runner gives a meaning to.
    one_line(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `packages/core/__tests__/command.test.ts` of actions/toolkit: `%` first, then line ends; `:` and `,` in properties.
    #[test]
    fn what_the_runner_gives_a_meaning_to_is_escaped() {
        assert_eq!(message("a%b: c, d"), "a%25b: c, d");
        assert_eq!(property("a%b: c, d"), "a%25b%3A c%2C d");
        assert_eq!(message("x\r\n::error::y%0A"), "x\\r\\n::error::y%250A");
        assert_eq!(property("::set-output name=x::y"), "%3A%3Aset-output name=x%3A%3Ay");
    }
}
