//! Tokens of Cedar's text, by a look that needs no parser: the text may be broken.

use super::span::Span;

/// The words of Cedar's text outside of strings and comments.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    tokens(text).filter_map(|token| match token {
        Token::Word(word) => Some(word),
        Token::Text(_) | Token::Colons | Token::Symbol(_) => None,
    })
}

/// `text` without comments and white space.
pub(crate) fn code(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for token in tokens(text) {
        match token {
            Token::Word(word) => joined.push_str(word),
            Token::Text(inner) => {
                joined.push('"');
                joined.push_str(inner);
                joined.push('"');
            }
            Token::Colons => joined.push_str("::"),
            Token::Symbol(byte) => joined.push(char::from(byte)),
        }
        joined.push(' ');
    }
    joined
}

/// `text` with blanks in the place of comments.
pub(crate) fn uncommented(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    let mut inside = false;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '/' if !inside && rest.starts_with("//") => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '\\' if inside => c.len_utf8() + rest.chars().nth(1).map_or(0, char::len_utf8),
            c => c.len_utf8(),
        };
        let (part, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if part.starts_with("//") && !inside {
            plain.extend(std::iter::repeat_n(' ', part.len()));
        } else {
            plain.push_str(part);
        }
        inside ^= c == '"';
        rest = after;
    }
    plain
}

/// The tokens of `text`, comments and white space left out.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    spanned(text).map(|(token, _)| token)
}

/// The same, each with its place in `text`.
pub(crate) fn spanned(text: &str) -> impl Iterator<Item = (Token<'_>, Span)> {
    Scanner { text, at: 0 }
}

/// A token of Cedar's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'t> {
    /// A word or a number's letters.
    Word(&'t str),
    /// What stands between quotes, as written.
    Text(&'t str),
    /// `::`.
    Colons,
    /// Any other byte.
    Symbol(u8),
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }
}

impl<'t> Iterator for Scanner<'t> {
    type Item = (Token<'t>, Span);

    fn next(&mut self) -> Option<Self::Item> {
        let (token, start) = self.token()?;
        Some((token, Span::new(start, self.at)))
    }
}

impl<'t> Scanner<'t> {
    /// The next token, and where it begins.
    fn token(&mut self) -> Option<(Token<'t>, usize)> {
        loop {
            let start = self.at;
            if start >= self.text.len() {
                return None;
            }
            match self.byte(start) {
                b'/' if self.byte(start + 1) == b'/' => {
                    while self.at < self.text.len() && !matches!(self.byte(self.at), b'\n' | b'\r') {
                        self.at += 1;
                    }
                }
                b'"' => {
                    self.at += 1;
                    while self.at < self.text.len() && self.byte(self.at) != b'"' {
                        self.at += if self.byte(self.at) == b'\\' { 2 } else { 1 };
                    }
                    self.at = (self.at + 1).min(self.text.len());
                    return Some((Token::Text(self.slice(start + 1, self.at - 1)), start));
                }
                byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                    while self.byte(self.at).is_ascii_alphanumeric() || self.byte(self.at) == b'_' {
                        self.at += 1;
                    }
                    return Some((Token::Word(self.slice(start, self.at)), start));
                }
                b':' if self.byte(start + 1) == b':' => {
                    self.at += 2;
                    return Some((Token::Colons, start));
                }
                byte if byte.is_ascii_whitespace() => self.at += 1,
                byte => {
                    self.at += 1;
                    return Some((Token::Symbol(byte), start));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_code() {
        let found: Vec<_> = words("@id(\"permit\") forbid // permit\n(principal, é)").collect();
        assert_eq!(found, ["id", "forbid", "principal"]);
    }

    #[test]
    fn comments_are_blanks_and_strings_stay() {
        assert_eq!(uncommented("a \"// \\\" b\" // é\n// c\rd"), "a \"// \\\" b\"      \n    \rd");
    }

    #[test]
    fn code_is_what_stands_beside_comments_and_white_space() {
        assert_eq!(code("a // b\n  ::\"c  d\" ;"), code("a::\"c  d\";// e"));
        assert_ne!(code("a \"b c\""), code("a \"bc\""));
    }
}
