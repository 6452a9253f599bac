//! What every source offers.

use thiserror::Error;

/// Why a submodule is not looked into.
pub(super) const SUBMODULE: &str = "it is a submodule, a repository of its own, and is checked there";

/// Files larger than this are not read, in bytes.
pub(super) const MAX_FILE: u64 = 64 * 1024 * 1024;

/// How many symbolic links in a row are followed.
pub(super) const MAX_LINKS: usize = 8;

/// One file of a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Path relative to the source's root, `/` as separator.
    pub path: String,
}

/// A source could not be listed at all.
#[derive(Debug, Error)]
pub enum SourceError {
    /// git refused or is missing.
    #[error("{0}")]
    Git(String),
    /// There is no git to ask.
    #[error("cannot run git, which knows what belongs to the repository: {0}; install git, or put it on PATH")]
    NoGit(String),
    /// The folder cannot be read.
    #[error("cannot read `{path}`: {cause}")]
    Folder {
        /// The folder.
        path: String,
        /// The operating system's words.
        cause: String,
    },
}

/// One file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// There is no such file: it was deleted, or the link leads nowhere.
    #[error("there is no such file")]
    Missing,
    /// A symbolic link to something outside of the source's root.
    #[error("it is a link that leads out of the repository, to `{0}`")]
    LeadsOut(String),
    /// A symbolic link to another file of the source, which stands for itself.
    #[error("it is a link to `{0}`, which is read under its own name")]
    LinkTo(String),
    /// A link to a folder, or links in a circle.
    #[error("it is a folder or a link to one, or links lead in a circle")]
    NotAFile,
    /// A pipe, a socket or a device, which may never end.
    #[error("it is a pipe, a socket or a device")]
    Special,
    /// Larger than [`MAX_FILE`].
    #[error("it holds {0} bytes; files over 64 MiB are not read")]
    TooLarge(u64),
    /// The name is not Unicode, so no report could show it.
    #[error("its name is not Unicode")]
    NotUnicode,
    /// git-lfs keeps the content elsewhere; what is here is a pointer to it. The words say how to get at the content.
    #[error("git-lfs keeps its content elsewhere and only a pointer is here; {0}")]
    Pointer(&'static str),
    /// The repository does not hold the content: a partial clone, or a damaged one. The words say which command helps.
    #[error("its content is not in this repository, {0}")]
    NotHere(String),
    /// Anything else, in the operating system's or git's words.
    #[error("{0}")]
    Other(String),
}

/// A set of files to read from.
pub trait Source: Sync {
    /// The files, sorted by path. Outside of a git repository every file below the root, hidden folders aside.
    ///
    /// # Errors
    /// When the root cannot be listed.
    fn list(&self) -> Result<Vec<Entry>, SourceError>;

    /// The folders that are listed and not looked into, sorted by path, and why: other repositories (submodules among
    /// them) and links. Known once [`list`](Self::list) was called.
    fn not_entered(&self) -> Vec<(String, &'static str)> {
        Vec::new()
    }

    /// The content of the file at `path` (relative to the root, `/` as separator).
    ///
    /// # Errors
    /// When there is no such file, it is too large, it is a link that is not to be followed, or it cannot be read.
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError>;

    /// The files at or below `path`, sorted: `path` itself when it is a file.
    ///
    /// # Errors
    /// When there is nothing at `path`, or it cannot be listed.
    fn below(&self, path: &str) -> Result<Vec<String>, SourceError> {
        let folder = path.trim_end_matches('/');
        let all = self.list()?.into_iter().map(|entry| entry.path);
        let below = |file: &String| {
            folder.is_empty() || file == folder || file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        let found: Vec<_> = all.filter(below).collect();
        if found.is_empty() {
            return Err(SourceError::Folder { path: path.to_owned(), cause: "there is no such file".to_owned() });
        }
        Ok(found)
    }

    /// What to call this source in messages: `the worktree`, a revision, `the index`.
    fn label(&self) -> String;
}

/// Whether `content` is what git-lfs leaves in git in the place of a file.
pub(super) fn is_pointer(content: &[u8]) -> bool {
    content.len() < 1024 && content.starts_with(b"version https://git-lfs.github.com/spec/v1\n")
}

/// `target` of a link at `link`, resolved inside the root; `None` when it leads out.
pub(super) fn resolve_link(link: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_resolve_inside_the_root_only() {
        assert_eq!(resolve_link("a/b", "../c").as_deref(), Some("c"));
        assert_eq!(resolve_link("a/b", "./c/d").as_deref(), Some("a/c/d"));
        assert_eq!(resolve_link("a/b", "../../c"), None);
        assert_eq!(resolve_link("a/b", "/etc/passwd"), None);
    }
}
