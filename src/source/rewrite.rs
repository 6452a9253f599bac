//! Putting a new text in the place of one that was read.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use thiserror::Error;

use super::report_file::replace_with;

/// Why a file is not rewritten. `Display` gives a phrase with a way out.
#[derive(Debug, Error)]
pub enum RewriteError {
    /// Its name leads to another file.
    #[error("it is a link; run polcheck where the file itself lies")]
    Link,
    /// Another name leads to the same file.
    #[error("other names lead to the same file and would keep the old text; make it a file of its own")]
    Shared,
    /// It may not be written.
    #[error("it is read-only; make it writable and run this again")]
    ReadOnly,
    /// It does not hold what was read any more.
    #[error("it changed in the meantime; run this again")]
    Changed,
    /// Anything else, in the operating system's words.
    #[error("{0}")]
    Other(#[from] io::Error),
}

/// Whether the file at `path`, which held `before` when it was read, can be rewritten.
///
/// # Errors
/// Why not.
pub fn may_rewrite(path: &Path, before: &str) -> Result<(), RewriteError> {
    let about = fs::symlink_metadata(path)?;
    if about.file_type().is_symlink() {
        return Err(RewriteError::Link);
    }
    if is_shared(&about) {
        return Err(RewriteError::Shared);
    }
    if about.permissions().readonly() {
        return Err(RewriteError::ReadOnly);
    }
    #[expect(clippy::disallowed_methods, reason = "this is where files are read")]
    let now = fs::read(path)?;
    if now != before.as_bytes() {
        return Err(RewriteError::Changed);
    }
    Ok(())
}

/// Puts `after` in the place of `before` at `path`, in one step and with the permissions that the file has.
///
/// # Errors
/// When it may not be rewritten, or cannot be written; then it is as it was.
pub fn rewrite(path: &Path, before: &str, after: &str) -> Result<(), RewriteError> {
    may_rewrite(path, before)?;
    let permissions = fs::metadata(path)?.permissions();
    replace_with(path, &mut |file| {
        file.write_all(after.as_bytes())?;
        file.set_permissions(permissions.clone())
    })?;
    Ok(())
}

#[cfg(unix)]
fn is_shared(about: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(about) > 1
}

#[cfg(not(unix))]
fn is_shared(_about: &fs::Metadata) -> bool {
    false
}
