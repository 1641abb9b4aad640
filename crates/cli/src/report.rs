//! `--report DIR`: the whole report, as files in a directory.

use std::path::Path;

use anyhow::Context as _;
use plimsoll_ingest::Source;
use plimsoll_render::report::{Planned, Report, files};

use crate::analyze::Answered;
use crate::args::Analyze;
use crate::config::Config;
use crate::output;
use crate::plan::PlanOf;

/// Files of a report beside its charts.
const FILES: [&str; 4] = ["report.html", "report.md", "summary.json", "plan.json"];

/// What the names of charts begin with.
const CHARTS: [&str; 3] = ["all-", "chain-", "plan-"];

/// Refuses to write where an input is read.
pub(crate) fn refuse_input(directory: &Path, sources: &[Source]) -> anyhow::Result<()> {
    FILES.iter().try_for_each(|name| {
        output::refuse_input(&directory.join(name), sources)
            .with_context(|| format!("--report {}", directory.display()))
    })
}

/// Writes the report, and returns the plan in a sentence where there is one. What an earlier report left there goes.
pub(crate) fn write(
    directory: &Path,
    answered: &Answered,
    config: &Config,
    args: &Analyze,
    command: &str,
) -> anyhow::Result<Option<String>> {
    let summary = answered.summary();
    let plan = PlanOf::found(config, answered, args);
    let fleet = plan.as_ref().ok().and_then(Option::as_ref).map(PlanOf::report);
    let path = config.path.display().to_string();
    let report = Report {
        summary: &summary,
        plan: match (&plan, &fleet) {
            (_, Some(fleet)) => Planned::Fleet(fleet),
            (Err(why), None) => {
                output::complain(&plimsoll_render::visible(&format!("warning: no plan: {why:#}")));
                Planned::Refused(format!("{why:#}"))
            }
            (Ok(_), None) => Planned::NotAsked,
        },
        command,
        configuration: (!path.is_empty()).then_some((&path[..], &config.text[..])),
    };
    let charts = directory.join("charts");
    std::fs::create_dir_all(&charts)
        .with_context(|| format!("cannot make {}", charts.display()))?;
    let files = files(&report);
    clear(directory, |name| files.iter().any(|file| file.path == name))?;
    for file in &files {
        output::answer(&file.content, Some(&directory.join(&file.path)))?;
    }
    Ok(fleet.as_ref().map(plimsoll_render::plan::headline))
}

/// Removes what an earlier report had and this one has not: nobody is to take it for a part of this.
fn clear(directory: &Path, stays: impl Fn(&str) -> bool) -> anyhow::Result<()> {
    let mut old: Vec<String> = FILES.iter().map(|&name| name.to_owned()).collect();
    for entry in std::fs::read_dir(directory.join("charts"))? {
        if let Some(name) = entry?.file_name().to_str()
            && CHARTS.iter().any(|start| name.starts_with(start))
            && name.strip_suffix(".svg").is_some()
        {
            old.push(format!("charts/{name}"));
        }
    }
    for name in old.iter().filter(|name| !stays(name)) {
        let path = directory.join(name);
        if path.is_file() {
            std::fs::remove_file(&path)
                .with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// The command that was typed, as a shell takes it.
pub(crate) fn command() -> String {
    let words = std::env::args_os().skip(1).map(|word| quoted(&word.to_string_lossy()));
    std::iter::once("plimsoll".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,%@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_take_them_for_more() {
        assert_eq!(quoted("latency=500ms,success=99.5%"), "latency=500ms,success=99.5%");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("$(x)'"), r"'$(x)'\'''");
        assert_eq!(quoted(""), "''");
    }
}
