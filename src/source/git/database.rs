//! git's objects, read by one process.
//!
//! # Why
//!
//! git takes longer to start than to answer, and a comparison of a small repository is little else. So one process is
//! asked for everything that two commits hold: what a plain name stands for, their folders, their contents. A folder
//! that both have is read once.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard};

use super::command::{Asking, command};
use super::fetch_hint;
use crate::source::api::{MAX_FILE, ReadError, SourceError};

/// So many objects are asked for before the first is read: their ids must fit into a pipe.
const AT_ONCE: usize = 64;

/// The mode of a folder in a folder.
const FOLDER: &str = "40000";

/// A repository's objects. A clone asks the same process.
#[derive(Debug, Clone)]
pub(in crate::source) struct Database(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    process: Mutex<Option<Process>>,
    folders: Mutex<HashMap<String, Arc<[Child]>>>,
    partial: Mutex<Partial>,
}

/// Whether contents may be left with the remote.
#[derive(Debug, Default)]
enum Partial {
    #[default]
    Unasked,
    Asked(Asking),
    Known(bool),
}

/// An object.
#[derive(Debug)]
pub(super) struct Object {
    /// Its full id.
    pub(super) id: String,
    /// `commit`, `tree`, `blob` or `tag`.
    pub(super) kind: String,
    /// What it holds.
    pub(super) content: Vec<u8>,
}

/// What a folder holds.
#[derive(Debug)]
struct Child {
    mode: String,
    name: Vec<u8>,
    id: String,
}

impl Database {
    /// The objects of the repository at `root`. git is started when the first is asked for.
    pub(in crate::source) fn new(root: &Path) -> Self {
        let root = root.to_path_buf();
        Self(Arc::new(Shared { root, process: Mutex::default(), folders: Mutex::default(), partial: Mutex::default() }))
    }

    /// Starts git, and asks another one whether contents may be left with the remote: both take their time. What goes
    /// wrong is told when they are asked.
    pub(super) fn begin(&self) {
        let _ = self.with_process(|_| Ok(()));
        if let Ok(mut partial) = self.0.partial.lock()
            && matches!(*partial, Partial::Unasked)
            && let Ok(asking) = fetch_hint::ask_partial(&self.0.root)
        {
            *partial = Partial::Asked(asking);
        }
    }

    /// Where the repository is.
    pub(super) fn root(&self) -> &Path {
        &self.0.root
    }

    /// Whether contents may be left with the remote.
    pub(super) fn is_partial(&self) -> Result<bool, SourceError> {
        let mut partial = self.0.partial.lock().map_err(|_| SourceError::Git(stopped().to_string()))?;
        let asking = match std::mem::take(&mut *partial) {
            Partial::Known(known) => {
                *partial = Partial::Known(known);
                return Ok(known);
            }
            Partial::Asked(asking) => asking,
            Partial::Unasked => fetch_hint::ask_partial(&self.0.root)?,
        };
        let known = !asking.end()?.stdout.is_empty();
        *partial = Partial::Known(known);
        Ok(known)
    }

    /// The object that `name` stands for, which has no line ends; `None` where none is here, or too large a one.
    ///
    /// # Errors
    /// When git cannot be run. It ends early ([`ErrorKind::UnexpectedEof`]) where it refuses the repository, and a git
    /// that does not know `GIT_NO_LAZY_FETCH` where it may not fetch.
    pub(super) fn object(&self, name: &str) -> std::io::Result<Option<Object>> {
        Ok(self.read(name)?.and_then(Result::ok))
    }

    /// The same, with why it was not read.
    pub(super) fn read(&self, name: &str) -> std::io::Result<Option<Result<Object, ReadError>>> {
        self.with_process(|process| {
            process.ask(&[name])?;
            process.answer()
        })
    }

    /// Gives `found` every file and submodule below the folder `tree`: path, mode and id. False where a folder is not
    /// here.
    ///
    /// # Errors
    /// As for [`Self::object`].
    pub(super) fn files(&self, tree: &str, found: &mut dyn FnMut(&[u8], &str, &str)) -> std::io::Result<bool> {
        let mut open: Vec<(Vec<u8>, String)> = vec![(Vec::new(), tree.to_owned())];
        while !open.is_empty() {
            self.read_folders(&open)?;
            let known = self.folders()?;
            for (below, id) in std::mem::take(&mut open) {
                let Some(children) = known.get(&id) else { return Ok(false) };
                for Child { mode, name, id } in children.iter() {
                    let mut path = [below.as_slice(), name].concat();
                    if mode == FOLDER {
                        path.push(b'/');
                        open.push((path, id.clone()));
                    } else {
                        found(&path, mode, id);
                    }
                }
            }
        }
        Ok(true)
    }

    /// Reads those of the folders that were not read yet and are here.
    fn read_folders(&self, wanted: &[(Vec<u8>, String)]) -> std::io::Result<()> {
        self.with_process(|process| {
            let mut new: Vec<&str> = {
                let known = self.folders()?;
                let distinct: HashSet<&str> = wanted.iter().map(|(_, id)| id.as_str()).collect();
                distinct.into_iter().filter(|id| !known.contains_key(*id)).collect()
            };
            new.sort_unstable();
            for some in new.chunks(AT_ONCE) {
                process.ask(some)?;
                for id in some {
                    if let Some(Ok(Object { kind, content, .. })) = process.answer()?
                        && kind == "tree"
                        && let Some(children) = children(&content, id.len() / 2)
                    {
                        self.folders()?.insert((*id).to_owned(), children.into());
                    }
                }
            }
            Ok(())
        })
    }

    fn folders(&self) -> std::io::Result<MutexGuard<'_, HashMap<String, Arc<[Child]>>>> {
        self.0.folders.lock().map_err(|_| stopped())
    }

    /// What `work` makes of the process, which is started anew after an error.
    fn with_process<T>(&self, work: impl FnOnce(&mut Process) -> std::io::Result<T>) -> std::io::Result<T> {
        let mut slot = self.0.process.lock().map_err(|_| stopped())?;
        let mut process = match slot.take() {
            Some(process) => process,
            None => Process::start(&self.0.root, "--batch")?,
        };
        let done = work(&mut process)?;
        *slot = Some(process);
        Ok(done)
    }

    /// How many of the objects `ids` are not here.
    ///
    /// # Errors
    /// When git cannot be run.
    pub(super) fn lacking<'i>(&self, ids: impl Iterator<Item = &'i str>) -> std::io::Result<usize> {
        let start = || Process::start(&self.0.root, "--batch-check");
        let mut process = start()?;
        let mut lacking = 0;
        for id in ids {
            match process.ask(&[id]).and_then(|()| process.header()) {
                Ok(Some(_)) => {}
                Ok(None) => lacking += 1,
                Err(_) => {
                    lacking += 1;
                    process = start()?;
                }
            }
        }
        Ok(lacking)
    }
}

fn stopped() -> std::io::Error {
    std::io::Error::other("reading stopped")
}

/// What stands in a folder as git keeps it, with ids of so many bytes; `None` where it is none.
fn children(mut rest: &[u8], id: usize) -> Option<Vec<Child>> {
    let mut all = Vec::new();
    while !rest.is_empty() {
        // "<mode> SP <name> NUL <id>"
        let (mode, after) = rest.split_at_checked(rest.iter().position(|byte| *byte == b' ')?)?;
        let (name, after) = after.split_at_checked(after.iter().position(|byte| *byte == 0)?)?;
        let (id, after) = after.get(1..)?.split_at_checked(id)?;
        let digit = |value: u8| char::from_digit(u32::from(value), 16);
        all.push(Child {
            mode: std::str::from_utf8(mode).ok()?.to_owned(),
            name: name.get(1..)?.to_vec(),
            id: id.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(digit).collect(),
        });
        rest = after;
    }
    Some(all)
}

/// `git cat-file`, which answers as long as it is asked.
#[derive(Debug)]
struct Process {
    child: std::process::Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    fn start(root: &Path, how: &str) -> std::io::Result<Self> {
        let mut child = command(root, false)
            .args(["cat-file", how])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = child.stdout.take().ok_or_else(|| std::io::Error::other("git gives no output"))?;
        Ok(Self { child, output: BufReader::new(output) })
    }

    fn ask(&mut self, names: &[&str]) -> std::io::Result<()> {
        let input = self.child.stdin.as_mut().ok_or_else(|| std::io::Error::other("git takes no input"))?;
        let lines: String = names.iter().flat_map(|name| [*name, "\n"]).collect();
        input.write_all(lines.as_bytes()).and_then(|()| input.flush()).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => ErrorKind::UnexpectedEof.into(),
            _ => error,
        })
    }

    /// Id, kind and size of the next object; `None` when it is not here.
    fn header(&mut self) -> std::io::Result<Option<(String, String, u64)>> {
        let mut header = String::new();
        self.output.read_line(&mut header)?;
        if header.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let mut words = header.split_whitespace();
        let (Some(id), Some(kind), Some(size)) = (words.next(), words.next(), words.next()) else { return Ok(None) };
        Ok(size.parse().ok().map(|size| (id.to_owned(), kind.to_owned(), size)))
    }

    /// The next object, too large a one skipped; `None` when it is not here.
    fn answer(&mut self) -> std::io::Result<Option<Result<Object, ReadError>>> {
        let Some((id, kind, size)) = self.header()? else { return Ok(None) };
        if size > MAX_FILE {
            std::io::copy(&mut (&mut self.output).take(size + 1), &mut std::io::sink())?;
            return Ok(Some(Err(ReadError::TooLarge(size))));
        }
        let mut content = Vec::new();
        (&mut self.output).take(size + 1).read_to_end(&mut content)?;
        if content.len() as u64 != size + 1 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        content.pop();
        Ok(Some(Ok(Object { id, kind, content })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_as_git_keeps_it() {
        let bytes = b"100644 a b\0\x01\x23\xab40000 c\xff\0\x00\x0f\xf0";
        let all = children(bytes, 3).unwrap();
        let told: Vec<_> = all.iter().map(|one| (one.mode.as_str(), one.name.as_slice(), one.id.as_str())).collect();
        assert_eq!(told, [("100644", &b"a b"[..], "0123ab"), (FOLDER, &b"c\xff"[..], "000ff0")]);
        assert!(children(b"", 20).unwrap().is_empty());
        for cut in 1..bytes.len() {
            let whole = cut == b"100644 a b\0\x01\x23\xab".len();
            assert_eq!(children(&bytes[..cut], 3).is_some(), whole, "{cut}");
        }
    }
}
