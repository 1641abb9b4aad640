//! GitHub's Markdown, for a pull request or an issue.

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::Summary;
use crate::document::{Cell, Document, Fit, Table};
use crate::escape::{code_cell, code_span, shortened, visible};
use crate::notices::notices;
use crate::numbers::count;
use crate::sections::document;
use crate::verdict::{Sentence, label};

/// Characters of a chain's name that are shown.
const LONGEST_NAME: usize = 60;

/// What a part writes. Writing to a string cannot fail.
fn written(part: impl Fn(&mut String) -> fmt::Result) -> String {
    let mut text = String::new();
    part(&mut text).expect("writing to a string cannot fail");
    text
}

/// Characters of a comment: GitHub takes 65,536, and somebody may want to add a few.
const MOST: usize = 60_000;

/// The summary as Markdown that a pull request's comment or a step summary has room for: what it is too long with is left out,
/// the least telling first, and named.
#[must_use]
pub fn render(summary: &Summary<'_>) -> String {
    let document = document(summary, code_span);
    let tabled = |figures: &Option<Table<'_>>| {
        written(|f| figures.iter().try_for_each(|figures| table(f, figures)))
    };
    // Each with what it is, where it may go; the higher the number, the sooner.
    let mut parts: Vec<(u8, &str, String)> = vec![
        (0, "", written(|f| head(f, summary, &document))),
        (4, "the evidence", written(|f| points(f, "Because", &document.verdict.because))),
        (1, "what to do", written(|f| points(f, "What to do", &document.verdict.advice))),
        (2, "figures by chain", tabled(&document.chains)),
        (7, "latency of successes and failures", tabled(&document.outcomes)),
        (
            3,
            "what load holds",
            written(|f| points(f, "What load holds", &document.holds.sentences)),
        ),
        (6, "stages", tabled(&document.holds.stages)),
        (5, "errors", tabled(&document.errors)),
        (8, "status codes", written(|f| status_codes(f, &document))),
        (9, "inputs", tabled(&document.inputs)),
    ];
    let mut left_out: Vec<&str> = Vec::new();
    let length = |parts: &[(u8, &str, String)]| -> usize {
        parts.iter().map(|part| part.2.chars().count()).sum()
    };
    while length(&parts) > MOST {
        let worth = |part: &(u8, &str, String)| part.0;
        let Some(least) = parts.iter().map(worth).max().filter(|&least| least > 0) else { break };
        parts.retain(|part| {
            let goes = part.0 == least;
            if goes && !part.2.is_empty() {
                left_out.push(part.1);
            }
            !goes
        });
    }
    let mut text: String = parts.into_iter().map(|part| part.2).collect();
    if let Some((end, _)) = text.char_indices().nth(MOST) {
        let end = text[..end].rfind('\n').map_or(0, |end| end + 1);
        text.truncate(end);
        left_out.push("more");
    }
    if !left_out.is_empty() {
        text = format!("{text}\nLeft out for its length: {}.\n", left_out.join(", "));
    }
    text
}

fn head(f: &mut impl Write, summary: &Summary<'_>, document: &Document<'_>) -> fmt::Result {
    let verdict = &document.verdict;
    writeln!(f, "### Load test: {}\n", label(verdict.kind))?;
    writeln!(f, "**{}**\n", verdict.headline.markdown())?;
    writeln!(f, "{}\n", joined(&document.headline, ", "))?;
    writeln!(f, "{}\n", joined(&document.circumstances, " · "))?;
    writeln!(f, "{}", joined(&document.settings, " · "))?;
    let notices = notices(summary);
    if !notices.is_empty() {
        writeln!(f, "\n> [!WARNING]")?;
    }
    for notice in notices {
        let subject =
            notice.subject.map(|subject| format!(": {}", code_span(subject))).unwrap_or_default();
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
    Ok(())
}

fn points(f: &mut impl Write, title: &str, sentences: &[Sentence]) -> fmt::Result {
    if !sentences.is_empty() {
        writeln!(f, "\n**{title}**\n")?;
    }
    sentences.iter().try_for_each(|sentence| writeln!(f, "- {}", sentence.markdown()))
}

fn status_codes(f: &mut impl Write, document: &Document<'_>) -> fmt::Result {
    match &document.status_codes[..] {
        [] => Ok(()),
        codes => writeln!(f, "\n**Status codes** {}", joined(codes, " · ")),
    }
}

pub(crate) fn table(f: &mut impl Write, table: &Table<'_>) -> fmt::Result {
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
pub(crate) fn fenced(f: &mut impl Write, lines: &[String]) -> fmt::Result {
    // As many ticks as no line has.
    let runs = lines.iter().flat_map(|line| line.split(|c| c != '`'));
    let ticks = "`".repeat(3.max(1 + runs.map(str::len).max().unwrap_or(0)));
    writeln!(f, "{ticks}sh")?;
    for line in lines {
        writeln!(f, "{}", visible(line))?;
    }
    writeln!(f, "{ticks}")
}

fn row<'a>(f: &mut impl Write, cells: impl Iterator<Item = Cow<'a, str>>) -> fmt::Result {
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
