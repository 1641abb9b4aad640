//! Everything that reading gives, in a form that can be compared.

use plimsoll_ingest::{Progress, ReadOptions, Source, read};
use plimsoll_model::Ledger;

/// One record in plain words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) attack: String,
    pub(crate) seq: u64,
    pub(crate) code: u16,
    pub(crate) timestamp: i64,
    pub(crate) latency: u64,
    pub(crate) bytes_out: u64,
    pub(crate) bytes_in: u64,
    /// Whether there was an error; its text is folded by the reader.
    pub(crate) failed: bool,
    pub(crate) has_body: bool,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) server: Option<String>,
}

/// All records and the ledger of `bytes`.
pub(crate) fn read_all(bytes: &[u8], chunk_size: usize, threads: usize) -> (Vec<Row>, Ledger) {
    let options = ReadOptions {
        threads,
        chunk_size,
        headers: vec!["server".into()],
        ..ReadOptions::default()
    };
    let sources = [Source::in_memory("test", bytes)];
    let mut rows = Vec::new();
    let mut ledgers = read(&sources, &options, &Progress::default(), &mut |batch| {
        rows.extend(batch.records.iter().map(|record| {
            let target = batch.target(record);
            Row {
                attack: target.attack.clone(),
                seq: record.seq,
                code: record.code,
                timestamp: record.timestamp.0,
                latency: record.latency.0,
                bytes_out: record.bytes_out,
                bytes_in: record.bytes_in,
                failed: batch.error(record).is_some(),
                has_body: record.has_body,
                method: target.method.clone(),
                url: target.url.clone(),
                server: target.headers[0].clone(),
            }
        }));
    })
    .unwrap();
    (rows, ledgers.remove(0))
}
