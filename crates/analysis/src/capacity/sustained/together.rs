//! What all windows of a rate lose together, and how much of that is chance.
//!
//! Windows that hold one by one may not hold together, and a rate next to the capacity holds or does not by luck.

use super::super::student::{mean_and_deviation, t_quantile};
use super::super::window::{Objective, Window};
use super::{Binding, binding};

/// One-sided confidence that windows miss the objective together, though most of them hold it.
const SURE: f64 = 0.95;

/// That of one standard error.
const NEAR: f64 = 0.841_344_746_068_543;

/// How many times as many windows as a rate needs it takes to say that it is too near. Below, each of them counts for too much.
const ENOUGH: u64 = 2;

/// Losses come in bursts: means are taken of batches of so many windows, too, where there are enough batches.
const BATCH_LENGTHS: [usize; 4] = [1, 2, 4, 8];
const FEWEST_BATCHES: usize = 5;

/// Quantiles of Student's t for a number of windows.
#[derive(Clone, Debug)]
pub(super) struct Chance {
    batches: Vec<Batches>,
    is_enough: bool,
}

#[derive(Clone, Copy, Debug)]
struct Batches {
    /// Windows in each.
    length: usize,
    /// Standard errors of a mean at a confidence of [`NEAR`] and of [`SURE`].
    near: f64,
    sure: f64,
}

impl Chance {
    pub(super) fn of(windows: usize, objective: &Objective) -> Self {
        let batches = |length: usize| {
            let count = windows / length;
            let freedom = count.saturating_sub(1) as f64;
            let is_enough = length == 1 || count >= FEWEST_BATCHES;
            let (near, sure) = (t_quantile(NEAR, freedom)?, t_quantile(SURE, freedom)?);
            is_enough.then_some(Batches { length, near, sure })
        };
        Self {
            batches: BATCH_LENGTHS.into_iter().filter_map(batches).collect(),
            is_enough: windows as u64 >= ENOUGH * u64::from(objective.min_windows),
        }
    }

    /// By how much the mean of losses may differ by chance, at [`NEAR`] and at [`SURE`]: the most that batches show.
    fn of_mean(&self, losses: &[f64]) -> (f64, f64) {
        let differences = self.batches.iter().filter_map(|batches| {
            let mean = |batch: &[f64]| batch.iter().sum::<f64>() / batch.len() as f64;
            let means: Vec<f64> = losses.chunks_exact(batches.length).map(mean).collect();
            let (_, deviation) = mean_and_deviation(&means)?;
            let error = deviation / (means.len() as f64).sqrt();
            Some((batches.near * error, batches.sure * error))
        });
        differences.fold((0.0, 0.0), |most, (near, sure)| (near.max(most.0), sure.max(most.1)))
    }
}

/// What windows lose together, beside what they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Together {
    /// What they miss, or nearly.
    pub(super) what: Binding,
    /// All of their requests together miss the objective.
    pub(super) is_missed: bool,
    /// The one-sided lower bound of 95 % (t) of the windows' mean loss lies above what may be lost.
    pub(super) is_sure: bool,
    /// What may be lost lies within a standard error of what is, and windows are enough to say so.
    pub(super) is_near: bool,
}

impl Together {
    pub(super) fn of(
        windows: &(impl Iterator<Item = Window> + Clone),
        objective: &Objective,
        chance: &Chance,
    ) -> Self {
        let mut all = Window::default();
        for window in windows.clone() {
            all.duration.0 = all.duration.0.saturating_add(window.duration.0);
            all.sent += window.judged();
            all.successes += window.successes;
            all.good += window.good;
        }
        // By how much the mean is above what may be lost, in what chance makes: at NEAR and at SURE.
        let above = |loss: fn(&Window) -> f64, most: f64| {
            let losses: Vec<f64> = windows.clone().map(|window| loss(&window)).collect();
            let above = losses.iter().sum::<f64>() / losses.len() as f64 - most;
            let (near, sure) = chance.of_mean(&losses);
            (above / near, above / sure)
        };
        let good = above(Window::loss_ratio, objective.max_loss_ratio);
        let success = objective.max_failure_ratio.map(|most| above(Window::failure_ratio, most));
        let (near, sure) =
            success.map_or(good, |success| (good.0.max(success.0), good.1.max(success.1)));
        Self {
            what: binding([&all].into_iter(), objective),
            is_missed: all.sent > 0 && !objective.is_low_loss(&all),
            is_sure: sure > 1.0,
            is_near: chance.is_enough && near.abs() < 1.0,
        }
    }
}
