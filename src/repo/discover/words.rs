//! Names in text, by a look that needs no parser: for policies, which may be broken, schemas, and the JSON,
//! YAML and CSV that name entities.

use std::collections::BTreeSet;

use crate::text::tokens::{Token, tokens};

/// The strings in `@name("...")`.
pub(super) fn strings_behind<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let tokens: Vec<Token<'t>> = tokens(text).collect();
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
    let tokens: Vec<Token<'_>> = tokens(text).collect();
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
}
