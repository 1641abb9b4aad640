use foldhash::fast::FixedState;
use plimsoll_model::Record;
use std::hash::BuildHasher;

/// What a record is recognised by. 0 stands for no fingerprint.
pub(crate) type Fingerprint = u64;

/// The attack's share of its records' fingerprints.
pub(crate) fn attack_hash(attack: &str) -> u64 {
    FixedState::with_seed(0x0070_6c69_6d73_6f6c).hash_one(attack)
}

/// 64 well-mixed bits of everything that all formats tell about a request: when, which, how long, what came of it.
///
/// URL and error text are left out: older formats lack the one, and what else is there tells requests apart. Among
/// 10 million records two different ones share a fingerprint with probability 3 in a million.
#[inline]
pub(crate) fn fingerprint(record: &Record, attack: u64) -> Fingerprint {
    // A sum of products with odd numbers tells any two of the fields' values apart; one mixing at the end spreads it.
    let when = record.timestamp.0.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let how_long = record.latency.0.wrapping_mul(0xd1b5_4a32_d192_ed03);
    let which = (record.seq ^ (u64::from(record.code) << 48)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bytes_in = record.bytes_in.wrapping_mul(0xff51_afd7_ed55_8ccd);
    let bytes_out = record.bytes_out.wrapping_mul(0x94d0_49bb_1331_11eb);
    let sum = when
        .wrapping_add(how_long)
        .wrapping_add(which)
        .wrapping_add(bytes_in)
        .wrapping_add(bytes_out);
    mix(sum ^ attack, 0x2545_f491_4f6c_dd1d).max(1)
}

/// Both halves of the product: every bit of the result depends on every bit of both factors.
#[inline]
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    #[expect(clippy::cast_possible_truncation, reason = "the halves are what is wanted")]
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high
}

/// A set of fingerprints: open addressing, linear probing, at most three quarters full.
#[derive(Clone, Debug)]
pub(crate) struct FingerprintSet {
    slots: Vec<Fingerprint>,
    len: usize,
}

impl FingerprintSet {
    const SMALLEST: usize = 64;

    /// A set with room for `count` fingerprints before it grows.
    pub(crate) fn with_room_for(count: usize) -> Self {
        let slots = (count / 3 * 4).max(Self::SMALLEST).next_power_of_two();
        Self { slots: vec![0; slots], len: 0 }
    }

    /// Whether the fingerprint was not in the set before.
    #[inline]
    pub(crate) fn insert(&mut self, fingerprint: Fingerprint) -> bool {
        let mask = self.slots.len() - 1;
        let mut at = home(fingerprint, self.slots.len());
        loop {
            let slot = &mut self.slots[at & mask];
            if *slot == fingerprint {
                return false;
            }
            if *slot == 0 {
                *slot = fingerprint;
                self.len += 1;
                if self.len > self.slots.len() / 4 * 3 {
                    self.grow();
                }
                return true;
            }
            at += 1;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let larger = vec![0; self.slots.len() * 2];
        let smaller = std::mem::replace(&mut self.slots, larger);
        let mask = self.slots.len() - 1;
        for fingerprint in smaller.into_iter().filter(|&fingerprint| fingerprint != 0) {
            let mut at = home(fingerprint, self.slots.len());
            while self.slots[at & mask] != 0 {
                at += 1;
            }
            self.slots[at & mask] = fingerprint;
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<Fingerprint>()
    }
}

/// The slot where the search starts, by the upper bits.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "shifted to the width of an index")]
fn home(fingerprint: Fingerprint, slots: usize) -> usize {
    (fingerprint >> (64 - slots.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_model::{Nanos, TargetId, Timestamp};
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn each_field_makes_a_difference() {
        let record = Record {
            timestamp: Timestamp(1_700_000_000_000_000_000),
            latency: Nanos(1_000_000),
            seq: 7,
            bytes_in: 56,
            bytes_out: 60,
            target: TargetId(0),
            error: None,
            code: 200,
            has_seq: true,
            has_body: false,
            intended: Timestamp::UNKNOWN,
        };
        let variants = [
            record,
            Record { timestamp: Timestamp(record.timestamp.0 + 1), ..record },
            Record { latency: Nanos(1_000_001), ..record },
            Record { seq: 8, ..record },
            Record { bytes_in: 57, ..record },
            Record { bytes_out: 61, ..record },
            Record { bytes_in: 60, bytes_out: 56, ..record },
            Record { code: 201, ..record },
        ];
        let mut prints: HashSet<u64> =
            variants.iter().map(|record| fingerprint(record, attack_hash("eth"))).collect();
        prints.insert(fingerprint(&record, attack_hash("boba")));
        assert_eq!(prints.len(), variants.len() + 1);
        let elsewhere = Record { target: TargetId(9), ..record };
        assert!(prints.contains(&fingerprint(&elsewhere, attack_hash("eth"))));
    }

    #[test]
    fn regular_records_do_not_collide() {
        let mut set = FingerprintSet::with_room_for(0);
        for seq in 0..200_000_u64 {
            let record = Record {
                timestamp: Timestamp(i64::try_from(seq / 4 * 1_000).unwrap()),
                latency: Nanos(seq % 3),
                seq,
                bytes_in: seq % 2,
                bytes_out: 0,
                target: TargetId(0),
                error: None,
                code: 200,
                has_seq: true,
                has_body: false,
                intended: Timestamp::UNKNOWN,
            };
            assert!(set.insert(fingerprint(&record, 0)));
        }
    }

    proptest! {
        #[test]
        fn a_set_is_a_set(values in prop::collection::vec((1_u64..300).prop_map(|value| value << 55 | value), 0..600)) {
            let mut set = FingerprintSet::with_room_for(0);
            let mut oracle = HashSet::new();
            for value in values {
                prop_assert_eq!(set.insert(value), oracle.insert(value));
            }
            prop_assert_eq!(set.len, oracle.len());
        }
    }
}
