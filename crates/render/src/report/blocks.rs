//! What a report says, before it is laid out as a page or as Markdown.

use plimsoll_analysis::VerdictKind;

use crate::chart::Chart;
use crate::document::{Cell, Table};
use crate::verdict::Sentence;

/// A report in reading order.
#[derive(Clone, Debug)]
pub(super) struct Story<'a> {
    /// What a browser's tab says.
    pub(super) title: String,
    pub(super) blocks: Vec<Block<'a>>,
}

/// A piece of a report.
#[derive(Clone, Debug)]
pub(super) enum Block<'a> {
    /// What the blocks below are about; the second kind stands below the first.
    Heading(Sentence),
    Subheading(&'static str),
    /// Who failed, in one sentence.
    Verdict(VerdictKind, Sentence),
    Paragraph(Sentence),
    /// Short facts on a line.
    Facts(Vec<Cell<'a>>),
    Points(Vec<Sentence>),
    /// What there is to know before believing it.
    Warnings(Vec<Sentence>),
    Table(Table<'a>),
    Chart(Chart),
    /// Lines to be copied as they are.
    Lines(Vec<String>),
}
