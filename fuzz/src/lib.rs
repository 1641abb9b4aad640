//! What has to hold for every input, whatever its bytes.

mod targets;
mod writing;

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use plimsoll_analysis::{Analyzer, ChainsBy, Findings, GroupBy, Options, Slo, Step};
use plimsoll_ingest::{Progress, ReadOptions, Source, read};
use plimsoll_model::{Batch, Compression, Format, Ledger, Nanos, Timestamp};
use plimsoll_render::text::TextStyle;
use plimsoll_render::{EffectiveConfig, Summary, json, markdown, text, vegeta};

pub use targets::check_targets;
pub use writing::check_writing;

/// Sound streams of one record to put behind an input.
pub mod trailer {
    /// A stream with its type definitions.
    pub const GOB: &[u8] = b"\xff\x96\x7f\x03\x01\x01\x06Result\x01\xff\x80\x00\x01\x0c\x01\x06Attack\x01\x0c\x00\
        \x01\x03Seq\x01\x06\x00\x01\x04Code\x01\x06\x00\x01\x09Timestamp\x01\xff\x82\x00\x01\x07Latency\x01\x04\x00\
        \x01\x08BytesOut\x01\x06\x00\x01\x07BytesIn\x01\x06\x00\x01\x05Error\x01\x0c\x00\x01\x04Body\x01\x0a\x00\
        \x01\x06Method\x01\x0c\x00\x01\x03URL\x01\x0c\x00\x01\x07Headers\x01\xff\x86\x00\x00\x00\
        \x10\xff\x81\x05\x01\x01\x04Time\x01\xff\x82\x00\x00\x00\
        \x17\xff\x85\x04\x01\x01\x06Header\x01\xff\x86\x00\x01\x0c\x01\xff\x84\x00\x00\
        \x0c\xff\x83\x02\x01\x02\xff\x84\x00\x01\x0c\x00\x00\
        \x31\xff\x80\x01\x06marker\x01\x07\x01\xff\xc8\x01\x0f\x01\x00\x00\x00\x0e\xe2\x95\xf1\xed\x2a\xbe\x46\x5e\x00\x00\
        \x01\xfd\x0c\x5e\x14\x05\x03GET\x01\x04http\x00";
    /// A line with its end.
    pub const JSON: &[u8] = b"{\"attack\":\"marker\",\"seq\":7,\"code\":200,\
        \"timestamp\":\"2026-11-23T08:35:57.717112926Z\",\"latency\":405258,\"bytes_out\":0,\"bytes_in\":0,\
        \"error\":\"\",\"body\":null,\"method\":\"GET\",\"url\":\"http\",\"headers\":null}\n";
    /// A line with its end.
    pub const CSV: &[u8] = b"1795422957717112926,200,405258,0,0,,,marker,7,GET,http,\n";
}

/// One record in plain words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    numbers: [u64; 6],
    has_seq: bool,
    texts: [String; 3],
    server: Option<String>,
    error: Option<String>,
}

impl Row {
    /// Whether it says when and has a status that exists.
    fn is_plausible(&self) -> bool {
        let [timestamp, .., code] = self.numbers;
        timestamp != Timestamp::UNKNOWN.0.cast_unsigned() && code < 1000
    }
}

/// All that a reading gives.
pub struct Reading {
    rows: Vec<Row>,
    batches: Vec<Batch>,
    ledger: Ledger,
}

fn read_all(bytes: &[u8], chunk_size: usize, threads: usize) -> Reading {
    let options = ReadOptions {
        threads,
        chunk_size,
        headers: vec!["server".to_owned()],
        ..ReadOptions::default()
    };
    let sources = [Source::in_memory("input", bytes)];
    let (mut rows, mut batches) = (Vec::new(), Vec::new());
    let ledgers = read(&sources, &options, &Progress::default(), &mut |batch| {
        rows.extend(batch.records.iter().map(|record| {
            let target = batch.target(record);
            Row {
                numbers: [
                    record.timestamp.0.cast_unsigned(),
                    record.latency.0,
                    record.seq,
                    record.bytes_in,
                    record.bytes_out,
                    record.code.into(),
                ],
                has_seq: record.has_seq,
                texts: [&target.attack, &target.method, &target.url].map(String::clone),
                server: target.headers[0].clone(),
                error: batch.error(record).map(|error| error.template.clone()),
            }
        }));
        batches.push(batch.clone());
    });
    let ledger = ledgers.expect("bytes in memory can be read").remove(0);
    let reading = Reading { rows, batches, ledger };
    check_ledger(bytes, &reading);
    reading
}

fn check_ledger(bytes: &[u8], Reading { rows, ledger, .. }: &Reading) {
    assert_eq!(ledger.records, rows.len() as u64, "{ledger:?}");
    assert_eq!(ledger.bytes, bytes.len() as u64, "{ledger:?}");
    assert_eq!(ledger.formats.is_empty(), ledger.refused.is_some(), "{ledger:?}");
    let told: u64 = ledger.damage.iter().map(|damage| damage.lost_bytes).sum();
    if ledger.refused.is_some() {
        assert!(rows.is_empty(), "{ledger:?}");
    } else if ledger.damage.len() < Ledger::MAX_DAMAGE {
        assert_eq!(told, ledger.lost_bytes, "{ledger:?}");
    } else {
        assert!(told <= ledger.lost_bytes, "{ledger:?}");
    }
    // How many records a place cost is known exactly in native streams: it may be none.
    let exact = ledger.formats.contains(&Format::Native);
    assert!(exact || ledger.damaged_records >= ledger.damage.len() as u64, "{ledger:?}");
    let mut behind = (0, 1);
    for damage in &ledger.damage {
        assert!(damage.byte >= behind.0 && damage.record >= behind.1, "{ledger:?}");
        assert!(damage.record <= ledger.records + 1, "{ledger:?}");
        behind = (damage.byte + damage.lost_bytes, damage.record);
    }
    if ledger.compression == Compression::None {
        assert!(ledger.lost_bytes <= ledger.bytes && behind.0 <= ledger.bytes, "{ledger:?}");
    }
}

fn assert_same(one: &Reading, other: &Reading, what: &str) {
    let told = || format!("{what}\n{:#?}\n{:#?}", one.ledger, other.ledger);
    assert_eq!(one.rows.len(), other.rows.len(), "{}", told());
    assert_eq!(one.ledger.lost_bytes, other.ledger.lost_bytes, "{}", told());
    assert_eq!(one.rows, other.rows, "{}", told());
}

/// A chunk size that cuts the input into a few pieces at least, and depends on nothing but its length.
fn chunk_size(bytes: &[u8]) -> usize {
    [64, 97, 256, 1000, 64 + bytes.len() / 2][bytes.len() % 5]
}

/// The ledger is consistent, and neither chunks nor threads change what is read.
pub fn check_reading(bytes: &[u8]) -> Reading {
    let whole = read_all(bytes, bytes.len() + 1, 1);
    let cut = read_all(bytes, chunk_size(bytes), 1);
    let threaded = read_all(bytes, chunk_size(bytes), 2);
    assert_eq!(cut.ledger, threaded.ledger, "threads");
    assert_same(&cut, &threaded, "threads");
    // Behind damage, what may be no record is more damage; where a chunk begins there, it is a record.
    let damaged = whole.ledger.is_damaged() || cut.ledger.is_damaged();
    // Where several quotes of a damaged CSV are never closed, a cut may come between two of them.
    let stray = whole.ledger.formats.contains(&Format::VegetaCsv) && bytes.contains(&b'"');
    if damaged && stray {
        return whole;
    }
    if !damaged || whole.rows.iter().chain(&cut.rows).all(Row::is_plausible) {
        assert_same(&whole, &cut, "chunks");
    }
    whole
}

/// Puts the checksums of native frames right, and their lengths where these lead behind the input, so that what stands
/// behind the checksums is tried too.
pub fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    const HEAD: usize = 52;
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    while let Some(frame) = bytes.get_mut(at..).filter(|rest| rest.len() >= HEAD) {
        if !frame.starts_with(b"\xc1PLM") {
            at += 1;
            continue;
        }
        let length = u32::from_le_bytes([frame[8], frame[9], frame[10], frame[11]]) as usize;
        let length = length.min(frame.len() - HEAD);
        frame[8..12].copy_from_slice(&(length as u32).to_le_bytes());
        let head = crc32fast::hash(&frame[..44]);
        frame[44..48].copy_from_slice(&head.to_le_bytes());
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&frame[..48]);
        hasher.update(&frame[HEAD..HEAD + length]);
        frame[48..52].copy_from_slice(&hasher.finalize().to_le_bytes());
        at += HEAD + length;
    }
    bytes
}

/// What follows an input is read: always where lines tell one record from the next, and else behind a sound one.
pub fn check_damage(bytes: &[u8], whole: &Reading, trailer: &[u8]) {
    if whole.ledger.compression != Compression::None || whole.ledger.refused.is_some() {
        return;
    }
    let format = match trailer {
        trailer::GOB => Format::VegetaGob,
        trailer::JSON => Format::VegetaJson,
        _ => Format::VegetaCsv,
    };
    // A remark tells that something was assumed, which may be otherwise with more bytes.
    let sound = !whole.ledger.is_damaged() && whole.ledger.notes.is_empty();
    let lines = format != Format::VegetaGob && whole.ledger.formats == [format];
    if !sound && !lines {
        return;
    }
    let mut longer = bytes.to_vec();
    if whole.ledger.formats.last() != Some(&Format::VegetaGob) && !longer.ends_with(b"\n") {
        longer.push(b'\n');
    }
    longer.extend_from_slice(trailer);
    let longer = read_all(&longer, longer.len() + 1, 1);
    let last = longer.rows.last().expect("the trailer holds a record");
    assert_eq!(last.texts, ["marker", "GET", "http"], "{:#?}", longer.ledger);
    if sound {
        let (_, before) = longer.rows.split_last().expect("one is there");
        assert_eq!(before, whole.rows, "{:#?}", longer.ledger);
    }
}

/// Bytes that a decompressor yields without end take long with every reader.
pub fn is_bomb(bytes: &[u8]) -> bool {
    let mut out = Vec::new();
    let limit = 1 << 20;
    // What is damaged is read as far as it goes.
    let _ = match bytes {
        [0x1f, 0x8b, ..] => {
            flate2::bufread::MultiGzDecoder::new(bytes).take(limit).read_to_end(&mut out)
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => match zstd::stream::read::Decoder::with_buffer(bytes) {
            Ok(decoder) => decoder.take(limit).read_to_end(&mut out),
            Err(_) => Ok(0),
        },
        _ => Ok(0),
    };
    out.len() as u64 >= limit
}

/// Compressed, the input reads the same.
pub fn check_compression(bytes: &[u8], whole: &Reading) {
    // Setting up a compressor takes longer than all the rest: a quarter of the inputs will do.
    let skipped = !bytes.len().is_multiple_of(4);
    if skipped || whole.ledger.compression != Compression::None || whole.ledger.refused.is_some() {
        return;
    }
    let compressed = if bytes.len().is_multiple_of(8) {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(bytes).and_then(|()| gzip.finish())
    } else {
        zstd::bulk::compress(bytes, 1)
    };
    let unpacked = read_all(&compressed.expect("compresses"), 1 << 19, 1);
    assert_same(whole, &unpacked, "compressed");
    assert_eq!(whole.ledger.damage, unpacked.ledger.damage);
}

/// The analysis takes what was read, loses no record of it, and can be told in every form.
pub fn check_answer(bytes: &[u8], whole: &Reading) {
    let options = options(bytes.len());
    let findings = analyse(&whole.batches, &options);
    check_findings(&findings, whole, &options);
    let reports = reports(&findings, &whole.ledger, &options);
    for report in &reports {
        let acts = |c: char| c.is_control() && c != '\n';
        assert!(!report.contains(acts), "{report:?}");
    }
    for json in &reports[..2] {
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(json);
        assert!(parsed.is_ok(), "{json}");
    }
    // One batch per record: where batches are cut is of no matter.
    let cut: Vec<Batch> = whole.batches.iter().flat_map(single_records).collect();
    let findings = analyse(&cut, &options);
    assert_eq!(json::render(&summary(&findings, &whole.ledger, &options)), reports[0]);
}

fn single_records(batch: &Batch) -> impl Iterator<Item = Batch> {
    batch.records.iter().map(|&record| {
        let mut one = Batch { input: batch.input, share: batch.share, ..Batch::default() };
        one.targets.push(batch.target(&record).clone());
        one.errors.extend(batch.error(&record).cloned());
        let error = record.error.map(|_| plimsoll_model::ErrorId(0));
        one.records.push(plimsoll_model::Record {
            target: plimsoll_model::TargetId(0),
            error,
            ..record
        });
        one
    })
}

fn options(seed: usize) -> Options {
    let chains = match seed % 7 {
        0 => ChainsBy::Asked(GroupBy::Attack),
        1 => ChainsBy::Asked(GroupBy::Host),
        2 => ChainsBy::Asked(GroupBy::Path(seed / 7 % 4)),
        3 => ChainsBy::Asked(GroupBy::Url),
        4 => ChainsBy::Asked(GroupBy::Method),
        _ => ChainsBy::Found,
    };
    Options {
        chains,
        slo: seed.is_multiple_of(3).then_some(Slo {
            latency: Some(Nanos(1_000_000)),
            success_min: Some(0.99),
            good_ratio_min: None,
        }),
        skip: Nanos(if seed.is_multiple_of(5) { 1_000_000_000 } else { 0 }),
        keep_duplicates: seed.is_multiple_of(2),
        ..Options::default()
    }
}

fn analyse(batches: &[Batch], options: &Options) -> Box<Findings> {
    let mut analyzer = Analyzer::new(options.clone(), vec!["input".to_owned()]);
    loop {
        batches.iter().for_each(|batch| analyzer.add(batch));
        match analyzer.finish(true) {
            Step::ReadAgain(next) => analyzer = *next,
            Step::Done(findings) => return findings,
        }
    }
}

fn check_findings(findings: &Findings, whole: &Reading, options: &Options) {
    let input = &findings.inputs[0];
    assert_eq!(input.read, whole.rows.len() as u64);
    assert_eq!(input.read, input.counted + input.duplicates + input.cut);
    assert!(!options.keep_duplicates || input.duplicates == 0);
    assert_eq!(findings.total.requests, input.counted);
    let chains: u64 = findings.chains.iter().map(|chain| chain.requests).sum();
    assert_eq!(chains, input.counted);
    for chain in findings.chains.iter().chain([&findings.total]) {
        assert_eq!(chain.requests, chain.successes + chain.failures);
        assert_eq!(chain.requests, chain.status_codes.values().sum::<u64>());
        assert_eq!(chain.requests, chain.latency.all.count);
        let distributed = chain.latency.success_histogram.to_histogram().len()
            + chain.latency.failure_histogram.to_histogram().len();
        assert_eq!(chain.requests, distributed);
    }
}

fn summary<'a>(findings: &'a Findings, ledger: &'a Ledger, options: &Options) -> Summary<'a> {
    let config = EffectiveConfig {
        slo_latency: options.slo.and_then(|slo| slo.latency),
        slo_success_min: options.slo.and_then(|slo| slo.success_min),
        success_codes: options.success_codes.to_string(),
        skip: options.skip,
        ..EffectiveConfig::default()
    };
    Summary { findings, ledgers: std::slice::from_ref(ledger), config, version: "0" }
}

fn reports(findings: &Findings, ledger: &Ledger, options: &Options) -> [String; 6] {
    let summary = summary(findings, ledger, options);
    [
        json::render(&summary),
        vegeta::json(&summary),
        vegeta::text(&summary),
        markdown::render(&summary),
        text::render(&summary, &TextStyle::default()),
        text::render(&summary, &TextStyle { width: 200, colour: false }),
    ]
}

/// 64 kB that begin with the input's first half and go on with its second half again and again take less than two seconds.
pub fn check_time(bytes: &[u8]) {
    let (head, tail) = bytes.split_at(bytes.len() / 2);
    if tail.is_empty() || is_bomb(bytes) {
        return;
    }
    let mut long = head.to_vec();
    while long.len() + tail.len() <= 1 << 16 {
        long.extend_from_slice(tail);
    }
    for chunk_size in [1 << 19, 1000] {
        let options = ReadOptions { threads: 1, chunk_size, ..ReadOptions::default() };
        let took = || {
            let sources = [Source::in_memory("input", long.as_slice())];
            let start = Instant::now();
            let mut batches = Vec::new();
            let read = read(&sources, &options, &Progress::default(), &mut |batch| {
                batches.push(batch.clone());
            });
            assert!(read.is_ok());
            analyse(&batches, &Options::default());
            start.elapsed()
        };
        // Others may be at work on the machine.
        let quickest = (0..3).map(|_| took()).find(|took| *took < Duration::from_secs(2));
        assert!(
            quickest.is_some(),
            "{} bytes took two seconds, chunks of {chunk_size}",
            long.len()
        );
    }
}
