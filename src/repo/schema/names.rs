//! Which names the files of a schema use and declare, and where: in the Cedar syntax by words, in JSON by keys.

use std::sync::Arc;

use super::json_form::{self, Form, Reference};
use crate::data::json::Node;
use crate::repo::Schema;
use crate::repo::slips::{Kind, lexeme};
use crate::text::{Location, SourceFile, Span};

/// The names of `file`.
pub(super) fn names(file: &Arc<SourceFile>) -> Form {
    let text = file.parse_text();
    if file.name().ends_with(".json") {
        return Node::parse(file, &text).map(json_form::walk).unwrap_or_default();
    }
    of_cedar(&text)
}

/// Where the files of `schema` declare `what`, which is called as differences of schemas are: `User`, `User.tenant`,
/// `Action::"view"`, `Action::"view" context.mfa`. Of an attribute that is declared elsewhere, as in a common type, the
/// declaration that has it; `None` where no file declares it.
#[must_use]
pub fn declared_at(schema: &Schema, what: &str) -> Option<Location> {
    let of_file = |file: &Arc<SourceFile>| {
        let declared = names(file).declared;
        let about = |one: &&Reference| names_it(one, what);
        let longest = declared.iter().filter(about).max_by_key(|one| one.name.len())?;
        let end = next(&file.parse_text(), longest, &declared);
        let attribute = what.rsplit_once('.').map(|(_, name)| name).filter(|_| what.len() > longest.name.len());
        let span = attribute.and_then(|name| attribute_at(file, longest.span.end, end, name)).unwrap_or(longest.span);
        Some(Location::new(file, span))
    };
    schema.files.iter().find_map(of_file)
}

/// Where the declaration after that of `one` begins; names in one list are declared together.
fn next(text: &str, one: &Reference, declared: &[Reference]) -> Option<usize> {
    let mut after: Vec<Span> = declared.iter().map(|one| one.span).filter(|span| span.start > one.span.start).collect();
    after.sort_by_key(|span| span.start);
    let mut last = one.span.end;
    for span in after {
        if text.get(last..span.start).is_none_or(|between| between.trim() != ",") {
            return Some(span.start);
        }
        last = span.end;
    }
    None
}

/// Whether `what` is about what is declared as `one`.
fn names_it(one: &Reference, what: &str) -> bool {
    if one.action {
        let quoted = |id: &str| id.split_once("::\"").map(|(_, rest)| rest.starts_with(&format!("{}\"", one.name)));
        return quoted(what).unwrap_or(false);
    }
    what.strip_prefix(&one.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Where the attribute `name` stands between these offsets, of which the second is the end of the text where it is
/// missing.
fn attribute_at(file: &Arc<SourceFile>, from: usize, to: Option<usize>, name: &str) -> Option<Span> {
    let text = file.parse_text();
    let words = words(text.get(..to.unwrap_or(text.len()))?);
    let follows = |at: usize| words.get(at + 1).is_some_and(|next| matches!(next.text, ":" | "?" | "?:"));
    let is_it = |(at, word): &(usize, &Word<'_>)| {
        word.span.start >= from && word.text.trim_matches('"') == name && follows(*at)
    };
    words.iter().enumerate().find(is_it).map(|(_, word)| word.span)
}

/// A word or sign of the Cedar syntax.
struct Word<'t> {
    text: &'t str,
    span: Span,
    kind: Kind,
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut found: Vec<Word<'_>> = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (kind, length) = lexeme(rest, true);
        let span = Span::new(at, at + length.max(1));
        at = span.end;
        let Some(kind) = kind else { continue };
        // A name with its namespace is one word.
        if let [.., before, colons] = found.as_slice()
            && (kind, before.kind, colons.text) == (Kind::Word, Kind::Word, "::")
        {
            let whole = Span::new(before.span.start, span.end);
            found.truncate(found.len() - 2);
            found.push(Word { text: text.get(whole.start..whole.end).unwrap_or_default(), span: whole, kind });
            continue;
        }
        found.push(Word { text: text.get(span.start..span.end).unwrap_or_default(), span, kind });
    }
    found
}

/// What a declaration begins with.
const DECLARES: [&str; 3] = ["entity", "type", "action"];

fn of_cedar(text: &str) -> Form {
    let words = words(text);
    let mut form = Form::default();
    let mut namespace = "";
    // What the list of names that is being read declares, and whether lists of entities stand here.
    let mut declaring: Option<&str> = None;
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| words.get(at)).map(|word| word.text);
        let next = words.get(at + 1).map(|word| word.text);
        let begins = matches!(before, None | Some(";" | "}" | "{" | ")"));
        match word.text {
            "namespace" if begins => declaring = Some("namespace"),
            keyword if DECLARES.contains(&keyword) && begins && next != Some(":") => declaring = Some(keyword),
            "," => {}
            _ if !matches!(word.kind, Kind::Word | Kind::Text) => declaring = None,
            "in" | "tags" | "enum" | "appliesTo" if word.kind == Kind::Word => declaring = None,
            name => {
                let bare = name.trim_matches('"');
                match declaring {
                    Some("namespace") => namespace = bare,
                    Some(kind) => {
                        let action = kind == "action";
                        let name = if action { bare.to_owned() } else { full(namespace, bare) };
                        form.declared.push(Reference { name, span: word.span, action });
                    }
                    None if matches!(next, Some(":" | "?")) || before == Some("@") => {}
                    None => {
                        let action = word.kind == Kind::Text;
                        form.references.push(Reference { name: bare.to_owned(), span: word.span, action });
                    }
                }
            }
        }
    }
    form
}

/// `name` as it is called outside of `namespace`.
fn full(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}::{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_found_by_the_names_of_differences() {
        let cedar = "namespace N {\n  entity A = {\n    b: Long,\n    c?: { d: String },\n  };\n  entity AB;\n\
                     action \"go\", stop appliesTo { principal: A, resource: AB, context: { m: Bool } };\n}\n";
        let json = r#"{ "N": { "entityTypes": { "A": { "shape": { "type": "Record", "attributes": {
            "b": { "type": "Long" }, "c": { "type": "Record", "required": false, "attributes": { "d": { "type": "String" } } } } } },
            "AB": {} }, "actions": { "go": { "appliesTo": { "principalTypes": ["A"], "resourceTypes": ["AB"],
            "context": { "type": "Record", "attributes": { "m": { "type": "Boolean" } } } } }, "stop": {} } } }"#;
        for (name, text) in [("s.cedarschema", cedar), ("s.cedarschema.json", json)] {
            let cedar = match name.ends_with("json") {
                true => cedar_policy::Schema::from_json_str(text).unwrap(),
                false => cedar_policy::Schema::from_cedarschema_str(text).unwrap().0,
            };
            let schema = Schema { cedar, files: vec![SourceFile::new(name, text)], environments: 0 };
            for (what, there) in [
                ("N::A", "A"),
                ("N::AB", "AB"),
                ("N::A.b", "b"),
                ("N::A.c.d", "d"),
                ("N::Action::\"stop\"", "stop"),
                ("N::Action::\"go\" context.m", "m"),
                ("N::Action::\"go\" by N::A on N::AB", "go"),
            ] {
                let place = declared_at(&schema, what);
                assert_eq!(
                    place.map(|place| place.text().trim_matches('"').to_owned()).as_deref(),
                    Some(there),
                    "{what}"
                );
            }
            assert!(declared_at(&schema, "N::B").is_none());
        }
    }

    #[test]
    fn words_are_uses_or_declarations() {
        let text = "namespace N { entity A, B in [C] = { d: E, f?: Set<G> }; type T = H; // X\n\
                    @note(\"y\") action \"go\", stop in [all] appliesTo { principal: A, resource: [N::B] }; }";
        let form = of_cedar(text);
        let declared: Vec<&str> = form.declared.iter().map(|declared| declared.name.as_str()).collect();
        assert_eq!(declared, ["N::A", "N::B", "N::T", "go", "stop"]);
        let used: Vec<&str> = form.references.iter().map(|used| used.name.as_str()).collect();
        for name in ["C", "E", "G", "H", "all", "A", "N::B"] {
            assert!(used.contains(&name), "{name} in {used:?}");
        }
        for name in ["d", "f", "X", "note", "principal"] {
            assert!(!used.contains(&name), "{name} in {used:?}");
        }
    }
}
