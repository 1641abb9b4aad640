//! `analyze --report` and the demo: the files that they leave, and that these are right.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::util::{Dir, TestCommand, root};

/// All files below a directory, by their names there.
fn files_in(directory: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in directory.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let inner = files_in(&path).into_iter();
            files.extend(inner.map(|(below, content)| (format!("{name}/{below}"), content)));
        } else {
            files.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
    files
}

/// `report NAME ARGS…` of `reports/make.sh`.
fn recordings() -> Vec<(String, Vec<String>)> {
    let script = std::fs::read_to_string(root().join("reports/make.sh")).unwrap();
    let lines = script.lines().filter_map(|line| line.strip_prefix("report ")).map(|line| {
        let mut words = line.split(' ').map(str::to_owned);
        (words.next().unwrap(), words.collect())
    });
    lines.collect()
}

/// `sh reports/make.sh` makes them anew.
#[test]
fn the_reports_of_the_recordings_are_those_in_the_repository() {
    let recordings = recordings();
    assert_eq!(recordings.len(), 6);
    for (name, args) in recordings {
        let dir = Dir::new();
        let target = dir.path().join("made").display().to_string();
        let mut command = TestCommand::plimsoll().arg("analyze").args(args).into_inner();
        let output = command.args(["--report", &target]).current_dir(root()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut made = files_in(&dir.path().join("made"));
        let summary: Value = serde_json::from_str(&made.remove("summary.json").unwrap()).unwrap();
        assert_eq!(summary["schema"], "plimsoll.summary/1");
        let kept = files_in(&root().join("reports").join(&name));
        let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&made), names(&kept), "{name}");
        for (file, content) in made {
            // The command that the report tells is that of its own place.
            let content = content.replace(&target, &format!("reports/{name}"));
            let place = kept[&file].lines().zip(content.lines()).position(|(a, b)| a != b);
            assert!(content == kept[&file], "reports/{name}/{file} differs from line {place:?} on");
        }
    }
}

/// A recording of these attacks, a request every 50 ms of each, of which every fifth fails.
fn recording<'a>(attacks: impl IntoIterator<Item = &'a str>, requests: u32) -> String {
    let mut lines = String::new();
    for attack in attacks {
        for seq in 0..requests {
            let (second, milli) = (seq / 20, seq % 20 * 50);
            let failed = seq % 5 == 0;
            let record = json!({
                "attack": attack, "seq": seq, "code": if failed { 0 } else { 200 },
                "timestamp": format!("2026-11-23T08:{:02}:{:02}.{milli:03}Z", second / 60, second % 60),
                "latency": 12_000_000, "bytes_out": 10, "bytes_in": 56,
                "error": if failed { format!("{attack} broke {attack}") } else { String::new() },
                "body": null, "method": "POST", "url": format!("http://gateway/{attack}"), "headers": null,
            });
            writeln!(lines, "{record}").unwrap();
        }
    }
    lines
}

const HOSTILE: [&str; 10] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</title></script></style><svg onload=alert(1)>",
    "]]>--><!--",
    "\u{1b}[31mred\u{1b}[0m\u{7}",
    "\u{202e}gnp.exe\n\t\u{0}\u{ffff}",
    "](http://evil.example/x.png) ![x](http://evil.example)",
    "`code` | pipe",
    "../../../etc/passwd",
    "plan-growth",
];

#[test]
fn nothing_in_a_recording_becomes_markup() {
    let dir = Dir::new();
    let long = "x".repeat(5_000);
    let names = HOSTILE.into_iter().chain([long.as_str()]);
    dir.write("hostile.json", recording(names, 120));
    dir.analyze().args(["hostile.json", "--slo", "latency=200ms", "--report", "out"]).answer();
    let files = files_in(&dir.path().join("out"));
    let page = &files["report.html"];
    // Our own, and data that no browser runs.
    let data = page.matches("<script type=\"application/json\">").count();
    assert_eq!(page.matches("<script").count(), data + 1);
    assert_eq!(page.matches("</script").count(), data + 1);
    for wrong in ["<img", "<svg onload", "\u{1b}", "\u{202e}", "\u{0}"] {
        for (name, content) in &files {
            let harmless = name.ends_with(".json") || name == "report.md";
            assert!(
                !content.contains(wrong) || harmless && wrong.starts_with('<'),
                "{name}: {wrong:?}"
            );
        }
    }
    for (name, content) in &files {
        assert!(content.len() < 2_000_000, "{name}: {}", content.len());
        assert!(!name.contains("..") && name.is_ascii(), "{name}");
    }
    // Each attack has its charts, however alike the names of their files would be.
    let rates = files.keys().filter(|name| name.ends_with("-rate.svg")).count();
    assert_eq!(rates, HOSTILE.len() + 2);
}

#[test]
fn a_report_of_thousands_of_chains_is_bounded() {
    let dir = Dir::new();
    // Names that differ in a number alone would be stages of one chain.
    let letters = |number: u32| -> String {
        number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
    };
    let names: Vec<String> =
        (0..3_000).map(|number| format!("<b>{}</b>", letters(number))).collect();
    dir.write("many.json", recording(names.iter().map(String::as_str), 4));
    dir.analyze().args(["many.json", "--report", "out"]).run();
    let files = files_in(&dir.path().join("out"));
    assert!(files.len() < 200, "{}", files.len());
    assert!(files["report.html"].len() < 2_000_000, "{}", files["report.html"].len());
    assert!(files["report.md"].contains("more chains have no section of their own here"));
    let compact = dir.analyze().args(["many.json", "--format", "markdown"]).run().stdout;
    assert!(compact.chars().count() < 65_536, "{}", compact.chars().count());
}

#[test]
fn a_report_takes_the_place_of_an_older_one() {
    let dir = Dir::new();
    dir.write("eth.json", recording(["eth", "boba"], 60));
    let config = dir.write("plimsoll.toml", "[chains.kava]\ntarget_rps = 100\ncapacity_rps = 50\n");
    dir.analyze().args(["eth.json", "--report", "out"]).run();
    let before = files_in(&dir.path().join("out"));
    assert!(before.contains_key("plan.json"), "{:?}", before.keys());
    assert!(before["report.md"].contains("carry 100/s of 1 chain"), "{}", before["report.md"]);
    dir.write("out/charts/mine.svg", "mine");
    dir.write("out/charts/chain-kava-rate.svg", "of an older report");
    std::fs::remove_file(config).unwrap();
    dir.analyze().args(["eth.json", "--report", "out"]).answer();
    let after = files_in(&dir.path().join("out"));
    assert!(!after.contains_key("plan.json") && !after.contains_key("charts/chain-kava-rate.svg"));
    assert_eq!(after["charts/mine.svg"], "mine");
}

#[test]
fn a_report_tells_why_there_is_no_plan() {
    let dir = Dir::new();
    dir.write("eth.json", recording(["eth"], 60));
    dir.write("plimsoll.toml", "[slo]\nlatency_ms = 100\n[chains.eth]\ntarget_rps = 100\n");
    let output = dir.analyze().args(["eth.json", "--report", "out"]).run();
    assert_eq!(output.code, Some(0));
    assert!(output.stderr.contains("warning: no plan: "), "{}", output.stderr);
    let files = files_in(&dir.path().join("out"));
    assert!(files["report.md"].contains("How many instances carry the target cannot be told"));
    assert!(!files.contains_key("plan.json"));
}

#[test]
fn a_report_does_not_overwrite_what_it_is_of() {
    let dir = Dir::new();
    dir.write("out/summary.json", recording(["eth"], 60));
    let output = dir.analyze().args(["out/summary.json", "--report", "out"]).run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("would overwrite the input"), "{}", output.stderr);
    assert_eq!(files_in(&dir.path().join("out")).len(), 1);
}

/// By construction kava carries 250/s, and mantle answers 3 % with a JSON-RPC error.
#[test]
fn a_short_demo_finds_what_was_planted() {
    let dir = Dir::new();
    let output = dir.plimsoll().args(["demo", "demo", "--hold", "3500ms"]).run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(
        output.stderr.contains("kava      carries 250/s: too small for 300/s"),
        "{}",
        output.stderr
    );
    assert!(output.stdout.contains("The report: demo/report/report.html"), "{}", output.stdout);
    let files = files_in(&dir.path().join("demo/report"));
    let summary: Value = serde_json::from_str(&files["summary.json"]).unwrap();
    let chains = &summary["chains"];
    assert_eq!(summary["total"]["requests"], 23_625);
    // A gateway that carries 250/s holds no more, on however slow a machine.
    let kava = &chains["kava"]["capacity"];
    let bound = |end: &str| kava[end].as_f64();
    assert!(bound("bound_lower_rps").is_none_or(|lower| lower <= 250.0), "{kava}");
    let mantle = &chains["mantle"];
    let errors = mantle["errors"].as_array().unwrap();
    let planted = errors.iter().find(|error| error["class"] == "application.rpc_error").unwrap();
    let planted = planted["count"].as_f64().unwrap();
    // Of those that were served, which on a busy machine are not all.
    let share = planted / (mantle["successes"].as_f64().unwrap() + planted);
    assert!((share - 0.03).abs() < 0.001, "{share}");
    assert!(files["report.html"].contains("JSON-RPC error"));
    for chain in ["boba", "ethereum", "kava", "mantle"] {
        assert!(files.contains_key(&format!("charts/chain-{chain}-rate.svg")), "{chain}");
    }
}
