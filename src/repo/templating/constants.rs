//! What policies name and compare with.

use std::collections::BTreeSet;

use crate::repo::model::Store;
use crate::repo::syntax::{EntityLiteral, Expr, ExprKind, PatternPart};
use crate::text::templating::placeholders;
use crate::text::tokens::{Token, tokens};

/// Of what kind a constant is: only those of one kind can be equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The id of an entity of this type.
    Entity(String),
    /// A string, or the pattern of a `like`.
    Text,
}

/// A piece of a constant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    /// Text that stands for itself.
    Plain(String),
    /// What is filled in: its name, and how it is written.
    Unknown(String, String),
    /// What may be anything, in a pattern.
    Star,
}

/// A constant, in pieces of which no two that are plain touch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Constant {
    pub(super) kind: Kind,
    pub(super) pieces: Vec<Piece>,
    /// Whether it stands where what is filled in is no text of Cedar's: in JSON.
    pub(super) foreign: bool,
}

impl Constant {
    fn new(kind: Kind, text: &str, foreign: bool) -> Self {
        Self { kind, pieces: pieces(text), foreign }
    }

    /// Whether anything in it is filled in.
    pub(super) fn is_unknown(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Unknown(..)))
    }

    /// Whether it is a pattern that many strings fit.
    pub(super) fn is_pattern(&self) -> bool {
        self.pieces.contains(&Piece::Star)
    }

    /// As it is written, where it is no pattern.
    pub(super) fn text(&self) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Plain(text) | Piece::Unknown(_, text) => text.clone(),
            Piece::Star => "*".to_owned(),
        };
        self.pieces.iter().map(text).collect()
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut at = 0;
    for one in placeholders(text) {
        if at < one.span.start {
            found.push(Piece::Plain(text.get(at..one.span.start).unwrap_or_default().to_owned()));
        }
        found.push(Piece::Unknown(one.name.to_owned(), one.written.to_owned()));
        at = one.span.end;
    }
    if at < text.len() {
        found.push(Piece::Plain(text.get(at..).unwrap_or_default().to_owned()));
    }
    found
}

/// The constants of the policies and links of `store`, as far as they are no actions.
pub(super) fn of_store(store: &Store, found: &mut BTreeSet<Constant>) {
    for policy in &store.policies {
        let foreign = policy.location.file.name().ends_with(".json");
        let syntax = policy.syntax();
        let mut add = |one: &EntityLiteral| add_entity(found, &one.ty, &one.id, foreign);
        syntax.scope.iter().for_each(|(_, entity)| add(entity));
        if let Some(condition) = &syntax.condition {
            condition.walk(&mut |expr: &Expr| match &expr.kind {
                ExprKind::Entity(entity) => add_entity(found, &entity.ty, &entity.id, foreign),
                ExprKind::String(text) => drop(found.insert(Constant::new(Kind::Text, text, foreign))),
                ExprKind::Like(_, parts) => {
                    let pieces = parts.iter().flat_map(|part| match part {
                        PatternPart::Text(text) => pieces(text),
                        PatternPart::Star => vec![Piece::Star],
                    });
                    found.insert(Constant { kind: Kind::Text, pieces: pieces.collect(), foreign });
                }
                _ => {}
            });
        }
    }
    for link in &store.links {
        let values = store.set.policy(&link.key).and_then(|policy| policy.template_links());
        for value in values.into_iter().flat_map(|values| values.into_values()) {
            add_entity(found, &value.type_name().to_string(), AsRef::<str>::as_ref(value.id()), true);
        }
    }
}

fn add_entity(found: &mut BTreeSet<Constant>, ty: &str, id: &str, foreign: bool) {
    if ty.rsplit("::").next() != Some("Action") {
        found.insert(Constant::new(Kind::Entity(ty.to_owned()), id, foreign));
    }
}

/// The constants of `text`, which is Cedar's or nearly so, by a look that needs no parser.
pub(super) fn of_text(text: &str, found: &mut BTreeSet<Constant>) {
    let (mut path, mut ends) = (String::new(), false);
    for token in tokens(text) {
        match token {
            Token::Word(word) if path.is_empty() || ends => {
                path.push_str(word);
                ends = false;
            }
            Token::Word(word) => word.clone_into(&mut path),
            Token::Colons if !path.is_empty() => {
                path.push_str("::");
                ends = true;
            }
            Token::Text(id) => {
                match path.strip_suffix("::") {
                    Some(ty) => add_entity(found, ty, id, true),
                    None => drop(found.insert(Constant::new(Kind::Text, id, true))),
                }
                path.clear();
                ends = false;
            }
            Token::Colons | Token::Symbol(_) => {
                path.clear();
                ends = false;
            }
        }
    }
}

/// The paths of types in the code of `text`, each by its names.
pub(super) fn types_of(text: &str) -> BTreeSet<Vec<&str>> {
    let mut found = BTreeSet::new();
    let (mut path, mut ends): (Vec<&str>, bool) = (Vec::new(), false);
    let mut after_is = false;
    for token in tokens(text) {
        match token {
            Token::Word(word) if ends => {
                path.push(word);
                ends = false;
            }
            Token::Word(word) => {
                close(&mut found, &mut path, after_is);
                after_is = word == "is";
                if !after_is {
                    path.push(word);
                }
            }
            Token::Colons => ends = true,
            Token::Text(_) => {
                close(&mut found, &mut path, ends);
                (ends, after_is) = (false, false);
            }
            Token::Symbol(_) => {
                close(&mut found, &mut path, after_is);
                (ends, after_is) = (false, false);
            }
        }
    }
    close(&mut found, &mut path, after_is);
    found
}

fn close<'t>(found: &mut BTreeSet<Vec<&'t str>>, path: &mut Vec<&'t str>, is_type: bool) {
    if path.len() > 1 || (is_type && !path.is_empty()) {
        found.insert(path.clone());
    }
    path.clear();
}
