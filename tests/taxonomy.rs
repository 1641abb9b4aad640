//! Failures by class: recordings whose causes are known, rules of one's own, JSON-RPC.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::recipe::{Result, SECOND, lines, run};
use crate::util::{Dir, TestCommand, fixture, names_in};

/// Requests by class, and successes as the class `success`.
fn classes(chain: &Value) -> BTreeMap<String, u64> {
    let mut classes = BTreeMap::new();
    for error in chain["errors"].as_array().unwrap() {
        let class = error["class"].as_str().unwrap();
        assert_eq!(class.split('.').next(), error["side"].as_str());
        *classes.entry(class.to_owned()).or_default() += error["count"].as_u64().unwrap();
    }
    let successes = chain["successes"].as_u64().unwrap();
    if successes > 0 {
        classes.insert("success".to_owned(), successes);
    }
    classes
}

/// `expected.json` says what a correct reading of each recording finds: see its `_about`, and ERRORS.md beside it.
#[test]
fn every_recording_gets_its_classes() {
    let text = std::fs::read_to_string(fixture("corpus/expected.json")).unwrap();
    let expected: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    let mut cases = 0;
    for (case, expected) in expected.iter().filter(|(case, _)| *case != "_about") {
        for format in ["gob", "json", "csv"] {
            let path = fixture("corpus").join(format!("{case}.{format}"));
            if !path.exists() {
                continue;
            }
            let answer = TestCommand::analyze().arg(path).json();
            let total = &answer["total"];
            assert_eq!(json!(classes(total)), expected["classes"], "{case}.{format}");
            let by_side: u64 = total["errors_by_side"]
                .as_object()
                .unwrap()
                .values()
                .map(|n| n.as_u64().unwrap())
                .sum();
            assert_eq!(by_side, total["failures"].as_u64().unwrap(), "{case}");
            cases += 1;
            // What the text hides is among the alternatives.
            let Some(hidden) = expected["truth_hidden_by_the_text"].as_str() else { continue };
            let listed = total["errors"].as_array().unwrap().iter().any(|error| {
                error["alternatives"].as_array().unwrap().iter().any(|class| class == hidden)
            });
            assert!(listed || hidden.contains('*'), "{case}: {hidden}");
        }
    }
    assert_eq!(cases, 64 + 8);
}

/// `classes.json` says what each text stands for: see SOURCE.md beside it.
#[test]
fn every_recorded_text_gets_its_class() {
    let text = std::fs::read_to_string(fixture("errors/classes.json")).unwrap();
    let expected: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    let mut recorded = Vec::new();
    for version in ["go1.22", "go1.27"] {
        for name in names_in(&fixture("errors").join(version)) {
            recorded.push(format!("{version}/{}", name.trim_end_matches(".json")));
        }
    }
    recorded.sort();
    assert_eq!(recorded, expected.keys().cloned().collect::<Vec<_>>());
    for (case, expected) in expected {
        let answer = TestCommand::analyze().arg(fixture(&format!("errors/{case}.json"))).json();
        assert_eq!(json!(classes(&answer["total"])), expected, "{case}");
    }
}

fn with_body(body: &str) -> Vec<Result> {
    run(&Result { body: body.to_owned(), ..Result::default() }, 40, SECOND / 100)
}

#[test]
fn json_rpc_errors_are_failures_unless_they_are_accepted() {
    let dir = Dir::new();
    let mut results = with_body(r#"{"jsonrpc":"2.0","id":1,"result":"0x1","error":null}"#);
    let start = results[0].clone();
    for (index, body) in [
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted"}}"#,
        " [ {\"id\":1,\"result\":1},\n{\"id\":2,\"error\" : { \"message\":\"limit exceeded\",\"code\":-32005 } } ]",
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"header not found"}}"#,
    ]
    .into_iter()
    .enumerate()
    {
        let first = Result {
            seq: 40 + index as u64 * 40,
            at: start.at + SECOND / 100 * (40 + i64::try_from(index).unwrap() * 40),
            body: body.to_owned(),
            ..Result::default()
        };
        results.extend(run(&first, 40, SECOND / 100));
    }
    dir.write("run.json", lines(&results));
    let answer = dir.analyze().arg("run.json").json();
    let expected = json!({ "success": 40, "application.rpc_error": 120 });
    assert_eq!(json!(classes(&answer["total"])), expected);
    assert_eq!(answer["total"]["http_success"]["ratio"], 1.0);
    let codes: Vec<&Value> = answer["total"]["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["rpc_code"])
        .collect();
    assert_eq!(codes, [&json!(-32000), &json!(-32005), &json!(3)]);
    assert_eq!(answer["verdict"]["kind"], "application_failure");

    dir.write("plimsoll.toml", "[rpc]\nsuccess_codes = [3]\nrate_limited_codes = [-32005]\n");
    let answer = dir.analyze().arg("run.json").json();
    let expected = json!({ "success": 80, "application.rpc_error": 40, "server.rate_limited": 40 });
    assert_eq!(json!(classes(&answer["total"])), expected);
    // vegeta knows nothing of any of this.
    let vegeta = dir.analyze().args(["run.json", "--format", "vegeta-json"]).answer();
    let vegeta: Value = serde_json::from_str(&vegeta).unwrap();
    assert_eq!((&vegeta["success"], &vegeta["errors"]), (&json!(1), &json!([])));
}

#[test]
fn an_accepted_error_hides_no_other_of_its_batch() {
    let dir = Dir::new();
    let both = r#"[{"error":{"code":3,"message":"execution reverted"}},{"error":{"code":-32603,"message":"Internal error"}}]"#;
    let accepted = r#"[{"error":{"code":3,"message":"execution reverted"}},{"result":"0x1"}]"#;
    dir.write("both.json", lines(&with_body(both)));
    dir.write("accepted.json", lines(&with_body(accepted)));
    let total = |file: &str| dir.analyze().arg(file).json()["total"].clone();
    assert_eq!(total("both.json")["errors"][0]["rpc_code"], 3);
    assert_eq!(json!(classes(&total("accepted.json"))), json!({ "application.rpc_error": 40 }));
    dir.write("plimsoll.toml", "[rpc]\nsuccess_codes = [3]\n");
    let errors = total("both.json")["errors"].clone();
    assert_eq!((&errors[0]["rpc_code"], &errors[0]["count"]), (&json!(-32603), &json!(40)));
    assert_eq!(json!(classes(&total("accepted.json"))), json!({ "success": 40 }));
}

#[test]
fn without_bodies_the_report_says_what_it_cannot_see() {
    let answer = TestCommand::analyze().arg(fixture("corpus/ok-maxbody0.gob")).json();
    let because = answer["verdict"]["because"].to_string();
    assert!(because.contains("no answer's body was recorded"), "{because}");
    assert_eq!(answer["total"]["bodies_recorded"], 0);
    let answer = TestCommand::analyze().arg(fixture("corpus/ok-eth.gob")).json();
    assert!(!answer["verdict"]["because"].to_string().contains("body"));
    assert_eq!(answer["total"]["bodies_recorded"], 400);
}

#[test]
fn rules_of_ones_own_come_first() {
    let dir = Dir::new();
    let failures = |text: &str, code| {
        let first = Result { code, error: text.to_owned(), ..Result::default() };
        lines(&run(&first, 40, SECOND / 100))
    };
    dir.write("quota.json", failures("Get \"http://h/\": quota of plan 17 used up", 0));
    dir.write("down.json", failures("503 Service Unavailable", 503));
    let classes = |file: &str| classes(&dir.analyze().arg(file).json()["total"]);
    assert_eq!(json!(classes("quota.json")), json!({ "unknown.unclassified": 40 }));
    assert_eq!(json!(classes("down.json")), json!({ "server.unavailable": 40 }));
    let verdict = &dir.analyze().arg("quota.json").json()["verdict"];
    assert_eq!(verdict["kind"], "insufficient_data");
    assert!(verdict["because"].to_string().contains("quota of plan <n> used up"), "{verdict}");
    dir.write(
        "plimsoll.toml",
        r#"
[[taxonomy]]
pattern = "QUOTA of plan <n>"
class = "server.rate_limited"
meaning = "The plan's quota is used up."
advice = "Buy another plan."
[[taxonomy]]
pattern = "^503 "
class = "application.rpc_error"
"#,
    );
    assert_eq!(json!(classes("quota.json")), json!({ "server.rate_limited": 40 }));
    assert_eq!(json!(classes("down.json")), json!({ "application.rpc_error": 40 }));
    let error = &dir.analyze().arg("quota.json").json()["total"]["errors"][0];
    assert_eq!(error["advice"], "Buy another plan.");
    // What is blanked in the template decides nothing, whichever number came first.
    dir.write("plimsoll.toml", "[[taxonomy]]\npattern = \"17\"\nclass = \"server.reset\"\n");
    assert_eq!(json!(classes("quota.json")), json!({ "unknown.unclassified": 40 }));
}

#[test]
fn a_rule_that_is_none_is_named() {
    let dir = Dir::new();
    dir.recording("ok-eth.gob");
    for (rule, expected) in [
        (
            "pattern = \"(\"\nclass = \"server.reset\"",
            "plimsoll.toml: the pattern of taxonomy rule 1 is not valid: unclosed group",
        ),
        ("pattern = \"x\"\nclass = \"server.resett\"", "server.reset"),
        ("pattern = \"x\"\nclass = \"reset\"", "server.reset"),
        ("pattern = \"x\"", "class"),
        ("pattern = \"x\"\nclass = \"server.reset\"\nregex = \"y\"", "regex"),
    ] {
        dir.write("plimsoll.toml", format!("[[taxonomy]]\n{rule}\n"));
        let output = dir.analyze().arg("ok-eth.gob").run();
        assert_eq!(output.code, Some(2), "{rule}");
        assert!(output.stderr.contains(expected), "{rule}: {}", output.stderr);
        assert!(
            output.stderr.contains("taxonomy") || output.stderr.contains("plimsoll.toml:"),
            "{}",
            output.stderr
        );
        assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
    }
}

/// Texts beyond those that are kept are counted by class all the same.
#[test]
fn what_is_folded_has_its_class() {
    let dir = Dir::new();
    let mut results = run(&Result { code: 0, ..Result::default() }, 3_000, SECOND / 1_000);
    for (index, result) in results.iter_mut().enumerate() {
        let name: String =
            format!("{index:b}").chars().map(|c| if c == '0' { 'x' } else { 'y' }).collect();
        let what = if index % 3 == 0 { "connection refused" } else { "unexpected EOF" };
        result.error = format!("dial {name}: {what}");
    }
    dir.write("run.json", lines(&results));
    let total = &dir.analyze().arg("run.json").json()["total"];
    let expected = json!({ "server.refused": 1_000, "server.closed_early": 2_000 });
    assert_eq!(json!(classes(total)), expected);
    let folded = total["errors"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|error| error["template"] == "(other errors)");
    assert_eq!(folded.count(), 2);
}
