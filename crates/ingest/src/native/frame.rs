//! Frames: where one begins and ends, what stream it is of, and whether it is as it was written.

use crc32fast::Hasher;
use memchr::memmem;

use crate::MAX_RECORD;

/// How a frame begins. The first byte is none of gob's lengths, stands in no UTF-8 text and is never used by
/// `MessagePack`.
pub(super) const MAGIC: [u8; 4] = *b"\xc1PLM";

/// The version that is read, with every minor version of it.
pub(super) const MAJOR: u8 = 1;
/// The minor version that is written.
pub(super) const MINOR: u8 = 1;

/// Bytes in front of a payload, in every version.
pub(super) const HEAD: usize = 52;

/// The longest payload: a frame and the head behind it fit into what is read at a time.
pub(super) const MAX_PAYLOAD: usize = MAX_RECORD - 2 * HEAD;

/// More records than a stream can have.
const MAX_COUNT: u64 = 1 << 48;

/// The payload is lz4: its length, in four bytes, and a block.
pub(super) const COMPRESSED: u8 = 1;

/// Kinds of frame.
pub(crate) mod kind {
    pub(crate) const HEADER: u8 = 1;
    pub(crate) const DICTIONARY: u8 = 2;
    pub(crate) const BLOCK: u8 = 3;
    pub(crate) const TELEMETRY: u8 = 4;
    pub(crate) const END: u8 = 5;
    pub(crate) const RATE: u8 = 6;
}

/// What stands in front of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) version: (u8, u8),
    pub(super) kind: u8,
    pub(super) flags: u8,
    /// Bytes of the payload.
    pub(super) length: usize,
    /// Records of a block, or texts of a dictionary.
    pub(super) count: u32,
    /// The stream's id.
    pub(super) stream: u64,
    /// Records of the stream before this frame.
    pub(super) records: u64,
    /// Texts that its dictionary was given before this frame.
    pub(super) texts: u64,
    /// Frames of the stream before this one.
    pub(super) frames: u32,
    pub(super) checksum: u32,
}

impl Head {
    /// A head for a payload that is yet to be had.
    pub(super) fn new(kind: u8, stream: u64) -> Self {
        let version = (MAJOR, MINOR);
        let (flags, length, count, records, texts, frames, checksum) = (0, 0, 0, 0, 0, 0, 0);
        Self { version, kind, flags, length, count, stream, records, texts, frames, checksum }
    }

    /// The head's bytes in front of this payload.
    pub(super) fn bytes(&self, payload: &[u8]) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let (major, minor) = self.version;
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&[major, minor, self.kind, self.flags]);
        bytes[8..12].copy_from_slice(&length.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.count.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.stream.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.records.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.texts.to_le_bytes());
        bytes[40..44].copy_from_slice(&self.frames.to_le_bytes());
        let mut hasher = Hasher::new();
        hasher.update(&bytes[..44]);
        bytes[44..48].copy_from_slice(&hasher.clone().finalize().to_le_bytes());
        hasher.update(&bytes[44..48]);
        hasher.update(payload);
        bytes[48..].copy_from_slice(&hasher.finalize().to_le_bytes());
        bytes
    }

    /// Bytes of the whole frame.
    pub(super) fn size(&self) -> usize {
        HEAD + self.length
    }

    /// Whether all of it can be read, whatever else a later minor version has.
    pub(super) fn is_known(&self) -> bool {
        self.version.0 == MAJOR
    }

    /// The records that the frame holds.
    pub(super) fn holds(&self) -> u64 {
        if self.kind == kind::BLOCK { self.count.into() } else { 0 }
    }
}

/// What stands at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A frame that is as it was written.
    Whole(Head),
    /// A head that is, in front of a payload that is not.
    Damaged(Head),
    /// A head that is; the bytes end before the payload does.
    Cut(Head),
    /// The bytes end inside a head.
    CutHead,
    /// No frame, and why not.
    Nothing(&'static str),
}

/// What stands at the beginning of `bytes`. A payload that is checked is taken from the budget: heads that overlap, all of
/// them sound, must not make reading quadratic.
pub(super) fn at_start(bytes: &[u8], budget: &mut usize) -> Found {
    let head = match head_at_start(bytes) {
        Ok(head) => head,
        Err(found) => return found,
    };
    let Some(payload) = bytes.get(HEAD..head.size()) else { return Found::Cut(head) };
    let Some(left) = budget.checked_sub(payload.len()) else {
        return Found::Nothing("more frames than the bytes can hold");
    };
    *budget = left;
    let mut hasher = Hasher::new();
    hasher.update(&bytes[..48]);
    hasher.update(payload);
    if hasher.finalize() == head.checksum { Found::Whole(head) } else { Found::Damaged(head) }
}

/// Bytes of payloads that are checked in so many bytes at most: each several times over, and some to spare.
pub(super) fn budget(bytes: &[u8]) -> usize {
    bytes.len().saturating_mul(16)
}

/// The head at the beginning of `bytes`.
///
/// # Errors
/// [`Found::CutHead`] or [`Found::Nothing`].
pub(super) fn head_at_start(bytes: &[u8]) -> Result<Head, Found> {
    let common = bytes.len().min(MAGIC.len());
    if bytes[..common] != MAGIC[..common] {
        return Err(Found::Nothing("no frame begins here"));
    }
    let Some(bytes) = bytes.first_chunk::<HEAD>() else { return Err(Found::CutHead) };
    let four =
        |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let eight = |at: usize| u64::from(four(at)) | u64::from(four(at + 4)) << 32;
    if crc32fast::hash(&bytes[..44]) != four(44) {
        return Err(Found::Nothing("the head of a frame does not match its checksum"));
    }
    let head = Head {
        version: (bytes[4], bytes[5]),
        kind: bytes[6],
        flags: bytes[7],
        length: four(8) as usize,
        count: four(12),
        stream: eight(16),
        records: eight(24),
        texts: eight(32),
        frames: four(40),
        checksum: four(48),
    };
    if head.length > MAX_PAYLOAD || head.records > MAX_COUNT || head.texts > MAX_COUNT {
        return Err(Found::Nothing("a frame of impossible size"));
    }
    Ok(head)
}

/// Where the next frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextFrame {
    At(usize),
    /// Perhaps here: the bytes end inside its head.
    Maybe(usize),
    Nowhere,
}

/// The first frame that begins at or behind `from`, and before `until`.
pub(crate) fn next_frame(bytes: &[u8], from: usize, until: usize) -> NextFrame {
    let end = bytes.len().min(until.saturating_add(MAGIC.len() - 1));
    let search = bytes.get(from..end).unwrap_or_default();
    for hit in memmem::find_iter(search, &MAGIC) {
        match head_at_start(&bytes[from + hit..]) {
            Ok(_) => return NextFrame::At(from + hit),
            Err(Found::CutHead) => return NextFrame::Maybe(from + hit),
            Err(_) => {}
        }
    }
    // The beginning of a beginning.
    let tail = bytes.len().saturating_sub(MAGIC.len() - 1).max(from);
    let cut = (tail..bytes.len().min(until)).find(|&start| MAGIC.starts_with(&bytes[start..]));
    cut.map_or(NextFrame::Nowhere, NextFrame::Maybe)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Vec<u8> {
        let head = Head { count: 3, records: 7, ..Head::new(kind::BLOCK, 9) };
        [&head.bytes(b"payload")[..], b"payload"].concat()
    }

    #[test]
    fn a_flipped_bit_is_noticed_wherever_it_is() {
        let sound = frame();
        assert!(matches!(at_start(&sound, &mut 1_000), Found::Whole(head) if head.count == 3));
        for bit in 0..sound.len() * 8 {
            let mut bytes = sound.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(at_start(&bytes, &mut 1_000), Found::Whole(_)), "bit {bit}");
        }
    }

    #[test]
    fn a_cut_head_and_a_cut_payload_are_told_apart() {
        let sound = frame();
        for length in 0..sound.len() {
            let found = at_start(&sound[..length], &mut 1_000);
            assert_eq!(matches!(found, Found::CutHead), length < HEAD, "{length}: {found:?}");
            assert_eq!(matches!(found, Found::Cut(_)), length >= HEAD, "{length}: {found:?}");
        }
    }

    #[test]
    fn the_next_frame_is_found_behind_what_looks_like_one() {
        let bytes =
            [&MAGIC[..], b"no frame at all: the checksum of its head is not right", &frame()]
                .concat();
        let start = bytes.len() - frame().len();
        assert_eq!(next_frame(&bytes, 0, bytes.len()), NextFrame::At(start));
        assert_eq!(next_frame(&bytes, 0, start), NextFrame::Nowhere);
        assert_eq!(next_frame(&bytes[..start + 2], 0, usize::MAX), NextFrame::Maybe(start));
        assert_eq!(next_frame(&bytes[..start + 20], 0, usize::MAX), NextFrame::Maybe(start));
    }
}
