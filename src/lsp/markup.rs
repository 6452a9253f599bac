//! Text for people who hover over something, in Markdown or plain.
//!
//! # Why
//!
//! What a schema or a policy says may be anybody's. Code stands in a fence that is longer than any in it, and
//! sentences are escaped, so that nothing in them is a link or a picture.

use lsp_types::{MarkupContent, MarkupKind};

/// Longer parts are cut, in characters.
const LONGEST: usize = 4000;

/// Parts of a text, one below the other.
#[derive(Debug, Default)]
pub(super) struct Page {
    markdown: bool,
    parts: Vec<String>,
}

impl Page {
    /// An empty one.
    pub(super) fn new(markdown: bool) -> Self {
        Self { markdown, parts: Vec::new() }
    }

    /// Adds code.
    pub(super) fn code(&mut self, code: &str) {
        let code = cut(code);
        if !self.markdown {
            self.parts.push(code);
            return;
        }
        let mut fence = "```".to_owned();
        while code.contains(&fence) {
            fence.push('`');
        }
        self.parts.push(format!("{fence}cedar\n{code}\n{fence}"));
    }

    /// Adds a sentence that may hold anything.
    pub(super) fn sentence(&mut self, text: &str) {
        let text = cut(text);
        self.parts.push(if self.markdown { escaped(&text) } else { text });
    }

    /// Adds Markdown of our own.
    pub(super) fn own(&mut self, markdown: &str) {
        self.parts.push(markdown.to_owned());
    }

    /// The whole; `None` where there is nothing.
    pub(super) fn finish(self) -> Option<MarkupContent> {
        let kind = if self.markdown { MarkupKind::Markdown } else { MarkupKind::PlainText };
        (!self.parts.is_empty()).then(|| MarkupContent { kind, value: self.parts.join("\n\n") })
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{} ...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("  \n"),
            c if c.is_control() => {}
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            // An address by itself is a link in many editors.
            ':' => out.push_str("&#58;"),
            c if c.is_ascii_punctuation() && !matches!(c, ',' | '.' | ';' | '\'' | '"' | '/' | '?') => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        let mut page = Page::new(true);
        page.sentence("![x](http://y) <b> `c` *d*");
        page.code("a\n```\nb");
        let text = page.finish().unwrap().value;
        assert_eq!(text, "\\!\\[x\\]\\(http&#58;//y\\) &lt;b\\> \\`c\\` \\*d\\*\n\n````cedar\na\n```\nb\n````");
        let mut page = Page::new(false);
        page.sentence("<b>");
        assert_eq!(page.finish().unwrap().value, "<b>");
        assert!(Page::new(true).finish().is_none());
    }
}
