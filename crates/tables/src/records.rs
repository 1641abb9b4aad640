use std::io::Write;

use plimsoll_analysis::{Label, Labels};
use plimsoll_model::{Batch, Record, Secrets, Target, Timestamp};
use polars_core::frame::DataFrame;
use polars_core::prelude::{
    BooleanChunkedBuilder, ChunkedBuilder as _, Column, Float64Type, Int64Type, IntoColumn as _,
    IntoSeries as _, PlSmallStr, PrimitiveChunkedBuilder, StringChunkedBuilder, TimeUnit, TimeZone,
    UInt32Type, UInt64Type,
};

use crate::output::Output;
use crate::{Error, Format};

/// The most rows that are held before they are written, ...
const MAX_ROWS: usize = 1 << 16;

/// ... and the most bytes of their texts.
const MAX_TEXTS: usize = 16 << 20;

/// The records table: a row per counted request, in the order of the inputs, written as they come.
///
/// Memory holds the rows of a row group: 65,536, or fewer with long texts.
pub struct Records<W: Write> {
    output: Output<W>,
    secrets: Secrets,
    rows: Rows,
    written: u64,
    /// By target of the current batch, the attack and URL as they may be told.
    told: Vec<Option<(String, String)>>,
}

impl<W: Write> Records<W> {
    /// A table that is written to `out`.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn new(format: Format, out: W, secrets: Secrets) -> Result<Self, Error> {
        let empty = Rows::new(0).take()?;
        Ok(Self {
            output: Output::new(out, format, empty.schema())?,
            secrets,
            rows: Rows::new(MAX_ROWS),
            written: 0,
            told: Vec::new(),
        })
    }

    /// Adds the records of a batch that were counted.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn add(&mut self, batch: &Batch, labels: &mut Labels) -> Result<(), Error> {
        self.told.clear();
        self.told.resize(batch.targets.len(), None);
        let mut result = Ok(());
        labels.label(batch, |record, label| {
            if result.is_ok() {
                result = self.push(batch, record, label);
            }
        });
        result
    }

    /// Writes what is left, and returns how many rows there are.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(mut self) -> Result<u64, Error> {
        if self.rows.count > 0 || self.written == 0 {
            self.flush()?;
        }
        self.output.finish()?;
        Ok(self.written)
    }

    fn push(&mut self, batch: &Batch, record: &Record, label: &Label<'_>) -> Result<(), Error> {
        let Self { told, rows, secrets, .. } = self;
        let target = batch.target(record);
        if let Some(told) = told.get_mut(record.target.0 as usize) {
            let (attack, url) = told.get_or_insert_with(|| {
                let Target { attack, url, .. } = target;
                (secrets.in_text(attack).into_owned(), secrets.in_url(url).into_owned())
            });
            rows.push(batch, record, label, [attack, &target.method, url]);
        }
        if rows.is_full() { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.written += self.rows.count as u64;
        let rows = std::mem::replace(&mut self.rows, Rows::new(MAX_ROWS)).take()?;
        self.output.write(&rows)
    }
}

/// Rows that have not been written, by column.
struct Rows {
    count: usize,
    /// Bytes of all texts.
    texts: usize,
    chain: StringChunkedBuilder,
    attack: StringChunkedBuilder,
    seq: PrimitiveChunkedBuilder<UInt64Type>,
    timestamp: PrimitiveChunkedBuilder<Int64Type>,
    intended: PrimitiveChunkedBuilder<Int64Type>,
    latency: PrimitiveChunkedBuilder<Float64Type>,
    method: StringChunkedBuilder,
    url: StringChunkedBuilder,
    code: PrimitiveChunkedBuilder<UInt32Type>,
    success: BooleanChunkedBuilder,
    good: BooleanChunkedBuilder,
    side: StringChunkedBuilder,
    class: StringChunkedBuilder,
    template: StringChunkedBuilder,
    bytes_in: PrimitiveChunkedBuilder<UInt64Type>,
    bytes_out: PrimitiveChunkedBuilder<UInt64Type>,
}

impl Rows {
    fn new(room: usize) -> Self {
        let name = PlSmallStr::from_static;
        let text = |column| StringChunkedBuilder::new(name(column), room);
        let moment = |column| PrimitiveChunkedBuilder::new(name(column), room);
        let number = |column| PrimitiveChunkedBuilder::new(name(column), room);
        let flag = |column| BooleanChunkedBuilder::new(name(column), room);
        Self {
            count: 0,
            texts: 0,
            chain: text("chain"),
            attack: text("attack"),
            seq: number("seq"),
            timestamp: moment("timestamp_utc"),
            intended: moment("intended_utc"),
            latency: PrimitiveChunkedBuilder::new(name("latency_ms"), room),
            method: text("method"),
            url: text("url"),
            code: PrimitiveChunkedBuilder::new(name("code"), room),
            success: flag("success"),
            good: flag("good"),
            side: text("side"),
            class: text("class"),
            template: text("error_template"),
            bytes_in: number("bytes_in"),
            bytes_out: number("bytes_out"),
        }
    }

    fn push(&mut self, batch: &Batch, record: &Record, label: &Label<'_>, texts: [&str; 3]) {
        let [attack, method, url] = texts.map(|text| Some(text).filter(|text| !text.is_empty()));
        let nanos = |moment: Timestamp| moment.known().map(|Timestamp(nanos)| nanos);
        let failure = label.failure.as_ref();
        let template = failure.map(|failure| failure.template);
        self.count += 1;
        self.texts += label.chain.len()
            + texts.iter().map(|text| text.len()).sum::<usize>()
            + template.map_or(0, str::len);
        self.chain.append_value(label.chain);
        self.attack.append_option(attack);
        self.seq.append_option(record.has_seq.then(|| batch.as_written(record).seq));
        self.timestamp.append_option(nanos(record.timestamp));
        self.intended.append_option(nanos(record.intended));
        self.latency.append_value(record.latency.as_millis_f64());
        self.method.append_option(method);
        self.url.append_option(url);
        self.code.append_option(Some(u32::from(record.code)).filter(|&code| code > 0));
        self.success.append_value(failure.is_none());
        self.good.append_option(label.good);
        self.side.append_option(failure.map(|failure| failure.class.side().name()));
        self.class.append_option(failure.map(|failure| failure.class.to_string()));
        self.template.append_option(template);
        self.bytes_in.append_value(record.bytes_in);
        self.bytes_out.append_value(record.bytes_out);
    }

    fn is_full(&self) -> bool {
        self.count >= MAX_ROWS || self.texts >= MAX_TEXTS
    }

    fn take(self) -> Result<DataFrame, Error> {
        let moments = |column: PrimitiveChunkedBuilder<Int64Type>| -> Column {
            let series = column.finish().into_series();
            series.into_datetime(TimeUnit::Nanoseconds, Some(TimeZone::UTC)).into()
        };
        let columns = vec![
            self.chain.finish().into_column(),
            self.attack.finish().into_column(),
            self.seq.finish().into_column(),
            moments(self.timestamp),
            moments(self.intended),
            self.latency.finish().into_column(),
            self.method.finish().into_column(),
            self.url.finish().into_column(),
            self.code.finish().into_column(),
            self.success.finish().into_column(),
            self.good.finish().into_column(),
            self.side.finish().into_column(),
            self.class.finish().into_column(),
            self.template.finish().into_column(),
            self.bytes_in.finish().into_column(),
            self.bytes_out.finish().into_column(),
        ];
        Ok(DataFrame::new(self.count, columns)?)
    }
}
