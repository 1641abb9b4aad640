//! Charts of findings and plans, as SVG.
//!
//! Each chart is one sentence, drawn. They are made of what a summary holds, which is bounded, so that they are small however
//! many requests there were: a window that stands for many keeps its maximum, and a curve of a distribution its last value.

mod axis;
mod canvas;
mod cost;
mod errors;
mod growth;
mod ink;
mod latency;
mod lettering;
mod load;
mod percentiles;
mod rate;
mod scalability;
mod sheet;
mod timeline;

use std::collections::BTreeSet;

use plimsoll_analysis::ChainFindings;
use plimsoll_analysis::plan::Plan;

use crate::EffectiveConfig;
use crate::escape::shortened;
pub(crate) use canvas::Escaped;
#[cfg(test)]
pub(crate) use ink::contrast::contrast;
pub(crate) use sheet::{Chart, SHAPES};

/// Characters of a name that a chart's title has room for.
const LONGEST_NAME: usize = 48;

/// What a chart is of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) chain: &'a ChainFindings,
    pub(crate) config: &'a EffectiveConfig,
    /// How titles call it; the chain's name where that is `None`.
    pub(crate) name: Option<&'static str>,
    /// What its files' names begin with.
    pub(crate) stem: &'a str,
}

impl Subject<'_> {
    fn name(&self) -> String {
        match self.name {
            Some(name) => name.to_owned(),
            None => shortened(&self.chain.name, LONGEST_NAME).into_owned(),
        }
    }

    fn file(&self, what: &str) -> String {
        format!("{}-{what}", self.stem)
    }
}

/// The charts of a chain that have something to show, in reading order.
pub(crate) fn of_chain(subject: Subject<'_>) -> Vec<Chart> {
    let charts = [
        load::chart,
        rate::chart,
        latency::chart,
        percentiles::chart,
        errors::chart,
        scalability::chart,
    ];
    charts.into_iter().filter_map(|chart| chart(subject)).collect()
}

/// The charts of a plan that have something to show.
pub(crate) fn of_plan(plan: &Plan) -> Vec<Chart> {
    [growth::chart(plan), cost::chart(plan)].into_iter().flatten().collect()
}

/// The style sheet of a page with charts in it.
pub(crate) fn page_style() -> String {
    let inks: BTreeSet<ink::Ink> = ink::Ink::ALL.into_iter().collect();
    format!("{SHAPES}{}", ink::style_sheet(&inks))
}
