//! What a run reports on: the paths that were asked for. What is read does not depend on it.
//!
//! # Why
//!
//! Everything is laid out and read as without a focus; only stores with nothing at or below it are dropped before they
//! are read. Findings are kept when they lie there, or point to a place there, or are about the schema of a store that
//! is left or about the configuration.

use super::paths::within;

/// Files and folders that findings and rows have to lie at or below.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Focus {
    /// Relative to the root; empty for everything.
    paths: Vec<String>,
}

impl Focus {
    /// On `paths`, relative to the root; on everything when there are none, or when the root is among them.
    #[must_use]
    pub fn on(paths: &[String]) -> Self {
        let named = |path: &String| path.trim_end_matches('/').to_owned();
        let paths: Vec<String> = paths.iter().map(named).collect();
        let whole = paths.iter().any(|path| path.is_empty() || path == ".");
        Self { paths: if whole { Vec::new() } else { paths } }
    }

    /// Whether it is on everything.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.paths.is_empty()
    }

    /// The paths; none when it is on everything.
    #[must_use]
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// Whether the file at `path` is at or below one of the paths.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        self.is_whole() || self.paths.iter().any(|root| within(path, root))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_focus_covers_files_and_folders_by_whole_names() {
        let on = |paths: &[&str]| Focus::on(&paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>());
        for (paths, path, covered) in [
            (&[][..], "a/b.cedar", true),
            (&[""], "a/b.cedar", true),
            (&["x", "."], "a/b.cedar", true),
            (&["a"], "a/b.cedar", true),
            (&["a/"], "a/b.cedar", true),
            (&["a/b.cedar"], "a/b.cedar", true),
            (&["a/b"], "a/b.cedar", false),
            (&["x", "y"], "a/b.cedar", false),
        ] {
            assert_eq!(on(paths).covers(path), covered, "{paths:?}");
        }
    }
}
