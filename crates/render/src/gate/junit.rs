//! JUnit XML, as CI systems read it: a suite for each chain, a case for each rule.

use std::collections::BTreeMap;

use plimsoll_analysis::gate::judge::{Check, Decision};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::GateReport;
use super::headline::headline;
use super::words::{refusal, refusal_kind, rule, sentence};
use crate::escape::visible;

/// The suite of what is of no chain.
const ALL: &str = "all chains";

/// The judgement as JUnit XML.
///
/// A rule that is broken is a failure; one that is undecided is an error, or skipped where that is accepted; one that is only
/// told passes. Why nothing is compared is an error of a suite of its own.
///
/// # Panics
/// If memory runs out.
#[must_use]
pub fn render(report: &GateReport<'_>) -> String {
    let judgement = report.judgement;
    let mut suites: BTreeMap<&str, Vec<TestCase>> = BTreeMap::new();
    for check in &judgement.checks {
        let chain = check.chain.as_deref().unwrap_or(ALL);
        suites.entry(chain).or_default().push(case(check, chain, report));
    }
    let mut junit = Report::new("plimsoll gate");
    if !judgement.refusals.is_empty() || judgement.checks.is_empty() {
        let mut suite = TestSuite::new("comparability");
        for one in &judgement.refusals {
            let name = format!("{}: {}", refusal_kind(one), visible(&refusal(one).raw()));
            suite.add_test_case(undecided(name, "comparability", &refusal(one).raw(), report));
        }
        if judgement.checks.is_empty() && judgement.refusals.is_empty() {
            let told = headline(report).raw();
            suite.add_test_case(undecided("rules".to_owned(), "comparability", &told, report));
        }
        junit.add_test_suite(suite);
    }
    for (chain, cases) in suites {
        let mut suite = TestSuite::new(visible(chain).into_owned());
        suite.add_test_cases(cases);
        junit.add_test_suite(suite);
    }
    let xml = junit.to_string().expect("writing to memory fails only without any");
    // The schema of Jenkins (xunit-plugin, `junit-10.xsd`) has this for suites, and not for all of them together.
    let (before, after) = xml.split_once(" skipped=\"").unwrap_or((&xml, "\""));
    [before, after.split_once('"').map_or("", |(_, rest)| rest)].concat()
}

fn case(check: &Check, chain: &str, report: &GateReport<'_>) -> TestCase {
    let name = visible(&rule(check)).into_owned();
    let told = visible(&sentence(check, false).raw()).into_owned();
    match check.decision {
        Decision::Fail if check.gates => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(told.as_str()).set_type("gate");
            status.set_description(told);
            classed(TestCase::new(name, status), chain)
        }
        Decision::Inconclusive if check.gates => undecided(name, chain, &told, report),
        _ => {
            let mut case = classed(TestCase::new(name, TestCaseStatus::success()), chain);
            case.set_system_out(told);
            case
        }
    }
}

fn undecided(name: String, chain: &str, told: &str, report: &GateReport<'_>) -> TestCase {
    let told = visible(told);
    let mut status = if report.accepts_inconclusive {
        TestCaseStatus::skipped()
    } else {
        TestCaseStatus::non_success(NonSuccessKind::Error)
    };
    status.set_message(&*told).set_type("inconclusive");
    if !report.accepts_inconclusive {
        status.set_description(&*told);
    }
    classed(TestCase::new(name, status), chain)
}

fn classed(mut case: TestCase, chain: &str) -> TestCase {
    case.set_classname(format!("plimsoll.gate.{}", visible(chain)));
    // No rule takes time; readers of the format expect one to be told.
    case.set_time(std::time::Duration::ZERO);
    case
}
