//! GitHub's Markdown, for a pull request's comment or a step's summary.

use std::fmt::Write;

use plimsoll_analysis::gate::judge::Decision;

use super::headline::headline;
use super::lines::table;
use super::words::{plain_points, refusal, sentence as told};
use super::{GateReport, label};
use crate::escape::{code_span, prose};
use crate::markdown::table as write_table;
use crate::numbers::count;

/// Rules that are shown at first; fewer where that is too long.
const MOST: usize = 2_000;

/// Reasons that are listed one by one.
const MOST_POINTS: usize = 50;

/// The judgement as Markdown of at most so many bytes: rules that are kept are left out first.
#[must_use]
pub fn render(report: &GateReport<'_>, most_bytes: usize) -> String {
    let (mut rows, mut points) = (MOST, MOST_POINTS);
    loop {
        let text = written(report, rows, points);
        if text.len() <= most_bytes {
            return text;
        }
        if rows == 0 && points == 0 {
            // Names alone are too long: the first line says what matters.
            return shortest(report, most_bytes);
        }
        (rows, points) = (rows / 2, points / 2);
    }
}

fn title(report: &GateReport<'_>) -> String {
    let what = if report.compares {
        "Comparison".to_owned()
    } else {
        format!("Load test gate: {}", label(report.judgement.decision))
    };
    format!("### {what}\n\n")
}

fn shortest(report: &GateReport<'_>, most_bytes: usize) -> String {
    let mut text = title(report);
    text.push_str("The names in this report are too long to be shown here.\n");
    let end = (0..=most_bytes.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    text.truncate(end.unwrap_or(0));
    text
}

fn written(report: &GateReport<'_>, rows: usize, points: usize) -> String {
    let judgement = report.judgement;
    let mut text = title(report);
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    if !report.compares {
        line(format!("**{}**", headline(report).markdown()));
    }
    let names = |names: &[String]| {
        let shown: Vec<String> = names.iter().take(5).map(|name| code_span(name)).collect();
        let more = names.len().saturating_sub(5);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", shown.join(", "))
    };
    let mut held = format!("\n{}", names(&report.candidate));
    if !report.baseline.is_empty() {
        let _ = write!(held, " against the baseline {}", names(&report.baseline));
    }
    line(format!("{held} · {}", settings(report)));
    let broken = [Decision::Fail, Decision::Inconclusive]
        .into_iter()
        .filter(|_| !report.compares)
        .flat_map(|decision| judgement.of(decision));
    let broken: Vec<String> = judgement
        .refusals
        .iter()
        .map(|one| format!("- not compared: {}", refusal(one).markdown()))
        .chain(broken.map(|check| {
            format!("- **{}** {}", label(check.decision), told(check, report.compares).markdown())
        }))
        .collect();
    if broken.len() > 1 || (report.compares && !broken.is_empty()) {
        line(String::new());
        for one in broken.iter().take(points) {
            line(one.clone());
        }
        if broken.len() > points {
            line(format!("- and {} more", count((broken.len() - points) as u64)));
        }
    }
    let shown = table(report, rows);
    if !shown.rows.is_empty() {
        let _ = std::fmt::write(&mut text, format_args!("{}", Written(&shown)));
    }
    if !judgement.new_chains.is_empty() {
        let _ = writeln!(
            text,
            "\nNot in the baseline, and so not compared: {}",
            names(&judgement.new_chains)
        );
    }
    if !report.notes.is_empty() {
        text.push_str("\n> [!WARNING]\n");
        for note in report.notes.iter().take(points.max(1)) {
            let _ = writeln!(text, "> - {}", prose(note));
        }
    }
    text
}

struct Written<'s, 'a>(&'s crate::document::Table<'a>);

impl std::fmt::Display for Written<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_table(f, self.0)
    }
}

/// What was asked for, in a line.
pub(super) fn settings(report: &GateReport<'_>) -> String {
    let rules = report.rules;
    let confidence = format!("intervals {} %", plain_points(1.0 - 2.0 * rules.alpha));
    if report.baseline.is_empty() {
        return confidence;
    }
    let correction = match report.judgement.questions {
        1 => String::new(),
        questions => format!(", {} over {questions} rules", rules.correction.name()),
    };
    format!("margin {} points · {confidence}{correction}", plain_points(rules.margin))
}
