//! Paths relative to the root, as text.

/// Stands between the path of a file and the name of something inside of it: no path has it.
const INSIDE: char = '\0';

/// The path of the `number`th part of the file at `path`, which is called `name` in there.
pub(super) fn inside(path: &str, number: usize, name: &str) -> String {
    let name = name.replace(['/', INSIDE], "_");
    format!("{path}{INSIDE}{number}{INSIDE}{name}")
}

/// The file in which what is at `path` stands: itself, or what carries it.
pub(super) fn shown(path: &str) -> &str {
    path.split(INSIDE).next().unwrap_or(path)
}

/// Whether `path` is that of something inside of a file.
pub(super) fn is_inside(path: &str) -> bool {
    path.contains(INSIDE)
}

/// Whether `path` lies at or below `folder`.
pub(super) fn within(path: &str, folder: &str) -> bool {
    let below = |rest: &str| rest.is_empty() || rest.starts_with(['/', INSIDE]);
    folder.is_empty() || path.strip_prefix(folder).is_some_and(below)
}

/// The folder of `path`; empty for the root.
pub(super) fn dir(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// The name of the folder that directly holds `path`.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit('/').nth(1).unwrap_or_default()
}
