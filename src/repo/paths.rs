//! Paths relative to the root, as text.

/// Whether `path` lies at or below `folder`.
pub(super) fn within(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The folder of `path`; empty for the root.
pub(super) fn dir(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// The name of the folder that directly holds `path`.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit('/').nth(1).unwrap_or_default()
}
