//! Records counted, and the table that they make.

use std::io::Write;

use plimsoll_analysis::{Analyzer, ChainsBy, Findings, Labels, Options, Step};
use plimsoll_ingest::{Progress, ReadOptions, Source, read};
use plimsoll_model::{Ledger, Secrets};
use plimsoll_render::{EffectiveConfig, Summary, warnings};
use plimsoll_tables::{Error, Format, Records, Windows};

use super::nothing_left;
use crate::args::{Convert, Table, Target};
use crate::config::{Config, ConfiguredChains};
use crate::{output, progress};

/// Writes the table, and returns the account of each input.
pub(super) fn write(
    args: &Convert,
    table: Table,
    sources: &[Source],
) -> anyhow::Result<Vec<Ledger>> {
    let (options, reading) = settings(args)?;
    let told = EffectiveConfig {
        from: options.from,
        to: options.to,
        matched_by_header: !reading.headers.is_empty(),
        ..EffectiveConfig::default()
    };
    let secrets = options.secrets;
    let mut out = output::Stream::open(args.output.as_deref())?;
    let (ledgers, findings, labels) = count(sources, &reading, options)?;
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
        config: told,
        version: env!("CARGO_PKG_VERSION"),
    };
    for warning in warnings(&summary) {
        output::complain(&format!("warning: {warning}"));
    }
    Ok(ledgers)
}

/// How records are counted and read, as the command line and the configuration say.
fn settings(args: &Convert) -> anyhow::Result<(Options, ReadOptions)> {
    let table = &args.table;
    let config = Config::load(args.config.as_deref())?;
    let in_file = |error: anyhow::Error| error.context(config.path.display().to_string());
    let chains = match table.group_by {
        Some(group_by) => ConfiguredChains {
            by: ChainsBy::Asked(group_by),
            chains: Vec::new(),
            headers: Vec::new(),
        },
        None => config.chains().map_err(in_file)?,
    };
    let options = Options {
        chains: chains.by,
        success_codes: table.success_codes.clone().unwrap_or_default(),
        from: args.from_time,
        to: args.to_time,
        skip: args.skip,
        keep_duplicates: table.keep_duplicates,
        secrets: if table.show_secrets { Secrets::Shown } else { Secrets::Masked },
        intended: config.intended(&table.rate).map_err(in_file)?,
        ..config.judging(table.slo).map_err(in_file)?
    };
    let reading = ReadOptions {
        threads: args.threads.into(),
        headers: chains.headers,
        accepted_rpc_codes: config.rpc_codes().map_err(in_file)?.success,
        ..ReadOptions::default()
    };
    Ok((options, reading))
}

/// Reads the sources as often as the analysis asks for.
fn count(
    sources: &[Source],
    reading: &ReadOptions,
    options: Options,
) -> anyhow::Result<(Vec<Ledger>, Box<Findings>, Labels)> {
    let names = sources.iter().map(|source| source.name().to_owned()).collect();
    let can_reread = sources.iter().all(Source::is_rereadable);
    let mut analyzer = Analyzer::new(options, names);
    loop {
        let seen = Progress::default();
        let ledgers = progress::watch(sources, &seen, || {
            read(sources, reading, &seen, &mut |batch| analyzer.add(batch))
        })?;
        match analyzer.finish_with_labels(can_reread) {
            Step::Done((findings, labels)) => return Ok((ledgers, findings, labels)),
            Step::ReadAgain(again) => analyzer = *again,
        }
    }
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
