use std::time::{Duration, Instant};

use plimsoll_attack::stub::{Chain, RpcErrors, Service, Stub, StubConfig};

use crate::client::Client;

fn quick(name: &str) -> Chain {
    Chain { service: Service::fixed(Duration::ZERO), ..Chain::new(name) }
}

#[test]
fn each_chain_answers_for_itself() {
    let stub = Stub::start(&StubConfig::default()).unwrap();
    let mut client = Client::connect(stub.address());
    for (path, id) in [("/ethereum", 1), ("/boba/v1?key=x", 2), ("/mantle", 3), ("/kava/", 4)] {
        let reply = client.call(path, id);
        assert_eq!(reply.status, 200);
        assert_eq!(reply.body, format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"0x10d4f00"}}"#));
    }
    assert_eq!(client.call("/dogecoin", 5).status, 404);
    let counts = stub.stop();
    assert_eq!(counts.unknown_path, 1);
    assert_eq!(counts.connections, 1);
    let seen: Vec<_> =
        counts.chains.iter().map(|(name, chain)| (name.as_str(), chain.results)).collect();
    assert_eq!(seen, [("boba", 1), ("ethereum", 1), ("kava", 1), ("mantle", 1)]);
}

/// Ten thousandths of a millisecond are the stub's own; half of one is what a busy machine may add.
#[test]
fn a_lone_request_takes_its_service_time() {
    let chains = vec![Chain::new("ethereum")];
    let stub = Stub::start(&StubConfig { chains, ..StubConfig::default() }).unwrap();
    let mut client = Client::connect(stub.address());
    let mut took: Vec<_> = (0..20)
        .map(|id| {
            let start = Instant::now();
            client.call("/ethereum", id);
            start.elapsed()
        })
        .collect();
    took.sort();
    assert!(took[0] >= Duration::from_millis(10), "never before it is due: {took:?}");
    assert!(took[10] < Duration::from_millis(15), "{took:?}");
}

/// Of a thousand answers at 2.5 % exactly 25 are errors, and the seed says which.
#[test]
fn the_share_of_errors_is_exact() {
    let errors = |seed: u64| -> Vec<u64> {
        let rpc_errors = Some(RpcErrors { share: 0.025, code: -32_005 });
        let chains = vec![Chain { rpc_errors, ..quick("boba") }];
        let stub = Stub::start(&StubConfig { chains, seed, ..StubConfig::default() }).unwrap();
        let mut client = Client::connect(stub.address());
        let failed = (0..1000).filter(|id| {
            let reply = client.call("/boba", *id);
            assert_eq!(reply.status, 200);
            reply.body.contains(r#""error":{"code":-32005,"#)
        });
        let failed: Vec<_> = failed.collect();
        assert_eq!(stub.stop().chains["boba"].rpc_errors, 25);
        failed
    };
    let (first, again, other) = (errors(1), errors(1), errors(2));
    assert_eq!(first.len(), 25);
    assert_eq!(first, again);
    assert_ne!(first, other);
}

/// A client that has gone is served all the same, as its worker cannot know.
#[test]
fn who_gives_up_is_counted_and_keeps_its_worker() {
    let service = Service::fixed(Duration::from_millis(300));
    let workers = std::num::NonZeroU32::MIN;
    let chains = vec![Chain { workers, service, ..Chain::new("kava") }];
    let stub = Stub::start(&StubConfig { chains, ..StubConfig::default() }).unwrap();
    let start = Instant::now();
    let mut leaver = Client::connect(stub.address());
    leaver.send("/kava", 1);
    std::thread::sleep(Duration::from_millis(50));
    drop(leaver);
    let mut client = Client::connect(stub.address());
    client.call("/kava", 2);
    assert!(start.elapsed() >= Duration::from_millis(600));
    let counts = stub.stop().chains["kava"];
    assert_eq!((counts.requests, counts.results, counts.given_up), (2, 1, 1));
    assert_eq!(counts.in_flight(), 0);
}
