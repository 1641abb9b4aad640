use std::num::NonZeroU32;
use std::thread;
use std::time::{Duration, Instant};

use plimsoll_attack::stub::{Chain, Contention, Service, Spread, Stub, StubConfig};

use crate::client::Client;

/// Answers per second while the chain always has something to do, over `span`, from the gateway's own counts.
fn measure(chain: &Chain, span: Duration) -> f64 {
    let config = StubConfig { chains: vec![chain.clone()], ..StubConfig::default() };
    let stub = Stub::start(&config).unwrap();
    let end = Instant::now() + span + Duration::from_millis(300);
    // Each has one request in flight. What waits lasts over 40 ms in which the machine does something else.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred")]
    let clients = chain.workers.get() + (chain.capacity_rps() * 0.04) as u32;
    let results = || stub.counts().chains[&chain.name].results;
    thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let mut client = Client::connect(stub.address());
                while Instant::now() < end {
                    assert_eq!(client.call(&format!("/{}", chain.name), 1).status, 200);
                }
            });
        }
        // The queue fills meanwhile.
        thread::sleep(Duration::from_millis(150));
        let (start, before) = (Instant::now(), results());
        thread::sleep(span);
        (results() - before) as f64 / start.elapsed().as_secs_f64()
    })
}

/// The goal is 1 %; a shared machine may take the rest, or all of it for a while.
fn assert_capacity(chain: &Chain, span: Duration) {
    let expected = chain.capacity_rps();
    let mut measured = Vec::new();
    let near = (0..3).any(|_| {
        measured.push(measure(chain, span) / expected);
        measured.last().is_some_and(|ratio| (ratio - 1.0).abs() < 0.03)
    });
    assert!(near, "{measured:?} of {expected}");
    assert!(measured.iter().all(|ratio| *ratio < 1.03), "{measured:?}: more than there is");
}

fn chain(workers: u32, mean: Duration) -> Chain {
    let workers = NonZeroU32::new(workers).unwrap();
    Chain { workers, service: Service::fixed(mean), queue: None, ..Chain::new("ethereum") }
}

#[test]
fn four_hundred_a_second() {
    assert_capacity(&chain(4, Duration::from_millis(10)), Duration::from_secs(3));
}

#[test]
fn five_thousand_a_second() {
    assert_capacity(&chain(5, Duration::from_millis(1)), Duration::from_secs(3));
}

/// In 4,000 exponential service times the mean itself is known to 1.6 %: three of these.
#[test]
fn exponential_service_has_the_same_capacity() {
    let mut chain = chain(20, Duration::from_millis(20));
    chain.service.spread = Spread::Exponential;
    let measured = measure(&chain, Duration::from_secs(4));
    assert!((measured / 1_000.0 - 1.0).abs() < 0.05, "{measured}");
}

/// Ten workers at sigma = 0.1 get in each other's way: 10 / (10 ms * 1.9).
#[test]
fn contention_takes_what_the_scalability_law_says() {
    let mut chain = chain(10, Duration::from_millis(10));
    chain.service.contention = Contention { sigma: 0.1, kappa: 0.0 };
    assert!((chain.capacity_rps() - 526.3).abs() < 0.1);
    assert_capacity(&chain, Duration::from_secs(3));
}
