//! Rows in YAML.

use crate::outcome::SuggestedRow;

/// The head of a new table of what no other row would notice.
pub(in crate::cli) const UNNOTICED: &str = "\
# What these policies decide today, where no other row would notice a change.
# They pin what is, not what should be. Read each row: keep what is meant, correct what is not, and say why in its name.
";

/// The head of a new table of recorded decisions.
pub(in crate::cli) const RECORDED: &str = "\
# What was decided of recorded requests: a row for each class of requests that these policies do not tell apart.
# They pin what was, not what should be. Read each row: keep what is meant, correct what is not, and say why in its name.
";

/// What the top level of a table may say that changes what a row below asks.
const SHARED: [&str; 4] = ["defaults", "clock", "entities", "zone"];

/// `rows` as a table that begins with `head`.
pub(in crate::cli) fn table(head: &str, rows: &[SuggestedRow]) -> String {
    // Rows that stand for themselves ask over nothing else.
    let alone = !rows.is_empty() && rows.iter().all(|row| row.alone);
    let entities = if alone { "entities: []\n" } else { "" };
    let list: String = rows.iter().map(|row| row.yaml.as_str()).collect();
    let tests = if rows.is_empty() { "tests: []\n" } else { "tests:\n" };
    format!("{head}{entities}{tests}{list}")
}

/// `text`, a table in YAML, with `rows` at its end.
pub(super) fn append(text: &str, rows: &[SuggestedRow]) -> Result<String, String> {
    let top = |line: &str| -> Option<String> {
        let key = line.split_once(':')?.0;
        let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        plain.then(|| key.to_owned())
    };
    let keys: Vec<String> = text.lines().filter_map(top).collect();
    if let Some(shared) = keys.iter().find(|key| SHARED.contains(&key.as_str())) {
        return Err(format!("its `{shared}` would change what the rows ask; name a new file"));
    }
    if rows.iter().any(|row| row.alone) {
        return Err("the rows ask over entities of their own and nothing else; name a new file".to_owned());
    }
    if keys.last().map(String::as_str) != Some("tests") {
        return Err("it does not end with its list of `tests`; name a new file".to_owned());
    }
    let after_tests = text.lines().skip_while(|line| !line.starts_with("tests:")).skip(1);
    let first = after_tests.map(str::trim_end).find(|line| !line.is_empty() && !line.trim_start().starts_with('#'));
    let indent = match first {
        Some(line) if line.trim_start().starts_with("- ") => line.len() - line.trim_start().len(),
        _ => return Err("its `tests` are no list with a row a line; name a new file".to_owned()),
    };
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut out = text.trim_end_matches(['\n', '\r']).to_owned();
    for line in rows.iter().flat_map(|row| row.yaml.lines()) {
        let bare = line.strip_prefix("  ").unwrap_or(line);
        out.push_str(&format!("{end}{}{bare}", " ".repeat(indent)));
    }
    out.push_str(end);
    Ok(out)
}
