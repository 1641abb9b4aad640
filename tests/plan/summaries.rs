//! Plans from summaries, which have been judged.

use super::refusals::summary;
use super::{HARD, plan};
use crate::util::Dir;

#[test]
fn a_summary_takes_other_instances() {
    let dir = Dir::new();
    let file = summary(&dir, |_| {});
    let busy = |config: &str| {
        let answer = plan(&dir, config).arg(&file).json();
        answer["pools"][0]["busy_instances"].as_f64().unwrap()
    };
    let two = HARD.replacen("[chains.hard]", "[chains.hard]\ninstances_under_test = 2", 1);
    assert_ne!(two, HARD);
    assert!((busy(&two) - 2.0 * busy(HARD)).abs() < 1e-9, "each carries half of it");
}

/// It was judged by 200 ms and 99 %.
#[test]
fn a_summary_takes_no_other_goal() {
    let dir = Dir::new();
    let file = summary(&dir, |_| {});
    for typed in [["--slo", "latency=25ms"], ["--set", "slo.latency_ms=25"]] {
        let said = plan(&dir, HARD).args(typed).arg(&file).run();
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{typed:?}");
        for part in
            [typed[1].split('=').next().unwrap(), "summary", "within 200 ms", "within 25.0 ms"]
        {
            let part = if part == "latency" { "--slo" } else { part };
            assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
        }
    }
    // The same goal in other words is the same.
    for typed in [["--slo", "latency=0.2s"], ["--set", "slo.good_ratio_min=0.99"]] {
        plan(&dir, HARD).args(typed).arg(&file).answer();
    }
    // The file's goal is told, as it may be that of other results.
    let other = HARD.replacen("latency_ms = 200", "latency_ms = 500", 1);
    let answer = plan(&dir, &other).arg(&file).json();
    let warning = answer["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("plimsoll.toml:1:2: [slo] asks for "), "{warning}");
    assert!(warning.contains("within 500 ms") && warning.contains("within 200 ms"), "{warning}");
    assert_eq!(answer["goal"], "99 % good within 200 ms, 99 % accepted");
    // What is typed makes up for it.
    let set = ["--set", "slo.latency_ms=200"];
    let answer = plan(&dir, &other).args(set).arg(&file).json();
    assert_eq!(answer["warnings"], serde_json::json!([]));
}

#[test]
fn a_summary_is_not_counted_anew() {
    let dir = Dir::new();
    let file = summary(&dir, |_| {});
    for typed in [
        &["--from", "2026-01-01T00:00:00Z"][..],
        &["--to", "2026-01-01T00:00:00Z"],
        &["--skip", "10s"],
        &["--rate", "500"],
        &["--group-by", "host"],
        &["--success-codes", "200"],
        &["--set", "measure.window_s=5"],
        &["--set", "chains.hard.match.attack=x"],
    ] {
        let said = plan(&dir, HARD).args(typed).arg(&file).run();
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{typed:?}");
        let names_it = said.stderr.contains(typed[0]) && said.stderr.contains("is a summary");
        assert!(names_it, "{}", said.stderr);
        // Nor is anything counted where all is written down.
        let written = format!("{HARD}capacity_rps = 5\n");
        let said = plan(&dir, &written).args(typed).run();
        assert_eq!(said.code, Some(2), "{typed:?}");
        assert!(said.stderr.contains("no results are read"), "{}", said.stderr);
    }
    // The ports of a test's hosts are no matter of judging.
    plan(&dir, HARD).args(["--set", "measure.ports.source_ips=2"]).arg(&file).answer();
}
