//! Columns of text within a width.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthChar;

use crate::document::{Cell, Column, Fit, Row, Table, Tone};
use crate::escape::visible;

const GAP: usize = 2;
const LEAST_NAME: usize = 8;
const LEAST_PROSE: usize = 32;
const LEAST_PAGE: usize = 20;
const REMARK_INDENT: usize = 4;

/// A page of lines that is being written.
#[derive(Debug)]
pub(crate) struct Page {
    out: String,
    width: usize,
    colour: bool,
}

impl Page {
    pub(crate) fn new(width: usize, colour: bool) -> Self {
        Self { out: String::new(), width: width.max(LEAST_PAGE), colour }
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    pub(crate) fn blank_line(&mut self) {
        self.out.push('\n');
    }

    /// A line as it is, however long: somebody is to copy it.
    pub(crate) fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// Pieces one after another with `separator` between them, broken only between pieces where that is possible.
    pub(crate) fn flow(&mut self, pieces: &[Cell<'_>], separator: &str, indent: usize) {
        let mut column = 0;
        for piece in pieces {
            let text = shown(piece);
            let needed = width(&text);
            if column > 0 && column + width(separator) + needed <= self.width {
                self.paint(separator, Tone::Quiet);
                column += width(separator);
            } else if column > 0 {
                self.out.push('\n');
                self.spaces(indent);
                column = indent;
            }
            for (index, line) in
                wrapped(&text, self.width.saturating_sub(column), self.width - indent).enumerate()
            {
                if index > 0 {
                    self.out.push('\n');
                    self.spaces(indent);
                    column = indent;
                }
                self.paint(line, piece.tone);
                column += width(line);
            }
        }
        self.out.push('\n');
    }

    /// A blank line and a table; columns that do not fit are left out, the least worthy first. Nothing is written where no
    /// figure fits.
    pub(crate) fn table(&mut self, table: &Table<'_>) {
        let layout = Layout::of(table, self.width);
        if !layout.places.iter().flatten().any(|place| place.fit == Fit::Number) {
            return;
        }
        self.blank_line();
        let heads: Vec<Cell<'_>> =
            table.columns.iter().map(|c| Cell::new(c.title).tone(Tone::Strong)).collect();
        self.row(&layout, &heads);
        for row in &table.rows {
            self.row(&layout, &row.cells);
            for remark in &row.remarks {
                self.remark(remark);
            }
        }
        if let Some(rest) = &table.rest {
            self.remark(&Cell::new(rest.as_str()).tone(Tone::Quiet));
        }
    }

    fn remark(&mut self, remark: &Cell<'_>) {
        self.spaces(REMARK_INDENT);
        let text = shown(remark);
        let room = self.width - REMARK_INDENT;
        for (index, line) in wrapped(&text, room, room).enumerate() {
            if index > 0 {
                self.out.push('\n');
                self.spaces(REMARK_INDENT);
            }
            self.paint(line, remark.tone);
        }
        self.out.push('\n');
    }

    fn row(&mut self, layout: &Layout, cells: &[Cell<'_>]) {
        let mut at = 0;
        let mut written = 0;
        for (place, cell) in layout
            .places
            .iter()
            .zip(cells)
            .filter_map(|(place, cell)| Some((place.as_ref()?, cell)))
        {
            let text = shown(cell);
            let text = if place.fit == Fit::Name {
                shortened_in_the_middle(&text, place.width)
            } else {
                text
            };
            let lead =
                if place.fit == Fit::Number { place.width.saturating_sub(width(&text)) } else { 0 };
            self.spaces((at + lead).saturating_sub(written));
            written = at + lead;
            let lines = wrapped(&text, place.width, place.width);
            for (index, line) in lines.enumerate() {
                if index > 0 {
                    self.out.push('\n');
                    self.spaces(at);
                    written = at;
                }
                self.paint(line, cell.tone);
                written += width(line);
            }
            at += place.width + GAP;
        }
        self.out.push('\n');
    }

    fn spaces(&mut self, n: usize) {
        self.out.extend(std::iter::repeat_n(' ', n));
    }

    fn paint(&mut self, text: &str, tone: Tone) {
        let style = style(tone);
        if self.colour && style != Style::new() && !text.is_empty() {
            self.out.extend([&style.render().to_string(), text, &style.render_reset().to_string()]);
        } else {
            self.out.push_str(text);
        }
    }
}

/// The columns that are shown, with their widths.
#[derive(Debug)]
struct Layout {
    places: Vec<Option<Place>>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    fit: Fit,
    width: usize,
    least: usize,
    worth: u8,
}

impl Layout {
    fn of(table: &Table<'_>, room: usize) -> Self {
        let mut places: Vec<Option<Place>> = table
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| Some(place(column, index, &table.rows)))
            .collect();
        // A name as wide as the page would push the figures out of sight of it.
        for place in places.iter_mut().flatten().filter(|place| place.fit == Fit::Name) {
            place.width = place.width.min((room / 3).max(place.least));
        }
        while total(&places, |place| place.least) > room {
            let least =
                places.iter().flatten().map(|place| place.worth).min().unwrap_or(Column::KEPT);
            if least == Column::KEPT {
                break;
            }
            if let Some(place) =
                places.iter_mut().rfind(|place| place.is_some_and(|place| place.worth == least))
            {
                *place = None;
            }
        }
        let excess = total(&places, |place| place.least).saturating_sub(room);
        if let Some(place) =
            places.iter_mut().flatten().rfind(|place| matches!(place.fit, Fit::Prose | Fit::Name))
        {
            place.least = place.least.saturating_sub(excess).max(1);
        }
        let mut spare = room.saturating_sub(total(&places, |place| place.least));
        for place in places.iter_mut().flatten() {
            let more = spare.min(place.width - place.least);
            place.width = place.least + more;
            spare -= more;
        }
        Self { places }
    }
}

fn place(column: &Column, index: usize, rows: &[Row<'_>]) -> Place {
    let widest =
        rows.iter().filter_map(|row| row.cells.get(index)).map(|cell| width(&shown(cell))).max();
    let natural = widest.unwrap_or(0).max(width(column.title));
    let least = match column.fit {
        Fit::Number | Fit::Word => natural,
        Fit::Name => natural.min(LEAST_NAME),
        Fit::Prose => natural.min(LEAST_PROSE),
    };
    Place { fit: column.fit, width: natural, least, worth: column.worth }
}

fn total(places: &[Option<Place>], width: impl Fn(&Place) -> usize) -> usize {
    let shown = || places.iter().flatten();
    shown().map(width).sum::<usize>() + GAP * shown().count().saturating_sub(1)
}

fn shown<'a>(cell: &'a Cell<'_>) -> Cow<'a, str> {
    match cell {
        Cell { foreign: true, text, .. } if text.trim().is_empty() => Cow::Borrowed("(empty)"),
        Cell { foreign: true, text, .. } => visible(text),
        Cell { text, .. } => Cow::Borrowed(text),
    }
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Strong => Style::new().bold(),
        Tone::Bad => AnsiColor::Red.on_default(),
        Tone::Warning => AnsiColor::Yellow.on_default().bold(),
        Tone::Quiet => Style::new().dimmed(),
    }
}

/// Both ends of a text that is wider than `room`: names differ at their ends.
fn shortened_in_the_middle(text: &str, room: usize) -> Cow<'_, str> {
    if width(text) <= room {
        return Cow::Borrowed(text);
    }
    let room = room.saturating_sub(1);
    let head = head_within(text, room - room / 2);
    let tail = tail_within(text, room / 2);
    Cow::Owned(format!("{head}…{tail}"))
}

/// Columns on a terminal, character by character: what is cut between characters has to add up.
fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

fn head_within(text: &str, room: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > room
    });
    &text[..end.map_or(text.len(), |(index, _)| index)]
}

fn tail_within(text: &str, room: usize) -> &str {
    let mut used = 0;
    let before = text.char_indices().rev().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > room
    });
    &text[before.map_or(0, |(index, c)| index + c.len_utf8())..]
}

/// The text in lines, broken at spaces where there are any; an empty text is one empty line.
fn wrapped(text: &str, first: usize, next: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    let mut room = first;
    std::iter::from_fn(move || {
        let text = rest?;
        let line = room.max(1);
        room = next;
        if width(text) <= line {
            rest = None;
            return Some(text);
        }
        let head = head_within(text, line);
        // A character wider than the whole line still has to go somewhere.
        let head = if head.is_empty() {
            &text[..text.chars().next().map_or(0, char::len_utf8)]
        } else {
            head
        };
        let fits_exactly = text[head.len()..].starts_with(' ');
        let line = match head.rfind(' ') {
            Some(space) if !fits_exactly && space > head.len() / 3 => &head[..space],
            _ => head,
        };
        let remaining = text[line.len()..].trim_start_matches(' ');
        rest = (!remaining.is_empty()).then_some(remaining);
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, width: usize) -> Vec<&str> {
        wrapped(text, width, width).collect()
    }

    #[test]
    fn lines_break_at_spaces_and_within_long_words() {
        assert_eq!(lines("", 5), [""]);
        assert_eq!(lines("one two three", 7), ["one two", "three"]);
        assert_eq!(lines("one two three", 6), ["one", "two", "three"]);
        assert_eq!(lines("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(lines("日本語", 1), ["日", "本", "語"]);
        assert_eq!(lines("日本語", 4), ["日本", "語"]);
    }

    #[test]
    fn a_name_keeps_both_its_ends() {
        assert_eq!(shortened_in_the_middle("ethereum-mainnet-2000", 9), "ethe…2000");
        assert_eq!(shortened_in_the_middle("日本語です", 6), "日…す");
        assert_eq!(shortened_in_the_middle("abc", 1), "…");
        assert_eq!(shortened_in_the_middle("abc", 3), "abc");
    }
}
