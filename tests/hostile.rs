//! Texts that somebody else chose: they neither act on a terminal or a page, nor carry credentials along.

use crate::recipe::{Result, SECOND, START, lines, run};
use crate::util::Dir;

pub(crate) const FORMATS: [&str; 5] = ["text", "json", "markdown", "vegeta", "vegeta-json"];

const TEXTS: [&str; 6] = [
    "\u{1b}[31mred\u{1b}]0;title\u{7}",
    "<script>alert(1)</script>",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png) @octocat #1",
    "a|b\n| c | d |\n# heading",
    "\u{202e}txt.exe \u{9b}2J",
];

fn hostile() -> Vec<Result> {
    let mut results = Vec::new();
    for (index, text) in (0..).zip(TEXTS) {
        let first = Result {
            attack: format!("attack {text}"),
            at: START + index * 10 * SECOND,
            code: 0,
            error: format!("Get \"http://h\": error {text}"),
            method: format!("GET{text}"),
            url: format!("http://host{index}.example/path{text}"),
            ..Result::default()
        };
        results.extend(run(&first, 20, SECOND / 100));
    }
    results
}

#[test]
fn no_text_acts_on_a_terminal_or_a_page() {
    let dir = Dir::new();
    dir.write("hostile.json", lines(&hostile()));
    dir.write("name \u{1b}[2J<script>.json", lines(&hostile()));
    for by in ["attack", "host", "path", "url", "file", "method"] {
        for format in FORMATS {
            let output = dir.analyze().args(["*.json", "--group-by", by, "--format", format]).run();
            assert_eq!(output.code, Some(0), "{by}, {format}");
            for text in [&output.stdout, &output.stderr] {
                for c in ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\r'] {
                    assert!(!text.contains(c), "{by}, {format}: {c:?} in {text}");
                }
            }
            if format == "markdown" {
                assert_no_markup(&output.stdout);
            }
        }
    }
}

/// Outside of code nothing of the hostile texts may stand.
fn assert_no_markup(markdown: &str) {
    for line in markdown.lines() {
        let outside: String = line.split('`').step_by(2).collect();
        for word in ["<script", "](", "@octocat", "evil"] {
            assert!(!outside.contains(word), "{word} stands outside of code in {line}");
        }
        assert!(!line.starts_with("# heading"), "{line}");
    }
}

#[test]
fn standard_error_shows_no_raw_text() {
    let dir = Dir::new();
    let name = "gar\u{1b}[31mbage.bin";
    dir.write(name, "no result at all \u{1b}[2J\n");
    for args in [&[name][..], &["missing\u{1b}[31m.gob"], &["--group-by", "x\u{1b}[31m", name]] {
        let output = dir.analyze().args(args).run();
        assert_eq!(output.code, Some(2), "{args:?}");
        assert!(!output.stderr.contains('\u{1b}'), "{args:?}: {:?}", output.stderr);
    }
}

#[test]
fn no_credential_in_any_format() {
    let dir = Dir::new();
    let url = "https://user:hunter2secret@rpc.example/v3/0123456789abcdef0123456789abcdef/x?apikey=QWERTY42&n=1";
    let texts = [
        format!("Post \"{url}\": EOF"),
        "rejected: Authorization: Bearer QWERTY42.token".to_owned(),
        "invalid api_key=QWERTY42 in request".to_owned(),
        "proxyconnect tcp: dial https://user:hunter2secret@proxy.example: refused".to_owned(),
    ];
    let mut results = Vec::new();
    for (index, error) in (0..).zip(texts) {
        let first = Result {
            attack: format!("attack https://user:hunter2secret@h/?apikey=QWERTY42 {index}"),
            at: START + index * 10 * SECOND,
            code: 0,
            error,
            url: url.to_owned(),
            ..Result::default()
        };
        results.extend(run(&first, 20, SECOND / 100));
    }
    let text = lines(&results);
    // A damaged line is told of, but not quoted with what is in it.
    dir.write("run.json", format!("{text}{}\n", &results[0].line()[..250]));
    let groupings = [&[][..], &["attack"], &["host"], &["path:4"], &["url"]]
        .map(|by| (by, by.first().copied()));
    for (_, by) in groupings {
        for format in FORMATS {
            let by = by.iter().flat_map(|by| ["--group-by", by]);
            let output = dir.analyze().args(["run.json", "--format", format]).args(by).run();
            assert_eq!(output.code, Some(3));
            for credential in ["hunter2secret", "QWERTY42", "0123456789abcdef"] {
                for text in [&output.stdout, &output.stderr] {
                    assert!(!text.contains(credential), "{format}: {credential} in\n{text}");
                }
            }
        }
    }
}

/// Unique error texts, however many, take a bounded page.
#[test]
fn unique_errors_are_folded() {
    let dir = Dir::new();
    let mut results = run(&Result { code: 0, ..Result::default() }, 5_000, SECOND / 1_000);
    for (index, result) in results.iter_mut().enumerate() {
        result.error = match index % 2 {
            0 => format!(
                "dial tcp 10.1.2.3:{}->10.0.0.1:443: connect: connection refused",
                1_024 + index
            ),
            // Nothing in common but their number.
            _ => format!(
                "x{}",
                "abcdefghij"
                    .chars()
                    .cycle()
                    .skip(index)
                    .step_by(3)
                    .take(index % 977)
                    .collect::<String>()
            ),
        };
    }
    dir.write("run.json", lines(&results));
    let answer = dir.analyze().arg("run.json").json();
    let errors = answer["total"]["errors"].as_array().unwrap();
    assert!(errors.len() <= 512 + 2, "{}", errors.len());
    let count: u64 = errors.iter().map(|error| error["count"].as_u64().unwrap()).sum();
    assert_eq!(count, 5_000);
    assert_eq!(errors[0]["count"], 2_500);
    let text = dir.analyze().arg("run.json").env("COLUMNS", "120").answer();
    assert!(text.lines().count() < 100, "{text}");
}

/// What a body says is somebody else's text too.
#[test]
fn messages_of_json_rpc_errors_are_masked_and_harmless() {
    let dir = Dir::new();
    let message = "\u{1b}[31m<script>alert(1)</script> [a](https://evil.example) no plan for 4f9a1c7e2b8d0356a4e1 at https://h/v3/0123456789abcdef";
    let body = serde_json::json!({ "error": { "code": -32000, "message": message } }).to_string();
    dir.write("run.json", lines(&run(&Result { body, ..Result::default() }, 40, SECOND / 100)));
    for format in FORMATS {
        let shown = dir.analyze().args(["run.json", "--format", format]).answer();
        for credential in ["4f9a1c7e2b8d0356a4e1", "0123456789abcdef", "\u{1b}"] {
            assert!(!shown.contains(credential), "{format}: {credential} in\n{shown}");
        }
        if format == "markdown" {
            assert_no_markup(&shown);
        }
    }
}

#[test]
fn credentials_are_shown_to_who_asks_for_them() {
    let dir = Dir::new();
    let url = "https://user:hunter2@rpc.example/v3/0123456789abcdef?key=QWERTY42";
    let first = Result {
        code: 0,
        error: format!("Post \"{url}\": EOF"),
        url: url.to_owned(),
        ..Result::default()
    };
    dir.write("run.json", lines(&run(&first, 40, SECOND / 100)));
    let masked = dir.analyze().args(["run.json", "--group-by", "url"]).json();
    let shown = dir.analyze().args(["run.json", "--group-by", "url", "--show-secrets"]).json();
    assert_eq!(
        masked["chains"].as_object().unwrap().keys().next().unwrap(),
        "https://***@rpc.example/v3/***"
    );
    let name = shown["chains"].as_object().unwrap().keys().next().unwrap();
    assert_eq!(name, "https://user:hunter2@rpc.example/v3/0123456789abcdef");
    assert_eq!(shown["total"]["errors"][0]["example"], format!("Post \"{url}\": EOF"));
}
