use std::fmt;

use plimsoll_model::Rate;

use super::super::student::t_quantile;
use super::{Model, Peak, Point};

/// Fewer distinct concurrencies than this tell three parameters nothing; usl4j asks for as many.
const MIN_DISTINCT: usize = 6;

/// Beyond this multiple of what was measured, of N or of X, a model is not to be trusted (B. Schwartz, "Practical Scalability
/// Analysis with the Universal Scalability Law", 2015, p. 30).
const TRUSTED_MULTIPLE: f64 = 2.0;

/// The points are in the linear region where the last of them is at more than this share of linear growth.
const LINEAR_EFFICIENCY: f64 = 0.95;

/// Where the search starts: (σ, κ).
const STARTS: [(f64, f64); 3] = [(0.01, 1e-4), (0.1, 0.01), (0.3, 0.05)];

/// A model with how well it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The least-squares model with 0 <= σ, κ <= 1 and λ > 0.
    pub model: Model,
    /// Standard errors of σ, κ and λ: `residual_error` · √diag((JᵀJ)⁻¹).
    pub standard_errors: [f64; 3],
    /// √(SSE/(n-3)), requests per second.
    pub residual_error: f64,
    /// n - 3.
    pub freedom: usize,
    /// The largest concurrency measured.
    pub max_concurrency: f64,
    /// The largest throughput measured.
    pub max_throughput: Rate,
}

/// A two-sided interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// Why there is no model.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum FitError {
    /// Six distinct concurrencies are needed: add runs at others.
    TooFewConcurrencies {
        /// How many there are.
        found: usize,
    },
    /// A concurrency or a throughput is not above 0, or no number.
    InvalidPoint {
        /// Which of the points, from 0.
        index: usize,
    },
    /// Throughput still grows with concurrency at the last point: there is nothing to tell contention by. Add higher loads.
    Linear {
        /// The throughput per unit of concurrency.
        lambda: Rate,
    },
    /// The points do not tell the parameters apart.
    Singular,
}

impl fmt::Display for FitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewConcurrencies { found } => write!(
                f,
                "{MIN_DISTINCT} distinct concurrencies needed, {found} found: add runs at other rates"
            ),
            Self::InvalidPoint { index } => {
                write!(f, "concurrency and throughput of point {index} have to be above 0")
            }
            Self::Linear { .. } => {
                write!(f, "throughput still grows linearly at the highest load: add higher rates")
            }
            Self::Singular => write!(f, "the points do not tell the parameters apart"),
        }
    }
}

impl std::error::Error for FitError {}

impl Fit {
    /// t intervals of σ, κ and λ at two-sided `level`, with n - 3 degrees of freedom; `None` for a level outside 0..1.
    ///
    /// They are symmetric, and may reach below 0 where a parameter cannot. (`confint` of the R package `usl` 3.0.3 takes
    /// the quantile at `level` with n - 1: its 95 % are 90 %.)
    #[must_use]
    pub fn intervals(&self, level: f64) -> Option<[Interval; 3]> {
        if !(level > 0.0 && level < 1.0) {
            return None;
        }
        let t = t_quantile(f64::midpoint(1.0, level), self.freedom as f64)?;
        let Model { sigma, kappa, lambda } = self.model;
        let of =
            |value: f64, error: f64| Interval { low: value - t * error, high: value + t * error };
        let [sigma_error, kappa_error, lambda_error] = self.standard_errors;
        Some([
            of(sigma, sigma_error),
            of(kappa, kappa_error),
            of(lambda.per_second(), lambda_error),
        ])
    }

    /// Whether the model may be asked at this concurrency: up to twice what was measured, of N and of X.
    #[must_use]
    pub fn is_trusted_at(&self, concurrency: f64) -> bool {
        concurrency <= TRUSTED_MULTIPLE * self.max_concurrency
            && self.model.throughput_at_concurrency(concurrency).is_some_and(|throughput| {
                throughput.per_second() <= TRUSTED_MULTIPLE * self.max_throughput.per_second()
            })
    }

    /// X(N) where the model [is trusted](Self::is_trusted_at).
    #[must_use]
    pub fn throughput_at_concurrency(&self, concurrency: f64) -> Option<Rate> {
        self.is_trusted_at(concurrency)
            .then(|| self.model.throughput_at_concurrency(concurrency))?
    }

    /// The peak where the model is trusted. `None` says "no peak within reach"; whether there is one beyond tells
    /// [`Model::peak`].
    #[must_use]
    pub fn peak(&self) -> Option<Peak> {
        self.model.peak().filter(|peak| self.is_trusted_at(peak.concurrency))
    }
}

/// Fits the law to measured points by bounded least squares on throughput.
///
/// Only points up to the saturation of the hardware follow it. The parameters that end on a bound are exactly there: κ = 0
/// says that there is no peak.
///
/// # Errors
/// Where the points are too few or say nothing: [`FitError`].
pub fn fit(points: &[Point]) -> Result<Fit, FitError> {
    let valid = |value: f64| value > 0.0 && value.is_finite();
    let invalid = points
        .iter()
        .position(|point| !valid(point.concurrency) || !valid(point.throughput.per_second()));
    if let Some(index) = invalid {
        return Err(FitError::InvalidPoint { index });
    }
    let found = distinct_concurrencies(points);
    if found < MIN_DISTINCT {
        return Err(FitError::TooFewConcurrencies { found });
    }
    let problem = Problem::of(points);
    let best = problem.solve().ok_or(FitError::Singular)?;
    let freedom = points.len() - 3;
    let residual_error = (best.squares / freedom as f64).sqrt() * problem.scale;
    let model = problem.model(best.parameters);
    let max_concurrency = points.iter().map(|point| point.concurrency).fold(0.0, f64::max);
    let lambda = model.lambda.per_second();
    let last = model.throughput_at_concurrency(max_concurrency).ok_or(FitError::Singular)?;
    if last.per_second() > LINEAR_EFFICIENCY * lambda * max_concurrency {
        return Err(FitError::Linear { lambda: model.lambda });
    }
    let inverse = problem.normal(best.parameters).inverse_diagonal().ok_or(FitError::Singular)?;
    let unit = residual_error / problem.scale;
    let errors = inverse.map(|variance| unit * variance.sqrt());
    Ok(Fit {
        model,
        standard_errors: [errors[0], errors[1], errors[2] * problem.scale],
        residual_error,
        freedom,
        max_concurrency,
        max_throughput: Rate(
            points.iter().map(|point| point.throughput.per_second()).fold(0.0, f64::max),
        ),
    })
}

/// How many concurrencies differ.
fn distinct_concurrencies(points: &[Point]) -> usize {
    let mut all: Vec<f64> = points.iter().map(|point| point.concurrency).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    all.len()
}

/// The least-squares model of points that are known to be valid; `None` where they do not tell the parameters apart.
pub(super) fn least_squares(points: &[Point]) -> Option<Model> {
    // Three of one kind and a fourth are the least that three parameters can be off.
    if distinct_concurrencies(points) < 4 {
        return None;
    }
    let problem = Problem::of(points);
    Some(problem.model(problem.solve()?.parameters))
}

/// The points in units of `scale`, as the columns of the Jacobian differ by 10⁶ otherwise.
struct Problem {
    points: Vec<(f64, f64)>,
    /// λ₀ = max(X/N).
    scale: f64,
}

/// σ, κ and λ/λ₀, with the sum of squares there.
#[derive(Clone, Copy)]
struct Solution {
    parameters: [f64; 3],
    squares: f64,
}

const LOWEST: [f64; 3] = [0.0, 0.0, 1e-9];
const HIGHEST: [f64; 3] = [1.0, 1.0, f64::INFINITY];

impl Problem {
    fn of(points: &[Point]) -> Self {
        let scale = points
            .iter()
            .map(|point| point.throughput.per_second() / point.concurrency)
            .fold(f64::MIN_POSITIVE, f64::max);
        let points = points
            .iter()
            .map(|point| (point.concurrency, point.throughput.per_second() / scale))
            .collect();
        Self { points, scale }
    }

    fn model(&self, [sigma, kappa, lambda]: [f64; 3]) -> Model {
        Model { sigma, kappa, lambda: Rate(lambda * self.scale) }
    }

    /// The best of the solutions from all starts.
    fn solve(&self) -> Option<Solution> {
        STARTS
            .iter()
            .map(|&(sigma, kappa)| self.descend([sigma, kappa, 1.0]))
            .filter(|solution| solution.squares.is_finite())
            .min_by(|a, b| a.squares.total_cmp(&b.squares))
    }

    /// Levenberg and Marquardt's method inside the box: a parameter that is on a bound and would leave it stays there.
    fn descend(&self, start: [f64; 3]) -> Solution {
        let mut at = Solution { parameters: start, squares: self.squares(start) };
        let mut damping = 1e-3;
        for _ in 0..1_000 {
            let normal = self.normal(at.parameters);
            let free = [0, 1, 2].map(|i| {
                let (value, downhill) = (at.parameters[i], normal.gradient[i]);
                !(value <= LOWEST[i] && downhill < 0.0 || value >= HIGHEST[i] && downhill > 0.0)
            });
            let Some(step) = normal.step(free, damping) else {
                damping *= 10.0;
                if damping > 1e12 {
                    break;
                }
                continue;
            };
            let next = [0, 1, 2].map(|i| (at.parameters[i] + step[i]).clamp(LOWEST[i], HIGHEST[i]));
            let squares = self.squares(next);
            if squares <= at.squares {
                let moved = (0..3)
                    .any(|i| (next[i] - at.parameters[i]).abs() > 1e-13 * at.parameters[i].abs());
                at = Solution { parameters: next, squares };
                damping = (damping / 10.0).max(1e-15);
                if !moved {
                    break;
                }
            } else {
                damping *= 10.0;
                if damping > 1e12 {
                    break;
                }
            }
        }
        at
    }

    fn squares(&self, [sigma, kappa, lambda]: [f64; 3]) -> f64 {
        let model = Model { sigma, kappa, lambda: Rate(lambda) };
        self.points.iter().map(|&(n, x)| (x - lambda * n / model.slowdown(n)).powi(2)).sum()
    }

    /// `JᵀJ` and `Jᵀ(x - X(n))` at these parameters.
    fn normal(&self, [sigma, kappa, lambda]: [f64; 3]) -> Normal {
        let model = Model { sigma, kappa, lambda: Rate(lambda) };
        let mut normal = Normal { matrix: [[0.0; 3]; 3], gradient: [0.0; 3] };
        for &(n, x) in &self.points {
            let slowdown = model.slowdown(n);
            let share = n / slowdown;
            let by_slowdown = -lambda * share / slowdown;
            let row = [by_slowdown * (n - 1.0), by_slowdown * n * (n - 1.0), share];
            let residual = x - lambda * share;
            for i in 0..3 {
                normal.gradient[i] += row[i] * residual;
                for j in 0..3 {
                    normal.matrix[i][j] += row[i] * row[j];
                }
            }
        }
        normal
    }
}

/// The normal equations.
struct Normal {
    matrix: [[f64; 3]; 3],
    gradient: [f64; 3],
}

impl Normal {
    /// The damped step of the free parameters; `None` where the matrix is singular.
    fn step(&self, free: [bool; 3], damping: f64) -> Option<[f64; 3]> {
        let mut matrix = self.matrix;
        let mut gradient = self.gradient;
        for i in 0..3 {
            matrix[i][i] *= 1.0 + damping;
            if !free[i] {
                matrix[i] = [0.0; 3];
                for row in &mut matrix {
                    row[i] = 0.0;
                }
                matrix[i][i] = 1.0;
                gradient[i] = 0.0;
            }
        }
        solve(matrix, gradient)
    }

    /// The diagonal of (JᵀJ)⁻¹.
    fn inverse_diagonal(&self) -> Option<[f64; 3]> {
        let mut diagonal = [0.0; 3];
        for (i, value) in diagonal.iter_mut().enumerate() {
            let mut unit = [0.0; 3];
            unit[i] = 1.0;
            *value = solve(self.matrix, unit)?[i];
        }
        diagonal.iter().all(|value| *value >= 0.0 && value.is_finite()).then_some(diagonal)
    }
}

/// A symmetric, positive definite system of three equations by Cholesky's method, its rows and columns brought to one size.
fn solve(matrix: [[f64; 3]; 3], right: [f64; 3]) -> Option<[f64; 3]> {
    let size = [0, 1, 2].map(|i| matrix[i][i].sqrt());
    if size.iter().any(|size| !(*size > 0.0 && size.is_finite())) {
        return None;
    }
    let mut lower = [[0.0; 3]; 3];
    for i in 0..3 {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = matrix[i][j] / (size[i] * size[j]) - known;
            lower[i][j] = if i == j {
                if rest <= 1e-15 {
                    return None;
                }
                rest.sqrt()
            } else {
                rest / lower[j][j]
            };
        }
    }
    let mut forward = [0.0; 3];
    for i in 0..3 {
        let known: f64 = (0..i).map(|k| lower[i][k] * forward[k]).sum();
        forward[i] = (right[i] / size[i] - known) / lower[i][i];
    }
    let mut solution = [0.0; 3];
    for i in (0..3).rev() {
        let known: f64 = (i + 1..3).map(|k| lower[k][i] * solution[k]).sum();
        solution[i] = (forward[i] - known) / lower[i][i];
    }
    Some([0, 1, 2].map(|i| solution[i] / size[i]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points(model: Model, concurrencies: &[f64]) -> Vec<Point> {
        let of = |&concurrency: &f64| Point {
            concurrency,
            throughput: model.throughput_at_concurrency(concurrency).unwrap(),
        };
        concurrencies.iter().map(of).collect()
    }

    #[test]
    fn what_is_refused() {
        assert_eq!(fit(&[]), Err(FitError::TooFewConcurrencies { found: 0 }));
        let model = Model { sigma: 0.05, kappa: 1e-3, lambda: Rate(100.0) };
        let five = points(model, &[1.0, 2.0, 4.0, 8.0, 16.0]);
        let twice = [five.clone(), five].concat();
        assert_eq!(fit(&twice), Err(FitError::TooFewConcurrencies { found: 5 }));
        let mut odd = points(model, &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
        odd[3].throughput = Rate(f64::NAN);
        assert_eq!(fit(&odd), Err(FitError::InvalidPoint { index: 3 }));
        let linear = Model { sigma: 0.0, kappa: 0.0, lambda: Rate(100.0) };
        let found = fit(&points(linear, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        assert!(matches!(found, Err(FitError::Linear { .. })), "{found:?}");
    }

    #[test]
    fn nothing_is_told_beyond_twice_the_data() {
        let model = Model { sigma: 0.05, kappa: 1e-5, lambda: Rate(100.0) };
        let found = fit(&points(model, &[1.0, 4.0, 8.0, 16.0, 32.0, 64.0])).unwrap();
        assert!(found.throughput_at_concurrency(128.0).is_some());
        assert_eq!(found.throughput_at_concurrency(129.0), None);
        assert!((found.model.peak().unwrap().concurrency - 308.2).abs() < 0.1);
        assert_eq!(found.peak(), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Exact points give their model back, at any scale of throughput and with N below 1.
        #[test]
        fn exact_points_give_their_model(sigma in 0.01..0.9_f64, kappa in prop_oneof![Just(0.0), 1e-5..0.1_f64], exponent in -3..7_i32) {
            let model = Model { sigma, kappa, lambda: Rate(10.0_f64.powi(exponent)) };
            let found = fit(&points(model, &[0.2, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0])).unwrap();
            prop_assert!((found.model.sigma - sigma).abs() < 1e-6, "{:?} {:?}", found.model, model);
            prop_assert!((found.model.kappa - kappa).abs() < 1e-8, "{:?} {:?}", found.model, model);
            prop_assert!((found.model.lambda.0 / model.lambda.0 - 1.0).abs() < 1e-6);
        }
    }
}
