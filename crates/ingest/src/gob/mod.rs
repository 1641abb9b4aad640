//! vegeta's gob stream: a sequence of length-prefixed messages that define types or hold a value.
//!
//! Formats: <https://pkg.go.dev/encoding/gob> (the encoding), vegeta's `lib/results.go` (the `Result` struct). Types are
//! known by their definitions and fields by their names, so that files of older versions, with fewer fields and other
//! type numbers, are read too. Type ids are scoped to a stream: after `cat a.gob b.gob` the second set replaces the first.

mod decode;
mod schema;
mod walk;
mod wire;

pub(crate) use decode::each_header;
pub(crate) use schema::Schema;
pub(crate) use walk::{
    NextForeign, cut_definition, detect, detect_headless, find_definition, foreign_at, hop,
    mentions_result, next_foreign, walk,
};
