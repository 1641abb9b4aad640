//! The native stream: frames, each with its checksum, of columns packed by thousands of records.
//!
//! `docs/native-stream.md` specifies the format, so that others can write it.

mod block;
mod column;
mod dictionary;
mod frame;
mod notes;
mod record;
mod streams;
#[cfg(test)]
mod tests;
mod walk;
mod wire;
mod writer;

pub(crate) use frame::kind;
pub(crate) use notes::notes;
pub use record::{Clocks, NativeRecord, SentRate, SentSchedule, Shard, StreamHeader, Telemetry};
#[doc(hidden)]
pub use walk::sum_of_latencies;
pub(crate) use wire::{End, says_only_who_wrote};
pub use writer::NativeWriter;

pub(crate) use frame::{NextFrame, next_frame};
pub(crate) use streams::Streams;
pub(crate) use walk::{Undetected, detect, finish, walk};
