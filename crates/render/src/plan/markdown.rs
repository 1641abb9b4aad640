//! GitHub's Markdown, for a pull request or a document.

use std::fmt::{self, Display, Formatter};

use super::PlanReport;
use super::answer::parts;
use super::parts::Part;
use crate::markdown::{fenced, joined, table};

/// The plan as Markdown.
#[must_use]
pub fn render(report: &PlanReport<'_>) -> String {
    Markdown(report).to_string()
}

struct Markdown<'s, 'a>(&'s PlanReport<'a>);

impl Display for Markdown<'_, '_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut before_is_point = false;
        let mut before_is_warning = false;
        for part in parts(self.0) {
            let is_point = matches!(part, Part::Point(_));
            if is_point && !before_is_point {
                writeln!(f)?;
            }
            let is_warning = matches!(part, Part::Warning(_));
            if is_warning && !before_is_warning {
                writeln!(f, "\n> [!WARNING]")?;
            }
            (before_is_point, before_is_warning) = (is_point, is_warning);
            match part {
                Part::Answer(answer) => {
                    writeln!(f, "### Capacity plan\n\n**{}**", answer.markdown())?;
                }
                Part::Facts(facts) => writeln!(f, "\n{}", joined(&facts, " · "))?,
                Part::Title(title) => {
                    let mut letters = title.chars();
                    let first = letters.next().map(|c| c.to_uppercase().to_string());
                    writeln!(f, "\n**{}{}**", first.unwrap_or_default(), letters.as_str())?;
                }
                Part::Point(point) => writeln!(f, "- {}", point.markdown())?,
                Part::Table(figures) => table(f, &figures)?,
                Part::Lines(lines) => {
                    writeln!(f)?;
                    fenced(f, &lines)?;
                }
                Part::Warning(warning) => writeln!(f, "> - {}", warning.markdown())?,
            }
        }
        Ok(())
    }
}
