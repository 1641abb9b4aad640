//! For a terminal: the answer first, the account of what was read last, and warnings where the eye stays.

use plimsoll_analysis::VerdictKind;

use crate::Summary;
use crate::document::{Cell, Document, Holds, Tone};
use crate::escape::{shortened, visible};
use crate::layout::Page;
use crate::notices::notices;
use crate::numbers::count;
use crate::sections::{capacity, document};
use crate::verdict::{Sentence, label};

/// Characters of a chain's name that are shown.
const LONGEST_NAME: usize = 60;

/// Chains of which the load that they hold is told, in brief.
const MOST_CHAINS: usize = 12;

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextStyle {
    /// Columns. Tables leave out what does not fit.
    pub width: usize,
    /// Whether to write ANSI colours.
    pub colour: bool,
}

impl Default for TextStyle {
    /// 80 columns without colour.
    fn default() -> Self {
        Self { width: 80, colour: false }
    }
}

/// The summary's answer alone: who failed, in all and by chain, and what load holds.
#[must_use]
pub fn brief(summary: &Summary<'_>, style: &TextStyle) -> String {
    let document = document(summary, |text| visible(text).into_owned());
    let mut page = Page::new(style.width, style.colour);
    verdicts(&mut page, &document);
    let first = |chain| capacity::of_chain(chain, &summary.config).into_iter().next();
    let chains = summary.findings.chains.iter().take(MOST_CHAINS).filter_map(first);
    let mix = capacity::of_mix(&summary.findings.total, &summary.config).into_iter().next();
    holds(&mut page, &Holds { sentences: chains.chain(mix).collect(), stages: None });
    page.finish()
}

/// The summary as text.
#[must_use]
pub fn render(summary: &Summary<'_>, style: &TextStyle) -> String {
    let document = document(summary, |text| visible(text).into_owned());
    let mut page = Page::new(style.width, style.colour);
    verdicts(&mut page, &document);
    for (title, sentences) in
        [("because", &document.verdict.because), ("what to do", &document.verdict.advice)]
    {
        if !sentences.is_empty() {
            page.blank_line();
            page.flow(&[Cell::new(title).tone(Tone::Strong)], "", 0);
        }
        for one in sentences {
            sentence(&mut page, &[Cell::new("·").tone(Tone::Quiet)], one, 2);
        }
    }
    for table in [&document.chains, &document.outcomes].into_iter().flatten() {
        page.table(table);
    }
    holds(&mut page, &document.holds);
    if let Some(errors) = &document.errors {
        page.table(errors);
    }
    if !document.status_codes.is_empty() {
        page.blank_line();
        let title = Cell::new("status codes").tone(Tone::Strong);
        let pieces: Vec<Cell<'_>> = std::iter::once(title).chain(document.status_codes).collect();
        page.flow(&pieces, "  ", 2);
    }
    if let Some(inputs) = &document.inputs {
        page.table(inputs);
    }
    for (index, notice) in notices(summary).into_iter().enumerate() {
        if index == 0 {
            page.blank_line();
        }
        let colon = if notice.subject.is_some() { ":" } else { "" };
        let message = format!("{}{colon}", notice.message);
        let words = message.split(' ').map(Cell::new);
        let subject = notice.subject.map(|subject| Cell::foreign(subject).tone(Tone::Strong));
        let pieces: Vec<Cell<'_>> = [Cell::new("WARNING:").tone(Tone::Warning)]
            .into_iter()
            .chain(words)
            .chain(subject)
            .collect();
        page.flow(&pieces, " ", 2);
    }
    page.finish()
}

fn verdicts(page: &mut Page, document: &Document<'_>) {
    let tone = tone(document.verdict.kind);
    let verdict = format!("{}:", label(document.verdict.kind).to_uppercase());
    sentence(page, &[Cell::new(verdict).tone(tone)], &document.verdict.headline, 2);
    page.flow(&document.headline, ", ", 2);
    page.flow(&document.circumstances, " · ", 0);
    page.flow(&document.settings, " · ", 0);
    for (index, (chain, told)) in document.verdicts.iter().enumerate() {
        if index == 0 {
            page.blank_line();
        }
        let kind = Cell::new(format!("{}:", label(told.kind))).tone(self::tone(told.kind));
        let name = Cell::foreign(shortened(chain, LONGEST_NAME)).tone(Tone::Strong);
        sentence(page, &[name, kind], &told.headline, 4);
    }
    if document.more_verdicts > 0 {
        let more = format!("and {} more chains", count(document.more_verdicts as u64));
        page.flow(&[Cell::new(more)], "", 0);
    }
}

fn holds(page: &mut Page, holds: &Holds<'_>) {
    if !holds.sentences.is_empty() {
        page.blank_line();
        page.flow(&[Cell::new("what load holds").tone(Tone::Strong)], "", 0);
    }
    for one in &holds.sentences {
        sentence(page, &[Cell::new("·").tone(Tone::Quiet)], one, 2);
    }
    if let Some(stages) = &holds.stages {
        page.table(stages);
    }
}

/// Words in front, and a sentence behind them.
pub(crate) fn sentence(page: &mut Page, front: &[Cell<'_>], sentence: &Sentence, indent: usize) {
    let text = sentence.text();
    let words = text.split_whitespace().map(Cell::new);
    let pieces: Vec<Cell<'_>> = front.iter().cloned().chain(words).collect();
    page.flow(&pieces, " ", indent);
}

fn tone(kind: VerdictKind) -> Tone {
    match kind {
        VerdictKind::Healthy => Tone::Strong,
        VerdictKind::InsufficientData => Tone::Warning,
        _ => Tone::Bad,
    }
}
