//! A fleet in words: text and Markdown for people, `plimsoll.plan/1` for machines.

pub(crate) mod answer;
mod breaking;
mod chains;
pub(crate) mod costs;
mod explain;
mod fleet;
mod generators;
mod growth;
mod json;
mod markdown;
pub(crate) mod parts;
mod queueing;
mod sensitivity;
mod text;
mod what_if;
pub(crate) mod words;

use plimsoll_analysis::plan::Plan;
use plimsoll_analysis::plan::basis::Measured;
use plimsoll_analysis::plan::generators::Strategy;
use plimsoll_model::Rate;

pub use json::render as json;
pub use markdown::render as markdown;
pub use text::render as text;
pub use words::per_second;

/// The plan in a sentence, without characters that act on a terminal.
#[must_use]
pub fn headline(report: &PlanReport<'_>) -> String {
    answer::headline(report.plan).text()
}

/// All that is told of a plan.
#[derive(Clone, Debug)]
pub struct PlanReport<'a> {
    /// The plan; with what was changed on the command line.
    pub plan: &'a Plan,
    /// What it would be without that, and what was changed.
    pub what_if: Option<WhatIf<'a>>,
    /// What is known of each chain, in the order of the plan's.
    pub chains: Vec<ChainBasis>,
    /// What the plan takes for granted, and where it is from.
    pub settings: Vec<Setting>,
    /// The inputs that were read.
    pub inputs: Vec<String>,
    /// What a good answer is, in words; empty where nothing was measured.
    pub goal: String,
    /// How the load of a test at the target would be made.
    pub test: Option<TestPlan>,
    /// What there is to know before believing it.
    pub notes: Vec<String>,
    /// Whether each figure is to be traced.
    pub explain: bool,
    /// Plimsoll's version.
    pub version: &'a str,
}

/// The plan without what was changed.
#[derive(Clone, Debug)]
pub struct WhatIf<'a> {
    /// The plan as the configuration has it; or why there is none.
    pub base: Result<&'a Plan, String>,
    /// Each key that was changed: what it was, if it was given, and what it is.
    pub changed: Vec<(String, Option<String>, String)>,
}

/// Something that the plan takes for granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key of the configuration.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Where that was given; `None` for a default.
    pub place: Option<String>,
}

/// What is known of a chain beside its target.
#[derive(Clone, Debug)]
pub struct ChainBasis {
    /// Where its capacity is from.
    pub capacity: CapacityBasis,
    /// Where the bytes of its answers are from.
    pub egress: Origin,
    /// Where its target was given.
    pub target_place: String,
    /// What set its limit in the test, where there was one.
    pub limit: Option<Limit>,
}

/// Where a capacity is from.
#[derive(Clone, Debug)]
pub enum CapacityBasis {
    /// Somebody wrote it down.
    Written {
        /// Where.
        place: String,
    },
    /// It was measured.
    Measured {
        /// What was found; of the mix, where it is that of a mix.
        found: Measured,
        /// In which inputs.
        from: String,
        /// Whether it is what all chains sustain together, in the mix that was measured.
        of_mix: bool,
        /// Of a mix, the chain that gives way first.
        limited_by: Option<String>,
    },
}

/// Where a figure of a chain is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was given.
    Given {
        /// Where.
        place: String,
    },
    /// It was measured: so many bytes in so many answers.
    Measured {
        /// Bytes of accepted answers.
        bytes: u64,
        /// Accepted answers.
        answers: u64,
    },
    /// The recording has no bytes.
    NotRecorded,
    /// Nobody said.
    Unknown,
}

/// What set a chain's limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Who, by the name used in JSON.
    pub verdict: String,
    /// That in a sentence.
    pub headline: String,
    /// The evidence.
    pub because: Vec<String>,
}

/// How the load of a test is made.
#[derive(Clone, Debug)]
pub struct TestPlan {
    /// What makes it.
    pub tool: &'static str,
    /// What was assumed of a host and of a request, in words.
    pub assumptions: Vec<String>,
    /// Why raised limits are of no use, where they are not, in words.
    pub untuned: Option<String>,
    /// The ways to make it.
    pub ways: Vec<TestWay>,
}

/// A way to make the load of a test.
#[derive(Clone, Debug)]
pub struct TestWay {
    /// How many hosts, at which rate, for how long.
    pub strategy: Strategy,
    /// The most that one such host sends, by what limits it; the tightest first.
    pub limits: Vec<(&'static str, Rate)>,
    /// Commands to run on each host beforehand.
    pub preparation: Vec<String>,
    /// The commands of each host, of the first that are shown.
    pub commands: Vec<Vec<String>>,
}
