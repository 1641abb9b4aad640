//! What one record costs. `cargo bench -p plimsoll-analysis`; the throughput is in records per second.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use plimsoll_analysis::{Analyzer, Options};
use plimsoll_model::{Batch, ErrorId, ErrorText, Nanos, Record, Target, TargetId, Timestamp};

const RECORDS: u64 = 1_000_000;
const PER_BATCH: u64 = 6_500;

/// 5,000 requests/s to four targets in order of completion, latencies of 1 to 30 ms, 1 % errors.
fn batches() -> Vec<Batch> {
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut records: Vec<Record> = (0..RECORDS)
        .map(|seq| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let failed = random.is_multiple_of(100);
            Record {
                timestamp: Timestamp(1_700_000_000_000_000_000 + seq.cast_signed() * 200_000),
                latency: Nanos(1_000_000 + (random >> 20) % 29_000_000),
                seq,
                bytes_in: if failed { 0 } else { 120 },
                bytes_out: 60,
                target: TargetId(u32::try_from(seq % 4).unwrap_or(0)),
                error: failed.then_some(ErrorId(0)),
                code: if failed { 0 } else { 200 },
                has_seq: true,
                has_body: false,
                intended: Timestamp::UNKNOWN,
            }
        })
        .collect();
    records.sort_by_key(Record::end);
    let targets: Vec<Target> = ["eth", "boba", "mantle", "kava"]
        .map(|chain| Target {
            attack: "load".into(),
            method: "POST".into(),
            url: format!("http://127.0.0.1:9001/{chain}"),
            headers: Vec::new(),
        })
        .into();
    let errors = vec![ErrorText {
        template: "Post \"<url>\": EOF".into(),
        example: "Post \"http://127.0.0.1:9001/\": EOF".into(),
        ..ErrorText::default()
    }];
    let per_batch = usize::try_from(PER_BATCH).unwrap_or(usize::MAX);
    records
        .chunks(per_batch)
        .map(|records| Batch {
            records: records.to_vec(),
            targets: targets.clone(),
            errors: errors.clone(),
            ..Batch::default()
        })
        .collect()
}

fn add(criterion: &mut Criterion) {
    let batches = batches();
    let mut group = criterion.benchmark_group("analyzer");
    group.throughput(Throughput::Elements(RECORDS)).sample_size(20);
    for (name, keep_duplicates) in [("add", false), ("add, duplicates kept", true)] {
        group.bench_function(name, |bencher| {
            let analyzer = || {
                Analyzer::new(
                    Options { keep_duplicates, ..Options::default() },
                    vec!["load.gob".into()],
                )
            };
            bencher.iter_batched(
                analyzer,
                |mut analyzer| {
                    for batch in &batches {
                        analyzer.add(black_box(batch));
                    }
                    analyzer
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, add);
criterion_main!(benches);
