//! Terraform in JSON (`.tf.json`), as the same in Terraform's own syntax, every byte with its place.
//!
//! Source: <https://developer.hashicorp.com/terraform/language/syntax/json>.

use crate::data::{Fault, Field, Item, Style, What};
use crate::text::{Mapped, SourceFile, Span};

/// How many labels the blocks have that matter here.
const BLOCKS: [(&str, usize); 5] = [("resource", 2), ("variable", 1), ("module", 1), ("output", 1), ("locals", 0)];

/// What `file` says, in Terraform's own syntax.
///
/// # Errors
/// When it is no JSON.
pub(super) fn in_own_syntax(file: &SourceFile) -> Result<Mapped, Fault> {
    let root = Item::of_json(file)?;
    let mut out = Writer { source: file.text(), text: Mapped::default() };
    for field in root.fields() {
        if let Some((name, labels)) = BLOCKS.iter().find(|(name, _)| *name == field.key) {
            out.blocks(name, *labels, &field.value);
        }
    }
    Ok(out.text)
}

struct Writer<'s> {
    source: &'s str,
    text: Mapped,
}

impl Writer<'_> {
    /// Adds what is ours and stands at `at` in a way.
    fn word(&mut self, word: &str, at: usize) {
        self.text.push_as(word, Span::at(at));
    }

    /// Adds the blocks that begin with `head` and have `labels` more.
    fn blocks(&mut self, head: &str, labels: usize, item: &Item) {
        if labels > 0 {
            for field in item.fields().iter().filter(|field| field.key != "//") {
                let quoted = serde_json::Value::String(field.key.clone()).to_string();
                // A label with a mark of templates in it is none that anything is called by.
                if !quoted.contains("${") && !quoted.contains("%{") {
                    self.blocks(&format!("{head} {quoted}"), labels - 1, &field.value);
                }
            }
            return;
        }
        let bodies =
            if item.items().is_empty() { Vec::from([item]) } else { item.items().iter().map(|one| &**one).collect() };
        for body in bodies {
            self.word(&format!("{head} {{\n"), body.span.start);
            for field in body.fields().iter().filter(|field| is_name(&field.key)) {
                self.word(&format!("{} = ", field.key), field.value.span.start);
                self.value(unwrapped(&field.value));
                self.word("\n", field.value.span.end);
            }
            self.word("}\n", body.span.end);
        }
    }

    fn value(&mut self, item: &Item) {
        match &item.what {
            What::Map(fields) => {
                self.word("{", item.span.start);
                fields.iter().for_each(|field| self.entry(field));
                self.word("}", item.span.end);
            }
            What::List(items) => {
                self.word("[", item.span.start);
                for one in items {
                    self.value(one);
                    self.word(",", one.span.end);
                }
                self.word("]", item.span.end);
            }
            What::Scalar(scalar) if scalar.style == Style::Json => {
                let text = item.mapped(self.source).unwrap_or_else(|| Mapped::whole(&scalar.text, item.span));
                self.string(&text, item.span);
            }
            What::Scalar(scalar) => self.text.push_as(&scalar.text, item.span),
        }
    }

    fn entry(&mut self, field: &Field) {
        let key = serde_json::Value::String(field.key.clone()).to_string().replace("${", "$${").replace("%{", "%%{");
        self.word(&format!("{key} = "), field.value.span.start);
        self.value(unwrapped(&field.value));
        self.word(",", field.value.span.end);
    }

    /// A string, which is a template: one that is all of an expression is that.
    fn string(&mut self, text: &Mapped, outer: Span) {
        let said = text.text();
        if said.starts_with("${") && interpolation(said, 0) == Some(said.len()) {
            self.word("(", outer.start);
            self.text.push_part(text, Span::new(2, said.len() - 1));
            self.word(")", outer.end);
            return;
        }
        self.word("\"", outer.start);
        let mut at = 0;
        while let Some(c) = said.get(at..).and_then(|rest| rest.chars().next()) {
            let rest = said.get(at..).unwrap_or_default();
            if rest.starts_with("$${") || rest.starts_with("%%{") {
                self.text.push_part(text, Span::new(at, at + 3));
                at += 3;
                continue;
            }
            if rest.starts_with("${") || rest.starts_with("%{") {
                let end = interpolation(said, at).unwrap_or(said.len());
                self.text.push_part(text, Span::new(at, end));
                at = end;
                continue;
            }
            let span = Span::new(at, at + c.len_utf8());
            match escaped(c) {
                Some(written) => self.text.push_as(written, text.outer(span)),
                None => self.text.push_part(text, span),
            }
            at = span.end;
        }
        self.word("\"", outer.end);
    }
}

/// Blocks that may stand there several times stand in a list; with one in it, it is that.
fn unwrapped(item: &Item) -> &Item {
    match item.items() {
        [only] if !only.fields().is_empty() => only,
        _ => item,
    }
}

fn is_name(key: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && key.chars().all(word)
}

/// How `c` is written between quotes, where it is written otherwise.
fn escaped(c: char) -> Option<&'static str> {
    Some(match c {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => return None,
    })
}

/// Where the `${..}` or `%{..}` that begins at `at` of `text` ends.
fn interpolation(text: &str, at: usize) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (offset, c) in text.get(at..)?.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '{' if !quoted => depth += 1,
            '}' if !quoted => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + offset + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_templates_and_lead_to_their_own() {
        let text = r#"{"//": "note", "resource": {"t": {"n": [{"a": "x \"${f("q")}\"\n", "b": "${g({c = "}"})}", "d": [{"e": 1}]}]}}}"#;
        let text = text.replace("f(\"q\")", "f(\\\"q\\\")").replace("c = \"}\"", "c = \\\"}\\\"");
        let file = SourceFile::new("a.tf.json", text.clone());
        let made = in_own_syntax(&file).unwrap();
        let wanted =
            "resource \"t\" \"n\" {\na = \"x \\\"${f(\"q\")}\\\"\\n\"\nb = (g({c = \"}\"}))\nd = {\"e\" = 1,}\n}\n";
        assert_eq!(made.text(), wanted);
        let at = made.text().find("g(").unwrap();
        let outer = made.outer(Span::new(at, at + 2));
        assert_eq!(&text[outer.start..outer.end], "g(");
    }
}
