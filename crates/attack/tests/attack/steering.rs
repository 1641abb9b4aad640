//! Rates that are decided while the attack runs.

use std::io;

use plimsoll_attack::schedule::{Arrivals, Frequency, Share};
use plimsoll_attack::telemetry::Second;
use plimsoll_attack::{Attack, Block, Chain, Hold, Options, Pace, Sink, Stop, Targets};
use plimsoll_model::{Nanos, Timestamp};

use crate::client::{MILLISECOND, get, options};
use crate::server::{Server, ok};

/// Doubles the rate until what was due in a hold is more than so many.
struct Doubling {
    rate: u64,
    enough: usize,
    /// Chain, number, and due time of each request.
    seen: Vec<(usize, u64, Timestamp)>,
    /// How many there were when each hold was asked for.
    asked: Vec<usize>,
}

impl Sink for Doubling {
    fn outcomes(&mut self, block: &Block) -> io::Result<()> {
        self.seen.extend(block.iter().map(|done| (done.chain, done.seq, done.intended)));
        Ok(())
    }

    fn second(&mut self, _: &Second) -> io::Result<()> {
        Ok(())
    }

    fn next_hold(&mut self) -> Option<Hold> {
        let held = self.seen.len() - self.asked.last().unwrap_or(&0);
        self.asked.push(self.seen.len());
        self.rate *= 2;
        let rate = Frequency::new(self.rate, Nanos(1_000 * MILLISECOND)).unwrap();
        let (span, pause) = (Nanos(200 * MILLISECOND), Nanos(600 * MILLISECOND));
        (held < self.enough).then_some(Hold { rate, span, pause })
    }
}

#[test]
fn the_next_rate_follows_from_the_answers() {
    let server = Server::answering(|_| ok(""));
    let chain = |part| Chain {
        name: String::new(),
        targets: Targets::listed(vec![get(&server.url("/"))]),
        pace: Pace::Steered { part, whole: 4, arrivals: Arrivals::Uniform },
    };
    let attack = Attack {
        chains: vec![chain(3), chain(1)],
        options: Options { threads: 2, ..options() },
        share: Share::ALL,
        start_at: None,
    };
    let mut sink = Doubling { rate: 100, enough: 160, seen: Vec::new(), asked: Vec::new() };
    attack.run(&Stop::default(), &mut sink).unwrap();
    // 200, 400 and 800 per second, and nothing after that.
    assert_eq!(sink.asked, [0, 40, 120, 280]);
    assert_eq!(sink.seen.len(), 280);
    for (chain, count) in [(0, 210), (1, 70)] {
        let mut own: Vec<_> = sink.seen.iter().filter(|seen| seen.0 == chain).collect();
        own.sort_unstable();
        assert!(own.iter().map(|seen| seen.1).eq(0..count));
        assert!(own.is_sorted_by_key(|seen| seen.2));
        let pauses = own.windows(2).filter(|two| two[1].2.since(two[0].2).0 > 500 * MILLISECOND);
        assert_eq!(pauses.count(), 2);
    }
}
