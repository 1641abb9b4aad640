//! What is known of the streams that an input holds: how far each is, and its dictionary.

use std::sync::Arc;

use super::dictionary::Dictionary;
use super::frame::{Head, kind};
use super::wire;
use crate::sink::Share;

/// Streams that are followed at a time: several writers may add frames to one file.
const MAX_STREAMS: usize = 256;

/// Bytes that the dictionaries of all of them may take.
const MAX_BYTES: usize = 1 << 25;

/// A stream without an end frame.
pub(super) const NO_END: &str = "the stream has no end: its writer was stopped";
/// A stream whose end frame says that more was to come.
pub(super) const INTERRUPTED: &str = "the stream's writer was interrupted before it was through";
/// Frames that a later version writes.
pub(super) const UNKNOWN_KIND: &str =
    "frames of kinds that this version does not know are left out";
/// Frames that are not where they were written.
pub(super) const OUT_OF_ORDER: &str = "frames stand in another order than they were written in";
/// Streams that were given up while they may have gone on.
pub(super) const TOO_MANY: &str =
    "more than 256 streams by turns: what is missing of some cannot be told";
/// An end that says another number of records than were written before it.
pub(super) const OTHER_END: &str = "a stream's end tells another number of records than it has";
/// Frames that are missing, and no record with them.
pub(super) const FRAMES_MISSING: &str = "frames that held no records are missing";

#[derive(Clone, Debug)]
struct Stream {
    id: u64,
    /// Frames and records up to the last frame that was met.
    frames: u32,
    records: u64,
    /// Texts that it was given, those too that were not read or are forgotten.
    texts: u64,
    dictionary: Arc<Dictionary>,
    share: Share,
    ended: bool,
}

/// The streams of an input, those met last at the end. A copy shares the dictionaries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams {
    open: Vec<Stream>,
}

/// What a frame's place in its stream says of those before it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Arrival {
    /// Records that are missing before it.
    pub(super) missing: u64,
    pub(super) notes: Vec<&'static str>,
}

impl Streams {
    /// Takes up where a frame stands. Afterwards its stream is the last.
    pub(super) fn arrive(&mut self, head: &Head) -> Arrival {
        let mut arrival = Arrival::default();
        let mut stream = match self.open.iter().position(|stream| stream.id == head.stream) {
            Some(place) => self.open.remove(place),
            None => Stream::new(head.stream),
        };
        // A stream that begins again has been copied, and one that goes on behind its end, or that has had fewer texts than
        // it had before, is another of the same id: what is known of the one before does not count.
        let begins = head.kind == kind::HEADER && head.frames == 0 && stream.frames > 0;
        let is_later = head.frames >= stream.frames;
        let contradicts =
            if is_later { head.texts < stream.texts } else { head.texts > stream.texts };
        if begins || stream.ended || contradicts {
            arrival.notes.extend((!stream.ended).then_some(NO_END));
            stream = Stream::new(head.stream);
        }
        arrival.missing = head.records.saturating_sub(stream.records);
        if head.frames < stream.frames {
            arrival.notes.push(OUT_OF_ORDER);
        } else if head.frames > stream.frames && arrival.missing == 0 {
            arrival.notes.push(FRAMES_MISSING);
        }
        stream.frames = stream.frames.max(head.frames.saturating_add(1));
        stream.records = stream.records.max(head.records.saturating_add(head.holds()));
        let added = if head.kind == kind::DICTIONARY { u64::from(head.count) } else { 0 };
        stream.texts = stream.texts.max(head.texts.saturating_add(added));
        stream.ended |= head.kind == kind::END;
        self.open.push(stream);
        if self.open.len() > MAX_STREAMS {
            arrival.notes.extend(self.give_up().then_some(TOO_MANY));
        }
        arrival
    }

    /// Gives up a stream, of those that have ended or else of all the one met least recently; true where it had no end.
    fn give_up(&mut self) -> bool {
        let place = self.open.iter().position(|stream| stream.ended).unwrap_or(0);
        let place = if place + 1 == self.open.len() { 0 } else { place };
        !self.open.remove(place).ended
    }

    /// The dictionary of the stream that a frame arrived of last.
    pub(super) fn dictionary(&self) -> Option<&Dictionary> {
        self.open.last().map(|stream| &*stream.dictionary)
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

    /// Adds to the dictionary of the stream that a frame arrived of last. Where all take too much memory, those go that were
    /// met least recently.
    ///
    /// # Errors
    /// Why its texts are not taken up.
    pub(super) fn add(&mut self, head: &Head, payload: &[u8]) -> Result<(), String> {
        let Some(stream) = self.open.last_mut() else { return Ok(()) };
        let added: wire::Dictionary<'_> = rmp_serde::from_slice(payload)
            .map_err(|error| format!("a dictionary frame that cannot be read: {error}"))?;
        Arc::make_mut(&mut stream.dictionary).add(head.texts, head.count, &added)?;
        let bytes = |streams: &Self| -> usize {
            streams.open.iter().map(|stream| stream.dictionary.bytes()).sum()
        };
        while bytes(self) > MAX_BYTES
            && let Some((_, others)) = self.open.split_last_mut()
            && let Some(stream) = others.iter_mut().find(|stream| stream.dictionary.bytes() > 0)
        {
            stream.dictionary = Arc::default();
        }
        Ok(())
    }

    /// Whether one of the streams has no end; all are forgotten.
    pub(super) fn close(&mut self) -> bool {
        std::mem::take(&mut self.open).iter().any(|stream| !stream.ended)
    }
}

impl Stream {
    fn new(id: u64) -> Self {
        let (frames, records, texts) = (0, 0, 0);
        let share = Share::ALL;
        Self { id, frames, records, texts, dictionary: Arc::default(), share, ended: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(kind: u8, stream: u64, frames: u32, records: u64, count: u32) -> Head {
        Head { count, records, frames, ..Head::new(kind, stream) }
    }

    #[test]
    fn what_is_missing_is_known_from_what_follows() {
        let mut streams = Streams::default();
        assert_eq!(streams.arrive(&head(kind::HEADER, 1, 0, 0, 0)), Arrival::default());
        assert_eq!(streams.arrive(&head(kind::BLOCK, 1, 1, 0, 10)), Arrival::default());
        assert_eq!(streams.arrive(&head(kind::BLOCK, 1, 3, 25, 5)).missing, 15);
        let late = streams.arrive(&head(kind::BLOCK, 1, 2, 10, 15));
        assert_eq!((late.missing, late.notes), (0, vec![OUT_OF_ORDER]));
        let gap = streams.arrive(&head(kind::TELEMETRY, 1, 5, 30, 0));
        assert_eq!((gap.missing, gap.notes), (0, vec![FRAMES_MISSING]));
        assert!(streams.close());
    }

    #[test]
    fn a_stream_that_is_copied_begins_again() {
        let mut streams = Streams::default();
        for ended in [false, true] {
            streams.arrive(&head(kind::HEADER, 1, 0, 0, 0));
            streams.arrive(&head(kind::BLOCK, 1, 1, 0, 10));
            if ended {
                streams.arrive(&head(kind::END, 1, 2, 10, 0));
            }
            let mut copy = streams.clone();
            let notes = copy.arrive(&head(kind::HEADER, 1, 0, 0, 0)).notes;
            assert_eq!(notes.contains(&NO_END), !ended);
            assert_eq!(copy.arrive(&head(kind::BLOCK, 1, 1, 0, 10)).missing, 0);
        }
        assert!(!streams.close());
    }

    #[test]
    fn streams_are_bounded_and_the_oldest_goes() {
        let mut streams = Streams::default();
        for id in 0..280 {
            let notes = streams.arrive(&head(kind::HEADER, id, 0, 0, 0)).notes;
            assert_eq!(notes == [TOO_MANY], id >= 256);
        }
        assert_eq!(streams.open.len(), MAX_STREAMS);
        assert_eq!(streams.open[0].id, 24);
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
            let arrival = streams.arrive(&next);
            (streams.dictionary().is_some_and(|dictionary| dictionary.text(0).is_some()), arrival)
        };
        let block =
            |frames, records, texts| Head { texts, ..head(kind::BLOCK, 1, frames, records, 5) };
        assert!(has_text(with_text(false), block(3, 10, 2)).0);
        assert!(
            has_text(with_text(false), block(5, 20, 9)).0,
            "frames are missing, no others are met"
        );
        // Behind the end; with fewer texts than before; an earlier frame with more than later ones had.
        let (known, arrival) = has_text(with_text(true), block(3, 20, 2));
        assert_eq!((known, arrival.missing), (false, 20));
        assert!(!has_text(with_text(false), block(3, 10, 1)).0);
        let (known, arrival) = has_text(with_text(false), block(2, 0, 3));
        assert_eq!((known, arrival.notes.contains(&NO_END)), (false, true));
    }
}
