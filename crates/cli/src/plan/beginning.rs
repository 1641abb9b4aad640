//! How to begin, for those who have nothing yet.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A configuration that works.
pub(super) const TEMPLATE: &str = "\
# plimsoll.toml, to begin with; all keys: docs/plan.md
[chains.ethereum]
target_rps = 2000            # requests per second
capacity_rps = 450           # what one instance sustains; without it, name result files or a summary

[fleet]
zones = 3                    # spread over three zones,
zone_failures = 1            # and one may be lost

[cost]
on_demand_per_hour = 0.17    # of one instance

";

/// Bytes of a configuration, if something is one.
const MOST: u64 = 1 << 20;

/// Nothing is there to plan for.
#[derive(Debug)]
pub(super) struct Nothing {
    config: PathBuf,
}

impl Nothing {
    pub(super) fn of(config: &Path) -> Self {
        Self { config: config.to_owned() }
    }
}

impl fmt::Display for Nothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.config.as_os_str().is_empty() {
            f.write_str("there is no plimsoll.toml here")?;
        } else {
            write!(f, "{} has no chain", self.config.display())?;
        }
        f.write_str(
            ": a plan has to know what each chain is to carry; a plimsoll.toml to begin with is shown above, and plimsoll plan --template > plimsoll.toml writes it",
        )
    }
}

impl std::error::Error for Nothing {}

/// Refuses a configuration among the results: TOML is no format of results.
pub(super) fn refuse_config(files: &[PathBuf]) -> anyhow::Result<()> {
    for path in files.iter().filter(|path| path.extension().is_some_and(|end| end == "toml")) {
        let mut text = String::new();
        let read = std::fs::File::open(path).map(|file| file.take(MOST).read_to_string(&mut text));
        let is_config = matches!(read, Ok(Ok(_)))
            && toml::from_str::<toml::Table>(&text).is_ok_and(|table| !table.is_empty());
        anyhow::ensure!(
            !is_config,
            "{}: it is a configuration, and no result: plimsoll plan --config {}",
            path.display(),
            path.display()
        );
    }
    Ok(())
}
