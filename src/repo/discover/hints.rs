//! What a repository in which nothing was found holds that looks like Cedar: so that its owner knows what to write.

use rayon::prelude::*;

use super::advice::quoted;
use super::shapes::is_schema;
use crate::repo::files::Files;
use crate::text::inline;

/// How many files are looked into. Where there are more, the others are hardly about Cedar.
const LOOKED_AT: usize = 2000;

/// How many are named.
const NAMED: usize = 5;

/// Endings of files in which people keep policies, besides Cedar's own.
const ENDINGS: [&str; 12] =
    [".hcl", ".js", ".json", ".md", ".py", ".rs", ".template", ".tf", ".toml", ".ts", ".yaml", ".yml"];

/// A sentence for each of `paths` that looks like Cedar, the first few.
pub(in crate::repo) fn hints(paths: &[String], files: &Files<'_>) -> Vec<String> {
    let known = |path: &&String| ENDINGS.iter().any(|ending| path.ends_with(ending));
    let wanted: Vec<&String> = paths.iter().filter(known).take(LOOKED_AT).collect();
    let found: Vec<Option<String>> = wanted.par_iter().map(|path| hint(path, files)).collect();
    let mut found: Vec<String> = found.into_iter().flatten().collect();
    if found.len() > NAMED {
        let more = found.split_off(NAMED).len();
        found.push(format!("{more} more files look like Cedar"));
    }
    found
}

fn hint(path: &str, files: &Files<'_>) -> Option<String> {
    let file = files.text(path).ok()?;
    let name = inline(path);
    if path.ends_with(".json") && is_schema(&file) {
        let line = quoted(path);
        return Some(format!(
            "`{name}` looks like a Cedar schema: put its policies into `.cedar` files, and say which they are with \
             `store = [{{ name = \"main\", schema = {line}, policies = \"...\" }}]` in polcheck.toml"
        ));
    }
    let text = file.text();
    let effect = ["permit", "forbid"].iter().any(|effect| {
        text.match_indices(effect).any(|(at, _)| {
            let rest = text.get(at + effect.len()..).unwrap_or_default();
            let scope = rest.trim_start_matches([' ', '\n', '\r', '\t']).trim_start_matches("\\n").trim_start();
            scope.strip_prefix('(').is_some_and(|scope| {
                let scope = scope.trim_start_matches(['\n', '\r', '\t', ' ']).trim_start_matches("\\n").trim_start();
                scope.starts_with("principal") || scope.starts_with('?')
            })
        })
    });
    effect.then(|| {
        format!("`{name}` holds Cedar policies inside of something else: policies are read from `.cedar` files")
    })
}
