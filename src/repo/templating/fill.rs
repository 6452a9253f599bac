//! The text that Cedar reads in the place of one in which something is filled in, every byte with its place.

use std::sync::Arc;

use crate::text::templating::{Placeholder, is_templated, placeholder_at, stand_in};
use crate::text::{Mapped, SourceFile, Span};

/// `file` with `values`, by name, filled in, and with a word of Cedar's in the place of each name that is not known; as
/// it is where nothing changes. What is filled in inside of a string and not known stays as it is written.
pub(in crate::repo) fn filled(file: Arc<SourceFile>, values: &[(String, String)]) -> Arc<SourceFile> {
    let Some(syntax) = Syntax::of(file.name()) else { return file };
    match fill(file.text(), syntax, values) {
        Some(text) => SourceFile::filled(&file, text),
        None => file,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Policies,
    Schema,
    Json,
    /// A schema in JSON, where strings are names.
    JsonSchema,
}

impl Syntax {
    fn of(name: &str) -> Option<Self> {
        let json = name.ends_with(".json") && name.contains("cedar");
        let schema = json && name.contains("schema");
        match name.rsplit('.').next()? {
            "cedar" | "cedarguard" => Some(Self::Policies),
            "cedarschema" => Some(Self::Schema),
            "json" if schema => Some(Self::JsonSchema),
            "json" if json => Some(Self::Json),
            _ => None,
        }
    }
}

/// Where in a text something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Code,
    Text,
    Comment,
}

fn fill(text: &str, syntax: Syntax, values: &[(String, String)]) -> Option<Mapped> {
    if !is_templated(text) {
        return None;
    }
    let mut made = Mapped::default();
    let (mut inside, mut at, mut done, mut changed) = (Inside::Code, 0, 0, false);
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at).copied() {
        let found = matches!(byte, b'$' | b'{' | b'<' | b'_').then(|| placeholder_at(text, at)).flatten();
        if let Some(found) = found.filter(|_| inside != Inside::Comment) {
            let instead = match value(values, found.name) {
                Some(value) => Some((value.to_owned(), false)),
                None if syntax == Syntax::JsonSchema => Some((stand_in(found.name), true)),
                None if inside == Inside::Code && syntax != Syntax::Json => instead(text, &found, syntax),
                None => None,
            };
            if let Some((instead, unknown)) = instead.filter(|(instead, _)| instead != found.written) {
                made.push_same(text.get(done..at)?, done);
                let start = made.text().len();
                made.push_as(&instead, found.span);
                if unknown {
                    made.mark_filled(Span::new(start, start + instead.len()));
                }
                (done, changed) = (found.span.end, true);
            }
            at = found.span.end;
            continue;
        }
        inside = match (inside, byte) {
            (Inside::Code, b'"') => Inside::Text,
            (Inside::Code, b'/')
                if matches!(syntax, Syntax::Policies | Syntax::Schema) && bytes.get(at + 1) == Some(&b'/') =>
            {
                Inside::Comment
            }
            (Inside::Text, b'"') => Inside::Code,
            (Inside::Text, b'\\') => {
                at += 1;
                Inside::Text
            }
            (Inside::Comment, b'\n' | b'\r') => Inside::Code,
            (inside, _) => inside,
        };
        at += 1;
    }
    made.push_same(text.get(done..)?, done);
    changed.then_some(made)
}

/// The value of the placeholder `name`: `.Values.x` goes by `Values.x` as well.
pub(in crate::repo) fn value<'v>(values: &'v [(String, String)], name: &str) -> Option<&'v str> {
    let called = |known: &str| known == name || name.strip_prefix('.') == Some(known);
    values.iter().rev().find(|(known, _)| called(known)).map(|(_, value)| value.as_str())
}

/// What Cedar reads in the place of `found`, which stands in code: a word where a name is filled in, a string where an
/// id is. Nothing where it may be anything.
fn instead(text: &str, found: &Placeholder<'_>, syntax: Syntax) -> Option<(String, bool)> {
    let before = text.get(..found.span.start).unwrap_or_default();
    let after = text.get(found.span.end..).unwrap_or_default();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let glued = before.ends_with(is_word) || after.starts_with(is_word);
    let name = || Some((stand_in(found.name), true));
    if after.trim_start().starts_with("::") || syntax == Syntax::Schema || glued || is_type(before) {
        return name();
    }
    before.trim_end().ends_with("::").then(|| (format!("\"{}\"", found.written), false))
}

/// Whether a type is to follow `before`: after `is`, and the names and colons of its namespace.
fn is_type(before: &str) -> bool {
    let path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '$' | '{' | '}' | '.');
    let rest = before.trim_end_matches(path).trim_end();
    rest.strip_suffix("is").is_some_and(|rest| rest.ends_with(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str, syntax: Syntax, values: &[(&str, &str)]) -> Option<(String, Mapped)> {
        let values: Vec<_> = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        fill(text, syntax, &values).map(|mapped| (mapped.text().to_owned(), mapped))
    }

    #[test]
    fn names_and_ids_that_are_not_known_get_words_of_their_own() {
        for (text, wanted) in [
            (
                "permit(principal is ${NS}::User, action, resource);",
                "permit(principal is __NS__::User, action, resource);",
            ),
            (
                "permit(principal in a::{{ b.c }}::G::\"x\", action, resource);",
                "permit(principal in a::__b_2e_c__::G::\"x\", action, resource);",
            ),
            (
                "permit(principal == User::${id}, action, resource);",
                "permit(principal == User::\"${id}\", action, resource);",
            ),
            ("permit(principal is A::${T}, action, resource);", "permit(principal is A::__T__, action, resource);"),
            ("permit(principal is Us${x}er, action, resource);", "permit(principal is Us__x__er, action, resource);"),
        ] {
            assert_eq!(made(text, Syntax::Policies, &[]).unwrap().0, wanted);
        }
        for text in [
            "permit(principal == User::\"${id}\", action, resource) when { ${cond} }; // ${NS}::User",
            "permit(principal == ${who}, action, resource);",
            "permit(principal is __NS__::User, action, resource);",
        ] {
            assert_eq!(made(text, Syntax::Policies, &[]), None, "{text}");
        }
    }

    #[test]
    fn values_are_filled_in_as_they_are_and_lead_to_what_they_stand_for() {
        let text = "permit(principal == User::\"a-${id}\", action, resource) when { ${cond} }; // ${id}";
        let (filled, map) = made(text, Syntax::Policies, &[("id", "ann"), ("cond", "true")]).unwrap();
        assert_eq!(filled, "permit(principal == User::\"a-ann\", action, resource) when { true }; // ${id}");
        let at = filled.find("ann").unwrap();
        let outer = map.outer(Span::new(at, at + 3));
        assert_eq!(&text[outer.start..outer.end], "${id}");
        let at = filled.find("resource").unwrap();
        let outer = map.outer(Span::new(at, at + 8));
        assert_eq!(&text[outer.start..outer.end], "resource");
        assert_eq!(made("\"{{ .Values.x }}\"", Syntax::Json, &[("Values.x", "y")]).unwrap().0, "\"y\"");
        assert_eq!(made("{\"a\": {\"${x}\": 1}}", Syntax::Json, &[]), None);
    }
}
