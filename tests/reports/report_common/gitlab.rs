//! GitLab's rules for a Code Quality report.

use std::collections::HashSet;

use serde_json::Value;

/// What is wrong with a report, by GitLab's page "Code Quality", section "Code Quality report format".
pub fn faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.starts_with('\u{feff}') {
        faults.push("a byte-order mark, which GitLab does not read".to_owned());
    }
    let Ok(Value::Array(issues)) = serde_json::from_str(text) else { return vec!["no JSON array".to_owned()] };
    let mut prints = HashSet::new();
    for issue in &issues {
        let word = |pointer: &str| issue.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        for pointer in ["/description", "/check_name", "/fingerprint", "/location/path"] {
            if word(pointer).is_empty() {
                faults.push(format!("no {pointer} in {issue}"));
            }
        }
        if !["info", "minor", "major", "critical", "blocker"].contains(&word("/severity")) {
            faults.push(format!("severity {:?}", word("/severity")));
        }
        if !prints.insert(word("/fingerprint").to_owned()) {
            faults.push(format!("fingerprint {} twice", word("/fingerprint")));
        }
        let path = word("/location/path");
        if path.starts_with('/') || path.starts_with("./") {
            faults.push(format!("{path} is not relative to the repository"));
        }
        let line = |end: &str| issue.pointer(&format!("/location/lines/{end}")).and_then(Value::as_u64).unwrap_or(0);
        if line("begin") == 0 || line("end") < line("begin") {
            faults.push(format!("lines {} to {}", line("begin"), line("end")));
        }
    }
    faults
}
