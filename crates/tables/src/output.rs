//! A table's rows to bytes, some at a time.

use std::io::{self, Write};
use std::iter::repeat_with;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use polars_core::frame::DataFrame;
use polars_core::prelude::{
    Column, CompatLevel, DataType, IntoColumn as _, PolarsResult, Schema, StringChunked,
};
use polars_io::SerWriter as _;
use polars_io::csv::write as csv;
use polars_io::ipc;
use polars_io::parquet::write as parquet;

use crate::Error;

/// What a table is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Apache Parquet, compressed with zstd.
    Parquet,
    /// An Arrow IPC file (Feather version 2), not compressed.
    Ipc,
    /// Comma-separated values with a line of names. What is not known is empty.
    Csv,
}

/// Writes the rows of one table down.
pub(crate) struct Output<W> {
    out: W,
    encoder: Encoder,
    pending: Pending,
}

enum Encoder {
    Parquet(Box<parquet::BatchedWriter<Pending>>),
    Ipc(ipc::BatchedWriter<Pending>),
    Csv(csv::BatchedWriter<Pending>),
}

impl<W: Write> Output<W> {
    pub(crate) fn new(out: W, format: Format, schema: &Schema) -> Result<Self, Error> {
        let pending = Pending::default();
        let to = pending.clone();
        let encoder = match format {
            Format::Parquet => {
                Encoder::Parquet(Box::new(parquet::ParquetWriter::new(to).batched(schema)?))
            }
            Format::Ipc => {
                // Without string views, which not every reader knows.
                let writer = ipc::IpcWriter::new(to).with_compat_level(CompatLevel::oldest());
                let fields = repeat_with(Default::default).take(schema.len()).collect();
                Encoder::Ipc(writer.batched(schema, fields)?)
            }
            Format::Csv => Encoder::Csv(csv::CsvWriter::new(to).batched(schema)?),
        };
        Ok(Self { out, encoder, pending })
    }

    /// Writes rows, as a row group of their own where the format has such.
    pub(crate) fn write(&mut self, rows: &DataFrame) -> Result<(), Error> {
        match &mut self.encoder {
            Encoder::Parquet(writer) => writer.write_batch(rows)?,
            Encoder::Ipc(writer) => writer.write_batch(rows)?,
            Encoder::Csv(writer) => {
                let columns: PolarsResult<_> =
                    rows.columns().iter().map(moments_as_texts).collect();
                writer.write_batch(&DataFrame::new(rows.height(), columns?)?)?;
            }
        }
        self.pending.pass_on(&mut self.out)
    }

    /// Writes what stands behind the last row.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        match &mut self.encoder {
            Encoder::Parquet(writer) => writer.finish().map(drop)?,
            Encoder::Ipc(writer) => writer.finish()?,
            Encoder::Csv(writer) => writer.finish()?,
        }
        self.pending.pass_on(&mut self.out)?;
        self.out.flush().map_err(Error::write)
    }
}

/// A column of moments in ISO 8601, all with as many digits; any other as it is.
///
/// The writer of CSV knows moments only together with polars' calculus of them, which takes longer to build than all else.
fn moments_as_texts(column: &Column) -> PolarsResult<Column> {
    if !matches!(column.dtype(), DataType::Datetime(..)) {
        return Ok(column.clone());
    }
    let nanos = column.datetime()?.physical();
    let texts = nanos.iter().map(|nanos| {
        let moment = jiff::Timestamp::from_nanosecond(nanos?.into()).ok()?;
        Some(format!("{moment:.9}"))
    });
    let texts: StringChunked = texts.collect();
    Ok(texts.with_name(column.name().clone()).into_column())
}

/// What is encoded and not yet written. polars keeps the place that it writes to to itself, and of a failure there the words
/// alone; so it gets one that does not fail.
#[derive(Clone, Default)]
struct Pending(Arc<Mutex<Vec<u8>>>);

impl Pending {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass_on(&self, out: &mut impl Write) -> Result<(), Error> {
        let mut bytes = self.bytes();
        out.write_all(&bytes).map_err(Error::write)?;
        bytes.clear();
        Ok(())
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
