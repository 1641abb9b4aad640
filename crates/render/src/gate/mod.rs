//! A gate's judgement in words: text, Markdown, `plimsoll.gate/1`, JUnit XML, GitHub's annotations and outputs.

mod github;
mod headline;
mod json;
mod junit;
mod lines;
mod markdown;
mod measured;
mod text;
mod words;

use plimsoll_analysis::gate::judge::{Decision, Judgement, Rules};

pub use github::{annotations, outputs};
pub use json::{comparisons, render as json};
pub use junit::render as junit;
pub use markdown::render as markdown;
pub use measured::{measured, read_measured};
pub use text::render as text;

/// All that is told of a judgement.
#[derive(Clone, Debug)]
pub struct GateReport<'a> {
    /// The judgement.
    pub judgement: &'a Judgement,
    /// What was asked for.
    pub rules: &'a Rules,
    /// The names of the candidate's measurements.
    pub candidate: Vec<String>,
    /// The names of the baseline's; none where there is none.
    pub baseline: Vec<String>,
    /// How many measurements the history has.
    pub history: usize,
    /// Whether people are to compare, and nothing is failed.
    pub compares: bool,
    /// What an inconclusive judgement ends with: 3, or 0 where that is accepted.
    pub accepts_inconclusive: bool,
    /// What there is to know before believing it.
    pub notes: Vec<String>,
    /// Plimsoll's version.
    pub version: &'a str,
}

impl GateReport<'_> {
    /// What the process ends with.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.judgement.decision {
            Decision::Pass => 0,
            Decision::Fail => 1,
            Decision::Inconclusive => {
                if self.accepts_inconclusive {
                    0
                } else {
                    3
                }
            }
        }
    }
}

/// How a decision is shown.
fn label(decision: Decision) -> &'static str {
    match decision {
        Decision::Pass => "PASS",
        Decision::Fail => "FAIL",
        Decision::Inconclusive => "INCONCLUSIVE",
    }
}
