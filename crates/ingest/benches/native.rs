//! The native stream against the plainest that `MessagePack` offers, a row for each record, and against vegeta's gob:
//! records per second on one thread, and bytes per record.
//!
//! The records are those of `bench/generate`: started every 200 µs, written as they end, latencies lognormal with a median
//! of 8 ms, four URLs, 1 % errors. `phases` has intended send times and phases too.

use std::hint::black_box;
use std::ops::ControlFlow;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use plimsoll_ingest::write::{Encoder, preamble};
use plimsoll_ingest::{
    Aside, Collect, NativeRecord, NativeWriter, Phases, Progress, ReadOptions, Source,
    StreamHeader, WholeRecord, read, read_whole,
};
use plimsoll_model::{Format, InputId, Nanos, Timestamp};
use serde::{Deserialize, Serialize};

const RECORDS: u64 = 1_000_000;
const START: i64 = 1_767_225_600_000_000_000;
const INTERVAL: i64 = 200_000;

const URLS: [&str; 5] = [
    "http://gateway.test:8545/ethereum",
    "http://gateway.test:8545/boba",
    "http://gateway.test:8545/ethereum",
    "http://gateway.test:8545/mantle",
    "http://gateway.test:8545/kava",
];

/// A record as a row.
#[derive(Serialize, Deserialize)]
struct Row<'a> {
    attack: &'a str,
    seq: u64,
    code: u16,
    timestamp: i64,
    latency: u64,
    bytes_out: u64,
    bytes_in: u64,
    error: &'a str,
    method: &'a str,
    url: &'a str,
    intended: Option<i64>,
    phases: Option<[u64; 2]>,
}

/// A generator of random numbers, good enough for latencies: <https://prng.di.unimi.it/splitmix64.c>.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Normally distributed, as the sum of twelve.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and small")]
fn rows(with_phases: bool) -> Vec<Row<'static>> {
    let mut random = Random(1);
    let mut rows: Vec<Row<'static>> = (0..RECORDS)
        .map(|seq| {
            let latency = (8e6 * (0.6 * random.normal()).exp()) as u64;
            let (code, error) = match random.next() % 500 {
                0 | 1 => (503, "503 Service Unavailable"),
                2 => (429, "429 Too Many Requests"),
                3 => (0, "Post \"http://gateway.test:8545/\": read: connection reset by peer"),
                4 => (0, "Post \"http://gateway.test:8545/\": EOF"),
                _ => (200, ""),
            };
            let due = START + INTERVAL * seq.cast_signed();
            let lag = (5e3 * (0.8 * random.normal()).exp()) as i64;
            Row {
                attack: "bench",
                seq,
                code,
                timestamp: if with_phases { due + lag } else { due },
                latency,
                bytes_out: 60,
                bytes_in: if code == 200 { 120 } else { 0 },
                error,
                method: "POST",
                url: URLS[seq as usize % URLS.len()],
                intended: with_phases.then_some(due),
                phases: with_phases.then(|| [latency / 8, latency - latency / 16]),
            }
        })
        .collect();
    rows.sort_by_key(|row| row.timestamp + row.latency.cast_signed());
    rows
}

fn encode_native(rows: &[Row<'_>]) -> Vec<u8> {
    let write = || -> Result<Vec<u8>, plimsoll_ingest::Error> {
        let header = StreamHeader { id: 1, ..StreamHeader::default() };
        let mut writer = NativeWriter::new(Vec::with_capacity(1 << 25), &header)?;
        for row in rows {
            let phases = row.phases.map(|[connect, first_byte]| Phases {
                connect: Some(Nanos(connect)),
                first_byte: Some(Nanos(first_byte)),
                ..Phases::default()
            });
            writer.write(&NativeRecord {
                attack: row.attack.as_bytes(),
                method: row.method.as_bytes(),
                url: row.url.as_bytes(),
                error: row.error.as_bytes(),
                seq: Some(row.seq),
                timestamp: Timestamp(row.timestamp),
                intended: row.intended.map_or(Timestamp::UNKNOWN, Timestamp),
                latency: Nanos(row.latency),
                phases,
                bytes_out: row.bytes_out,
                bytes_in: row.bytes_in,
                code: row.code,
                ..NativeRecord::default()
            })?;
        }
        writer.finish()
    };
    write().expect("a vector takes all")
}

fn encode_rows(rows: &[Row<'_>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 << 28);
    for row in rows {
        rmp_serde::encode::write(&mut bytes, row).expect("a vector takes all");
    }
    bytes
}

fn decode_rows(bytes: &[u8]) -> u64 {
    let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
    let mut sum = 0;
    for _ in 0..RECORDS {
        let row = black_box(Row::deserialize(&mut reader).expect("was written as a row"));
        sum += row.latency;
    }
    sum
}

struct ToGob(Encoder);

impl Collect for ToGob {
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
        false
    }
}

fn to_gob(sources: &[Source]) -> Vec<u8> {
    let options = ReadOptions { threads: 1, ..ReadOptions::default() };
    let new = || ToGob(Encoder::new(Format::VegetaGob, false));
    let mut gob = preamble(Format::VegetaGob).to_vec();
    read_whole(sources, &options, &Progress::default(), &new, &mut |_, part| {
        gob.extend_from_slice(part.0.bytes());
        ControlFlow::Continue(())
    })
    .expect("bytes in memory can be opened");
    gob
}

/// The whole way of a reader: to batches of records whose texts are looked up.
fn read_all(sources: &[Source]) -> u64 {
    let options = ReadOptions { threads: 1, ..ReadOptions::default() };
    let mut sum = 0;
    read(sources, &options, &Progress::default(), &mut |batch| {
        sum += batch.records.iter().map(|record| record.latency.0).sum::<u64>();
    })
    .expect("bytes in memory can be opened");
    sum
}

fn native(criterion: &mut Criterion) {
    for (name, with_phases) in [("lean", false), ("phases", true)] {
        let rows = rows(with_phases);
        let (columns, tuples) = (encode_native(&rows), encode_rows(&rows));
        let mut group = criterion.benchmark_group(format!("native {name}"));
        group.throughput(Throughput::Elements(RECORDS)).sample_size(20);
        let per_record = |bytes: &[u8]| format!("{:.2} bytes", bytes.len() as f64 / RECORDS as f64);
        let (columns_size, tuples_size) = (per_record(&columns), per_record(&tuples));
        group.bench_function(format!("encode blocks, {columns_size}"), |bencher| {
            bencher.iter(|| encode_native(&rows));
        });
        group.bench_function(format!("encode rows, {tuples_size}"), |bencher| {
            bencher.iter(|| encode_rows(&rows));
        });
        group.bench_function("decode rows", |bencher| bencher.iter(|| decode_rows(&tuples)));
        group.bench_function("decode blocks to records", |bencher| {
            bencher.iter(|| plimsoll_ingest::sum_of_latencies(&columns));
        });
        let native = [Source::in_memory("native", columns.clone())];
        let gob = to_gob(&native);
        let gob_size = per_record(&gob);
        let gob = [Source::in_memory("gob", gob)];
        group.bench_function("read blocks to batches", |bencher| {
            bencher.iter(|| read_all(&native));
        });
        group.bench_function(format!("read gob to batches, {gob_size}"), |bencher| {
            bencher.iter(|| read_all(&gob));
        });
        group.finish();
    }
}

criterion_group!(benches, native);
criterion_main!(benches);
