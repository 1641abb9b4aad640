//! Targets that come while they are sent, and not always in time.

use std::io::{self, BufReader, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use plimsoll_attack::schedule::Share;
use plimsoll_attack::{
    Attack, Chain, Options, Pace, Stop, TargetDefaults, TargetFormat, TargetReader, Targets,
};

use crate::client::{Done, Kept, get, options, paced, run};
use crate::server::{Server, ok};

/// What another thread writes, as from a pipe.
struct Pipe {
    receiver: Receiver<String>,
    rest: io::Cursor<String>,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.rest.read(buffer)? {
                0 => match self.receiver.recv() {
                    Ok(text) => self.rest = io::Cursor::new(text),
                    Err(_) => return Ok(0),
                },
                read => return Ok(read),
            }
        }
    }
}

/// Targets that `feed` writes, each as so many of the same.
fn fed(url: String, feed: impl FnOnce(&dyn Fn(usize)) + Send + 'static) -> Targets {
    let (sender, receiver): (Sender<String>, _) = channel();
    thread::spawn(move || {
        let line = format!("{{\"method\":\"GET\",\"url\":\"{url}\"}}\n");
        // An attack that has ended reads no more.
        feed(&|count| drop(sender.send(line.repeat(count))));
    });
    let pipe = BufReader::new(Pipe { receiver, rest: io::Cursor::default() });
    let defaults = TargetDefaults::default();
    Targets::streamed(TargetReader::new("test", Box::new(pipe), TargetFormat::Json, defaults))
}

fn chain(targets: Targets, pace: Pace) -> Chain {
    Chain { name: String::new(), targets, pace }
}

fn attack(chains: Vec<Chain>, options: Options) -> Attack {
    Attack { chains, options, share: Share::ALL, start_at: None }
}

fn seqs(done: &[Done]) -> Vec<u64> {
    let mut seqs: Vec<u64> = done.iter().map(|done| done.seq).collect();
    seqs.sort_unstable();
    seqs
}

/// Longer than a request may be late.
const PAUSE: Duration = Duration::from_millis(700);

#[test]
fn the_clock_starts_with_the_first_target() {
    let server = Server::answering(|_| ok(""));
    let targets = fed(server.url("/"), |feed| {
        thread::sleep(PAUSE);
        feed(20);
    });
    let done = run(attack(vec![chain(targets, paced(100, 200))], options()));
    assert_eq!(seqs(&done), (0..20).collect::<Vec<_>>());
    let first = done.iter().find(|done| done.seq == 0).unwrap();
    assert!(first.lag.0 < 500_000_000, "{:?}", first.lag);
    assert!(done.iter().all(|done| !done.unsent));
}

#[test]
fn an_attack_without_a_first_target_can_be_stopped() {
    let (ended, end) = channel::<()>();
    let targets = fed("http://localhost/".to_owned(), move |_| {
        let _ = end.recv();
    });
    let (stop, mut kept) = (Stop::default(), Kept::default());
    stop.stop();
    attack(vec![chain(targets, paced(100, 200))], options()).run(&stop, &mut kept).unwrap();
    assert!(kept.done.is_empty());
    drop(ended);
}

/// As many as then become due at once, with less room than that.
#[test]
fn targets_that_come_late_are_sent_late() {
    let server = Server::answering(|_| ok(""));
    let targets = fed(server.url("/"), |feed| {
        feed(1);
        thread::sleep(PAUSE);
        feed(19);
    });
    let mut kept = Kept::default();
    let options = Options { max_in_flight: 2, ..options() };
    attack(vec![chain(targets, paced(100, 200))], options)
        .run(&Stop::default(), &mut kept)
        .unwrap();
    assert_eq!(seqs(&kept.done), (0..20).collect::<Vec<_>>());
    for done in &kept.done {
        assert_eq!((done.code, done.error.as_str()), (200, ""));
        // They are due when they were, whenever their targets come.
        assert!(done.seq == 0 || done.lag.0 > 400_000_000, "{done:?}");
    }
    assert_eq!(kept.seconds.iter().map(|second| second.late_targets).sum::<u64>(), 19);
}

#[test]
fn a_chain_whose_targets_are_late_holds_up_no_other() {
    let server = Server::answering(|_| ok(""));
    let late = fed(server.url("/late"), |feed| {
        feed(1);
        thread::sleep(PAUSE);
    });
    let listed = Targets::listed(vec![get(&server.url("/"))]);
    let chains = vec![chain(late, paced(100, 300)), chain(listed, paced(100, 300))];
    let done = run(attack(chains, options()));
    let of = |chain| done.iter().filter(|done| done.chain == chain && done.code == 200).count();
    assert_eq!([of(0), of(1)], [1, 30]);
}

#[test]
fn without_a_rate_no_number_is_left_out() {
    let server = Server::answering(|_| ok(""));
    let targets = fed(server.url("/"), |feed| {
        for _ in 0..3 {
            thread::sleep(Duration::from_millis(100));
            feed(5);
        }
    });
    let pace = Pace::AsFastAsAnswersCome { span: None };
    let options = Options { threads: 2, max_in_flight: 4, ..options() };
    let done = run(attack(vec![chain(targets, pace)], options));
    assert_eq!(seqs(&done), (0..15).collect::<Vec<_>>());
}
