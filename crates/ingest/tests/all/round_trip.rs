//! What is encoded is read, in each format, whatever the texts hold.

use plimsoll_model::Format;
use proptest::prelude::*;

use crate::encode::{FIELDS, Sample, csv, gob, json};
use crate::native::native;
use crate::whole::{Row, read_all};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9-]{0,12}",
        "(GET|POST)",
        r#"(Post ")?https?://[a-z.:]{1,20}/[a-z/?&=]{0,20}"?(: EOF)?"#,
        r#"[ ,"'\\{}<>&a-z]{0,12}"#,
        // Not a line end: CSV readers make one of two.
        "\\PC{0,10}",
    ]
}

/// A body that makes a failure of a success.
const RPC_ERROR: &[u8] = br#"{"id":1,"error":{"code":3,"message":"execution reverted"}}"#;

/// Header values, as HTTP has them.
fn header() -> impl Strategy<Value = String> {
    "[!-~]([ -~]{0,10}[!-~])?"
}

prop_compose! {
    pub(crate) fn sample()(
        (attack, error, method, url) in (text(), text(), text(), text()),
        seq in prop_oneof![0_u64..10_000, any::<u64>()],
        code in prop_oneof![Just(0_u16), Just(200), Just(503), any::<u16>()],
        timestamp in prop_oneof![1_700_000_000_000_000_000_i64..1_800_000_000_000_000_000, (i64::MIN + 1)..i64::MAX],
        latency in prop_oneof![0_i64..40_000_000_000, 0..i64::MAX],
        (bytes_out, bytes_in) in (prop_oneof![0_u64..5_000, any::<u64>()], any::<u64>()),
        body in prop_oneof![4 => prop::collection::vec(any::<u8>(), 0..40), 1 => Just(RPC_ERROR.to_vec())],
        server in prop::option::of(header()),
    ) -> Sample {
        Sample { attack, seq, code, timestamp, latency, bytes_out, bytes_in, error, body, method, url, server }
    }
}

pub(crate) fn row(sample: &Sample) -> Row {
    Row {
        attack: sample.attack.clone(),
        seq: sample.seq,
        code: sample.code,
        timestamp: sample.timestamp,
        latency: sample.latency.cast_unsigned(),
        bytes_out: sample.bytes_out,
        bytes_in: sample.bytes_in,
        failed: !sample.error.is_empty() || (sample.code / 100 == 2 && sample.body == RPC_ERROR),
        has_body: !sample.body.is_empty(),
        method: sample.method.clone(),
        url: sample.url.clone(),
        server: sample.server.clone(),
    }
}

proptest! {
    #[test]
    fn of_any_records(samples in prop::collection::vec(sample(), 1..40)) {
        let expected: Vec<Row> = samples.iter().map(row).collect();
        for (format, bytes) in [
            (Format::VegetaGob, gob(&samples, &FIELDS, 0)),
            (Format::VegetaJson, json(&samples)),
            (Format::VegetaCsv, csv(&samples)),
            (Format::Native, native(&samples)),
        ] {
            let (rows, ledger) = read_all(&bytes, 1 << 16, 1);
            prop_assert_eq!(&rows, &expected, "{}", format);
            prop_assert_eq!(&ledger.formats, &[format]);
            prop_assert!(!ledger.is_damaged(), "{:?}", ledger);
        }
    }

    /// Streams of any kinds, one behind the other.
    #[test]
    fn of_concatenations(
        parts in prop::collection::vec((0_u8..4, prop::collection::vec(sample(), 1..6)), 1..5),
    ) {
        let mut bytes = Vec::new();
        let mut expected: Vec<Row> = Vec::new();
        for (kind, mut samples) in parts {
            for sample in &mut samples {
                // Lines that say neither when nor how are no sign of another format.
                sample.timestamp = sample.timestamp.rem_euclid(1 << 60) + 1;
                sample.code %= 1000;
            }
            expected.extend(samples.iter().map(row));
            bytes.extend(match kind {
                0 => gob(&samples, &FIELDS, i64::try_from(samples.len()).unwrap()),
                1 => json(&samples),
                2 => native(&samples),
                _ => csv(&samples),
            });
        }
        let (rows, ledger) = read_all(&bytes, 1 << 16, 1);
        prop_assert_eq!(rows, expected);
        prop_assert!(!ledger.is_damaged(), "{:?}", ledger);
    }
}
