use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use plimsoll_attack::stub::{Chain, Service, Stub, StubConfig};
use serde_json::Value;

/// The real vegeta, whose path `VEGETA` says; left out without.
#[test]
fn vegeta_sees_what_the_stub_counts() {
    let Some(vegeta) = std::env::var_os("VEGETA").filter(|path| !path.is_empty()) else { return };
    for flag in ["-http2=false", "-h2c"] {
        let service = Service::fixed(Duration::from_millis(20));
        let chains = vec![Chain { service, queue: Some(4), ..Chain::new("ethereum") }];
        let stub = Stub::start(&StubConfig { chains, ..StubConfig::default() }).unwrap();
        let mut attack = Command::new(&vegeta)
            .args(["attack", "-rate=400", "-duration=2s", flag])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let target = format!("POST {}/ethereum\n", stub.url());
        attack.stdin.take().unwrap().write_all(target.as_bytes()).unwrap();
        let report = Command::new(&vegeta)
            .args(["report", "-type=json"])
            .stdin(attack.stdout.take().unwrap())
            .output()
            .unwrap();
        assert!(attack.wait().unwrap().success());
        let report: Value = serde_json::from_slice(&report.stdout).unwrap();
        let counts = stub.stop();
        let chain = counts.chains["ethereum"];
        let code = |code: &str| report["status_codes"][code].as_u64().unwrap_or(0);
        assert_eq!((chain.requests, chain.turned_away()), (800, chain.unavailable), "{flag}");
        assert_eq!((code("200"), code("503")), (chain.results, chain.unavailable), "{flag}");
        assert_eq!(counts.http2, if flag == "-h2c" { 800 } else { 0 });
        // Half of 400/s fit, less what is still in the queue at the end.
        assert!((390..=412).contains(&chain.results), "{flag}: {}", chain.results);
    }
}
