//! What is read does not depend on how it is cut or by how many it is read, damaged or not.

use proptest::prelude::*;

use crate::encode::{FIELDS, Sample, csv, gob, json};
use crate::native::native;
use crate::round_trip::sample;
use crate::whole::read_all;

/// Something that happens to bytes: where, as a share of the length, how much is taken out, what is put in.
fn accident() -> impl Strategy<Value = (f64, usize, Vec<u8>)> {
    let inserted = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        Just(b"\n".to_vec()),
        Just(b"{\"".to_vec()),
        Just(vec![0xff, 0x80]),
        Just(b"\xc1PLM".to_vec()),
        Just(vec![0xfc, 0x5f, 0xff, 0xff, 0xff]),
    ];
    (0.0..1.0, 0_usize..40, inserted)
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn are_all_the_same(
        mut samples in prop::collection::vec(sample(), 20..120),
        kind in 0_u8..4,
        accidents in prop::collection::vec(accident(), 0..4),
        chunk_size in 64_usize..3_000,
        threads in 1_usize..4,
    ) {
        // Behind damage, a record with an impossible code is taken for more damage.
        for sample in &mut samples {
            sample.code %= 1000;
        }
        let mut bytes = match kind {
            0 => gob(&samples, &FIELDS, 0),
            1 => json(&samples),
            2 => native(&samples),
            _ => csv(&samples),
        };
        // The beginning, by which the format is known, stays as it is: a chunk holds less of it than the whole.
        let head = bytes.len() / 10;
        for (place, removed, inserted) in accidents {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
            let at = head + ((bytes.len() - head) as f64 * place) as usize;
            let end = bytes.len().min(at + removed);
            bytes.splice(at..end, inserted);
        }
        let (whole, whole_ledger) = read_all(&bytes, 1 << 24, 1);
        let (cut, cut_ledger) = read_all(&bytes, chunk_size, threads);
        prop_assert_eq!(cut.len(), whole.len(), "{:#?} {:#?}", cut_ledger.damage, whole_ledger.damage);
        prop_assert_eq!(cut, whole);
        prop_assert_eq!(cut_ledger.records, whole_ledger.records);
        prop_assert_eq!(cut_ledger.lost_bytes, whole_ledger.lost_bytes);
        if kind == 2 {
            prop_assert_eq!(cut_ledger.damaged_records, whole_ledger.damaged_records);
            prop_assert_eq!(&cut_ledger.notes, &whole_ledger.notes);
        }
        prop_assert_eq!(cut_ledger.is_damaged(), whole_ledger.is_damaged());
    }
}

/// Records without line ends, whose texts cannot be taken for another format.
fn plain(count: u64) -> Vec<Sample> {
    let sample = |seq| Sample {
        attack: "eth".into(),
        seq,
        code: 200,
        timestamp: 1_795_422_924_559_065_013 + seq.cast_signed(),
        latency: 6_012_803,
        bytes_out: 60,
        bytes_in: 54,
        error: "EOF".into(),
        body: b"{}".to_vec(),
        method: "GET".into(),
        url: "http://h/p".into(),
        server: Some("tsrv".into()),
    };
    (0..count).map(sample).collect()
}

#[test]
fn another_format_may_begin_at_any_cut() {
    let samples = plain(3);
    let [gob, json, csv] = [gob(&samples, &FIELDS, 0), json(&samples), csv(&samples)];
    for parts in [[&gob, &json, &gob, &csv, &gob], [&json, &csv, &json, &gob, &json]] {
        let bytes = parts.map(Vec::as_slice).concat();
        for chunk_size in 64..bytes.len() {
            let (rows, ledger) = read_all(&bytes, chunk_size, 1);
            assert_eq!(rows.len(), 15, "{chunk_size}: {ledger:#?}");
            assert!(!ledger.is_damaged(), "{chunk_size}: {ledger:#?}");
        }
    }
}

#[test]
fn damage_may_go_on_over_any_cut() {
    let stream = gob(&plain(4), &FIELDS, 0);
    let (start, end) = stream.split_at(stream.len() - 200);
    // The beginning of a line of too many columns looks like a whole line of fewer.
    let wide = b"\n1795422924559065013,200,5,0,0,60,,,,,,,,,,,,,\n";
    for junk in [&b"\xfc\x5f\xff\xff\xff"[..], b"\n1795", b"{\"", &[0; 100], &stream[..60], wide] {
        for bytes in
            [[junk, &stream].concat(), [start, junk, end].concat(), [start, junk, &stream].concat()]
        {
            let (whole, whole_ledger) = read_all(&bytes, 1 << 19, 1);
            for chunk_size in 64..bytes.len() {
                let (rows, ledger) = read_all(&bytes, chunk_size, 1);
                assert_eq!(rows, whole, "{chunk_size}: {ledger:#?} {whole_ledger:#?}");
                assert_eq!(ledger.lost_bytes, whole_ledger.lost_bytes, "{chunk_size}: {ledger:#?}");
            }
        }
    }
}
