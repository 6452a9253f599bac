//! Untrusted text made harmless for a terminal. Each other sink (workflow commands, Markdown, JSON) escapes in its
//! report.

use std::borrow::Cow;

/// Characters that could steer a terminal or mislead a reader: controls, bidirectional marks and overrides, invisible
/// joiners and line separators, tags, and a byte-order mark inside text.
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` on one line and with every deceptive character written out as Cedar would (`\n`, `\u{1b}`).
#[must_use]
pub fn inline(text: &str) -> Cow<'_, str> {
    // Most of it is plain: bytes are looked at faster than characters.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !text.chars().any(is_deceptive) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_deceptive(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// `text` with every deceptive character but tab and newline replaced by a visible one of the same length in bytes, so
/// that offsets into `text` stay right; a carriage return becomes a space.
#[must_use]
pub fn same_length(text: &str) -> Cow<'_, str> {
    let bad = |c: char| is_deceptive(c) && c != '\n' && c != '\t';
    if !text.chars().any(bad) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .map(|c| match (bad(c), c.len_utf8()) {
                (false, _) => c,
                (true, 1) if c == '\r' => ' ',
                (true, 1) => '?',
                (true, 2) => '\u{bf}',
                (true, 3) => '\u{fffd}',
                (true, _) => '\u{1f4a2}',
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_writes_out_what_a_terminal_would_obey() {
        assert_eq!(inline("a\u{1b}[31mb\nc\u{202e}"), "a\\u{1b}[31mb\\nc\\u{202e}");
        assert!(matches!(inline("Übergröße 👍"), Cow::Borrowed(_)));
    }

    #[test]
    fn same_length_keeps_every_offset() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let text = c.to_string();
            let shown = same_length(&text);
            assert_eq!(shown.len(), text.len(), "{c:?}");
            assert!(!shown.chars().any(|c| is_deceptive(c) && c != '\n' && c != '\t'), "{c:?}");
        }
    }
}
