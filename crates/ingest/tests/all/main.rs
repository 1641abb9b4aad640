//! The readers against encoders of their own formats, written for these tests from the formats' descriptions, and
//! against themselves with other chunks and threads.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chunks;
mod convert;
mod encode;
mod gob_types;
mod native;
mod round_trip;
mod whole;
