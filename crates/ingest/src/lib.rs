//! Result streams to records: what vegeta wrote, in gob, JSON or CSV, and native streams, compressed or not, damaged or
//! not. And back: [`read_whole`] gives records with all that they hold, [`mod@write`] writes them down in vegeta's formats,
//! [`NativeWriter`] as native streams.
//!
//! An input's format is recognised by its content. Everything that can be read is read, before and after damage; what
//! is not is counted and has an address in the input's [`Ledger`](plimsoll_model::Ledger).
//!
//! ```no_run
//! use plimsoll_ingest::{Progress, ReadOptions, expand, read};
//!
//! let sources = expand(["results.bin"])?;
//! let mut failed = 0;
//! let ledgers = read(&sources, &ReadOptions::default(), &Progress::default(), &mut |batch| {
//!     failed += batch.records.iter().filter(|record| !record.is_http_success()).count();
//! })?;
//! println!("{failed} of {} failed", ledgers[0].records);
//! # Ok::<(), plimsoll_ingest::Error>(())
//! ```
//!
//! # Limits
//!
//! A record of more than 32 MiB is treated as damage: it takes a response body of that size, captured in full. Where
//! damage makes the bytes of one record look like another, sound one, nothing can tell.

#![expect(
    clippy::inline_always,
    reason = "measured in the decoders' hot loops: a third less CPU than with plain hints"
)]

mod body;
mod builder;
mod csv;
mod decoder;
mod detect;
mod error;
mod gob;
mod headers;
mod json;
mod line;
mod native;
mod pipeline;
mod raw;
mod rpc;
mod scan;
mod segment;
mod sink;
mod source;
mod stream;
mod time;
mod whole;
pub mod write;

pub use error::{Error, ErrorKind};
#[doc(hidden)]
pub use native::sum_of_latencies;
pub use native::{
    Clocks, NativeRecord, NativeWriter, SentRate, SentSchedule, Shard, StreamHeader, Telemetry,
};
pub use pipeline::{Progress, ReadOptions, read};
pub use raw::{Phases, Zone};
pub use sink::Aside;
pub use source::{Source, expand};
pub use whole::{Collect, Headers, WholeRecord, read_whole};

/// The longest record, in bytes.
const MAX_RECORD: usize = 1 << 25;
