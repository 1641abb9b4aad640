//! What is written is read, record by record.

use plimsoll_model::{Format, Nanos, Timestamp};
use proptest::prelude::*;

use super::column::{Column, Packing};
use super::frame::Head;
use super::wire::{self, Place};
use super::{NativeRecord, NativeWriter, StreamHeader, Streams, kind, walk};
use crate::decoder::Stop;
use crate::headers::RawHeaders;
use crate::raw::{Phases, RawRecord, Zone};
use crate::sink::{DamagedSpan, Sink};

/// A record with texts of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Owned {
    texts: [Vec<u8>; 5],
    headers: Option<Vec<(Vec<u8>, Vec<u8>)>>,
    seq: Option<u64>,
    times: [i64; 2],
    zone: Zone,
    phases: Option<Phases>,
    numbers: [u64; 3],
    code: u16,
}

impl Owned {
    fn write<W: std::io::Write>(&self, writer: &mut NativeWriter<W>) {
        let headers: Option<Vec<(&[u8], &[u8])>> = self
            .headers
            .as_ref()
            .map(|pairs| pairs.iter().map(|(name, value)| (&name[..], &value[..])).collect());
        let [attack, method, url, error, body] = self.texts.each_ref().map(Vec::as_slice);
        let [timestamp, intended] = self.times.map(Timestamp);
        let [latency, bytes_out, bytes_in] = self.numbers;
        let record = NativeRecord {
            attack,
            method,
            url,
            error,
            body,
            headers: headers.as_deref(),
            seq: self.seq,
            timestamp,
            zone: self.zone,
            intended,
            latency: Nanos(latency),
            phases: self.phases,
            bytes_out,
            bytes_in,
            code: self.code,
        };
        writer.write(&record).unwrap();
    }
}

#[derive(Default)]
struct Collect {
    records: Vec<Owned>,
    damage: Vec<DamagedSpan>,
    notes: Vec<&'static str>,
}

impl Sink for Collect {
    fn record(&mut self, record: &RawRecord<'_>) {
        let headers = match record.headers {
            RawHeaders::Pairs(pairs) => {
                Some(pairs.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect())
            }
            _ => None,
        };
        let texts = [record.attack, record.method, record.url, record.error]
            .map(|text| text.bytes.to_vec());
        let [attack, method, url, error] = texts;
        self.records.push(Owned {
            texts: [attack, method, url, error, record.body.decoded().into_owned()],
            headers,
            seq: record.has_seq.then_some(record.seq),
            times: [record.timestamp.0, record.intended.0],
            zone: record.zone,
            phases: record.phases,
            numbers: [record.latency.0, record.bytes_out, record.bytes_in],
            code: record.code,
        });
    }
    fn damage(&mut self, span: DamagedSpan) {
        self.damage.push(span);
    }
    fn format(&mut self, _: Format) {}
    fn note(&mut self, what: &'static str) {
        self.notes.push(what);
    }
}

fn read(bytes: &[u8]) -> Collect {
    let mut found = Collect::default();
    let mut streams = Streams::default();
    assert_eq!(walk(bytes, 0, true, false, &mut streams, &mut found), Stop::End);
    super::finish(bytes.len(), &mut streams, &mut found);
    found
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Vec::new()),
        prop::sample::select(vec![&b"eth"[..], b"GET", b"http://h/eth"]).prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..20),
    ]
}

fn phase() -> impl Strategy<Value = Option<Nanos>> {
    prop::option::of((0..u64::MAX).prop_map(Nanos))
}

prop_compose! {
    fn record()(
        texts in prop::array::uniform5(text()),
        headers in prop::option::of(prop::collection::vec((text(), text()), 0..4)),
        seq in prop::option::weighted(0.8, any::<u64>()),
        timestamp in prop_oneof![Just(i64::MIN), any::<i64>(), 1_795_422_924_559_065_013..1_795_422_925_559_065_013_i64],
        intended in prop_oneof![Just(i64::MIN), any::<i64>(), 1_795_422_924_559_065_013..1_795_422_925_559_065_013_i64],
        zone in prop_oneof![Just(Zone::Utc), (-1_966_079_i32..1_966_080).prop_map(Zone::Offset)],
        phases in prop::option::of((phase(), phase(), phase(), phase())),
        latency in prop_oneof![0_u64..1_000_000, 0..1_u64 << 63],
        bytes in prop::array::uniform2(prop_oneof![0_u64..1_000_000, any::<u64>()]),
        code in any::<u16>(),
    ) -> Owned {
        let phases = phases
            .map(|(dns, connect, tls, first_byte)| Phases { dns, connect, tls, first_byte })
            .filter(|phases| *phases != Phases::default());
        let numbers = [latency, bytes[0], bytes[1]];
        Owned { texts, headers, seq, times: [timestamp, intended], zone, phases, numbers, code }
    }
}

proptest! {
    #[test]
    fn any_records_come_back(
        records in prop::collection::vec(record(), 0..300),
        ticks in prop::collection::vec(0_usize..300, 0..4),
    ) {
        let mut writer = NativeWriter::new(Vec::new(), &StreamHeader::default()).unwrap();
        for (place, record) in records.iter().enumerate() {
            record.write(&mut writer);
            if ticks.contains(&place) {
                writer.flush().unwrap();
            }
        }
        let found = read(&writer.finish().unwrap());
        prop_assert_eq!(found.records, records);
        prop_assert_eq!(found.damage, Vec::new());
        prop_assert!(found.notes.is_empty(), "{:?}", found.notes);
    }
}

#[test]
fn blocks_have_as_many_records_as_may_be() {
    let mut writer = NativeWriter::new(Vec::new(), &StreamHeader::default()).unwrap();
    for seq in 0..10_000 {
        Owned { seq: Some(seq), ..Owned::default() }.write(&mut writer);
    }
    let bytes = writer.finish().unwrap();
    // A header, three blocks and an end.
    assert_eq!(memchr::memmem::find_iter(&bytes, &super::frame::MAGIC).count(), 5);
    let found = read(&bytes);
    assert!(found.records.iter().map(|record| record.seq).eq((0..10_000).map(Some)));
}

#[test]
fn records_are_written_a_second_after_a_tick_has_seen_them() {
    let mut writer = NativeWriter::new(Vec::new(), &StreamHeader::default()).unwrap();
    let blocks = |writer: &NativeWriter<Vec<u8>>| read(writer.written()).records.len();
    Owned::default().write(&mut writer);
    for (now_ms, expected) in [(5_000, 0), (5_900, 0), (6_000, 1), (9_000, 1)] {
        writer.tick(Nanos(now_ms * 1_000_000)).unwrap();
        assert_eq!(blocks(&writer), expected, "{now_ms}");
    }
    Owned::default().write(&mut writer);
    writer.tick(Nanos(9_100_000_000)).unwrap();
    assert_eq!(blocks(&writer), 1);
}

#[test]
fn texts_are_forgotten_and_written_again() {
    let mut writer = NativeWriter::new(Vec::new(), &StreamHeader::default()).unwrap();
    let records: Vec<Owned> = (0..100_000_u64)
        .map(|seq| {
            let url = format!("http://gateway.test/{}", seq % 60_000).into_bytes();
            let texts = [b"eth".to_vec(), b"GET".to_vec(), url, Vec::new(), Vec::new()];
            Owned { texts, seq: Some(seq), ..Owned::default() }
        })
        .collect();
    for record in &records {
        record.write(&mut writer);
    }
    let found = read(&writer.finish().unwrap());
    assert!(found.records == records && found.damage.is_empty());
}

#[test]
fn large_records_make_small_blocks_and_too_large_ones_none() {
    let mut writer = NativeWriter::new(Vec::new(), &StreamHeader::default()).unwrap();
    let body = |bytes: usize| Owned {
        texts: [Vec::new(), Vec::new(), Vec::new(), Vec::new(), vec![b'x'; bytes]],
        ..Owned::default()
    };
    let records = [body(1), body(1 << 24), body(600_000), body(600_000), body(2)];
    for record in &records {
        record.write(&mut writer);
    }
    let too_large = vec![0; 1 << 25];
    let refused = [
        NativeRecord { body: &too_large, ..NativeRecord::default() },
        NativeRecord { url: &too_large[..1 << 24], ..NativeRecord::default() },
    ];
    for record in refused {
        let error = writer.write(&record).unwrap_err();
        assert!(matches!(error.kind(), crate::ErrorKind::TooLarge { .. }), "{error}");
    }
    let found = read(&writer.finish().unwrap());
    assert!(found.records == records && found.damage.is_empty());
}

/// A frame that no writer would write.
fn frame(kind: u8, place: [u64; 3], count: u32, payload: &impl serde::Serialize) -> Vec<u8> {
    let payload = rmp_serde::to_vec_named(payload).unwrap();
    let [frames, records, texts] = place;
    let frames = u32::try_from(frames).unwrap();
    let head = Head { count, records, texts, frames, ..Head::new(kind, 1) };
    [&head.bytes(&payload)[..], &payload].concat()
}

/// A block of `count` records with these columns, each of one value for all, and one set of `pairs` headers that all have
/// the first text as name and value.
fn block(count: u32, columns: &[(Place, u64)], pairs: u32) -> Vec<u8> {
    let constant = |value: u64| Column {
        base: value.cast_signed(),
        ..Packing::plain(std::iter::empty()).column(&[])
    };
    let mut all = wire::Columns::default();
    for &(place, value) in columns {
        all.set(place, constant(value));
    }
    let headers = wire::Headers {
        count: 1,
        sizes: constant(pairs.into()),
        pairs,
        name: constant(1),
        value: constant(1),
    };
    let block = wire::Block {
        base: 0,
        targets: None,
        errors: None,
        headers: (pairs > 0).then_some(headers),
        columns: all,
        bodies: &[],
    };
    frame(kind::BLOCK, [1, 0, 1], count, &block)
}

/// What is read of a block behind a dictionary of one text of `length` bytes.
fn read_block(length: usize, block: &[u8]) -> Collect {
    let text = vec![b'x'; length];
    let lengths = Packing::plain(std::iter::once(length as u64));
    let mut bytes = Vec::new();
    lengths.pack(std::iter::once(length as u64), &mut bytes);
    let texts = wire::Dictionary { from: 0, lengths: lengths.column(&bytes), texts: &text };
    read(&[&frame(kind::DICTIONARY, [0, 0, 0], 1, &texts)[..], block].concat())
}

const TIME_AND_CODE: [(Place, u64); 2] = [(Place::Timestamp, 5), (Place::Code, 200)];

#[test]
fn few_bytes_make_no_record_that_is_larger_than_one_may_be() {
    let columns = [&TIME_AND_CODE[..], &[(Place::Latency, 1), (Place::Headers, 1)]].concat();
    assert_eq!(read_block(1 << 20, &block(10, &columns, 4)).records.len(), 10);
    assert_eq!(read_block(1, &block(1, &columns, 1 << 16)).records.len(), 1);
    for (length, pairs) in [(1 << 20, 5), (1, (1 << 16) + 1)] {
        let found = read_block(length, &block(10, &columns, pairs));
        assert_eq!(found.records.len(), 0);
        let what = "a block with more headers, or longer ones, than a record may have";
        assert!(found.damage.iter().any(|damage| damage.what == what), "{:?}", found.damage);
    }
    let longer = "a block with a table that is longer than any may be";
    let found = read_block(1, &block(1, &columns, 1 << 17));
    assert!(found.damage.iter().any(|damage| damage.what == longer), "{:?}", found.damage);
}

#[test]
fn latencies_and_zones_that_no_other_format_holds_are_damage() {
    let with = |column: (Place, u64)| {
        let latency = if column.0 == Place::Latency { column.1 } else { 1 };
        let columns = [&TIME_AND_CODE[..], &[(Place::Latency, latency), column]].concat();
        let found = read_block(1, &block(3, &columns, 0));
        (found.records.len(), found.damage.iter().map(|damage| damage.records).sum::<u64>())
    };
    assert_eq!(with((Place::Latency, (1 << 63) - 1)), (3, 0));
    assert_eq!(with((Place::Latency, 1 << 63)), (0, 3));
    // In zigzag, plus 1.
    let zone = |east: u64| (Place::Zone, 2 * east + 1);
    assert_eq!(with(zone(60 * 32_768 - 1)), (3, 0));
    assert_eq!(with(zone(60 * 32_768)), (0, 3));
}

#[test]
fn an_end_is_compared_with_what_came_before() {
    let end = |records| frame(kind::END, [2, 3, 1], 0, &wire::End { records, clean: true });
    let columns = [&TIME_AND_CODE[..], &[(Place::Latency, 1)]].concat();
    let read = |end: &[u8]| read_block(1, &[&block(3, &columns, 0)[..], end].concat());
    assert!(read(&end(3)).notes.is_empty());
    assert_eq!(read(&end(4)).notes, ["a stream's end tells another number of records than it has"]);
    let unreadable = read(&frame(kind::END, [2, 3, 1], 0, &"end"));
    assert!(
        unreadable.damage[0].what.starts_with("an end that cannot be read"),
        "{:?}",
        unreadable.damage
    );
}
