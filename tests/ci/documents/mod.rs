//! README.md and docs/ hold: commands are typed, outputs compared, links followed, generated pages generated.

mod book;
mod commands;
mod configurations;
mod pictures;
mod typed;

use std::path::{Path, PathBuf};

/// Whether pages are to be written anew.
fn blesses() -> bool {
    std::env::var_os("POLCHECK_BLESS").is_some()
}

/// Holds the file at `path` to `wanted`, or writes it.
fn keep(path: &str, wanted: &str) {
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    if blesses() && kept != wanted {
        std::fs::write(path, wanted).unwrap();
    } else {
        assert!(
            kept == wanted,
            "{path} is not what it should be; POLCHECK_BLESS=1 cargo test --test ci documents writes it"
        );
    }
}

/// The Markdown below `folder`, sorted.
fn pages(folder: &str) -> Vec<PathBuf> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    below(Path::new(folder), &mut found);
    found.sort();
    found
}
