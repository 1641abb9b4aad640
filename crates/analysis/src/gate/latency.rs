//! Whether a quantile of a candidate's latency is higher than the baseline's by more than is tolerated.

use plimsoll_model::Nanos;

use super::clustering::Clustering;
use super::sample::LatencyBlock;
use super::two_proportions::Ends;
use crate::capacity::random::Random;
use crate::capacity::student::mean_and_deviation;

/// What is tolerated, and how it is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatencyTerms {
    /// The quantile, inside 0..1.
    pub quantile: f64,
    /// How many times the baseline's it may be, at least 1.
    pub max_ratio: f64,
    /// By how much it may be higher in any case.
    pub min_effect: Nanos,
    /// The chance of a wrong claim, one-sided.
    pub alpha: f64,
    /// How many runs of each side it takes to compare them as runs, at least 2.
    pub min_runs: usize,
    /// How often blocks are drawn again.
    pub resamples: usize,
    /// What decides which.
    pub seed: u64,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The quantile of each run, runs against runs.
    Runs,
    /// The blocks of time of what runs there are, drawn again. What differs from run to run is not in it: the weaker one.
    Blocks,
}

/// What two sides say of each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatencyComparison {
    /// The quantile.
    pub quantile: f64,
    /// The candidate's value.
    pub candidate: Nanos,
    /// The baseline's.
    pub baseline: Nanos,
    /// Candidate over baseline.
    pub ratio: f64,
    /// What the ratio may be.
    pub limit: f64,
    /// Ratios that are not excluded at alpha on either side.
    pub interval: Ends,
    /// How likely so good a ratio is if the truth is at the limit.
    pub p_not_worse: f64,
    /// How likely so bad a ratio is if the truth is at the limit.
    pub p_worse: f64,
    /// What was compared.
    pub basis: Basis,
}

/// One side: its runs.
#[derive(Clone, Debug, Default)]
pub struct Runs<'a> {
    /// The quantile of each run, where it supports one.
    pub quantiles: Vec<Nanos>,
    /// All blocks of all runs.
    pub blocks: Vec<&'a LatencyBlock>,
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoComparison {
    /// There are fewer accepted answers than the quantile takes.
    TooFew {
        /// How many there are, of the side with the fewest.
        answers: u64,
        /// How many it takes.
        needed: u64,
    },
    /// There are no two blocks of time with answers on each side, or the summary has none.
    NoBlocks,
}

/// On the logarithms of latencies: Welch's t of the runs' quantiles, or a block bootstrap of the quantile over all blocks
/// (M. Carlstein, Annals of Statistics 14 (1986), 1171-1179), whose deviation is that of the resamples times √(B/(B-1)).
///
/// # Errors
/// Where there is too little to compare.
pub fn compare(
    candidate: &Runs<'_>,
    baseline: &Runs<'_>,
    terms: &LatencyTerms,
) -> Result<LatencyComparison, NoComparison> {
    let least = candidate.quantiles.len().min(baseline.quantiles.len());
    if least >= terms.min_runs.max(2)
        && let Some((a, b)) = of_runs(&candidate.quantiles).zip(of_runs(&baseline.quantiles))
    {
        return Ok(judged(a, b, Basis::Runs, terms));
    }
    let needed = crate::latencies::samples_needed_for(terms.quantile);
    let answers = |side: &Runs<'_>| -> u64 {
        side.blocks.iter().flat_map(|block| &block.counts).map(|count| count.1).sum()
    };
    let fewest = answers(candidate).min(answers(baseline));
    let has_blocks =
        |side: &Runs<'_>| side.blocks.iter().filter(|b| !b.counts.is_empty()).count() >= 2;
    if !has_blocks(candidate) || !has_blocks(baseline) {
        return Err(NoComparison::NoBlocks);
    }
    if fewest < needed {
        return Err(NoComparison::TooFew { answers: fewest, needed });
    }
    let mut random = Random::new(terms.seed);
    let mut side = |side: &Runs<'_>| of_blocks(&side.blocks, terms, &mut random);
    let (a, b) = side(candidate).zip(side(baseline)).ok_or(NoComparison::NoBlocks)?;
    Ok(judged(a, b, Basis::Blocks, terms))
}

/// The logarithm of a quantile, with its error.
#[derive(Clone, Copy)]
struct Estimate {
    log: f64,
    variance: f64,
    freedom: f64,
}

fn of_runs(quantiles: &[Nanos]) -> Option<Estimate> {
    let logs: Vec<f64> = quantiles.iter().map(|&value| log(value)).collect();
    let (mean, deviation) = mean_and_deviation(&logs)?;
    let count = logs.len() as f64;
    Some(Estimate { log: mean, variance: deviation.powi(2) / count, freedom: count - 1.0 })
}

fn of_blocks(
    blocks: &[&LatencyBlock],
    terms: &LatencyTerms,
    random: &mut Random,
) -> Option<Estimate> {
    let blocks: Vec<&LatencyBlock> =
        blocks.iter().copied().filter(|block| !block.counts.is_empty()).collect();
    let mut values: Vec<Nanos> =
        blocks.iter().flat_map(|block| &block.counts).map(|count| count.0).collect();
    values.sort_unstable();
    values.dedup();
    let rows: Vec<Vec<(usize, u64)>> = blocks
        .iter()
        .map(|block| {
            let place = |value| values.binary_search(value).unwrap_or_default();
            block.counts.iter().map(|(value, count)| (place(value), *count)).collect()
        })
        .collect();
    let mut counts = vec![0_u64; values.len()];
    let mut quantile_of = |drawn: &mut dyn Iterator<Item = usize>| {
        counts.fill(0);
        for row in drawn {
            for &(place, count) in &rows[row] {
                counts[place] += count;
            }
        }
        values[place_of(&counts, terms.quantile)]
    };
    let found = quantile_of(&mut (0..rows.len()));
    let resamples: Vec<f64> = (0..terms.resamples)
        .map(|_| log(quantile_of(&mut (0..rows.len()).map(|_| random.below(rows.len())))))
        .collect();
    let (_, deviation) = mean_and_deviation(&resamples)?;
    let count = rows.len() as f64;
    // What a value may be off by, evenly spread.
    let rounding = LatencyBlock::RELATIVE_ERROR.powi(2) / 3.0;
    Some(Estimate {
        log: log(found),
        variance: deviation.powi(2) * count / (count - 1.0) + rounding,
        freedom: count - 1.0,
    })
}

/// The place of the value at rank ceil(q·n).
fn place_of(counts: &[u64], quantile: f64) -> usize {
    let all: u64 = counts.iter().sum();
    // A quantile of 0.99 is a little too large as a number, which is not to cost a rank.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count"
    )]
    let rank = (quantile * all as f64 - 1e-9).ceil().max(1.0) as u64;
    let mut seen = 0;
    let reaches = |count: &u64| {
        seen += count;
        seen >= rank
    };
    counts.iter().position(reaches).unwrap_or(counts.len().saturating_sub(1))
}

fn judged(
    candidate: Estimate,
    baseline: Estimate,
    basis: Basis,
    terms: &LatencyTerms,
) -> LatencyComparison {
    let (new, old) = (candidate.log.exp(), baseline.log.exp());
    let limit = terms.max_ratio.max(1.0 + terms.min_effect.0 as f64 / old.max(1.0));
    let log_ratio = candidate.log - baseline.log;
    let variance = candidate.variance + baseline.variance;
    // Welch and Satterthwaite.
    let parts = candidate.variance.powi(2) / candidate.freedom
        + baseline.variance.powi(2) / baseline.freedom;
    let freedom = if parts > 0.0 { variance.powi(2) / parts } else { f64::INFINITY };
    let t = Clustering { freedom, ..Clustering::INDEPENDENT };
    let deviation = variance.sqrt();
    let distance = log_ratio - limit.ln();
    let z = if deviation > 0.0 { distance / deviation } else { distance.signum() * f64::INFINITY };
    let reach = t.critical(terms.alpha) * deviation;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "latencies")]
    let nanos = |value: f64| Nanos(value.round() as u64);
    LatencyComparison {
        quantile: terms.quantile,
        candidate: nanos(new),
        baseline: nanos(old),
        ratio: log_ratio.exp(),
        limit,
        interval: Ends { low: (log_ratio - reach).exp(), high: (log_ratio + reach).exp() },
        p_not_worse: t.probability_below(z),
        p_worse: t.probability_below(-z),
        basis,
    }
}

/// Of nanoseconds, of which none counts as one.
fn log(value: Nanos) -> f64 {
    (value.0.max(1) as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: LatencyTerms = LatencyTerms {
        quantile: 0.5,
        max_ratio: 1.1,
        min_effect: Nanos(1_000_000),
        alpha: 0.025,
        min_runs: 3,
        resamples: 500,
        seed: 1,
    };

    fn millis(values: &[f64]) -> Vec<Nanos> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "latencies")]
        values.iter().map(|ms| Nanos((ms * 1e6) as u64)).collect()
    }

    #[test]
    fn runs_are_compared_by_welchs_t() {
        let candidate =
            Runs { quantiles: millis(&[120.0, 118.0, 125.0, 130.0]), blocks: Vec::new() };
        let baseline = Runs { quantiles: millis(&[100.0, 104.0, 98.0, 101.0]), blocks: Vec::new() };
        let found = compare(&candidate, &baseline, &TERMS).unwrap();
        assert_eq!(found.basis, Basis::Runs);
        let (a, b): (f64, f64) = (
            [120.0_f64, 118.0, 125.0, 130.0].iter().map(|v| v.ln()).sum::<f64>() / 4.0,
            [100.0_f64, 104.0, 98.0, 101.0].iter().map(|v| v.ln()).sum::<f64>() / 4.0,
        );
        assert!((found.ratio - (a - b).exp()).abs() < 1e-9);
        assert!(found.p_worse < 0.025 && found.interval.low > 1.1, "{found:?}");
        let same = compare(&baseline, &baseline, &TERMS).unwrap();
        assert!(same.p_not_worse < 0.025 && same.p_worse > 0.9, "{same:?}");
    }

    fn blocks(middle: &[u64]) -> Vec<LatencyBlock> {
        let counts = |ms: u64| (0..5).map(|i| (Nanos((ms + i) * 1_000_000), 40)).collect();
        let block = |&ms: &u64| LatencyBlock { counts: counts(ms), ..LatencyBlock::default() };
        middle.iter().map(block).collect()
    }

    fn one_run(blocks: &[LatencyBlock]) -> Runs<'_> {
        Runs { quantiles: Vec::new(), blocks: blocks.iter().collect() }
    }

    #[test]
    fn blocks_are_drawn_again() {
        let slow = blocks(&[150, 151, 149, 150, 152, 150]);
        let fast = blocks(&[100, 101, 100, 99, 100, 100]);
        let wild = blocks(&[60, 250, 90, 100, 280, 70]);
        let [slow, fast, wild] = [&slow, &fast, &wild].map(|blocks| one_run(blocks));
        let found = compare(&slow, &fast, &TERMS).unwrap();
        assert!(found.basis == Basis::Blocks && found.p_worse < 0.001, "{found:?}");
        let found = compare(&fast, &fast, &TERMS).unwrap();
        assert!(found.p_not_worse < 0.025, "{found:?}");
        let found = compare(&wild, &fast, &TERMS).unwrap();
        assert!(found.p_not_worse > 0.025 && found.p_worse > 0.025, "{found:?}");
        assert_eq!(found, compare(&wild, &fast, &TERMS).unwrap());
    }

    #[test]
    fn too_little_is_told() {
        let some = blocks(&[100, 100]);
        let runs = one_run(&some);
        let terms = LatencyTerms { quantile: 0.999, ..TERMS };
        assert_eq!(
            compare(&runs, &runs, &terms),
            Err(NoComparison::TooFew { answers: 400, needed: 3_688 })
        );
        assert_eq!(compare(&Runs::default(), &runs, &TERMS), Err(NoComparison::NoBlocks));
    }

    #[test]
    fn a_small_rise_of_a_short_latency_is_none() {
        let (slow, fast) = (blocks(&[2, 2, 2, 2]), blocks(&[1, 1, 1, 1]));
        let terms = LatencyTerms { min_effect: Nanos(2_000_000), ..TERMS };
        let found = compare(&one_run(&slow), &one_run(&fast), &terms).unwrap();
        assert!(found.limit > 1.6 && found.p_not_worse < 0.025, "{found:?}");
    }
}
