//! The texts of a stream, each written once and then named by number.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::native::column::{Column, Packing};

/// Texts that are remembered, and their bytes, until remembering begins anew: a stream may have any number of them.
const MAX_TEXTS: usize = 1 << 15;
const MAX_BYTES: usize = 1 << 20;

/// Texts and their numbers.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// By text: which one it is of those that are remembered, from 1 on.
    known: HashMap<Box<[u8]>, u32, FixedState>,
    /// Bytes of these.
    bytes: usize,
    /// The number of the first of these.
    base: u64,
    /// Those that are not written yet.
    lengths: Vec<u64>,
    added: Vec<u8>,
    packed: Vec<u8>,
}

/// The lengths of added texts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths<'a> {
    packing: Packing,
    bytes: &'a [u8],
}

impl<'a> Lengths<'a> {
    pub(super) fn column(self) -> Column<'a> {
        self.packing.column(self.bytes)
    }
}

impl Texts {
    /// The text's number among those remembered; 0 for the empty text.
    #[inline]
    pub(super) fn id(&mut self, text: &[u8]) -> u32 {
        if text.is_empty() {
            return 0;
        }
        match self.known.get(text) {
            Some(&id) => id,
            None => self.add(text),
        }
    }

    #[cold]
    fn add(&mut self, text: &[u8]) -> u32 {
        let id = u32::try_from(self.known.len() + 1).unwrap_or(u32::MAX);
        self.known.insert(text.into(), id);
        self.bytes += text.len();
        self.lengths.push(text.len() as u64);
        self.added.extend_from_slice(text);
        id
    }

    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// The texts that are not written yet: how many, and they themselves.
    pub(super) fn added(&mut self) -> (u32, (Lengths<'_>, &[u8])) {
        let packing = Packing::plain(self.lengths.iter().copied());
        self.packed.clear();
        packing.pack(self.lengths.iter().copied(), &mut self.packed);
        let count = u32::try_from(self.lengths.len()).unwrap_or(u32::MAX);
        (count, (Lengths { packing, bytes: &self.packed }, &self.added))
    }

    /// All texts have been written.
    pub(super) fn written(&mut self) {
        self.lengths.clear();
        self.added.clear();
    }

    pub(super) fn is_full(&self) -> bool {
        self.known.len() > MAX_TEXTS || self.bytes > MAX_BYTES
    }

    /// Forgets all texts; those to come have higher numbers.
    pub(super) fn begin_anew(&mut self) {
        self.base += self.known.len() as u64;
        self.known.clear();
        self.bytes = 0;
    }
}
