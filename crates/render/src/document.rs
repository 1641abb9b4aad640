//! What a report says, before it is laid out as text or Markdown.

use std::borrow::Cow;

use crate::verdict::{Sentence, Told};

/// What a piece of text means to the reader; colour where there is colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Strong,
    Bad,
    Warning,
    Quiet,
}

/// A piece of text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) tone: Tone,
    /// Whether the text comes from a recording and has to be escaped.
    pub(crate) foreign: bool,
}

impl<'a> Cell<'a> {
    /// Our own words.
    pub(crate) fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Words from a recording.
    pub(crate) fn foreign(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), foreign: true, ..Self::default() }
    }

    /// The same in another tone.
    pub(crate) fn tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }
}

/// How a column's cells use their room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// Flush right, never shortened.
    Number,
    /// Flush left, never shortened.
    Word,
    /// Flush left, shortened in its middle where room is short.
    Name,
    /// Flush left, continued on further lines where room is short.
    Prose,
}

/// A column's head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) fit: Fit,
    /// Where room is short, the column with the lowest value goes first; those of [`Column::KEPT`] stay.
    pub(crate) worth: u8,
}

impl Column {
    /// The worth of what no table can do without.
    pub(crate) const KEPT: u8 = u8::MAX;
}

/// A row and what there is to remark on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row<'a> {
    pub(crate) cells: Vec<Cell<'a>>,
    pub(crate) remarks: Vec<Cell<'a>>,
}

/// Rows under heads, and a closing remark on what was left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table<'a> {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row<'a>>,
    pub(crate) rest: Option<String>,
}

impl Table<'_> {
    /// Removes the columns for which `keep` is false.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Column) -> bool) {
        for index in (0..self.columns.len()).rev() {
            if !keep(&self.columns[index]) {
                self.columns.remove(index);
                for row in &mut self.rows {
                    row.cells.remove(index);
                }
            }
        }
    }
}

/// What load holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holds<'a> {
    pub(crate) sentences: Vec<Sentence>,
    pub(crate) stages: Option<Table<'a>>,
}

/// The parts of a report in reading order.
#[derive(Clone, Debug)]
pub(crate) struct Document<'a> {
    pub(crate) headline: Vec<Cell<'a>>,
    pub(crate) circumstances: Vec<Cell<'a>>,
    pub(crate) settings: Vec<Cell<'a>>,
    /// The verdict on everything.
    pub(crate) verdict: Told,
    /// The verdicts on the chains, if there are several; those on which there is something to say come first.
    pub(crate) verdicts: Vec<(&'a str, Told)>,
    /// How many more chains there are.
    pub(crate) more_verdicts: usize,
    pub(crate) chains: Option<Table<'a>>,
    pub(crate) outcomes: Option<Table<'a>>,
    pub(crate) holds: Holds<'a>,
    pub(crate) errors: Option<Table<'a>>,
    pub(crate) status_codes: Vec<Cell<'a>>,
    pub(crate) inputs: Option<Table<'a>>,
}
