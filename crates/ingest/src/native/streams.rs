//! What is known of the streams that an input holds: how far each is, what is missing, and its dictionary.

use std::sync::Arc;

use super::block::MAX_RECORDS;
use super::dictionary::{Dictionary, MAX_ADDED, Texts};
use super::frame::{Head, kind};
use super::wire;
use plimsoll_model::Share;

/// Streams that are followed at a time: several writers may add frames to one file.
const MAX_STREAMS: usize = 256;

/// Bytes that the dictionaries of all of them may take.
const MAX_BYTES: usize = 1 << 25;

/// Gaps of a stream that may still be filled.
const MAX_GAPS: usize = 256;

/// Frames met last that are recognised when they come again.
const RECENT: usize = 1024;

/// A stream without an end frame.
pub(super) const NO_END: &str = "the stream has no end: its writer was stopped";
/// A stream whose end frame says that more was to come.
pub(super) const INTERRUPTED: &str = "the stream's writer was interrupted before it was through";
/// Frames that a later version writes.
pub(super) const UNKNOWN_KIND: &str =
    "frames of kinds that this version does not know are left out";
/// Frames that are not where they were written.
pub(super) const OUT_OF_ORDER: &str = "frames stand in another order than they were written in";
/// An end that says another number of records than were written before it.
pub(super) const OTHER_END: &str = "a stream's end tells another number of records than it has";
/// Frames that are missing, and no record with them.
pub(super) const FRAMES_MISSING: &str = "frames that held no records are missing";

/// A frame that cannot be of the stream that was met before.
pub(super) const ANOTHER: &str =
    "frames stand behind a stream's end, or contradict it: they are read as of another stream";
/// Streams that were given up for others.
pub(super) const TOO_MANY: &str =
    "more than 256 streams by turns: some were not followed to their end";
/// Dictionaries that were given up for others.
pub(super) const TOO_MANY_TEXTS: &str =
    "streams by turns have more than 32 MiB of texts: blocks whose texts are not kept are lost";

/// What a stream holds in front of a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    frames: u32,
    records: u64,
    texts: u64,
}

impl Counts {
    fn before(head: &Head) -> Self {
        Self { frames: head.frames, records: head.records, texts: head.texts }
    }

    fn behind(head: &Head) -> Self {
        let texts = if head.kind == kind::DICTIONARY { head.count.into() } else { 0 };
        Self {
            frames: head.frames.saturating_add(1),
            records: head.records.saturating_add(head.holds()),
            texts: head.texts.saturating_add(texts),
        }
    }

    /// Whether the frames from here to there can hold what the counts say.
    fn reaches(self, there: Self) -> bool {
        let frames = there.frames.checked_sub(self.frames);
        let records = there.records.checked_sub(self.records);
        let texts = there.texts.checked_sub(self.texts);
        let (Some(frames), Some(records), Some(texts)) = (frames, records, texts) else {
            return false;
        };
        let blocks = records.div_ceil(MAX_RECORDS as u64);
        blocks + texts.div_ceil(MAX_ADDED.into()) <= frames.into()
    }
}

/// Frames of a stream that were not met.
#[derive(Clone, Copy, Debug)]
struct Gap {
    start: Counts,
    end: Counts,
    /// Whether its records have been told to be lost.
    is_told: bool,
}

impl Gap {
    /// The number behind the last text that is missing; 0 where none is.
    fn texts_end(self) -> u64 {
        if self.end.texts > self.start.texts { self.end.texts } else { 0 }
    }

    fn tell(self, arrival: &mut Arrival) {
        if self.is_told {
            return;
        }
        match self.end.records - self.start.records {
            0 => arrival.notes.push(FRAMES_MISSING),
            records => arrival.missing = arrival.missing.saturating_add(records),
        }
    }
}

/// Where a frame belongs in its stream.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Behind all frames so far.
    Behind,
    /// In this gap.
    Gap(usize),
    /// Where the same frame was.
    Again,
}

#[derive(Clone, Debug)]
struct Stream {
    id: u64,
    /// Behind the last frame.
    behind: Counts,
    /// In the order of the stream.
    gaps: Vec<Gap>,
    /// By the lowest bits of their number, the checksums of the frames that were met last.
    recent: Box<[u32; RECENT]>,
    dictionary: Arc<Dictionary>,
    /// Texts with lower numbers may be those of another stream, or are no longer known.
    from: u64,
    share: Share,
    ended: bool,
}

/// The streams of an input, those met last at the end. A copy shares the dictionaries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams {
    open: Vec<Stream>,
    /// Whether damage ends where the next frame begins.
    behind_damage: bool,
}

/// What a frame's place in its stream says of those before it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Arrival {
    /// Records that are missing before it, and are not expected any more.
    pub(super) missing: u64,
    pub(super) notes: Vec<&'static str>,
}

impl Streams {
    /// Bytes in front of the next frame are damaged: what it misses was in them.
    pub(super) fn damaged(&mut self) {
        self.behind_damage = true;
    }

    /// Takes up where a frame stands. Afterwards its stream is the last.
    pub(super) fn arrive(&mut self, head: &Head) -> Arrival {
        let mut arrival = Arrival::default();
        let behind_damage = std::mem::take(&mut self.behind_damage);
        let mut stream = match self.open.iter().position(|stream| stream.id == head.stream) {
            Some(place) => self.open.remove(place),
            None => Stream::new(head.stream),
        };
        let place = stream.place(head).unwrap_or_else(|| {
            // A stream that begins again has been copied.
            if !is_beginning(head) {
                arrival.notes.push(ANOTHER);
            }
            stream.give_up(&mut arrival);
            stream = Stream::new(head.stream);
            Place::Behind
        });
        stream.take_up(head, place, behind_damage, &mut arrival);
        self.open.push(stream);
        if self.open.len() > MAX_STREAMS {
            let ended = self.open.iter().position(|stream| stream.ended).unwrap_or(0);
            let place = if ended + 1 == self.open.len() { 0 } else { ended };
            let mut oldest = self.open.remove(place);
            if !oldest.ended {
                arrival.notes.push(TOO_MANY);
            }
            oldest.give_up(&mut arrival);
        }
        arrival
    }

    /// The texts that a block with this head may name, of the stream that a frame arrived of last.
    pub(super) fn texts(&self, head: &Head) -> Option<Texts<'_>> {
        self.open.last().map(|stream| stream.texts(head))
    }

    /// The share of an attack that the stream of the last frame is.
    pub(super) fn share(&self) -> Share {
        self.open.last().map_or(Share::ALL, |stream| stream.share)
    }

    /// Takes up what the header of that stream says of its records.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn begin(&mut self, payload: &[u8]) -> Result<(), String> {
        let header: wire::Share = rmp_serde::from_slice(payload)
            .map_err(|error| format!("a header that cannot be read: {error}"))?;
        if let (Some(stream), Some(shard)) = (self.open.last_mut(), header.shard) {
            let count = u64::from(shard.count.max(1));
            stream.share = Share { index: u64::from(shard.index), count };
        }
        Ok(())
    }

    /// Adds to the dictionary of the stream that a frame arrived of last. True where others' texts had to go for it.
    ///
    /// # Errors
    /// Why its texts are not taken up.
    pub(super) fn add(&mut self, head: &Head, payload: &[u8]) -> Result<bool, String> {
        let Some((stream, others)) = self.open.split_last_mut() else { return Ok(false) };
        let added: wire::Dictionary<'_> = rmp_serde::from_slice(payload)
            .map_err(|error| format!("a dictionary frame that cannot be read: {error}"))?;
        Arc::make_mut(&mut stream.dictionary).add(head.texts, head.count, &added)?;
        let mut bytes = stream.dictionary.bytes()
            + others.iter().map(|stream| stream.dictionary.bytes()).sum::<usize>();
        let mut oldest = others.iter_mut();
        let mut is_dropped = false;
        while bytes > MAX_BYTES
            && let Some(oldest) = oldest.next()
        {
            bytes -= oldest.dictionary.bytes();
            is_dropped |= oldest.dictionary.bytes() > 0;
            oldest.forget_texts();
        }
        Ok(is_dropped)
    }

    /// No more frames follow: what is still missing of the streams, all of which are forgotten.
    pub(super) fn close(&mut self) -> Arrival {
        let mut arrival = Arrival::default();
        for stream in &mut std::mem::take(&mut self.open) {
            stream.give_up(&mut arrival);
        }
        self.behind_damage = false;
        arrival
    }
}

fn is_beginning(head: &Head) -> bool {
    head.kind == kind::HEADER && head.frames == 0
}

impl Stream {
    fn new(id: u64) -> Self {
        Self {
            id,
            behind: Counts::default(),
            gaps: Vec::new(),
            recent: Box::new([0; RECENT]),
            dictionary: Arc::default(),
            from: 0,
            share: Share::ALL,
            ended: false,
        }
    }

    /// Where the frame belongs; `None` where it is of another stream, though that has the same id.
    fn place(&self, head: &Head) -> Option<Place> {
        let (here, behind) = (Counts::before(head), Counts::behind(head));
        let is_known = self.recent[here.frames as usize % RECENT] == head.checksum;
        if self.ended {
            return (is_known && head.kind == kind::END).then_some(Place::Again);
        }
        if self.behind == Counts::default() {
            return Some(Place::Behind);
        }
        if is_beginning(head) {
            return None;
        }
        if here.frames >= self.behind.frames {
            return self.behind.reaches(here).then_some(Place::Behind);
        }
        let is_around = |gap: &Gap| (gap.start.frames..gap.end.frames).contains(&here.frames);
        let Some(gap) = self.gaps.iter().position(is_around) else {
            return is_known.then_some(Place::Again);
        };
        let Gap { start, end, .. } = self.gaps[gap];
        (start.reaches(here) && behind.reaches(end)).then_some(Place::Gap(gap))
    }

    fn take_up(&mut self, head: &Head, place: Place, behind_damage: bool, arrival: &mut Arrival) {
        let (here, behind) = (Counts::before(head), Counts::behind(head));
        match place {
            Place::Behind => {
                if here.frames > self.behind.frames {
                    let mut gap = Gap { start: self.behind, end: here, is_told: false };
                    if behind_damage {
                        gap.tell(arrival);
                        gap.is_told = true;
                    }
                    self.gaps.push(gap);
                }
                self.behind = behind;
            }
            Place::Gap(place) => {
                arrival.notes.push(OUT_OF_ORDER);
                let gap = self.gaps[place];
                let (before, after) = (Gap { end: here, ..gap }, Gap { start: behind, ..gap });
                let left = [before, after].into_iter().filter(|gap| gap.start != gap.end);
                self.gaps.splice(place..=place, left);
            }
            Place::Again => arrival.notes.push(OUT_OF_ORDER),
        }
        self.recent[here.frames as usize % RECENT] = head.checksum;
        if self.gaps.len() > MAX_GAPS {
            let gap = self.gaps.remove(0);
            gap.tell(arrival);
            self.from = self.from.max(gap.texts_end());
        }
        if head.kind == kind::END {
            self.tell_gaps(arrival);
            self.forget_texts();
            self.ended = true;
        }
    }

    /// Texts in front of a gap in which texts are missing may be those of another stream with the same id.
    fn texts(&self, head: &Head) -> Texts<'_> {
        let gaps = self.gaps.iter().filter(|gap| gap.end.texts <= head.texts);
        let from = gaps.map(|gap| gap.texts_end()).fold(self.from, u64::max);
        Texts { dictionary: &self.dictionary, from }
    }

    fn forget_texts(&mut self) {
        self.dictionary = Arc::default();
        self.from = self.behind.texts;
    }

    fn tell_gaps(&mut self, arrival: &mut Arrival) {
        self.gaps.drain(..).for_each(|gap| gap.tell(arrival));
    }

    fn give_up(&mut self, arrival: &mut Arrival) {
        self.tell_gaps(arrival);
        if !self.ended {
            arrival.notes.push(NO_END);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(kind: u8, stream: u64, frames: u32, records: u64, count: u32) -> Head {
        // Checksums of different frames differ.
        let checksum = 1 + frames + 1_000 * u32::from(kind);
        Head { count, records, frames, checksum, ..Head::new(kind, stream) }
    }

    fn arrival(missing: u64, notes: &[&'static str]) -> Arrival {
        Arrival { missing, notes: notes.to_vec() }
    }

    #[test]
    fn what_is_missing_is_told_at_the_end_unless_it_comes() {
        let mut streams = Streams::default();
        assert_eq!(streams.arrive(&head(kind::HEADER, 1, 0, 0, 0)), Arrival::default());
        assert_eq!(streams.arrive(&head(kind::BLOCK, 1, 1, 0, 10)), Arrival::default());
        assert_eq!(streams.arrive(&head(kind::BLOCK, 1, 4, 25, 5)), Arrival::default());
        let late = streams.arrive(&head(kind::BLOCK, 1, 3, 20, 5));
        assert_eq!(late, arrival(0, &[OUT_OF_ORDER]));
        assert_eq!(streams.arrive(&head(kind::TELEMETRY, 1, 6, 30, 0)), Arrival::default());
        let mut ended = streams.clone();
        let expected = arrival(10, &[FRAMES_MISSING]);
        assert_eq!(ended.arrive(&head(kind::END, 1, 7, 30, 0)), expected);
        assert_eq!(ended.close(), Arrival::default());
        assert_eq!(streams.close(), arrival(10, &[FRAMES_MISSING, NO_END]));
    }

    #[test]
    fn what_is_missing_behind_damage_is_told_at_once() {
        let mut streams = Streams::default();
        streams.arrive(&head(kind::BLOCK, 1, 0, 0, 10));
        streams.damaged();
        assert_eq!(streams.arrive(&head(kind::BLOCK, 1, 2, 15, 10)), arrival(5, &[]));
        assert_eq!(streams.close(), arrival(0, &[NO_END]));
    }

    #[test]
    fn gaps_are_bounded_and_the_oldest_is_told() {
        let mut streams = Streams::default();
        let most = u32::try_from(MAX_GAPS).unwrap();
        for block in 0..most + 8 {
            let told = streams.arrive(&head(kind::BLOCK, 1, 2 * block, 10 * u64::from(block), 5));
            assert_eq!(told.missing, if block > most { 5 } else { 0 }, "{block}");
        }
        assert_eq!(
            streams
                .arrive(&head(kind::END, 1, 2 * most + 15, 10 * u64::from(most) + 75, 0))
                .missing,
            5 * u64::from(most)
        );
    }

    #[test]
    fn a_stream_that_is_copied_begins_again() {
        let mut streams = Streams::default();
        for ended in [false, true] {
            streams.arrive(&head(kind::HEADER, 1, 0, 0, 0));
            streams.arrive(&head(kind::BLOCK, 1, 1, 0, 10));
            if ended {
                let end = head(kind::END, 1, 2, 10, 0);
                streams.arrive(&end);
                assert_eq!(streams.arrive(&end), arrival(0, &[OUT_OF_ORDER]));
            }
            let mut copy = streams.clone();
            let notes = copy.arrive(&head(kind::HEADER, 1, 0, 0, 0)).notes;
            assert_eq!(notes.contains(&NO_END), !ended);
            assert_eq!(copy.arrive(&head(kind::BLOCK, 1, 1, 0, 10)), Arrival::default());
        }
        assert_eq!(streams.close(), Arrival::default());
    }

    #[test]
    fn what_contradicts_a_stream_is_of_another() {
        let mut known = Streams::default();
        known.arrive(&head(kind::HEADER, 1, 0, 0, 0));
        known.arrive(&head(kind::BLOCK, 1, 1, 0, 10));
        known.arrive(&head(kind::BLOCK, 1, 4, 5_000, 10));
        let again = head(kind::BLOCK, 1, 1, 0, 10);
        assert_eq!(known.clone().arrive(&again), arrival(0, &[OUT_OF_ORDER]));
        let contradictions = [
            // Other records where one was.
            Head { checksum: 7, ..again },
            // More or fewer than fit.
            head(kind::BLOCK, 1, 5, 5_011, 10),
            head(kind::BLOCK, 1, 5, 5_009, 10),
            head(kind::BLOCK, 1, 6, 5_010 + 4_097, 10),
            Head { texts: 1, ..head(kind::BLOCK, 1, 5, 5_010, 10) },
            head(kind::BLOCK, 1, 3, 0, 10),
            head(kind::BLOCK, 1, 3, 4_991, 10),
            // Two frames hold all that is missing.
            head(kind::TELEMETRY, 1, 2, 10, 0),
        ];
        for head in contradictions {
            let told = known.clone().arrive(&head);
            assert_eq!(told, arrival(4_990, &[ANOTHER, NO_END]), "{head:?}");
        }
        known.arrive(&head(kind::END, 1, 5, 5_010, 0));
        assert_eq!(known.arrive(&head(kind::BLOCK, 1, 5, 5_010, 10)).notes, [ANOTHER]);
    }

    #[test]
    fn streams_are_bounded_and_the_oldest_goes() {
        let mut streams = Streams::default();
        for id in 0..300 {
            let told = streams.arrive(&head(kind::BLOCK, id, 1, 10, 1));
            let given_up = arrival(10, &[TOO_MANY, NO_END]);
            assert_eq!(told, if id < 256 { Arrival::default() } else { given_up });
        }
        assert_eq!(streams.open.len(), MAX_STREAMS);
        assert_eq!(streams.open[0].id, 44);
    }

    /// A stream whose dictionary has one text in two frames' time.
    fn with_text(end: bool) -> Streams {
        let mut streams = Streams::default();
        streams.arrive(&head(kind::HEADER, 1, 0, 0, 0));
        let added = head(kind::DICTIONARY, 1, 1, 0, 2);
        streams.arrive(&added);
        let lengths = super::super::column::Packing::plain([1, 1].into_iter());
        let mut bytes = Vec::new();
        lengths.pack([1, 1].into_iter(), &mut bytes);
        let texts = wire::Dictionary { from: 0, lengths: lengths.column(&bytes), texts: b"ab" };
        streams.add(&added, &rmp_serde::to_vec_named(&texts).unwrap()).unwrap();
        streams.arrive(&Head { texts: 2, ..head(kind::BLOCK, 1, 2, 0, 10) });
        if end {
            streams.arrive(&Head { texts: 2, ..head(kind::END, 1, 3, 10, 0) });
        }
        streams
    }

    #[test]
    fn a_stream_of_the_same_id_does_not_get_the_texts_of_another() {
        let has_text = |mut streams: Streams, next: Head| {
            let mut arrival = streams.arrive(&next);
            let has_text = streams.texts(&next).is_some_and(|texts| texts.get(0).is_some());
            let Arrival { missing, notes } = streams.close();
            arrival.missing += missing;
            arrival.notes.extend(notes);
            (has_text, arrival)
        };
        let block = |frames, records, texts| Head {
            texts,
            checksum: 7,
            ..head(kind::BLOCK, 1, frames, records, 5)
        };
        assert!(has_text(with_text(false), block(3, 10, 2)).0);
        assert!(has_text(with_text(false), block(5, 20, 2)).0);
        // Texts are missing: those behind may be of another stream.
        assert!(!has_text(with_text(false), block(5, 20, 9)).0);
        // Behind the end; with fewer texts than before; an earlier frame with more than later ones had.
        let (known, arrival) = has_text(with_text(true), block(3, 20, 2));
        assert_eq!((known, arrival.missing), (false, 20));
        assert!(!has_text(with_text(false), block(3, 10, 1)).0);
        let (known, arrival) = has_text(with_text(false), block(2, 0, 3));
        assert_eq!((known, arrival.notes.contains(&NO_END)), (false, true));
    }
}
