//! A directory of its own for each test, and the binary run in it.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap().to_owned()
}

/// A file below `tests/fixtures`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    let path = root().join("tests/fixtures").join(name);
    assert!(path.exists(), "{} is missing", path.display());
    path
}

/// A recording's bytes.
pub(crate) fn recording(name: &str) -> Vec<u8> {
    std::fs::read(fixture("corpus").join(name)).unwrap()
}

/// The names of a directory's files, in order, without the page that says where they are from.
pub(crate) fn names_in(directory: &Path) -> Vec<String> {
    let entries = directory.read_dir().unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != "SOURCE.md");
    names.sort();
    names
}

/// The real vegeta, where there is one: `$VEGETA`, or `vegeta` on the path. `what` is left out without it.
pub(crate) fn vegeta(what: &str) -> Option<OsString> {
    let named = std::env::var_os("VEGETA").filter(|name| !name.is_empty());
    let vegeta = named.clone().unwrap_or_else(|| OsString::from("vegeta"));
    let Err(error) = Command::new(&vegeta).arg("-version").output() else { return Some(vegeta) };
    assert!(named.is_none(), "VEGETA={}: {error}", vegeta.display());
    skipped(&format!("{what} with a live vegeta, as there is none on PATH or at $VEGETA"));
    None
}

/// Tells what is left out, past the test harness, which would keep it to itself.
pub(crate) fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr().lock(), "SKIPPED: {what}");
}

/// A temporary directory.
pub(crate) struct Dir(TempDir);

impl Dir {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, with the directories above it.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Copies a recording here, under its own name.
    pub(crate) fn recording(&self, name: &str) -> PathBuf {
        self.write(name, recording(name))
    }

    /// `plimsoll analyze`, to be run in this directory.
    pub(crate) fn analyze(&self) -> TestCommand {
        self.plimsoll().arg("analyze")
    }

    /// `plimsoll`, to be run in this directory.
    pub(crate) fn plimsoll(&self) -> TestCommand {
        TestCommand::new(self.path())
    }
}

/// A command that is being put together.
pub(crate) struct TestCommand {
    command: Command,
    stdin: Option<Vec<u8>>,
}

impl TestCommand {
    fn new(directory: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.current_dir(directory).env_clear();
        // Windows starts no process without it.
        command.envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
        command.env("TMPDIR", directory);
        Self { command, stdin: None }
    }

    /// `plimsoll` somewhere where nothing lies around.
    pub(crate) fn plimsoll() -> Self {
        Self::new(&root().join("tests"))
    }

    /// `plimsoll analyze` there.
    pub(crate) fn analyze() -> Self {
        Self::plimsoll().arg("analyze")
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<S: AsRef<std::ffi::OsStr>>(
        mut self,
        args: impl IntoIterator<Item = S>,
    ) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// What the standard input gives.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// The command as what another one runs that ends in a program's place in its arguments, as `nice` does.
    pub(crate) fn within(self, mut other: Command) -> Self {
        other.arg(self.command.get_program()).args(self.command.get_args());
        other.current_dir(self.command.get_current_dir().unwrap());
        Self { command: other, stdin: self.stdin }
    }

    /// The command as it is, to be run in another way.
    pub(crate) fn into_inner(self) -> Command {
        self.command
    }

    pub(crate) fn run(self) -> Output {
        let (code, stdout, stderr) = self.run_to_bytes();
        Output { code, stdout: String::from_utf8(stdout).unwrap(), stderr }
    }

    /// The exit code, the standard output, which need not be a text, and the standard error.
    pub(crate) fn run_to_bytes(mut self) -> (Option<i32>, Vec<u8>, String) {
        let stdin = if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let writer = child.stdin.take().zip(self.stdin);
        let output = std::thread::scope(|scope| {
            // A process that has read enough closes its end.
            scope.spawn(|| writer.map(|(mut stdin, bytes)| stdin.write_all(&bytes)));
            child.wait_with_output().unwrap()
        });
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("panicked at"), "{:?}: {stderr}", self.command);
        (output.status.code(), output.stdout, stderr)
    }

    /// The answer of a run that ends with 0 and says nothing beside it.
    pub(crate) fn answer(self) -> String {
        let shown = format!("{:?}", self.command);
        let output = self.run();
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{shown}");
        output.stdout
    }

    /// The answer in JSON of a run that ends with 0.
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.args(["--format", "json"]).answer()).unwrap()
    }

    /// The answer in JSON whatever the run ends with.
    pub(crate) fn json_of_any(self) -> (Option<i32>, Value) {
        let output = self.args(["--format", "json"]).run();
        let value = serde_json::from_str(&output.stdout);
        (output.code, value.unwrap_or_else(|error| panic!("{error}: {}", output.stderr)))
    }
}

/// What a process left.
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Requests per chain.
pub(crate) fn requests_by_chain(answer: &Value) -> Vec<(String, u64)> {
    let chains = answer["chains"].as_object().unwrap();
    let mut requests: Vec<(String, u64)> = chains
        .iter()
        .map(|(name, chain)| (name.clone(), chain["requests"].as_u64().unwrap()))
        .collect();
    requests.sort();
    requests
}

/// The kinds of the warnings.
pub(crate) fn warnings(answer: &Value) -> Vec<&str> {
    answer["warnings"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect()
}

/// One number of each input.
pub(crate) fn of_inputs(answer: &Value, key: &str) -> Vec<u64> {
    answer["inputs"].as_array().unwrap().iter().map(|input| input[key].as_u64().unwrap()).collect()
}

/// The answer without what names or counts the inputs: all figures.
pub(crate) fn figures(answer: &Value) -> Value {
    let mut figures = answer.clone();
    let top = figures.as_object_mut().unwrap();
    top.remove("inputs");
    top.remove("warnings");
    for run in top["runs"].as_array_mut().unwrap() {
        run.as_object_mut().unwrap().remove("inputs");
    }
    figures
}

/// The figures that do not tell how the requests of one input followed another: an attack's schedule is rebuilt in each
/// input by itself.
pub(crate) fn unscheduled(answer: &Value) -> Value {
    let mut answer = answer.clone();
    let top = answer.as_object_mut().unwrap();
    top.remove("verdict");
    for run in top["runs"].as_array_mut().unwrap() {
        let run = run.as_object_mut().unwrap();
        for key in ["intended_rps", "send_lag_ms", "sent_ratio", "missing_records"] {
            run.remove(key);
        }
    }
    let mut strip = |chain: &mut Value| {
        for key in ["verdict", "latency_corrected_ms", "send_lag_ms", "stages", "capacity"] {
            chain.as_object_mut().unwrap().remove(key);
        }
        for window in chain["windows"].as_array_mut().unwrap() {
            for key in ["offered", "send_lag_p99_ms", "valid", "reason"] {
                assert!(window.as_object_mut().unwrap().remove(key).is_some(), "{key}");
            }
        }
    };
    top["chains"].as_object_mut().unwrap().values_mut().for_each(&mut strip);
    strip(&mut top["total"]);
    answer
}

/// Asserts that two answers have the same figures, and says where not.
pub(crate) fn assert_same_figures(left: &Value, right: &Value, what: &str) {
    let mut differences = String::new();
    differ("", &figures(left), &figures(right), &mut differences);
    assert!(differences.is_empty(), "{what}:\n{differences}");
}

fn differ(at: &str, left: &Value, right: &Value, out: &mut String) {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            for key in left.keys().chain(right.keys().filter(|key| !left.contains_key(*key))) {
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned();
                let missing = || Value::String("(absent)".to_owned());
                differ(
                    &format!("{at}/{key}"),
                    &of(left).unwrap_or_else(missing),
                    &of(right).unwrap_or_else(missing),
                    out,
                );
            }
        }
        (left, right) if left == right => {}
        (left, right) => writeln!(out, "{at}: {left} != {right}").unwrap(),
    }
}
