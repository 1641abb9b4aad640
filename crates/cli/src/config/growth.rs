//! `[growth]`: how targets grow.

use plimsoll_analysis::plan::Growth;
use serde::Deserialize;

use super::Config;
use super::numbers::{number, shown};

/// Months that are looked at where nothing is said.
const MONTHS: u32 = 12;

/// Less than this, a percent in 800 years, is nothing.
const LEAST: f64 = 0.000_001;

/// The most that can be asked for.
const MOST_MONTHS: u32 = 600;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrowthTable {
    per_month: f64,
    months: Option<u32>,
}

impl Config {
    /// How targets grow, where that is said.
    pub(crate) fn growth(&self) -> anyhow::Result<Option<Growth>> {
        self.growth.as_ref().map(GrowthTable::growth).transpose()
    }
}

impl GrowthTable {
    fn growth(&self) -> anyhow::Result<Growth> {
        let per_month = number(
            "growth.per_month",
            Some(self.per_month),
            0.0,
            -0.99..=1.0,
            "a share from -0.99 to 1: 0.08 is 8 % a month",
        )?;
        anyhow::ensure!(
            per_month == 0.0 || per_month.abs() >= LEAST,
            "growth.per_month = {}: expected 0, or a share from {LEAST} on: 0.08 is 8 % a month",
            shown(per_month)
        );
        let months = self.months.unwrap_or(MONTHS);
        anyhow::ensure!(
            (1..=MOST_MONTHS).contains(&months),
            "growth.months = {months}: expected a number from 1 to {MOST_MONTHS}"
        );
        Ok(Growth { per_month, months })
    }
}
