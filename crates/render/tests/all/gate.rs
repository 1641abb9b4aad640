//! Judgements, from the outside: hand-made measurements in, what people and machines read out.

use std::collections::BTreeMap;

use plimsoll_analysis::gate::judge;
use plimsoll_analysis::gate::judge::{Judgement, Rules};
use plimsoll_analysis::gate::sample::{Measured, Sample, Window};
use plimsoll_analysis::gate::threshold::Threshold;
use plimsoll_analysis::{Class, VerdictKind};
use plimsoll_model::{Nanos, Rate};
use plimsoll_render::gate::{GateReport, annotations, json, junit, markdown, outputs, text};
use plimsoll_render::text::TextStyle;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use serde_json::Value;

use crate::hostile::outside_of_code;

/// A chain of a minute at 100/s.
fn chain(name: &str, failures: u64) -> Sample {
    let window = |_| Window {
        span: Nanos(1_000_000_000),
        requests: 100,
        successes: 100 - failures,
        ..Window::default()
    };
    Sample {
        chain: name.to_owned(),
        requests: 6_000,
        successes: 6_000 - 60 * failures,
        offered: Some(Rate(100.0)),
        verdict: VerdictKind::Healthy,
        headline: format!("{name} is well"),
        errors: [(Class::Http5xx, 60 * failures)].into_iter().filter(|one| one.1 > 0).collect(),
        windows: (0..60).map(window).collect(),
        ..Sample::default()
    }
}

fn run(name: &str, chains: Vec<Sample>) -> Vec<Measured> {
    vec![Measured { name: name.to_owned(), chains, ..Measured::default() }]
}

/// Judges, and hands over the report.
fn told<T>(
    new: &[Measured],
    old: &[Measured],
    rules: &Rules,
    tell: impl Fn(&GateReport<'_>) -> T,
) -> T {
    let judgement: Judgement = judge(new, old, &[], rules);
    let names = |runs: &[Measured]| runs.iter().map(|run| run.name.clone()).collect();
    tell(&GateReport {
        judgement: &judgement,
        rules,
        candidate: names(new),
        baseline: names(old),
        history: 0,
        compares: false,
        accepts_inconclusive: false,
        notes: Vec::new(),
        version: "0.0.0",
    })
}

/// Names that mean something to a terminal, to Markdown, to XML and to GitHub's runner.
const HOSTILE: [&str; 4] = [
    "a\n::error::injected%0A,b:c",
    "]]><script x=\"1\">&amp;",
    "|`x` @octocat \u{1b}[31m\u{202e}",
    "\u{0}\u{8}::set-output name=decision::pass",
];

fn hostile<T>(tell: impl Fn(&GateReport<'_>) -> T) -> T {
    let chains = |failures: u64| HOSTILE.iter().map(|name| chain(name, failures)).collect();
    let mut rules = Rules { margin: 0.001, ..Rules::default() };
    rules.thresholds.push(Threshold::parse("errors{chain:\"a<b>&'\n%\"}: count<1").unwrap());
    told(&run(HOSTILE[0], chains(3)), &run(HOSTILE[2], chains(0)), &rules, tell)
}

#[test]
fn the_first_line_says_what_failed_and_by_how_much() {
    let old = run("old.json", vec![chain("eth", 0), chain("kava", 0)]);
    let new = run("new.json", vec![chain("eth", 0), chain("kava", 2)]);
    let text = told(&new, &old, &Rules::default(), |report| text(report, &TextStyle::default()));
    insta::assert_snapshot!("gate_failed", text);
    let markdown = told(&new, &old, &Rules::default(), |report| markdown(report, 60_000));
    insta::assert_snapshot!("gate_failed_markdown", markdown);
}

#[test]
fn what_is_not_comparable_says_why() {
    let mut limited = chain("kava", 2);
    limited.verdict = VerdictKind::GeneratorLimited;
    "the generator had no ports left".clone_into(&mut limited.headline);
    let old = run("old.json", vec![chain("eth", 0), chain("kava", 0)]);
    let new = run("new.json", vec![chain("eth", 0), limited]);
    let text = told(&new, &old, &Rules::default(), |report| text(report, &TextStyle::default()));
    insta::assert_snapshot!("gate_generator_limited", text);
    let gone = run("new.json", vec![chain("eth", 0)]);
    let text = told(&gone, &old, &Rules::default(), |report| {
        plimsoll_render::gate::text(report, &TextStyle::default())
    });
    insta::assert_snapshot!("gate_missing_chain", text);
}

#[test]
fn annotations_are_lines_of_the_runners_own() {
    let all = hostile(annotations);
    assert!(all.lines().count() >= 5, "{all}");
    for line in all.lines() {
        let rest = line.strip_prefix("::error title=").unwrap_or_else(|| panic!("{line}"));
        let (title, message) = rest.split_once("::").unwrap();
        assert!(!title.contains([':', ',']), "{line}");
        assert!(!message.contains('\r'));
        // Each % begins an escape of the runner's.
        for (at, _) in line.match_indices('%') {
            assert!(["%25", "%3A", "%2C", "%0A", "%0D"].contains(&&line[at..at + 3]), "{line}");
        }
    }
}

#[test]
fn annotations_are_no_more_than_a_step_may_have() {
    let many = |failures: u64| (0..40).map(|n| chain(&format!("c{n}"), failures)).collect();
    let all = told(&run("new", many(3)), &run("old", many(0)), &Rules::default(), annotations);
    assert_eq!(all.lines().count(), 10);
    assert!(all.lines().last().unwrap().contains("31 more"), "{all}");
}

#[test]
fn outputs_are_a_line_each() {
    let all = hostile(outputs);
    let keys: Vec<&str> = all.lines().map(|line| line.split_once('=').unwrap().0).collect();
    assert_eq!(keys, ["decision", "exit-code", "headline", "passed", "failed", "undecided"]);
    assert!(all.starts_with("decision=fail\nexit-code=1\n"), "{all}");
}

#[test]
fn a_steps_summary_is_bounded_whatever_there_is() {
    let name = |n: u64| format!("chain-{n}-{}", "x".repeat(200));
    let many = |failures: u64| (0..1_000).map(|n| chain(&name(n), failures)).collect();
    let (new, old) = (run("new", many(3)), run("old", many(0)));
    let mut rules = Rules::default();
    for n in 0..1_000 {
        let goal = format!("errors{{chain:{}}}: count<1", name(n));
        rules.thresholds.push(Threshold::parse(&goal).unwrap());
    }
    told(&new, &old, &rules, |report| {
        for most in [1 << 20, 60_000, 2_000, 100, 0] {
            let text = markdown(report, most);
            assert!(text.len() <= most, "{} of {most}", text.len());
        }
        let text = markdown(report, 1 << 20);
        assert!(text.contains("FAIL") && text.contains("| `chain-0-x"), "{}", &text[..300]);
        // Success, latency, a new class of errors and a goal of each.
        assert_eq!(junit(report).matches("<testcase ").count(), 4_000);
    });
}

#[test]
fn nothing_acts_on_the_terminal_or_leaves_its_code() {
    let acts = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}');
    for told in hostile(|report| {
        [
            text(report, &TextStyle::default()),
            markdown(report, 60_000),
            json(report),
            junit(report),
            annotations(report),
            outputs(report),
        ]
    }) {
        assert!(!told.contains(acts), "{told:?}");
    }
    let markdown = hostile(|report| markdown(report, 60_000));
    let outside = outside_of_code(&markdown);
    assert!(!outside.contains("octocat") && !outside.contains("<script"), "{outside}");
}

/// What Jenkins takes: `junit-10.xsd` of its xunit-plugin (commit 031e285), whose elements and attributes these are. GitLab and
/// Azure Pipelines read the same ones.
#[test]
fn junit_keeps_to_jenkins_schema() {
    type Names = &'static [&'static str];
    // Of each element its attributes, those that have to be there, and what may be in it.
    let allowed: BTreeMap<&str, (Names, Names, Names)> = [
        (
            "testsuites",
            (&["name", "time", "tests", "failures", "errors"][..], &[][..], &["testsuite"][..]),
        ),
        (
            "testsuite",
            (
                &[
                    "name",
                    "tests",
                    "failures",
                    "errors",
                    "group",
                    "time",
                    "skipped",
                    "timestamp",
                    "hostname",
                    "id",
                    "package",
                    "file",
                    "log",
                    "url",
                ],
                &["name", "tests", "failures", "errors"],
                &["testsuite", "properties", "testcase", "system-out", "system-err"],
            ),
        ),
        (
            "testcase",
            (
                &["name", "time", "classname", "group"],
                &["name"],
                &["skipped", "error", "failure", "system-out", "system-err"],
            ),
        ),
        ("failure", (&["type", "message"], &[], &[])),
        ("error", (&["type", "message"], &[], &[])),
        ("skipped", (&["type", "message"], &[], &[])),
        ("system-out", (&[], &[], &[])),
    ]
    .into();
    let limited = || {
        let mut chain = chain("kava", 2);
        chain.verdict = VerdictKind::GeneratorLimited;
        chain
    };
    let old = run("old.json", vec![chain("eth", 0), chain("kava", 0)]);
    let short = || {
        let mut chain = chain("eth", 0);
        (chain.requests, chain.successes) = (40, 40);
        chain.windows.truncate(1);
        chain.offered = None;
        chain
    };
    let documents = [
        hostile(junit),
        told(&run("n", vec![chain("eth", 0), limited()]), &old, &Rules::default(), junit),
        told(&run("n", vec![short(), chain("kava", 0)]), &old, &Rules::default(), junit),
        told(&run("n", vec![short(), chain("kava", 0)]), &old, &Rules::default(), |report| {
            junit(&GateReport { accepts_inconclusive: true, ..report.clone() })
        }),
    ];
    for document in &documents {
        let mut open: Vec<String> = Vec::new();
        let mut counted: BTreeMap<String, usize> = BTreeMap::new();
        let mut reader = Reader::from_str(document);
        let check = |tag: &BytesStart<'_>, parent: Option<&String>| {
            let name = String::from_utf8(tag.name().as_ref().to_vec()).unwrap();
            let (attributes, required, _) =
                allowed.get(name.as_str()).unwrap_or_else(|| panic!("<{name}>"));
            let found: Vec<String> = tag
                .attributes()
                .map(|one| String::from_utf8(one.unwrap().key.as_ref().to_vec()).unwrap())
                .collect();
            for key in &found {
                assert!(attributes.contains(&key.as_str()), "<{name} {key}>\n{document}");
            }
            assert!(required.iter().all(|key| found.iter().any(|one| one == key)), "<{name}>");
            match parent {
                Some(parent) => assert!(
                    allowed[parent.as_str()].2.contains(&name.as_str()),
                    "<{parent}><{name}>"
                ),
                None => assert_eq!(name, "testsuites"),
            }
            name
        };
        loop {
            match reader.read_event().unwrap() {
                Event::Start(tag) => {
                    let name = check(&tag, open.last());
                    *counted.entry(name.clone()).or_default() += 1;
                    open.push(name);
                }
                Event::Empty(tag) => {
                    *counted.entry(check(&tag, open.last())).or_default() += 1;
                }
                Event::End(_) => drop(open.pop()),
                Event::Eof => break,
                _ => {}
            }
        }
        assert!(open.is_empty());
        let root = document.split('>').find(|part| part.contains("<testsuites")).unwrap();
        for (attribute, element) in
            [("tests", "testcase"), ("failures", "failure"), ("errors", "error")]
        {
            let count = counted.get(element).copied().unwrap_or(0);
            assert!(root.contains(&format!(" {attribute}=\"{count}\"")), "{root}: {counted:?}");
        }
    }
    assert!(
        documents[2].contains("<error ") && documents[3].contains("<skipped "),
        "{}",
        documents[3]
    );
}

#[test]
fn json_follows_its_schema() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/plimsoll.gate.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    let valid = |text: String| {
        let value: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> =
            schema.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}\n{text}");
    };
    valid(hostile(json));
    valid(hostile(|report| plimsoll_render::gate::comparisons(std::slice::from_ref(report))));
    let old = run("old.json", vec![chain("eth", 0), chain("gone", 0)]);
    valid(told(&run("new.json", vec![chain("eth", 0)]), &old, &Rules::default(), json));
}
