//! What is to be written and said, and doing so without overwriting anything.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

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
    /// It cannot be written.
    Failed(String),
}

/// What [`carry_out`] did.
pub(super) struct Done {
    /// A line for each step, for standard output.
    pub(super) text: String,
    /// Whether every file that was to be written could be.
    pub(super) whole: bool,
}

/// Carries `steps` out below `root`, or only shows them. A file that cannot be written stops none of the others.
pub(super) fn carry_out(root: &Path, steps: &[Step], dry: bool) -> Done {
    let mut done = Done { text: String::new(), whole: true };
    for step in steps {
        let out = &mut done.text;
        // Writing to a string cannot fail.
        let _ = match step {
            Step::Note(text) => writeln!(out, "skipped: {text}"),
            Step::Advice { about, text } => writeln!(out, "by hand: {about}:\n{}", quoted(text)),
            Step::File { path, about, text, otherwise } => match write(root, path, text, dry) {
                Became::Written => writeln!(out, "written: {} ({about})", inline(path)),
                Became::Shown => writeln!(out, "would write: {} ({about})\n{}", inline(path), quoted(text)),
                Became::Kept if otherwise.is_empty() => writeln!(out, "kept: {} is there already", inline(path)),
                Became::Kept => writeln!(
                    out,
                    "kept: {} is there already; unless it has them, add:\n{}",
                    inline(path),
                    quoted(otherwise)
                ),
                Became::Failed(why) => {
                    done.whole = false;
                    writeln!(out, "not written: {}: {}", inline(path), inline(&why))
                }
            },
        };
    }
    done
}

/// Text set apart from what is said about it.
fn quoted(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("  | {}", inline(line)).trim_end().to_owned()).collect();
    lines.join("\n")
}

/// Makes the file, unless there is anything at `path`, or only says what would become of it.
fn write(root: &Path, path: &str, text: &str, dry: bool) -> Became {
    let full = root.join(path);
    if fs::symlink_metadata(&full).is_ok() {
        return Became::Kept;
    }
    let folder = full.parent().unwrap_or(root);
    if let Err(why) = may_hold_files(root, folder) {
        return Became::Failed(why);
    }
    if dry {
        return Became::Shown;
    }
    let written = fs::create_dir_all(folder)
        .and_then(|()| fs::OpenOptions::new().write(true).create_new(true).open(&full))
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_or_else(|error| Became::Failed(error.to_string()), |()| Became::Written)
}

/// Whether `folder` is, or can become, a folder below `root`.
///
/// # Errors
/// Why not.
fn may_hold_files(root: &Path, folder: &Path) -> Result<(), String> {
    // A link that leads nowhere is there too.
    let there = folder.ancestors().find(|folder| fs::symlink_metadata(folder).is_ok()).unwrap_or(root);
    let Ok(real) = there.canonicalize() else {
        return Err("its folder is a link that leads nowhere".to_owned());
    };
    if !real.starts_with(root) {
        return Err("its folder is a link that leads out of the repository".to_owned());
    }
    if real.is_dir() { Ok(()) } else { Err("its folder is a file".to_owned()) }
}
