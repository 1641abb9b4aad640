//! The whole report: a page, its Markdown, its charts and the figures behind them.

mod blocks;
mod html;
mod markdown;
mod story;

use crate::plan::{self, PlanReport};
use crate::{Summary, json};
use blocks::Block;

/// All that a report is made of.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// What was found.
    pub summary: &'a Summary<'a>,
    /// What it takes to carry the targets.
    pub plan: Planned<'a>,
    /// How the report is made again.
    pub command: &'a str,
    /// The configuration that was read: its name and what is in it.
    pub configuration: Option<(&'a str, &'a str)>,
}

/// A plan, or why there is none.
#[derive(Clone, Debug)]
pub enum Planned<'a> {
    /// No target was configured.
    NotAsked,
    /// The measurements cannot size a fleet.
    Refused(String),
    /// The plan.
    Fleet(&'a PlanReport<'a>),
}

/// A file of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it belongs below the report's directory, with `/` between names.
    pub path: String,
    /// All of it.
    pub content: String,
}

/// The report's files.
#[must_use]
pub fn files(report: &Report<'_>) -> Vec<File> {
    let story = story::of(report);
    let file = |path: &str, content: String| File { path: path.to_owned(), content };
    let mut files = vec![
        file("report.html", html::page(&story)),
        file("report.md", markdown::page(&story)),
        file("summary.json", json::render(report.summary)),
    ];
    if let Planned::Fleet(plan) = &report.plan {
        files.push(file("plan.json", plan::json(plan)));
    }
    files.extend(story.blocks.iter().filter_map(|block| match block {
        Block::Chart(chart) => Some(File { path: chart_path(&chart.name), content: chart.file() }),
        _ => None,
    }));
    files
}

fn chart_path(name: &str) -> String {
    format!("charts/{name}.svg")
}
