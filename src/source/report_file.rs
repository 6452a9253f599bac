//! Writing a report: whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes `content` to `path`. A regular file is replaced in one step by way of a temporary file beside it, so that a
/// full disk or an interrupt leaves the old content; anything else (a device, a pipe) is written to directly.
///
/// # Errors
/// The operating system's error for the step that failed; no temporary file is left behind.
pub fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let special = fs::metadata(path).is_ok_and(|about| !about.is_file());
    if special || fs::symlink_metadata(path).is_ok_and(|about| about.file_type().is_symlink()) {
        let mut file = fs::OpenOptions::new().write(true).truncate(true).open(path)?;
        file.write_all(content)?;
        return file.flush();
    }
    replace_with(path, &mut |file| file.write_all(content))
}

/// Replaces the file at `path` in one step by what `write` makes of a temporary file beside it.
pub(super) fn replace_with(path: &Path, write: &mut dyn FnMut(&mut fs::File) -> io::Result<()>) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut temporary = name.to_os_string();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(temporary);
    let written = fs::File::create(&temporary)
        .and_then(|mut file| write(&mut file).and_then(|()| file.sync_data()))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Writes `content` to `path`, where nothing may be yet: not through a link that somebody laid there.
///
/// # Errors
/// The operating system's error, also when there is something.
pub fn write_new_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(content)?;
    file.flush()
}
