//! A repository, opened and not judged: for what is to be done with it other than a run.

use std::path::PathBuf;

use super::error::RunError;
use super::loaded::{Loaded, holds_policies};
use super::place::Place;
use super::reading::Reading;
use crate::config::Config;
use crate::repo::Repo;

/// What a repository holds.
#[derive(Debug)]
pub struct Opened {
    /// Its root.
    pub root: PathBuf,
    /// Whether the root is that of a git repository.
    pub in_git: bool,
    /// What it holds, what is wrong with it included.
    pub repo: Repo,
    /// How it is configured.
    pub config: Config,
}

impl Opened {
    /// Whether there is a policy or a schema.
    #[must_use]
    pub fn holds_policies(&self) -> bool {
        self.repo.stores.iter().any(holds_policies)
    }
}

/// The whole repository around the folder of `reading`, wherever in it that is.
///
/// # Errors
/// When it cannot be read.
pub fn open(reading: &Reading) -> Result<Opened, RunError> {
    let place = Place::of(reading)?;
    let whole = Reading { paths: vec![place.root().to_path_buf()], ..reading.clone() };
    let source = place.current(reading.staged)?;
    let Loaded { repo, config, .. } = place.load(&whole, source.as_ref(), None)?;
    Ok(Opened { root: place.root().to_path_buf(), in_git: place.repository().is_ok(), repo, config })
}

/// The folder that holds everything that `reading` reads.
///
/// # Errors
/// When there is no such folder.
pub fn root(reading: &Reading) -> Result<PathBuf, RunError> {
    Ok(Place::of(reading)?.root().to_path_buf())
}
