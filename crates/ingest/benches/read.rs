//! Records per second of each decoder, on one thread, from memory: real recordings, repeated to some 40,000 records.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use plimsoll_ingest::{Progress, ReadOptions, Source, read};

const REPEATED: usize = 50;

/// Records with body and headers (`ok-mixed`), and failures without either (`conn-refused`).
const RECORDINGS: [&str; 2] = ["ok-mixed", "conn-refused"];

fn decoders(criterion: &mut Criterion) {
    let options = ReadOptions { threads: 1, ..ReadOptions::default() };
    for recording in RECORDINGS {
        let mut group = criterion.benchmark_group(recording);
        for format in ["gob", "json", "csv"] {
            let path = format!(
                "{}/../../tests/fixtures/corpus/{recording}.{format}",
                env!("CARGO_MANIFEST_DIR")
            );
            let bytes = std::fs::read(path).expect("the fixture is in the repository");
            let sources = [Source::in_memory(format, bytes.repeat(REPEATED))];
            let count = || {
                let mut records = 0;
                read(&sources, &options, &Progress::default(), &mut |batch| {
                    records += batch.records.len();
                })
                .expect("bytes in memory can be opened");
                records
            };
            group.throughput(Throughput::Elements(count() as u64));
            group.bench_function(format, |bencher| bencher.iter(count));
        }
        group.finish();
    }
}

criterion_group!(benches, decoders);
criterion_main!(benches);
