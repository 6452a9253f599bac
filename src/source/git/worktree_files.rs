//! What git knows of the files in a worktree.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::blobs::{Blobs, Objects};
use super::command::{ask, at_tab, run, split};
use super::database::Database;
use crate::source::api::{Entry, SUBMODULE, SourceError};

/// A path as git writes it, as the file system knows it: on Unix names are bytes.
#[cfg(unix)]
fn native(record: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(record))
}

#[cfg(not(unix))]
fn native(record: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(record).into_owned())
}

/// What git lists of a worktree.
#[derive(Debug, Default)]
pub(in crate::source) struct Listing {
    /// The files, sorted.
    pub(in crate::source) entries: Vec<Entry>,
    /// Folders that are not looked into, sorted, and why.
    pub(in crate::source) not_entered: Vec<(String, &'static str)>,
}

/// What git knows of the worktree: tracked files and untracked ones that are not ignored; deleted files left out.
pub(in crate::source) fn list_worktree(root: &Path) -> Result<Listing, SourceError> {
    let all = run(root, false, &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
    let mut listing = Listing::default();
    for record in split(&all) {
        let native = root.join(native(record));
        let Ok(about) = std::fs::symlink_metadata(&native) else { continue };
        let path = String::from_utf8_lossy(record).into_owned();
        if about.is_dir() {
            // git enters no other repository: a submodule is tracked, and one that is not ends with a stroke.
            let nested = "it is a git repository of its own, and is checked there";
            let why = if path.ends_with('/') { nested } else { SUBMODULE };
            listing.not_entered.push((path.trim_end_matches('/').to_owned(), why));
            continue;
        }
        if about.is_symlink() && native.is_dir() {
            listing.not_entered.push((path.clone(), "it is a link to a folder, and those are not followed"));
        }
        listing.entries.push(Entry { path });
    }
    listing.entries.sort();
    listing.entries.dedup();
    listing.not_entered.sort();
    listing.not_entered.dedup();
    Ok(listing)
}

/// Tracked files that a sparse checkout may leave out of the worktree, as the index has them.
pub(in crate::source) fn left_out_by_sparse(root: &Path) -> Result<Objects, SourceError> {
    let listing = run(root, false, &["ls-files", "-s", "-t", "-z"])?;
    let mut blobs = Blobs::new();
    for record in split(&listing) {
        // "<tag> SP <mode> SP <object> SP <stage> TAB <path>"
        let Some((about, path)) = at_tab(record) else { continue };
        let mut about = about.split(' ');
        if let (Some("S"), Some(mode), Some(id)) = (about.next(), about.next(), about.next()) {
            blobs.insert(path, mode, id);
        }
    }
    Ok(Objects::new(Database::new(root), blobs, "HEAD".to_owned()))
}

/// Tracked files whose line ends are CRLF in the worktree and LF in the index, and would be LF again when added.
pub(in crate::source) fn converted(root: &Path) -> Result<HashSet<String>, SourceError> {
    let by_default = ask(root, &["config", "--get", "core.autocrlf"])?.stdout.trim().to_lowercase();
    let by_default = matches!(by_default.as_str(), "true" | "yes" | "on" | "1" | "input");
    let listing = run(root, false, &["ls-files", "--eol", "-z"])?;
    let mut found = HashSet::new();
    for record in split(&listing) {
        // "i/<ends> w/<ends> attr/<attributes> TAB <path>"
        let Some((about, path)) = at_tab(record) else { continue };
        let Some((ends, attributes)) = about.split_once("attr/") else { continue };
        let mut ends = ends.split_whitespace();
        let converts = match attributes.trim() {
            "" => by_default,
            attributes => !attributes.starts_with("-text"),
        };
        if let (true, Some("i/lf"), Some("w/crlf" | "w/mixed")) = (converts, ends.next(), ends.next()) {
            found.insert(String::from_utf8_lossy(path).into_owned());
        }
    }
    Ok(found)
}
