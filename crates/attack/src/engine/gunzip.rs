//! Bodies that are gzip because Go's transport asks for it: taken apart as they come, with Go's words for what is none.

use flate2::{Crc, Decompress, FlushDecompress, Status};

/// One member after another.
#[derive(Debug)]
pub(super) struct Gunzip {
    /// What has come and is not used yet.
    pending: Vec<u8>,
    step: Step,
    inflate: Decompress,
    crc: Crc,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Header,
    Data,
    Checksum,
}

/// The longest name and comment that Go takes.
const MAX_STRING: usize = 512;
const INVALID_HEADER: &str = "gzip: invalid header";

impl Gunzip {
    pub(super) fn new() -> Self {
        let inflate = Decompress::new(false);
        Self { pending: Vec::new(), step: Step::Header, inflate, crc: Crc::new() }
    }

    /// Takes what came, and hands on what that is.
    pub(super) fn feed(&mut self, bytes: &[u8], mut keep: impl FnMut(&[u8])) -> Result<(), String> {
        self.pending.extend_from_slice(bytes);
        let mut used = 0;
        while let Some(size) = self.advance(used, &mut keep)? {
            used += size;
        }
        self.pending.drain(..used);
        Ok(())
    }

    /// The body is over.
    pub(super) fn end(&self) -> Result<(), &'static str> {
        // As in Go, no member at all is none too few.
        if self.step == Step::Header && self.pending.is_empty() {
            return Ok(());
        }
        Err("unexpected EOF")
    }

    /// Goes one step on, and tells the bytes that this took; `None` where more have to come.
    fn advance(
        &mut self,
        from: usize,
        keep: &mut impl FnMut(&[u8]),
    ) -> Result<Option<usize>, String> {
        let bytes = &self.pending[from..];
        match self.step {
            Step::Header => {
                let Some(size) = header(bytes)? else { return Ok(None) };
                self.inflate.reset(false);
                self.crc.reset();
                self.step = Step::Data;
                Ok(Some(size))
            }
            Step::Data => {
                let mut plain = [0; 8 << 10];
                let before = (self.inflate.total_in(), self.inflate.total_out());
                let status = self
                    .inflate
                    .decompress(bytes, &mut plain, FlushDecompress::None)
                    .map_err(|_| format!("flate: corrupt input before offset {}", before.0))?;
                let taken = distance(before.0, self.inflate.total_in());
                let made = distance(before.1, self.inflate.total_out());
                self.crc.update(&plain[..made]);
                keep(&plain[..made]);
                if status == Status::StreamEnd {
                    self.step = Step::Checksum;
                } else if taken == 0 && made == 0 {
                    return Ok(None);
                }
                Ok(Some(taken))
            }
            Step::Checksum => {
                let Some((end, _)) = bytes.split_first_chunk::<8>() else { return Ok(None) };
                let [a, b, c, d, size @ ..] = *end;
                let told = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes(size));
                if told != (self.crc.sum(), self.crc.amount()) {
                    return Err("gzip: invalid checksum".to_owned());
                }
                self.step = Step::Header;
                Ok(Some(end.len()))
            }
        }
    }
}

fn distance(from: u64, to: u64) -> usize {
    usize::try_from(to - from).unwrap_or(usize::MAX)
}

/// The size of a member's header, once it is there (RFC 1952, 2.3).
fn header(bytes: &[u8]) -> Result<Option<usize>, &'static str> {
    let Some((fixed, _)) = bytes.split_first_chunk::<10>() else { return Ok(None) };
    let [0x1f, 0x8b, 8, flags, ..] = *fixed else { return Err(INVALID_HEADER) };
    let mut size = fixed.len();
    if flags & 4 != 0 {
        let Some(&[low, high]) = bytes.get(size..size + 2) else { return Ok(None) };
        size += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    // Name and comment.
    for flag in [8, 16] {
        if flags & flag == 0 {
            continue;
        }
        let Some(text) = bytes.get(size..) else { return Ok(None) };
        match text.iter().take(MAX_STRING).position(|byte| *byte == 0) {
            Some(end) => size += end + 1,
            None if text.len() >= MAX_STRING => return Err(INVALID_HEADER),
            None => return Ok(None),
        }
    }
    if flags & 2 != 0 {
        let Some(&[low, high]) = bytes.get(size..size + 2) else { return Ok(None) };
        let mut crc = Crc::new();
        crc.update(&bytes[..size]);
        if crc.sum() & 0xffff != u32::from(u16::from_le_bytes([low, high])) {
            return Err(INVALID_HEADER);
        }
        size += 2;
    }
    Ok((size <= bytes.len()).then_some(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `hello hello hello hello` by Python's gzip, with a name.
    const MEMBER: &[u8] =
        b"\x1f\x8b\x08\x08\0\0\0\0\0\x03name\0\xcbH\xcd\xc9\xc9W\xc8@'\x01\xe3Q=\x8d\x17\0\0\0";

    fn plain(pieces: &[&[u8]]) -> (Vec<u8>, Result<(), String>) {
        let mut gunzip = Gunzip::new();
        let mut plain = Vec::new();
        let fed = pieces
            .iter()
            .try_for_each(|piece| gunzip.feed(piece, |bytes| plain.extend_from_slice(bytes)));
        (plain, fed.and_then(|()| gunzip.end().map_err(str::to_owned)))
    }

    #[test]
    fn members_come_in_pieces_and_one_after_another() {
        let twice = [MEMBER, MEMBER].concat();
        for size in [1, 7, MEMBER.len(), twice.len()] {
            let pieces: Vec<&[u8]> = twice.chunks(size).collect();
            let expected = b"hello hello hello hello".repeat(2);
            assert_eq!(plain(&pieces), (expected, Ok(())), "{size}");
        }
        assert_eq!(plain(&[]), (Vec::new(), Ok(())));
    }

    /// The texts are those of Go's compress/gzip, but for where the input was found corrupt.
    #[test]
    fn what_is_no_gzip_is_told() {
        let mut checksum = MEMBER.to_vec();
        checksum[MEMBER.len() - 1] = 1;
        for (bytes, text) in [
            (&b"x".repeat(20)[..], "gzip: invalid header"),
            (&checksum, "gzip: invalid checksum"),
            (&MEMBER[..MEMBER.len() - 1], "unexpected EOF"),
            (&MEMBER[..20], "unexpected EOF"),
            (&MEMBER[..5], "unexpected EOF"),
            (&[MEMBER, b"abc"].concat(), "unexpected EOF"),
            (b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xff", "flate: corrupt input before offset 0"),
        ] {
            assert_eq!(plain(&[bytes]).1, Err(text.to_owned()), "{bytes:?}");
        }
    }
}
