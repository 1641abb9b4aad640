use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::util::{Dir, root};

/// A running stub and the first line that it printed.
pub(crate) fn start(args: &[&str]) -> (Child, BufReader<std::process::ChildStdout>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["stub", "--listen", "127.0.0.1:0"])
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut url = String::new();
    stdout.read_line(&mut url).unwrap();
    (child, stdout, url.trim().to_owned())
}

fn post(url: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: stub\r\nConnection: close\r\nContent-Length: 8\r\n\r\n{{\"id\":1}}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_signal_ends_it_with_its_totals() {
    for signal in ["INT", "TERM"] {
        let (mut child, mut stdout, url) =
            start(&["--chain", "ethereum=service:1ms", "--chain", "boba=rpc-errors:100%"]);
        assert!(post(&url, "/ethereum").ends_with(r#""result":"0x10d4f00"}"#));
        assert!(post(&url, "/boba").contains(r#""error":{"code":-32603"#));
        assert!(post(&url, "/kava").starts_with("HTTP/1.1 404 "));
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        let mut totals = String::new();
        stdout.read_to_string(&mut totals).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0));
        let totals: Value = serde_json::from_str(&totals).unwrap();
        let schema = std::fs::read(root().join("schema/plimsoll.stub.schema.json")).unwrap();
        jsonschema::validate(&serde_json::from_slice(&schema).unwrap(), &totals).unwrap();
        assert_eq!(totals["unknown_path"], 1);
        assert_eq!(totals["chains"]["ethereum"]["results"], 1);
        assert_eq!(totals["chains"]["boba"]["rpc_errors"], 1);
    }
}

#[test]
fn it_says_what_it_carries() {
    let (child, _stdout, _) = start(&[
        "--for",
        "10ms",
        "--chain",
        "exp=spread:exponential,queue:unbounded",
        "--chain",
        "usl=workers:10,sigma:0.1,full:hang",
    ]);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    // 350.1 by the closed form for M/M/4, computed apart.
    let expected = "\
chain  workers  service                        queue  full  carries  99 % in 100 ms
exp          4  10 ms exponential          unbounded  503     400/s         350.1/s
usl         10  10 ms, sigma 0.1, kappa 0         64  hang  526.3/s               –
";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
}

#[test]
fn what_cannot_be_served_is_usage() {
    for args in [
        &["--chain", "ethereum=full:404"][..],
        &["--chain", "a", "--chain", "a"],
        &["--listen", "203.0.113.1:0"],
        &["--threads", "0"],
    ] {
        let dir = Dir::new();
        assert_eq!(dir.plimsoll().arg("stub").args(args).run().code, Some(2), "{args:?}");
    }
}
