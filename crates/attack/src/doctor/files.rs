use super::root::{Root, field};

/// How many files a process may have open; `u64::MAX` where there is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFiles {
    /// What is in force.
    pub soft: u64,
    /// What the process may raise it to.
    pub hard: u64,
}

impl OpenFiles {
    /// Of the process in this directory.
    pub(super) fn read(root: Root<'_>, process: &str) -> Option<Self> {
        let limits = root.text(&format!("{process}/limits"))?;
        let mut values = field(&limits, "Max open files")?
            .split_ascii_whitespace()
            .map(|value| if value == "unlimited" { Some(u64::MAX) } else { value.parse().ok() });
        Some(Self { soft: values.next()??, hard: values.next()?? })
    }
}

/// The kernel's table of open files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileTable {
    /// Open now.
    pub open: u64,
    /// Open at most, `fs.file-max`.
    pub max: u64,
}

impl FileTable {
    pub(super) fn read(root: Root<'_>) -> Option<Self> {
        let text = root.text("/proc/sys/fs/file-nr")?;
        let values: Vec<u64> =
            text.split_ascii_whitespace().map_while(|value| value.parse().ok()).collect();
        let &[open, _, max] = values.as_slice() else { return None };
        Some(Self { open, max })
    }
}
