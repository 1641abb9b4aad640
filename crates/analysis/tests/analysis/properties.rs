//! What holds for all records.

use crate::stream::{SECOND, START, Stream, analyse, analyse_in_batches, target};
use plimsoll_analysis::{ChainFindings, Findings, Options, Slo};
use plimsoll_model::{Nanos, Record, TargetId, Timestamp};
use proptest::prelude::*;

/// Records of a few attacks and targets: codes, errors, latencies, times and numbers in any order.
fn any_stream() -> impl Strategy<Value = Stream> {
    let record = (0_u64..400, 0_i64..20, 0_u32..6, 0_usize..5, 0_u64..5_000_000_000, any::<bool>());
    prop::collection::vec(record, 0..300).prop_map(|records| {
        let records =
            records.into_iter().map(|(seq, shift, target, code, latency, has_seq)| Record {
                timestamp: if shift == 0 {
                    Timestamp::UNKNOWN
                } else {
                    Timestamp(START + shift * SECOND / 4)
                },
                latency: Nanos(latency),
                seq: if has_seq { seq } else { 0 },
                bytes_in: latency % 3,
                bytes_out: seq % 2,
                target: TargetId(target),
                error: None,
                code: [0, 200, 204, 404, 503][code],
                has_seq,
                has_body: false,
                intended: Timestamp::UNKNOWN,
            });
        let urls = ["http://h/a", "http://h/b?x=1", ""];
        Stream {
            records: records.collect(),
            targets: ["", "eth-5"]
                .iter()
                .flat_map(|attack| urls.map(|url| target(attack, url)))
                .collect(),
            errors: Vec::new(),
        }
        .failing(3, 0, "EOF", "EOF")
    })
}

/// Everything that a chain's figures are made of.
fn figures(chain: &ChainFindings) -> String {
    format!("{chain:?}")
}

fn all_figures(findings: &Findings) -> String {
    format!("{findings:?}")
}

/// What does not depend on which runs there are.
fn totals(findings: &Findings) -> String {
    let mut total = findings.total.clone();
    total.errors.iter_mut().for_each(|error| error.first_place = 0);
    let lasting = ChainFindings {
        active: Nanos::ZERO,
        offered: None,
        throughput: None,
        goodput: None,
        inputs: Vec::new(),
        stages: Vec::new(),
        capacity: None,
        ..total
    };
    figures(&lasting)
}

fn options() -> Options {
    Options {
        slo: Some(Slo {
            latency: Some(Nanos(1_000_000_000)),
            success_min: None,
            good_ratio_min: None,
        }),
        ..Options::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn batches_may_be_cut_anywhere(streams in prop::collection::vec(any_stream(), 1..4), size in 1_usize..400) {
        let whole = analyse_in_batches(&options(), &streams, usize::MAX);
        prop_assert_eq!(all_figures(&analyse_in_batches(&options(), &streams, size)), all_figures(&whole));
    }

    #[test]
    fn the_order_of_inputs_does_not_matter_to_totals(mut streams in prop::collection::vec(any_stream(), 1..4)) {
        let forward = analyse(&options(), &streams);
        streams.reverse();
        let backward = analyse(&options(), &streams);
        prop_assert_eq!(totals(&forward), totals(&backward));
    }

    #[test]
    fn every_record_is_accounted_for(streams in prop::collection::vec(any_stream(), 1..4), from in 0_i64..20) {
        let findings = analyse(&Options { from: Some(Timestamp(START + from * SECOND / 4)), ..options() }, &streams);
        for (input, stream) in findings.inputs.iter().zip(&streams) {
            prop_assert_eq!(input.read, stream.records.len() as u64);
            prop_assert_eq!(input.read, input.counted + input.duplicates + input.cut);
        }
        let counted: u64 = findings.inputs.iter().map(|input| input.counted).sum();
        prop_assert_eq!(findings.total.requests, counted);
        prop_assert_eq!(findings.chains.iter().map(|chain| chain.requests).sum::<u64>(), counted);
        prop_assert_eq!(findings.runs.iter().map(|run| run.requests).sum::<u64>(), counted);
        for chain in findings.chains.iter().chain([&findings.total]) {
            prop_assert_eq!(chain.errors.iter().map(|error| error.count).sum::<u64>(), chain.failures);
        }
        prop_assert_eq!(findings.total.status_codes.values().sum::<u64>(), counted);
    }

    #[test]
    fn one_input_given_twice_changes_nothing(stream in any_stream()) {
        let mut timed = stream;
        timed.records.retain(|record| record.timestamp.is_known());
        let once = analyse(&options(), std::slice::from_ref(&timed));
        let twice = analyse(&options(), &[timed.clone(), timed]);
        let chains = |findings: &Findings| findings.chains.iter().map(figures).collect::<Vec<_>>();
        prop_assert_eq!(figures(&once.total), figures(&twice.total));
        prop_assert_eq!(chains(&once), chains(&twice));
    }
}
