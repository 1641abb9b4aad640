//! The file of `-o`: never an input, and never half written.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use plimsoll_ingest::Source;
use tempfile::NamedTempFile;

/// Refuses to write where an input is read.
pub(crate) fn refuse_input(to: &Path, sources: &[Source]) -> anyhow::Result<()> {
    for source in sources {
        // A name that is no Unicode leads nowhere: it is only compared.
        anyhow::ensure!(
            !is_there(to, source.name(), input_path(source.name())),
            "--output {} would overwrite the input {}",
            to.display(),
            source.name()
        );
    }
    Ok(())
}

/// Refuses to write where the configuration is read.
pub(crate) fn refuse_config(to: &Path, config: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        !is_there(to, &config.to_string_lossy(), config),
        "--output {} would overwrite the configuration {}",
        to.display(),
        config.display()
    );
    Ok(())
}

/// Whether a file that is there is the other.
fn is_there(to: &Path, name: &str, other: &Path) -> bool {
    regular(to).is_some_and(|target| {
        let is_it = |metadata: Metadata| is_same(to, &target, other, &metadata);
        to.to_string_lossy() == name || regular(other).is_some_and(is_it)
    })
}

/// A file that is being written. All of it appears at once: what reads the file, or an interruption, finds the old
/// content or the new.
pub(crate) enum Target {
    /// Will take the place of `path`.
    New { file: NamedTempFile, path: PathBuf, old: Option<Permissions> },
    /// A pipe, a device, or a file that can only be written where it is.
    InPlace(File),
}

impl Target {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        match path.metadata() {
            // Whatever the process has open: what is there already has been written by somebody else.
            Ok(metadata) if metadata.is_file() && is_descriptor(path) => {
                OpenOptions::new().append(true).open(path).map(Self::InPlace)
            }
            Ok(metadata) if metadata.is_file() => {
                // Behind a link the file is replaced, not the link. A file that is protected stays.
                let path = path.canonicalize()?;
                let old = OpenOptions::new().write(true).open(&path)?;
                match temporary_beside(&path) {
                    Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                        // The directory takes no new file.
                        old.set_len(0)?;
                        Ok(Self::InPlace(old))
                    }
                    file => Ok(Self::New { file: file?, path, old: Some(metadata.permissions()) }),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
                Ok(Self::New { file: temporary_beside(path)?, path: path.to_owned(), old: None })
            }
            // A pipe, a device, a link to nothing, or what will say itself why it cannot be written.
            _ => File::create(path).map(Self::InPlace),
        }
    }

    /// The file that is there until all has been written.
    pub(super) fn temporary(&self) -> Option<&Path> {
        match self {
            Self::New { file, .. } => Some(file.path()),
            Self::InPlace(_) => None,
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::New { file, .. } => file.write_all(bytes),
            Self::InPlace(file) => file.write_all(bytes),
        }
    }

    pub(super) fn finish(self) -> io::Result<()> {
        let Self::New { file, path, old } = self else { return Ok(()) };
        let replaces = old.is_some();
        if let Some(old) = old {
            file.as_file().set_permissions(old)?;
        }
        match file.persist(&path) {
            Ok(_) => Ok(()),
            // The directory lets nobody replace what is another's.
            Err(failed) if replaces && failed.error.kind() == io::ErrorKind::PermissionDenied => {
                let mut file = failed.file;
                file.seek(SeekFrom::Start(0))?;
                let mut old = OpenOptions::new().write(true).truncate(true).open(&path)?;
                io::copy(&mut file, &mut old).map(drop)
            }
            Err(failed) => Err(failed.error),
        }
    }
}

fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".plimsoll-");
    // As of any new file, less the umask; a temporary file would be the user's alone.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(directory.unwrap_or(Path::new(".")))
}

fn input_path(name: &str) -> &Path {
    Path::new(if cfg!(unix) && name == "-" { "/dev/stdin" } else { name })
}

fn regular(path: &Path) -> Option<Metadata> {
    path.metadata().ok().filter(Metadata::is_file)
}

fn is_descriptor(path: &Path) -> bool {
    cfg!(unix) && ["/dev", "/proc"].into_iter().any(|top| path.starts_with(top))
}

fn is_same(left: &Path, left_data: &Metadata, right: &Path, right_data: &Metadata) -> bool {
    let canonical = |path: &Path| path.canonicalize().ok();
    let same_path = |left: Option<PathBuf>| left.is_some() && left == canonical(right);
    same_inode(left_data, right_data) || same_path(canonical(left))
}

#[cfg(unix)]
fn same_inode(left: &Metadata, right: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    (left.dev(), left.ino()) == (right.dev(), right.ino())
}

#[cfg(not(unix))]
fn same_inode(_: &Metadata, _: &Metadata) -> bool {
    false
}
