//! For a terminal.

use plimsoll_analysis::gate::judge::{Check, Decision};

use super::headline::headline;
use super::lines::table;
use super::words::{refusal, sentence as told};
use super::{GateReport, label};
use crate::document::{Cell, Tone};
use crate::layout::Page;
use crate::text::{TextStyle, sentence};
use crate::verdict::Sentence;

/// Rules that are shown.
const MOST: usize = 200;

/// The judgement as text.
#[must_use]
pub fn render(report: &GateReport<'_>, style: &TextStyle) -> String {
    let mut page = Page::new(style.width, style.colour);
    let judgement = report.judgement;
    if report.compares {
        compared(&mut page, report);
    } else {
        let tone = match judgement.decision {
            Decision::Pass => Tone::Strong,
            Decision::Fail => Tone::Bad,
            Decision::Inconclusive => Tone::Warning,
        };
        let front = Cell::new(format!("{}:", label(judgement.decision))).tone(tone);
        sentence(&mut page, &[front], &headline(report), 2);
        page.flow(&circumstances(report), " · ", 2);
        let listed: Vec<&Check> = [Decision::Fail, Decision::Inconclusive]
            .into_iter()
            .flat_map(|decision| judgement.of(decision))
            .collect();
        if listed.len() + judgement.refusals.len() > 1 {
            page.blank_line();
        }
        if judgement.refusals.len() + listed.len() > 1 {
            for one in &judgement.refusals {
                point(&mut page, "not compared:", Tone::Warning, &refusal(one));
            }
            for check in listed.iter().take(MOST) {
                let (front, tone) = match check.decision {
                    Decision::Fail => ("failed:", Tone::Bad),
                    _ => ("undecided:", Tone::Warning),
                };
                point(&mut page, front, tone, &told(check, false));
            }
        }
    }
    let rows = table(report, MOST);
    if !rows.rows.is_empty() {
        page.table(&rows);
    }
    if !judgement.new_chains.is_empty() {
        page.blank_line();
        let mut names = Sentence::new("not in the baseline, and so not compared:");
        for (place, name) in judgement.new_chains.iter().take(MOST).enumerate() {
            names = names.own(if place == 0 { " " } else { ", " }).foreign(name);
        }
        sentence(&mut page, &[], &names, 2);
    }
    for (place, note) in report.notes.iter().enumerate() {
        if place == 0 {
            page.blank_line();
        }
        let note = Sentence::default().foreign(note);
        sentence(&mut page, &[Cell::new("WARNING:").tone(Tone::Warning)], &note, 2);
    }
    page.finish()
}

fn compared(page: &mut Page, report: &GateReport<'_>) {
    let judgement = report.judgement;
    let names = names(report);
    sentence(page, &[Cell::new("COMPARED:").tone(Tone::Strong)], &names, 2);
    for one in &judgement.refusals {
        point(page, "not comparable:", Tone::Warning, &refusal(one));
    }
}

fn names(report: &GateReport<'_>) -> Sentence {
    let list = |mut sentence: Sentence, names: &[String]| {
        for (place, name) in names.iter().enumerate() {
            sentence = sentence.own(if place == 0 { "" } else { ", " }).foreign(name);
        }
        sentence
    };
    let candidate = list(Sentence::default(), &report.candidate);
    if report.baseline.is_empty() {
        return candidate;
    }
    list(candidate.own(" with the baseline "), &report.baseline)
}

fn point(page: &mut Page, front: &'static str, tone: Tone, told: &Sentence) {
    sentence(page, &[Cell::new(front).tone(tone)], told, 2);
}

/// What was held against what.
fn circumstances<'a>(report: &GateReport<'_>) -> Vec<Cell<'a>> {
    let name = |names: &[String]| match names {
        [one] => one.clone(),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
        [] => String::new(),
    };
    let mut cells = vec![Cell::foreign(format!("candidate {}", name(&report.candidate)))];
    if !report.baseline.is_empty() {
        cells.push(Cell::foreign(format!("baseline {}", name(&report.baseline))));
    }
    if report.history > 0 {
        cells.push(Cell::new(format!("history of {}", report.history)));
    }
    cells.push(Cell::new(super::markdown::settings(report)));
    cells
}
