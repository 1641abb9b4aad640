//! Dials that take their time.

use std::io::copy;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use plimsoll_attack::{Http2, Options};
use plimsoll_model::Nanos;

use crate::client::{MILLISECOND, attack, connections, few, get, paced, run};
use crate::secure::{Answer, Authority, serve};
use crate::server::Server;

/// Passes connections on to a server, each after a while of its own.
fn delaying(delay: impl Fn(usize) -> Duration + Send + Sync + 'static, to: SocketAddr) -> Server {
    let accepted = AtomicUsize::new(0);
    Server::start(move |mut client| {
        thread::sleep(delay(accepted.fetch_add(1, Ordering::Relaxed)));
        let mut server = TcpStream::connect(to).unwrap();
        let (mut requests, mut sink) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || copy(&mut requests, &mut sink));
        let _ = copy(&mut server, &mut client);
    })
}

/// Its own request has given up by then, but others find the connection.
#[test]
fn a_connection_that_comes_late_serves_others() {
    let authority = Authority::new();
    for offered in [&[&b"h2"[..]][..], &[b"http/1.1"]] {
        let address = serve(Some(authority.server(offered, None)), Answer::Echo);
        let server = delaying(|_| Duration::from_millis(600), address);
        let url = format!("https://localhost:{}/", server.address.port());
        let timeout = Nanos(300 * MILLISECOND);
        let mut done = run(attack(get(&url), few(200), Options { timeout, ..authority.options() }));
        done.sort_by_key(|done| done.seq);
        let (first, last) = (&done[0], &done[160..]);
        assert!(first.error.ends_with("net/http: TLS handshake timeout"), "{}", first.error);
        for done in last {
            assert_eq!((done.code, done.error.as_str()), (200, ""));
        }
    }
}

/// Also where the requests that they were begun for have given up.
#[test]
fn dials_under_way_count_as_connections() {
    let server = Server::start(|stream| {
        thread::sleep(Duration::from_secs(5));
        drop(stream);
    });
    let authority = Authority::new();
    let timeout = Nanos(100 * MILLISECOND);
    let options = Options { timeout, max_connections: 2, http2: Http2::Off, ..authority.options() };
    let done = run(attack(get(&format!("https://{}/", server.address)), few(50), options));
    assert_eq!((server.connections(), connections(&done)), (2, 2));
    // The others waited for a place.
    assert_eq!(done.iter().filter(|done| done.class() == "server.tls_failure").count(), 2);
    assert_eq!(done.iter().filter(|done| done.class() == "server.timeout").count(), 48);
}

#[test]
fn a_connection_that_comes_free_is_not_left_for_one_that_is_dialed() {
    let authority = Authority::new();
    let address = serve(Some(authority.server(&[b"http/1.1"], None)), Answer::Echo);
    // The first connection tells what is spoken, then a burst waits for those behind it.
    let delay = |nth| if nth == 0 { Duration::ZERO } else { Duration::from_secs(5) };
    let server = delaying(delay, address);
    let url = format!("https://localhost:{}/", server.address.port());
    let done = run(attack(
        get(&url),
        paced(20_000, 20),
        Options { timeout: Nanos(2_000 * MILLISECOND), ..authority.options() },
    ));
    assert!(server.connections() > 1);
    for done in done {
        assert_eq!((done.code, done.error.as_str()), (200, ""));
    }
}
