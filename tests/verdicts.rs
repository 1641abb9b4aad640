//! Verdicts on recordings of which it is known what happened: `notebooks-data/README.md`.

use serde_json::Value;

use crate::recipe::{Result, SECOND, lines, run};
use crate::util::{Dir, TestCommand, root, warnings};

fn recorded(name: &str) -> TestCommand {
    TestCommand::analyze().arg(root().join("notebooks-data").join(name))
}

fn kind(answer: &Value) -> &str {
    answer["verdict"]["kind"].as_str().unwrap()
}

fn kinds(answer: &Value) -> Vec<(&str, &str)> {
    let chains = answer["chains"].as_object().unwrap();
    chains.iter().map(|(name, chain)| (name.as_str(), kind(chain))).collect()
}

/// Asserts that the texts stand in the sentence, one behind the other.
fn assert_in_order(sentence: &str, texts: &[&str]) {
    let mut rest = sentence;
    for text in texts {
        let at = rest.find(text).unwrap_or_else(|| panic!("no `{text}` in its place: {sentence}"));
        rest = &rest[at..];
    }
}

/// The run with 0.2 % success: both causes, in the order in which they began, and how many hosts it takes.
#[test]
fn a_run_without_ports_that_was_thrown_out_by_the_gateway() {
    let answer = recorded("port-exhaustion/results").json();
    // The time-outs began seconds before the ports ran out: they are the gateway's own.
    assert_eq!(kind(&answer), "mixed");
    let verdict = &answer["verdict"];
    let headline = verdict["headline"].as_str().unwrap();
    assert_in_order(
        headline,
        &[
            "60.24 % timed out",
            "ENHANCE_YOUR_CALM",
            "38.13 % found no free local port",
            "not measured",
        ],
    );
    let because = verdict["because"].to_string();
    for text in [
        "14,642 requests did not get past the generator",
        "server.h2_enhance_your_calm: 550 requests",
        "in kava and mantle",
        "6,924 failures (server.timeout)",
        "the first time-out was over",
        "generator.port_exhaustion: 14,642 requests",
        "open + 1 min in TIME_WAIT",
    ] {
        assert!(because.contains(text), "{text}: {because}");
    }
    let advice = verdict["advice"].to_string();
    assert!(advice.contains("hosts with Linux's own range of ports"), "{advice}");
    // What was asked of the server is not what it can do: 75 of the 23,758 requests that reached it.
    let ratio = answer["total"]["server_success"]["ratio"].as_f64().unwrap();
    assert!((ratio - 75.0 / 23_758.0).abs() < 1e-12, "{ratio}");
    assert_eq!(answer["total"]["errors_by_side"]["generator"], 14_642);
}

#[test]
fn a_generator_that_collapses_is_told_from_a_server_that_does() {
    for (name, expected) in [
        ("healthy", "healthy"),
        ("fast", "healthy"),
        ("collapse", "generator_limited"),
        ("collapse-timeout", "generator_limited"),
        ("collapse-files", "generator_limited"),
    ] {
        let answer = recorded(&format!("generator-collapse/results/{name}.gob.zst")).json();
        assert_eq!(kind(&answer), expected, "{name}: {}", answer["verdict"]);
        assert_eq!(answer["runs"].as_array().unwrap().len(), 1, "{name}");
        assert!(warnings(&answer).is_empty(), "{name}");
    }
    let answer = recorded("generator-collapse/results/collapse.gob.zst").json();
    let because = answer["verdict"]["because"].to_string();
    assert!(because.contains("count as its doing"), "{because}");
}

/// 20 workers at 100 ms send 200/s of the 1,000/s that were meant; every request that was sent succeeded.
#[test]
fn requests_that_waited_for_a_worker_are_seen() {
    let name = "generator-collapse/results/few-workers.gob.zst";
    let answer = recorded(name).args(["--rate", "1000"]).json();
    assert_eq!(kind(&answer), "generator_limited");
    let lag = &answer["total"]["send_lag_ms"];
    assert_eq!(
        (&lag["source"], lag["intended_rps"].as_f64()),
        (&"configured".into(), Some(1_000.0))
    );
    assert!(lag["p99"].as_f64().unwrap() > 5_000.0, "{lag}");
    let recorded_p99 = answer["total"]["latency_ms"]["all"]["p99"].as_f64().unwrap();
    let corrected_p99 = answer["total"]["latency_corrected_ms"]["p99"].as_f64().unwrap();
    assert!(recorded_p99 < 110.0 && corrected_p99 > 5_000.0, "{recorded_p99} {corrected_p99}");
    // Without being told, it is not said that all was well with the generator.
    let answer = recorded(name).json();
    let headline = answer["verdict"]["headline"].as_str().unwrap();
    assert!(!headline.contains("the generator kept its schedule"), "{headline}");
}

#[test]
fn a_server_that_sheds_load_is_the_limit() {
    let answer = recorded("shedding-server/results").json();
    assert_eq!(kind(&answer), "server_limited");
    assert_eq!(
        kinds(&answer),
        [("boba", "server_limited"), ("ethereum", "server_limited"), ("kava", "healthy")]
    );
    let headline = answer["verdict"]["headline"].as_str().unwrap();
    assert!(headline.contains("the generator kept its schedule"), "{headline}");
}

#[test]
fn each_chain_has_its_own_verdict() {
    let answer = recorded("four-chains/failing").json();
    assert_eq!(kind(&answer), "mixed");
    assert_eq!(
        kinds(&answer),
        [
            ("boba", "server_limited"),
            ("ethereum", "generator_limited"),
            ("kava", "server_limited"),
            ("mantle", "mixed"),
        ]
    );
    let answer = recorded("four-chains/healthy").json();
    assert_eq!(kind(&answer), "healthy");
    assert!(kinds(&answer).iter().all(|(_, kind)| *kind == "healthy"), "{:?}", kinds(&answer));
}

/// EOFs alone are the server's; beside a generator that fails they are its doing.
#[test]
fn eofs_are_whose_the_rest_of_the_picture_says() {
    let dir = Dir::new();
    let of = |error: &str, seq: u64| Result {
        code: 0,
        error: error.to_owned(),
        seq,
        at: Result::default().at + i64::try_from(seq).unwrap() * SECOND / 100,
        ..Result::default()
    };
    let good = run(&Result::default(), 400, SECOND / 100);
    let eofs = run(&of("Get \"http://h/\": EOF", 400), 200, SECOND / 100);
    let files =
        run(&of("dial tcp 10.0.0.1:80: socket: too many open files", 600), 200, SECOND / 100);
    dir.write("eof.json", lines(good.iter().chain(&eofs)));
    dir.write("both.json", lines(good.iter().chain(&files_first(&files, &eofs))));
    assert_eq!(kind(&dir.analyze().arg("eof.json").json()), "server_limited");
    let answer = dir.analyze().arg("both.json").json();
    assert_eq!(kind(&answer), "generator_limited");
    assert!(
        answer["verdict"]["because"].to_string().contains("200 failures (server.closed_early)")
    );
}

/// The same requests with the errors of `files` first and those of `eofs` behind them.
fn files_first(files: &[Result], eofs: &[Result]) -> Vec<Result> {
    let errors = files.iter().chain(eofs).map(|result| &result.error);
    let places = eofs.iter().chain(files);
    places
        .zip(errors)
        .map(|(place, error)| Result { error: error.clone(), ..place.clone() })
        .collect()
}

/// Slow answers are failures of the service level, not of the requests.
#[test]
fn answers_that_are_too_slow_are_the_servers() {
    let slow = recorded("four-chains/healthy/kava.gob").args(["--slo", "latency=50ms"]).json();
    assert_eq!(kind(&slow), "server_limited");
    let headline = slow["verdict"]["headline"].as_str().unwrap();
    assert!(headline.contains("took longer than 50.0 ms"), "{headline}");
    let fast = recorded("four-chains/healthy/kava.gob").args(["--slo", "latency=2s"]).json();
    assert_eq!(kind(&fast), "healthy");
}

#[test]
fn one_failure_in_three_thousand_is_no_limit() {
    let dir = Dir::new();
    let mut results = run(&Result::default(), 3_000, SECOND / 100);
    results[1_500].code = 503;
    dir.write("run.json", lines(&results));
    assert_eq!(kind(&dir.analyze().arg("run.json").json()), "healthy");
    let strict = dir.analyze().args(["run.json", "--slo", "success=99.99%"]).json();
    assert_eq!(kind(&strict), "server_limited");
    dir.write("few.json", lines(&results[..29]));
    assert_eq!(kind(&dir.analyze().arg("few.json").json()), "insufficient_data");
}

/// A number that no record has is a result that was lost.
#[test]
fn lost_results_are_counted() {
    let dir = Dir::new();
    let mut results = run(&Result::default(), 200, SECOND / 100);
    results.drain(50..57);
    dir.write("run.json", lines(&results));
    let answer = dir.analyze().arg("run.json").json();
    assert_eq!(answer["runs"][0]["missing_records"], 7);
    assert_eq!(warnings(&answer), ["numbers_missing"]);
    // Of what was cut, it cannot be told.
    let cut = dir.analyze().args(["run.json", "--skip", "100ms"]).json();
    assert!(cut["runs"][0]["missing_records"].is_null());
}

const TIMED_OUT: &str =
    "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
const NO_PORT: &str = "dial tcp 0.0.0.0:0->10.0.0.1:80: bind: address already in use";
const CALM: &str = "http2: server sent GOAWAY and closed the connection; LastStreamID=1999, \
                    ErrCode=ENHANCE_YOUR_CALM, debug=\"\"";

/// `count` requests of an attack at 100/s, from this one on, failed with this error; without one they are answers.
fn stretch(attack: &str, from: u64, count: u64, error: &str) -> Vec<Result> {
    let first = Result {
        attack: attack.to_owned(),
        seq: from,
        at: Result::default().at + i64::try_from(from).unwrap() * SECOND / 100,
        code: if error.is_empty() { 200 } else { 0 },
        error: error.to_owned(),
        ..Result::default()
    };
    run(&first, count, SECOND / 100)
}

fn because(answer: &Value) -> String {
    answer["verdict"]["because"].to_string()
}

/// What one chain's generator brings about is no excuse for the server of another.
#[test]
fn a_collapse_accounts_for_its_own_chain_only() {
    let dir = Dir::new();
    let runs = [
        stretch("a", 0, 100, ""),
        stretch("a", 100, 50, NO_PORT),
        stretch("a", 150, 150, TIMED_OUT),
        stretch("b", 0, 200, ""),
        stretch("b", 200, 100, TIMED_OUT),
    ];
    dir.write("run.json", lines(runs.iter().flatten()));
    let answer = dir.analyze().args(["run.json", "--group-by", "attack"]).json();
    assert_eq!(kinds(&answer), [("a", "generator_limited"), ("b", "server_limited")]);
    assert_eq!(kind(&answer), "mixed");
    assert!(because(&answer).contains("150 failures (server.timeout)"), "{}", because(&answer));
}

/// Failures from before the first sign of a collapse are not of its making.
#[test]
fn what_began_before_the_collapse_is_the_servers() {
    let dir = Dir::new();
    let runs = [stretch("", 0, 500, TIMED_OUT), stretch("", 500, 200, NO_PORT)];
    dir.write("run.json", lines(runs.iter().flatten()));
    let answer = dir.analyze().arg("run.json").json();
    assert_eq!(kind(&answer), "mixed");
    assert!(!because(&answer).contains("as its doing"), "{}", because(&answer));
    let headline = answer["verdict"]["headline"].as_str().unwrap();
    assert_in_order(headline, &["71.43 % timed out", "28.57 % found no free", "not measured"]);
}

/// What was given up with the attack is nobody's limit, but may have been about to fail.
#[test]
fn what_was_given_up_accuses_nobody() {
    const GIVEN_UP: &str = "given up: the attack was ended before the answer came";
    let dir = Dir::new();
    let judged = |answered: u64, given_up: u64| {
        let runs = [stretch("", 0, answered, ""), stretch("", answered, given_up, GIVEN_UP)];
        dir.write("run.json", lines(runs.iter().flatten()));
        dir.analyze().arg("run.json").json()
    };
    let few = judged(2_999, 1);
    assert_eq!(kind(&few), "healthy");
    assert_eq!(few["total"]["errors"][0]["class"], "generator.interrupted");
    let many = judged(100, 50);
    assert_eq!(kind(&many), "insufficient_data");
    let headline = many["verdict"]["headline"].as_str().unwrap();
    assert_in_order(headline, &["33.33 % were given up when the attack was ended", "not enough"]);
}

/// Time-outs provoke a server to throw out who gave up on it, and nobody else.
#[test]
fn time_outs_at_one_host_do_not_provoke_another() {
    let dir = Dir::new();
    let mut calm = stretch("b", 100, 100, CALM);
    dir.write("same.json", lines(stretch("b", 0, 100, TIMED_OUT).iter().chain(&calm)));
    for result in &mut calm {
        result.url = "http://other.example/eth".to_owned();
    }
    dir.write("other.json", lines(stretch("b", 0, 100, TIMED_OUT).iter().chain(&calm)));
    let provoked = |name: &str, by: &str| {
        let answer = dir.analyze().args([name, "--group-by", by]).json();
        because(&answer).contains("before the first ENHANCE_YOUR_CALM")
    };
    assert!(provoked("same.json", "attack"));
    assert!(!provoked("other.json", "attack"));
    assert!(!provoked("other.json", "host"));
}

#[test]
fn one_late_request_is_no_collapse() {
    let dir = Dir::new();
    let mut results = stretch("", 0, 300, "");
    results[150].at += SECOND / 2;
    results[299].at += SECOND / 2;
    dir.write("run.json", lines(&results));
    let answer = dir.analyze().args(["run.json", "--rate", "100"]).json();
    assert_eq!(kind(&answer), "healthy", "{}", because(&answer));
    assert!(because(&answer).contains("all requests were sent at most 500 ms late"));
}

#[test]
fn a_rate_that_no_run_kept_is_said_to_be_left_aside() {
    let dir = Dir::new();
    dir.write("run.json", lines(&stretch("eth", 0, 2_000, "")));
    let with = |rate: &str| dir.analyze().args(["run.json", "--rate", rate]).json();
    assert_eq!(warnings(&with("eth=100")), Vec::<String>::new());
    assert_eq!(warnings(&with("eth=50")), ["rate_exceeded"]);
    assert_eq!(warnings(&with("boba=100")), ["unmatched_rate"]);
    assert_eq!(kind(&with("eth=50")), "healthy");
    assert_eq!(kind(&with("eth=200")), "generator_limited");
}

/// Where the host had far fewer ports than its range, the range is what to look at first.
#[test]
fn a_host_with_fewer_ports_than_thought_is_told_of() {
    let dir = Dir::new();
    let runs = [stretch("", 0, 500, ""), stretch("", 500, 500, NO_PORT)];
    dir.write("run.json", lines(runs.iter().flatten()));
    let answer = dir.analyze().arg("run.json").json();
    let advice = answer["verdict"]["advice"][0].as_str().unwrap();
    assert!(advice.starts_with("this host had about 500 ports, not 28,232"), "{advice}");
    assert!(!answer["verdict"]["advice"].to_string().contains("1 host with"));
}
