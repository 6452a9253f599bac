//! A repository as it was looked at once, while somebody edits it.

use std::sync::Arc;

use crate::config::Config;
use crate::outcome::Outcome;
use crate::repo::Repo;
use crate::source::Source;

/// What a look found.
pub struct Look {
    /// What it has to say.
    pub outcome: Outcome,
    /// What was read.
    pub repo: Repo,
    /// How it is configured.
    pub config: Config,
    pub(super) source: Arc<dyn Source + Send>,
}

impl Look {
    /// The text at `path`, as it was looked at.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<String> {
        String::from_utf8(self.source.read(path).ok()?).ok()
    }
}
