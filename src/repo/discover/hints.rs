//! What a repository in which nothing was found holds that looks like Cedar: so that its owner knows what to write.

use rayon::prelude::*;

use super::advice::store_lines;
use super::shapes::is_schema;
use crate::repo::carriers::speaks_cedar;
use crate::repo::files::Files;
use crate::text::inline;

/// How many files are looked into. Where there are more, the others are hardly about Cedar.
const LOOKED_AT: usize = 2000;

/// How many are named.
const NAMED: usize = 5;

/// Endings of files in which people keep policies, besides Cedar's own.
const ENDINGS: [&str; 30] = [
    ".bak",
    ".cs",
    ".ex",
    ".go",
    ".hcl",
    ".j2",
    ".java",
    ".js",
    ".json",
    ".kt",
    ".md",
    ".orig",
    ".php",
    ".policy",
    ".py",
    ".rb",
    ".rs",
    ".scala",
    ".sh",
    ".swift",
    ".template",
    ".tf",
    ".tmpl",
    ".toml",
    ".tpl",
    ".ts",
    ".txt",
    ".yaml",
    ".yml",
    ".cedarpolicy",
];

/// A sentence for each of `paths` that looks like Cedar and each of `left_out`, by path and reason, the first few.
pub(in crate::repo) fn hints(paths: &[String], left_out: &[(String, String)], files: &Files<'_>) -> Vec<String> {
    let known = |path: &&String| ENDINGS.iter().any(|ending| path.ends_with(ending));
    let wanted: Vec<&String> = paths.iter().filter(known).take(LOOKED_AT).collect();
    let mut found: Vec<(&str, String)> =
        wanted.par_iter().filter_map(|path| Some((path.as_str(), hint(path, files)?))).collect();
    let told = |path: &str| found.iter().any(|(known, _)| *known == path);
    let others: Vec<(&str, String)> = left_out
        .iter()
        .filter(|(path, _)| !told(path))
        .map(|(path, why)| (path.as_str(), format!("`{}` is left out: {}", inline(path), inline(why))))
        .collect();
    found.extend(others);
    let mut found: Vec<String> = found.into_iter().map(|(_, sentence)| sentence).collect();
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
        let lines = store_lines("", &[("schema", &[path]), ("policies", &["..."])]);
        return Some(format!(
            "`{name}` looks like a Cedar schema: put the policies that it governs into `.cedar` files, and say so with {lines}"
        ));
    }
    speaks_cedar(file.text()).then(|| {
        format!("`{name}` holds Cedar policies inside of something else: policies are read from `.cedar` files")
    })
}
