use std::fs;
use std::path::{Path, PathBuf};

use super::root::Root;
use super::{OpenFiles, Sockets, network};

/// Follows the sockets and files of a generator, or of a whole network namespace.
#[derive(Clone, Debug)]
pub struct Watch {
    root: PathBuf,
    pid: Option<u32>,
    range: Option<(u16, u16)>,
}

/// How things are at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Local ports of the range that some socket has.
    pub ports_in_use: u64,
    /// Ports in the range, if it is known.
    pub ports: Option<u64>,
    /// Connections in `TIME_WAIT`.
    pub time_wait: u64,
    /// Connections that are open.
    pub established: u64,
    /// Files that the process has open, if one is followed.
    pub open_files: Option<u64>,
    /// Its limit.
    pub open_files_limit: Option<u64>,
}

impl Watch {
    /// Follows a process, with the sockets of its network namespace, or those of this one.
    #[must_use]
    pub fn new(root: &Path, pid: Option<u32>) -> Self {
        let range = network::port_range(Root(root));
        Self { root: root.to_owned(), pid, range }
    }

    /// `None` once the process has ended.
    #[must_use]
    pub fn sample(&self) -> Option<Sample> {
        let root = Root(&self.root);
        let process = self.pid.map_or_else(|| "/proc".to_owned(), |pid| format!("/proc/{pid}"));
        let sockets = Sockets::read(root, &process)?;
        let files = || {
            let entries = fs::read_dir(root.path(&format!("{process}/fd"))).ok()?;
            Some(entries.count() as u64)
        };
        let limit = || OpenFiles::read(root, &process).map(|limit| limit.soft);
        let followed = self.pid.is_some();
        let (low, high) = self.range.unwrap_or((1, u16::MAX));
        Some(Sample {
            ports_in_use: sockets.taken(low, high),
            ports: self.range.map(|(low, high)| u64::from(high).saturating_sub(low.into()) + 1),
            time_wait: sockets.time_wait,
            established: sockets.established,
            open_files: followed.then(files).flatten(),
            open_files_limit: followed.then(limit).flatten(),
        })
    }
}

/// The processes of this name, by their ids.
#[must_use]
pub fn generators(root: &Path, name: &str) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(root.join("proc")) else { return Vec::new() };
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    // The kernel cuts names at fifteen bytes.
    let cut = name.get(..15).unwrap_or(name);
    let named = |pid: &u32| {
        Root(root).text(&format!("/proc/{pid}/comm")).is_some_and(|comm| comm.trim() == cut)
    };
    let mut found: Vec<_> = ids.filter(named).collect();
    found.sort_unstable();
    found
}
