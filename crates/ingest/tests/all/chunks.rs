//! What is read does not depend on how it is cut or by how many it is read, damaged or not.

use proptest::prelude::*;

use crate::encode::{FIELDS, csv, gob, json};
use crate::round_trip::sample;
use crate::whole::read_all;

/// Something that happens to bytes: where, as a share of the length, how much is taken out, what is put in.
fn accident() -> impl Strategy<Value = (f64, usize, Vec<u8>)> {
    let inserted = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        Just(b"\n".to_vec()),
        Just(b"{\"".to_vec()),
        Just(vec![0xff, 0x80]),
        Just(vec![0xfc, 0x5f, 0xff, 0xff, 0xff]),
    ];
    (0.0..1.0, 0_usize..40, inserted)
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn are_all_the_same(
        mut samples in prop::collection::vec(sample(), 20..120),
        kind in 0_u8..3,
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
        prop_assert_eq!(cut_ledger.is_damaged(), whole_ledger.is_damaged());
    }
}
