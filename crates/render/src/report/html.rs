//! The report as one page that asks nothing of the network: charts, style and script are in it.

use std::fmt::{self, Display, Formatter, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::blocks::{Block, Story};
use crate::chart::{Chart, Escaped, page_style};
use crate::document::{Cell, Fit, Row, Table, Tone};
use crate::escape::{ascii_hidden, shortened};
use crate::verdict::label;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Characters of a link to a section.
const LONGEST_LINK: usize = 40;

pub(super) fn page(story: &Story<'_>) -> String {
    Html(story).to_string()
}

struct Html<'s, 'a>(&'s Story<'a>);

impl Display for Html<'_, '_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Story { title, blocks } = self.0;
        let style = format!("{STYLE}{}", page_style());
        write!(
            f,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{}'; script-src '{}'; \
             base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n",
            hash(&style),
            hash(SCRIPT),
            Escaped(title)
        )?;
        let mut sections = 0;
        let mut charts = 0;
        for block in blocks {
            match block {
                Block::Heading(words) if sections == 0 => {
                    writeln!(f, "<h1>{}</h1>", words.html())?;
                    sections += 1;
                }
                Block::Heading(words) => {
                    if sections == 1 {
                        contents(f, blocks)?;
                    }
                    writeln!(f, "<h2 id=\"s{sections}\">{}</h2>", words.html())?;
                    sections += 1;
                }
                Block::Chart(chart) => {
                    charts += 1;
                    figure(f, chart, charts)?;
                }
                block => plain(f, block)?,
            }
        }
        write!(f, "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n")
    }
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

/// Links to the sections.
fn contents(f: &mut Formatter<'_>, blocks: &[Block<'_>]) -> fmt::Result {
    writeln!(f, "<nav aria-label=\"Sections\"><ul>")?;
    let headings = blocks.iter().filter_map(|block| match block {
        Block::Heading(words) => Some(words),
        _ => None,
    });
    for (place, words) in headings.enumerate().skip(1) {
        let words = words.raw();
        let words = shortened(&words, LONGEST_LINK);
        writeln!(f, "<li><a href=\"#s{place}\">{}</a></li>", Escaped(&words))?;
    }
    writeln!(f, "</ul></nav>")
}

fn plain(f: &mut Formatter<'_>, block: &Block<'_>) -> fmt::Result {
    match block {
        Block::Heading(_) | Block::Chart(_) => Ok(()),
        Block::Subheading(words) => writeln!(f, "<h3>{}</h3>", Escaped(words)),
        Block::Verdict(kind, headline) => writeln!(
            f,
            "<p class=\"verdict {}\"><strong>{}</strong> {}</p>",
            if kind.name() == "healthy" { "fine" } else { "wrong" },
            Escaped(&label(*kind)),
            headline.html()
        ),
        Block::Paragraph(words) => writeln!(f, "<p>{}</p>", words.html()),
        Block::Facts(facts) => {
            f.write_str("<p class=\"facts\">")?;
            for (place, fact) in facts.iter().enumerate() {
                f.write_str(if place > 0 { " · " } else { "" })?;
                cell(f, fact)?;
            }
            writeln!(f, "</p>")
        }
        Block::Points(points) => {
            writeln!(f, "<ul>")?;
            for point in points {
                writeln!(f, "<li>{}</li>", point.html())?;
            }
            writeln!(f, "</ul>")
        }
        Block::Warnings(warnings) => {
            writeln!(f, "<ul class=\"warnings\">")?;
            for warning in warnings {
                writeln!(f, "<li>{}</li>", warning.html())?;
            }
            writeln!(f, "</ul>")
        }
        Block::Table(figures) => table(f, figures),
        Block::Lines(lines) => {
            f.write_str("<pre tabindex=\"0\">")?;
            for line in lines {
                writeln!(f, "{}", Escaped(line))?;
            }
            writeln!(f, "</pre>")
        }
    }
}

fn cell(f: &mut Formatter<'_>, cell: &Cell<'_>) -> fmt::Result {
    let tag = match cell.tone {
        Tone::Plain => "",
        Tone::Strong => "strong",
        Tone::Bad => "bad",
        Tone::Warning => "warn",
        Tone::Quiet => "quiet",
    };
    if !tag.is_empty() {
        write!(f, "<span class=\"{tag}\">")?;
    }
    match cell {
        Cell { foreign: true, text, .. } if text.trim().is_empty() => f.write_str("(empty)")?,
        Cell { foreign: true, text, .. } => write!(f, "<code>{}</code>", Escaped(text))?,
        Cell { text, .. } => write!(f, "{}", Escaped(text))?,
    }
    f.write_str(if tag.is_empty() { "" } else { "</span>" })
}

/// A row and its remarks stay together when rows are sorted: each is a body of its own.
fn table(f: &mut Formatter<'_>, table: &Table<'_>) -> fmt::Result {
    writeln!(
        f,
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>\n<thead><tr>"
    )?;
    for column in &table.columns {
        let class = if column.fit == Fit::Number { " class=\"n\"" } else { "" };
        writeln!(f, "<th scope=\"col\"{class}>{}</th>", Escaped(column.title))?;
    }
    writeln!(f, "</tr></thead>")?;
    for row in &table.rows {
        body(f, table, row)?;
    }
    if let Some(rest) = &table.rest {
        let across = table.columns.len();
        writeln!(
            f,
            "<tfoot><tr><td colspan=\"{across}\" class=\"quiet\">{}</td></tr></tfoot>",
            Escaped(rest)
        )?;
    }
    writeln!(f, "</table></div>")
}

fn body(f: &mut Formatter<'_>, table: &Table<'_>, row: &Row<'_>) -> fmt::Result {
    f.write_str("<tbody><tr>")?;
    for (column, one) in table.columns.iter().zip(&row.cells) {
        f.write_str(match column.fit {
            Fit::Number => "<td class=\"n\">",
            Fit::Prose => "<td class=\"prose\">",
            Fit::Word | Fit::Name => "<td>",
        })?;
        cell(f, one)?;
        f.write_str("</td>")?;
    }
    f.write_str("</tr>")?;
    for remark in &row.remarks {
        write!(f, "<tr class=\"remark\"><td colspan=\"{}\">", table.columns.len())?;
        cell(f, remark)?;
        f.write_str("</td></tr>")?;
    }
    writeln!(f, "</tbody>")
}

fn figure(f: &mut Formatter<'_>, chart: &Chart, number: usize) -> fmt::Result {
    let id = format!("c{number}");
    let Some(tips) = &chart.tips else {
        return writeln!(f, "<figure class=\"wide\" tabindex=\"0\">{}</figure>", chart.inline(&id));
    };
    writeln!(f, "<figure class=\"wide tips\" tabindex=\"0\">{}", chart.inline(&id))?;
    let mut rows = String::new();
    for (at, values) in &tips.rows {
        let values = serde_json::to_string(values).map_err(|_| fmt::Error)?;
        let comma = if rows.is_empty() { "" } else { "," };
        write!(rows, "{comma}[{at},{values}]")?;
    }
    let heads = serde_json::to_string(&tips.heads).map_err(|_| fmt::Error)?;
    let json = format!("{{\"heads\":{heads},\"end\":{},\"rows\":[{rows}]}}", tips.end);
    // Whatever it holds, it does not end the element.
    let json = ascii_hidden(json).replace('<', "\\u003c");
    writeln!(f, "<script type=\"application/json\">{json}</script></figure>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::contrast;

    #[test]
    fn texts_stand_out_from_the_page_in_light_and_dark() {
        let pages: Vec<Vec<(&str, &str)>> = STYLE
            .split(":root{")
            .skip(1)
            .map(|rest| rest.split('}').next().unwrap())
            .map(|rules| rules.split(';').filter_map(|rule| rule.split_once(':')).collect())
            .collect();
        assert_eq!(pages.len(), 2);
        for page in pages {
            let colour = |name: &str| {
                let short = page.iter().find(|(key, _)| *key == name).unwrap().1;
                if short == "#fff" { "#ffffff" } else { short }
            };
            for text in ["--text", "--quiet", "--link", "--bad", "--warn", "--fine"] {
                for paper in ["--paper", "--wash"] {
                    let found = contrast(colour(text), colour(paper));
                    assert!(found >= 4.5, "{text} on {paper}: {found:.2}");
                }
            }
        }
    }
}
