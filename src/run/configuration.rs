//! What configuration names and the repository does not have: a path that matches nothing has no effect, and nobody
//! would know.

use std::path::Path;

use crate::config::{Config, Pattern, UNUSED_CONFIGURATION};
use crate::finding::{Finding, Level};
use crate::repo::Repo;
use crate::text::inline;

/// What makes a pattern more than a path.
const WILD: [char; 4] = ['*', '?', '[', '{'];

/// A warning for each path of `config` to exclude, or to give other levels, that matches no file of any of `sides`, nor
/// anything on the disk at `root` (git may ignore what is there).
pub(super) fn unused_paths(config: &Config, sides: &[&Repo], root: &Path) -> Vec<Finding> {
    let matches = |pattern: &Pattern| {
        let listed = sides.iter().any(|repo| repo.listed.iter().any(|path| pattern.matches(path)));
        listed || (!pattern.text.contains(WILD) && root.join(&pattern.text).exists())
    };
    let what = |pattern: &Pattern, does: &str| -> Option<Finding> {
        let level = config.level(&UNUSED_CONFIGURATION, pattern.location.path())?;
        let message = format!("`{}` matches no file, so it {does} nothing", inline(&pattern.text));
        let mut finding =
            Finding::new(UNUSED_CONFIGURATION.id, level.max(Level::Warning), pattern.location.clone(), message);
        let all = sides.iter().flat_map(|repo| &repo.listed).flat_map(|path| parts(path));
        finding.help = Some(match crate::text::nearest(pattern.text.trim_end_matches('/'), all) {
            Some(meant) => format!("did you mean `{}`?", inline(meant)),
            None => "paths are relative to the repository's root; `*` stays in one folder, `**` does not".to_owned(),
        });
        Some(finding)
    };
    let excluded =
        config.exclude.iter().filter(|pattern| !matches(pattern)).filter_map(|pattern| what(pattern, "excludes"));
    let levels = config.overrides.iter().flat_map(|one| &one.paths);
    let levels = levels.filter(|pattern| !matches(pattern)).filter_map(|pattern| what(pattern, "overrides"));
    excluded.chain(levels).collect()
}

/// `path` and the folders that it lies in.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(above, _)| above))
}
