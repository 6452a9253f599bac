//! Blobs by path, and the one git process that reads them.

use std::collections::{BTreeMap, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;

use super::command::command;
use super::fetch_hint::{bring, is_partial};
use crate::source::api::{Entry, MAX_FILE, MAX_LINKS, ReadError, SUBMODULE, SourceError, is_pointer, resolve_link};

#[derive(Debug, Clone)]
struct Blob {
    id: String,
    link: bool,
    /// The path, where it is not Unicode and the key is only what can be shown of it.
    bytes: Option<Vec<u8>>,
}

/// Blobs by path, and the submodules, which are none.
#[derive(Debug, Default)]
pub(super) struct Blobs {
    blobs: BTreeMap<String, Blob>,
    submodules: Vec<String>,
}

impl Blobs {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a file or a submodule of a listing.
    pub(super) fn insert(&mut self, path: &[u8], mode: &str, id: &str) {
        let shown = String::from_utf8_lossy(path).into_owned();
        if mode == "160000" {
            self.submodules.push(shown);
            return;
        }
        let bytes = (shown.as_bytes() != path).then(|| path.to_vec());
        self.blobs.insert(shown, Blob { id: id.to_owned(), link: mode == "120000", bytes });
    }

    /// Drops what is not in `paths`.
    pub(super) fn keep(&mut self, paths: &HashSet<&[u8]>) {
        self.blobs.retain(|path, blob| paths.contains(blob.bytes.as_deref().unwrap_or(path.as_bytes())));
    }

    /// Whether ids are SHA-256.
    pub(super) fn long_ids(&self) -> bool {
        self.blobs.values().next().is_some_and(|blob| blob.id.len() == 64)
    }
}

/// Files that git holds.
#[derive(Debug)]
pub(in crate::source) struct Objects {
    root: PathBuf,
    blobs: BTreeMap<String, Blob>,
    submodules: Vec<String>,
    /// The commit that a partial clone would fetch them by.
    commit: String,
    reader: Mutex<Option<Reader>>,
    not_here: std::sync::OnceLock<String>,
}

#[derive(Debug)]
struct Reader {
    process: std::process::Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Reader {
    fn start(root: &Path, how: &str) -> std::io::Result<Self> {
        let mut process = command(root, false)
            .args(["cat-file", how])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = process.stdout.take().ok_or_else(|| std::io::Error::other("git gives no output"))?;
        Ok(Self { process, output: BufReader::new(output) })
    }

    /// The size of a blob, or `None` when it is not here.
    fn size(&mut self, id: &str) -> std::io::Result<Option<u64>> {
        let input = self.process.stdin.as_mut().ok_or_else(|| std::io::Error::other("git takes no input"))?;
        writeln!(input, "{id}")?;
        input.flush()?;
        let mut header = String::new();
        self.output.read_line(&mut header)?;
        if header.is_empty() {
            // A git that does not know GIT_NO_LAZY_FETCH ends when it may not fetch.
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(header.split_whitespace().nth(2).and_then(|size| size.parse().ok()))
    }

    /// The content of a blob, too large a one skipped.
    fn read(&mut self, id: &str) -> std::io::Result<Option<Result<Vec<u8>, ReadError>>> {
        let Some(size) = self.size(id)? else { return Ok(None) };
        if size > MAX_FILE {
            std::io::copy(&mut (&mut self.output).take(size + 1), &mut std::io::sink())?;
            return Ok(Some(Err(ReadError::TooLarge(size))));
        }
        let mut content = Vec::new();
        (&mut self.output).take(size + 1).read_to_end(&mut content)?;
        if content.len() as u64 != size + 1 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        content.pop();
        Ok(Some(Ok(content)))
    }
}

impl Objects {
    pub(super) fn new(root: &Path, blobs: Blobs, commit: String) -> Self {
        let (reader, not_here) = (Mutex::new(None), std::sync::OnceLock::new());
        let Blobs { blobs, submodules } = blobs;
        Self { root: root.to_path_buf(), blobs, submodules, commit, reader, not_here }
    }

    /// The submodules, and why they are not looked into.
    pub(in crate::source) fn not_entered(&self) -> Vec<(String, &'static str)> {
        self.submodules.iter().map(|path| (path.clone(), SUBMODULE)).collect()
    }

    pub(in crate::source) fn entries(&self) -> Vec<Entry> {
        self.blobs.keys().map(|path| Entry { path: path.clone() }).collect()
    }

    /// How many of the files whose path is `wanted` are not here.
    pub(super) fn lacking(&self, wanted: impl Fn(&str) -> bool) -> Result<usize, SourceError> {
        let other = |error: std::io::Error| SourceError::Git(format!("git: {error}"));
        let mut reader = Reader::start(&self.root, "--batch-check").map_err(other)?;
        let mut lacking = 0;
        for (_, blob) in self.blobs.iter().filter(|(path, _)| wanted(path)) {
            match reader.size(&blob.id) {
                Ok(Some(_)) => {}
                Ok(None) => lacking += 1,
                Err(_) => {
                    lacking += 1;
                    reader = Reader::start(&self.root, "--batch-check").map_err(other)?;
                }
            }
        }
        Ok(lacking)
    }

    fn blob(&self, id: &str) -> Result<Vec<u8>, ReadError> {
        let other = |error: std::io::Error| ReadError::Other(format!("git: {error}"));
        let mut slot = self.reader.lock().map_err(|_| ReadError::Other("git: reading stopped".to_owned()))?;
        let mut reader = match slot.take() {
            Some(reader) => reader,
            None => Reader::start(&self.root, "--batch").map_err(other)?,
        };
        match reader.read(id) {
            Ok(read) => {
                *slot = Some(reader);
                read.unwrap_or_else(|| Err(self.not_here()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(self.not_here()),
            Err(error) => Err(other(error)),
        }
    }

    /// What to say of a blob that is not here, the same for all of them.
    fn not_here(&self) -> ReadError {
        let say = || match is_partial(&self.root) {
            Ok(true) => format!("a partial clone; run {}, which fetches the contents", bring(&self.commit)),
            _ => "which is damaged; `git fsck` says more".to_owned(),
        };
        ReadError::NotHere(self.not_here.get_or_init(say).clone())
    }

    /// The content of the file at `path`, links followed to the file that they lead to.
    pub(in crate::source) fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let mut path = path.to_owned();
        for step in 0..MAX_LINKS {
            let Some(blob) = self.blobs.get(&path) else {
                return Err(if step > 0 && self.is_folder(&path) { ReadError::NotAFile } else { ReadError::Missing });
            };
            if blob.bytes.is_some() {
                return Err(ReadError::NotUnicode);
            }
            if step > 0 && !blob.link {
                return Err(ReadError::LinkTo(path));
            }
            let content = self.blob(&blob.id)?;
            if !blob.link {
                let compare = "check the revision out with git-lfs and compare folders, with `polcheck diff --files`";
                return if is_pointer(&content) { Err(ReadError::Pointer(compare)) } else { Ok(content) };
            }
            let target = String::from_utf8_lossy(&content).into_owned();
            path = resolve_link(&path, &target).ok_or(ReadError::LeadsOut(target))?;
        }
        Err(ReadError::NotAFile)
    }

    fn is_folder(&self, path: &str) -> bool {
        let below = format!("{path}/");
        path.is_empty() || self.blobs.range(below.clone()..).next().is_some_and(|(next, _)| next.starts_with(&below))
    }
}
