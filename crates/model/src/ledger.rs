//! What was read, lost and damaged, per input.

use std::fmt;

/// A format of result streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// vegeta's gob stream, what `vegeta attack` writes.
    VegetaGob,
    /// vegeta's JSON lines.
    VegetaJson,
    /// vegeta's CSV.
    VegetaCsv,
    /// Plimsoll's own stream.
    Native,
}

impl Format {
    /// The name used in JSON and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::VegetaGob => "vegeta-gob",
            Self::VegetaJson => "vegeta-json",
            Self::VegetaCsv => "vegeta-csv",
            Self::Native => "native",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How an input is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip, one member or several.
    Gzip,
    /// Zstandard, one frame or several.
    Zstd,
}

impl Compression {
    /// The name used in JSON and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The account of one input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// How the input was named: a path, or `-` for the standard input.
    pub name: String,
    /// SHA-256 of the input's bytes as they are stored, in lower-case hexadecimal, where it was asked for.
    pub sha256: Option<String>,
    /// Bytes as stored (compressed, where the input is).
    pub bytes: u64,
    /// The formats found, in order of appearance. Empty where none was recognised.
    pub formats: Vec<Format>,
    /// How the input is compressed.
    pub compression: Compression,
    /// Records that were read.
    pub records: u64,
    /// Records that could not be read, as far as they can be told apart.
    pub damaged_records: u64,
    /// Bytes that belong to no record that was read.
    pub lost_bytes: u64,
    /// The first places that are damaged, at most [`Ledger::MAX_DAMAGE`].
    pub damage: Vec<Damage>,
    /// Remarks: what was assumed, skipped or recognised on the way.
    pub notes: Vec<String>,
    /// Why the input was not read at all; each candidate format's reason.
    pub refused: Option<String>,
    /// Whether the input was given by name, rather than found in a directory; or was found and cannot be opened.
    pub named: bool,
}

impl Ledger {
    /// How many places of damage are described one by one.
    pub const MAX_DAMAGE: usize = 8;

    /// Whether something of the input was lost.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.damaged_records > 0 || self.lost_bytes > 0
    }
}

/// A damaged place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The number that the damaged record would have had, counted from 1 over all records read before it.
    pub record: u64,
    /// Byte offset in the input, or in the decompressed stream where the input is compressed.
    pub byte: u64,
    /// Bytes lost here.
    pub lost_bytes: u64,
    /// What is wrong.
    pub what: String,
}
