//! `action.yml`, its steps executed as GitHub's runner does: inputs as environment variables, outputs and summary as files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::util::{Dir, fixture, root};

/// A step of the action.
#[derive(Debug, Default)]
struct Step {
    name: String,
    condition: String,
    env: Vec<(String, String)>,
    script: String,
}

/// The inputs with their defaults, and the steps.
fn action() -> (BTreeMap<String, String>, Vec<Step>) {
    let text = std::fs::read_to_string(root().join("action.yml")).unwrap();
    let (head, steps) = text.split_once("  steps:\n").unwrap();
    let (_, inputs) = head.split_once("inputs:\n").unwrap();
    let (inputs, _) = inputs.split_once("\noutputs:\n").unwrap();
    let mut defaults = BTreeMap::new();
    let mut input = String::new();
    for line in inputs.lines() {
        match line.trim_start().split_once(": ") {
            Some(("default", value)) => {
                defaults.insert(input.clone(), value.trim_matches('"').to_owned());
            }
            None if line.ends_with(':') => line.trim().trim_end_matches(':').clone_into(&mut input),
            _ => {}
        }
    }
    let steps = steps.split("    - name: ").skip(1).map(|step| {
        let (settings, script) = step.split_once("      run: |\n").unwrap();
        let mut lines = settings.lines();
        let name = lines.next().unwrap().to_owned();
        let env = settings.split_once("      env:\n").map_or("", |(_, env)| env);
        let condition = settings.lines().find_map(|line| line.strip_prefix("      if: "));
        Step {
            name,
            condition: condition.unwrap_or_default().to_owned(),
            env: env
                .lines()
                .filter_map(|line| line.strip_prefix("        "))
                .map(|line| line.split_once(": ").unwrap())
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            script: script
                .lines()
                .map(|line| line.get(8..).unwrap_or(""))
                .collect::<Vec<_>>()
                .join("\n"),
        }
    });
    (defaults, steps.collect())
}

/// What a run of the action left behind.
struct Ran {
    code: i32,
    printed: String,
    outputs: BTreeMap<String, String>,
    summary: String,
    directory: PathBuf,
}

/// Runs the steps whose conditions hold on any event but a pull request.
fn run(dir: &Dir, inputs: &[(&str, &str)]) -> Ran {
    let (mut values, steps) = action();
    values.extend(inputs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    let bin = Path::new(env!("CARGO_BIN_EXE_plimsoll")).parent().unwrap();
    let (output, summary, temp) =
        (dir.path().join("output"), dir.path().join("summary"), dir.path().join("temp"));
    std::fs::create_dir_all(&temp).unwrap();
    let mut ran = Ran {
        code: 0,
        printed: String::new(),
        outputs: BTreeMap::new(),
        summary: String::new(),
        directory: temp.join("plimsoll"),
    };
    for step in steps.iter().filter(|step| step.condition.is_empty()) {
        let evaluated = |text: &str| {
            let expression = text.strip_prefix("${{ ").and_then(|text| text.strip_suffix(" }}"));
            let Some(expression) = expression else { return text.to_owned() };
            let input = expression.strip_prefix("inputs.").and_then(|name| values.get(name));
            let output = expression
                .strip_prefix("steps.gate.outputs.")
                .and_then(|name| ran.outputs.get(name));
            input.or(output).unwrap_or_else(|| panic!("{text} in {}", step.name)).clone()
        };
        assert!(!step.script.contains("${{"), "{}: an input in a script is a command", step.name);
        // As the runner does for `shell: bash`.
        let script = dir.write("step.sh", &step.script);
        let result = Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(&script)
            .current_dir(dir.path())
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_OUTPUT", &output)
            .env("GITHUB_STEP_SUMMARY", &summary)
            .env("GITHUB_REPOSITORY", "acme/gateway")
            .env("RUNNER_TEMP", &temp)
            .envs(step.env.iter().map(|(key, value)| (key, evaluated(value))))
            .output()
            .unwrap();
        ran.printed.push_str(&String::from_utf8_lossy(&result.stdout));
        ran.printed.push_str(&String::from_utf8_lossy(&result.stderr));
        ran.code = result.status.code().unwrap();
        let written = std::fs::read_to_string(&output).unwrap_or_default();
        ran.outputs = written
            .lines()
            .map(|line| line.split_once('=').unwrap())
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        if ran.code != 0 {
            break;
        }
    }
    ran.summary = std::fs::read_to_string(&summary).unwrap_or_default();
    ran
}

fn recorded(name: &str) -> String {
    fixture("gate").join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_build_that_is_worse_fails_the_job() {
    let dir = Dir::new();
    let ran = run(
        &dir,
        &[
            ("results", &recorded("planted.plim")),
            ("baseline", &recorded("baseline.plim")),
            ("thresholds", "success_ratio>=0.9\n\nlatency_ms{chain:kava}: p(99)<5000\n"),
        ],
    );
    assert_eq!(ran.code, 1, "{}", ran.printed);
    assert_eq!(ran.outputs["decision"], "fail");
    assert!(
        ran.outputs["headline"].starts_with("FAIL: kava: success is 98.00 %"),
        "{:?}",
        ran.outputs
    );
    assert!(
        ran.printed.contains("::error title=Load test gate%3A success::kava: "),
        "{}",
        ran.printed
    );
    assert!(ran.summary.starts_with("### Load test gate: FAIL\n"), "{}", ran.summary);
    for file in ["gate.json", "gate.xml", "comment.md", "summary.json"] {
        assert!(ran.directory.join(file).exists(), "{file}");
    }
}

#[test]
fn what_one_run_leaves_is_a_baseline_for_the_next() {
    let dir = Dir::new();
    // The first run has no baseline yet.
    let first = run(
        &dir,
        &[
            ("results", &recorded("baseline.plim")),
            ("baseline", "missing/summary.json"),
            ("thresholds", "success_ratio>=0.99"),
        ],
    );
    assert_eq!(first.code, 0, "{}", first.printed);
    assert!(first.printed.contains("::notice title=Load test gate::there is no baseline yet"));
    let summary = dir.path().join("main.json");
    std::fs::copy(first.directory.join("summary.json"), &summary).unwrap();
    let second = Dir::new();
    let again = run(
        &second,
        &[("results", &recorded("again.plim")), ("baseline", summary.to_str().unwrap())],
    );
    assert_eq!(again.code, 0, "{}", again.printed);
    assert_eq!(again.outputs["decision"], "pass");
}

#[test]
fn what_nobody_knows_fails_the_job_unless_it_is_let_pass() {
    let inputs = [("results", recorded("short.plim")), ("baseline", recorded("baseline.plim"))];
    let of = |more: &[(&str, &str)]| {
        let mut all: Vec<(&str, &str)> =
            inputs.iter().map(|(key, value)| (*key, value.as_str())).collect();
        all.extend(more);
        run(&Dir::new(), &all)
    };
    let strict = of(&[]);
    assert_eq!((strict.code, strict.outputs["decision"].as_str()), (3, "inconclusive"));
    assert_eq!(of(&[("inconclusive", "pass")]).code, 0);
}

#[test]
fn what_is_typed_into_an_input_is_no_command() {
    let dir = Dir::new();
    let ran = run(
        &dir,
        &[
            ("results", &recorded("again.plim")),
            ("thresholds", "success_ratio>=0.9; touch owned $(touch owned) `touch owned`"),
        ],
    );
    assert_eq!(ran.code, 2, "{}", ran.printed);
    assert!(!dir.path().join("owned").exists());
    assert!(ran.printed.contains("expected a number without a unit"), "{}", ran.printed);
}
