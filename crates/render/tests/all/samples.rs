//! Hand-made findings.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use plimsoll_analysis::capacity::mlrsearch::Classification;
use plimsoll_analysis::capacity::sustained::{Binding, Censored, Interval};
use plimsoll_analysis::capacity::usl::{self, FitError, PeakInterval};
use plimsoll_analysis::capacity::window::Reason;
use plimsoll_analysis::{
    Behind, CapacityFindings, ChainFindings, Class, ClassFailures, Distribution, ErrorFinding,
    Evidence, Failure, Findings, FoundBy, GeneratorCpu, Grouping, HostFailures, InputFindings,
    Intended, Late, LatencyFindings, LatencySummary, MixShare, Onset, Pace, Percentile, PortBudget,
    Proportion, RateSource, RunFindings, SecondOpinions, Side, StageFindings, StageLatency,
    Taxonomy, Unchecked, Verdict, VerdictKind, Warning, WindowFindings,
};
use plimsoll_model::{
    BodySign, Compression, Damage, Format, InputId, Ledger, Nanos, Rate, Timestamp,
};
use plimsoll_render::{EffectiveConfig, Summary};

pub(crate) const START: i64 = 1_795_422_932_777_191_788;
const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// Findings with the ledgers that belong to them.
pub(crate) struct Sample {
    pub(crate) findings: Findings,
    pub(crate) ledgers: Vec<Ledger>,
    pub(crate) config: EffectiveConfig,
}

impl Sample {
    pub(crate) fn summary(&self) -> Summary<'_> {
        Summary {
            findings: &self.findings,
            ledgers: &self.ledgers,
            config: self.config.clone(),
            version: "0.0.0-test",
        }
    }
}

pub(crate) fn all() -> Vec<(&'static str, Sample)> {
    vec![
        ("healthy", healthy()),
        ("troubled", troubled()),
        ("all_failed", all_failed()),
        ("no_records", no_records()),
        ("hostile", hostile()),
        ("large", large()),
        ("limited", limited()),
        ("stepped", stepped()),
    ]
}

/// Two chains without a fault.
pub(crate) fn healthy() -> Sample {
    let eth = Group { name: "eth", good: spread(5 * MS, 400), seconds: 8, ..Group::default() };
    let boba = Group { name: "boba", good: spread(2 * MS, 1200), seconds: 8, ..Group::default() };
    let inputs = [("results/eth.gob", 400), ("results/boba.gob", 1200)];
    sample(&[boba, eth], inputs.map(|(name, records)| ledger(name, records)).to_vec())
}

/// Fast and slow failures, a chain that is down, a damaged input, one given twice and one that holds no results.
pub(crate) fn troubled() -> Sample {
    let refused = error(
        r#"Get "http://<host>/": dial tcp <addr>-><addr>: connect: connection refused"#,
        57,
        3,
        41,
    );
    let slow = error(
        r#"Post "http://<host>/mantle": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"#,
        12,
        20,
        58,
    );
    let down = error("503 Service Unavailable", 1000, 0, 59);
    let some_down = error("503 Service Unavailable", 4, 31, 32);
    let groups = [
        Group {
            name: "boba",
            good: spread(3 * MS, 1143),
            bad: vec![(115_243, 57)],
            codes: vec![(0, 57), (200, 1143)],
            errors: vec![refused],
            seconds: 60,
        },
        Group {
            name: "eth",
            good: spread(5 * MS, 2000),
            seconds: 60,
            codes: vec![(200, 2000)],
            ..Group::default()
        },
        Group {
            name: "kava",
            bad: spread(MS, 1000),
            codes: vec![(503, 1000)],
            errors: vec![down],
            seconds: 60,
            ..Group::default()
        },
        Group {
            name: "mantle",
            good: spread(40 * MS, 984),
            bad: vec![(2 * MS, 4), (30 * SECOND, 12)],
            codes: vec![(0, 12), (200, 984), (503, 4)],
            errors: vec![slow, some_down],
            seconds: 60,
        },
    ];
    let mut ledgers = vec![
        ledger("results/first.gob.gz", 3000),
        ledger("results/second.json", 2200),
        ledger("results/first-copy.csv", 3000),
        ledger("notes.txt", 0),
    ];
    ledgers[0].compression = Compression::Gzip;
    ledgers[1].formats = vec![Format::VegetaJson];
    ledgers[1].damaged_records = 2;
    ledgers[1].lost_bytes = 345;
    ledgers[1].damage = vec![
        Damage {
            record: 1001,
            byte: 234_567,
            lost_bytes: 300,
            what: "expected `,` or `}` at column 17".to_owned(),
        },
        Damage {
            record: 2201,
            byte: 514_321,
            lost_bytes: 45,
            what: "the last line ends within a record".to_owned(),
        },
    ];
    ledgers[2].formats = vec![Format::VegetaCsv];
    ledgers[2].notes = vec!["8 columns: no attack, sequence number, method or URL".to_owned()];
    ledgers[3].formats = Vec::new();
    ledgers[3].refused =
        Some("not a gob stream (a length of 104 in the first byte); not JSON (line 1); not CSV (1 column)".to_owned());
    let mut sample = sample(&groups, ledgers);
    sample.findings.inputs[2].duplicates = 3000;
    sample.findings.inputs[2].counted = 0;
    sample.findings.warnings = vec![
        Warning::Duplicates { records: 3000 },
        Warning::WithoutTimestamp { records: 1 },
        Warning::EmptyChain { name: "polygon".to_owned() },
    ];
    sample.findings.total.http_successes += 3;
    sample.config.slo_latency = Some(Nanos(500 * MS));
    sample.config.slo_success_min = Some(0.995);
    sample.config.skip = Nanos(5 * SECOND);
    sample.config.from = Some(Timestamp(START));
    for chain in sample.findings.chains.iter_mut().chain([&mut sample.findings.total]) {
        chain.good = Some(chain.successes);
        chain.goodput = chain.throughput;
    }
    sample
}

/// One chain, every request refused; too few for a p99.
pub(crate) fn all_failed() -> Sample {
    let refused = error(
        r#"Get "http://<host>/": dial tcp <addr>-><addr>: connect: connection refused"#,
        57,
        0,
        1,
    );
    let group = Group {
        name: "127.0.0.1:9",
        bad: spread(46_340, 57),
        codes: vec![(0, 57)],
        errors: vec![refused],
        seconds: 1,
        ..Group::default()
    };
    let mut sample = sample(&[group], vec![ledger("refused.gob", 57)]);
    sample.findings.grouping = Grouping::Found(FoundBy::Nothing);
    sample
}

/// Nothing was read.
pub(crate) fn no_records() -> Sample {
    let mut refused = ledger("text.txt", 0);
    refused.formats = Vec::new();
    refused.refused = Some("not a gob stream; not JSON; not CSV".to_owned());
    let mut sample = sample(&[], vec![refused]);
    sample.findings.inputs[0].span = None;
    sample.findings.total.active = Nanos::ZERO;
    sample
}

/// Texts that want to be more than texts.
pub(crate) fn hostile() -> Sample {
    let attack = "x|y` @octocat #1 <img src=x onerror=alert(1)> [a](http://evil.example) **b** \u{202e}gnp.\u{1b}[31m\\|";
    let long = "https://gateway.example.com/a-rather-long-path/that-goes-on-and-on/until-no-table-can-hold-it/v1";
    let text = "first line\r\nsecond | line \u{9b}31m ``` www.evil.example http://evil.example user@evil.example \u{2028}end";
    let groups = [
        Group {
            name: attack,
            good: spread(MS, 10),
            bad: spread(MS, 3),
            codes: vec![(200, 10), (999, 3)],
            errors: vec![error(text, 3, 0, 0)],
            seconds: 1,
        },
        Group { name: long, good: spread(MS, 7), seconds: 1, ..Group::default() },
        Group { name: "", good: spread(MS, 2), seconds: 1, ..Group::default() },
        Group { name: "日本語の名前", good: spread(MS, 5), seconds: 1, ..Group::default() },
    ];
    let mut bad = ledger("\u{1b}]0;title\u{7}/tmp/a`b|c\n.gob", 27);
    bad.notes = vec!["### not a heading\n- not a list @octocat".to_owned()];
    bad.damaged_records = 1;
    bad.damage = vec![Damage {
        record: 28,
        byte: 999,
        lost_bytes: 0,
        what: "unexpected `\u{1b}[2J` | </details>".to_owned(),
    }];
    let mut sample = sample(&groups, vec![bad]);
    sample.findings.warnings = vec![Warning::EmptyChain { name: "a\n> [!CAUTION]\n`b".to_owned() }];
    sample
}

/// Ten million requests, nearly all lost on one chain and one lost on the other.
pub(crate) fn large() -> Sample {
    let exhausted =
        error("dial tcp <addr>-><addr>: bind: address already in use", 7_500_000, 31, 1990);
    let lone = error("read tcp <addr>-><addr>: read: connection reset by peer", 1, 700, 700);
    let calm = error(
        r#"http2: server sent GOAWAY and closed the connection; LastStreamID=<n>, ErrCode=ENHANCE_YOUR_CALM, debug="too_many_internal_resets""#,
        484_000,
        12,
        1999,
    );
    let groups = [
        Group {
            name: "ethereum",
            good: vec![(97 * MS, 15_000), (8_518 * MS, 1_000)],
            bad: vec![(40_000, 7_500_000), (30 * SECOND, 484_000)],
            codes: vec![(0, 7_984_000), (200, 16_000)],
            errors: vec![exhausted, calm],
            seconds: 2000,
        },
        Group {
            name: "kava",
            good: vec![(12 * MS, 1_990_000), (98 * MS, 9_999)],
            bad: vec![(3 * MS, 1)],
            codes: vec![(0, 1), (200, 1_999_999)],
            errors: vec![lone],
            seconds: 2000,
        },
    ];
    let ledgers = (0..20)
        .map(|index| ledger(&format!("hosts/generator-{index:02}/results.gob"), 500_000))
        .collect();
    sample(&groups, ledgers)
}

/// Chains of which some sustain a load: known, known from below, from a mix, from a ramp, and not at all.
pub(crate) fn stepped() -> Sample {
    let names = ["eth", "boba", "a`b|c", "kava", "mantle"];
    let groups = names.map(|name| Group {
        name,
        good: spread(8 * MS, 5_000),
        seconds: 100,
        ..Group::default()
    });
    let mut sample = sample(&groups, vec![ledger("steps.gob", 25_000)]);
    sample.config.slo_latency = Some(Nanos(200 * MS));
    sample.config.slo_success_min = Some(0.995);
    sample.config.window = Nanos(10 * SECOND);
    sample.config.instances_under_test = BTreeMap::from([("eth".to_owned(), 2)]);
    let lower = Some(Classification::Lower);
    let upper = Some(Classification::Upper);
    let open = Capacity { lower: Some(Rate(300.0)), upper: None, censored: Censored::MaxLoad };
    for chain in &mut sample.findings.chains {
        let (stages, capacity) = match chain.name.as_str() {
            "eth" => (
                vec![
                    stage(0, 300.0, lower),
                    stage(1, 400.0, lower),
                    stage(2, 450.0, upper),
                    stage(3, 500.0, upper),
                ],
                Some(CapacityFindings {
                    next_rates: vec![Rate(424.0)],
                    interval: Interval { low: Some(Rate(300.0)), high: Some(Rate(450.0)) },
                    second_opinions: SecondOpinions {
                        usl: Some(Err(FitError::TooFewConcurrencies { found: 4 })),
                        kneedle: Some(Rate(400.0)),
                        segmented: Some(Rate(612.3)),
                        usl_points: Vec::new(),
                        usl_peak: None,
                    },
                    binding: Some(Binding::Backlog),
                    ..Capacity {
                        lower: Some(Rate(400.0)),
                        upper: Some(Rate(450.0)),
                        censored: Censored::None,
                    }
                    .found()
                }),
            ),
            "boba" => {
                let mut late = stage(1, 1_000.0, Some(Classification::Undecided));
                late.valid_windows = 2;
                late.invalid = BTreeMap::from([(Reason::GeneratorRate, 4), (Reason::SendLag, 3)]);
                late.not_steady = true;
                let found = Capacity { censored: Censored::Generator, ..open }.found();
                (vec![stage(0, 300.0, lower), late], Some(found))
            }
            "kava" => {
                let mut ramp = stage(0, 520.0, None);
                ramp.is_ramp = true;
                let found = CapacityFindings { screening: true, mixed: true, ..open.found() };
                (vec![ramp], Some(found))
            }
            "mantle" => (vec![stage(0, 10.0, Some(Classification::Undecided)); 2], None),
            _ => (vec![stage(0, 300.0, lower)], Some(open.found())),
        };
        chain.windows = vec![window(0, Vec::new()), window(1, vec![Reason::SendLag])];
        chain.stages = stages;
        chain.capacity = capacity;
    }
    let bounds = Capacity {
        lower: Some(Rate(1_000.0)),
        upper: Some(Rate(1_125.0)),
        censored: Censored::None,
    };
    let share = |chain: &str, share| MixShare { chain: chain.to_owned(), share };
    sample.findings.generator_cpu =
        Some(GeneratorCpu { time: Nanos(1_234_567_890), requests: 48_000 });
    sample.findings.total.capacity = Some(CapacityFindings {
        mixed: true,
        mix: vec![share("boba", 0.6), share("eth", 0.4)],
        limited_by: Some("eth".to_owned()),
        binding: Some(Binding::Backlog),
        second_opinions: SecondOpinions {
            usl: Some(Ok(fit())),
            usl_points: points(),
            usl_peak: Some(PeakInterval {
                concurrency: usl::Interval { low: 90.5, high: f64::INFINITY },
                throughput: usl::Interval { low: 1_850.0, high: 1_920.0 },
                no_peak_ratio: 0.01,
            }),
            ..SecondOpinions::default()
        },
        ..bounds.found()
    });
    sample
}

/// About specsdm91 of the R package usl.
fn fit() -> usl::Fit {
    usl::Fit {
        model: usl::Model { sigma: 0.027_73, kappa: 1.044e-4, lambda: Rate(90.0) },
        standard_errors: [0.009, 2e-5, 14.0],
        residual_error: 29.0,
        freedom: 4,
        max_concurrency: 216.0,
        max_throughput: Rate(1_884.0),
    }
}

/// What that was fitted to: specsdm91 itself.
fn points() -> Vec<usl::Point> {
    let measured = [
        (1.0, 64.9),
        (18.0, 995.9),
        (36.0, 1_652.4),
        (72.0, 1_853.2),
        (108.0, 1_828.9),
        (144.0, 1_775.0),
        (216.0, 1_702.2),
    ];
    measured
        .into_iter()
        .map(|(concurrency, x)| usl::Point { concurrency, throughput: Rate(x) })
        .collect()
}

fn window(second: u64, reasons: Vec<Reason>) -> WindowFindings {
    WindowFindings {
        start: Timestamp(START + i64::try_from(second * SECOND).unwrap()),
        span: Nanos(SECOND),
        offered: Some(301 - second),
        sent: 300,
        successes: 298,
        good: Some(297),
        by_side: BTreeMap::from([(Side::Server, 2)]),
        p50: Some(Nanos(3 * MS)),
        p90: Some(Nanos(20 * MS)),
        p99: (second > 0).then_some(Nanos(90 * MS)),
        p999: None,
        longest: Some(Nanos(120 * MS)),
        send_lag_p99: (second > 0).then_some(Nanos(30 * MS)),
        generator_cpu: (second > 0).then_some(0.625),
        in_flight: (second > 0).then_some(1.25),
        reasons,
    }
}

#[derive(Clone, Copy)]
struct Capacity {
    lower: Option<Rate>,
    upper: Option<Rate>,
    censored: Censored,
}

impl Capacity {
    fn found(self) -> CapacityFindings {
        let Self { lower, upper, censored } = self;
        CapacityFindings {
            lower,
            upper,
            conditional: lower,
            interval: Interval { low: lower, high: upper },
            relative_width: lower
                .zip(upper)
                .map(|(lower, upper)| 1.0 - lower.per_second() / upper.per_second()),
            censored,
            binding: None,
            screening: false,
            mixed: false,
            mix: Vec::new(),
            limited_by: None,
            window: Nanos(10 * SECOND),
            second_opinions: SecondOpinions::default(),
            next_rates: Vec::new(),
            hold: Nanos(70 * SECOND),
        }
    }
}

fn stage(number: i64, rate: f64, classification: Option<Classification>) -> StageFindings {
    let at = |seconds: i64| Timestamp(START + seconds * 1_000_000_000);
    StageFindings {
        offered: Rate(rate),
        start: at(number * 100),
        end: at(number * 100 + 70),
        window: Nanos(10 * SECOND),
        windows: 6,
        valid_windows: 6,
        requests: 6_000,
        good: Some(5_900),
        goodput: Some(Rate(rate * 0.98)),
        success: Proportion::wilson(5_950, 6_000, 0.95),
        latency: StageLatency {
            count: 5_950,
            p50: Some(Nanos(8 * MS)),
            p99: Some(Nanos(150 * MS)),
            ..StageLatency::default()
        },
        classification,
        binding: (classification == Some(Classification::Upper)).then_some(Binding::Backlog),
        backlog: None,
        invalid: BTreeMap::new(),
        not_steady: false,
        is_ramp: false,
    }
}

#[derive(Default)]
struct Group {
    name: &'static str,
    /// Latencies in nanoseconds, and how many of each.
    good: Vec<(u64, u64)>,
    bad: Vec<(u64, u64)>,
    codes: Vec<(u16, u64)>,
    errors: Vec<ErrorFinding>,
    seconds: u64,
}

fn spread(base: u64, n: u64) -> Vec<(u64, u64)> {
    (0..n).map(|i| (base + base * (i * 7919 % 1009) / 500, 1)).collect()
}

pub(crate) fn error(template: &str, count: u64, first: i64, last: i64) -> ErrorFinding {
    let at = |seconds: i64| Some(Timestamp(START + seconds * 1_000_000_000));
    let example = template
        .replace("<host>", "127.0.0.1:9")
        .replacen("<addr>", "0.0.0.0:0", 1)
        .replace("<addr>", "127.0.0.1:9");
    let taxonomy = Taxonomy::default();
    let status = template.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0);
    let sign = BodySign::Nothing;
    let cause = taxonomy.classify(&Failure { template, status, sign });
    let cause = taxonomy.cause(cause);
    ErrorFinding {
        class: cause.class,
        alternatives: cause.alternatives.to_vec(),
        meaning: format!("What {} means.", cause.class),
        advice: format!("What to do about {}.", cause.class),
        template: template.to_owned(),
        example,
        count,
        first: at(first),
        last: at(last),
        first_end: at(first + 1),
        latency_sum_ns: 0,
        first_place: first.unsigned_abs(),
        status,
        is_rpc: false,
        rpc_code: None,
        hosts: vec![HostFailures { host: "127.0.0.1:9".to_owned(), count }],
    }
}

fn ledger(name: &str, records: u64) -> Ledger {
    Ledger {
        name: name.to_owned(),
        sha256: Some("5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9".to_owned()),
        bytes: records * 171,
        formats: vec![Format::VegetaGob],
        records,
        named: true,
        ..Ledger::default()
    }
}

fn sample(groups: &[Group], ledgers: Vec<Ledger>) -> Sample {
    let seconds = groups.iter().map(|group| group.seconds).max().unwrap_or(0);
    let everything = Group {
        name: "total",
        good: groups.iter().flat_map(|group| group.good.clone()).collect(),
        bad: groups.iter().flat_map(|group| group.bad.clone()).collect(),
        codes: groups.iter().flat_map(|group| group.codes.clone()).collect(),
        errors: merged(groups),
        seconds,
    };
    let last = Timestamp(START + i64::try_from(seconds * SECOND).unwrap());
    let chains: Vec<ChainFindings> = groups.iter().map(chain).collect();
    let runs = chains.iter().map(|chain| RunFindings {
        attack: chain.name.clone(),
        inputs: vec![InputId(0)],
        requests: chain.requests,
        active_spans: vec![(Timestamp(START), last)],
        success: chain.success,
        latency: Some(chain.latency.all.clone()),
        intended: chain.intended,
        pace: chain.pace.clone().ok(),
        missing: Some(0),
    });
    let inputs = ledgers.iter().map(|ledger| InputFindings {
        read: ledger.records,
        counted: ledger.records,
        span: Some((Timestamp(START), last)).filter(|_| ledger.records > 0),
        ..InputFindings::default()
    });
    let config =
        EffectiveConfig { success_codes: "200-399".to_owned(), ..EffectiveConfig::default() };
    let findings = Findings {
        inputs: inputs.collect(),
        runs: runs.collect(),
        total: chain(&everything),
        chains,
        grouping: Grouping::Found(FoundBy::Attack),
        generator_cpu: None,
        warnings: Vec::new(),
    };
    Sample { findings, ledgers, config }
}

fn merged(groups: &[Group]) -> Vec<ErrorFinding> {
    let mut all: Vec<ErrorFinding> = Vec::new();
    for error in groups.iter().flat_map(|group| &group.errors) {
        match all.iter_mut().find(|other| other.template == error.template) {
            Some(other) => {
                other.count += error.count;
                other.first = other.first.min(error.first);
                other.last = other.last.max(error.last);
            }
            None => all.push(error.clone()),
        }
    }
    all.sort_by_key(|error| std::cmp::Reverse(error.count));
    all
}

fn chain(group: &Group) -> ChainFindings {
    let number = |values: &[(u64, u64)]| values.iter().map(|(_, n)| n).sum::<u64>();
    let (successes, failures) = (number(&group.good), number(&group.bad));
    let requests = successes + failures;
    let active = Nanos(group.seconds * SECOND);
    let all: Vec<(u64, u64)> = group.good.iter().chain(&group.bad).copied().collect();
    let longest = all.iter().map(|(ns, _)| *ns).max().unwrap_or(0);
    let at = |nanos: u64| (requests > 0).then(|| Timestamp(START + i64::try_from(nanos).unwrap()));
    let mut status_codes = BTreeMap::new();
    for (code, n) in &group.codes {
        *status_codes.entry(*code).or_default() += n;
    }
    if group.codes.is_empty() && requests > 0 {
        status_codes.insert(200, requests);
    }
    ChainFindings {
        name: group.name.to_owned(),
        inputs: vec![InputId(0)],
        requests,
        successes,
        failures,
        good: None,
        success: wilson(successes, requests),
        http_success: wilson(successes, requests),
        http_successes: successes,
        active,
        offered: Rate::over(requests, active),
        throughput: Rate::over(successes, active),
        goodput: None,
        bytes_in_total: successes * 57,
        bytes_in_success: successes * 57,
        bytes_out_total: requests * 60,
        bytes_measured: successes,
        bodies: successes,
        errors_by_side: by_side(&group.errors),
        server_success: wilson(successes, successes + beyond_the_generator(&group.errors)),
        intended: None,
        pace: Err(Unchecked::NoRate),
        verdict: verdict(group, requests),
        latency: LatencyFindings {
            all: summary(&all),
            success: summary(&group.good),
            failure: summary(&group.bad),
            success_histogram: Distribution::from(&histogram(&group.good)),
            failure_histogram: Distribution::from(&histogram(&group.bad)),
        },
        status_codes,
        errors: group.errors.clone(),
        earliest: at(0),
        latest: at(active.0),
        end: at(active.0 + longest),
        windows: Vec::new(),
        latency_blocks: Vec::new(),
        stages: Vec::new(),
        capacity: None,
        attacks: vec![group.name.to_owned()],
        hosts: vec!["127.0.0.1:9".to_owned()],
    }
}

fn by_side(errors: &[ErrorFinding]) -> BTreeMap<Side, u64> {
    let mut sides = BTreeMap::new();
    for error in errors {
        *sides.entry(error.class.side()).or_default() += error.count;
    }
    sides
}

fn beyond_the_generator(errors: &[ErrorFinding]) -> u64 {
    let sides = by_side(errors);
    sides.iter().filter(|(side, _)| **side != Side::Generator).map(|(_, count)| count).sum()
}

/// As far as a verdict on hand-made figures goes.
fn verdict(group: &Group, requests: u64) -> Verdict {
    let sides = by_side(&group.errors);
    let kind = match () {
        () if requests == 0 => VerdictKind::InsufficientData,
        () if sides.contains_key(&Side::Generator) => VerdictKind::GeneratorLimited,
        () if sides.contains_key(&Side::Unknown) => VerdictKind::InsufficientData,
        () if sides.is_empty() => VerdictKind::Healthy,
        () => VerdictKind::ServerLimited,
    };
    let failures = group.errors.iter().map(|error| {
        Evidence::Failures(Box::new(ClassFailures {
            class: error.class,
            count: error.count,
            alternatives: error.alternatives.clone(),
            templates: vec![(error.template.clone(), error.count)],
            of_templates: 2,
            meaning: error.meaning.clone(),
            advice: error.advice.clone(),
            onset: Onset {
                first: error.first,
                after: error.first.map(|first| first.since(Timestamp(START))),
                ..Onset::default()
            },
            last: error.last,
            chains: Vec::new(),
            of_chains: 0,
            hosts: Vec::new(),
            of_hosts: 1,
        }))
    });
    let checked = Evidence::Unchecked(Unchecked::NoRate);
    Verdict { kind, wake: BTreeMap::new(), evidence: failures.chain([checked]).collect() }
}

fn intended(rate: f64) -> Intended {
    Intended { rate: Rate(rate), source: RateSource::Envelope, uncertainty: 0.02 }
}

/// A generator that ran out of ports and fell behind, with everything that there may be to say about it.
pub(crate) fn limited() -> Sample {
    let mut sample = large();
    let at = |seconds: i64| Timestamp(START + seconds * 1_000_000_000);
    let lag = spread(800 * MS, 5_000);
    let pace = Pace {
        source: RateSource::Envelope,
        lag: summary(&lag),
        late: Late { limit: Nanos(100 * MS), share: None, first: Some(at(4)) },
        sent_ratio: 0.625,
        corrected: summary(&spread(9_000 * MS, 5_000)),
        stalls: 3,
        longest_stall: Some((at(40), Nanos(2_100 * MS))),
        in_flight_when_late: Some(64.2),
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    for chain in sample.findings.chains.iter_mut().take(1).chain([&mut sample.findings.total]) {
        chain.intended = Some(intended(6_400.0));
        chain.pace = Ok(pace.clone());
        for one in &mut chain.verdict.evidence {
            if let Evidence::Failures(class) = one {
                class.chains = names(&["ethereum", "`<b>`"]);
                class.of_chains = 4;
                class.hosts = names(&["node-1:80", "node-2:80"]);
                class.of_hosts = 2;
                class.onset.from = Some(Rate(450.0));
                class.onset.clean_up_to = Some(Rate(400.0));
                class.alternatives = vec![Class::ConnectTimeout, Class::DnsFailure];
            }
        }
        let wake = BTreeMap::from([(Class::H2EnhanceYourCalm, 484_000)]);
        chain.verdict.wake = wake.clone();
        chain.verdict.evidence.pop();
        chain.verdict.evidence.extend([
            Evidence::Others { classes: 2, count: 17 },
            Evidence::Provoked { timeout: at(1), calm: at(3) },
            Evidence::Wake(wake),
            Evidence::Ports(PortBudget {
                rate: Rate(5_000.0),
                lasting: Nanos(20 * MS),
                hold: Nanos(60 * SECOND),
                needed: 300_100,
                available: 28_232,
                utilisation: 0.8,
                hosts: 14,
                ran_out_after: Some(28_200),
            }),
            Evidence::Slow { slow: 1_000, limit: Nanos(500 * MS) },
            Evidence::Behind(Box::new(Behind {
                intended: Some(intended(6_400.0)),
                achieved: Some(Rate(4_000.0)),
                pace: pace.clone(),
                recorded: summary(&spread(97 * MS, 5_000)),
            })),
            Evidence::Bursts {
                pauses: 80,
                share: 0.927,
                longest: (at(40), Nanos(101 * MS)),
                in_flight: 20.02,
            },
            Evidence::NoBodies,
        ]);
    }
    let kava = &mut sample.findings.chains[1].verdict;
    kava.kind = VerdictKind::Healthy;
    kava.evidence =
        vec![Evidence::OnSchedule { intended: Some(intended(1_000.0)), lag: summary(&[(MS, 5)]) }];
    sample.findings.warnings = vec![
        Warning::NumbersMissing { records: 12 },
        Warning::RateExceeded { attack: "eth `1`".to_owned(), given: Rate(50.0) },
        Warning::UnmatchedRate { attacks: "eth-*".to_owned() },
    ];
    sample.findings.runs[0].missing = Some(12);
    sample
}

fn wilson(successes: u64, trials: u64) -> Option<Proportion> {
    const Z: f64 = 1.959_963_984_540_054;
    if trials == 0 {
        return None;
    }
    let (n, p) = (trials as f64, successes as f64 / trials as f64);
    let centre = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let (low, high) = ((centre - half).max(0.0), (centre + half).min(1.0));
    Some(Proportion { successes, trials, ratio: p, low, high, confidence: 0.95 })
}

fn histogram(values: &[(u64, u64)]) -> Histogram<u64> {
    let mut histogram = Histogram::new(3).unwrap();
    for (ns, n) in values {
        histogram.record_n(*ns, *n).unwrap();
    }
    histogram
}

fn summary(values: &[(u64, u64)]) -> LatencySummary {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let count: u64 = sorted.iter().map(|(_, n)| n).sum();
    let sum_ns: u128 = sorted.iter().map(|(ns, n)| u128::from(*ns) * u128::from(*n)).sum();
    let at_rank = |rank: u64| {
        let mut seen = 0;
        sorted.iter().find(|(_, n)| {
            seen += n;
            seen >= rank
        })
    };
    let percentile = |(thousandths, least): (u64, u64)| Percentile {
        quantile: thousandths as f64 / 1000.0,
        value: at_rank((count * thousandths).div_ceil(1000).max(1)).map(|(ns, _)| Nanos(*ns)),
        supported: count >= least,
    };
    // The least samples are those of METHODS.md §2.2.7, two-sided 95 %.
    let percentiles =
        [(500, 6), (900, 36), (950, 72), (990, 368), (999, 3688)].map(percentile).to_vec();
    LatencySummary {
        count,
        sum_ns,
        min: sorted.first().map(|(ns, _)| Nanos(*ns)),
        mean: (count > 0).then(|| Nanos(u64::try_from(sum_ns / u128::from(count)).unwrap())),
        percentiles,
        max: sorted.last().map(|(ns, _)| Nanos(*ns)),
        relative_error: 0.001,
    }
}

/// A sample in which every foreign text is `text`.
pub(crate) fn of_text(text: &str) -> Sample {
    let mut sample = hostile();
    for ledger in &mut sample.ledgers {
        text.clone_into(&mut ledger.name);
        ledger.notes = vec![text.to_owned()];
        ledger.refused = Some(text.to_owned());
        text.clone_into(&mut ledger.damage[0].what);
    }
    for chain in sample.findings.chains.iter_mut().chain([&mut sample.findings.total]) {
        text.clone_into(&mut chain.name);
        for error in &mut chain.errors {
            text.clone_into(&mut error.template);
            text.clone_into(&mut error.example);
            text.clone_into(&mut error.hosts[0].host);
        }
        for one in &mut chain.verdict.evidence {
            if let Evidence::Failures(class) = one {
                class.templates = vec![(text.to_owned(), 1)];
                (class.chains, class.of_chains) = (vec![text.to_owned()], 2);
                (class.hosts, class.of_hosts) = (vec![text.to_owned()], 2);
            }
        }
    }
    sample.findings.warnings = vec![Warning::EmptyChain { name: text.to_owned() }];
    sample
}
