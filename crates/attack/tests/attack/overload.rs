//! Asked for more than there is room for.

use std::io::Read as _;
use std::thread;
use std::time::{Duration, Instant};

use plimsoll_attack::{Attack, ErrorKind, Options, Pace, Stop};
use plimsoll_model::{Nanos, Timestamp};

use crate::client::{Kept, MILLISECOND, attack, get, options, paced, run};
use crate::server::{Server, ok};

#[test]
fn what_is_beyond_the_bound_is_recorded_as_not_sent() {
    let server = Server::answering(|_| {
        thread::sleep(Duration::from_millis(100));
        ok("")
    });
    let done = run(attack(
        get(&server.url("/")),
        paced(1000, 500),
        Options { max_in_flight: 20, ..options() },
    ));
    assert_eq!(done.len(), 500);
    assert!(server.connections() <= 20);
    let unsent: Vec<_> = done.iter().filter(|done| done.unsent).collect();
    assert!((300..=450).contains(&unsent.len()), "{}", unsent.len());
    for done in unsent {
        assert_eq!(done.error, "not sent: more than 20 requests in flight");
        assert_eq!((done.code, done.class().as_str()), (0, "generator.overload"));
    }
}

#[test]
fn an_impossible_rate_is_kept_as_far_as_it_goes() {
    let server = Server::answering(|_| ok(""));
    let begun = Instant::now();
    let done = run(attack(
        get(&server.url("/")),
        paced(300_000, 1000),
        Options { max_in_flight: 100, ..options() },
    ));
    let mut seqs: Vec<u64> = done.iter().map(|done| done.seq).collect();
    seqs.sort_unstable();
    assert!(seqs.into_iter().eq(0..300_000), "each request is accounted for once");
    let answered = done.iter().filter(|done| done.code == 200).count();
    assert!(answered > 1000, "{answered}");
    assert!(done.iter().all(|done| done.code == 200 || done.unsent));
    assert!(done.iter().filter(|done| !done.unsent).all(|done| done.lag.0 <= 250 * MILLISECOND));
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn without_a_rate_there_are_always_so_many_in_flight() {
    let server = Server::answering(|_| {
        thread::sleep(Duration::from_millis(10));
        ok("")
    });
    let pace = Pace::AsFastAsAnswersCome { span: Some(Nanos(500 * MILLISECOND)) };
    let done = run(attack(get(&server.url("/")), pace, Options { max_in_flight: 4, ..options() }));
    assert_eq!(server.connections(), 4);
    assert!(done.iter().all(|done| done.code == 200));
    assert!((50..=220).contains(&done.len()), "{}", done.len());
}

#[test]
fn what_is_stopped_ends_with_everything_accounted_for() {
    let server = Server::start(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let stop = Stop::default();
    let from_elsewhere = stop.clone();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        from_elsewhere.stop();
        thread::sleep(Duration::from_millis(100));
        from_elsewhere.stop();
    });
    let mut kept = Kept::default();
    attack(get(&server.url("/")), paced(100, 60_000), options()).run(&stop, &mut kept).unwrap();
    assert!((15..=60).contains(&kept.done.len()), "{}", kept.done.len());
    let mut seqs: Vec<u64> = kept.done.iter().map(|done| done.seq).collect();
    seqs.sort_unstable();
    assert!(seqs.into_iter().eq(0..kept.done.len() as u64));
    assert!(
        kept.done
            .iter()
            .all(|done| done.error == "given up: the attack was ended before the answer came")
    );
}

#[test]
fn what_has_not_begun_can_be_stopped() {
    let server = Server::answering(|_| ok(""));
    let stop = Stop::default();
    let from_elsewhere = stop.clone();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(200));
        from_elsewhere.stop();
    });
    for pace in [paced(100, 1000), Pace::AsFastAsAnswersCome { span: None }] {
        let mut kept = Kept::default();
        // In the year 2262.
        let start_at = Some(Timestamp(i64::MAX));
        let attack = attack(get(&server.url("/")), pace, options());
        Attack { start_at, ..attack }.run(&stop, &mut kept).unwrap();
        assert_eq!((kept.done.len(), server.connections()), (0, 0));
    }
}

#[test]
fn a_sink_that_fails_ends_the_attack() {
    let server = Server::answering(|_| ok(""));
    let mut kept = Kept { room: Some(50), ..Kept::default() };
    let attack = attack(get(&server.url("/")), paced(500, 60_000), options());
    let error = attack.run(&Stop::default(), &mut kept).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Sink);
}

/// What a server does not answer is sent all the same.
#[test]
fn requests_are_counted_when_they_are_taken_up() {
    let server = Server::answering(|_| {
        thread::sleep(Duration::from_millis(1500));
        ok("")
    });
    let mut kept = Kept::default();
    attack(get(&server.url("/")), paced(50, 500), options())
        .run(&Stop::default(), &mut kept)
        .unwrap();
    let first = &kept.seconds[0];
    assert!(first.taken_up > 0 && first.lag.is_some(), "{first:?}");
    assert_eq!(kept.seconds.iter().map(|second| second.taken_up).sum::<u64>(), 25);
    assert!(kept.seconds.last().unwrap().draining);
}

#[test]
fn the_generator_tells_how_it_fares() {
    let server = Server::answering(|_| ok(""));
    let mut kept = Kept::default();
    attack(get(&server.url("/")), paced(1000, 2500), options())
        .run(&Stop::default(), &mut kept)
        .unwrap();
    assert!((3..=4).contains(&kept.seconds.len()), "{}", kept.seconds.len());
    let second = &kept.seconds[0];
    assert!(second.cpu > Nanos::ZERO && second.open_files > 3);
    assert!(second.sockets.in_use >= 1);
    let states = second.states.unwrap();
    assert!(states.established >= 1 && states.ports >= 1);
    let lag = second.lag.unwrap();
    assert!(lag.p50 <= lag.p99 && lag.p99 <= lag.max);
}
