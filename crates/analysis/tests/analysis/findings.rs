//! What an analysis says about streams of which the truth is known.

use crate::stream::{
    SECOND, START, Stream, analyse, analyse_in_batches, chain, names, offered, record, run, target,
};
use plimsoll_analysis::{
    Analyzer, ChainRule, ChainsBy, Conditions, FoundBy, GroupBy, Grouping, Matcher, Options, Slo,
    Step, Warning,
};
use plimsoll_model::{Nanos, Record, Target, TargetId, Timestamp};

const URL: &str = "http://127.0.0.1:9001/eth";
const MS: i64 = 1_000_000;

fn near(value: f64, expected: f64) -> bool {
    (value - expected).abs() < 1e-9 * expected
}

#[test]
fn requests_span_as_many_intervals() {
    let findings = analyse(&Options::default(), &[run("eth", URL, 0, 5 * MS, 200)]);
    assert_eq!(findings.total.active, Nanos(1_000_000_000));
    assert!(near(offered(&findings.total), 200.0));
    assert_eq!(findings.runs[0].active_spans, [(Timestamp(START), Timestamp(START + SECOND))]);
    assert_eq!(names(&findings), ["eth"]);
}

#[test]
fn two_runs_ten_minutes_apart_keep_their_rate() {
    let (first, second) =
        (run("eth", URL, 0, 10 * MS, 1_000), run("eth", URL, 600 * SECOND, 10 * MS, 1_000));
    for streams in [vec![first.clone(), second.clone()], vec![first.then(second)]] {
        let findings = analyse(&Options::default(), &streams);
        assert!(near(offered(&findings.total), 100.0));
        assert!(near(offered(chain(&findings, "eth")), 100.0));
        assert_eq!(findings.runs.len(), 2);
    }
}

#[test]
fn two_hosts_at_once_add_up() {
    let (first, second) =
        (run("eth", URL, 0, 10 * MS, 1_000), run("eth", URL, 3 * MS, 10 * MS, 1_000));
    let findings = analyse(&Options::default(), &[first, second]);
    assert_eq!(findings.total.active, Nanos(10_003_000_000));
    assert!((offered(&findings.total) - 200.0).abs() < 0.1);
    assert_eq!(findings.runs.len(), 2);
}

#[test]
fn a_run_cut_into_two_files_is_as_long_as_before() {
    let whole = run("eth", URL, 0, 5 * MS, 400);
    let part = |range: std::ops::Range<usize>| Stream {
        records: whole.records[range].to_vec(),
        ..whole.clone()
    };
    let findings = analyse(&Options::default(), &[part(0..150), part(150..400)]);
    assert_eq!(findings.total.active, Nanos(2_000_000_000));
    assert!(near(offered(&findings.total), 200.0));
}

#[test]
fn a_stall_inside_a_run_counts() {
    let mut stream = run("eth", URL, 0, 10 * MS, 1_000);
    stream.records[500..].iter_mut().for_each(|record| record.timestamp.0 += 10 * SECOND);
    let findings = analyse(&Options::default(), &[stream]);
    assert_eq!(findings.runs.len(), 1);
    assert!((offered(&findings.total) - 50.0).abs() < 0.1);
}

#[test]
fn chains_of_one_run_have_their_own_rates() {
    let mut stream = run("load", "http://h/eth", 0, MS, 4_000);
    stream.targets.push(target("load", "http://h/boba"));
    stream
        .records
        .iter_mut()
        .filter(|record| record.seq % 4 == 0)
        .for_each(|record| record.target = TargetId(1));
    let findings = analyse(&Options::default(), &[stream]);
    assert_eq!(findings.grouping, Grouping::Found(FoundBy::Path));
    assert_eq!(names(&findings), ["/boba", "/eth"]);
    assert!(near(offered(chain(&findings, "/boba")), 250.0));
    assert!((offered(chain(&findings, "/eth")) - 750.0).abs() < 1.0);
    assert!(near(offered(&findings.total), 1_000.0));
}

#[test]
fn records_without_timestamp_are_counted_and_in_no_rate() {
    let mut stream = run("eth", URL, 0, 5 * MS, 200);
    stream.records.extend((200..300).map(|seq| record(seq, Timestamp::UNKNOWN.0)));
    let slo = Some(Slo { latency: Some(Nanos(1 << 40)), success_min: None, good_ratio_min: None });
    let findings = analyse(&Options { slo, ..Options::default() }, &[stream.clone()]);
    assert_eq!((findings.total.requests, findings.total.good), (300, Some(300)));
    assert!(near(offered(&findings.total), 200.0));
    assert!(near(findings.total.throughput.unwrap().per_second(), 200.0));
    assert!(near(findings.total.goodput.unwrap().per_second(), 200.0));
    assert_eq!(findings.warnings, [Warning::WithoutTimestamp { records: 100 }]);
    let findings =
        analyse(&Options { from: Some(Timestamp(START)), ..Options::default() }, &[stream]);
    assert_eq!((findings.inputs[0].counted, findings.inputs[0].cut), (200, 100));
}

#[test]
fn success_good_and_errors() {
    let template = "Get \"<url>\": EOF";
    let stream = run("eth", URL, 0, 5 * MS, 400).failing(
        4,
        0,
        template,
        "Get \"http://u:secret@h/?k=v\": EOF",
    );
    let slo =
        Some(Slo { latency: Some(Nanos(2_200_000)), success_min: None, good_ratio_min: None });
    let total = analyse(&Options { slo, ..Options::default() }, &[stream]).total;
    assert_eq!((total.successes, total.failures, total.http_successes), (300, 100, 300));
    // Latencies rise by 1 µs per request: 201 requests are quick enough, every fourth of them failed.
    assert_eq!(total.good, Some(150));
    assert_eq!(total.success.unwrap().trials, 400);
    assert_eq!(total.status_codes.into_iter().collect::<Vec<_>>(), [(0, 100), (200, 300)]);
    let error = &total.errors[0];
    assert_eq!((error.template.as_str(), error.count), (template, 100));
    assert_eq!(error.example, "Get \"http://***@h/?k=***\": EOF");
    assert_eq!(
        (error.first, error.last),
        (Some(Timestamp(START)), Some(Timestamp(START + 396 * 5 * MS)))
    );
    assert_eq!(
        (total.latency.success.count, total.latency.failure.count, total.latency.all.count),
        (300, 100, 400)
    );
    assert_eq!(
        (total.bytes_in_total, total.bytes_out_total, total.bytes_measured),
        (400 * 56, 400 * 60, 400)
    );
    assert_eq!(total.bytes_in_success, 300 * 56, "the bodies of failures are no answers");
}

#[test]
fn the_accepted_codes_decide() {
    let stream = run("eth", URL, 0, 5 * MS, 100).failing(2, 404, "404 Not Found", "404 Not Found");
    let options =
        |codes: &str| Options { success_codes: codes.parse().unwrap(), ..Options::default() };
    let total = analyse(&options("200-399"), std::slice::from_ref(&stream)).total;
    assert_eq!((total.successes, total.http_successes, total.errors.len()), (50, 50, 1));
    let total = analyse(&options("200,404"), &[stream]).total;
    assert_eq!((total.successes, total.http_successes, total.errors.len()), (100, 50, 0));
    // A check that failed after a 200.
    let stream = run("eth", URL, 0, 5 * MS, 100).failing(
        2,
        200,
        "body does not match",
        "body does not match",
    );
    let total = analyse(&options("200"), &[stream]).total;
    assert_eq!((total.successes, total.http_successes), (50, 100));
}

#[test]
fn the_same_records_twice_count_once() {
    let whole = run("eth", URL, 0, 5 * MS, 1_000);
    let half = Stream { records: whole.records[500..].to_vec(), ..whole.clone() };
    let more = run("eth", URL, 10 * SECOND, 5 * MS, 100);
    let streams = [whole.clone(), half.clone().then(more.clone()), whole.clone().then(whole)];
    let findings = analyse(&Options::default(), &streams);
    assert_eq!(findings.total.requests, 1_100);
    assert_eq!(findings.warnings, [Warning::Duplicates { records: 2_500 }]);
    let counts: Vec<_> =
        findings.inputs.iter().map(|input| (input.read, input.counted, input.duplicates)).collect();
    assert_eq!(counts, [(1_000, 1_000, 0), (600, 100, 500), (2_000, 0, 2_000)]);
    assert_eq!(findings.runs.len(), 2, "a run of duplicates is none");
    let kept = analyse(&Options { keep_duplicates: true, ..Options::default() }, &streams);
    assert_eq!((kept.total.requests, kept.warnings.len()), (3_600, 0));
}

#[test]
fn the_same_request_of_two_attacks_is_two() {
    let findings =
        analyse(&Options::default(), &[run("a", URL, 0, MS, 50), run("b", URL, 0, MS, 50)]);
    assert_eq!(findings.total.requests, 100);
    assert_eq!(names(&findings), ["a", "b"]);
}

#[test]
fn cuts_by_time() {
    let stream = run("eth", URL, 0, 10 * MS, 1_000);
    let at = |seconds: i64| Some(Timestamp(START + seconds * SECOND));
    let findings = analyse(&Options { from: at(2), to: at(5), ..Options::default() }, &[stream]);
    assert_eq!((findings.inputs[0].counted, findings.inputs[0].cut), (300, 700));
    assert_eq!((findings.total.earliest, findings.total.active), (at(2), Nanos(3_000_000_000)));
    assert_eq!(findings.inputs[0].span, Some((Timestamp(START), Timestamp(START + 9_990 * MS))));
}

#[test]
fn a_warm_up_is_cut_from_each_run() {
    let mut first = run("eth", URL, 0, 10 * MS, 1_000);
    // In order of completion: the first request is the last one to be written.
    first.records.reverse();
    let streams = [
        first.then(run("eth", URL, 600 * SECOND, 10 * MS, 500)),
        run("boba", URL, 0, 10 * MS, 300),
    ];
    let findings = analyse(&Options { skip: Nanos(2_000_000_000), ..Options::default() }, &streams);
    let counts: Vec<_> = findings.inputs.iter().map(|input| (input.counted, input.cut)).collect();
    assert_eq!(counts, [(1_100, 400), (100, 200)]);
    let starts: Vec<_> =
        findings.runs.iter().map(|run| (run.active_spans[0].0.0 - START) / SECOND).collect();
    assert_eq!(starts, [2, 2, 602]);
}

#[test]
fn a_warm_up_is_cut_once_from_records_given_twice() {
    let whole = run("eth", URL, 0, 10 * MS, 1_000);
    let part = Stream { records: whole.records[500..].to_vec(), ..whole.clone() };
    let options = Options { skip: Nanos(1_000_000_000), ..Options::default() };
    for streams in [[whole.clone(), part.clone()], [part, whole]] {
        assert_eq!(analyse(&options, &streams).total.requests, 900);
    }
}

#[test]
fn stages_of_one_chain_are_one_chain() {
    let findings = analyse(
        &Options::default(),
        &[
            run("eth-500", URL, 0, 2 * MS, 500),
            run("eth-1000", URL, 60 * SECOND, MS, 1_000),
            run("kava-500", "http://127.0.0.1:9001/kava", 0, 2 * MS, 500),
        ],
    );
    assert_eq!(findings.grouping, Grouping::Found(FoundBy::Attack));
    assert_eq!(names(&findings), ["eth", "kava-500"]);
    assert_eq!(chain(&findings, "eth").attacks, ["eth-1000", "eth-500"]);
    assert_eq!(chain(&findings, "eth").active, Nanos(2_000_000_000));
}

/// Requests to `paths` paths in turn.
fn over_paths(mut stream: Stream, attack: &str, paths: u32) -> Stream {
    stream.targets =
        (0..paths).map(|path| target(attack, &format!("http://h/path-{path}"))).collect();
    for (record, path) in stream.records.iter_mut().zip((0..paths).cycle()) {
        record.target = TargetId(path);
    }
    stream
}

#[test]
fn a_short_stage_that_missed_some_paths_is_of_the_chain() {
    let stage = |index: i64, count| {
        let attack = format!("eth-{count}");
        over_paths(run(&attack, "", index * 60 * SECOND, 2 * MS, count), &attack, 8)
    };
    let stages = [stage(0, 5), stage(1, 500), stage(2, 1_000)];
    // Alone, the stages are as good as one attack, and its paths split it.
    let alone = analyse(&Options::default(), &stages);
    assert_eq!((alone.grouping, alone.chains.len()), (Grouping::Found(FoundBy::Path), 8));
    let mut with_other = stages.to_vec();
    with_other.push(run("kava", URL, 0, 2 * MS, 100));
    assert_eq!(names(&analyse(&Options::default(), &with_other)), ["eth", "kava"]);
}

#[test]
fn many_stages_and_many_paths_are_one_chain() {
    for (stages, paths) in [(7, 60), (150, 1), (150, 4), (900, 1)] {
        let mut streams: Vec<Stream> = (0..stages)
            .map(|stage| {
                let attack = format!("eth-{}", stage * 100);
                over_paths(run(&attack, "", stage * 60 * SECOND, 10 * MS, 120), &attack, paths)
            })
            .collect();
        streams.push(run("kava", URL, 0, 10 * MS, 100));
        let findings = analyse(&Options::default(), &streams);
        assert_eq!(names(&findings), ["eth", "kava"], "{stages} stages, {paths} paths");
        let eth = chain(&findings, "eth");
        assert_eq!(eth.requests, 120 * u64::try_from(stages).unwrap());
        assert!(near(offered(eth), 100.0));
    }
}

#[test]
fn chains_as_asked_for() {
    let stream = run("a", "https://h/x/1?key=v", 0, MS, 20).then(run("b", "", SECOND, MS, 10));
    let by = |by: GroupBy| Options { chains: ChainsBy::Asked(by), ..Options::default() };
    for (group_by, expected) in [
        (GroupBy::Attack, vec!["a", "b"]),
        (GroupBy::Host, vec!["h", "(unmatched)"]),
        (GroupBy::Path(1), vec!["/x", "(unmatched)"]),
        (GroupBy::Path(2), vec!["/x/1", "(unmatched)"]),
        (GroupBy::Url, vec!["https://h/x/1", "(unmatched)"]),
        (GroupBy::File, vec!["results/input-0.gob"]),
        (GroupBy::Method, vec!["GET"]),
    ] {
        let findings = analyse(&by(group_by), std::slice::from_ref(&stream));
        assert_eq!(names(&findings), expected, "{group_by:?}");
        assert_eq!(findings.grouping, Grouping::Asked(group_by));
        assert!(findings.warnings.is_empty());
    }
}

#[test]
fn chains_as_configured() {
    let rule = |name: &str, conditions: Conditions, codes: Option<&str>| ChainRule {
        name: name.into(),
        matches: Matcher::new(&conditions).unwrap(),
        success_codes: codes.map(|codes| codes.parse().unwrap()),
    };
    let path = |path: &str| Conditions { path_prefix: Some(path.into()), ..Conditions::default() };
    let rules = vec![
        rule("boba", path("/boba"), Some("404")),
        rule("eth", path("/eth"), None),
        rule("nothing", path("/nothing"), None),
    ];
    let stream = run("x", "http://h/eth/1", 0, MS, 30)
        .then(run("x", "http://h/boba", SECOND, MS, 20).failing(
            1,
            404,
            "404 Not Found",
            "404 Not Found",
        ))
        .then(run("x", "http://h/", 2 * SECOND, MS, 10));
    let findings =
        analyse(&Options { chains: ChainsBy::Configured(rules), ..Options::default() }, &[stream]);
    let counts: Vec<_> =
        findings.chains.iter().map(|chain| (chain.name.as_str(), chain.successes)).collect();
    assert_eq!(counts, [("boba", 20), ("eth", 30), ("(unmatched)", 10)]);
    assert_eq!(
        findings.warnings,
        [Warning::Unmatched { records: 10 }, Warning::EmptyChain { name: "nothing".into() }]
    );
}

#[test]
fn groups_beyond_the_limit_fold() {
    let mut stream = run("x", URL, 0, MS, 3_000);
    stream.targets = (0..150).map(|index| target("x", &format!("http://h/{index}"))).collect();
    stream
        .records
        .iter_mut()
        .for_each(|record| record.target = TargetId(u32::try_from(record.seq % 150).unwrap()));
    let findings = analyse(
        &Options { chains: ChainsBy::Asked(GroupBy::Path(1)), ..Options::default() },
        std::slice::from_ref(&stream),
    );
    assert_eq!(findings.chains.len(), 101);
    assert_eq!(findings.chains[100].name, "(other)");
    assert_eq!(findings.warnings, [Warning::GroupsFolded { limit: 100, records: 1_000 }]);
    // Nobody asked: so many segments are no chains.
    let findings = analyse(&Options::default(), &[stream]);
    assert_eq!((names(&findings), findings.warnings.len()), (vec!["x"], 0));
}

#[test]
fn errors_beyond_the_limit_fold() {
    let mut stream = run("x", URL, 0, MS, 600);
    for (index, record) in (0_u32..).zip(&mut stream.records) {
        record.code = 0;
        record.error = Some(plimsoll_model::ErrorId(index));
        let text = format!("error of kind {index}");
        stream.errors.push(plimsoll_model::ErrorText {
            template: text.clone(),
            example: text,
            ..Default::default()
        });
    }
    let findings = analyse(&Options::default(), &[stream]);
    assert_eq!(findings.total.errors.len(), 513);
    assert_eq!(
        (findings.total.errors[0].template.as_str(), findings.total.errors[0].count),
        ("(other errors)", 88)
    );
    assert_eq!(findings.warnings, [Warning::ErrorsFolded { limit: 512, records: 88 }]);
}

/// Runs ten minutes apart keep their rate, however many there are.
#[test]
fn many_runs_keep_their_rates() {
    let streams: Vec<Stream> =
        (0..400).map(|index| run("x", URL, index * 600 * SECOND, 10 * MS, 100)).collect();
    let findings = analyse(&Options::default(), &streams);
    assert_eq!((findings.total.requests, findings.runs.len()), (40_000, 400));
    assert_eq!(findings.total.active, Nanos(400_000_000_000));
    assert!(near(offered(&findings.total), 100.0));
    assert!(near(offered(&findings.chains[0]), 100.0));
    assert!(near(findings.chains[0].throughput.unwrap().per_second(), 100.0));
    assert!(findings.runs.iter().all(|run| run.requests == 100 && run.active_spans.len() == 1));
    // Latencies of so many are not kept.
    assert_eq!(findings.warnings, [Warning::RunsFolded { limit: 128 }]);
    assert!(findings.runs[..128].iter().all(|run| run.latency.is_some()));
    assert!(findings.runs[128..].iter().all(|run| run.latency.is_none()));
    let few = analyse(&Options::default(), &streams[..128]);
    assert_eq!((few.runs.len(), few.warnings.len()), (128, 0));
}

#[test]
fn many_runs_of_several_chains_keep_their_rates() {
    let streams: Vec<Stream> = (0..100)
        .flat_map(|index| {
            ["eth", "boba", "mantle", "kava"].map(|name| {
                run(name, &format!("http://h/{name}"), index * 600 * SECOND, 10 * MS, 100)
            })
        })
        .collect();
    let findings = analyse(&Options::default(), &streams);
    assert_eq!(names(&findings), ["boba", "eth", "kava", "mantle"]);
    assert!(findings.chains.iter().all(|chain| near(offered(chain), 100.0)));
    assert!(near(offered(&findings.total), 400.0));
}

#[test]
fn runs_over_many_paths_keep_their_rates() {
    let streams: Vec<Stream> = (0..7)
        .map(|index| {
            let mut stream = run("x", URL, index * 600 * SECOND, 10 * MS, 3_000);
            stream.targets = (0..30).map(|path| target("x", &format!("http://h/{path}"))).collect();
            for record in &mut stream.records {
                record.target = TargetId(u32::try_from(record.seq % 30).unwrap());
            }
            stream
        })
        .collect();
    for chains in [ChainsBy::Found, ChainsBy::Asked(GroupBy::Host)] {
        let findings = analyse(&Options { chains, ..Options::default() }, &streams);
        assert!(near(offered(&findings.total), 100.0));
        let sum: f64 = findings.chains.iter().map(offered).sum();
        assert!((sum - 100.0).abs() < 0.1, "{sum}");
    }
}

/// Where runs are too many to keep them apart, no rate is better than a wrong one.
#[test]
fn runs_beyond_the_limit_have_no_rates() {
    let mut all = run("x", "http://h/x", 0, 10 * MS, 100);
    all.records.extend((1..16_400).map(|index| record(0, START + index * 600 * SECOND)));
    let other = run("y", "http://h/y", 0, 10 * MS, 100);
    let findings = analyse(&Options::default(), &[other, all]);
    assert_eq!(findings.warnings, [Warning::RunsFolded { limit: 16_384 }]);
    let (x, y) = (chain(&findings, "x"), chain(&findings, "y"));
    assert_eq!((x.requests, x.offered, x.throughput, x.active), (16_499, None, None, Nanos::ZERO));
    assert!(near(offered(y), 100.0));
    assert_eq!(findings.total.offered, None);
    assert_eq!(findings.runs.iter().map(|run| run.requests).sum::<u64>(), 16_599);
    assert!(findings.runs.last().unwrap().active_spans.is_empty());
}

#[test]
fn failures_without_text_are_told_by_their_status() {
    let mut stream = run("x", URL, 0, MS, 90);
    stream.records[10..40].iter_mut().for_each(|record| record.code = 302);
    stream.records[50..60].iter_mut().for_each(|record| record.code = 0);
    let options = Options { success_codes: "200".parse().unwrap(), ..Options::default() };
    let errors = analyse(&options, &[run("y", URL, -SECOND, MS, 7), stream]).total.errors;
    let told: Vec<_> = errors
        .iter()
        .map(|error| {
            (error.template.as_str(), error.example.as_str(), error.count, error.first_place)
        })
        .collect();
    assert_eq!(
        told,
        [("status 302 (no error text)", "", 30, 17), ("no answer (no error text)", "", 10, 57)]
    );
}

#[test]
fn long_texts_are_cut() {
    let long = "x".repeat(500_000);
    let mut stream = run("x", URL, 0, MS, 300);
    stream.targets = ["a", "b"]
        .map(|end| target(&format!("{long}{end}"), &format!("http://{long}/{long}{end}")))
        .into();
    for (index, record) in (0_u32..).zip(&mut stream.records) {
        record.target = TargetId(index % 2);
    }
    let stream =
        stream.failing(2, 0, &format!("é{long}"), &format!("{} {long}", "é".repeat(1_000)));
    for chains in [
        ChainsBy::Found,
        ChainsBy::Asked(GroupBy::Attack),
        ChainsBy::Asked(GroupBy::Host),
        ChainsBy::Asked(GroupBy::Url),
    ] {
        let options = Options { chains: chains.clone(), ..Options::default() };
        let findings = analyse_in_batches(&options, std::slice::from_ref(&stream), 300);
        let expected = if matches!(chains, ChainsBy::Asked(GroupBy::Host)) { 1 } else { 2 };
        assert_eq!(findings.chains.len(), expected, "{chains:?}");
        assert!(findings.chains.iter().all(|chain| chain.name.len() <= 300));
        assert!(findings.total.attacks.iter().all(|attack| attack.len() <= 300));
        assert!(findings.runs.iter().all(|run| run.attack.len() <= 300));
        let error = &findings.total.errors[0];
        assert!(error.template.len() <= 1_030 && error.template.ends_with('…'));
        assert!(error.example.len() <= 2_050 && error.example.ends_with('…'));
    }
}

#[test]
fn duplicates_that_could_not_be_checked_are_told() {
    // Further back than the fingerprints that are kept: 32 MiB hold 4 million.
    let stream = run("x", URL, 0, MS / 10, 6_000_000);
    let batches = stream.batches(0, 100_000);
    let mut analyzer = Analyzer::new(Options::default(), vec!["a".into()]);
    batches.iter().chain(&batches[..1]).for_each(|batch| analyzer.add(batch));
    let Step::Done(findings) = analyzer.finish(false) else { unreachable!("it cannot read again") };
    assert_eq!(findings.warnings, [Warning::DuplicatesUnchecked { records: 100_000 }]);
    assert_eq!(findings.total.requests, 6_100_000);
}

#[test]
fn odd_batches_do_no_harm() {
    let mut stream = run("x", URL, 0, MS, 10);
    stream.records[3].target = TargetId(7);
    stream.records[4].error = Some(plimsoll_model::ErrorId(7));
    stream.records[5] =
        Record { timestamp: Timestamp(i64::MAX), latency: Nanos(u64::MAX), ..stream.records[5] };
    stream.records[6] =
        Record { bytes_in: u64::MAX, bytes_out: u64::MAX, seq: u64::MAX, ..stream.records[6] };
    stream.records[7].timestamp = Timestamp(i64::MIN + 1);
    stream.targets.push(Target { url: "://?#@".into(), ..Target::default() });
    stream.records[8].target = TargetId(1);
    let mut analyzer = Analyzer::new(Options { skip: Nanos(5), ..Options::default() }, Vec::new());
    for _ in 0..2 {
        stream.batches(3, 4).iter().for_each(|batch| analyzer.add(batch));
        analyzer = match analyzer.finish(true) {
            Step::ReadAgain(next) => *next,
            Step::Done(findings) => {
                assert_eq!(findings.inputs[3].read, 10);
                return;
            }
        };
    }
    unreachable!("two passes are enough");
}
