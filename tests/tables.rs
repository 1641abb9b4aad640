//! `plimsoll convert` to tables: they hold what `analyze` counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::util::{Dir, TestCommand, fixture, root};

/// `plimsoll convert`.
fn convert(args: &[&str]) -> TestCommand {
    TestCommand::plimsoll().arg("convert").args(args)
}

/// The lines of a CSV table without quotes, by column.
fn rows(text: &str) -> Vec<BTreeMap<&str, &str>> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines.map(|line| names.iter().copied().zip(line.split(',')).collect()).collect()
}

/// Totals of a chain: requests, successes, good ones (unless there are none to tell) and failures by side.
type Totals = (u64, u64, Option<u64>, BTreeMap<String, u64>);

fn totals_of_windows(text: &str) -> BTreeMap<String, Totals> {
    let mut totals: BTreeMap<String, Totals> = BTreeMap::new();
    for row in rows(text) {
        let count = |column: &str| row[column].parse::<u64>().unwrap();
        let chain = totals.entry(row["chain"].to_owned()).or_default();
        chain.0 += count("sent");
        chain.1 += count("successes");
        if !row["good"].is_empty() {
            *chain.2.get_or_insert(0) += count("good");
        }
        for (column, value) in &row {
            if let Some(side) = column.strip_prefix("failed_") {
                let failed: u64 = value.parse().unwrap();
                if failed > 0 {
                    *chain.3.entry(side.to_owned()).or_default() += failed;
                }
            }
        }
    }
    totals
}

fn totals_of_records(text: &str) -> BTreeMap<String, Totals> {
    let mut totals: BTreeMap<String, Totals> = BTreeMap::new();
    for row in rows(text) {
        let chain = totals.entry(row["chain"].to_owned()).or_default();
        chain.0 += 1;
        chain.1 += u64::from(row["success"] == "true");
        if !row["good"].is_empty() {
            *chain.2.get_or_insert(0) += u64::from(row["good"] == "true");
        }
        if !row["side"].is_empty() {
            *chain.3.entry(row["side"].to_owned()).or_default() += 1;
        }
    }
    totals
}

fn totals_of_analysis(answer: &Value) -> BTreeMap<String, Totals> {
    let chains = answer["chains"].as_object().unwrap();
    let totals = |chain: &Value| {
        let sides = chain["errors_by_side"].as_object().unwrap();
        (
            chain["requests"].as_u64().unwrap(),
            chain["successes"].as_u64().unwrap(),
            chain["good"].as_u64(),
            sides.iter().map(|(side, count)| (side.clone(), count.as_u64().unwrap())).collect(),
        )
    };
    chains.iter().map(|(name, chain)| (name.clone(), totals(chain))).collect()
}

/// What is counted: inputs, and how.
fn cases(dir: &Dir) -> Vec<(Vec<PathBuf>, Vec<String>)> {
    let example = |name: &str| root().join("notebooks-data").join(name);
    let config = dir.write(
        "accepting.toml",
        "[slo]\nlatency_ms = 100\n[rpc]\nsuccess_codes = [3]\n[chains.all.match]\npath_prefix = \"/\"\n",
    );
    let args = |args: &[&str]| args.iter().map(|&arg| arg.to_owned()).collect();
    vec![
        (vec![example("four-chains/failing")], args(&["--slo", "latency=100ms"])),
        (vec![example("four-chains/failing")], args(&["--config", config.to_str().unwrap()])),
        (vec![example("port-exhaustion/results")], args(&["--skip", "10s"])),
        (vec![example("port-exhaustion/results")], args(&["--group-by", "method"])),
        // The same records twice.
        (
            vec![fixture("corpus/mix-429.gob"), fixture("corpus/mix-429.csv")],
            args(&["--slo", "latency=1ms"]),
        ),
        (
            vec![fixture("corpus/mix-429.gob"), fixture("corpus/mix-429.csv")],
            args(&["--keep-duplicates", "--success-codes", "429"]),
        ),
    ]
}

#[test]
fn tables_add_up_to_what_analyze_counts() {
    let dir = Dir::new();
    for (files, args) in cases(&dir) {
        let shown = format!("{files:?} {args:?}");
        let expected = totals_of_analysis(&TestCommand::analyze().args(&args).args(&files).json());
        assert!(expected.values().any(|totals| totals.0 > 100), "{shown}");
        let table = |table: &str| {
            let convert = convert(&["--to", "csv", "--table", table]);
            let output = convert.args(&args).args(&files).run();
            assert_eq!(output.code, Some(0), "{shown}: {}", output.stderr);
            output.stdout
        };
        assert_eq!(totals_of_windows(&table("windows")), expected, "{shown}");
        assert_eq!(totals_of_records(&table("records")), expected, "{shown}");
    }
}

#[test]
fn windows_are_those_of_the_analysis() {
    let dir = Dir::new();
    let shedding = root().join("notebooks-data/shedding-server/results");
    // With what the generator says of itself.
    for files in [shedding, dir.write("mix.plim", crate::generators::mix())] {
        compare_windows(&files);
    }
}

fn compare_windows(files: &Path) {
    let slo = ["--slo", "latency=100ms"];
    let answer = TestCommand::analyze().args(slo).arg(files).json();
    let text = convert(&["--to", "csv", "--table", "windows"]).args(slo).arg(files).answer();
    let mut rows = rows(&text).into_iter();
    for (name, chain) in answer["chains"].as_object().unwrap() {
        for window in chain["windows"].as_array().unwrap() {
            let row = rows.next().unwrap();
            assert_eq!(row["chain"], name);
            for key in [
                "span_s",
                "p50_ms",
                "p99_ms",
                "send_lag_p99_ms",
                "in_flight",
                "generator_cpu_ratio",
            ] {
                assert_eq!(row[key].parse().ok(), window[key].as_f64(), "{key} of {row:?}");
            }
            for key in ["offered", "sent", "successes", "good"] {
                assert_eq!(row[key].parse().ok(), window[key].as_u64(), "{key} of {row:?}");
            }
            assert_eq!(row["valid"], window["valid"].to_string());
            assert_eq!(row["reason"], window["reason"].as_str().unwrap_or_default());
            let digits =
                |text: &str| text.trim_end_matches('Z').trim_end_matches(['0', '.']).to_owned();
            assert_eq!(digits(row["start_utc"]), digits(window["start_utc"].as_str().unwrap()));
        }
    }
    assert_eq!(rows.next(), None);
}

#[test]
fn the_same_records_give_the_same_bytes() {
    let files = root().join("notebooks-data/four-chains/failing");
    for format in ["parquet", "ipc"] {
        for table in ["windows", "records"] {
            let bytes = |threads: &str| {
                let convert = convert(&["--to", format, "--table", table, "--threads", threads]);
                let (code, bytes, stderr) = convert.arg(&files).run_to_bytes();
                assert_eq!((code, stderr.as_str()), (Some(0), ""));
                bytes
            };
            let one = bytes("1");
            assert!(one.len() > 1_000);
            assert!(one == bytes("4"), "{format} {table}");
        }
    }
}

#[test]
fn parquet_goes_through_pipes() {
    let dir = Dir::new();
    let gob = std::fs::read(fixture("corpus/mix-429.gob")).unwrap();
    for table in ["windows", "records"] {
        let piped = convert(&["--to", "parquet", "--table", table]).stdin(gob.clone());
        let (code, bytes, stderr) = piped.run_to_bytes();
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
        let file = dir.path().join("table.parquet");
        let convert = convert(&["--to", "parquet", "--table", table, "-o"]).arg(&file);
        convert.arg(fixture("corpus/mix-429.gob")).answer();
        assert!(std::fs::read(file).unwrap() == bytes);
    }
}

#[test]
fn credentials_do_not_get_into_tables() {
    let line = r#"{"attack":"a","seq":0,"code":0,"timestamp":"2026-11-23T08:35:32Z","latency":5,"bytes_out":0,"bytes_in":0,"error":"Get \"http://h/eth?key=hunter2\": EOF","body":"","method":"GET","url":"http://u:hunter2@h/eth","headers":null}"#;
    for redact in [&[][..], &["--redact"]] {
        let convert = convert(&["--to", "csv", "--table", "records"]).args(redact);
        let text = convert.stdin(line).answer();
        assert!(text.contains("http://***@h/eth") && !text.contains("hunter2"), "{text}");
    }
    let shown = convert(&["--to", "csv", "--table", "records", "--show-secrets"]).stdin(line);
    assert!(shown.answer().contains("http://u:hunter2@h/eth"));
}

#[test]
fn damage_is_told_and_decides_the_exit_code() {
    let file = fixture("bad/flipped-middle.gob");
    let output = convert(&["--to", "csv", "--table", "windows"]).arg(&file).run();
    assert_eq!(output.code, Some(3));
    assert!(
        output.stderr.contains("flipped-middle.gob: 1 record and 286 bytes are lost"),
        "{}",
        output.stderr
    );
    assert_eq!(totals_of_windows(&output.stdout).values().map(|totals| totals.0).sum::<u64>(), 399);
    let accepted =
        convert(&["--to", "csv", "--table", "windows", "--allow-damaged"]).arg(&file).run();
    assert_eq!((accepted.code, accepted.stdout), (Some(0), output.stdout));
}

#[test]
fn wrong_use_is_told() {
    let file = fixture("corpus/mix-429.gob");
    for (args, told) in [
        (&["--to", "parquet", "--table", "rows"][..], "invalid value 'rows' for '--table <TABLE>'"),
        (&["--to", "gob", "--table", "windows"], "--table goes with a table"),
        (&["--to", "hgrm", "--slo", "latency=1s"], "--slo goes with a table"),
        (&["--to", "csv", "--group-by", "host"], "--group-by goes with a table"),
        (&["--to", "csv", "--show-secrets"], "--show-secrets goes with a table"),
        (&["--to", "csv", "--config", "x.toml"], "--config says what a success is"),
        (&["--to", "parquet", "--outcome", "all"], "it goes with --to hgrm"),
        (&["--to", "parquet", "--redact", "--show-secrets"], "cannot be used with"),
        (
            &["--to", "parquet", "--from-time", "2030-01-01T00:00:00Z"],
            "all 600 records were left out",
        ),
    ] {
        let output = convert(args).arg(&file).run();
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(output.stderr.contains(told), "{args:?}: {}", output.stderr);
    }
}

/// `notebooks-data/tables.sh` makes them. That windows in Parquet are those in CSV is tested where polars is known.
#[test]
fn the_tables_of_the_example_runs_are_what_their_script_makes() {
    let directory = root().join("notebooks-data");
    let script = std::fs::read_to_string(directory.join("tables.sh")).unwrap();
    let script = script.replace("\\\n", " ");
    let mut files = 0;
    for line in script.lines() {
        let mut words = line.split_whitespace();
        let (format, table) = match words.next() {
            Some("table") => ("csv", "windows"),
            Some("records") => ("parquet", "records"),
            _ => continue,
        };
        let name = words.next().unwrap();
        let args: Vec<String> = words.flat_map(braces).collect();
        let mut command = convert(&["--to", format, "--table", table]).args(args).into_inner();
        let output = command.current_dir(&directory).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        let path = directory.join(format!("tables/{name}.{format}"));
        let committed = std::fs::read(&path).unwrap();
        assert!(output.stdout == committed, "{} is not what tables.sh makes", path.display());
        files += if table == "windows" { 2 } else { 1 };
    }
    assert_eq!(files, directory.join("tables").read_dir().unwrap().count());
}

/// What a shell makes of `a{b,c}d`.
fn braces(word: &str) -> Vec<String> {
    match word.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
        Some((before, (parts, after))) => {
            parts.split(',').map(|part| format!("{before}{part}{after}")).collect()
        }
        None => vec![word.to_owned()],
    }
}
