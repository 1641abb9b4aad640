//! What a plan says, before it is laid out.

use crate::document::{Cell, Table};
use crate::verdict::Sentence;

/// A piece of a plan, in reading order.
#[derive(Clone, Debug)]
pub(crate) enum Part<'a> {
    /// The answer.
    Answer(Sentence),
    /// Short facts on a line.
    Facts(Vec<Cell<'a>>),
    /// What the parts below are about.
    Title(&'static str),
    /// A point of a list.
    Point(Sentence),
    /// Figures.
    Table(Table<'a>),
    /// Lines to be copied as they are.
    Lines(Vec<String>),
    /// What there is to know before believing it.
    Warning(Sentence),
}
