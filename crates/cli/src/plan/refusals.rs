//! Why a measurement cannot size a fleet: with what was measured, and who set the limit there.

use plimsoll_analysis::capacity::sustained::Binding;
use plimsoll_analysis::plan::basis::Unfit;
use plimsoll_analysis::plan::{Demand, Error, ErrorKind, Inputs};
use plimsoll_render::MeasuredChain;
use plimsoll_render::plan::per_second;

use super::measurements::One;

/// Chains whose verdicts are told.
const MOST: usize = 4;

/// Nothing was found to hold.
pub(super) fn nothing(name: &str, one: &One, own: &MeasuredChain) -> String {
    let from = one.source_of(own);
    if one.found.goal.is_empty() {
        let anew = if one.is_summary { ", with which to analyze the results anew" } else { "" };
        return format!(
            "{name}: what load holds in {from} is a question of what is good enough: --slo latency=500ms,success=99.5%, or [slo] in plimsoll.toml{anew}. {}",
            verdict(own)
        );
    }
    format!(
        "{name}: what an instance sustains does not follow from {from}. {}. A capacity takes rates that are held, some of them too high: plimsoll attack --steps, or --find-capacity",
        verdict(own)
    )
}

/// What was found is not fit to size a fleet. `owns` are the chains that it is of.
pub(super) fn unfit(name: &str, from: &str, unfit: Unfit, owns: &[&MeasuredChain]) -> String {
    let why = match unfit {
        Unfit::BelowAllRates { upper } => format!(
            "every rate in {from} was too high: an instance sustains less than {}. Offer lower rates",
            upper.map_or_else(|| "all of them".to_owned(), per_second)
        ),
        Unfit::PerhapsBelowAllRates { lower } => format!(
            "{from} has {} hold, but by chance an instance may sustain less than all rates that were offered. Offer lower rates or hold them for longer; --set fleet.size_at=point does not help, as there is no low end to show",
            per_second(lower)
        ),
        Unfit::Screening => format!(
            "what {from} shows is a screening, from a ramp or from too few windows, and reads too high: hold rates next to it for longer (plimsoll analyze says which). --allow-screening plans with it all the same"
        ),
        Unfit::Generator { lower: Some(lower) } => format!(
            "in {from} the generator was the limit: {} were held, and what the server carries beyond was not measured. Use more generator hosts (plimsoll doctor). --allow-screening plans with it all the same, as at least that much",
            per_second(lower)
        ),
        Unfit::Generator { lower: None } => format!(
            "in {from} the generator was the limit at every rate: what the server carries was not measured. Use more generator hosts (plimsoll doctor)"
        ),
    };
    format!("{name}: {why}. {}", verdicts(owns))
}

/// Inputs of which each is in its range, and that have no plan together.
pub(super) fn no_plan(inputs: &Inputs, error: &Error) -> anyhow::Error {
    let at = inputs.fleet.size_at.at();
    let capacity = |chain: &Demand| chain.capacity.at(at).unwrap_or(chain.capacity.point);
    let work = |chain: &Demand| chain.target.per_second() / capacity(chain).per_second();
    let largest = inputs.chains.iter().max_by(|left, right| work(left).total_cmp(&work(right)));
    let key = match (error.kind(), largest) {
        (ErrorKind::TooCostly, _) => "[cost]".to_owned(),
        // Zones and spare instances alone may be too many, too.
        (ErrorKind::TooLarge, Some(chain)) if work(chain) > 1e6 => format!(
            "chains.{}.target_rps = {}: an instance is taken to sustain {}/s",
            chain.name,
            chain.target.per_second(),
            capacity(chain).per_second()
        ),
        _ => "[fleet]".to_owned(),
    };
    anyhow::anyhow!("{key}: there is no such fleet: {error}")
}

/// The verdicts of some chains.
pub(super) fn verdicts(owns: &[&MeasuredChain]) -> String {
    if let [own] = owns {
        return verdict(own);
    }
    let each = owns.iter().take(MOST).map(|own| format!("{}: {}", own.name, verdict(own)));
    let more = owns.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!("{more} more: plimsoll analyze tells their verdicts"));
    each.chain(more).collect::<Vec<_>>().join("; ")
}

/// Who set the limit, how that is known, and what breaks.
fn verdict(own: &MeasuredChain) -> String {
    let kind = own.verdict.replace('_', " ");
    let breaks = match own.capacity.and_then(|found| found.binding) {
        Some(Binding::Success) => "; what breaks first is success",
        Some(Binding::Latency) => "; what breaks first is latency",
        Some(Binding::Backlog) => "; what breaks first is that a backlog grows",
        None => "",
    };
    format!("Its verdict is {kind}: {}{breaks}", own.headline)
}
