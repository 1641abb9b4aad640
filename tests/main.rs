//! The binary from the outside: arguments and files in, answers and exit codes out.

#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]
#![expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "the fixtures' names are known"
)]

mod action;
mod attack;
mod capacity;
mod chains;
mod command_line;
mod convert;
mod corpus;
mod damage;
mod doctor;
mod duplicates;
mod faults;
mod find_capacity;
mod gate;
mod generators;
mod hostile;
mod limits;
mod mutations;
mod namespace;
mod output;
mod plan;
mod rates;
mod readme;
mod recipe;
mod report;
mod shards;
mod stub;
#[cfg(feature = "tables")]
mod tables;
mod taxonomy;
mod transport;
mod util;
mod verdicts;
