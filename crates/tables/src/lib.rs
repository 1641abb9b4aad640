//! Windows and records as tables: Parquet, Arrow IPC and CSV for notebooks.
//!
//! [`Windows`] has a row per chain and window of time, [`Records`] one per counted request, which it writes as they come.
//! `docs/tables.md` tells what the columns hold. What is not known is null, never zero.
//!
//! Tables are polars `DataFrame`s, and this is the only crate that knows polars: to others a table is something that can be
//! written down. The same findings and records give the same bytes.

mod error;
mod output;
mod records;
mod windows;

pub use error::{Error, ErrorKind};
pub use output::Format;
pub use records::Records;
pub use windows::Windows;
