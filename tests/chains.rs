//! How records come to chains.

use serde_json::Value;

use crate::recipe::{Result, SECOND, START, lines, run};
use crate::util::{Dir, TestCommand, fixture, requests_by_chain, warnings};

fn to(attack: &str, method: &str, url: &str) -> Result {
    let (attack, method, url) = (attack.to_owned(), method.to_owned(), url.to_owned());
    Result { attack, method, url, ..Result::default() }
}

/// Requests of several kinds, `count` of each, one kind after another in one run.
fn stream(kinds: &[Result], count: u64) -> String {
    let mut text = String::new();
    for (index, kind) in (0..).zip(kinds) {
        let first = index * count;
        let at = START + i64::try_from(first).unwrap() * SECOND / 100;
        let first = Result { seq: first, at, ..kind.clone() };
        text += &lines(&run(&first, count, SECOND / 100));
    }
    text
}

/// The chains of the answer, written as `name count`.
fn chains(answer: &Value) -> Vec<String> {
    requests_by_chain(answer).iter().map(|(name, count)| format!("{name} {count}")).collect()
}

fn group_by(answer: &Value) -> &str {
    answer["config"]["group_by"].as_str().unwrap()
}

#[test]
fn each_kind_of_match() {
    let dir = Dir::new();
    let with_header = Result {
        headers: vec![("X-Node".to_owned(), "relay-7".to_owned())],
        ..to("h", "GET", "http://gateway.example/other")
    };
    let kinds = [
        to("eth-500", "GET", "http://gateway.example/x"),
        to("b", "GET", "https://RPC.boba.example:8443/x"),
        to("c", "GET", "http://gateway.example/mantle/v1?id=1"),
        to("d", "GET", "http://gateway.example/v7/kava"),
        to("e", "DELETE", "http://gateway.example/x"),
        with_header,
        to("g", "GET", "http://gateway.example/mantlepiece"),
    ];
    dir.write("results.json", stream(&kinds, 100));
    dir.write("special-1.json", stream(&[to("z", "GET", "http://gateway.example/y")], 50));
    dir.write(
        "plimsoll.toml",
        r#"
            [chains.by_attack]
            match = { attack = "eth-*" }
            [chains.by_host]
            match = { host = "rpc.*.example" }
            [chains.by_path]
            match = { path_prefix = "/mantle" }
            [chains.by_regex]
            match = { url_regex = "/v[0-9]+/kava$" }
            [chains.by_method]
            match = { method = "delete" }
            [chains.by_header]
            match = { header = "x-node: relay-*" }
            [chains.by_file]
            match = { file = "special-*" }
        "#,
    );
    let answer = dir.analyze().args(["results.json", "special-1.json"]).json();
    assert_eq!(
        chains(&answer),
        [
            "(unmatched) 100",
            "by_attack 100",
            "by_file 50",
            "by_header 100",
            "by_host 100",
            "by_method 100",
            "by_path 100",
            "by_regex 100",
        ]
    );
    assert_eq!(group_by(&answer), "configured");
    assert_eq!(warnings(&answer), ["unmatched"]);
    let text = dir.analyze().args(["results.json", "special-1.json"]).answer();
    assert!(text.contains("(unmatched)") && text.contains("WARNING: 100 records"), "{text}");
}

/// A header that only one of the records has, in each format.
#[test]
fn headers_are_seen_in_each_format() {
    let dir = Dir::new();
    let rules = "[chains.json]\nmatch = { header = \"content-TYPE: application/json*\" }\n";
    dir.write("plimsoll.toml", rules);
    for format in ["gob", "json", "csv"] {
        let answer = dir.analyze().arg(fixture(&format!("corpus/mix-429.{format}"))).json();
        assert_eq!(chains(&answer), ["(unmatched) 300", "json 300"], "{format}");
    }
}

#[test]
fn the_first_chain_of_the_file_that_matches_claims_a_record() {
    let dir = Dir::new();
    let kinds = [to("", "GET", "http://h/eth/archive"), to("", "GET", "http://h/eth")];
    dir.write("results.json", stream(&kinds, 100));
    // Neither in the order of the alphabet nor against it.
    let archive = "[chains.m-archive]\nmatch = { path_prefix = \"/eth/archive\" }\n";
    let all = "[chains.k-eth]\nmatch = { path_prefix = \"/eth\" }\n";
    let rest = "[chains.z-rest]\nmatch = { host = \"*\" }\n";
    dir.write("special.toml", format!("{archive}{all}{rest}"));
    dir.write("general.toml", format!("{all}{archive}{rest}"));
    dir.write("rest.toml", format!("{rest}{archive}{all}"));
    let with = |config: &str| dir.analyze().args(["results.json", "--config", config]).json();
    assert_eq!(chains(&with("special.toml")), ["k-eth 100", "m-archive 100"]);
    assert_eq!(chains(&with("general.toml")), ["k-eth 200"]);
    assert_eq!(chains(&with("rest.toml")), ["z-rest 200"]);
    assert_eq!(warnings(&with("special.toml")), ["empty_chain"]);
    assert_eq!(warnings(&with("rest.toml")), ["empty_chain", "empty_chain"]);
}

#[test]
fn all_conditions_of_a_match_have_to_hold() {
    let dir = Dir::new();
    let kinds = [
        to("a", "GET", "http://h/eth"),
        to("a", "POST", "http://h/eth"),
        to("b", "POST", "http://h/eth"),
    ];
    dir.write("results.json", stream(&kinds, 100));
    dir.write("plimsoll.toml", "[chains.x]\nmatch = { attack = \"a\", method = \"POST\" }\n");
    assert_eq!(chains(&dir.analyze().arg("results.json").json()), ["(unmatched) 200", "x 100"]);
}

#[test]
fn a_chain_has_success_codes_of_its_own() {
    let dir = Dir::new();
    let mut text = String::new();
    for (index, path) in (0..).zip(["/limited", "/plain"]) {
        let first = Result {
            code: 429,
            error: "429 Too Many Requests".to_owned(),
            at: START + index * 10 * SECOND,
            url: format!("http://h{path}"),
            ..Result::default()
        };
        text += &lines(&run(&first, 50, SECOND / 100));
    }
    dir.write("results.json", text);
    dir.write(
        "plimsoll.toml",
        "[chains.limited]\nmatch = { path_prefix = \"/limited\" }\nsuccess_codes = [\"200-299\", \"429\"]\n\
         [chains.plain]\nmatch = { path_prefix = \"/plain\" }\n",
    );
    let answer = dir.analyze().arg("results.json").json();
    let successes = |chain: &str| answer["chains"][chain]["successes"].as_u64().unwrap();
    assert_eq!((successes("limited"), successes("plain")), (50, 0));
    // What vegeta calls success is what it was.
    assert_eq!(answer["total"]["http_success"]["ratio"], 0.0);
    // And the answer says by what it counted.
    assert_eq!(
        answer["config"]["chains"],
        serde_json::json!([
            { "name": "limited", "success_codes": "200-299,429" },
            { "name": "plain", "success_codes": null },
        ])
    );
    let text = dir.analyze().arg("results.json").answer();
    let words = "success is a status of 200-399 (limited: 200-299,429) without an error";
    assert!(text.contains(words), "{text}");
    let markdown = dir.analyze().args(["results.json", "--format", "markdown"]).answer();
    assert!(markdown.contains("(`limited`: 200-299,429)"), "{markdown}");
}

/// Codes for a chain that says nothing else are those of the attack of its name.
#[test]
fn success_codes_alone_make_a_chain() {
    let dir = Dir::new();
    let first = Result {
        code: 429,
        error: "429 Too Many Requests".to_owned(),
        ..to("boba", "GET", "http://h/x")
    };
    dir.write("results.json", lines(&run(&first, 50, SECOND / 100)));
    dir.write("plimsoll.toml", "[chains.boba]\nsuccess_codes = [\"429\"]\n[chains.eth]\n");
    let answer = dir.analyze().arg("results.json").json();
    assert_eq!(group_by(&answer), "configured");
    assert_eq!(answer["chains"]["boba"]["successes"], 50);
    // Without either there is nothing to go by.
    dir.write("plimsoll.toml", "[chains.boba]\ntarget_rps = 100\n");
    let answer = dir.analyze().arg("results.json").json();
    assert_eq!(group_by(&answer), "found: nothing");
    assert_eq!(answer["config"]["chains"], serde_json::json!([]));
}

/// Who matches by header is told which failures are missing.
#[test]
fn failures_without_an_answer_have_no_header() {
    let dir = Dir::new();
    let answered = Result {
        headers: vec![("X-Node".to_owned(), "relay-7".to_owned())],
        ..to("a", "GET", "http://h/x")
    };
    let refused = Result { code: 0, error: "EOF".to_owned(), ..to("a", "GET", "http://h/x") };
    dir.write("results.json", stream(&[answered, refused], 50));
    let message = |config: &str| {
        dir.write("plimsoll.toml", config);
        let answer = dir.analyze().arg("results.json").json();
        assert_eq!(warnings(&answer)[0], "unmatched");
        answer["warnings"][0]["message"].as_str().unwrap().to_owned()
    };
    let by_header = message("[chains.x]\nmatch = { header = \"X-Node: *\" }\n");
    assert!(by_header.contains("without an answer there is no header"), "{by_header}");
    let by_host = message("[chains.x]\nmatch = { host = \"elsewhere\" }\n");
    assert!(!by_host.contains("header"), "{by_host}");
}

#[test]
fn a_group_that_is_asked_for_goes_before_the_configuration() {
    let dir = Dir::new();
    dir.write("results.json", stream(&[to("a", "GET", "http://h/eth")], 100));
    dir.write("plimsoll.toml", "[chains.x]\nmatch = { attack = \"a\" }\n");
    let answer = dir.analyze().args(["results.json", "--group-by", "host"]).json();
    assert_eq!(chains(&answer), ["h 100"]);
}

#[test]
fn each_group_by() {
    let dir = Dir::new();
    let kinds = [
        to("eth-500", "GET", "http://one.example/a/b/c?x=1"),
        to("eth-500", "POST", "http://one.example/a/b/d"),
        to("eth-1000", "GET", "http://two.example:8545/a/e"),
        to("", "", ""),
    ];
    dir.write("one.json", stream(&kinds, 100));
    dir.write("two.json", stream(&[to("boba", "GET", "http://one.example")], 10));
    let by = |what: &str| {
        let answer = dir.analyze().args(["one.json", "two.json", "--group-by", what]).json();
        let name = if what == "path" { "path:1" } else { what };
        assert_eq!(group_by(&answer), format!("asked: {name}"));
        chains(&answer)
    };
    assert_eq!(by("attack"), ["(unmatched) 100", "boba 10", "eth-1000 100", "eth-500 200"]);
    assert_eq!(by("host"), ["(unmatched) 100", "one.example 210", "two.example:8545 100"]);
    assert_eq!(by("path"), ["(unmatched) 100", "/ 10", "/a 300"]);
    assert_eq!(by("path:2"), ["(unmatched) 100", "/ 10", "/a/b 200", "/a/e 100"]);
    assert_eq!(by("path:3"), ["(unmatched) 100", "/ 10", "/a/b/c 100", "/a/b/d 100", "/a/e 100"]);
    assert_eq!(
        by("url"),
        [
            "(unmatched) 100",
            "http://one.example 10",
            "http://one.example/a/b/c 100",
            "http://one.example/a/b/d 100",
            "http://two.example:8545/a/e 100",
        ]
    );
    assert_eq!(by("file"), ["one.json 400", "two.json 10"]);
    assert_eq!(by("method"), ["(unmatched) 100", "GET 210", "POST 100"]);
}

#[test]
fn without_being_asked() {
    let dir = Dir::new();
    let found = |kinds: &[Result]| {
        let answer = dir.analyze().arg("-").stdin(stream(kinds, 100)).json();
        format!("{}: {}", group_by(&answer), chains(&answer).join(", "))
    };
    let url = "http://h/eth";
    // By attack, where there are several.
    assert_eq!(
        found(&[to("eth", "GET", url), to("boba", "GET", url)]),
        "found: attack: boba 100, eth 100"
    );
    // Stages are no chains, however many there are.
    assert_eq!(
        found(&[to("eth-500", "GET", url), to("eth-1000", "GET", url), to("eth-2000", "GET", url)]),
        "found: nothing: eth 300"
    );
    assert_eq!(
        found(&[
            to("eth-500", "GET", url),
            to("eth-1000", "GET", url),
            to("boba-500", "GET", "http://h/boba")
        ]),
        "found: attack: boba-500 100, eth 200"
    );
    // The same name with another number, elsewhere: that is another chain.
    assert_eq!(
        found(&[to("node-1", "GET", "http://one/x"), to("node-2", "GET", "http://two/x")]),
        "found: attack: node-1 100, node-2 100"
    );
    // By host.
    assert_eq!(
        found(&[to("", "GET", "http://one/x"), to("", "GET", "http://two/y")]),
        "found: host: one 100, two 100"
    );
    // By first path segment.
    assert_eq!(
        found(&[to("x", "GET", "http://h/eth/1"), to("x", "GET", "http://h/boba/2")]),
        "found: path: /boba 100, /eth 100"
    );
    // Nothing to split by.
    assert_eq!(found(&[to("", "GET", url), to("", "POST", url)]), "found: nothing: h 200");
    assert_eq!(found(&[to("", "", "")]), "found: nothing: all 100");
}

/// Identifiers in paths are no chains.
#[test]
fn a_segment_that_is_an_identifier_splits_nothing() {
    let kinds: Vec<Result> =
        (0..30).map(|id| to("", "GET", &format!("http://h/{}", 1_000 + id * 37))).collect();
    let dir = Dir::new();
    dir.write("results.json", stream(&kinds, 2));
    let answer = dir.analyze().arg("results.json").json();
    assert_eq!(chains(&answer), ["h 60"]);
}

#[test]
fn the_stages_of_two_files_are_one_chain() {
    let dir = Dir::new();
    dir.write("500.json", stream(&[to("eth-500", "POST", "http://gateway.example/eth")], 500));
    dir.write("1000.json", stream(&[to("eth-1000", "POST", "http://gateway.example/eth")], 900));
    let answer = dir.analyze().args(["500.json", "1000.json"]).json();
    assert_eq!(chains(&answer), ["eth 1400"]);
    assert_eq!(answer["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn more_groups_than_a_hundred_are_folded_with_a_warning() {
    let kinds: Vec<Result> =
        (0..150).map(|id| to("", "GET", &format!("http://h/users/{id}/balance"))).collect();
    let dir = Dir::new();
    dir.write("results.json", stream(&kinds, 3));
    let command = || dir.analyze().args(["results.json", "--group-by", "path:2"]);
    let answer = command().json();
    let names = requests_by_chain(&answer);
    assert_eq!(names.len(), 101);
    assert_eq!(
        names.iter().find(|(name, _)| name == "(other)"),
        Some(&("(other)".to_owned(), 150))
    );
    assert_eq!(names.iter().map(|(_, count)| count).sum::<u64>(), 450);
    assert_eq!(warnings(&answer), ["groups_folded"]);
    assert!(command().answer().contains("(other)"));
}

/// A short stage does not reach every path that the long ones do.
#[test]
fn stages_of_any_length_are_one_chain() {
    let dir = Dir::new();
    let mut text = String::new();
    for (stage, count) in (0..).zip([5, 500, 1_000]) {
        let mut results = run(&to(&format!("eth-{count}"), "GET", ""), count, SECOND / 100);
        for (index, result) in results.iter_mut().enumerate() {
            result.at += stage * 60 * SECOND;
            result.url =
                format!("http://h/path-{}", ["a", "b", "c", "d", "e", "f", "g", "h"][index % 8]);
        }
        text += &lines(&results);
    }
    dir.write("stages.json", &text);
    // Alone they are as good as one attack, which its paths split.
    let alone = chains(&dir.analyze().arg("stages.json").json());
    assert_eq!((alone.len(), alone[0].as_str()), (8, "/path-a 189"));
    text += &stream(&[to("kava", "GET", "http://h/kava")], 100);
    dir.write("both.json", &text);
    assert_eq!(chains(&dir.analyze().arg("both.json").json()), ["eth 1505", "kava 100"]);
}

/// With more than a hundred attacks and nobody asking, nothing is dropped either.
#[test]
fn more_attacks_than_a_hundred() {
    let kinds: Vec<Result> = (b'a'..=b'z')
        .flat_map(|first| (b'a'..=b'g').map(move |second| [first, second]))
        .map(|name| to(&String::from_utf8_lossy(&name), "GET", "http://h/x"))
        .collect();
    let dir = Dir::new();
    dir.write("results.json", stream(&kinds, 3));
    let answer = dir.analyze().arg("results.json").json();
    let names = requests_by_chain(&answer);
    assert!(names.len() <= 101, "{}", names.len());
    assert_eq!(names.iter().map(|(_, count)| count).sum::<u64>(), 26 * 7 * 3);
    // Each attack is a run, too, and these may be too many as well.
    assert!(warnings(&answer).contains(&"groups_folded"), "{:?}", warnings(&answer));
}

#[test]
fn a_configuration_that_is_wrong_is_refused_with_the_place() {
    let dir = Dir::new();
    dir.recording("ok-eth.gob");
    for (config, words) in [
        ("[chains.x]\nmatch = { url_regex = \"(\" }\n", &["chains.x", "url_regex"][..]),
        ("[chains.x]\nmatch = {}\n", &["chains.x", "match is empty"]),
        ("[chains.x]\nmatch = { hots = \"h\" }\n", &["hots", "host"]),
        ("[chains.x]\nmatch = { header = \"X-Node\" }\n", &["chains.x", "Name: value"]),
        (
            "[chains.x]\nmatch = { attack = \"a\" }\nsuccess_codes = [\"2xx\"]\n",
            &["chains.x", "2xx"],
        ),
        ("[slo]\nlatency_ms = -1\n", &["plimsoll.toml:2:1: slo.latency_ms"]),
        (
            "[measure.ports]\nutilisation = 0\n",
            &["plimsoll.toml:2:1: measure.ports.utilisation = 0: "],
        ),
        ("[measure.ports]\nutilisation = -0.0\n", &["measure.ports.utilisation = 0: "]),
        (
            "[measure.ports]\nsource_ips = 0\n",
            &["plimsoll.toml:2:1: measure.ports.source_ips = 0: "],
        ),
        ("[measure.ports]\nsource_ips = -1\n", &["plimsoll.toml:2:14: "]),
        (
            "[rpc]\nsuccess_codes = [3, -32005]\nrate_limited_codes = [429, -32005]\n",
            &["plimsoll.toml:1:2: [rpc]: -32005 is in success_codes and in rate_limited_codes"],
        ),
        ("[slo]\nsuccess_min = 99.5\n", &["success_min"]),
        ("[surprise]\n", &["surprise"]),
        ("chains = [\n", &["plimsoll.toml:1:11: "]),
        (
            "[slo]\n\n  latency = 5\n",
            &["plimsoll.toml:3:3: unknown field `latency`", "did you mean `latency_ms`?"],
        ),
        ("[slo]\nlatency_ms = \"é\" x\n", &["plimsoll.toml:2:18: "]),
        ("[chains.total]\n", &["plimsoll.toml:1:9: ", "[chains.total]", "cannot be called"]),
        ("[chains.\"(other)\"]\nmatch = { host = \"h\" }\n", &["(other)", "cannot be called"]),
    ] {
        dir.write("plimsoll.toml", config);
        let output = dir.analyze().arg("ok-eth.gob").run();
        assert_eq!(output.code, Some(2), "{config}");
        for word in words {
            assert!(output.stderr.contains(word), "{config}: {word} is not in {}", output.stderr);
        }
        assert_eq!(output.stdout, "");
        assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
        assert!(!output.stderr.contains("\\n"), "{}", output.stderr);
    }
    let output = dir.analyze().args(["ok-eth.gob", "--config", "none.toml"]).run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("none.toml"), "{}", output.stderr);
}

#[test]
fn the_service_level_of_the_configuration_and_of_the_command_line() {
    let dir = Dir::new();
    dir.recording("ok-eth.gob");
    dir.write("plimsoll.toml", "[slo]\nlatency_ms = 5.0\nsuccess_min = 0.99\n");
    let good = |args: &[&str]| {
        let answer = dir.analyze().arg("ok-eth.gob").args(args).json();
        answer["total"]["good"].as_u64().unwrap()
    };
    let configured = good(&[]);
    assert!((1..400).contains(&configured), "{configured}");
    assert_eq!(good(&["--slo", "success=90%"]), configured);
    assert_eq!(good(&["--slo", "latency=5ms"]), configured);
    assert_eq!(good(&["--slo", "latency=1m"]), 400);
}

#[test]
fn real_recordings_fall_into_chains() {
    for (name, expected) in [
        ("mix-429", "found: nothing: 127.0.0.1:9001 600"),
        ("ok-noname", "found: nothing: 127.0.0.1:9001 200"),
        ("ok-eth", "found: nothing: eth 400"),
    ] {
        let answer = TestCommand::analyze().arg(fixture(&format!("corpus/{name}.gob"))).json();
        assert_eq!(format!("{}: {}", group_by(&answer), chains(&answer).join(", ")), expected);
    }
}
