//! Tables as they are read again.

#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]

use std::io::{self, Cursor, Write};
use std::path::Path;

use plimsoll_analysis::{Analyzer, Findings, Labels, Options, Slo, StageLatency, Step};
use plimsoll_model::{
    Batch, ErrorId, ErrorText, Nanos, Record, Secrets, Target, TargetId, Timestamp,
};
use plimsoll_tables::{ErrorKind, Format, Records, Windows};
use polars_core::frame::DataFrame;
use polars_core::prelude::{AnyValue, DataType, TimeUnit, TimeZone};
use polars_io::SerReader as _;
use polars_io::ipc::IpcReader;
use polars_io::parquet::read::ParquetReader;

/// 2026-11-25T00:00:00Z.
const START: i64 = 1_795_564_800 * 1_000_000_000;

/// 400 requests, 200/s: each fourth has no answer, each fourth after that is not in time, one has no number and no time.
fn batch() -> Batch {
    let record = |index: u32| Record {
        timestamp: Timestamp(START + i64::from(index) * 5_000_000),
        latency: Nanos(if index % 4 == 1 { 900_000_000 } else { 1_500_000 }),
        seq: index.into(),
        bytes_in: 3,
        bytes_out: 5,
        target: TargetId(0),
        error: index.is_multiple_of(4).then_some(ErrorId(0)),
        code: if index.is_multiple_of(4) { 0 } else { 200 },
        has_seq: true,
        has_body: false,
        intended: Timestamp::UNKNOWN,
    };
    let mut records: Vec<Record> = (0..400).map(record).collect();
    records[399] = Record { has_seq: false, seq: 0, timestamp: Timestamp::UNKNOWN, ..records[399] };
    let template = "dial tcp <addr>: connect: connection refused".to_owned();
    Batch {
        records,
        targets: vec![Target {
            attack: "eth".into(),
            url: "http://u:secret@h/eth".into(),
            ..Target::default()
        }],
        errors: vec![ErrorText { example: template.clone(), template, ..ErrorText::default() }],
        ..Batch::default()
    }
}

fn analyse(batch: &Batch, slo: Option<Slo>) -> (Box<Findings>, Labels) {
    let mut analyzer = Analyzer::new(Options { slo, ..Options::default() }, vec![String::new()]);
    analyzer.add(batch);
    match analyzer.finish_with_labels(true) {
        Step::Done(done) => done,
        Step::ReadAgain(_) => unreachable!("nothing is cut"),
    }
}

fn slo() -> Slo {
    Slo { latency: Some(Nanos(100_000_000)), ..Slo::default() }
}

fn windows(slo: Option<Slo>, format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (findings, _) = analyse(&batch(), slo);
    Windows::new(&findings.chains).unwrap().write(format, &mut bytes).unwrap();
    bytes
}

fn records(slo: Option<Slo>, format: Format, secrets: Secrets) -> Vec<u8> {
    let (_, mut labels) = analyse(&batch(), slo);
    let mut bytes = Vec::new();
    let mut records = Records::new(format, &mut bytes, secrets).unwrap();
    records.add(&batch(), &mut labels).unwrap();
    assert_eq!(records.finish().unwrap(), 400);
    bytes
}

fn parquet(bytes: Vec<u8>) -> DataFrame {
    ParquetReader::new(Cursor::new(bytes)).finish().unwrap()
}

fn ipc(bytes: Vec<u8>) -> DataFrame {
    IpcReader::new(Cursor::new(bytes)).finish().unwrap()
}

fn value<'a>(table: &'a DataFrame, column: &str, row: usize) -> AnyValue<'a> {
    table.column(column).unwrap().get(row).unwrap()
}

fn sum(table: &DataFrame, column: &str) -> u64 {
    let values = table.column(column).unwrap().u64().unwrap();
    values.iter().map(|value| value.unwrap()).sum()
}

#[test]
fn windows_hold_what_was_counted() {
    let table = parquet(windows(Some(slo()), Format::Parquet));
    assert!(ipc(windows(Some(slo()), Format::Ipc)).equals_missing(&table));
    let utc = DataType::Datetime(TimeUnit::Nanoseconds, Some(TimeZone::UTC));
    assert_eq!(table.column("start_utc").unwrap().dtype(), &utc);
    assert_eq!(table.height(), 2);
    assert_eq!(
        table.column("start_utc").unwrap().datetime().unwrap().physical().get(1),
        Some(START + 1_000_000_000)
    );
    // The request without a time is in no window.
    let sums = ["sent", "successes", "good", "failed_server", "failed_generator"];
    assert_eq!(sums.map(|column| sum(&table, column)), [399, 299, 199, 100, 0]);
    assert_eq!(value(&table, "span_s", 0), AnyValue::Float64(1.0));
    let p50 = table.column("p50_ms").unwrap().f64().unwrap().get(0).unwrap();
    assert!((p50 / 1.5 - 1.0).abs() <= StageLatency::RELATIVE_ERROR, "{p50}");
}

#[test]
fn what_is_not_known_is_null() {
    let table = parquet(windows(None, Format::Parquet));
    assert_eq!(value(&table, "good", 0), AnyValue::Null);
    let table = parquet(records(None, Format::Parquet, Secrets::Masked));
    assert_eq!(value(&table, "good", 0), AnyValue::Null);
    assert_eq!(value(&table, "code", 0), AnyValue::Null);
    assert_eq!(value(&table, "code", 1), AnyValue::UInt32(200));
    assert_eq!(value(&table, "class", 1), AnyValue::Null);
    for column in ["seq", "timestamp_utc", "intended_utc", "method"] {
        assert_eq!(value(&table, column, 399), AnyValue::Null, "{column}");
    }
}

#[test]
fn records_say_what_they_were_counted_as() {
    let table = parquet(records(Some(slo()), Format::Parquet, Secrets::Masked));
    assert!(ipc(records(Some(slo()), Format::Ipc, Secrets::Masked)).equals_missing(&table));
    let row =
        |row, columns: [&str; 6]| columns.map(|column| value(&table, column, row).to_string());
    let columns = ["chain", "success", "good", "side", "class", "error_template"];
    let refused = "\"dial tcp <addr>: connect: connection refused\"";
    assert_eq!(
        row(4, columns),
        ["\"eth\"", "false", "false", "\"server\"", "\"server.refused\"", refused]
    );
    assert_eq!(row(5, columns), ["\"eth\"", "true", "false", "null", "null", "null"]);
    assert_eq!(row(6, columns), ["\"eth\"", "true", "true", "null", "null", "null"]);
    assert_eq!(value(&table, "latency_ms", 6), AnyValue::Float64(1.5));
}

#[test]
fn credentials_are_masked_unless_they_are_to_be_shown() {
    let url = |secrets| {
        let table = parquet(records(None, Format::Parquet, secrets));
        value(&table, "url", 0).get_str().unwrap().to_owned()
    };
    assert_eq!(url(Secrets::Masked), "http://***@h/eth");
    assert_eq!(url(Secrets::Shown), "http://u:secret@h/eth");
}

#[test]
fn csv_has_moments_of_one_length_and_nothing_for_what_is_not_known() {
    let text = String::from_utf8(records(None, Format::Csv, Secrets::Masked)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 401);
    let line = "eth,eth,1,2026-11-25T00:00:00.005000000Z,,900.0,,http://***@h/eth,200,true,,,,,3,5";
    assert_eq!(lines[2], line);
    assert_eq!(lines[400], "eth,eth,,,,1.5,,http://***@h/eth,200,true,,,,,3,5");
}

#[test]
fn rows_are_written_in_bounded_groups() {
    let long = "x".repeat(1 << 18);
    let mut batch = batch();
    batch.targets[0].method.clone_from(&long);
    let (_, mut labels) = analyse(&batch, None);
    let mut bytes = Vec::new();
    let mut records = Records::new(Format::Parquet, &mut bytes, Secrets::Masked).unwrap();
    records.add(&batch, &mut labels).unwrap();
    records.finish().unwrap();
    let mut reader = ParquetReader::new(Cursor::new(bytes.clone()));
    // 400 texts of 256 KiB are 100 MiB, of which 16 are held at most: as many as 64 records have.
    let mut groups: Vec<usize> = Vec::new();
    for group in &reader.get_metadata().unwrap().row_groups {
        groups.push(group.num_rows());
    }
    assert_eq!((groups.len(), groups[0], groups.iter().sum::<usize>()), (7, 64, 400));
    assert_eq!(value(&parquet(bytes), "method", 399).get_str(), Some(long.as_str()));
}

#[test]
fn a_place_that_takes_nothing_is_told_with_the_systems_reason() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (findings, _) = analyse(&batch(), None);
    for format in [Format::Parquet, Format::Ipc, Format::Csv] {
        let error = Windows::new(&findings.chains).unwrap().write(format, Full).unwrap_err();
        let ErrorKind::Write { source } = error.kind() else { panic!("{error}") };
        assert_eq!(source.kind(), io::ErrorKind::StorageFull);
    }
}

/// The Parquet files of the example runs hold what their CSV files hold, which the binary's tests regenerate.
#[test]
fn tables_of_the_example_runs_are_the_same_in_both_formats() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../notebooks-data/tables");
    let mut compared = 0;
    for entry in directory.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "csv") {
            continue;
        }
        let table = parquet(std::fs::read(path.with_extension("parquet")).unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap().split(',').collect();
        assert_eq!(table.get_column_names(), names);
        let mut rows = 0;
        for (row, line) in lines.enumerate() {
            for (name, field) in names.iter().zip(line.split(',')) {
                assert_eq!(shown(&value(&table, name, row)), field, "{}: {name}", path.display());
            }
            rows += 1;
        }
        assert_eq!(rows, table.height());
        compared += 1;
    }
    assert!(compared >= 7, "{compared}");
}

/// A value as it stands in CSV.
fn shown(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => String::new(),
        AnyValue::String(text) => (*text).to_owned(),
        AnyValue::Float64(number) => format!("{number:?}"),
        AnyValue::Datetime(nanos, TimeUnit::Nanoseconds, _) => {
            format!("{:.9}", jiff::Timestamp::from_nanosecond((*nanos).into()).unwrap())
        }
        other => other.to_string(),
    }
}
