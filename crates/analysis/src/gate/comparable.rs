//! Whether two sides were measured alike: without that, no difference says anything of the build.

use plimsoll_model::Rate;

use super::blocks::{in_blocks, length_of_blocks};
use super::sample::{Measured, Sample};
use crate::VerdictKind;
use crate::taxonomy::{Class, Side};

/// Standard deviations by which random arrivals may make rates differ beside what is tolerated.
const CHANCE: f64 = 4.0;

/// The share of requests that may fail by the generator's doing where others failed, too.
const MOST_OF_GENERATOR: f64 = 0.001;

/// Of a run's rates over time, the quantiles that are compared.
const SHAPE: [f64; 3] = [0.1, 0.5, 0.9];

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The new one.
    Candidate,
    /// The old one.
    Baseline,
}

/// Why nothing is compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The generator was the limit: what the server can do was not measured.
    GeneratorLimited {
        /// Which side's run.
        which: Which,
        /// The run.
        run: String,
        /// The chain; `None` where it is all of them.
        chain: Option<String>,
        /// What is known of it.
        headline: String,
    },
    /// An input of a run was damaged, or not read.
    Damaged {
        /// Which side's run.
        which: Which,
        /// The run.
        run: String,
    },
    /// A chain of the baseline is not in a run of the candidate, or of another run of the baseline.
    MissingChain {
        /// Which side lacks it.
        which: Which,
        /// The run.
        run: String,
        /// The chain.
        chain: String,
    },
    /// A chain was sent to at another rate.
    Rate {
        /// The run.
        run: String,
        /// The chain.
        chain: String,
        /// Of the candidate.
        candidate: Rate,
        /// Of the baseline.
        baseline: Rate,
        /// What is tolerated, as a share of the baseline's.
        tolerance: f64,
    },
    /// The rate went otherwise over time.
    Shape {
        /// The run.
        run: String,
        /// The chain.
        chain: String,
        /// The share of the time in which the rate was at most ...
        share: f64,
        /// ... this, of the candidate, ...
        candidate: Rate,
        /// ... and this of the baseline.
        baseline: Rate,
    },
    /// Other status codes were a success.
    SuccessCodes {
        /// The run.
        run: String,
        /// Of the candidate.
        candidate: String,
        /// Of the baseline.
        baseline: String,
    },
    /// One side's answers have bodies, in which JSON-RPC errors were found, and the other's have none, in which none can be.
    Bodies {
        /// The side without.
        without: Which,
        /// The chain.
        chain: String,
    },
}

impl Refusal {
    /// Whether it is for nothing that the candidate was measured: there is no verdict by absolute goals either.
    #[must_use]
    pub fn spoils_candidate(&self) -> bool {
        matches!(self, Self::GeneratorLimited { which: Which::Candidate, .. })
    }
}

/// Generators that were the limit.
#[must_use]
pub fn generator_limits(runs: &[Measured], which: Which) -> Vec<Refusal> {
    let refusal =
        |run: &Measured, sample: &Sample, chain: Option<String>| Refusal::GeneratorLimited {
            which,
            run: run.name.clone(),
            chain,
            headline: sample.headline.clone(),
        };
    let mut refusals = Vec::new();
    for run in runs {
        if run.total.verdict == VerdictKind::GeneratorLimited {
            refusals.push(refusal(run, &run.total, None));
            continue;
        }
        let limited = run.chains.iter().filter(|chain| is_generators(chain));
        refusals.extend(limited.map(|chain| refusal(run, chain, Some(chain.chain.clone()))));
    }
    refusals
}

fn is_generators(chain: &Sample) -> bool {
    let interrupted = chain.errors.get(&Class::Interrupted).copied().unwrap_or(0);
    let own = chain.failed(Side::Generator).saturating_sub(interrupted);
    chain.verdict == VerdictKind::GeneratorLimited
        || chain.verdict == VerdictKind::Mixed
            && own as f64 > MOST_OF_GENERATOR * chain.requests as f64
}

/// All that makes the runs of two sides differ, beside the build. `tolerance` is how far rates may be apart, as a share.
#[must_use]
pub fn refusals(candidate: &[Measured], baseline: &[Measured], tolerance: f64) -> Vec<Refusal> {
    let mut refusals = generator_limits(candidate, Which::Candidate);
    refusals.extend(generator_limits(baseline, Which::Baseline));
    // A generator at its limit makes rates differ: that is said once.
    let Some(old) = baseline.first().filter(|_| refusals.is_empty()) else { return refusals };
    for (which, run) in baseline[1..]
        .iter()
        .map(|run| (Which::Baseline, run))
        .chain(candidate.iter().map(|run| (Which::Candidate, run)))
    {
        if run.success_codes != old.success_codes {
            refusals.push(Refusal::SuccessCodes {
                run: run.name.clone(),
                candidate: run.success_codes.clone(),
                baseline: old.success_codes.clone(),
            });
        }
        for chain in &old.chains {
            match run.chain(&chain.chain).filter(|chain| chain.requests > 0) {
                Some(new) => refusals.extend(differences(&run.name, new, chain, tolerance)),
                None => refusals.push(Refusal::MissingChain {
                    which,
                    run: run.name.clone(),
                    chain: chain.chain.clone(),
                }),
            }
        }
    }
    refusals
}

fn differences(run: &str, new: &Sample, old: &Sample, tolerance: f64) -> Option<Refusal> {
    let (run, chain) = (run.to_owned(), new.chain.clone());
    let found_rpc = |chain: &Sample| chain.errors.contains_key(&Class::RpcError);
    for (without, with, which) in [(new, old, Which::Candidate), (old, new, Which::Baseline)] {
        if without.bodies == 0 && found_rpc(with) {
            return Some(Refusal::Bodies { without: which, chain });
        }
    }
    let is_alike = |new: f64, old: f64, tolerance: f64, chance: f64| {
        (new - old).abs() <= old * (tolerance + chance)
    };
    if let (Some(candidate), Some(baseline)) = (new.offered, old.offered) {
        let chance = CHANCE / (new.requests.min(old.requests).max(1) as f64).sqrt();
        if !is_alike(candidate.0, baseline.0, tolerance, chance) {
            return Some(Refusal::Rate { run, chain, candidate, baseline, tolerance });
        }
    }
    let (new, old) = (rates(new)?, rates(old)?);
    for share in SHAPE {
        let at = |rates: &[(f64, f64)]| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place")]
            let place = (share * (rates.len() - 1) as f64).round() as usize;
            rates[place]
        };
        let ((candidate, requests), (baseline, of_old)) = (at(&new), at(&old));
        let chance = CHANCE / requests.min(of_old).max(1.0).sqrt();
        // Blocks do not begin at the same moments of two runs.
        if !is_alike(candidate, baseline, 2.0 * tolerance, chance) {
            let (candidate, baseline) = (Rate(candidate), Rate(baseline));
            return Some(Refusal::Shape { run, chain, share, candidate, baseline });
        }
    }
    None
}

/// (rate, requests) of blocks of time in rising order, without the first and the last window, which are not full. `None`
/// where there are too few to tell a shape.
fn rates(sample: &Sample) -> Option<Vec<(f64, f64)>> {
    let inner = sample.windows.get(1..sample.windows.len().saturating_sub(1))?;
    let windows: Vec<(u64, u64)> =
        inner.iter().map(|window| (window.span.0, window.requests)).collect();
    let blocks = in_blocks(&windows, length_of_blocks(windows.len()));
    let mut rates: Vec<(f64, f64)> = blocks
        .iter()
        .filter(|(span, _)| *span > 0)
        .map(|&(span, requests)| (requests as f64 / (span as f64 / 1e9), requests as f64))
        .collect();
    rates.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    (rates.len() >= 4).then_some(rates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::sample::Window;
    use plimsoll_model::Nanos;

    fn chain(name: &str, rates: &[u64]) -> Sample {
        let window = |&requests: &u64| Window {
            span: Nanos(1_000_000_000),
            requests,
            successes: requests,
            ..Window::default()
        };
        let requests: u64 = rates.iter().sum();
        Sample {
            chain: name.to_owned(),
            requests,
            successes: requests,
            offered: Some(Rate(requests as f64 / rates.len() as f64)),
            windows: rates.iter().map(window).collect(),
            verdict: VerdictKind::Healthy,
            ..Sample::default()
        }
    }

    fn run(chains: Vec<Sample>) -> [Measured; 1] {
        [Measured { chains, ..Measured::default() }]
    }

    fn between(new: Sample, old: Sample) -> Vec<Refusal> {
        refusals(&run(vec![new]), &run(vec![old]), 0.1)
    }

    #[test]
    fn what_was_measured_alike_is_compared() {
        assert_eq!(between(chain("a", &[300; 20]), chain("a", &[310; 25])), []);
        // Ten requests a second, at random.
        let few = [7, 12, 9, 14, 10, 6, 11, 13, 8, 10, 12, 9];
        assert_eq!(between(chain("a", &few), chain("a", &[10; 12])), []);
    }

    #[test]
    fn rates_and_shapes_that_differ_are_refused() {
        let found = between(chain("a", &[400; 20]), chain("a", &[300; 20]));
        assert!(matches!(&found[..], [Refusal::Rate { .. }]), "{found:?}");
        let ramp: Vec<u64> = (0..24).map(|i| 70 + 20 * i).collect();
        let found = between(chain("a", &ramp), chain("a", &[300; 24]));
        assert!(matches!(&found[..], [Refusal::Shape { .. }]), "{found:?}");
        assert_eq!(between(chain("a", &ramp), chain("a", &ramp)), []);
    }

    #[test]
    fn a_chain_that_is_gone_is_told() {
        let found = refusals(&run(Vec::new()), &run(vec![chain("a", &[9; 9])]), 0.1);
        assert!(matches!(&found[..], [Refusal::MissingChain { which: Which::Candidate, .. }]));
        assert_eq!(refusals(&run(vec![chain("a", &[9; 9])]), &run(Vec::new()), 0.1), []);
    }

    #[test]
    fn generators_at_their_limit_are_told() {
        let mut limited = chain("a", &[300; 20]);
        limited.verdict = VerdictKind::Mixed;
        assert_eq!(between(limited.clone(), chain("a", &[300; 20])), []);
        limited.errors.insert(Class::PortExhaustion, 60);
        let found = between(limited, chain("a", &[300; 20]));
        assert!(found[0].spoils_candidate(), "{found:?}");
    }

    #[test]
    fn errors_that_one_side_cannot_see_are_told() {
        let mut with = chain("a", &[300; 20]);
        with.bodies = 6_000;
        with.errors.insert(Class::RpcError, 10);
        let found = between(with, chain("a", &[300; 20]));
        assert!(matches!(&found[..], [Refusal::Bodies { without: Which::Baseline, .. }]));
    }
}
