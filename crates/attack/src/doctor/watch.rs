use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

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
    /// Local ports of the range that some socket has; of all ports, where the range is not known.
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
        let range = match pid {
            Some(pid) => port_range_of(Root(root), pid),
            None => network::port_range(Root(root)),
        };
        Self { root: root.to_owned(), pid, range }
    }

    /// Whether the range of local ports is known: that of another network namespace takes root to read.
    #[must_use]
    pub fn knows_range(&self) -> bool {
        self.range.is_some()
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

/// The port range of a process's network namespace: the kernel shows each thread that of its own.
fn port_range_of(root: Root<'_>, pid: u32) -> Option<(u16, u16)> {
    // The file's number differs from namespace to namespace, and is no secret.
    let table = |process: &str| fs::metadata(root.path(&format!("/proc/{process}/net/tcp")));
    if table(&pid.to_string()).ok()?.ino() == table("self").ok()?.ino() {
        return network::port_range(root);
    }
    let namespace = File::open(root.path(&format!("/proc/{pid}/ns/net"))).ok()?;
    // This thread stays where it is.
    let read = || {
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).ok()?;
        network::port_range(root)
    };
    thread::scope(|scope| scope.spawn(read).join().ok()?)
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
