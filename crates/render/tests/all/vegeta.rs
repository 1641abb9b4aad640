use std::collections::BTreeMap;

use plimsoll_analysis::{ErrorFinding, Findings};
use plimsoll_model::{Nanos, Timestamp};
use plimsoll_render::vegeta::{json, text};
use serde_json::Value;

use crate::samples::{self, Sample};

/// The findings behind one of vegeta's reports.
fn findings(report: &Value) -> Findings {
    let mut findings = samples::no_records().findings;
    let total = &mut findings.total;
    let latencies = &report["latencies"];
    let span = |value: &Value| Some(Nanos(value.as_u64().unwrap()));
    let moment = |value: &Value| {
        let at: jiff::Timestamp = value.as_str().unwrap().parse().unwrap();
        Some(Timestamp(i64::try_from(at.as_nanosecond()).unwrap()))
    };
    total.requests = report["requests"].as_u64().unwrap();
    total.status_codes = report["status_codes"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(code, n)| (code.parse().unwrap(), n.as_u64().unwrap()))
        .collect::<BTreeMap<u16, u64>>();
    total.http_successes = total.status_codes.range(200..400).map(|(_, n)| n).sum();
    total.bytes_in_total = report["bytes_in"]["total"].as_u64().unwrap();
    total.bytes_out_total = report["bytes_out"]["total"].as_u64().unwrap();
    (total.earliest, total.latest) = (moment(&report["earliest"]), moment(&report["latest"]));
    total.end = moment(&report["end"]);
    let all = &mut total.latency.all;
    all.count = total.requests;
    all.sum_ns = u128::from(latencies["total"].as_u64().unwrap());
    (all.min, all.mean, all.max) =
        (span(&latencies["min"]), span(&latencies["mean"]), span(&latencies["max"]));
    for (percentile, key) in all.percentiles.iter_mut().zip(["50th", "90th", "95th", "99th"]) {
        percentile.value = span(&latencies[key]);
    }
    total.errors = report["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| error(text.as_str().unwrap()))
        .collect();
    findings
}

fn error(text: &str) -> ErrorFinding {
    let template = text.to_owned();
    ErrorFinding { template, example: text.to_owned(), ..samples::error("…", 1, 0, 0) }
}

fn sample(report: &Value) -> Sample {
    Sample { findings: findings(report), ..samples::no_records() }
}

#[test]
fn reports_are_vegetas_own_to_the_byte() {
    for (json_report, text_report) in [
        (
            include_str!("../fixtures/ok-mixed.report.json"),
            include_str!("../fixtures/ok-mixed.text"),
        ),
        (include_str!("../fixtures/mix-429.report.json"), include_str!("../fixtures/mix-429.text")),
        (
            include_str!("../fixtures/conn-refused.report.json"),
            include_str!("../fixtures/conn-refused.text"),
        ),
        (
            include_str!("../fixtures/eof-accept.report.json"),
            include_str!("../fixtures/eof-accept.text"),
        ),
    ] {
        let sample = sample(&serde_json::from_str(json_report).unwrap());
        assert_eq!(text(&sample.summary()), text_report);
        assert_eq!(json(&sample.summary()), json_report);
    }
}

/// Printed by vegeta's reporters for three results, hours apart.
#[test]
fn long_durations_and_html_in_errors() {
    let report = r#"{"latencies":{"total":3723500000998,"mean":1241166666999,"50th":61500000000,"90th":3661999999999,"95th":3661999999999,"99th":3661999999999,"max":3661999999999,"min":999},"bytes_in":{"total":30,"mean":10},"bytes_out":{"total":9,"mean":3},"earliest":"2026-01-02T03:04:05.5Z","latest":"2026-01-02T09:06:07Z","end":"2026-01-02T10:07:08.999999999Z","duration":21721500000000,"wait":3661999999999,"requests":3,"rate":0.00013811200883916857,"throughput":0.00003939567041582286,"success":0.3333333333333333,"status_codes":{"0":1,"200":1,"500":1},"errors":["e\u003c\u0026\u003e\u2028 \u0001\u001b é\n\ttab"]}
"#;
    let sample = sample(&serde_json::from_str(report).unwrap());
    assert_eq!(json(&sample.summary()), report);
    assert_eq!(
        text(&sample.summary()),
        "Requests      [total, rate, throughput]         3, 0.00, 0.00\n\
         Duration      [total, attack, wait]             7h3m0s, 6h2m0s, 1h1m0s\n\
         Latencies     [min, mean, 50, 90, 95, 99, max]  999ns, 20m41s, 1m2s, 1h1m0s, 1h1m0s, 1h1m0s, 1h1m0s\n\
         Bytes In      [total, mean]                     30, 10.00\n\
         Bytes Out     [total, mean]                     9, 3.00\n\
         Success       [ratio]                           33.33%\n\
         Status Codes  [code:count]                      0:1  200:1  500:1  \n\
         Error Set:\n\
         e<&>\\u{2028} \\x01\\x1b é\\n\\ttab\n"
    );
}

/// Printed by vegeta's reporters for one result that took no time.
#[test]
fn one_request_has_its_number_as_its_rate() {
    let report = r#"{"latencies":{"total":0,"mean":0,"50th":0,"90th":0,"95th":0,"99th":0,"max":0,"min":0},"bytes_in":{"total":10,"mean":10},"bytes_out":{"total":3,"mean":3},"earliest":"2026-01-02T03:04:05Z","latest":"2026-01-02T03:04:05Z","end":"2026-01-02T03:04:05Z","duration":0,"wait":0,"requests":1,"rate":1,"throughput":1,"success":1,"status_codes":{"200":1},"errors":[]}
"#;
    let sample = sample(&serde_json::from_str(report).unwrap());
    assert_eq!(json(&sample.summary()), report);
    assert!(
        text(&sample.summary())
            .starts_with("Requests      [total, rate, throughput]         1, 1.00, 1.00\n")
    );
}

/// Printed by vegeta's reporters for an empty `Metrics`.
#[test]
fn nothing_at_all() {
    let sample = samples::no_records();
    let empty = concat!(
        r#"{"latencies":{"total":0,"mean":0,"50th":0,"90th":0,"95th":0,"99th":0,"max":0,"min":0},"bytes_in":{"total":0,"mean":0},"#,
        r#""bytes_out":{"total":0,"mean":0},"earliest":"0001-01-01T00:00:00Z","latest":"0001-01-01T00:00:00Z","#,
        r#""end":"0001-01-01T00:00:00Z","duration":0,"wait":0,"requests":0,"rate":0,"throughput":0,"success":0,"#,
        r#""status_codes":{},"errors":[]}"#,
        "\n"
    );
    assert_eq!(json(&sample.summary()), empty);
    assert_eq!(
        text(&sample.summary()),
        "Requests      [total, rate, throughput]         0, 0.00, 0.00\n\
         Duration      [total, attack, wait]             0s, 0s, 0s\n\
         Latencies     [min, mean, 50, 90, 95, 99, max]  0s, 0s, 0s, 0s, 0s, 0s, 0s\n\
         Bytes In      [total, mean]                     0, 0.00\n\
         Bytes Out     [total, mean]                     0, 0.00\n\
         Success       [ratio]                           0.00%\n\
         Status Codes  [code:count]                      \n\
         Error Set:\n"
    );
}

#[test]
fn one_failure_in_many_is_not_a_hundred_percent() {
    let mut sample = samples::no_records();
    sample.findings.total.requests = 10_000_000;
    for (successes, shown) in
        [(9_999_999, " 99.99999%\n"), (1, " 0.00001%\n"), (9_000_000, " 90.00%\n"), (0, " 0.00%\n")]
    {
        sample.findings.total.http_successes = successes;
        assert!(text(&sample.summary()).contains(shown), "{}", text(&sample.summary()));
    }
}
