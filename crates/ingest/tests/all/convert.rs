//! Records written again, against the encoders of these tests and `serde_json`.

use std::ops::ControlFlow;

use plimsoll_ingest::write::{Encoder, Loss, Losses, NativeOutput, preamble};
use plimsoll_ingest::{
    Aside, Collect, Progress, ReadOptions, Source, StreamHeader, WholeRecord, read_whole,
};
use plimsoll_model::{Format, InputId};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::encode::{self, FIELDS, Sample};
use crate::native::{native_stream, plain, with_record};
use crate::round_trip::sample;

struct Written(Encoder);

impl Collect for Written {
    fn begin(&mut self, _: InputId) {
        self.0.clear();
    }

    fn record(&mut self, record: &WholeRecord<'_>) {
        self.0.record(record);
    }

    fn aside(&mut self, aside: &Aside<'_>) {
        self.0.aside(aside);
    }

    fn is_full(&self) -> bool {
        self.0.size() > 300
    }
}

/// What native streams say beside their records.
#[derive(Default)]
struct Asides(Vec<String>);

impl Collect for Asides {
    fn begin(&mut self, _: InputId) {
        self.0.clear();
    }

    fn record(&mut self, record: &WholeRecord<'_>) {
        self.0.push(format!("record {:?}", record.seq()));
    }

    fn aside(&mut self, aside: &Aside<'_>) {
        // Whatever its stream's id has become.
        let told = format!("{aside:?}");
        let (before, behind) = told.split_once("stream: ").unwrap();
        let (_, behind) = behind.split_once(',').unwrap();
        self.0.push(format!("{before}{behind}"));
    }

    fn is_full(&self) -> bool {
        false
    }
}

/// Records and what stands between them, in order.
fn told(bytes: &[u8]) -> Vec<String> {
    let sources = [Source::in_memory("test", bytes)];
    let mut all = Vec::new();
    let options = ReadOptions::default();
    read_whole(&sources, &options, &Progress::default(), &Asides::default, &mut |_, part| {
        all.append(&mut part.0);
        ControlFlow::Continue(())
    })
    .unwrap();
    all
}

/// The bytes as native streams.
fn copied(bytes: &[u8], id: u64) -> Vec<u8> {
    let sources = [Source::in_memory("test", bytes)];
    let header = StreamHeader { id, ..StreamHeader::default() };
    let mut output = NativeOutput::new(Vec::new(), header);
    let new = || Written(Encoder::new(Format::Native, false));
    let options = ReadOptions::default();
    read_whole(&sources, &options, &Progress::default(), &new, &mut |_, part| {
        output.write(&part.0).unwrap();
        ControlFlow::Continue(())
    })
    .unwrap();
    output.finish().unwrap()
}

#[test]
fn a_copy_of_native_streams_says_all_that_they_say() {
    let path = format!("{}/tests/fixtures/native/full-0.plim", env!("CARGO_MANIFEST_DIR"));
    let stream = std::fs::read(path).unwrap();
    let asides = |bytes: &[u8]| -> Vec<String> {
        told(bytes).into_iter().filter(|told| told.starts_with("Aside")).collect()
    };
    let is_end = |told: &String| told.contains("kind: 5");
    for bytes in [stream.clone(), [&stream[..], &stream].concat()] {
        let copy = copied(&bytes, 7);
        // Ends are written anew, with other spellings of the same numbers.
        let told = |bytes: &[u8]| -> Vec<String> {
            told(bytes).into_iter().filter(|told| !is_end(told)).collect()
        };
        let (original, copy) = (told(&bytes), told(&copy));
        assert!(original.iter().any(|told| told.contains("kind: 4")), "{original:?}");
        assert_eq!(copy, original);
    }
    // What was stopped is not whole for having been copied.
    let stopped = native_stream(&plain(5), 3, 2, true);
    let ends: Vec<String> = asides(&copied(&stopped, 7)).into_iter().filter(is_end).collect();
    let whole = native_stream(&plain(5), 3, 2, false);
    let clean: Vec<String> = asides(&copied(&whole, 7)).into_iter().filter(is_end).collect();
    assert_eq!((ends.len(), clean.len()), (1, 1));
    assert_ne!(ends, clean);
    // Records of another format behind it are a stream of their own.
    let mixed = [whole, made(&plain(2), Format::VegetaGob)].concat();
    assert_eq!(asides(&copied(&mixed, 7)).iter().filter(|told| is_end(told)).count(), 2);
    assert_ne!(copied(&stream, 7), copied(&stream, 8), "ids tell copies apart");
}

/// The bytes in another format, and what they have lost. Nothing may be damaged.
fn convert(bytes: &[u8], to: Format, chunk_size: usize, threads: usize) -> (Vec<u8>, Losses) {
    let options = ReadOptions { threads, chunk_size, ..ReadOptions::default() };
    let sources = [Source::in_memory("test", bytes)];
    let mut out = preamble(to).to_vec();
    let mut losses = Losses::default();
    let new = || Written(Encoder::new(to, false));
    let ledgers = read_whole(&sources, &options, &Progress::default(), &new, &mut |_, part| {
        out.extend_from_slice(part.0.bytes());
        losses.merge(part.0.losses());
        ControlFlow::Continue(())
    });
    let ledgers = ledgers.unwrap();
    assert!(!ledgers[0].is_damaged() && ledgers[0].refused.is_none(), "{ledgers:?}");
    (out, losses)
}

fn to(bytes: &[u8], format: Format) -> Vec<u8> {
    convert(bytes, format, 1 << 19, 1).0
}

fn made(samples: &[Sample], format: Format) -> Vec<u8> {
    let mut encoder = Encoder::new(format, false);
    for sample in samples {
        with_record(sample, |record| encoder.made(record));
    }
    [preamble(format), encoder.bytes()].concat()
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

/// Texts of all kinds, without a line end of two characters, which CSV does not keep.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9-]{0,12}",
        r#"Post "https?://[a-z.:]{1,20}/[a-z/?&=]{0,20}": EOF"#,
        "[ ,\"'\\\\{}<>&a-z\t\n\u{1}]{0,12}",
        "[\u{2028}\u{2029}\u{fffd}\u{7f}\u{a0}\u{3000}😀é\\\\.]{0,6}",
        "\\PC{0,10}",
    ]
}

/// RFC 3339 with any offset, its digits as Go writes them.
fn moment() -> impl Strategy<Value = String> {
    let nanos = prop_oneof![
        1_700_000_000_000_000_000_i64..1_800_000_000_000_000_000,
        Just(1_700_000_000_000_000_000),
        -9_000_000_000_000_000_000_i64..9_000_000_000_000_000_000,
    ];
    (nanos, prop_oneof![Just(0), -1_439_i32..1_440]).prop_map(|(nanos, minutes)| {
        let moment = jiff::Timestamp::from_nanosecond(nanos.into()).unwrap();
        // Go cannot tell an offset of a minute from UTC.
        let minutes = if minutes == -1 { 0 } else { minutes };
        let offset = jiff::tz::Offset::from_seconds(minutes * 60).unwrap();
        moment.display_with_offset(offset).to_string().replace("+00:00", "Z")
    })
}

/// Headers as HTTP has them, their names as Go spells them.
fn headers() -> impl Strategy<Value = Value> {
    let values = prop::collection::vec("([!-~]([ -~]{0,10}[!-~])?)?", 1..4);
    prop::option::of(prop::collection::btree_map("[A-Z][a-z0-9]{0,6}", values, 0..5))
        .prop_map(|headers| json!(headers))
}

prop_compose! {
    /// A record that vegeta could have written, in JSON.
    fn line()(
        (attack, error, method, url) in (text(), text(), text(), text()),
        (seq, bytes_out, bytes_in) in (any::<u64>(), any::<u64>(), 0_u64..5_000),
        code in prop_oneof![Just(0_u16), Just(200), any::<u16>()],
        timestamp in moment(),
        latency in prop_oneof![0_i64..40_000_000_000, 0..i64::MAX],
        body in prop::option::of(prop::collection::vec(any::<u8>(), 0..40)),
        headers in headers(),
    ) -> Value {
        use base64::Engine as _;
        let body = body.map(|body| base64::engine::general_purpose::STANDARD.encode(body));
        json!({
            "attack": attack, "seq": seq, "code": code, "timestamp": timestamp, "latency": latency,
            "bytes_out": bytes_out, "bytes_in": bytes_in, "error": error, "body": body,
            "method": method, "url": url, "headers": headers,
        })
    }
}

fn text_of(records: &[Value]) -> Vec<u8> {
    records.iter().flat_map(|record| format!("{record}\n").into_bytes()).collect()
}

fn fields(record: &mut Value) -> &mut Map<String, Value> {
    record.as_object_mut().unwrap()
}

/// The records without what gob cannot hold.
fn in_gob(records: &[Value]) -> Vec<Value> {
    let mut records = records.to_vec();
    for record in &mut records {
        if record["body"] == "" {
            fields(record).insert("body".into(), Value::Null);
        }
    }
    records
}

/// The records without what CSV cannot hold.
fn in_csv(records: &[Value]) -> Vec<Value> {
    let mut records = records.to_vec();
    for record in &mut records {
        let moment: jiff::Timestamp = record["timestamp"].as_str().unwrap().parse().unwrap();
        let fields = fields(record);
        fields.insert("timestamp".into(), moment.to_string().into());
        if fields["body"].is_null() {
            fields.insert("body".into(), "".into());
        }
    }
    records
}

proptest! {
    /// Whatever the way, a record stays what every format on it can hold.
    #[test]
    fn any_record_by_any_way(
        records in prop::collection::vec(line(), 1..12),
        chunk_size in 64_usize..4_000,
        threads in 1_usize..4,
    ) {
        use Format::{VegetaCsv, VegetaGob, VegetaJson};
        let original = text_of(&records);
        let json = to(&original, VegetaJson);
        prop_assert_eq!(lines(&json), &records[..]);
        // As vegeta spells it, it stays to the byte.
        prop_assert_eq!(&to(&json, VegetaJson), &json);

        let (gob, _) = convert(&original, VegetaGob, chunk_size, threads);
        prop_assert_eq!(&gob, &to(&json, VegetaGob));
        prop_assert_eq!(&to(&gob, VegetaGob), &gob);
        let kept = in_gob(&records);
        prop_assert_eq!(lines(&to(&gob, VegetaJson)), &kept[..]);

        let (csv, _) = convert(&original, VegetaCsv, chunk_size, threads);
        prop_assert_eq!(&to(&csv, VegetaCsv), &csv);
        prop_assert_eq!(&to(&gob, VegetaCsv), &csv);
        prop_assert_eq!(lines(&to(&csv, VegetaJson)), in_csv(&records));
        prop_assert_eq!(lines(&to(&to(&csv, VegetaGob), VegetaJson)), in_gob(&in_csv(&records)));
    }

    /// Against encoders that share nothing with those that are tested.
    #[test]
    fn what_others_wrote_stays_to_the_byte(samples in prop::collection::vec(sample(), 1..20)) {
        let gob = encode::gob(&samples, &FIELDS, 0);
        prop_assert_eq!(&to(&gob, Format::VegetaGob), &gob);
        // Other type ids, the same records.
        let shifted = encode::gob(&samples, &FIELDS, 7);
        prop_assert_eq!(&to(&shifted, Format::VegetaGob), &gob);
        let json = encode::json(&samples);
        prop_assert_eq!(lines(&to(&json, Format::VegetaJson)), lines(&json));
        let csv = encode::csv(&samples);
        prop_assert_eq!(&to(&csv, Format::VegetaCsv), &csv);
        // A body that is empty is none in gob, and an empty one in CSV.
        prop_assert_eq!(&to(&gob, Format::VegetaCsv), &csv);
    }

    /// The same with records that no input held.
    #[test]
    fn what_is_made_is_what_others_write(samples in prop::collection::vec(sample(), 1..20)) {
        let csv = encode::csv(&samples);
        prop_assert_eq!(&made(&samples, Format::VegetaCsv), &csv);
        let gob = to(&csv, Format::VegetaGob);
        prop_assert_eq!(&made(&samples, Format::VegetaGob), &gob);
        prop_assert_eq!(made(&samples, Format::VegetaJson), to(&gob, Format::VegetaJson));
    }
}

fn lost(bytes: &[u8], to: Format) -> Vec<(Loss, u64)> {
    convert(bytes, to, 1 << 19, 1).1.iter().collect()
}

#[test]
fn what_a_format_cannot_hold_is_counted() {
    let line = |fields: &str| {
        format!(
            r#"{{"timestamp":"2026-11-23T08:35:32+02:00","code":200,"latency":1,"seq":1{fields}}}"#
        )
    };
    let text = [
        line(""),
        line(r#","body":"""#),
        line(r#","body":"not base64!","headers":{"A b":["1"],"C":["1\n2"],"D":[]}"#),
        line(r#","error":"a\r\nb","headers":7"#),
        r#"{"timestamp":"3026-11-23T08:35:32Z","code":200}"#.to_owned(),
    ];
    let text = text.join("\n");
    assert_eq!(
        lost(text.as_bytes(), Format::VegetaGob),
        [
            (Loss::TimeOutOfRange, 1),
            (Loss::NoNumber, 1),
            (Loss::EmptyBody, 1),
            (Loss::UnreadableBody, 1),
            (Loss::Headers, 1)
        ]
    );
    assert_eq!(
        lost(text.as_bytes(), Format::VegetaCsv),
        [
            (Loss::Zone, 4),
            (Loss::UnknownTime, 1),
            (Loss::TimeOutOfRange, 1),
            (Loss::NoNumber, 1),
            (Loss::AbsentBody, 3),
            (Loss::UnreadableBody, 1),
            (Loss::Headers, 2),
            (Loss::LineEnds, 1),
        ]
    );
    let csv = to(text.as_bytes(), Format::VegetaCsv);
    assert!(String::from_utf8(csv).unwrap().contains("QzogMSAyDQoNCg=="), "C: 1 2");
}

/// Texts of a gob may hold any bytes, and times any zone.
#[test]
fn gob_keeps_what_json_cannot() {
    let mut samples = vec![];
    for timestamp in [1_795_422_924_559_065_012, 1_795_422_924_559_065_013] {
        samples.push(encode::Sample {
            attack: "eth".into(),
            seq: 0,
            code: 200,
            timestamp,
            latency: 5,
            bytes_out: 0,
            bytes_in: 0,
            error: "<X\u{2028}".into(),
            body: Vec::new(),
            method: String::new(),
            url: String::new(),
            server: None,
        });
    }
    let mut gob = encode::gob(&samples, &FIELDS, 0);
    let at = gob.iter().rposition(|&byte| byte == b'X').unwrap();
    gob[at] = 0xe2;
    assert_eq!(to(&gob, Format::VegetaGob), gob);
    let (json, losses) = convert(&gob, Format::VegetaJson, 1 << 19, 1);
    let json = String::from_utf8(json).unwrap();
    // The second has the zone -01:00:07, which vegeta's encode writes as another moment.
    assert!(json.contains(r#""timestamp":"2026-11-23T07:35:24.559065012-01:00""#), "{json}");
    assert!(json.contains(r#""timestamp":"2026-11-23T07:35:24.559065013-01:00""#), "{json}");
    assert!(json.contains(r#""error":"\u003cX\u2028","body":null"#), "{json}");
    assert!(json.contains(r#""error":"\u003c\ufffd\u2028""#), "{json}");
    let losses: Vec<_> = losses.iter().collect();
    assert_eq!(losses, [(Loss::ZoneSeconds, 1), (Loss::Encoding, 1)]);
}

#[test]
fn a_sink_that_has_had_enough_ends_the_reading() {
    let line = r#"{"timestamp":"2026-11-23T08:35:32Z","code":200,"latency":1}"#;
    let text = format!("{line}\n").repeat(5_000);
    let options = ReadOptions { threads: 3, chunk_size: 1 << 10, ..ReadOptions::default() };
    let sources = [Source::in_memory("test", text.into_bytes())];
    let mut parts = 0;
    let new = || Written(Encoder::new(Format::VegetaCsv, false));
    let ledgers = read_whole(&sources, &options, &Progress::default(), &new, &mut |_, _| {
        parts += 1;
        if parts == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(parts, 3);
    assert!(ledgers.unwrap()[0].records < 200);
}
