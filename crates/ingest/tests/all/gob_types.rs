//! gob streams that other versions, or other programs, write.

use crate::encode::{FIELDS, GobField, Sample, gob};
use crate::round_trip::row;
use crate::whole::read_all;

fn sample() -> Sample {
    Sample {
        attack: "eth".into(),
        seq: 11,
        code: 200,
        timestamp: 1_795_422_924_559_065_013,
        latency: 6_012_803,
        bytes_out: 60,
        bytes_in: 54,
        error: String::new(),
        body: b"{}".to_vec(),
        method: "POST".into(),
        url: "http://127.0.0.1:9001/eth".into(),
        server: Some("tsrv".into()),
    }
}

fn read_one(fields: &[GobField], shift: i64) -> crate::whole::Row {
    let (rows, ledger) = read_all(&gob(&[sample(), sample()], fields, shift), 1 << 16, 1);
    assert!(!ledger.is_damaged(), "{ledger:?}");
    assert_eq!(rows.len(), 2);
    rows.into_iter().next().unwrap()
}

#[test]
fn type_ids_are_what_the_stream_says() {
    for shift in [0, 1, 40, 1_000, 100_000] {
        assert_eq!(read_one(&FIELDS, shift), row(&sample()), "shifted by {shift}");
    }
}

#[test]
fn fields_are_known_by_name_in_any_order() {
    let mut reversed = FIELDS;
    reversed.reverse();
    assert_eq!(read_one(&reversed, 0), row(&sample()));
}

#[test]
fn missing_fields_are_zero() {
    // vegeta 6, before body, attack and seq.
    let fields: Vec<GobField> = FIELDS
        .into_iter()
        .filter(|(name, _)| {
            !matches!(*name, "Attack" | "Seq" | "Body" | "Method" | "URL" | "Headers")
        })
        .collect();
    let read = read_one(&fields, 0);
    assert_eq!((read.attack.as_str(), read.seq, read.url.as_str()), ("", 0, ""));
    assert_eq!((read.code, read.latency), (200, 6_012_803));
}

#[test]
fn unknown_fields_are_stepped_over() {
    let mut fields = FIELDS.to_vec();
    fields.insert(3, ("Extra", 66));
    assert_eq!(read_one(&fields, 0), row(&sample()));
}

#[test]
fn a_field_of_another_type_is_not_taken_for_vegetas() {
    let mut fields = FIELDS.to_vec();
    // `Seq` as a slice of strings, which is what "Extra" encodes.
    fields[1] = ("Extra", 66);
    assert_eq!(read_one(&fields, 0).seq, 0);
}
