//! Rows in the JSON of `cedar run-tests`.

use serde_json::{Value, json};

use crate::outcome::SuggestedRow;

/// `text`, an array of rows, with `rows` at its end; what stands there stays as it is written.
pub(super) fn append(text: &str, rows: &[SuggestedRow]) -> Result<String, String> {
    let otherwise =
        || "it is no array of rows as `cedar run-tests` reads; name a new file ending in `.yaml`".to_owned();
    let there: Vec<Value> = serde_json::from_str(text).map_err(|_| otherwise())?;
    if there.iter().any(|row| row.get("request").is_none() || row.get("decision").is_none()) {
        return Err(otherwise());
    }
    let body = text.trim_end().strip_suffix(']').ok_or_else(otherwise)?.trim_end();
    let mut out = body.to_owned();
    for (at, row) in rows.iter().enumerate() {
        let comma = if at == 0 && there.is_empty() { "" } else { "," };
        let pretty = serde_json::to_string_pretty(&written(row)).map_err(|error| error.to_string())?;
        let lines: String = pretty.lines().map(|line| format!("\n  {line}")).collect();
        out.push_str(comma);
        out.push_str(&lines);
    }
    out.push_str("\n]\n");
    Ok(out)
}

fn written(row: &SuggestedRow) -> Value {
    let request = json!({
        "principal": row.principal, "action": row.action, "resource": row.resource, "context": row.context,
    });
    let mut out = json!({ "name": row.name, "request": request, "decision": row.expect.as_str() });
    // Entities that a row writes out are all that it has.
    if let (Some(fields), Some(entities)) = (out.as_object_mut(), &row.entities) {
        fields.insert("entities".to_owned(), entities.clone());
    }
    out
}
