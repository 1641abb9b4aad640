//! `[gate]`: what a build has to keep to.

use std::collections::BTreeMap;

use plimsoll_analysis::gate::judge::Rules;
use plimsoll_analysis::gate::multiplicity::Correction;
use plimsoll_analysis::gate::threshold::Threshold;
use plimsoll_model::Nanos;
use serde::Deserialize;

use super::{Config, suggest::nearest};

/// Runs beyond this are mistakes.
const MOST_RUNS: usize = 10_000;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct GateTable {
    margin: Option<f64>,
    margins: BTreeMap<String, f64>,
    alpha: Option<f64>,
    correction: Option<String>,
    inconclusive: Option<String>,
    use_design_effect: Option<bool>,
    min_runs: Option<usize>,
    latency_quantile: Option<Quantiles>,
    latency_max_ratio: Option<f64>,
    latency_min_effect_ms: Option<f64>,
    new_error_max_ratio: Option<f64>,
    rate_tolerance: Option<f64>,
    thresholds: Vec<String>,
    fail_on_change: Option<bool>,
    change_window: Option<usize>,
    change_p_value: Option<f64>,
    change_min_magnitude: Option<f64>,
}

/// `0.99`, or `[0.5, 0.99]`.
#[derive(Debug)]
struct Quantiles(Vec<f64>);

impl<'de> Deserialize<'de> for Quantiles {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;

        impl<'de> serde::de::Visitor<'de> for OneOrMore {
            type Value = Quantiles;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a quantile such as 0.99, or a list of them")
            }

            fn visit_f64<E: serde::de::Error>(self, quantile: f64) -> Result<Quantiles, E> {
                Ok(Quantiles(vec![quantile]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<Quantiles, A::Error> {
                let mut quantiles = Vec::new();
                while let Some(quantile) = list.next_element()? {
                    quantiles.push(quantile);
                }
                Ok(Quantiles(quantiles))
            }
        }

        deserializer.deserialize_any(OneOrMore)
    }
}

/// What a build has to keep to, and what becomes of a judgement that is none.
pub(crate) struct Gate {
    pub(crate) rules: Rules,
    /// An inconclusive judgement is let pass.
    pub(crate) accepts_inconclusive: bool,
}

impl Config {
    /// What a build has to keep to, without the service level.
    pub(crate) fn gate(&self) -> anyhow::Result<Gate> {
        self.gate.gate()
    }
}

impl GateTable {
    fn gate(&self) -> anyhow::Result<Gate> {
        let default = Rules::default();
        let inside = |key: &str, value: Option<f64>, most: f64, default: f64| {
            anyhow::ensure!(
                value.is_none_or(|value| value > 0.0 && value < most),
                "gate.{key} = {}: expected a share above 0 and below {most}",
                value.unwrap_or_default()
            );
            Ok::<_, anyhow::Error>(value.unwrap_or(default))
        };
        for (chain, margin) in &self.margins {
            anyhow::ensure!(
                *margin > 0.0 && *margin < 1.0,
                "gate.margins.{chain} = {margin}: expected a share above 0 and below 1"
            );
        }
        let quantiles = match &self.latency_quantile {
            Some(Quantiles(quantiles)) => quantiles.clone(),
            None => default.quantiles,
        };
        if let Some(quantile) = quantiles.iter().find(|one| !(**one > 0.0 && **one < 1.0)) {
            anyhow::bail!(
                "gate.latency_quantile = {quantile}: expected quantiles above 0 and below 1, as in 0.99"
            );
        }
        anyhow::ensure!(
            self.latency_max_ratio.is_none_or(|ratio| (1.0..=100.0).contains(&ratio)),
            "gate.latency_max_ratio = {}: expected from 1 to 100, as in 1.10 for a tenth more",
            self.latency_max_ratio.unwrap_or_default()
        );
        anyhow::ensure!(
            self.latency_min_effect_ms.is_none_or(|ms| (0.0..1e9).contains(&ms)),
            "gate.latency_min_effect_ms = {}: expected a number of milliseconds",
            self.latency_min_effect_ms.unwrap_or_default()
        );
        anyhow::ensure!(
            self.new_error_max_ratio.is_none_or(|ratio| (0.0..=1.0).contains(&ratio)),
            "gate.new_error_max_ratio = {}: expected a share between 0 and 1",
            self.new_error_max_ratio.unwrap_or_default()
        );
        let min_runs = self.min_runs.unwrap_or(default.min_runs);
        anyhow::ensure!(
            (2..=MOST_RUNS).contains(&min_runs),
            "gate.min_runs = {min_runs}: expected from 2 to {MOST_RUNS}"
        );
        let mut points = default.change_points;
        points.window = self.change_window.unwrap_or(points.window);
        anyhow::ensure!(
            (2..=MOST_RUNS).contains(&points.window),
            "gate.change_window = {}: expected from 2 to {MOST_RUNS} runs",
            points.window
        );
        points.max_p_value =
            inside("change_p_value", self.change_p_value, 1.0, points.max_p_value)?;
        let magnitude = self.change_min_magnitude.unwrap_or(points.min_magnitude);
        anyhow::ensure!(
            (0.0..=100.0).contains(&magnitude),
            "gate.change_min_magnitude = {magnitude}: expected a share, as in 0.05"
        );
        points.min_magnitude = magnitude;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked above"
        )]
        let nanos = |ms: f64| Nanos((ms * 1e6).round() as u64);
        Ok(Gate {
            rules: Rules {
                margin: inside("margin", self.margin, 1.0, default.margin)?,
                margins: self.margins.clone(),
                alpha: inside("alpha", self.alpha, 0.5, default.alpha)?,
                correction: self.correction()?,
                use_design_effect: self.use_design_effect.unwrap_or(true),
                min_runs,
                quantiles,
                // Who names a quantile wants it kept.
                latency_max_ratio: self
                    .latency_max_ratio
                    .or(self.latency_quantile.as_ref().map(|_| LATENCY_MAX_RATIO)),
                latency_min_effect: self
                    .latency_min_effect_ms
                    .map_or(default.latency_min_effect, nanos),
                new_error_max_ratio: self.new_error_max_ratio,
                rate_tolerance: inside(
                    "rate_tolerance",
                    self.rate_tolerance,
                    10.0,
                    default.rate_tolerance,
                )?,
                thresholds: self.thresholds()?,
                change_points: points,
                fail_on_change: self.fail_on_change.unwrap_or(false),
                ..Rules::default()
            },
            accepts_inconclusive: self.accepts_inconclusive()?,
        })
    }

    fn correction(&self) -> anyhow::Result<Correction> {
        let all = [Correction::None, Correction::Holm, Correction::BenjaminiHochberg];
        let Some(name) = &self.correction else { return Ok(Correction::default()) };
        let found = all.into_iter().find(|correction| correction.name() == name);
        found.ok_or_else(|| {
            anyhow::anyhow!("gate.correction = \"{name}\": expected none, holm or bh")
        })
    }

    fn accepts_inconclusive(&self) -> anyhow::Result<bool> {
        match self.inconclusive.as_deref() {
            None | Some("no_verdict") => Ok(false),
            Some("pass") => Ok(true),
            Some(other) => anyhow::bail!(
                "gate.inconclusive = \"{other}\": expected no_verdict (exit 3) or pass (exit 0)"
            ),
        }
    }

    fn thresholds(&self) -> anyhow::Result<Vec<Threshold>> {
        self.thresholds
            .iter()
            .map(|text| {
                threshold(text)
                    .map_err(|error| anyhow::anyhow!("gate.thresholds: \"{text}\": {error}"))
            })
            .collect()
    }
}

/// How many times the baseline's a latency may be where a quantile is named and no ratio.
const LATENCY_MAX_RATIO: f64 = 1.1;

/// A goal, or what is wrong with it and what may have been meant.
pub(crate) fn threshold(text: &str) -> Result<Threshold, String> {
    Threshold::parse(text).map_err(|error| match error.unknown_name() {
        Some((name, known)) => match nearest(name, &known.iter().map(String::as_str)) {
            Some(known) => format!("{error}; did you mean `{known}`?"),
            None => error.to_string(),
        },
        None => error.to_string(),
    })
}
