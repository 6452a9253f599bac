//! Lines for a terminal: colour and wrapping.

use unicode_width::UnicodeWidthStr;

use crate::finding::Level;

/// A look.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ink {
    Error,
    Warning,
    Note,
    Good,
    Help,
    Dim,
}

impl From<Level> for Ink {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::Error,
            Level::Warning => Self::Warning,
            Level::Note => Self::Note,
        }
    }
}

/// Collects lines no wider than asked for where words allow; words are never broken.
pub(super) struct Page {
    pub(super) text: String,
    width: usize,
    color: bool,
}

impl Page {
    pub(super) fn new(width: usize, color: bool) -> Self {
        Self { text: String::new(), width, color }
    }

    /// `text` in the colour of `ink`, or as it is when colours are off.
    pub(super) fn ink(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Error => "1;31",
            Ink::Warning => "1;33",
            Ink::Note => "1;36",
            Ink::Good => "1;32",
            Ink::Help => "36",
            Ink::Dim => "2",
        };
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// `text` wrapped, its first line `indent` columns in and the others two more; all in `ink` if there is one.
    pub(super) fn lines(&mut self, ink: Option<Ink>, indent: usize, text: &str) {
        for (at, line) in wrap(text, self.width, indent, indent + 2).into_iter().enumerate() {
            let line = ink.map_or_else(|| line.clone(), |ink| self.ink(ink, &line));
            let indent = if at == 0 { indent } else { indent + 2 };
            self.text.push_str(&format!("{}{line}\n", " ".repeat(indent)));
        }
    }

    /// `lead` in `ink`, then `text` wrapped with its further lines `indent` columns in.
    pub(super) fn item(&mut self, ink: Ink, lead: &str, indent: usize, text: &str) {
        let start = self.ink(ink, lead);
        self.text.push_str(&start);
        let lines = wrap(text, self.width, lead.width(), indent);
        self.text.push_str(&lines.join(&format!("\n{}", " ".repeat(indent))));
        self.text.push('\n');
    }
}

/// Breaks `text` at spaces so that, with `first` columns taken on the first line and `rest` on the others, lines fit
/// into `width` where words allow.
pub(super) fn wrap(text: &str, width: usize, first: usize, rest: usize) -> Vec<String> {
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), first);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let wide = word.width();
        if !line.is_empty() && used + 1 + wide > width {
            lines.push(std::mem::take(&mut line));
            used = rest;
        }
        if !line.is_empty() {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += wide;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole() {
        assert_eq!(wrap("aa bb cc", 7, 2, 1), ["aa bb", "cc"]);
        assert_eq!(wrap("a verylongword", 5, 0, 0), ["a", "verylongword"]);
        assert_eq!(wrap("表表 表", 6, 0, 0), ["表表", "表"]);
    }
}
