//! For a terminal: the answer first, the account of what was read last, and warnings where the eye stays.

use crate::Summary;
use crate::document::{Cell, Tone};
use crate::escape::visible;
use crate::layout::Page;
use crate::notices::notices;
use crate::sections::document;

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

/// The summary as text.
#[must_use]
pub fn render(summary: &Summary<'_>, style: &TextStyle) -> String {
    let document = document(summary, |text| visible(text).into_owned());
    let mut page = Page::new(style.width, style.colour);
    page.flow(&document.headline, ", ", 2);
    page.flow(&document.circumstances, " · ", 0);
    page.flow(&document.settings, " · ", 0);
    for table in [&document.chains, &document.outcomes, &document.errors].into_iter().flatten() {
        page.table(table);
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
