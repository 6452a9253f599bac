//! Words and names in text, by a look that needs no parser: for policies, which may be broken, schemas, and the JSON,
//! YAML and CSV that name entities.

use std::collections::BTreeSet;

/// The words of Cedar's text outside of strings and comments.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    Scanner { text, at: 0 }.filter_map(|token| match token {
        Token::Word(word) => Some(word),
        Token::Text(_) | Token::Colons | Token::Symbol(_) => None,
    })
}

/// `text` without comments and white space.
pub(super) fn tokens_joined(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for token in (Scanner { text, at: 0 }) {
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

/// The strings in `@name("...")`.
pub(super) fn strings_behind<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let tokens: Vec<Token<'t>> = Scanner { text, at: 0 }.collect();
    let four = tokens.windows(4).filter_map(|tokens| match tokens {
        [Token::Symbol(b'@'), Token::Word(word), Token::Symbol(b'('), Token::Text(inner)] if *word == name => {
            Some(*inner)
        }
        _ => None,
    });
    four.collect()
}

/// Types and actions by their full names, actions as `Action::"view"`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Names {
    pub(super) types: BTreeSet<String>,
    pub(super) actions: BTreeSet<String>,
}

impl Names {
    pub(super) fn extend(&mut self, other: Self) {
        self.types.extend(other.types);
        self.actions.extend(other.actions);
    }

    pub(super) fn count(&self) -> usize {
        self.types.len() + self.actions.len()
    }

    fn add_entity(&mut self, path: String, id: &str) {
        if is_action(&path) {
            self.actions.insert(format!("{path}::\"{id}\""));
        } else {
            self.types.insert(path);
        }
    }

    /// How many of these `declared` lacks.
    pub(super) fn lacking(&self, declared: &Self) -> usize {
        self.types.difference(&declared.types).count() + self.actions.difference(&declared.actions).count()
    }
}

/// The types and actions that `text` names: entities (`User::"a"`, as JSON and CSV write it too), types behind `is`,
/// and the `"type"` of entities in JSON.
pub(super) fn mentioned(text: &str) -> Names {
    let mut names = Names::default();
    let tokens: Vec<Token<'_>> = Scanner { text, at: 0 }.collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Word(word) => {
                let (path, next) = path(word, &tokens, at + 1);
                match tokens.get(next) {
                    Some(Token::Text(id)) if matches!(tokens.get(next - 1), Some(Token::Colons)) => {
                        names.add_entity(path, id);
                    }
                    _ if at > 0 && tokens.get(at - 1) == Some(&Token::Word("is")) => drop(names.types.insert(path)),
                    _ => {}
                }
                at = next.max(at + 1);
            }
            Token::Text(inner) => {
                match (tokens.get(at + 1), tokens.get(at + 2)) {
                    (Some(Token::Symbol(b':')), Some(Token::Text(ty)))
                        if matches!(*inner, "type" | "entity_type") && is_path(ty) && !is_action(ty) =>
                    {
                        // Actions have their ids apart, so that their types alone say nothing.
                        names.types.insert((*ty).to_owned());
                    }
                    // A quote in a cell of CSV is two.
                    (Some(Token::Text(id)), _) => {
                        if let Some(path) = inner.strip_suffix("::").filter(|path| is_path(path)) {
                            names.add_entity(path.to_owned(), id);
                        }
                    }
                    _ => {}
                }
                if inner.contains("::\\\"") {
                    names.extend(mentioned(&inner.replace("\\\"", "\"")));
                }
                at += 1;
            }
            Token::Colons | Token::Symbol(_) => at += 1,
        }
    }
    names
}

fn is_action(path: &str) -> bool {
    path == "Action" || path.ends_with("::Action")
}

fn is_path(text: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    !text.is_empty() && text.split("::").all(part)
}

/// The path that begins with `first`, the rest of which is at `from`; and where what follows it begins, behind a `::`
/// that stands before a string.
fn path(first: &str, tokens: &[Token<'_>], from: usize) -> (String, usize) {
    let mut path = first.to_owned();
    let mut at = from;
    while let Some(Token::Colons) = tokens.get(at) {
        match tokens.get(at + 1) {
            Some(Token::Word(part)) => {
                path.push_str("::");
                path.push_str(part);
                at += 2;
            }
            _ => return (path, at + 1),
        }
    }
    (path, at)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    /// What stands between quotes, as written.
    Text(&'t str),
    /// `::`.
    Colons,
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
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Self::Item> {
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
                    return Some(Token::Text(self.slice(start + 1, self.at - 1)));
                }
                byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                    while self.byte(self.at).is_ascii_alphanumeric() || self.byte(self.at) == b'_' {
                        self.at += 1;
                    }
                    return Some(Token::Word(self.slice(start, self.at)));
                }
                b':' if self.byte(start + 1) == b':' => {
                    self.at += 2;
                    return Some(Token::Colons);
                }
                byte if byte.is_ascii_whitespace() => self.at += 1,
                byte => {
                    self.at += 1;
                    return Some(Token::Symbol(byte));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(types: &[&str], actions: &[&str]) -> Names {
        let set = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect();
        Names { types: set(types), actions: set(actions) }
    }

    #[test]
    fn names_are_seen_in_every_syntax() {
        for (text, wanted) in [
            (
                "permit (principal is A::User in Group::\"a b\", action == A::Action::\"view\", resource); // No::\"x\"",
                names(&["A::User", "Group"], &["A::Action::\"view\""]),
            ),
            ("when { ip(\"User::x\").isLoopback() && context.a == \"b\" }", names(&[], &[])),
            (r#"{"principal": "User::\"alice\"", "action": "Action::\"a\""}"#, names(&["User"], &["Action::\"a\""])),
            (r#"[{"uid": {"type": "A::User", "id": "x"}, "attrs": {"type": "no path!"}}]"#, names(&["A::User"], &[])),
            ("- principal: User::\"a\"\n  action: Action::\"b\"\n", names(&["User"], &["Action::\"b\""])),
            ("name,principal\nx,\"User::\"\"alice\"\"\"\n", names(&["User"], &[])),
            ("\"unfinished", names(&[], &[])),
        ] {
            assert_eq!(mentioned(text), wanted, "{text}");
        }
    }

    #[test]
    fn words_are_those_of_the_code() {
        let found: Vec<_> = words("@id(\"permit\") forbid // permit\n(principal, é)").collect();
        assert_eq!(found, ["id", "forbid", "principal"]);
    }
}
