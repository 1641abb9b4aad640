//! `[fleet]`: how instances are shared, spread and loaded.

use plimsoll_analysis::plan::{Fleet, Pooling, SizeAt};
use serde::Deserialize;

use super::Config;
use super::numbers::{count, number, word};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FleetTable {
    pooling: Option<String>,
    utilisation_target: Option<f64>,
    peak_factor: Option<f64>,
    load_factor: Option<f64>,
    spare_instances: Option<u64>,
    zones: Option<u64>,
    zone_failures: Option<u64>,
    min_instances: Option<u64>,
    size_at: Option<String>,
}

impl Config {
    /// The instances that are planned, and how.
    pub(crate) fn fleet(&self) -> anyhow::Result<Fleet> {
        self.fleet.fleet()
    }
}

impl FleetTable {
    fn fleet(&self) -> anyhow::Result<Fleet> {
        let default = Fleet::default();
        let pooling = [Pooling::Shared, Pooling::PerChain].map(|pooling| (pooling.name(), pooling));
        let size_at = [SizeAt::Low, SizeAt::Point].map(|at| (at.name(), at));
        let zones = count("fleet.zones", self.zones, default.zones, 1)?;
        let zone_failures =
            count("fleet.zone_failures", self.zone_failures, default.zone_failures, 0)?;
        anyhow::ensure!(
            zone_failures < zones,
            "fleet.zone_failures = {zone_failures}: expected fewer than fleet.zones, which is {zones}: somebody has to survive"
        );
        let peak_factor = number(
            "fleet.peak_factor",
            self.peak_factor,
            default.peak_factor,
            // A hundred and more is a percentage. A peak beyond this is another target.
            1.0..=50.0,
            "the peak over the target, from 1 to 50: 1.5 is a peak of half as much again",
        )?;
        let load_factor = number(
            "fleet.load_factor",
            self.load_factor,
            default.load_factor,
            1e-6..=peak_factor,
            &format!(
                "the mean over the target, above 0 and at most fleet.peak_factor, which is {peak_factor}: 0.6 is 60 %"
            ),
        )?;
        Ok(Fleet {
            pooling: word("fleet.pooling", self.pooling.as_deref(), default.pooling, &pooling)?,
            utilisation_target: number(
                "fleet.utilisation_target",
                self.utilisation_target,
                default.utilisation_target,
                1e-3..=1.0,
                "a share of what an instance sustains, from 0.001 to 1, such as 0.7",
            )?,
            peak_factor,
            load_factor,
            spare_instances: count(
                "fleet.spare_instances",
                self.spare_instances,
                default.spare_instances,
                0,
            )?,
            zones,
            zone_failures,
            min_instances: count(
                "fleet.min_instances",
                self.min_instances,
                default.min_instances,
                0,
            )?,
            size_at: word("fleet.size_at", self.size_at.as_deref(), default.size_at, &size_at)?,
        })
    }
}
