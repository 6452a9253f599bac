//! Lines of configuration to write, as they stand in what is said.

/// The line of configuration for a store with these files.
pub(super) fn store_line(fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(key, path)| format!("{key} = {}", quoted(path))).collect();
    format!("`store = [{{ name = \"main\", {} }}]`", fields.join(", "))
}

/// `path` as a pattern in TOML that fits it and nothing else.
pub(super) fn quoted(path: &str) -> String {
    let pattern = if path == "..." { path.to_owned() } else { globset::escape(path) };
    toml::Value::String(pattern).to_string()
}
