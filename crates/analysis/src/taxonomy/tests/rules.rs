use std::collections::HashSet;

use super::*;

#[test]
fn every_pattern_decides_about_a_text() {
    let tables = go::GO.iter().chain(foreign::FOREIGN);
    let texts: Vec<String> =
        tables.flat_map(|(_, texts)| texts.iter().map(|text| fold(text))).collect();
    let rpc: Vec<String> = rpc::ERRORS.iter().map(|(_, text, _)| fold(text)).collect();
    let hit: HashSet<&str> = texts
        .iter()
        .filter_map(|text| BUILT_IN.deciding_pattern(text))
        .chain(rpc.iter().filter_map(|text| BUILT_IN.deciding_rpc_pattern(text)))
        .collect();
    let patterns = BUILT_IN.patterns().iter().chain(BUILT_IN.rpc_patterns());
    let never: Vec<&String> = patterns.filter(|pattern| !hit.contains(pattern.as_str())).collect();
    assert!(never.is_empty(), "{never:#?}");
}

#[test]
fn causes_are_explained_in_plain_words() {
    for cause in BUILT_IN.causes() {
        for text in [cause.meaning, cause.advice] {
            assert!(text.ends_with(['.', '?']) && text.len() > 20, "{}: {text}", cause.class);
            assert!(
                !text.contains(['\n', '{']) && !text.contains("TODO"),
                "{}: {text}",
                cause.class
            );
        }
        assert!(!cause.alternatives.contains(&cause.class), "{}", cause.class);
    }
}

/// What many tuning guides get wrong.
#[test]
fn no_advice_is_a_myth() {
    for cause in BUILT_IN.causes() {
        for myth in [
            "tcp_fin_timeout",
            "tcp_tw_reuse",
            "tcp_tw_recycle",
            "ip_conntrack_max",
            "tcp_max_tw_buckets",
        ] {
            assert!(!cause.advice.contains(myth), "{}: {}", cause.class, cause.advice);
        }
        // These are the server's.
        if cause.class.side() == Side::Generator {
            for limit in ["somaxconn", "tcp_max_syn_backlog"] {
                assert!(!cause.advice.contains(limit), "{}: {}", cause.class, cause.advice);
            }
        }
    }
}

#[test]
fn statuses() {
    let taxonomy = Taxonomy::default();
    let class = |status: u16| {
        let failure = Failure { template: "", status, sign: BodySign::Nothing };
        taxonomy.cause(taxonomy.classify(&failure)).class
    };
    for (statuses, expected) in [
        (&[101, 199][..], Class::Malformed),
        (
            &[400, 405, 406, 409, 411, 412, 413, 414, 415, 418, 421, 422, 428, 431, 444],
            Class::BadRequest,
        ),
        (&[401, 402, 403, 451, 498], Class::Auth),
        (&[404, 410], Class::NotFound),
        (&[407, 511], Class::Proxy),
        (&[408, 499], Class::Timeout),
        (&[420, 429, 509], Class::RateLimited),
        (&[426, 497, 505], Class::TlsMismatch),
        (&[495, 496], Class::TlsTrust),
        (&[500, 501, 507, 508, 510, 527, 555, 597], Class::Http5xx),
        (&[502, 520, 521, 523, 525, 526, 530], Class::BadGateway),
        (&[503, 529], Class::Unavailable),
        (&[504, 522, 524, 598, 599], Class::GatewayTimeout),
        (&[99, 600, 999, u16::MAX], Class::Unclassified),
    ] {
        for &status in statuses {
            assert_eq!(class(status), expected, "{status}");
        }
    }
    for status in (100..200).chain(400..600) {
        assert_ne!(class(status), Class::Unclassified, "{status}");
    }
}

#[test]
fn a_status_decides_before_its_text() {
    let taxonomy = Taxonomy::default();
    let text = "503 connection refused";
    let failure = Failure { template: text, status: 503, sign: BodySign::Nothing };
    assert_eq!(taxonomy.cause(taxonomy.classify(&failure)).class, Class::Unavailable);
}
