//! What GitHub's runner is told, where there is one.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use plimsoll_render::gate::{GateReport, annotations, markdown, outputs};

use crate::output;

/// A step's summary may have 1 MiB, of which other commands of the step may have used some; of a longer one nothing is shown.
const SUMMARY: u64 = 1 << 20;

/// Annotations, the step's summary and its outputs. Annotations go to the standard output where people read it, so that
/// machines do not.
pub(super) fn tell(report: &GateReport<'_>, stdout: bool) -> anyhow::Result<()> {
    if std::env::var_os("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
        return Ok(());
    }
    let annotations = annotations(report);
    if stdout {
        output::answer(&annotations, None)?;
    } else {
        output::tell(&annotations);
    }
    if let Some(path) = file("GITHUB_STEP_SUMMARY") {
        let used = std::fs::metadata(&path).map_or(0, |file| file.len());
        let most = usize::try_from(SUMMARY.saturating_sub(used)).unwrap_or(0).saturating_sub(2);
        append(&path, &format!("{}\n", markdown(report, most)));
    }
    if let Some(path) = file("GITHUB_OUTPUT") {
        append(&path, &outputs(report));
    }
    Ok(())
}

fn file(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The judgement stands, whether the runner can be told or not.
fn append(path: &PathBuf, text: &str) {
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    if let Err(error) = written {
        output::complain(&format!("warning: cannot write {}: {error}", path.display()));
    }
}
