//! Good files, cut, flipped, filled and thinned anywhere: never a panic, never fewer records than an independent reader
//! finds, and no loss that is not told.
//!
//! The reader is `tests/oracle/decode.py`, written from the formats. Mutations come from a generator with a fixed seed, and
//! hundreds of files are read by one process, each with its own entry in the ledger. Files that fail stay in cargo's
//! `tmp` directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::util::{Dir, names_in, recording, root};

#[derive(Clone, Debug)]
enum Mutation {
    Cut(Index),
    Flip(Index, u8),
    Overwrite(Index, Vec<u8>),
    Insert(Index, Vec<u8>),
    Delete(Index, usize),
    /// Two at once.
    Both(Box<Mutation>, Box<Mutation>),
}

impl Mutation {
    fn any() -> impl Strategy<Value = Self> {
        let one = || {
            let bytes = || proptest::collection::vec(any::<u8>(), 1..40);
            prop_oneof![
                3 => any::<Index>().prop_map(Self::Cut),
                3 => (any::<Index>(), 0..8_u32).prop_map(|(at, bit)| Self::Flip(at, 1 << bit)),
                2 => (any::<Index>(), bytes()).prop_map(|(at, bytes)| Self::Overwrite(at, bytes)),
                2 => (any::<Index>(), bytes()).prop_map(|(at, bytes)| Self::Insert(at, bytes)),
                2 => (any::<Index>(), 1..700_usize).prop_map(|(at, count)| Self::Delete(at, count)),
            ]
        };
        prop_oneof![
            4 => one(),
            1 => (one(), one()).prop_map(|(a, b)| Self::Both(a.into(), b.into())),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
            Self::Flip(at, mask) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= mask;
            }
            Self::Flip(..) => {}
            Self::Overwrite(at, new) => {
                let at = at.index(bytes.len() + 1);
                let end = bytes.len().min(at + new.len());
                bytes.splice(at..end, new.iter().copied());
            }
            Self::Insert(at, new) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, new.iter().copied());
            }
            Self::Delete(at, count) => {
                let at = at.index(bytes.len() + 1);
                bytes.drain(at..bytes.len().min(at + count));
            }
            Self::Both(first, second) => {
                first.apply(bytes);
                second.apply(bytes);
            }
        }
    }
}

/// A good file and where its records end.
struct Good {
    name: &'static str,
    bytes: Vec<u8>,
    records: u64,
    boundaries: BTreeSet<usize>,
    is_text: bool,
}

impl Good {
    fn new(name: &'static str, records: u64) -> Self {
        let bytes = recording(name);
        let is_text = !name.ends_with(".gob");
        let boundaries = if is_text { line_ends(&bytes) } else { message_ends(&bytes) };
        assert_eq!(boundaries.len() as u64, records + if is_text { 1 } else { 5 }, "{name}");
        Self { name, bytes, records, boundaries, is_text }
    }

    /// Whether nothing shows that the file goes on after `cut`. A text's last newline is not needed.
    fn may_end(&self, cut: usize) -> bool {
        self.boundaries.contains(&cut) || (self.is_text && self.boundaries.contains(&(cut + 1)))
    }

    /// Whether records may be missing that nobody can miss.
    ///
    /// Whole ones were taken away, or what is left of two reads as one: then the independent reader sees no fault either,
    /// or each line of a text is a record (Plimsoll does not look at bodies in JSON, and lets errors in CSV have quotes
    /// that nobody doubled, as vegeta 6 wrote them). A cut CSV may end with a record that has no headers.
    fn may_be_silent(&self, mutation: &Mutation, mutated: &[u8], read: u64, found: Floor) -> bool {
        match mutation {
            Mutation::Cut(at) => {
                self.may_end(at.index(self.bytes.len() + 1)) || (self.is_csv() && found.faults == 0)
            }
            Mutation::Flip(..) | Mutation::Insert(..) => false,
            Mutation::Overwrite(..) | Mutation::Delete(..) | Mutation::Both(..) => {
                let lines = mutated.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
                found.faults == 0 || (self.is_text && lines.count() as u64 == read)
            }
        }
    }

    fn is_csv(&self) -> bool {
        self.name.ends_with(".csv")
    }
}

fn line_ends(text: &[u8]) -> BTreeSet<usize> {
    let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(ends).collect()
}

/// Where messages of a gob stream end: lengths are one byte below 128, or the negative number of bytes that follow.
fn message_ends(gob: &[u8]) -> BTreeSet<usize> {
    let mut ends = BTreeSet::from([0]);
    let mut at = 0;
    while at < gob.len() {
        let (length, width) = match gob[at] {
            short @ 0..128 => (usize::from(short), 1),
            more => {
                let width = 256 - usize::from(more);
                let number = gob[at + 1..=at + width].iter();
                (number.fold(0, |number, byte| number << 8 | usize::from(*byte)), 1 + width)
            }
        };
        at += width + length;
        ends.insert(at);
    }
    assert_eq!(at, gob.len());
    ends
}

/// The ledger's entries by file name, of one process that reads all files of a directory.
fn read_all(dir: &Dir) -> BTreeMap<String, Value> {
    let output =
        dir.analyze().args(["*", "--format", "json", "--keep-duplicates", "--allow-damaged"]).run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let answer: Value = serde_json::from_str(&output.stdout).unwrap();
    let inputs = answer["inputs"].as_array().unwrap();
    inputs.iter().map(|input| (input["path"].as_str().unwrap().to_owned(), input.clone())).collect()
}

/// What the independent reader finds in a file.
#[derive(Clone, Copy, Debug)]
struct Floor {
    records: u64,
    /// Places where it sees that something is wrong.
    faults: u64,
}

/// What the independent reader finds in each file of a directory.
fn oracle(directory: &Path) -> BTreeMap<String, Floor> {
    let python = if cfg!(windows) { "python" } else { "python3" };
    let output = Command::new(python)
        .arg("-B")
        .arg(root().join("tests/oracle/decode.py"))
        .args(names_in(directory))
        .current_dir(directory)
        .output()
        .unwrap_or_else(|error| panic!("{python}, which the independent decoder needs: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let floor = |line: &str| {
        let found: Value = serde_json::from_str(line).unwrap();
        let count = |key: &str| found[key].as_u64().unwrap();
        let floor = Floor { records: count("records"), faults: count("faults") };
        (found["file"].as_str().unwrap().to_owned(), floor)
    };
    String::from_utf8(output.stdout).unwrap().lines().map(floor).collect()
}

fn is_told(entry: &Value) -> bool {
    let some = |key: &str| entry[key].as_u64().unwrap() > 0;
    some("damaged_records") || some("lost_bytes")
}

/// Reads `count` mutations of the file and returns what is wrong with them.
fn failures_of(good: &Good, count: usize, runner: &mut TestRunner) -> String {
    let dir = Dir::new();
    let mutations: Vec<Mutation> =
        (0..count).map(|_| Mutation::any().new_tree(runner).unwrap().current()).collect();
    for (index, mutation) in mutations.iter().enumerate() {
        let mut bytes = good.bytes.clone();
        mutation.apply(&mut bytes);
        dir.write(&format!("m{index:04}"), bytes);
    }
    let ledger = read_all(&dir);
    let floor = oracle(dir.path());
    assert_eq!((ledger.len(), floor.len()), (count, count));
    let mut failures = String::new();
    for (mutation, (name, entry)) in mutations.iter().zip(&ledger) {
        let records = entry["records"].as_u64().unwrap();
        let found = floor[name];
        let mutated = std::fs::read(dir.path().join(name)).unwrap();
        let too_few = records < found.records;
        let silent = records < good.records
            && !is_told(entry)
            && !good.may_be_silent(mutation, &mutated, records, found);
        if too_few || silent {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", good.name));
            std::fs::write(&kept, mutated).unwrap();
            writeln!(
                failures,
                "{}: {}: {records} read, {found:?}, {mutation:?}",
                kept.display(),
                if too_few { "too few" } else { "nothing told" },
            )
            .unwrap();
        }
    }
    failures
}

/// Checks mutations of each file: `count`, or `$PLIMSOLL_MUTATIONS` for a longer search.
fn check(files: &[(&'static str, u64)], count: usize) {
    let asked = std::env::var("PLIMSOLL_MUTATIONS").ok();
    let count = asked.map_or(count, |count| count.parse().unwrap());
    let mut runner = TestRunner::deterministic();
    let failures: String = files
        .iter()
        .map(|&(name, records)| failures_of(&Good::new(name, records), count, &mut runner))
        .collect();
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn damaged_gob() {
    check(
        &[
            ("ok-eth.gob", 400),
            ("mix-429.gob", 600),
            ("conn-refused.gob", 200),
            ("unexpected-eof-body.gob", 200),
        ],
        150,
    );
}

#[test]
fn damaged_json() {
    check(&[("ok-mixed.json", 800), ("mix-429.json", 600), ("conn-refused.json", 200)], 100);
}

#[test]
fn damaged_csv() {
    check(&[("ok-mixed.csv", 800), ("mix-429.csv", 600), ("conn-refused.csv", 200)], 100);
}

/// Every cut of the beginning, where the type definitions and the first records are, and of the end.
#[test]
fn every_cut_near_the_ends() {
    for (name, records) in
        [("conn-refused.gob", 200), ("conn-refused.json", 200), ("conn-refused.csv", 200)]
    {
        let good = Good::new(name, records);
        let length = good.bytes.len();
        let dir = Dir::new();
        for cut in (0..length.min(800)).chain(length - 400..=length) {
            dir.write(&format!("{cut:06}"), &good.bytes[..cut]);
        }
        let floor = oracle(dir.path());
        let ledger = read_all(&dir);
        assert_eq!(ledger.len(), floor.len());
        for (cut, entry) in ledger {
            let end: usize = cut.parse().unwrap();
            // A piece of the first line alone may be of an older layout, which has fewer columns.
            if good.is_csv() && !good.bytes[..end].contains(&b'\n') {
                continue;
            }
            let records = entry["records"].as_u64().unwrap();
            assert!(records >= floor[&cut].records, "{name} cut at {cut}: {entry}");
            assert!(is_told(&entry) || good.may_end(end), "{name} cut at {cut}: {entry}");
        }
    }
}

/// Compressed files that end too early: what was unpacked is used, and the loss is told.
#[test]
fn cut_compressed_files() {
    let plain = recording("conn-refused.json");
    let mut zstd = zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for piece in plain.chunks(5_000) {
        // Small blocks, so that a cut leaves some of them.
        zstd.write_all(piece).unwrap();
        zstd.flush().unwrap();
        gzip.write_all(piece).unwrap();
    }
    let compressed = [("zst", zstd.finish().unwrap()), ("gz", gzip.finish().unwrap())];
    let mut runner = TestRunner::deterministic();
    for (kind, bytes) in compressed {
        let dir = Dir::new();
        let unpacked = Dir::new();
        let cuts: BTreeSet<usize> = (0..150)
            .map(|_| any::<Index>().new_tree(&mut runner).unwrap().current().index(bytes.len()))
            .chain(bytes.len() - 12..bytes.len())
            .filter(|&cut| cut > 20)
            .collect();
        for cut in cuts {
            let head = &bytes[..cut];
            dir.write(&format!("{cut:06}"), head);
            unpacked.write(&format!("{cut:06}"), what_unpacks(kind, head));
        }
        let floor = oracle(unpacked.path());
        let ledger = read_all(&dir);
        assert_eq!(ledger.len(), floor.len());
        assert!(floor.values().any(|found| (50..150).contains(&found.records)), "{floor:?}");
        for (cut, entry) in ledger {
            let records = entry["records"].as_u64().unwrap();
            assert!(
                records >= floor[&cut].records,
                "{kind} cut at {cut}: {} readable, {entry}",
                floor[&cut].records
            );
            assert!(is_told(&entry), "{kind} cut at {cut}: {entry}");
        }
    }
}

/// As much as a decoder gives before it fails.
fn what_unpacks(kind: &str, bytes: &[u8]) -> Vec<u8> {
    let mut reader: Box<dyn Read> = match kind {
        "gz" => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
        _ => Box::new(zstd::stream::Decoder::new(bytes).unwrap()),
    };
    let mut out = Vec::new();
    let mut piece = [0; 512];
    while let Ok(length @ 1..) = reader.read(&mut piece) {
        out.extend_from_slice(&piece[..length]);
    }
    out
}

/// Flipped bytes in compressed files: an error of the decoder, no panic, and never a silent loss.
#[test]
fn flipped_compressed_files() {
    let plain = recording("conn-refused.json");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&plain).unwrap();
    let mut zstd = zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
    zstd.include_checksum(true).unwrap();
    zstd.write_all(&plain).unwrap();
    let mut runner = TestRunner::deterministic();
    for bytes in [gzip.finish().unwrap(), zstd.finish().unwrap()] {
        let dir = Dir::new();
        for index in 0..150 {
            let flip = (any::<Index>(), 0..8_u32).new_tree(&mut runner).unwrap().current();
            let mut flipped = bytes.clone();
            flipped[flip.0.index(bytes.len())] ^= 1 << flip.1;
            dir.write(&format!("{index:04}"), flipped);
        }
        // One sound file, so that there is an answer.
        dir.write("sound", &plain);
        for (name, entry) in read_all(&dir) {
            let whole = entry["records"] == 200;
            assert!(whole || is_told(&entry) || !entry["refused"].is_null(), "{name}: {entry}");
        }
    }
}
