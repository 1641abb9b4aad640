use plimsoll_model::{Rate, Timestamp};

use super::*;
use crate::VerdictKind;
use crate::gate::sample::{Latency, Window};

/// A run of a minute at 300/s, of which some fail in each second.
fn chain(name: &str, failures: impl Fn(u64) -> u64) -> Sample {
    let window = |second: u64| Window {
        start: Some(Timestamp(i64::try_from(second).unwrap() * 1_000_000_000)),
        span: Nanos(1_000_000_000),
        requests: 300,
        successes: 300 - failures(second),
        ..Window::default()
    };
    let windows: Vec<Window> = (0..60).map(window).collect();
    let successes = windows.iter().map(|window| window.successes).sum();
    let blocks = (0..12).map(|number: u64| LatencyBlock {
        counts: vec![(Nanos(10_000_000 + number % 2), 1_480), (Nanos(50_000_000), 20)],
        ..LatencyBlock::default()
    });
    Sample {
        chain: name.to_owned(),
        requests: 18_000,
        successes,
        offered: Some(Rate(300.0)),
        verdict: VerdictKind::Healthy,
        errors: [(Class::Http5xx, 18_000 - successes)]
            .into_iter()
            .filter(|one| one.1 > 0)
            .collect(),
        windows,
        success_latency: Latency { count: successes, ..Latency::default() },
        latency_blocks: blocks.collect(),
        ..Sample::default()
    }
}

fn run(chains: Vec<Sample>) -> Vec<Measured> {
    vec![Measured { chains, ..Measured::default() }]
}

fn even(second: u64) -> u64 {
    u64::from(second.is_multiple_of(3))
}

#[test]
fn the_same_build_passes() {
    let one = run(vec![chain("a", even), chain("b", |_| 0)]);
    let found = judge(&one, &one, &[], &Rules::default());
    assert_eq!(found.decision, Decision::Pass, "{found:?}");
    assert_eq!(found.questions, 2);
}

#[test]
fn the_chain_that_is_worse_fails_and_no_other() {
    let old = run(vec![chain("a", even), chain("b", even)]);
    let new = run(vec![chain("a", even), chain("b", |second| 6 + even(second))]);
    let found = judge(&new, &old, &[], &Rules::default());
    assert_eq!(found.decision, Decision::Fail);
    let failed: Vec<_> = found.of(Decision::Fail).map(|check| check.chain.as_deref()).collect();
    assert_eq!(failed, [Some("b")]);
}

#[test]
fn a_margin_of_its_own_lets_a_chain_be_worse() {
    let old = run(vec![chain("a", even)]);
    let new = run(vec![chain("a", |second| 6 + even(second))]);
    let rules = Rules { margins: [("a".to_owned(), 0.05)].into(), ..Rules::default() };
    assert_eq!(judge(&new, &old, &[], &rules).decision, Decision::Pass);
}

#[test]
fn bursts_are_not_taken_for_many_failures() {
    let old = run(vec![chain("a", even)]);
    let new = run(vec![chain("a", |second| if second == 30 { 250 } else { even(second) })]);
    assert_eq!(judge(&new, &old, &[], &Rules::default()).decision, Decision::Inconclusive);
    let rules = Rules { use_design_effect: false, ..Rules::default() };
    assert_eq!(judge(&new, &old, &[], &rules).decision, Decision::Fail);
}

#[test]
fn an_absolute_goal_is_a_rule_of_its_own() {
    let old = run(vec![chain("a", |_| 9)]);
    let rules = Rules { success_min: Some(0.995), ..Rules::default() };
    let found = judge(&old, &old, &[], &rules);
    assert_eq!(found.decision, Decision::Fail);
    assert!(matches!(found.of(Decision::Fail).next().unwrap().found, Found::Floor(_)));
    let found = judge(&run(vec![chain("a", even)]), &[], &[], &rules);
    assert_eq!(found.decision, Decision::Pass);
}

#[test]
fn a_generator_at_its_limit_leaves_nothing_to_say() {
    let mut chains = vec![chain("a", |_| 100)];
    chains[0].verdict = VerdictKind::GeneratorLimited;
    let rules = Rules { success_min: Some(0.995), ..Rules::default() };
    for baseline in [run(vec![chain("a", even)]), Vec::new()] {
        let found = judge(&run(chains.clone()), &baseline, &[], &rules);
        assert_eq!(found.decision, Decision::Inconclusive);
        assert_eq!(found.refusals.len(), 1);
    }
}

#[test]
fn what_is_not_comparable_still_may_miss_a_goal() {
    let old = run(vec![chain("a", even), chain("gone", even)]);
    let new = run(vec![chain("a", even)]);
    let of = |text: &str| {
        let thresholds = vec![Threshold::parse(text).unwrap()];
        judge(&new, &old, &[], &Rules { thresholds, ..Rules::default() }).decision
    };
    assert_eq!(of("success_ratio{chain:a}>=0.5"), Decision::Inconclusive);
    assert_eq!(of("success_ratio{chain:a}>=0.9999"), Decision::Fail);
    assert_eq!(of("success_ratio{chain:gone}>=0.5"), Decision::Fail);
}

#[test]
fn new_errors_are_told_and_fail_where_asked() {
    let old = run(vec![chain("a", |_| 0)]);
    let new = run(vec![chain("a", even)]);
    let found = judge(&new, &old, &[], &Rules::default());
    assert_eq!(found.decision, Decision::Pass);
    let told =
        found.checks.iter().find(|check| matches!(check.found, Found::NewErrors(_))).unwrap();
    assert!(!told.gates);
    let rules = Rules { new_error_max_ratio: Some(0.001), ..Rules::default() };
    assert_eq!(judge(&new, &old, &[], &rules).decision, Decision::Fail);
    let rules = Rules { new_error_max_ratio: Some(0.01), ..Rules::default() };
    assert_eq!(judge(&new, &old, &[], &rules).decision, Decision::Pass);
}

#[test]
fn latencies_count_where_asked() {
    let old = run(vec![chain("a", even)]);
    let mut slow = chain("a", even);
    for block in &mut slow.latency_blocks {
        block.counts = vec![(Nanos(10_000_000), 1_400), (Nanos(80_000_000), 100)];
    }
    let new = run(vec![slow]);
    assert_eq!(judge(&new, &old, &[], &Rules::default()).decision, Decision::Pass);
    let rules = Rules { latency_max_ratio: Some(1.1), ..Rules::default() };
    let found = judge(&new, &old, &[], &rules);
    assert_eq!(found.decision, Decision::Fail);
    assert_eq!(found.questions, 2);
    assert_eq!(judge(&old, &old, &[], &rules).decision, Decision::Pass);
}

#[test]
fn nothing_asked_is_nothing_said() {
    let found = judge(&run(vec![chain("a", even)]), &[], &[], &Rules::default());
    assert_eq!((found.decision, found.checks.len()), (Decision::Inconclusive, 0));
}
