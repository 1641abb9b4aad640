//! The file of `-o`: never an input, and never half written.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use plimsoll_ingest::Source;

/// Refuses to write where an input is read.
pub(crate) fn refuse_input(to: &Path, sources: &[Source]) -> anyhow::Result<()> {
    let Some(target) = regular(to) else { return Ok(()) };
    for source in sources {
        let input = input_path(source.name());
        // A name that is no Unicode leads nowhere: it is only compared.
        let same = to.to_string_lossy() == source.name()
            || regular(input).is_some_and(|metadata| is_same(to, &target, input, &metadata));
        anyhow::ensure!(
            !same,
            "--output {} would overwrite the input {}",
            to.display(),
            source.name()
        );
    }
    Ok(())
}

/// Writes all or nothing: what reads the file, or an interruption, finds the old content or the new.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match path.metadata() {
        // Whatever the process has open: what is there already has been written by somebody else.
        Ok(metadata) if metadata.is_file() && is_descriptor(path) => {
            OpenOptions::new().append(true).open(path)?.write_all(bytes)
        }
        Ok(metadata) if metadata.is_file() => {
            // Behind a link the file is replaced, not the link. A file that is protected stays.
            let target = path.canonicalize()?;
            let mut old = OpenOptions::new().write(true).open(&target)?;
            match replace(&target, Some(&metadata), bytes) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    // The directory takes no new file.
                    old.set_len(0)?;
                    old.write_all(bytes)
                }
                result => result,
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
            replace(path, None, bytes)
        }
        // A pipe, a device, a link to nothing, or what will say itself why it cannot be written.
        _ => fs::write(path, bytes),
    }
}

fn replace(target: &Path, old: Option<&Metadata>, bytes: &[u8]) -> io::Result<()> {
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".plimsoll-");
    // As of any new file, less the umask; a temporary file would be the user's alone.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(directory.unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    if let Some(old) = old {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.persist(target).map(|_: File| ()).map_err(|error| error.error)
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
