//! Lines of configuration to write, as they stand in what is said.

use crate::config;
use crate::repo::paths::shown;

/// What to write for a store called as `folder` is with these files: a table of its own, so that it can stand below
/// whatever is there already.
pub(super) fn store_lines(folder: &str, fields: &[(&str, &[&str])]) -> String {
    let name = folder.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("main");
    let lines = fields.iter().map(|(key, paths)| {
        let paths: Vec<String> = paths.iter().map(|path| quoted(path)).collect();
        match paths.as_slice() {
            [only] => format!("`{key} = {only}`"),
            several => format!("`{key} = [{}]`", several.join(", ")),
        }
    });
    let name = format!("`name = {}`", toml::Value::String(name.to_owned()));
    let lines: Vec<String> = std::iter::once(name).chain(lines).collect();
    format!("a `[[store]]` in {} with {}", config::FILE_NAME, lines.join(", "))
}

/// `path` as a pattern in TOML that fits it and nothing else; `...` stands for what the reader is to fill in.
pub(super) fn quoted(path: &str) -> String {
    let path = shown(path);
    let pattern = if path == "..." { path.to_owned() } else { globset::escape(path) };
    toml::Value::String(pattern).to_string()
}
