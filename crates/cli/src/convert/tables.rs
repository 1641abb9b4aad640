//! `plimsoll convert --to parquet`: windows or records as a table, counted as `analyze` counts them.

use std::io::IsTerminal as _;

use clap::Args;
use plimsoll_analysis::{GroupBy, IntendedRate, Slo};
use plimsoll_model::CodeSet;

use crate::args::{Convert, Table, Target};
use crate::values;

/// What a table is made of, and how its requests are counted.
#[derive(Args, Debug)]
#[command(next_help_heading = "Tables")]
pub(crate) struct TableArgs {
    /// What a row is; a window unless told otherwise
    #[arg(long, value_enum, value_name = "TABLE")]
    pub(crate) table: Option<Table>,

    /// The service level, by which requests are good: latency=500ms,success=99.5%
    #[arg(long, value_name = "GOALS", value_parser = values::slo)]
    pub(in crate::convert) slo: Option<Slo>,

    /// What makes a chain, as in `analyze`
    #[arg(short, long, value_name = "WHAT", value_parser = values::group_by)]
    pub(in crate::convert) group_by: Option<GroupBy>,

    /// Status codes that count as success [default: 200-399]
    #[arg(long, value_name = "CODES")]
    pub(in crate::convert) success_codes: Option<CodeSet>,

    /// The rate that the attack was to keep, as in `analyze`
    #[arg(long, value_name = "[ATTACK=]RATE", value_parser = values::intended_rate)]
    pub(in crate::convert) rate: Vec<IntendedRate>,

    /// Show credentials in URLs, names and error texts instead of masking them
    #[arg(long, conflicts_with = "redact")]
    pub(in crate::convert) show_secrets: bool,

    /// Count records that are there twice as often as they are there
    #[arg(long)]
    pub(in crate::convert) keep_duplicates: bool,
}

impl TableArgs {
    /// The first option that was typed.
    pub(super) fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("--table", self.table.is_some()),
            ("--slo", self.slo.is_some()),
            ("--group-by", self.group_by.is_some()),
            ("--success-codes", self.success_codes.is_some()),
            ("--rate", !self.rate.is_empty()),
            ("--show-secrets", self.show_secrets),
            ("--keep-duplicates", self.keep_duplicates),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
    }
}

/// The table that is asked for, if one is.
pub(super) fn asked(args: &Convert) -> anyhow::Result<Option<Table>> {
    let table = match args.to {
        Target::Parquet | Target::Ipc => Some(args.table.table.unwrap_or(Table::Windows)),
        Target::Csv => args.table.table,
        Target::Gob | Target::Json | Target::Native | Target::Hgrm => None,
    };
    if let (None, Some(option)) = (table, args.table.first_given()) {
        anyhow::bail!(
            "{option} goes with a table: --to parquet, --to ipc, or --to csv --table windows"
        );
    }
    anyhow::ensure!(
        args.to == Target::Csv
            || table.is_none()
            || args.output.is_some()
            || !std::io::stdout().is_terminal(),
        "this format is nothing for a terminal: name a file with --output"
    );
    Ok(table)
}

#[cfg(not(feature = "tables"))]
pub(super) fn write(
    _: &Convert,
    _: Table,
    _: &[plimsoll_ingest::Source],
) -> anyhow::Result<Vec<plimsoll_model::Ledger>> {
    anyhow::bail!("this plimsoll was built without tables: build it with its default features")
}

#[cfg(feature = "tables")]
pub(super) use super::counted::write;
