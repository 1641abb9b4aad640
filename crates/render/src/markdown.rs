//! GitHub's Markdown, for a pull request or an issue.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use crate::Summary;
use crate::document::{Cell, Fit, Holds, Table};
use crate::escape::{code_cell, code_span, shortened, visible};
use crate::notices::notices;
use crate::numbers::count;
use crate::sections::document;
use crate::verdict::label;

/// Characters of a chain's name that are shown.
const LONGEST_NAME: usize = 60;

/// The summary as Markdown.
#[must_use]
pub fn render(summary: &Summary<'_>) -> String {
    Markdown(summary).to_string()
}

struct Markdown<'s, 'a>(&'s Summary<'a>);

impl Display for Markdown<'_, '_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let document = document(self.0, code_span);
        let verdict = &document.verdict;
        writeln!(f, "### Load test: {}\n", label(verdict.kind))?;
        writeln!(f, "**{}**\n", verdict.headline.markdown())?;
        writeln!(f, "{}\n", joined(&document.headline, ", "))?;
        writeln!(f, "{}\n", joined(&document.circumstances, " · "))?;
        writeln!(f, "{}", joined(&document.settings, " · "))?;
        let notices = notices(self.0);
        if !notices.is_empty() {
            writeln!(f, "\n> [!WARNING]")?;
        }
        for notice in notices {
            let subject = notice
                .subject
                .map(|subject| format!(": {}", code_span(subject)))
                .unwrap_or_default();
            writeln!(f, "> - {}{subject}", notice.message)?;
        }
        if !document.verdicts.is_empty() {
            writeln!(f)?;
        }
        for (chain, told) in &document.verdicts {
            let chain = code_span(&shortened(chain, LONGEST_NAME));
            writeln!(f, "- {chain} **{}**: {}", label(told.kind), told.headline.markdown())?;
        }
        if document.more_verdicts > 0 {
            writeln!(f, "- and {} more chains", count(document.more_verdicts as u64))?;
        }
        for (title, sentences) in [("Because", &verdict.because), ("What to do", &verdict.advice)] {
            if !sentences.is_empty() {
                writeln!(f, "\n**{title}**\n")?;
            }
            for sentence in sentences {
                writeln!(f, "- {}", sentence.markdown())?;
            }
        }
        for part in [&document.chains, &document.outcomes].into_iter().flatten() {
            table(f, part)?;
        }
        holds(f, &document.holds)?;
        document.errors.iter().try_for_each(|errors| table(f, errors))?;
        if !document.status_codes.is_empty() {
            writeln!(f, "\n**Status codes** {}", joined(&document.status_codes, " · "))?;
        }
        document.inputs.iter().try_for_each(|inputs| table(f, inputs))
    }
}

fn holds(f: &mut Formatter<'_>, holds: &Holds<'_>) -> fmt::Result {
    if !holds.sentences.is_empty() {
        writeln!(f, "\n**What load holds**\n")?;
    }
    for sentence in &holds.sentences {
        writeln!(f, "- {}", sentence.markdown())?;
    }
    holds.stages.iter().try_for_each(|stages| table(f, stages))
}

pub(crate) fn table(f: &mut Formatter<'_>, table: &Table<'_>) -> fmt::Result {
    writeln!(f)?;
    row(f, table.columns.iter().map(|column| Cow::Borrowed(column.title)))?;
    row(
        f,
        table
            .columns
            .iter()
            .map(|column| Cow::Borrowed(if column.fit == Fit::Number { "--:" } else { ":--" })),
    )?;
    for line in &table.rows {
        row(f, line.cells.iter().map(|cell| shown(cell, code_cell)))?;
    }
    if table.rest.is_some() || table.rows.iter().any(|line| !line.remarks.is_empty()) {
        writeln!(f)?;
    }
    for line in &table.rows {
        let subject = line.cells.last().map(|cell| shown(cell, code_span)).unwrap_or_default();
        for remark in &line.remarks {
            writeln!(f, "- {subject}: {}", shown(remark, code_span))?;
        }
    }
    table.rest.iter().try_for_each(|rest| writeln!(f, "- {rest}"))
}

/// Lines to be copied as they are.
pub(crate) fn fenced(f: &mut Formatter<'_>, lines: &[String]) -> fmt::Result {
    // As many ticks as no line has.
    let runs = lines.iter().flat_map(|line| line.split(|c| c != '`'));
    let ticks = "`".repeat(3.max(1 + runs.map(str::len).max().unwrap_or(0)));
    writeln!(f, "{ticks}sh")?;
    for line in lines {
        writeln!(f, "{}", visible(line))?;
    }
    writeln!(f, "{ticks}")
}

fn row<'a>(f: &mut Formatter<'_>, cells: impl Iterator<Item = Cow<'a, str>>) -> fmt::Result {
    f.write_str("|")?;
    for cell in cells {
        write!(f, " {cell} |")?;
    }
    writeln!(f)
}

pub(crate) fn joined(cells: &[Cell<'_>], separator: &str) -> String {
    let texts: Vec<Cow<'_, str>> = cells.iter().map(|cell| shown(cell, code_span)).collect();
    texts.join(separator)
}

fn shown<'a>(cell: &'a Cell<'_>, code: impl Fn(&str) -> String) -> Cow<'a, str> {
    if cell.foreign { Cow::Owned(code(&cell.text)) } else { Cow::Borrowed(&cell.text) }
}
