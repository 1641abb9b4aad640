//! For people: a line for each check, what to do below it.

use std::fmt::Write as _;

use plimsoll_attack::doctor::{Report, Status};

/// Columns that a line has.
const WIDTH: usize = 100;
/// Where the findings begin.
const INDENT: usize = 24;

pub(super) fn render(report: &Report) -> String {
    let failing = report.checks.iter().filter(|check| check.status == Status::Fail).count();
    let warning = report.checks.iter().filter(|check| check.status == Status::Warn).count();
    let mut text = format!("{}: {}\n\n", report.status().name().to_uppercase(), report.headline);
    for check in &report.checks {
        let status = match check.status {
            Status::Fail | Status::Warn => check.status.name().to_uppercase(),
            Status::Pass | Status::Note => check.status.name().to_owned(),
        };
        let _ = write!(text, "{status:<6}{:<18}", check.name);
        wrap(&mut text, &check.finding);
        if let Some(fix) = &check.fix {
            text.push_str(&" ".repeat(INDENT));
            wrap(&mut text, &format!("→ {fix}"));
        }
    }
    let plural = if warning == 1 { "" } else { "s" };
    let _ = writeln!(text, "\n{failing} failing, {warning} warning{plural}. Nothing was changed.");
    text
}

/// Appends words, with line breaks where the columns end.
fn wrap(text: &mut String, words: &str) {
    let mut column = INDENT;
    for (at, word) in words.split(' ').enumerate() {
        let width = word.chars().count();
        if at > 0 && column + 1 + width > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(INDENT));
            column = INDENT;
        } else if at > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += width;
    }
    text.push('\n');
}
