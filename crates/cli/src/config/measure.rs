//! `[measure]`: how stages are measured, and from when on a generator was the limit.

use plimsoll_analysis::{IntendedRate, Matcher, Measure, Options, Ports, Validity};
use plimsoll_model::{Nanos, Rate};
use serde::Deserialize;

use super::Config;
use super::numbers::share;

/// The most windows per stage that can be asked for.
const MOST_WINDOWS: u32 = 10_000;

/// The most draws of windows that can be asked for.
const MOST_RESAMPLES: usize = 100_000;

/// Keys of other verbs are let pass.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MeasureTable {
    intended_rps: Option<f64>,
    min_sent_ratio: Option<f64>,
    max_client_error_ratio: Option<f64>,
    max_send_lag_ratio: Option<f64>,
    max_generator_cpu: Option<f64>,
    ports: PortsTable,
    window_s: Option<f64>,
    warmup_s: Option<f64>,
    min_windows: Option<u32>,
    exceed_ratio: Option<f64>,
    bootstrap_resamples: Option<usize>,
    bootstrap_seed: Option<u64>,
    confidence: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PortsTable {
    low: Option<u16>,
    high: Option<u16>,
    hold_s: Option<f64>,
    source_ips: Option<u32>,
    utilisation: Option<f64>,
}

impl Config {
    /// From when on a generator was the limit.
    pub(crate) fn validity(&self) -> anyhow::Result<Validity> {
        let MeasureTable {
            min_sent_ratio,
            max_client_error_ratio,
            max_send_lag_ratio,
            max_generator_cpu,
            ..
        } = self.measure;
        let default = Validity::default();
        let value =
            |key, value, default| Ok::<_, anyhow::Error>(share(key, value)?.unwrap_or(default));
        Ok(Validity {
            min_sent_ratio: value(
                "measure.min_sent_ratio",
                min_sent_ratio,
                default.min_sent_ratio,
            )?,
            max_client_error_ratio: value(
                "measure.max_client_error_ratio",
                max_client_error_ratio,
                default.max_client_error_ratio,
            )?,
            max_send_lag_ratio: value(
                "measure.max_send_lag_ratio",
                max_send_lag_ratio,
                default.max_send_lag_ratio,
            )?,
            max_generator_cpu: value(
                "measure.max_generator_cpu",
                max_generator_cpu,
                default.max_generator_cpu,
            )?,
        })
    }

    /// How stages are measured.
    pub(crate) fn measure(&self) -> anyhow::Result<Measure> {
        let table = &self.measure;
        let default = Measure::default();
        let seconds = |key, value: Option<f64>, default| match value {
            Some(value) => {
                anyhow::ensure!(
                    (0.0..1e9).contains(&value),
                    "measure.{key} = {value}: expected a number of seconds"
                );
                Ok(Nanos::from(std::time::Duration::from_secs_f64(value)))
            }
            None => Ok(default),
        };
        let window = seconds("window_s", table.window_s, default.window)?;
        anyhow::ensure!(
            window > Nanos::ZERO,
            "measure.window_s = {}: expected a number of seconds above 0",
            table.window_s.unwrap_or_default()
        );
        anyhow::ensure!(
            table.min_windows.is_none_or(|windows| (1..=MOST_WINDOWS).contains(&windows)),
            "measure.min_windows = {}: expected a number from 1 to {MOST_WINDOWS}",
            table.min_windows.unwrap_or_default()
        );
        let exceed_ratio = share("measure.exceed_ratio", table.exceed_ratio)?;
        anyhow::ensure!(
            exceed_ratio != Some(1.0),
            "measure.exceed_ratio = 1: expected a share below 1, as with all windows above the goal nothing is held"
        );
        anyhow::ensure!(
            table.bootstrap_resamples.is_none_or(|times| (1..=MOST_RESAMPLES).contains(&times)),
            "measure.bootstrap_resamples = {}: expected a number from 1 to {MOST_RESAMPLES}",
            table.bootstrap_resamples.unwrap_or_default()
        );
        Ok(Measure {
            window,
            warm_up: seconds("warmup_s", table.warmup_s, default.warm_up)?,
            min_windows: table.min_windows.unwrap_or(default.min_windows),
            exceed_ratio: exceed_ratio.unwrap_or(default.exceed_ratio),
            resamples: table.bootstrap_resamples.unwrap_or(default.resamples),
            seed: table.bootstrap_seed.unwrap_or(default.seed),
        })
    }

    /// Two-sided confidence of intervals.
    pub(crate) fn confidence(&self) -> anyhow::Result<f64> {
        let confidence = self.measure.confidence;
        anyhow::ensure!(
            confidence.is_none_or(|confidence| confidence > 0.0 && confidence < 1.0),
            "measure.confidence = {}: expected a share above 0 and below 1",
            confidence.unwrap_or_default()
        );
        Ok(confidence.unwrap_or_else(|| Options::default().confidence))
    }

    /// The ports of a generator's host.
    pub(crate) fn ports(&self) -> anyhow::Result<Ports> {
        let table = &self.measure.ports;
        let default = Ports::default();
        let (low, high) = (table.low.unwrap_or(default.low), table.high.unwrap_or(default.high));
        anyhow::ensure!(
            low <= high,
            "measure.ports: low = {low} is above high = {high}: expected a range such as 32768 to 60999"
        );
        let utilisation = share("measure.ports.utilisation", table.utilisation)?;
        anyhow::ensure!(
            utilisation != Some(0.0),
            "measure.ports.utilisation = 0: expected a share above 0, as without any port no request can be sent"
        );
        anyhow::ensure!(
            table.source_ips != Some(0),
            "measure.ports.source_ips = 0: expected the number of addresses that requests are sent from, at least 1"
        );
        let hold = match table.hold_s {
            Some(hold) => {
                anyhow::ensure!(
                    (0.0..1e9).contains(&hold),
                    "measure.ports.hold_s = {hold}: expected a number of seconds"
                );
                Nanos::from(std::time::Duration::from_secs_f64(hold))
            }
            None => default.hold,
        };
        Ok(Ports {
            low,
            high,
            hold,
            source_ips: table.source_ips.unwrap_or(default.source_ips),
            utilisation: utilisation.unwrap_or(default.utilisation),
        })
    }

    /// The rates that attacks were to keep: those that were typed, then the configuration's.
    pub(crate) fn intended(&self, typed: &[IntendedRate]) -> anyhow::Result<Vec<IntendedRate>> {
        let mut rates = typed.to_vec();
        if let Some(rate) = self.measure.intended_rps {
            anyhow::ensure!(
                rate > 0.0 && rate < 1e9,
                "measure.intended_rps = {rate}: expected a number of requests per second"
            );
            rates.push(IntendedRate {
                attacks: Matcher::default(),
                pattern: None,
                rate: Rate(rate),
            });
        }
        Ok(rates)
    }
}
