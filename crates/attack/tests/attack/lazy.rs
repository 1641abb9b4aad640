//! Targets that come while they are sent, and not always in time.

use std::io::{self, BufReader, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use plimsoll_attack::schedule::Share;
use plimsoll_attack::{
    Attack, Chain, Options, Pace, TargetDefaults, TargetFormat, TargetReader, Targets,
};

use crate::client::{Done, options, run};
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
