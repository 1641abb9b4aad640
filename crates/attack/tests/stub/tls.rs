use std::io::Write as _;
use std::process::Command;

use plimsoll_attack::stub::{Stub, StubConfig};

/// With curl, which verifies the certificate and negotiates the protocol; left out where there is none.
#[test]
fn a_client_that_trusts_the_certificate_gets_the_protocol_that_it_asks_for() {
    if Command::new("curl").arg("--version").output().is_err() {
        return;
    }
    let stub = Stub::start(&StubConfig { tls: true, ..StubConfig::default() }).unwrap();
    let mut certificate = tempfile::NamedTempFile::new().unwrap();
    certificate.write_all(stub.certificate().unwrap().as_bytes()).unwrap();
    let url = format!("https://localhost:{}/ethereum", stub.address().port());
    for (flag, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let output = Command::new("curl")
            .args([
                "-sS",
                "--noproxy",
                "*",
                "-d",
                r#"{"id":1}"#,
                "-w",
                "\n%{http_version}",
                flag,
                "--cacert",
            ])
            .arg(certificate.path())
            .arg(&url)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let problem = String::from_utf8_lossy(&output.stderr);
        let expected =
            format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x10d4f00\"}}\n{version}");
        assert_eq!(text, expected, "{problem}");
    }
    let untrusted = Command::new("curl").args(["-sS", "--noproxy", "*", &url]).output().unwrap();
    assert!(!untrusted.status.success());
    let counts = stub.stop();
    assert_eq!((counts.connections, counts.http2), (3, 1));
}
