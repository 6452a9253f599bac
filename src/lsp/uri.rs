//! What editors call files, and where these lie.
//!
//! # Why
//!
//! Editors write the same file in several ways: with a drive's colon or `%3A`, with letters that ought to be escaped.
//! What is no URI at all is escaped before anything else reads it, so that a file with a blank in its name is no
//! malformed message. A document is known by the URI that its editor uses, letter by letter.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The keys below which URIs stand in messages.
const KEYS: [&str; 5] = ["uri", "rootUri", "oldUri", "newUri", "targetUri"];

/// Escapes in `value` whatever no URI may hold, wherever URIs stand.
pub(super) fn escape_all(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if KEYS.contains(&key.as_str()) => *text = escaped(text),
                    value => escape_all(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(escape_all),
        _ => {}
    }
}

fn escaped(uri: &str) -> String {
    let mut text = String::with_capacity(uri.len());
    for (at, c) in uri.char_indices() {
        let hex = |range: std::ops::Range<usize>| {
            uri.get(at + 1..)
                .and_then(|rest| rest.get(range))
                .is_some_and(|two| two.len() == 2 && two.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        let stays = match c {
            '%' => hex(0..2),
            c => c.is_ascii_alphanumeric() || "-._~:/?#@!$&'()*+,;=".contains(c),
        };
        if stays {
            text.push(c);
        } else {
            escape(c, &mut text);
        }
    }
    text
}

fn escape(c: char, text: &mut String) {
    let mut bytes = [0; 4];
    for byte in c.encode_utf8(&mut bytes).bytes() {
        let _ = write!(text, "%{byte:02X}");
    }
}

/// Where the file called `uri` lies; `None` for what is no file of this machine.
pub(super) fn path_of(uri: &str) -> Option<PathBuf> {
    path_text(uri, cfg!(windows)).map(PathBuf::from)
}

fn path_text(uri: &str, windows: bool) -> Option<String> {
    let (scheme, rest) = uri.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?,
        None => ("", rest),
    };
    let path = decoded(path)?;
    let local = host.is_empty() || host.eq_ignore_ascii_case("localhost");
    if path.contains('\0') || !path.starts_with('/') {
        return None;
    }
    if !windows {
        return local.then_some(path);
    }
    if !local {
        return Some(format!("\\\\{host}{}", path.replace('/', "\\")));
    }
    let bare = path.get(1..).unwrap_or_default();
    let drive = bare.starts_with(|c: char| c.is_ascii_alphabetic()) && bare.get(1..2) == Some(":");
    drive.then(|| bare.replace('/', "\\"))
}

fn decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = text.get(at + 1..at + 3).filter(|_| *byte == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match hex {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(plain).ok()
}

/// What the file at `path` is called.
pub(super) fn uri_of(path: &Path) -> String {
    uri_text(&path.to_string_lossy(), cfg!(windows))
}

fn uri_text(path: &str, windows: bool) -> String {
    let path = if windows { path.strip_prefix("\\\\?\\").unwrap_or(path).replace('\\', "/") } else { path.to_owned() };
    let mut text = match path.strip_prefix("//").filter(|_| windows) {
        Some(_) => "file:".to_owned(),
        None if path.starts_with('/') => "file://".to_owned(),
        None => "file:///".to_owned(),
    };
    for c in path.chars() {
        if c.is_ascii_alphanumeric() || "-._~/".contains(c) {
            text.push(c);
        } else {
            escape(c, &mut text);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_what_editors_call_them() {
        for (uri, unix, windows) in [
            ("file:///a/b.cedar", Some("/a/b.cedar"), None),
            ("file://localhost/a%20b/%C3%A9.cedar", Some("/a b/é.cedar"), None),
            ("file:///c%3A/Users/x.cedar", Some("/c:/Users/x.cedar"), Some("c:\\Users\\x.cedar")),
            ("file:///C:/Users/x%2Ey", Some("/C:/Users/x.y"), Some("C:\\Users\\x.y")),
            ("FILE:/a", Some("/a"), None),
            ("file://server/share/x", None, Some("\\\\server\\share\\x")),
            ("untitled:Untitled-1", None, None),
            ("git:/a/b.cedar?ref", None, None),
            ("file:///a%00b", None, None),
            ("file:///a%FF", None, None),
            ("file:///a%zz%", Some("/a%zz%"), None),
            ("file:relative", None, None),
            ("", None, None),
        ] {
            assert_eq!(path_text(uri, false).as_deref(), unix, "{uri}");
            assert_eq!(path_text(uri, true).as_deref(), windows, "{uri}");
        }
    }

    #[test]
    fn a_path_leads_to_a_uri_and_back() {
        for path in ["/a/b.cedar", "/a b/é#?%.cedar", "/x:y/\u{1f600}"] {
            assert_eq!(path_text(&uri_text(path, false), false).as_deref(), Some(path));
        }
        for path in ["C:\\Users\\a b\\x.cedar", "\\\\server\\share\\x"] {
            assert_eq!(path_text(&uri_text(path, true), true).as_deref(), Some(path));
        }
        assert_eq!(uri_text("\\\\?\\C:\\x", true), "file:///C%3A/x");
    }

    #[test]
    fn what_is_no_uri_is_escaped_where_uris_stand() {
        let mut value = serde_json::json!({
            "textDocument": { "uri": "file:///a b[1]%20%é.cedar", "text": "a b" }, "rootUri": null, "all": [{ "uri": "x" }],
        });
        escape_all(&mut value);
        assert_eq!(value["textDocument"]["uri"], "file:///a%20b%5B1%5D%20%25%C3%A9.cedar");
        assert_eq!((&value["textDocument"]["text"], &value["all"][0]["uri"]), (&"a b".into(), &"x".into()));
    }
}
