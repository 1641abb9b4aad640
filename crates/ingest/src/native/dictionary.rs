//! The texts that a stream's blocks name by number.

use std::collections::VecDeque;
use std::sync::Arc;

use super::column::Unpack;
use super::wire;

/// Texts that one frame may add.
pub(super) const MAX_ADDED: u32 = 1 << 18;

/// Bytes that a stream's dictionary may take.
const MAX_BYTES: usize = 1 << 24;

/// The texts of one frame.
#[derive(Debug)]
struct Segment {
    /// The number of the first.
    first: u64,
    /// Where each ends in `texts`.
    ends: Vec<u32>,
    texts: Vec<u8>,
}

impl Segment {
    fn end(&self) -> u64 {
        self.first + self.ends.len() as u64
    }

    /// What it takes, whatever the allocator adds.
    fn bytes(&self) -> usize {
        128 + self.texts.len() + 4 * self.ends.len()
    }

    fn text(&self, number: u64) -> Option<&[u8]> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.texts.get(start..end)
    }
}

/// Texts by number, with gaps where frames are missing. Copies share the texts.
#[derive(Clone, Debug, Default)]
pub(super) struct Dictionary {
    /// In order of their numbers.
    segments: VecDeque<Arc<Segment>>,
    bytes: usize,
}

impl Dictionary {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The text of this number, where the frame that added it was read.
    pub(super) fn text(&self, number: u64) -> Option<&[u8]> {
        let behind = self.segments.partition_point(|segment| segment.first <= number);
        self.segments.get(behind.checked_sub(1)?)?.text(number)
    }

    /// Takes up `count` texts, numbered from `first` on, and drops those that are no longer named.
    ///
    /// # Errors
    /// Why they are not taken up.
    pub(super) fn add(
        &mut self,
        first: u64,
        count: u32,
        added: &wire::Dictionary<'_>,
    ) -> Result<(), String> {
        if count > MAX_ADDED {
            return Err(format!("a dictionary frame of more than {MAX_ADDED} texts"));
        }
        let lengths = Unpack::new(&added.lengths, count as usize)
            .ok_or("a dictionary frame of another number of texts than it says")?;
        let mut end = 0_u64;
        let ends: Option<Vec<u32>> = lengths
            .all()
            .into_iter()
            .map(|length| {
                end = end.checked_add(length)?;
                u32::try_from(end).ok()
            })
            .collect();
        let ends = ends
            .filter(|_| end == added.texts.len() as u64)
            .ok_or("a dictionary frame with texts of other lengths than it says")?;
        while let Some(oldest) = self.segments.front()
            && oldest.end() <= added.from
        {
            self.bytes -= oldest.bytes();
            self.segments.pop_front();
        }
        if ends.is_empty() {
            return Ok(());
        }
        let place = self.segments.partition_point(|segment| segment.first < first);
        if self.segments.get(place).is_some_and(|segment| segment.first == first)
            && let Some(copy) = self.segments.remove(place)
        {
            self.bytes -= copy.bytes();
        }
        let segment = Segment { first, ends, texts: added.texts.to_vec() };
        if self.bytes + segment.bytes() > MAX_BYTES {
            return Err(format!("a dictionary of more than {MAX_BYTES} bytes"));
        }
        self.bytes += segment.bytes();
        self.segments.insert(place, Arc::new(segment));
        Ok(())
    }
}

/// Those texts of a dictionary that are sure to be a stream's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Texts<'a> {
    pub(super) dictionary: &'a Dictionary,
    /// The number of the first of them.
    pub(super) from: u64,
}

impl<'a> Texts<'a> {
    pub(super) fn get(self, number: u64) -> Option<&'a [u8]> {
        if number < self.from { None } else { self.dictionary.text(number) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::column::Packing;
    use super::*;

    fn add(
        dictionary: &mut Dictionary,
        first: u64,
        from: u64,
        texts: &[&str],
    ) -> Result<(), String> {
        let lengths = texts.iter().map(|text| text.len() as u64);
        let packing = Packing::plain(lengths.clone());
        let mut bytes = Vec::new();
        packing.pack(lengths, &mut bytes);
        let all = texts.concat();
        let added =
            wire::Dictionary { from, lengths: packing.column(&bytes), texts: all.as_bytes() };
        dictionary.add(first, u32::try_from(texts.len()).unwrap(), &added)
    }

    #[test]
    fn texts_are_known_by_number_in_any_order() {
        let mut dictionary = Dictionary::default();
        add(&mut dictionary, 5, 0, &["e", "", "eee"]).unwrap();
        add(&mut dictionary, 0, 0, &["a", "b"]).unwrap();
        let texts = [0, 1, 2, 4, 5, 6, 7, 8].map(|number| dictionary.text(number));
        let [a, b, e, eee] = [b"a".as_slice(), b"b", b"e", b"eee"].map(Some);
        assert_eq!(texts, [a, b, None, None, e, Some(&b""[..]), eee, None]);
        add(&mut dictionary, 8, 8, &["i"]).unwrap();
        assert_eq!((dictionary.text(7), dictionary.text(8)), (None, Some(&b"i"[..])));
        assert_eq!(dictionary.bytes(), 128 + 1 + 4);
    }

    #[test]
    fn its_size_is_bounded() {
        let mut dictionary = Dictionary::default();
        let long = "x".repeat(MAX_BYTES / 2);
        add(&mut dictionary, 0, 0, &[&long]).unwrap();
        assert!(add(&mut dictionary, 1, 0, &[&long]).unwrap_err().contains("16777216 bytes"));
        assert!(dictionary.text(0).is_some());
        add(&mut dictionary, 2, 1, &[&long]).unwrap();
        assert!(dictionary.text(0).is_none());
    }

    #[test]
    fn frames_of_next_to_nothing_are_bounded_too() {
        let mut dictionary = Dictionary::default();
        let added = (0..1_000_000)
            .take_while(|&first| add(&mut dictionary, first, 0, &["x"]).is_ok())
            .count();
        assert!((100_000..140_000).contains(&added), "{added}");
        // What adds nothing takes nothing.
        add(&mut dictionary, 1_000_000, 0, &[]).unwrap();
        assert_eq!(dictionary.segments.len(), added);
        // A copy of a frame takes its place.
        add(&mut dictionary, 5, 0, &["y"]).unwrap();
        assert_eq!((dictionary.segments.len(), dictionary.text(5)), (added, Some(&b"y"[..])));
    }

    #[test]
    fn texts_of_no_bytes_are_bounded_too() {
        let lengths = Packing::plain(std::iter::empty()).column(&[]);
        let added = wire::Dictionary { from: 0, lengths, texts: &[] };
        assert!(Dictionary::default().add(0, u32::MAX, &added).is_err());
    }
}
