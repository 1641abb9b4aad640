use std::io::ErrorKind;
use std::num::NonZeroU32;
use std::time::Duration;

use plimsoll_attack::stub::{Chain, ChainCounts, Service, Stub, StubConfig, WhenFull};

use crate::client::{Client, Reply};

/// One worker that is busy and one request that waits; what happens to the third.
fn third(full: WhenFull) -> (std::io::Result<Reply>, ChainCounts) {
    let chain = Chain {
        workers: NonZeroU32::MIN,
        service: Service::fixed(Duration::from_millis(400)),
        queue: Some(1),
        full,
        ..Chain::new("ethereum")
    };
    let stub = Stub::start(&StubConfig { chains: vec![chain], ..StubConfig::default() }).unwrap();
    let mut clients = [(); 3].map(|()| Client::connect(stub.address()));
    for (client, id) in clients.iter_mut().zip(1..) {
        client.send("/ethereum", id);
        std::thread::sleep(Duration::from_millis(50));
    }
    let [mut first, mut second, mut third] = clients;
    if full == WhenFull::Hang {
        third.stream().set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    }
    let reply = third.receive();
    assert_eq!(first.receive().unwrap().status, 200);
    assert_eq!(second.receive().unwrap().status, 200);
    let counts = stub.stop().chains["ethereum"];
    assert_eq!((counts.requests, counts.served(), counts.turned_away()), (3, 2, 1));
    (reply, counts)
}

#[test]
fn unavailable() {
    let (reply, counts) = third(WhenFull::Unavailable);
    assert_eq!(reply.unwrap().status, 503);
    assert_eq!(counts.unavailable, 1);
}

#[test]
fn too_many() {
    let (reply, counts) = third(WhenFull::TooMany { retry_after: Duration::from_millis(1_500) });
    let reply = reply.unwrap();
    assert_eq!((reply.status, reply.retry_after.as_deref()), (429, Some("2")));
    assert_eq!(counts.too_many, 1);
}

#[test]
fn hang() {
    let (reply, counts) = third(WhenFull::Hang);
    assert_eq!(reply.unwrap_err().kind(), ErrorKind::WouldBlock, "no answer and no end");
    assert_eq!(counts.hung, 1);
}

#[test]
fn reset() {
    let (reply, counts) = third(WhenFull::Reset);
    assert_eq!(reply.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(counts.reset, 1);
}
