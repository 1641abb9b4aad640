use std::io::Write;

use plimsoll_analysis::{ChainFindings, Side, WindowFindings};
use plimsoll_model::{Nanos, Timestamp};
use polars_core::frame::DataFrame;
use polars_core::prelude::{Column, NamedFrom as _, Series, TimeUnit, TimeZone};

use crate::output::Output;
use crate::{Error, Format};

/// The window table: a row per chain and window, chains one after the other, each in order of time.
#[derive(Clone, Debug)]
pub struct Windows(DataFrame);

impl Windows {
    /// The windows of these chains.
    ///
    /// # Errors
    /// polars takes the columns for no table, which they always are: all have a value per window.
    pub fn new(chains: &[ChainFindings]) -> Result<Self, Error> {
        let rows: Vec<(&str, &WindowFindings)> = chains
            .iter()
            .flat_map(|chain| chain.windows.iter().map(|window| (chain.name.as_str(), window)))
            .collect();
        let rows = Rows(&rows);
        let mut columns = vec![
            rows.texts("chain", |chain, _| Some(chain)),
            rows.moments("start_utc", |window| window.start),
            rows.numbers("span_s", |window| Some(window.span.as_secs_f64())),
            rows.counts("offered", |window| window.offered),
            rows.counts("sent", |window| Some(window.sent)),
            rows.counts("successes", |window| Some(window.successes)),
            rows.counts("good", |window| window.good),
        ];
        for side in Side::ALL {
            let failed = |window: &WindowFindings| window.by_side.get(&side).copied();
            columns.push(
                rows.counts(&format!("failed_{side}"), |window| Some(failed(window).unwrap_or(0))),
            );
        }
        let millis = |span: Option<Nanos>| span.map(Nanos::as_millis_f64);
        columns.extend([
            rows.numbers("p50_ms", |window| millis(window.p50)),
            rows.numbers("p99_ms", |window| millis(window.p99)),
            rows.numbers("send_lag_p99_ms", |window| millis(window.send_lag_p99)),
            rows.numbers("in_flight", |window| window.in_flight),
            rows.numbers("generator_cpu_ratio", |window| window.generator_cpu),
            rows.flags("valid", |window| window.reasons.is_empty()),
            rows.texts("reason", |_, window| window.reasons.first().map(|reason| reason.code())),
        ]);
        Ok(Self(DataFrame::new(rows.0.len(), columns)?))
    }

    /// Writes the table down.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn write(&self, format: Format, out: impl Write) -> Result<(), Error> {
        let mut output = Output::new(out, format, self.0.schema())?;
        output.write(&self.0)?;
        output.finish()
    }
}

/// The rows as a column is made of them.
struct Rows<'a>(&'a [(&'a str, &'a WindowFindings)]);

impl<'a> Rows<'a> {
    fn texts<'b>(
        &self,
        name: &str,
        text: impl Fn(&'a str, &'a WindowFindings) -> Option<&'b str>,
    ) -> Column {
        let texts: Vec<_> = self.0.iter().map(|(chain, window)| text(chain, window)).collect();
        Column::new(name.into(), texts)
    }

    fn counts(&self, name: &str, count: impl Fn(&WindowFindings) -> Option<u64>) -> Column {
        Column::new(name.into(), self.each(count))
    }

    fn numbers(&self, name: &str, number: impl Fn(&WindowFindings) -> Option<f64>) -> Column {
        Column::new(name.into(), self.each(number))
    }

    fn flags(&self, name: &str, flag: impl Fn(&WindowFindings) -> bool) -> Column {
        Column::new(name.into(), self.each(flag))
    }

    fn moments(&self, name: &str, moment: impl Fn(&WindowFindings) -> Timestamp) -> Column {
        let nanos = self.each(|window| moment(window).known().map(|Timestamp(nanos)| nanos));
        let series = Series::new(name.into(), nanos);
        series.into_datetime(TimeUnit::Nanoseconds, Some(TimeZone::UTC)).into()
    }

    fn each<T>(&self, value: impl Fn(&WindowFindings) -> T) -> Vec<T> {
        self.0.iter().map(|(_, window)| value(window)).collect()
    }
}
