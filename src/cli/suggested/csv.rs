//! Rows in CSV.

use serde_json::Value;

use crate::outcome::SuggestedRow;

/// `text`, a table in CSV, with `rows` at its end.
pub(super) fn append(text: &str, rows: &[SuggestedRow]) -> Result<String, String> {
    let header = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
    let separator = [',', ';', '\t'].into_iter().max_by_key(|c| header.matches(*c).count()).unwrap_or(',');
    let columns: Vec<&str> = header.split(separator).map(|name| name.trim().trim_matches('"')).collect();
    let missing = ["principal", "action", "resource", "expect"].into_iter().find(|name| !columns.contains(name));
    if let Some(missing) = missing {
        return Err(format!("it has no column `{missing}`; name a new file ending in `.yaml`"));
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut out = text.trim_end_matches(['\n', '\r']).to_owned();
    for row in rows {
        let cells = columns.iter().map(|column| cell(row, column)).collect::<Vec<_>>();
        let attributes = row.context.as_object().into_iter().flatten();
        let told = |name: &str| columns.contains(&"context") || columns.contains(&format!("context.{name}").as_str());
        let untold = attributes.map(|(name, _)| name).find(|name| !told(name));
        if let Some(untold) = untold {
            return Err(format!(
                "a row has `context.{untold}`, for which there is no column; name a new file ending in `.yaml`"
            ));
        }
        if row.entities.is_some() {
            return Err("a row has entities of its own, for which CSV has no place; name a new file ending in `.yaml`"
                .to_owned());
        }
        let line: Vec<String> = cells.iter().map(|text| quoted(text, separator)).collect();
        out.push_str(&format!("{end}{}", line.join(&separator.to_string())));
    }
    out.push_str(end);
    Ok(out)
}

/// What `row` says in `column`.
fn cell(row: &SuggestedRow, column: &str) -> String {
    let value = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match column {
        "name" => row.name.clone(),
        "principal" => row.principal.clone(),
        "action" => row.action.clone(),
        "resource" => row.resource.clone(),
        "expect" => row.expect.as_str().to_owned(),
        "unknown" => row.unknown.join(";"),
        "context" => row.context.to_string(),
        _ => column.strip_prefix("context.").and_then(|name| row.context.get(name)).map(value).unwrap_or_default(),
    }
}

fn quoted(text: &str, separator: char) -> String {
    if text.contains([separator, '"', '\n', '\r', ';']) || text.trim() != text {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
