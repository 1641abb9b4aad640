//! Records counted, and the table that they make.

use std::io::Write;

use plimsoll_analysis::{Analyzer, Labels};
use plimsoll_ingest::{Progress, ReadOptions, Source, read};
use plimsoll_model::{Ledger, Secrets};
use plimsoll_render::{Summary, warnings};
use plimsoll_tables::{Error, Format, Records, Windows};

use super::nothing_left;
use crate::analyze::{Question, count};
use crate::args::{Convert, Table, Target};
use crate::config::Config;
use crate::{output, progress};

/// Writes the table, and returns the account of each input.
pub(super) fn write(
    args: &Convert,
    table: Table,
    sources: &[Source],
) -> anyhow::Result<Vec<Ledger>> {
    let asked = &args.table;
    let question = Question {
        group_by: asked.group_by,
        slo: asked.slo,
        success_codes: asked.success_codes.clone().unwrap_or_default(),
        from: args.from_time,
        to: args.to_time,
        skip: args.skip,
        rate: &asked.rate,
        keep_duplicates: asked.keep_duplicates,
        secrets: if asked.show_secrets { Secrets::Shown } else { Secrets::Masked },
        threads: args.read.threads.into(),
        sha256: false,
    };
    let settings =
        question.settings(&Config::load(args.read.config.as_deref(), args.output.as_deref())?)?;
    let (reading, secrets) = (settings.reading, settings.options.secrets);
    let mut out = output::Stream::open(args.output.as_deref())?;
    let (ledgers, (findings, labels)) =
        count(sources, &reading, settings.options, Analyzer::finish_with_labels)?;
    anyhow::ensure!(findings.total.requests > 0, nothing_left(&ledgers));
    let format = match args.to {
        Target::Csv => Format::Csv,
        Target::Ipc => Format::Ipc,
        _ => Format::Parquet,
    };
    let written = match table {
        Table::Windows => {
            Windows::new(&findings.chains).and_then(|windows| windows.write(format, &mut out))
        }
        Table::Records => {
            let records = Records::new(format, &mut out, secrets);
            match records {
                Ok(records) => write_records(sources, &reading, labels, records)?,
                Err(error) => Err(error),
            }
        }
    };
    written.map_err(|error| anyhow::Error::new(error).context(out.cannot_write()))?;
    out.finish()?;
    // What became of the inputs is told for all conversions alike.
    let summary = Summary {
        findings: &findings,
        ledgers: &[],
        config: settings.effective,
        version: env!("CARGO_PKG_VERSION"),
    };
    for warning in warnings(&summary) {
        output::complain(&format!("warning: {warning}"));
    }
    Ok(ledgers)
}

/// Reads the sources once more and writes each record that was counted.
fn write_records<W: Write + Send>(
    sources: &[Source],
    reading: &ReadOptions,
    mut labels: Labels,
    mut records: Records<W>,
) -> anyhow::Result<Result<(), Error>> {
    let mut written = Ok(());
    let seen = Progress::default();
    progress::watch(sources, &seen, || {
        read(sources, reading, &seen, &mut |batch| {
            if written.is_ok() {
                written = records.add(batch, &mut labels);
            }
        })
    })?;
    Ok(written.and_then(|()| records.finish().map(drop)))
}
