//! The report as GitHub's Markdown, with charts beside it.

use std::fmt::{self, Display, Formatter};

use super::blocks::{Block, Story};
use super::chart_path;
use crate::escape::{prose, visible};
use crate::markdown::{fenced, joined, table};
use crate::verdict::label;

pub(super) fn page(story: &Story<'_>) -> String {
    Markdown(story).to_string()
}

struct Markdown<'s, 'a>(&'s Story<'a>);

impl Display for Markdown<'_, '_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (place, block) in self.0.blocks.iter().enumerate() {
            if place > 0 && !matches!(block, Block::Table(_)) {
                writeln!(f)?;
            }
            match block {
                Block::Heading(words) if place == 0 => writeln!(f, "# {}", words.markdown())?,
                Block::Heading(words) => writeln!(f, "## {}", words.markdown())?,
                Block::Subheading(words) => {
                    let mut letters = words.chars();
                    let first = letters.next().map(|c| c.to_uppercase().to_string());
                    writeln!(f, "### {}{}", first.unwrap_or_default(), letters.as_str())?;
                }
                Block::Verdict(kind, headline) => {
                    writeln!(f, "**{}: {}**", label(*kind).to_uppercase(), headline.markdown())?;
                }
                Block::Paragraph(words) => writeln!(f, "{}", words.markdown())?,
                Block::Facts(facts) => writeln!(f, "{}", joined(facts, " · "))?,
                Block::Points(points) => {
                    for point in points {
                        writeln!(f, "- {}", point.markdown())?;
                    }
                }
                Block::Warnings(warnings) => {
                    writeln!(f, "> [!WARNING]")?;
                    for warning in warnings {
                        writeln!(f, "> - {}", warning.markdown())?;
                    }
                }
                Block::Table(figures) => table(f, figures)?,
                Block::Chart(chart) => {
                    let words = prose(&visible(&chart.title));
                    writeln!(f, "![{words}]({})", chart_path(&chart.name))?;
                }
                Block::Lines(lines) => fenced(f, lines)?,
            }
        }
        Ok(())
    }
}
