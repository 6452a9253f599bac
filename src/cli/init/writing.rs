//! What is to be written and said, and doing so without overwriting anything.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::cli::exit::Failure;
use crate::text::inline;

/// One line of the plan.
#[derive(Debug)]
pub(super) enum Step {
    /// A file to be there.
    File { path: String, about: String, text: String, otherwise: String },
    /// What to do by hand.
    Advice { about: String, text: String },
    /// What is not done, and why.
    Note(String),
}

impl Step {
    /// A file at `path` from the root.
    pub(super) fn file(path: &str, about: &str, text: String) -> Self {
        Self::File { path: path.to_owned(), about: about.to_owned(), text, otherwise: String::new() }
    }

    /// The same, with what to add to a file that is there already.
    pub(super) fn or_add(self, addition: String) -> Self {
        match self {
            Self::File { path, about, text, .. } => Self::File { path, about, text, otherwise: addition },
            step => step,
        }
    }

    /// Text to be put somewhere by hand.
    pub(super) fn advice(about: &str, text: String) -> Self {
        Self::Advice { about: about.to_owned(), text }
    }

    /// A sentence.
    pub(super) fn note(text: String) -> Self {
        Self::Note(text)
    }
}

/// What became of a file.
enum Became {
    Written,
    /// Only shown.
    Shown,
    /// It is there already.
    Kept,
}

/// Carries `steps` out below `root`, or only shows them. What was done, for standard output.
///
/// # Errors
/// When a file cannot be written; those before it are.
pub(super) fn carry_out(root: &Path, steps: &[Step], dry: bool) -> Result<String, Failure> {
    let mut out = String::new();
    for step in steps {
        // Writing to a string cannot fail.
        let _ = match step {
            Step::Note(text) => writeln!(out, "skipped: {text}"),
            Step::Advice { about, text } => writeln!(out, "by hand: {about}:\n{}", quoted(text)),
            Step::File { path, about, text, otherwise } => match write(root, path, text, dry)? {
                Became::Written => writeln!(out, "written: {} ({about})", inline(path)),
                Became::Shown => writeln!(out, "would write: {} ({about})\n{}", inline(path), quoted(text)),
                Became::Kept if otherwise.is_empty() => writeln!(out, "kept: {} is there already", inline(path)),
                Became::Kept => writeln!(
                    out,
                    "kept: {} is there already; unless it has them, add:\n{}",
                    inline(path),
                    quoted(otherwise)
                ),
            },
        };
    }
    Ok(out)
}

/// Text set apart from what is said about it.
fn quoted(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("  | {}", inline(line)).trim_end().to_owned()).collect();
    lines.join("\n")
}

/// Makes the file, unless there is anything at `path`.
fn write(root: &Path, path: &str, text: &str, dry: bool) -> Result<Became, Failure> {
    let full = root.join(path);
    let failed = |why: &dyn std::fmt::Display| Failure(format!("cannot write `{path}`: {why}"));
    if fs::symlink_metadata(&full).is_ok() {
        return Ok(Became::Kept);
    }
    if dry {
        return Ok(Became::Shown);
    }
    let folder = full.parent().unwrap_or(root);
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(root);
    if !there.canonicalize().map_err(|error| failed(&error))?.starts_with(root) {
        return Err(failed(&"its folder is a link that leads out of the repository"));
    }
    fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&full).map_err(|error| failed(&error))?;
    file.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
    Ok(Became::Written)
}
