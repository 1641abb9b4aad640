//! Native streams that are cut, damaged, shuffled and mixed: never a wrong record, and the loss always told.

use plimsoll_ingest::{NativeRecord, NativeWriter, StreamHeader};
use plimsoll_model::{Format, Ledger, Nanos, Timestamp};
use proptest::prelude::*;

use crate::encode::{FIELDS, Sample, csv, gob, json};
use crate::round_trip::{row, sample};
use crate::whole::{Row, read_all};

/// Calls `take` with the sample as a generator has it.
pub(crate) fn with_record(sample: &Sample, take: impl FnOnce(&NativeRecord<'_>)) {
    let headers: Option<Vec<(&[u8], &[u8])>> =
        sample.server.as_ref().map(|server| vec![(&b"Server"[..], server.as_bytes())]);
    take(&NativeRecord {
        attack: sample.attack.as_bytes(),
        method: sample.method.as_bytes(),
        url: sample.url.as_bytes(),
        error: sample.error.as_bytes(),
        body: &sample.body,
        headers: headers.as_deref(),
        seq: Some(sample.seq),
        timestamp: Timestamp(sample.timestamp),
        latency: Nanos(sample.latency.cast_unsigned()),
        bytes_out: sample.bytes_out,
        bytes_in: sample.bytes_in,
        code: sample.code,
        ..NativeRecord::default()
    });
}

/// The samples as a native stream with `per_block` records to a block; without an end frame if it was `stopped`.
pub(crate) fn native_stream(
    samples: &[Sample],
    id: u64,
    per_block: usize,
    stopped: bool,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let header = StreamHeader { id, tool: "test".into(), ..StreamHeader::default() };
    let mut writer = NativeWriter::new(&mut bytes, &header).unwrap();
    for (place, sample) in samples.iter().enumerate() {
        if place > 0 && place % per_block == 0 {
            writer.flush().unwrap();
        }
        with_record(sample, |record| writer.write(record).unwrap());
    }
    if stopped {
        writer.flush().unwrap();
    } else {
        writer.finish().unwrap();
    }
    bytes
}

pub(crate) fn native(samples: &[Sample]) -> Vec<u8> {
    native_stream(samples, samples.len() as u64 ^ samples[0].seq, 7, false)
}

/// Where each frame begins: heads say how long the payloads are.
fn frames(bytes: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let (frame, behind) = rest.split_at(52 + length);
        frames.push(frame);
        rest = behind;
    }
    frames
}

/// Samples that can be told apart.
fn distinct(samples: &mut [Sample]) {
    for (seq, sample) in (0..).zip(samples) {
        sample.seq = seq;
    }
}

/// Every row is one of `expected`; how many there are of each.
fn count_known(rows: &[Row], expected: &[Row]) -> Vec<usize> {
    let mut counts = vec![0; expected.len()];
    for found in rows {
        let place = usize::try_from(found.seq).unwrap();
        assert_eq!(Some(found), expected.get(place), "a wrong record");
        counts[place] += 1;
    }
    counts
}

const NO_END: &str = "the stream has no end: its writer was stopped";

fn has_note(ledger: &Ledger, note: &str) -> bool {
    ledger.notes.iter().any(|known| known == note)
}

proptest! {
    #[test]
    fn cut_anywhere_the_last_block_is_lost_at_most(
        mut samples in prop::collection::vec(sample(), 1..60),
        per_block in 1_usize..20,
        place in 0.0..1.0,
    ) {
        distinct(&mut samples);
        let expected: Vec<Row> = samples.iter().map(row).collect();
        let whole = native_stream(&samples, 3, per_block, false);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
        let cut = 1 + ((whole.len() - 1) as f64 * place) as usize;
        let (rows, ledger) = read_all(&whole[..cut], 1 << 16, 1);
        if cut < 4 {
            prop_assert!(ledger.refused.is_some());
            return Ok(());
        }
        prop_assert_eq!(&rows, &expected[..rows.len()]);
        // All blocks that are whole are read.
        let mut end = 0;
        let ends: Vec<(usize, u32)> = frames(&whole).iter().map(|frame| {
            end += frame.len();
            (end, if frame[6] == 3 { u32::from_le_bytes(frame[12..16].try_into().unwrap()) } else { 0 })
        }).collect();
        let whole_blocks: u32 = ends.iter().filter(|(end, _)| *end <= cut).map(|(_, count)| count).sum();
        prop_assert_eq!(rows.len(), whole_blocks as usize);
        // What is lost is told: bytes exactly, and records once the head of their block is there.
        let kept = ends.iter().map(|(end, _)| *end).filter(|end| *end <= cut).max().unwrap_or(0);
        prop_assert_eq!(ledger.lost_bytes, (cut - kept) as u64);
        let lost = ends.iter().find(|(end, _)| *end > cut).filter(|_| cut - kept >= 52);
        prop_assert_eq!(ledger.damaged_records, lost.map_or(0, |(_, count)| u64::from(*count)));
        // The head of the end is enough to know that there was one.
        let last = whole.len() - frames(&whole).last().map_or(0, |frame| frame.len());
        prop_assert_eq!(has_note(&ledger, NO_END), (52..last + 52).contains(&cut));
    }

    #[test]
    fn a_flipped_bit_costs_one_frame_at_most(
        mut samples in prop::collection::vec(sample(), 1..60),
        per_block in 1_usize..20,
        place in 0.0..1.0,
        bit in 0_u8..8,
        chunk_size in 64_usize..3_000,
    ) {
        distinct(&mut samples);
        let expected: Vec<Row> = samples.iter().map(row).collect();
        let mut bytes = native_stream(&samples, 3, per_block, false);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
        let at = (bytes.len() as f64 * place) as usize;
        bytes[at] ^= 1 << bit;
        let (rows, ledger) = read_all(&bytes, 1 << 16, 1);
        prop_assert!(ledger.is_damaged() || ledger.refused.is_some(), "{:?}", ledger);
        let counts = count_known(&rows, &expected);
        prop_assert!(counts.iter().all(|&count| count <= 1));
        if ledger.refused.is_none() {
            prop_assert_eq!(ledger.records + ledger.damaged_records, samples.len() as u64, "{:?}", ledger);
        }
        let (cut, cut_ledger) = read_all(&bytes, chunk_size, 2);
        prop_assert_eq!(cut, rows);
        prop_assert_eq!(cut_ledger.lost_bytes, ledger.lost_bytes);
        prop_assert_eq!(cut_ledger.damaged_records, ledger.damaged_records);
        prop_assert_eq!(cut_ledger.notes, ledger.notes);
    }

    /// Frames of two streams in any order, some missing, some twice.
    #[test]
    fn shuffled_frames_are_never_misread(
        mut samples in prop::collection::vec(sample(), 1..60),
        per_block in 1_usize..10,
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..40),
        chunk_size in 64_usize..3_000,
    ) {
        distinct(&mut samples);
        let expected: Vec<Row> = samples.iter().map(row).collect();
        let (first, second) = samples.split_at(samples.len() / 2);
        let streams = [native_stream(first, 1, per_block, false), native_stream(second, 2, per_block, false)];
        let all: Vec<&[u8]> = streams.iter().flat_map(|stream| frames(stream)).collect();
        let chosen: Vec<&[u8]> = order.iter().map(|place| *place.get(&all)).collect();
        let bytes = chosen.concat();
        let (rows, ledger) = read_all(&bytes, 1 << 16, 1);
        let counts = count_known(&rows, &expected);
        prop_assert!(ledger.refused.is_none());
        let read = counts.iter().filter(|&&count| count > 0).count() as u64;
        // Only of a stream none of whose later frames is there can nothing be known; then its end is missing.
        let lost = expected.len() as u64 - read;
        prop_assert!(
            lost == 0 || ledger.damaged_records >= lost || has_note(&ledger, NO_END) || !has_both_ends(&chosen),
            "{} lost, {:?}", lost, ledger
        );
        // Where each frame is there once at most, and ends are ends, no more is told than is lost.
        let places: Vec<usize> = order.iter().map(|place| place.index(all.len())).collect();
        let is_once = places.iter().enumerate().all(|(at, place)| !places[..at].contains(place));
        let is_behind = |at: usize| chosen[..at].iter().any(|frame| frame[16] == chosen[at][16]);
        let has_ends = (0..chosen.len()).all(|at| {
            let later = &chosen[at + 1..];
            match chosen[at][6] {
                1 => !is_behind(at),
                5 => later.iter().all(|frame| frame[16] != chosen[at][16]),
                _ => true,
            }
        });
        if is_once && has_ends {
            prop_assert!(ledger.damaged_records <= lost, "{} lost, {:?}", lost, ledger);
        }
        let (cut, cut_ledger) = read_all(&bytes, chunk_size, 2);
        prop_assert_eq!(cut, rows);
        prop_assert_eq!(cut_ledger.damaged_records, ledger.damaged_records);
        prop_assert_eq!(cut_ledger.lost_bytes, ledger.lost_bytes);
        prop_assert_eq!(cut_ledger.notes, ledger.notes);
    }

    /// Blocks in any order between the frames that begin and end a stream.
    #[test]
    fn moved_blocks_are_not_told_to_be_lost(
        order in prop::collection::vec(any::<u64>(), 20..60),
        missing in 0_usize..4,
        chunk_size in 64_usize..3_000,
    ) {
        let samples = plain(3 * order.len() as u64);
        let expected: Vec<Row> = samples.iter().map(row).collect();
        let bytes = native_stream(&samples, 1, 3, false);
        let all = frames(&bytes);
        // Texts are all in one frame, the second.
        let (start, rest) = all.split_at(2);
        let (end, blocks) = rest.split_last().unwrap();
        let mut moved: Vec<_> = order.iter().zip(blocks).collect();
        moved.sort();
        moved.truncate(moved.len() - missing);
        let moved = moved.into_iter().map(|(_, block)| *block);
        let bytes = start.iter().copied().chain(moved).chain([*end]).collect::<Vec<_>>().concat();
        let (rows, ledger) = read_all(&bytes, 1 << 16, 1);
        let counts = count_known(&rows, &expected);
        prop_assert_eq!(counts.iter().sum::<usize>(), samples.len() - 3 * missing);
        prop_assert_eq!(ledger.damaged_records, 3 * missing as u64, "{:?}", ledger);
        let (cut, cut_ledger) = read_all(&bytes, chunk_size, 2);
        prop_assert_eq!(cut, rows);
        prop_assert_eq!(cut_ledger.damaged_records, ledger.damaged_records);
        prop_assert_eq!(cut_ledger.notes, ledger.notes);
    }

    /// Two streams that begin alike and have the same id, with a hole between them.
    #[test]
    fn no_record_gets_the_texts_of_a_stream_with_the_same_id(
        per_text in 1_usize..12,
        counts in (6_usize..40, 6_usize..40),
        kept in any::<prop::sample::Index>(),
        missing in any::<prop::sample::Index>(),
        chunk_size in 64_usize..3_000,
    ) {
        let second_count = counts.1 as u64;
        let mut samples = plain(counts.0 as u64 + second_count);
        for (place, sample) in samples.iter_mut().enumerate() {
            let (name, place) = match place.checked_sub(counts.0) {
                None => ("one", place),
                Some(place) => ("two", place),
            };
            sample.url = format!("http://{name}/{}", place / per_text);
        }
        let expected: Vec<Row> = samples.iter().map(row).collect();
        let (first, second) = samples.split_at(counts.0);
        let streams = [first, second].map(|part| native_stream(part, 1, 3, false));
        let [first, second] = streams.each_ref().map(|stream| frames(stream));
        let (kept, missing) = (1 + kept.index(first.len()), missing.index(second.len()));
        let texts = |frame: &[u8]| u64::from_le_bytes(frame[32..40].try_into().unwrap());
        // What would go on the same way cannot be told apart.
        let has_ended = kept == first.len();
        let goes_on = !has_ended && missing >= kept && texts(first[kept]) == texts(second[missing]);
        prop_assume!(!goes_on);
        let bytes = [&first[..kept], &second[missing..]].concat().concat();
        let (rows, ledger) = read_all(&bytes, 1 << 16, 1);
        let counts = count_known(&rows, &expected);
        prop_assert!(counts.iter().all(|&count| count <= 1));
        // What could be one stream is at least told as that.
        let told = ledger.records + ledger.damaged_records;
        prop_assert!(told >= second_count || has_note(&ledger, NO_END), "{:?}", ledger);
        let (cut, cut_ledger) = read_all(&bytes, chunk_size, 2);
        prop_assert_eq!(cut, rows);
        prop_assert_eq!(cut_ledger.damaged_records, ledger.damaged_records);
    }

    /// Streams whose writers added to one file by turns.
    #[test]
    fn interleaved_streams_are_all_read(
        mut samples in prop::collection::vec(sample(), 2..60),
        turns in prop::collection::vec(0_usize..3, 0..60),
    ) {
        distinct(&mut samples);
        let expected: Vec<Row> = samples.iter().map(row).collect();
        let third = samples.len().div_ceil(3);
        let streams: Vec<Vec<u8>> =
            (1..).zip(samples.chunks(third)).map(|(id, part)| native_stream(part, id, 3, false)).collect();
        let mut parts: Vec<std::collections::VecDeque<&[u8]>> =
            streams.iter().map(|stream| frames(stream).into()).collect();
        let mut bytes = Vec::new();
        for turn in turns {
            bytes.extend(parts.get_mut(turn).and_then(std::collections::VecDeque::pop_front).unwrap_or_default());
        }
        bytes.extend(parts.iter().flatten().copied().flatten());
        let (rows, ledger) = read_all(&bytes, 1 << 16, 1);
        prop_assert!(count_known(&rows, &expected).iter().all(|&count| count == 1));
        prop_assert!(!ledger.is_damaged() && ledger.notes.is_empty(), "{:?}", ledger);
    }
}

fn has_both_ends(frames: &[&[u8]]) -> bool {
    let ends = |stream: u8| frames.iter().any(|frame| frame[6] == 5 && frame[16] == stream);
    ends(1) && ends(2)
}

/// Records whose texts cannot be taken for another format.
pub(crate) fn plain(count: u64) -> Vec<Sample> {
    let sample = |seq| Sample {
        attack: "eth".into(),
        seq,
        code: 200,
        timestamp: 1_795_422_924_559_065_013 + 200_000 * seq.cast_signed(),
        latency: 6_012_803,
        bytes_out: 60,
        bytes_in: 54,
        error: String::new(),
        body: b"{}".to_vec(),
        method: "GET".into(),
        url: "http://h/p".into(),
        server: Some("tsrv".into()),
    };
    (0..count).map(sample).collect()
}

#[test]
fn every_flipped_bit_and_every_cut_is_told() {
    let samples = plain(12);
    let expected: Vec<Row> = samples.iter().map(row).collect();
    let bytes = native_stream(&samples, 9, 5, false);
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let (rows, ledger) = read_all(&damaged, 1 << 16, 1);
        assert!(ledger.is_damaged(), "bit {bit}");
        let counts = count_known(&rows, &expected);
        assert!(counts.iter().filter(|&&count| count == 0).count() <= 12);
        assert_eq!(ledger.records + ledger.damaged_records, 12, "bit {bit}: {ledger:?}");
    }
    for removed in 1..60 {
        for at in (0..bytes.len() - removed).step_by(7) {
            let mut damaged = bytes.clone();
            damaged.drain(at..at + removed);
            let (rows, ledger) = read_all(&damaged, 1 << 16, 1);
            count_known(&rows, &expected);
            assert!(ledger.is_damaged(), "{removed} at {at}");
            assert_eq!(
                ledger.records + ledger.damaged_records,
                12,
                "{removed} at {at}: {ledger:?}"
            );
        }
    }
}

#[test]
fn a_missing_frame_is_told_whatever_it_held() {
    let samples = plain(12);
    let bytes = native_stream(&samples, 9, 5, false);
    let all = frames(&bytes);
    for missing in 0..all.len() {
        let mut left = all.clone();
        let kind = left.remove(missing)[6];
        let (rows, ledger) = read_all(&left.concat(), 1 << 16, 1);
        match kind {
            2 => assert_eq!((rows.len(), ledger.damaged_records), (0, 12), "{ledger:?}"),
            3 => assert_eq!(ledger.records + ledger.damaged_records, 12, "{ledger:?}"),
            5 => assert!(has_note(&ledger, NO_END), "{ledger:?}"),
            _ => {
                assert!(has_note(&ledger, "frames that held no records are missing"), "{ledger:?}");
            }
        }
        assert_eq!(kind == 2 || kind == 3, ledger.is_damaged(), "{ledger:?}");
    }
}

#[test]
fn a_stream_without_an_end_says_so() {
    let (rows, ledger) = read_all(&native_stream(&plain(12), 9, 5, true), 1 << 16, 1);
    assert_eq!(rows.len(), 12);
    assert!(!ledger.is_damaged());
    assert_eq!(ledger.notes, [NO_END]);
    assert_eq!(ledger.formats, [Format::Native]);
}

#[test]
fn an_interrupted_writer_says_so() {
    let writer = NativeWriter::new(Vec::new(), &StreamHeader::default()).unwrap();
    let (_, ledger) = read_all(&writer.interrupt().unwrap(), 1 << 16, 1);
    assert!(has_note(&ledger, "the stream's writer was interrupted before it was through"));
}

#[test]
fn other_formats_may_stand_before_and_behind_at_any_cut() {
    let samples = plain(3);
    let all = [
        gob(&samples, &FIELDS, 0),
        json(&samples),
        csv(&samples),
        native_stream(&samples, 1, 2, false),
    ];
    let [gob, json, csv, native] = all.each_ref().map(Vec::as_slice);
    for parts in [[native, gob, native, json, native], [native, csv, native, native, gob]] {
        let bytes = parts.concat();
        for chunk_size in 64..=bytes.len() {
            let (rows, ledger) = read_all(&bytes, chunk_size, 1);
            assert_eq!(rows.len(), 15, "{chunk_size}: {ledger:#?}");
            assert!(!ledger.is_damaged() && ledger.notes.is_empty(), "{chunk_size}: {ledger:#?}");
        }
    }
}

#[test]
fn damage_between_streams_costs_neither() {
    let samples = plain(4);
    let all = [
        gob(&samples, &FIELDS, 0),
        json(&samples),
        csv(&samples),
        native_stream(&samples, 1, 2, false),
    ];
    let junk =
        [b"\xc1PLM".as_slice(), b"\xc1", b"\0\0\0\0\0\0\0\0\0\0", &all[3][..60], &all[3][..20]];
    for first in &all {
        for second in &all {
            for junk in junk {
                if !first.ends_with(b"L\n") && first != &all[3] && second != &all[3] {
                    continue;
                }
                let bytes = [first.as_slice(), junk, second].concat();
                let (whole, whole_ledger) = read_all(&bytes, 1 << 19, 1);
                assert!(whole.len() >= 7, "{whole_ledger:#?}");
                for chunk_size in (64..bytes.len()).step_by(11) {
                    let (rows, ledger) = read_all(&bytes, chunk_size, 1);
                    assert_eq!(rows, whole, "{chunk_size}: {ledger:#?} {whole_ledger:#?}");
                    assert_eq!(
                        ledger.lost_bytes, whole_ledger.lost_bytes,
                        "{chunk_size}: {ledger:#?}"
                    );
                }
            }
        }
    }
}

/// Of all batches together the records, and of the largest ones records and bytes of the targets' texts.
fn sizes(bytes: Vec<u8>) -> (usize, usize, usize) {
    let options = plimsoll_ingest::ReadOptions { threads: 2, ..Default::default() };
    let sources = [plimsoll_ingest::Source::in_memory("dense", bytes)];
    let (mut count, mut records, mut texts) = (0, 0, 0);
    let mut measure = |batch: &plimsoll_model::Batch| {
        count += batch.records.len();
        records = records.max(batch.records.len());
        let bytes = batch.targets.iter().map(|target| target.url.len() + target.attack.len());
        texts = texts.max(bytes.sum::<usize>());
    };
    plimsoll_ingest::read(&sources, &options, &plimsoll_ingest::Progress::default(), &mut measure)
        .unwrap();
    (count, records, texts)
}

#[test]
fn the_numbers_of_a_shard_follow_each_other() {
    let shard = |index, count| {
        let header = plimsoll_ingest::StreamHeader {
            id: index,
            shard: Some(plimsoll_ingest::Shard { index: index.try_into().unwrap(), count }),
            ..Default::default()
        };
        let mut writer = NativeWriter::new(Vec::new(), &header).unwrap();
        for seq in (index..40).step_by(count as usize) {
            writer
                .write(&plimsoll_ingest::NativeRecord { seq: Some(seq), ..Default::default() })
                .unwrap();
            writer.flush().unwrap();
        }
        writer.finish().unwrap()
    };
    let numbers = |bytes: &[u8], chunk_size| -> Vec<u64> {
        read_all(bytes, chunk_size, 1).0.iter().map(|row| row.seq).collect()
    };
    for index in [0, 3] {
        assert_eq!(numbers(&shard(index, 4), 1 << 16), (0..10).collect::<Vec<_>>());
        assert_eq!(numbers(&shard(index, 4), 100), (0..10).collect::<Vec<_>>());
    }
    // What comes behind is all of its attack.
    let behind = [shard(1, 20), native_stream(&plain(3), 9, 7, false)].concat();
    assert_eq!(numbers(&behind, 1 << 16), [0, 1, 0, 1, 2]);
}

#[test]
fn dense_blocks_do_not_make_large_batches() {
    let samples = vec![plain(1).remove(0); 300_000];
    let dense = native_stream(&samples, 1, usize::MAX, false);
    let behind = |front: &[u8]| [front, &dense].concat();
    let json = b"{\"code\":200,\"latency\":5}\n";
    for (input, more) in [(behind(b""), 0), (behind(json), 1), (behind(&dense[..70]), 0)] {
        let (count, largest, _) = sizes(input);
        assert_eq!(count, 300_000 + more);
        assert!(largest <= 1 << 17, "{largest}");
    }
}

#[test]
fn a_text_that_many_targets_share_does_not_make_large_batches() {
    let mut writer =
        NativeWriter::new(Vec::new(), &plimsoll_ingest::StreamHeader::default()).unwrap();
    let url = "u".repeat(1 << 20);
    let names: Vec<String> = (0..128).map(|number| format!("attack {number}")).collect();
    for name in &names {
        let record = plimsoll_ingest::NativeRecord {
            attack: name.as_bytes(),
            url: url.as_bytes(),
            ..Default::default()
        };
        writer.write(&record).unwrap();
    }
    let (count, _, texts) = sizes(writer.finish().unwrap());
    assert_eq!(count, names.len());
    assert!(texts <= 18 << 20, "{texts}");
}

/// A stream that another program wrote from the specification.
fn fixture(name: &str) -> (Vec<Row>, Vec<i64>, Ledger) {
    let path = format!("{}/tests/fixtures/native/{name}.plim", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).unwrap();
    let (rows, ledger) = read_all(&bytes, 1 << 16, 1);
    let sources = [plimsoll_ingest::Source::in_memory("test", bytes)];
    let (options, progress) = Default::default();
    let mut intended = Vec::new();
    plimsoll_ingest::read(&sources, &options, &progress, &mut |batch| {
        intended.extend(batch.records.iter().map(|record| record.intended.0));
    })
    .unwrap();
    (rows, intended, ledger)
}

const START: i64 = 1_795_422_924_559_065_013;

/// What `make.py` puts into a whole stream.
fn full() -> Vec<Row> {
    let row = |seq, code, timestamp, latency| Row {
        attack: "eth".into(),
        seq,
        code,
        timestamp: START + timestamp,
        latency,
        bytes_out: if seq < 2 { 60 } else { 0 },
        bytes_in: if seq == 0 { 2 } else { 0 },
        failed: seq == 1,
        has_body: seq == 0,
        method: "POST".into(),
        url: "http://gateway.test/ethereum".into(),
        server: (seq == 0).then(|| "tsrv".into()),
    };
    let later = |seq, url: &str, timestamp| Row {
        attack: String::new(),
        url: url.into(),
        ..row(seq, 200, timestamp, 1_000_000)
    };
    vec![
        row(0, 200, 0, 6_012_803),
        row(1, 0, 1_000_000, 405_258),
        later(2, "http://gateway.test/ethereum", 2_000_000),
        later(3, "http://gateway.test/boba", 3_000_000),
    ]
}

#[test]
fn a_stream_of_the_first_version_is_read() {
    let (rows, _, ledger) = fixture("minor-0");
    assert!(!ledger.is_damaged() && ledger.notes.is_empty(), "{ledger:?}");
    let read: Vec<_> =
        rows.iter().map(|row| (row.timestamp - START, row.latency, row.code)).collect();
    assert_eq!(read, [(0, 6_012_803, 200), (1_000_000, 405_258, 503), (2_500_000, 7, 200)]);
    assert!(rows.iter().all(|row| row.method == "GET" && row.url == "http://h/p" && row.seq == 0));
    let (rows, intended, ledger) = fixture("full-0");
    assert!(!ledger.is_damaged() && ledger.notes.is_empty(), "{ledger:?}");
    assert_eq!(rows, full());
    assert_eq!(intended, [-1_000, 999_000, 1_999_000, 2_999_000].map(|after| START + after));
}

#[test]
fn what_a_later_version_adds_is_stepped_over() {
    let (rows, _, ledger) = fixture("unknown");
    assert!(!ledger.is_damaged(), "{ledger:?}");
    assert_eq!(ledger.notes, ["frames of kinds that this version does not know are left out"]);
    assert_eq!(rows, full());
}

#[test]
fn another_version_is_refused_with_the_reason() {
    let (_, _, ledger) = fixture("major-2");
    let refused = "a native stream of version 2.0, and this plimsoll reads version 1";
    assert_eq!(ledger.refused.as_deref(), Some(refused));
}

#[test]
fn what_is_left_of_a_damaged_stream_is_read() {
    let (rows, _, ledger) = fixture("cut");
    assert_eq!(rows, full()[..2]);
    assert_eq!((ledger.damaged_records, ledger.lost_bytes), (2, 100), "{ledger:?}");
    assert!(has_note(&ledger, NO_END));
    assert_eq!(ledger.damage[0].what, "the input ends inside a frame");
    let (rows, _, ledger) = fixture("damaged");
    assert_eq!(rows, full()[2..]);
    assert_eq!((ledger.damaged_records, ledger.damage.len()), (2, 1), "{ledger:?}");
    assert_eq!(ledger.damage[0].what, "a frame that does not match its checksum");
}
