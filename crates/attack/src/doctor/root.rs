use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Files below a root. What is not there, or not readable, is unknown: no kernel has all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Root<'a>(pub(super) &'a Path);

impl Root<'_> {
    pub(super) fn path(self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }

    pub(super) fn text(self, path: &str) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }

    pub(super) fn exists(self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// A file that holds one value.
    pub(super) fn value<T: FromStr>(self, path: &str) -> Option<T> {
        self.text(path)?.trim().parse().ok()
    }
}

/// The text behind `name` on the line that begins with it.
pub(super) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// How many numbers a list such as `0-3,8` has.
pub(super) fn list_len(text: &str) -> Option<u32> {
    let ranges = text.trim().split(',').filter(|range| !range.is_empty());
    let lengths = ranges.map(|range| {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        let (low, high): (u32, u32) = (low.parse().ok()?, high.parse().ok()?);
        high.checked_sub(low)?.checked_add(1)
    });
    lengths.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_counted() {
        assert_eq!(list_len("0-3,8\n"), Some(5));
        assert_eq!(list_len("0"), Some(1));
        assert_eq!(list_len("\n"), Some(0));
        assert_eq!(list_len("3-0"), None);
        assert_eq!(list_len("all"), None);
    }
}
