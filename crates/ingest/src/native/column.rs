//! A column of a block: integers of 64 bits, as distances from the least, in as many bytes as the greatest of them takes.
//!
//! Arithmetic wraps, so that every column of unsigned or signed integers comes back as it was. The bytes are planes: the
//! lowest byte of all values, then the next of all, which lz4 makes more of, and which are unpacked many at a time.

use serde::{Deserialize, Serialize};

/// A column as it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Column<'a> {
    /// Bytes per value, 0 to 8.
    pub(super) width: u8,
    /// What is added to each.
    pub(super) base: i64,
    /// Where values are differences, each from the value before: the value before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<i64>,
    #[serde(borrow, with = "serde_bytes")]
    pub(super) bytes: &'a [u8],
}

/// How a column may be packed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packing {
    width: u8,
    base: i64,
    from: Option<i64>,
}

impl Packing {
    /// Each value on its own.
    pub(super) fn plain(values: impl Iterator<Item = u64>) -> Self {
        let (least, most) = bounds(values.map(u64::cast_signed));
        Self { width: width_of(least, most), base: least, from: None }
    }

    /// Each as the difference from the one before.
    pub(super) fn differences(mut values: impl Iterator<Item = u64>) -> Self {
        let Some(first) = values.next() else { return Self::plain(values) };
        let mut before = first;
        let (least, most) = bounds(values.map(|value| {
            let difference = value.wrapping_sub(before).cast_signed();
            before = value;
            difference
        }));
        // So that the first difference is the least.
        let from = first.wrapping_sub(least.cast_unsigned()).cast_signed();
        Self { width: width_of(least, most), base: least, from: Some(from) }
    }

    pub(super) fn width(self) -> u8 {
        self.width
    }

    /// Packs `values`, for which this packing was made, at the end of `room`.
    pub(super) fn pack(self, values: impl Iterator<Item = u64> + Clone, room: &mut Vec<u8>) {
        let base = self.base.cast_unsigned();
        match self.from {
            None => planes(&values.map(|value| value.wrapping_sub(base)), self.width, room),
            Some(from) => {
                let mut before = from.cast_unsigned();
                let distances: Vec<u64> = values
                    .map(|value| {
                        let distance = value.wrapping_sub(before).wrapping_sub(base);
                        before = value;
                        distance
                    })
                    .collect();
                planes(&distances.iter().copied(), self.width, room);
            }
        }
    }

    /// The column of which these are the packed bytes.
    pub(super) fn column(self, bytes: &[u8]) -> Column<'_> {
        Column { width: self.width, base: self.base, from: self.from, bytes }
    }
}

fn planes(distances: &(impl Iterator<Item = u64> + Clone), width: u8, room: &mut Vec<u8>) {
    for plane in 0..width {
        #[expect(clippy::cast_possible_truncation, reason = "one byte is meant")]
        room.extend(distances.clone().map(|distance| (distance >> (8 * plane)) as u8));
    }
}

/// The least and the greatest.
fn bounds(values: impl Iterator<Item = i64>) -> (i64, i64) {
    let (least, most) = values
        .fold((i64::MAX, i64::MIN), |(least, most), value| (least.min(value), most.max(value)));
    if least > most { (0, 0) } else { (least, most) }
}

/// Bytes that the distance from `least` to `most` takes.
#[expect(clippy::cast_possible_truncation, reason = "at most 8")]
fn width_of(least: i64, most: i64) -> u8 {
    let distance = most.wrapping_sub(least).cast_unsigned();
    (64 - distance.leading_zeros()).div_ceil(8) as u8
}

/// A column being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unpack<'a> {
    planes: &'a [u8],
    width: usize,
    count: usize,
    base: u64,
    /// The value before, where values are differences.
    before: Option<u64>,
    at: usize,
}

impl<'a> Unpack<'a> {
    /// `None` where the column does not have `count` values.
    pub(super) fn new(column: &Column<'a>, count: usize) -> Option<Self> {
        let width = usize::from(column.width);
        (width <= 8 && column.bytes.len() == width * count).then_some(Self {
            planes: column.bytes,
            width,
            count,
            base: column.base.cast_unsigned(),
            before: column.from.map(i64::cast_unsigned),
            at: 0,
        })
    }

    /// The next values. `out` must not be longer than what is left.
    #[inline]
    pub(super) fn next(&mut self, out: &mut [u64]) {
        out.fill(if self.before.is_some() { 0 } else { self.base });
        for plane in 0..self.width {
            let start = plane * self.count + self.at;
            let bytes = &self.planes[start..start + out.len()];
            for (value, &byte) in out.iter_mut().zip(bytes) {
                *value = value.wrapping_add(u64::from(byte) << (8 * plane));
            }
        }
        if let Some(before) = &mut self.before {
            for value in out.iter_mut() {
                *before = before.wrapping_add(*value).wrapping_add(self.base);
                *value = *before;
            }
        }
        self.at += out.len();
    }

    /// All values.
    pub(super) fn all(mut self) -> Vec<u64> {
        let mut values = vec![0; self.count];
        self.next(&mut values);
        values
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed(packing: Packing, values: &[u64]) -> Vec<u64> {
        let mut bytes = Vec::new();
        packing.pack(values.iter().copied(), &mut bytes);
        let column = packing.column(&bytes);
        assert_eq!(bytes.len(), usize::from(packing.width()) * values.len());
        let mut unpack = Unpack::new(&column, values.len()).unwrap();
        assert!(Unpack::new(&column, values.len() + 1).is_none() || packing.width() == 0);
        let mut unpacked = vec![0; values.len()];
        for part in unpacked.chunks_mut(7) {
            unpack.next(part);
        }
        assert_eq!(Unpack::new(&column, values.len()).unwrap().all(), unpacked);
        unpacked
    }

    proptest! {
        #[test]
        fn any_values_come_back(
            values in prop_oneof![
                prop::collection::vec(any::<u64>(), 0..40),
                prop::collection::vec(1_795_422_924_559_065_013_u64..1_795_422_925_559_065_013, 0..40),
            ],
        ) {
            prop_assert_eq!(&packed(Packing::plain(values.iter().copied()), &values), &values);
            prop_assert_eq!(&packed(Packing::differences(values.iter().copied()), &values), &values);
        }
    }

    #[test]
    fn what_is_alike_takes_no_room() {
        let width = |values: &[u64]| Packing::plain(values.iter().copied()).width();
        assert_eq!((width(&[7, 7, 7]), width(&[7, 262]), width(&[7, 263])), (0, 1, 2));
        assert_eq!(Packing::differences((5..90).rev()).width(), 0);
        assert_eq!(width(&[i64::MIN.cast_unsigned(), i64::MAX.cast_unsigned()]), 8);
    }
}
