//! JSON text that is safe to print: what JSON leaves raw but a terminal or a CI runner would obey is escaped.

use std::fmt::Write as _;

use serde::Serialize;

use crate::text::is_deceptive;

/// `value` as indented JSON with a newline at its end. Control and bidirectional characters that JSON allows raw, and
/// GitHub's `##[`, are written as `\u` escapes, so the text parses back to the same value. Our own types never fail to
/// serialise; if one did, the text is an object with an `error` key alone.
pub(super) fn to_text(value: &impl Serialize) -> String {
    match serde_json::to_string_pretty(value) {
        Ok(json) => escape(json + "\n"),
        Err(error) => serde_json::json!({ "error": error.to_string() }).to_string() + "\n",
    }
}

/// Outside strings JSON holds no `#` and no deceptive character but its layout. Layout is ours, or that of a value kept
/// as its file spells it, which may hold carriage returns and tabs; within a string no control character stands raw.
fn escape(json: String) -> String {
    let risky = |c: char| is_deceptive(c) && c != '\n';
    // Most of it is plain: bytes are looked at faster than characters.
    let plain = || json.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n'));
    if !json.contains("##[") && (plain() || !json.chars().any(risky)) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.replace("##[", "#\\u0023[").chars() {
        if matches!(c, '\r' | '\t') {
            out.push(' ');
        } else if risky(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deceptive_characters_are_escaped_and_parse_back() {
        let value = "\u{9b}31m \u{202e} \u{e0041} ##[error] ###[x \u{7f} 👍";
        let text = to_text(&value);
        assert!(!text.contains("##[") && !text.trim_end().chars().any(is_deceptive), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
    }

    #[test]
    fn layout_of_a_value_kept_as_spelt_stays_layout() {
        let kept = "{\t\"a\\r\":\r\n1,\r\"\\t##[\" :\r2 }";
        let value = serde_json::value::RawValue::from_string(kept.to_owned()).unwrap();
        let text = to_text(&value);
        assert!(!text.contains('\r'), "{text:?}");
        let (before, after): (serde_json::Value, serde_json::Value) =
            (serde_json::from_str(kept).unwrap(), serde_json::from_str(&text).unwrap());
        assert_eq!(before, after);
    }
}
