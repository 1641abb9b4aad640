//! The report in reading order: the answer first, then each chain, then what it rests on.

use std::collections::BTreeSet;

use plimsoll_analysis::{ChainFindings, VerdictKind};

use super::blocks::{Block, Story};
use super::{Planned, Report};
use crate::chart::{Subject, of_chain, of_plan};
use crate::document::{Cell, Column, Fit, Row, Table, Tone};
use crate::escape::shortened;
use crate::notices::notices;
use crate::numbers::{NONE, count, counted, interval, percent, percentile, rate, span};
use crate::plan::PlanReport;
use crate::plan::answer;
use crate::plan::parts::Part;
use crate::sections::{self, LONGEST_TEXT, capacity, document, plain_percentage};
use crate::verdict::{Sentence, label, listed, told};

/// Chains that have a section with charts; of more, those on which there is most to say.
const MOST_CHAINS: usize = 24;

/// Lines of a configuration that are shown.
const MOST_LINES: usize = 400;

pub(super) fn of<'a>(report: &'a Report<'a>) -> Story<'a> {
    let summary = report.summary;
    let findings = summary.findings;
    let document = document(summary, |text| crate::visible(text).into_owned());
    let mut blocks = vec![
        Block::Heading(Sentence::new("Capacity report")),
        Block::Verdict(document.verdict.kind, document.verdict.headline.clone()),
        Block::Facts(document.headline),
        Block::Facts(document.circumstances),
        Block::Facts(document.settings),
    ];
    let warnings: Vec<Sentence> = notices(summary)
        .into_iter()
        .map(|notice| match notice.subject {
            Some(subject) => Sentence::new(format!("{}: ", notice.message)).foreign(subject),
            None => Sentence::new(notice.message),
        })
        .collect();
    if !warnings.is_empty() {
        blocks.push(Block::Warnings(warnings));
    }
    answer(report, &mut blocks);
    blocks.push(Block::Subheading("What to do"));
    blocks.push(Block::Points(if document.verdict.advice.is_empty() {
        vec![Sentence::new("nothing: no failure calls for it")]
    } else {
        document.verdict.advice
    }));
    if !document.verdict.because.is_empty() {
        blocks.push(Block::Subheading("Because"));
        blocks.push(Block::Points(document.verdict.because));
    }
    chains(report, &mut blocks);
    if let Planned::Fleet(plan) = &report.plan {
        self::plan(plan, &mut blocks);
    }
    blocks.push(Block::Heading(Sentence::new("What was read")));
    blocks.extend(document.inputs.map(Block::Table));
    blocks.push(Block::Heading(Sentence::new("Method and limits")));
    blocks.push(Block::Points(method(report)));
    reproduce(report, &mut blocks);
    let title = format!(
        "{}, {}",
        label(document.verdict.kind),
        counted(findings.total.requests, "request", "requests")
    );
    Story { title: format!("Capacity report: {title}"), blocks }
}

/// May the target be carried, with how much, and what load holds.
fn answer<'a>(report: &'a Report<'a>, blocks: &mut Vec<Block<'a>>) {
    let summary = report.summary;
    blocks.push(Block::Heading(Sentence::new("The answer")));
    let mut points = Vec::new();
    match &report.plan {
        Planned::Fleet(plan) => {
            points.extend(carried(plan, &summary.findings.chains));
            points.push(capitalised(&answer::headline(plan.plan)));
        }
        Planned::Refused(why) => points
            .push(Sentence::new("How many instances carry the target cannot be told: ").own(why)),
        Planned::NotAsked => {}
    }
    let brackets = summary.findings.chains.iter().filter(|chain| chain.capacity.is_some());
    points.extend(
        brackets
            .take(MOST_CHAINS)
            .filter_map(|chain| capacity::of_chain(chain, &summary.config).into_iter().next()),
    );
    points.extend(capacity::of_mix(&summary.findings.total, &summary.config).into_iter().next());
    let has_capacity = summary.findings.chains.iter().any(|chain| chain.capacity.is_some());
    if summary.config.has_slo() && !has_capacity {
        points.push(Sentence::new(
            "What load holds cannot be told from this recording: in too few windows of time was it the server that was tested",
        ));
    }
    if matches!(report.plan, Planned::NotAsked) && summary.config.has_slo() {
        points.push(Sentence::new(
            "How many instances it takes was not asked: target_rps of [chains.<name>] in plimsoll.toml asks for a plan",
        ));
    }
    if !summary.config.has_slo() {
        points.push(Sentence::new(
            "Which rates hold is a question of what is good enough: ask with --slo latency=500ms,success=99.5%",
        ));
    }
    blocks.push(Block::Points(points));
    blocks.extend(glance(report).map(Block::Table));
}

/// Which chains carried their targets as they were tested: `boba and eth did; kava did not`.
fn carried(plan: &PlanReport<'_>, chains: &[ChainFindings]) -> Option<Sentence> {
    let mut told: [Vec<String>; 3] = Default::default();
    for demand in &plan.plan.inputs.chains {
        let found = chains.iter().find(|chain| chain.name == demand.name);
        let Some(found) = found.and_then(|chain| chain.capacity.as_ref()) else { continue };
        let target = demand.target.0;
        let holds = found.lower.is_some_and(|lower| lower.0 >= target);
        let fails = found.upper.is_some_and(|upper| upper.0 <= target);
        let place = if holds {
            0
        } else if fails {
            1
        } else {
            2
        };
        told[place].push(shortened(&demand.name, LONGEST_TEXT).into_owned());
    }
    let [holds, fails, open] = &told;
    let parts = [
        (holds, "What was tested carries the target of "),
        (fails, "What was tested does not carry the target of "),
        (open, "Whether what was tested carries it is not known of "),
    ];
    let mut sentence = None;
    for (names, words) in parts.into_iter().filter(|(names, _)| !names.is_empty()) {
        let before = sentence.take().map(|before: Sentence| before.own(". "));
        let begun = before.unwrap_or_default().own(words);
        sentence = Some(listed(begun, names, 6));
    }
    sentence
}

fn capitalised(sentence: &Sentence) -> Sentence {
    // Our own words come first in it.
    let text = sentence.raw();
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    Sentence::new(format!("{first}{}", letters.as_str()))
}

const GLANCE: [Column; 8] = [
    Column { title: "chain", fit: Fit::Name, worth: Column::KEPT },
    Column { title: "verdict", fit: Fit::Word, worth: Column::KEPT },
    Column { title: "requests", fit: Fit::Number, worth: 2 },
    Column { title: "success", fit: Fit::Number, worth: 6 },
    Column { title: "interval", fit: Fit::Number, worth: 1 },
    Column { title: "p99 ms", fit: Fit::Number, worth: 5 },
    Column { title: "sustains/s", fit: Fit::Number, worth: 7 },
    Column { title: "target/s", fit: Fit::Number, worth: 7 },
];

/// A line for each chain.
fn glance<'a>(report: &'a Report<'a>) -> Option<Table<'a>> {
    let summary = report.summary;
    let target = |chain: &ChainFindings| match &report.plan {
        Planned::Fleet(plan) => {
            plan.plan.inputs.chains.iter().find(|one| one.name == chain.name).map(|one| one.target)
        }
        _ => None,
    };
    let row = |chain: &'a ChainFindings, name: Cell<'a>| {
        let kind = chain.verdict.kind;
        let tone = match kind {
            VerdictKind::Healthy => Tone::Plain,
            VerdictKind::InsufficientData => Tone::Warning,
            _ => Tone::Bad,
        };
        let success = chain
            .success
            .map_or_else(|| NONE.to_owned(), |success| interval(success.low, success.high));
        let cells = vec![
            name,
            Cell::new(label(kind)).tone(tone),
            Cell::new(count(chain.requests)),
            Cell::new(percent(chain.successes, chain.requests)),
            Cell::new(success),
            Cell::new(percentile(&chain.latency.all, 0.99)),
            Cell::new(sustains(chain)),
            Cell::new(target(chain).map_or_else(|| NONE.to_owned(), |target| rate(Some(target)))),
        ];
        Row { cells, remarks: Vec::new() }
    };
    let findings = summary.findings;
    let mut rows: Vec<Row<'a>> =
        findings.chains.iter().map(|chain| row(chain, Cell::foreign(&chain.name))).collect();
    if rows.len() > 1 {
        rows.push(row(&findings.total, Cell::new("all").tone(Tone::Strong)));
    }
    let mut table = Table { columns: GLANCE.to_vec(), rows, rest: None };
    let has_capacity = findings.chains.iter().any(|chain| chain.capacity.is_some());
    let has_plan = matches!(report.plan, Planned::Fleet(_));
    table.retain(|column| match column.title {
        "sustains/s" => has_capacity,
        "target/s" => has_plan,
        _ => true,
    });
    (!table.rows.is_empty()).then_some(table)
}

/// `400 – 450`, `≥ 400`, `< 450`.
fn sustains(chain: &ChainFindings) -> String {
    let Some(found) = &chain.capacity else { return NONE.to_owned() };
    match (found.lower, found.upper) {
        (Some(lower), Some(upper)) => format!("{} – {}", rate(Some(lower)), rate(Some(upper))),
        (Some(lower), None) => format!("≥ {}", rate(Some(lower))),
        (None, Some(upper)) => format!("< {}", rate(Some(upper))),
        (None, None) => NONE.to_owned(),
    }
}

fn chains<'a>(report: &'a Report<'a>, blocks: &mut Vec<Block<'a>>) {
    let summary = report.summary;
    let findings = summary.findings;
    let config = &summary.config;
    if findings.chains.len() > 1 {
        blocks.push(Block::Heading(Sentence::new("All chains together")));
        let name = Some("all chains");
        let subject = Subject { chain: &findings.total, config, name, stem: "all" };
        blocks.extend(of_chain(subject).into_iter().map(Block::Chart));
    }
    let mut shown: Vec<usize> = (0..findings.chains.len()).collect();
    if shown.len() > MOST_CHAINS {
        let chain = |place: &usize| &findings.chains[*place];
        shown.sort_by_key(|place| {
            let chain = chain(place);
            let healthy = chain.verdict.kind == VerdictKind::Healthy;
            (healthy, std::cmp::Reverse(chain.failures), std::cmp::Reverse(chain.requests))
        });
        shown.truncate(MOST_CHAINS);
        shown.sort_unstable();
    }
    let is_only = findings.chains.len() == 1;
    let left_out = (findings.chains.len() - shown.len()) as u64;
    let mut stems = BTreeSet::new();
    for place in shown {
        let Some(chain) = findings.chains.get(place) else { continue };
        let stem = stem(&chain.name, &mut stems);
        section(chain, config, &stem, is_only, blocks);
    }
    if left_out > 0 {
        blocks.push(Block::Paragraph(Sentence::new(format!(
            "{} have no section of their own here; summary.json has all that was found of them.",
            counted(left_out, "more chain", "more chains")
        ))));
    }
}

fn section<'a>(
    chain: &'a ChainFindings,
    config: &'a crate::EffectiveConfig,
    stem: &str,
    is_only: bool,
    blocks: &mut Vec<Block<'a>>,
) {
    let name = shortened(&chain.name, LONGEST_TEXT).into_owned();
    blocks.push(Block::Heading(Sentence::default().foreign(name)));
    let told = told(chain);
    blocks.push(Block::Verdict(told.kind, told.headline));
    blocks.push(Block::Facts(facts(chain)));
    if !is_only {
        for (title, sentences) in [("What to do", told.advice), ("Because", told.because)] {
            if !sentences.is_empty() {
                blocks.push(Block::Subheading(title));
                blocks.push(Block::Points(sentences));
            }
        }
    }
    let holds = capacity::of_chain(chain, config);
    let stages = capacity::table(std::iter::once(chain), config);
    let charts = of_chain(Subject { chain, config, name: None, stem });
    if !holds.is_empty() || stages.is_some() {
        blocks.push(Block::Subheading("What load holds"));
        blocks.push(Block::Points(holds));
    }
    let (load, others): (Vec<_>, Vec<_>) =
        charts.into_iter().partition(|chart| chart.name.ends_with("-load"));
    blocks.extend(load.into_iter().map(Block::Chart));
    blocks.extend(stages.map(|mut table| {
        table.retain(|column| column.title != "stages of");
        Block::Table(table)
    }));
    let (errors, others): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|chart| chart.name.ends_with("-errors"));
    blocks.push(Block::Subheading("Over time, and by percentile"));
    blocks.extend(others.into_iter().map(Block::Chart));
    blocks.extend(sections::chains::outcomes_of(chain).map(Block::Table));
    let table = sections::errors::of_chain(chain);
    if table.is_some() {
        blocks.push(Block::Subheading("Errors"));
    }
    blocks.extend(errors.into_iter().map(Block::Chart));
    blocks.extend(table.map(Block::Table));
}

/// Success with its interval, rates, latency, and how the generator kept its schedule.
fn facts(chain: &ChainFindings) -> Vec<Cell<'_>> {
    let mut facts =
        vec![Cell::new(counted(chain.requests, "request", "requests")).tone(Tone::Strong)];
    if let Some(success) = chain.success {
        facts.push(Cell::new(format!(
            "{} succeeded, {} % interval {}",
            percent(chain.successes, chain.requests),
            plain_percentage(success.confidence),
            interval(success.low, success.high)
        )));
    }
    if chain.http_successes != chain.successes {
        let http = percent(chain.http_successes, chain.requests);
        facts.push(Cell::new(format!("{http} by status alone")));
    }
    if let Some(server) = chain.server_success.filter(|server| server.trials < chain.requests) {
        let share = percent(server.successes, server.trials);
        facts.push(Cell::new(format!("{share} of what got past the generator")));
    }
    facts.push(Cell::new(format!("offered {}/s", rate(chain.offered))));
    if chain.goodput.is_some() {
        facts.push(Cell::new(format!("good {}/s", rate(chain.goodput))));
    }
    facts.push(Cell::new(format!("active {}", span(chain.active))));
    let latency = &chain.latency.success;
    if latency.count > 0 {
        let [p50, p99] = [0.5, 0.99].map(|quantile| percentile(latency, quantile));
        facts.push(Cell::new(format!("accepted answers p50 {p50} ms, p99 {p99} ms")));
    }
    if let Ok(pace) = &chain.pace {
        let late = percentile(&pace.lag, 0.99);
        facts.push(Cell::new(format!("send lag p99 {late} ms")));
    }
    facts
}

/// A file's name that says which chain it is of, whatever that is called.
fn stem(name: &str, taken: &mut BTreeSet<String>) -> String {
    const LONGEST: usize = 32;
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let words: String = name.chars().map(plain).take(LONGEST).collect();
    let words = words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    let first = if words.is_empty() { "chain".to_owned() } else { format!("chain-{words}") };
    let mut stem = first.clone();
    let mut number = 2;
    // Different names may have one shape.
    while !taken.insert(stem.clone()) {
        stem = format!("{first}-{number}");
        number += 1;
    }
    stem
}

fn plan<'a>(report: &'a PlanReport<'a>, blocks: &mut Vec<Block<'a>>) {
    blocks.push(Block::Heading(Sentence::new("Plan")));
    let mut charts = of_plan(report.plan);
    let mut points: Vec<Sentence> = Vec::new();
    let mut warnings: Vec<Sentence> = Vec::new();
    for part in answer::parts(report) {
        if !matches!(part, Part::Point(_)) && !points.is_empty() {
            blocks.push(Block::Points(std::mem::take(&mut points)));
        }
        if !matches!(part, Part::Warning(_)) && !warnings.is_empty() {
            blocks.push(Block::Warnings(std::mem::take(&mut warnings)));
        }
        match part {
            Part::Answer(answer) => {
                blocks.push(Block::Paragraph(capitalised(&answer)));
                blocks.extend(charts.drain(..).map(Block::Chart));
            }
            Part::Facts(facts) => blocks.push(Block::Facts(facts)),
            Part::Title(title) => blocks.push(Block::Subheading(title)),
            Part::Point(point) => points.push(point),
            Part::Table(table) => blocks.push(Block::Table(table)),
            Part::Lines(lines) => blocks.push(Block::Lines(lines)),
            Part::Warning(warning) => warnings.push(warning),
        }
    }
    if !points.is_empty() {
        blocks.push(Block::Points(points));
    }
}

/// How figures come about, and what they cannot tell.
fn method(report: &Report<'_>) -> Vec<Sentence> {
    let summary = report.summary;
    let config = &summary.config;
    let total = &summary.findings.total;
    let confidence =
        total.success.map_or_else(|| "95".to_owned(), |s| plain_percentage(s.confidence));
    let mut points = vec![
        Sentence::new(format!(
            "A success is a status of {} without an error; a JSON-RPC error inside a success is a failure unless configured otherwise. Intervals are Wilson's, {confidence} %.",
            config.success_codes
        )),
        Sentence::new(
            "Percentiles are nearest-rank, from histograms of three significant digits (at most 0.1 % too high); one that too few \
             requests support is not shown. Percentiles over time and of stages are coarser (at most 1.6 % off).",
        ),
        Sentence::new(
            "Over time a request belongs to the moment at which it was due, where the schedule is known or could be rebuilt, and its \
             latency counts from then; else to the moment at which it was sent. Percentiles of a whole chain are as recorded.",
        ),
        Sentence::new(
            "Error texts are classified by rules; who failed is decided from classes, times and the generator's pace together.",
        ),
    ];
    if config.has_slo() {
        points.push(Sentence::new(format!(
            "A rate holds where the share of windows of {} that miss the goal is small enough (MLRsearch, RFC draft); the load line is \
             the highest rate that held below all that did not. The paler shade is what windows drawn again say.",
            span(config.window)
        )));
        points.push(Sentence::new(
            "Capacity is a load at an SLO. Chains that were measured together share the server: their figures hold for that mix only.",
        ));
    }
    if total.bodies == 0 && total.requests > 0 {
        points.push(Sentence::new(
            "The recording has no answers' bodies: JSON-RPC errors inside HTTP 200 could not be seen.",
        ));
    }
    points
}

fn reproduce<'a>(report: &'a Report<'a>, blocks: &mut Vec<Block<'a>>) {
    blocks.push(Block::Heading(Sentence::new("How to reproduce")));
    let version = report.summary.version;
    blocks.push(Block::Paragraph(Sentence::new(format!("With plimsoll {version}:"))));
    blocks.push(Block::Lines(vec![report.command.to_owned()]));
    let hashes: Vec<String> = report
        .summary
        .ledgers
        .iter()
        .filter_map(|ledger| {
            let name = shortened(&ledger.name, LONGEST_TEXT);
            Some(format!("{}  {name}", ledger.sha256.as_deref()?))
        })
        .collect();
    if !hashes.is_empty() {
        blocks.push(Block::Paragraph(Sentence::new("Inputs, by SHA-256:")));
        blocks.push(Block::Lines(hashes));
    }
    if let Some((name, text)) = report.configuration {
        blocks.push(Block::Paragraph(Sentence::new("Configuration: ").foreign(name)));
        let mut lines: Vec<String> = text.lines().take(MOST_LINES).map(str::to_owned).collect();
        let more = text.lines().count().saturating_sub(lines.len()) as u64;
        if more > 0 {
            lines.push(format!("# and {}", counted(more, "more line", "more lines")));
        }
        blocks.push(Block::Lines(lines));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_chains_whatever_these_are_called() {
        let mut taken = BTreeSet::new();
        let mut named = |name: &str| stem(name, &mut taken);
        assert_eq!(named("Ethereum main/net"), "chain-ethereum-main-net");
        assert_eq!(named("ethereum/main net"), "chain-ethereum-main-net-2");
        assert_eq!(named("../../etc/passwd"), "chain-etc-passwd");
        assert_eq!(named("<svg onload=alert(1)>"), "chain-svg-onload-alert-1");
        assert_eq!(named("日本"), "chain");
        assert_eq!(named(&"x".repeat(999)).len(), 38);
    }
}
