//! What `plimsoll attack` refuses, and in which words.

use crate::util::Dir;

/// Nothing listens there, and nothing is sent there.
const URL: &str = "http://127.0.0.1:9/";

/// That the attack is refused before anything is sent, for the reason given.
fn refused(dir: &Dir, line: &str, told: &str) {
    let args = line.replace("URL", URL);
    let args = args.split(' ').filter(|arg| !arg.is_empty());
    let output = dir.plimsoll().arg("attack").args(args).stdin(format!("GET {URL}\n")).run();
    assert_eq!(output.code, Some(2), "{line}: {}", output.stderr);
    assert!(output.stderr.contains(told), "{line}: {}", output.stderr);
    assert!(!output.stderr.contains("warning"), "{line}: {}", output.stderr);
    assert_eq!(output.stdout, "", "{line}");
}

#[test]
fn two_chains_of_one_name() {
    let line = "-duration=100ms --chain=a=URL@5 --chain=b=URL@5 --chain=a=URL@7";
    refused(&Dir::new(), line, "--chain a: there are two chains of this name");
}
