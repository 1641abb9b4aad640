//! The flags that say how connections are made: each reaches the attack.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;

use serde_json::Value;

use crate::util::Dir;

/// A stub gateway.
struct Stub {
    child: Child,
    stdout: BufReader<ChildStdout>,
    address: String,
}

impl Stub {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["stub", "--listen", "127.0.0.1:0", "--for", "60s", "--chain", "eth=service:1ms"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim().rsplit_once('/').unwrap().1.to_owned();
        Self { child, stdout, address }
    }

    /// Its requests, and how many of them came over HTTP/2.
    fn stop(mut self) -> (u64, u64) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let mut text = String::new();
        self.stdout.read_to_string(&mut text).unwrap();
        self.child.wait().unwrap();
        let totals: Value = serde_json::from_str(&text).unwrap();
        let of = |count: &Value| count.as_u64().unwrap();
        (of(&totals["chains"]["eth"]["requests"]), of(&totals["http2_requests"]))
    }
}

/// What a short attack with these flags comes to.
fn attacked(dir: &Dir, args: &[&str]) -> Vec<Value> {
    let attack = dir.plimsoll().args(["attack", "-rate=50", "-duration=200ms", "--to=json"]);
    let output = attack.args(args).run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let results: Vec<Value> =
        output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(results.len(), 10);
    results
}

fn assert_answered(dir: &Dir, args: &[&str]) {
    for result in attacked(dir, args) {
        assert_eq!((&result["code"], &result["error"]), (&200.into(), &"".into()), "{args:?}");
    }
}

#[test]
fn tls() {
    let dir = Dir::new();
    let made = dir.path().join("certificate.pem");
    let stub = Stub::start(&["--certificate", made.to_str().unwrap()]);
    let url = format!("https://localhost:{}/eth", stub.address.rsplit_once(':').unwrap().1);
    let trusting = "-root-certs=certificate.pem";
    assert_answered(&dir, &["-insecure", &url]);
    assert_answered(&dir, &[trusting, "-session-tickets", &url]);
    assert_answered(&dir, &[trusting, "-http2=false", &url]);
    let other = dir.path().join("other.pem");
    let stranger = Stub::start(&["--certificate", other.to_str().unwrap()]);
    for result in attacked(&dir, &["-root-certs=other.pem", &url]) {
        let error = result["error"].as_str().unwrap();
        assert!(error.contains("invalid peer certificate"), "{error}");
    }
    for (args, told) in [
        (&["-root-certs=nowhere.pem"][..], "cannot read nowhere.pem"),
        (&[trusting, "-cert=nowhere.pem"], "cannot read nowhere.pem"),
        (&[trusting, "-cert=certificate.pem"], "certificate.pem: no private key"),
        (&[trusting, "-cert=certificate.pem", "-key=other.pem"], "other.pem: no private key"),
    ] {
        let output = dir.plimsoll().args(["attack", "-duration=1s"]).args(args).arg(&url).run();
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(output.stderr.contains(told), "{}", output.stderr);
    }
    assert_eq!((stub.stop(), stranger.stop()), ((30, 20), (0, 0)));
}

#[test]
fn http2_without_tls() {
    let dir = Dir::new();
    for (flag, count) in [("-h2c", (10, 10)), ("-h2c=false", (10, 0))] {
        let stub = Stub::start(&[]);
        assert_answered(&dir, &[flag, &format!("http://{}/eth", stub.address)]);
        assert_eq!(stub.stop(), count);
    }
}

#[test]
fn addresses() {
    let dir = Dir::new();
    let stub = Stub::start(&[]);
    let connect_to = format!("-connect-to=gateway.example:80:{}", stub.address);
    let url = "http://gateway.example/eth";
    assert_answered(&dir, &[&connect_to, "-laddr=127.0.0.1", url]);
    let foreign = attacked(&dir, &[&connect_to, "-laddr=192.0.2.1", url]);
    let error = foreign[0]["error"].as_str().unwrap();
    assert!(error.ends_with("bind: cannot assign requested address"), "{error}");
    assert_eq!(stub.stop(), (10, 0));
}

/// Behind a socket in the file system, a server that redirects to a body of ten bytes.
#[test]
fn redirects_and_bodies_behind_a_unix_socket() {
    let dir = Dir::new();
    let listener = UnixListener::bind(dir.path().join("socket")).unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap_or(0);
            let answer = if request[..read].starts_with(b"GET /there ") {
                "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789"
            } else {
                "HTTP/1.1 302 Found\r\nLocation: /there\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            };
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let args = |more: &'static str| ["-unix-socket=socket", more, "http://gateway.example/"];
    for (flag, code, bytes) in [
        ("-redirects=10", 200, 10),
        ("-redirects=1", 200, 10),
        ("-redirects=-1", 302, 0),
        ("-max-body=3", 200, 3),
        ("-max-body=-1", 200, 10),
    ] {
        for result in attacked(&dir, &args(flag)) {
            assert_eq!(
                (&result["code"], &result["bytes_in"]),
                (&code.into(), &bytes.into()),
                "{flag}"
            );
        }
    }
    for result in attacked(&dir, &args("-redirects=0")) {
        let error = result["error"].as_str().unwrap();
        assert!(error.ends_with("stopped after 0 redirects"), "{error}");
    }
}
