//! `[slo]`: what a good answer is.

use plimsoll_analysis::Slo;
use plimsoll_model::Nanos;
use serde::Deserialize;

use super::Config;
use super::numbers::share;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SloTable {
    success_min: Option<f64>,
    latency_ms: Option<f64>,
    good_ratio_min: Option<f64>,
}

impl Config {
    /// The service level, with what the command line says on top.
    pub(crate) fn slo(&self, typed: Option<Slo>) -> anyhow::Result<Option<Slo>> {
        let mut slo = Slo::default();
        if let Some(table) = &self.slo {
            if let Some(latency) = table.latency_ms {
                anyhow::ensure!(
                    latency > 0.0 && latency < 1e12,
                    "slo.latency_ms = {latency}: expected a positive number of milliseconds"
                );
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "checked above"
                )]
                let nanos = (latency * 1e6).round() as u64;
                slo.latency = Some(Nanos(nanos));
            }
            slo.success_min = share("slo.success_min", table.success_min)?;
            slo.good_ratio_min = share("slo.good_ratio_min", table.good_ratio_min)?;
        }
        if let Some(typed) = typed {
            slo.latency = typed.latency.or(slo.latency);
            slo.success_min = typed.success_min.or(slo.success_min);
        }
        Ok((slo != Slo::default()).then_some(slo))
    }
}
