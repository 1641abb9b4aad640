//! Figures and rules in words.

use plimsoll_analysis::gate::clustering::Clustering;
use plimsoll_analysis::gate::comparable::{Refusal, Which};
use plimsoll_analysis::gate::history::{Change, Figure};
use plimsoll_analysis::gate::judge::{Check, Decision, Floor, Found, NewErrors};
use plimsoll_analysis::gate::latency::{Basis, LatencyComparison, NoComparison};
use plimsoll_analysis::gate::success::NonInferiority;
use plimsoll_analysis::gate::threshold::{Aggregation, Metric, Outcome, Threshold};
use plimsoll_analysis::gate::two_proportions::{Ends, Share};

use crate::clock::date_and_time;
use crate::numbers::{count, counted, grouped, interval, millis, percent, rate, span};
use crate::verdict::Sentence;

/// `99.94 %` of counts.
pub(super) fn share(share: Share) -> String {
    percent(whole(share.successes), whole(share.trials))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was a count")]
pub(super) fn whole(count: f64) -> u64 {
    count.round().max(0.0) as u64
}

/// A number that is 0 or more, rounded up to three digits: what is asked for is never too little.
pub(super) fn at_least(needed: f64) -> String {
    let needed = needed.max(1.0).ceil();
    let digits = needed.log10().floor().max(2.0) - 2.0;
    let unit = 10_f64.powf(digits);
    count(whole((needed / unit).ceil() * unit))
}

/// A share's difference in percentage points, with its sign.
pub(super) fn points(difference: f64) -> String {
    let points = difference * 100.0;
    let decimals = if points.abs() < 0.1 { 3 } else { 2 };
    let text = format!("{points:+.decimals$}");
    if text.trim_start_matches(['+', '-', '0', '.']).is_empty() { "0".to_owned() } else { text }
}

/// The same without its sign, as it was given: `0.5`.
pub(super) fn plain_points(points: f64) -> String {
    let text = format!("{:.4}", points * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `+12 %` of a ratio.
pub(super) fn change(ratio: f64) -> String {
    let percent = (ratio - 1.0) * 100.0;
    let decimals = usize::from(percent.abs() < 10.0);
    format!("{percent:+.decimals$} %")
}

/// `p99`, `p99.9`, `median`.
pub(super) fn quantile(quantile: f64) -> String {
    let percent = format!("{:.4}", quantile * 100.0);
    match percent.trim_end_matches('0').trim_end_matches('.') {
        "50" => "median".to_owned(),
        percent => format!("p{percent}"),
    }
}

/// What a rule is about, in a word or two.
pub(super) fn rule(check: &Check) -> String {
    match &check.found {
        Found::Success(_) => "success".to_owned(),
        Found::Floor(_) => "success goal".to_owned(),
        Found::Latency(found) => quantile(found.quantile),
        Found::NoLatency { quantile: of, .. } => quantile(*of),
        Found::NewErrors(found) => format!("new: {}", found.class),
        Found::Threshold { threshold, .. } => threshold.text.clone(),
        Found::Change(change) => format!("history: {}", figure(change.figure)),
    }
}

fn figure(figure: Figure) -> String {
    match figure {
        Figure::FailureRatio => "failures".to_owned(),
        Figure::LatencyMs(of) => quantile(of),
    }
}

/// What was found, in a sentence that begins with the chain.
pub(super) fn sentence(check: &Check, compares: bool) -> Sentence {
    let start = match &check.chain {
        Some(chain) => Sentence::default().foreign(chain).own(": "),
        None => Sentence::default(),
    };
    match &check.found {
        Found::Success(found) => start.own(success(found, check.decision, compares)),
        Found::Floor(found) => start.own(floor(found, check.decision)),
        Found::Latency(found) => start.own(latency(found, check)),
        Found::NoLatency { quantile: of, why } => {
            start.own(format!("{} is not compared: {}", quantile(*of), no_latency(*why)))
        }
        Found::NewErrors(found) => start.own(new_errors(found, check.decision)),
        Found::Threshold { threshold, outcome } => threshold_sentence(threshold, outcome),
        Found::Change(found) => history(start, found),
    }
}

fn success(found: &NonInferiority, decision: Decision, compares: bool) -> String {
    let (new, old) = (share(found.pair.candidate), share(found.pair.baseline));
    let difference = found.difference();
    let interval = format!("{} to {}", points(found.interval.low), points(found.interval.high));
    let told = if difference < 0.0 {
        format!(
            "success is {new}, {} points below the baseline's {old} (interval {interval})",
            points(difference).trim_start_matches('-')
        )
    } else if difference > 0.0 {
        format!(
            "success is {new}, {} points above the baseline's {old} (interval {interval})",
            points(difference).trim_start_matches('+')
        )
    } else {
        format!("success is {new} as the baseline's (interval {interval} points)")
    };
    let tolerated = format!("{} are tolerated", plain_points(found.margin));
    let bursts = bursts(found.clustering);
    match decision {
        _ if compares => format!("{told}{bursts}"),
        Decision::Inconclusive => {
            format!("{told}; {tolerated}, and it takes {} to tell{bursts}", needed(found))
        }
        _ => format!("{told}; {tolerated}{bursts}"),
    }
}

/// How many requests it takes, and how many there are.
fn needed(found: &NonInferiority) -> String {
    let (new, old) = (found.pair.candidate.trials, found.pair.baseline.trials);
    match found.beside_baseline {
        Some(needed) if needed > new => format!(
            "about {} requests instead of {} (the baseline's {} are enough)",
            at_least(needed),
            count(whole(new)),
            count(whole(old))
        ),
        Some(_) => format!(
            "more than the {} requests that decide most often: the truth is close to what is tolerated",
            count(whole(new))
        ),
        None => format!(
            "about {} requests on each side instead of {} and the baseline's {}",
            at_least(found.per_side),
            count(whole(new)),
            count(whole(old))
        ),
    }
}

fn bursts(clustering: Clustering) -> String {
    if clustering.design_effect < 1.5 {
        return String::new();
    }
    format!(
        "; failures come in bursts, by which {} requests are worth one",
        grouped(&format!("{:.0}", clustering.design_effect))
    )
}

fn floor(found: &Floor, decision: Decision) -> String {
    let ends = ends(found.interval);
    let told = format!(
        "success is {} (interval {ends}); the goal is {} %",
        share(found.share),
        plain_points(found.goal)
    );
    let bursts = bursts(found.clustering);
    match (decision, found.needed) {
        (Decision::Inconclusive, Some(needed)) => format!(
            "{told}, and it takes about {} requests instead of {} to tell{bursts}",
            at_least(needed),
            count(whole(found.share.trials))
        ),
        _ => format!("{told}{bursts}"),
    }
}

/// `[99.05, 100] %`.
pub(super) fn ends(found: Ends) -> String {
    format!("{} %", interval(found.low, found.high))
}

fn latency(found: &LatencyComparison, check: &Check) -> String {
    let limit =
        if check.gates { format!("; {} is tolerated", change(found.limit)) } else { String::new() };
    let basis = match found.basis {
        Basis::Runs => "",
        Basis::Blocks => "; weaker, as one run a side says nothing of how runs differ",
    };
    format!(
        "{} is {} ms after {} ms, {} (interval {} to {}){limit}{basis}",
        quantile(found.quantile),
        millis(found.candidate),
        millis(found.baseline),
        change(found.ratio),
        change(found.interval.low),
        change(found.interval.high),
    )
}

pub(super) fn no_latency(why: NoComparison) -> String {
    match why {
        NoComparison::TooFew { answers, needed } => format!(
            "it takes {} accepted answers on each side instead of {}",
            count(needed),
            count(answers)
        ),
        NoComparison::NoBlocks => {
            "a side has no latencies by blocks of time: analyze its results anew".to_owned()
        }
    }
}

fn new_errors(found: &NewErrors, decision: Decision) -> String {
    let told = format!(
        "{} of {}, {}, which the baseline does not have",
        counted(found.count, "request failed by", "requests failed by"),
        found.class,
        percent(found.count, found.requests),
    )
    .replacen(" of ", " ", 1);
    let max = match found.max_ratio {
        Some(max) => format!("; {} % are tolerated", plain_points(max)),
        None => String::new(),
    };
    match decision {
        Decision::Inconclusive => format!("{told}{max}, and chance may have made them"),
        _ => format!("{told}{max}"),
    }
}

fn threshold_sentence(threshold: &Threshold, outcome: &Outcome) -> Sentence {
    let start = Sentence::default().foreign(&threshold.text);
    match outcome {
        Outcome::NoData => start.own(": there is no data, which keeps no goal"),
        Outcome::TooFew { values, needed } => start.own(format!(
            ": it takes {} values instead of {} to tell that quantile",
            count(*needed),
            count(*values)
        )),
        Outcome::Found { value, missed, first, window, .. } => {
            let value = self::value(threshold, *value);
            let spans = match (missed, window) {
                (Some((0, all)), Some(length)) => {
                    format!(
                        " at worst, of {} of {}",
                        counted(*all as u64, "span", "spans"),
                        span(*length)
                    )
                }
                (Some((missed, all)), Some(length)) => format!(
                    " at worst: {missed} of {} of {} miss it{}",
                    counted(*all as u64, "span", "spans"),
                    span(*length),
                    first.map(|at| format!(", from {}", date_and_time(at))).unwrap_or_default()
                ),
                _ => String::new(),
            };
            start.own(format!(": it is {value}{spans}"))
        }
    }
}

/// A value of a metric with its unit.
pub(super) fn value(threshold: &Threshold, value: f64) -> String {
    let plain = |decimals: usize| {
        let text = format!("{value:.decimals$}");
        let text = if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.')
        } else {
            &text
        };
        grouped(text)
    };
    match (threshold.metric, threshold.aggregation) {
        (Metric::LatencyMs | Metric::AllLatencyMs, _) => format!("{} ms", plain(3)),
        (Metric::Errors | Metric::Requests, Aggregation::Count) => plain(0),
        (Metric::SuccessRatio | Metric::GoodRatio | Metric::ErrorRatio, _) => plain(6),
        _ => format!("{}/s", plain(2)),
    }
}

fn history(start: Sentence, found: &Change) -> Sentence {
    let (before, after) = match found.figure {
        Figure::FailureRatio => {
            let percent = |ratio: f64| format!("{} %", plain_points(ratio));
            (percent(found.before), percent(found.after))
        }
        Figure::LatencyMs(_) => {
            let millis = |ms: f64| format!("{ms:.1} ms");
            (millis(found.before), millis(found.after))
        }
    };
    let since = match (found.at, found.is_last) {
        (Some(at), true) => format!(" ({}), {} ago", date_and_time(at), runs(found.runs)),
        (Some(at), false) => format!(" ({}), for {}", date_and_time(at), runs(found.runs)),
        (None, _) => format!(", for {}", runs(found.runs)),
    };
    start
        .own(format!("{} went from {before} to {after} with ", figure(found.figure)))
        .foreign(&found.run)
        .own(since)
}

fn runs(runs: usize) -> String {
    counted(runs as u64, "run", "runs")
}

/// Why nothing is compared.
pub(super) fn refusal(refusal: &Refusal) -> Sentence {
    let of = |which: &Which| match which {
        Which::Candidate => "the candidate",
        Which::Baseline => "the baseline",
    };
    match refusal {
        Refusal::GeneratorLimited { which, run, chain, headline } => {
            let start = Sentence::new(format!("{}, ", of(which))).foreign(run);
            let start = match chain {
                Some(chain) => start.own(", chain ").foreign(chain),
                None => start,
            };
            start.own(": the load generator was the limit, so nothing is known of the build: ").foreign(headline)
        }
        Refusal::Damaged { which, run } => Sentence::new(format!("{}, ", of(which)))
            .foreign(run)
            .own(": an input is damaged or was not read; --allow-damaged accepts that"),
        Refusal::MissingChain { which, run, chain } => Sentence::new("chain ")
            .foreign(chain)
            .own(format!(" of the baseline is not in {}, ", of(which)))
            .foreign(run),
        Refusal::Rate { run, chain, candidate, baseline, tolerance } => {
            Sentence::default().foreign(run).own(", chain ").foreign(chain).own(format!(
                ": sent at {} requests/s after {}: more than {} % apart",
                rate(Some(*candidate)),
                rate(Some(*baseline)),
                plain_points(*tolerance)
            ))
        }
        Refusal::Shape { run, chain, share, candidate, baseline } => {
            Sentence::default().foreign(run).own(", chain ").foreign(chain).own(format!(
                ": another shape of load: for {:.0} % of the time the rate was at most {} requests/s, and the baseline's {}",
                share * 100.0,
                rate(Some(*candidate)),
                rate(Some(*baseline))
            ))
        }
        Refusal::SuccessCodes { run, candidate, baseline } => Sentence::default()
            .foreign(run)
            .own(": other status codes are a success: ")
            .foreign(candidate)
            .own(" after ")
            .foreign(baseline),
        Refusal::Bodies { without, chain } => Sentence::new("chain ").foreign(chain).own(format!(
            ": {} has no bodies, in which the other's JSON-RPC errors were found",
            of(without)
        )),
    }
}

/// The name of a refusal in JSON.
pub(super) fn refusal_kind(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::GeneratorLimited { .. } => "generator_limited",
        Refusal::Damaged { .. } => "damaged",
        Refusal::MissingChain { .. } => "missing_chain",
        Refusal::Rate { .. } => "rate",
        Refusal::Shape { .. } => "shape",
        Refusal::SuccessCodes { .. } => "success_codes",
        Refusal::Bodies { .. } => "bodies",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_never_too_little() {
        assert_eq!(at_least(4_348.2), "4,350");
        assert_eq!(at_least(12.3), "13");
        assert_eq!(at_least(999.1), "1,000");
        assert_eq!(at_least(0.0), "1");
        assert_eq!(at_least(1_234_567.0), "1,240,000");
    }

    #[test]
    fn differences_have_their_sign() {
        assert_eq!(points(-0.0198), "-1.98");
        assert_eq!(points(0.000_05), "+0.005");
        assert_eq!(points(0.0), "0");
        assert_eq!(points(-1e-9), "0");
        assert_eq!(plain_points(0.005), "0.5");
        assert_eq!(change(1.123), "+12 %");
        assert_eq!(change(0.985), "-1.5 %");
        assert_eq!(
            (quantile(0.99), quantile(0.999), quantile(0.5)),
            ("p99".into(), "p99.9".into(), "median".into())
        );
    }
}
