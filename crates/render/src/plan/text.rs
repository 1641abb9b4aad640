//! For a terminal.

use super::PlanReport;
use super::answer::parts;
use super::parts::Part;
use crate::document::{Cell, Tone};
use crate::escape::visible;
use crate::layout::Page;
use crate::text::{TextStyle, sentence};

/// The plan as text.
#[must_use]
pub fn render(report: &PlanReport<'_>, style: &TextStyle) -> String {
    let mut page = Page::new(style.width, style.colour);
    let mut in_list = true;
    for part in parts(report) {
        match part {
            Part::Answer(answer) => {
                sentence(&mut page, &[Cell::new("PLAN:").tone(Tone::Strong)], &answer, 2);
            }
            Part::Facts(facts) => page.flow(&facts, " · ", 2),
            Part::Title(title) => {
                page.blank_line();
                page.flow(&[Cell::new(title).tone(Tone::Strong)], "", 0);
            }
            Part::Point(point) => {
                if !in_list {
                    page.blank_line();
                }
                sentence(&mut page, &[Cell::new("·").tone(Tone::Quiet)], &point, 2);
                in_list = true;
                continue;
            }
            Part::Table(table) => {
                page.table(&table);
                in_list = false;
                continue;
            }
            Part::Lines(lines) => {
                for line in lines {
                    page.line(&visible(&line));
                }
            }
            Part::Warning(warning) => {
                if in_list {
                    page.blank_line();
                }
                sentence(&mut page, &[Cell::new("WARNING:").tone(Tone::Warning)], &warning, 2);
                in_list = false;
                continue;
            }
        }
        in_list = true;
    }
    page.finish()
}
