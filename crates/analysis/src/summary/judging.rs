//! What verdicts are made of.

use std::collections::BTreeMap;

use plimsoll_model::{Nanos, Rate, Timestamp};

use super::ChainParts;
use super::chain::Context;
use super::runs::{RunPart, Times};
use crate::pace;
use crate::runs::OVERFLOW;
use crate::taxonomy::Class;
use crate::templates::Templates;
use crate::verdict::{Busy, Case, Goals, Load, judge};
use crate::{ChainFindings, ErrorFinding, Options};

impl Context<'_> {
    /// Puts the verdict into the chain's findings. `exhausted` are the times of all that had no port; `chains` are the
    /// judged chains, if it is everything.
    pub(super) fn judge(
        &self,
        chain: &mut ChainFindings,
        parts: &ChainParts<'_>,
        exhausted: &Times,
        chains: &[ChainFindings],
    ) {
        let slo = self.options.slo.unwrap_or_default();
        let validity = self.options.validity;
        let goals = Goals {
            success_min: slo.success_min,
            latency: slo.latency,
            good_min: slo.good_ratio(),
            min_sent_ratio: validity.min_sent_ratio,
            max_client_error_ratio: validity.max_client_error_ratio,
            ports: self.options.ports,
        };
        let loads = self.loads(parts);
        let case = Case {
            requests: chain.requests,
            successes: chain.successes,
            good: chain.good,
            bodies: chain.bodies,
            errors: &chain.errors,
            recorded: &chain.latency.all,
            lasting: if chains.is_empty() {
                lasting([&*chain])
            } else {
                lasting(chains.iter().filter(|chain| runs_out_of_ports(chain)))
            },
            earliest: chain.earliest,
            intended: chain.intended,
            offered: chain.offered,
            peak: self.peak(exhausted),
            sent_before: self.sent_before_exhaustion(exhausted, &chain.errors),
            pace: chain.pace.as_ref().map_err(|why| *why),
            bursts: pace::bursts(&self.shares(parts)),
            busy: busy(chain, validity.max_generator_cpu),
            // Of several chains, the runs are not stages of one load.
            loads: if chains.len() > 1 { &[] } else { &loads },
            hosts: chain.hosts.len(),
            chains,
        };
        chain.verdict = judge(&case, &goals);
    }

    /// The rate of the chain's requests in one run.
    fn rate(&self, root: u32, part: &RunPart) -> Option<Rate> {
        let run = self.runs.by_root.get(&root)?;
        let of_run = if let Some(intended) = run.pace.intended() {
            intended.rate
        } else {
            let span = run.starts.span(0)?;
            Rate::over(run.starts.count, Nanos(span.end.abs_diff(span.start)))?
        };
        let share = part.requests as f64 / run.requests.max(1) as f64;
        Some(Rate(of_run.per_second() * share))
    }

    fn loads(&self, parts: &ChainParts<'_>) -> Vec<Load> {
        let mut failures: BTreeMap<u32, BTreeMap<Class, u64>> = BTreeMap::new();
        for cell in parts.cells.iter().filter(|cell| cell.run != OVERFLOW) {
            let of_run = failures.entry(self.runs.root(cell.run)).or_default();
            for (template, count) in cell.tally.errors.iter() {
                *of_run.entry(self.templates().class(template)).or_default() += count;
            }
        }
        let load = |(&root, part): (&u32, &RunPart)| {
            let span = part.starts.span(0)?;
            Some(Load {
                rate: self.rate(root, part)?,
                span: (Timestamp(span.start), Timestamp(span.end)),
                requests: part.requests,
                failures: failures.get(&root).cloned().unwrap_or_default(),
            })
        };
        parts.times.by_root.iter().filter_map(load).collect()
    }

    fn templates(&self) -> &Templates {
        &self.counting.templates
    }

    /// About how many of these requests had been sent when the first failed for want of a port, if the first of them had
    /// been sent less than a port's hold before.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "of some seconds")]
    fn sent_before_exhaustion(&self, times: &Times, errors: &[ErrorFinding]) -> Option<u64> {
        let exhausted = errors.iter().filter(|error| error.class == Class::PortExhaustion);
        let first = exhausted.filter_map(|error| error.first).min()?;
        let mut sent = 0.0;
        for (&root, part) in &times.by_root {
            let elapsed = first.since(part.starts.earliest()?);
            if elapsed >= self.options.ports.hold {
                return None;
            }
            let most = part.starts.count as f64;
            sent += (self.rate(root, part)?.per_second() * elapsed.as_secs_f64()).min(most);
        }
        Some(sent.round() as u64)
    }

    /// The most of these requests per second that were to be sent at any time.
    fn peak(&self, times: &Times) -> Option<Rate> {
        let span = |(&root, part): (&u32, &RunPart)| {
            let span = part.starts.span(self.runs.mean_interval(root))?;
            Some((Timestamp(span.start), Timestamp(span.end), self.rate(root, part)?))
        };
        let spans: Vec<_> = times.by_root.iter().filter_map(span).collect();
        pace::peak(&spans)
    }
}

/// How much of the chain was sent by a generator that used more than this share of its CPU time.
fn busy(chain: &ChainFindings, limit: f64) -> Option<Busy> {
    let known =
        chain.windows.iter().filter_map(|window| Some((window.generator_cpu?, window.sent)));
    let most =
        known.clone().map(|(cpu, _)| cpu).max_by(f64::total_cmp).filter(|most| *most > limit)?;
    let sent: u64 = known.filter(|(cpu, _)| *cpu > limit).map(|(_, sent)| sent).sum();
    Some(Busy { share: sent as f64 / chain.requests.max(1) as f64, most, limit })
}

/// The send lag that is accepted.
pub(super) fn lag_limit(options: &Options) -> Nanos {
    options.validity.lag_limit(options.slo.and_then(|slo| slo.latency))
}

pub(super) fn runs_out_of_ports(chain: &ChainFindings) -> bool {
    chain.errors.iter().any(|error| error.class == Class::PortExhaustion)
}

/// How long requests that opened a connection lasted, on average.
fn lasting<'a>(chains: impl IntoIterator<Item = &'a ChainFindings>) -> Nanos {
    let (mut sum, mut count) = (0, 0);
    for chain in chains {
        let unopened = || chain.errors.iter().filter(|error| !error.class.opens_connection());
        let all = &chain.latency.all;
        sum += all.sum_ns - unopened().map(|error| error.latency_sum_ns).sum::<u128>();
        count += all.count - unopened().map(|error| error.count).sum::<u64>();
    }
    let mean = sum / u128::from(count.max(1));
    Nanos(u64::try_from(mean).unwrap_or(u64::MAX))
}
