//! YAML of which a step such as Helm's makes the file that others read: `{{ .. }}` in it, alone on lines or not.
//!
//! # Why
//!
//! Such a file is often no YAML. It is read with other text of the same length in the place of each action, so that
//! places stay, and what the action was is put back into the texts that hold it. There it is a placeholder like any
//! other. What stands between `{{ if }}` and `{{ end }}` is read as if it were there, and that is said.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::spec::{Carried, Content};
use crate::data::{Fault, Field, Item, Scalar, Style, What};
use crate::text::{SourceFile, Span, inline};

/// What stands for the beginning of an action.
const MARK: char = '\u{f8ff}';
/// What stands for the rest of it.
const REST: &str = "z";

/// Words with which an action opens what it is about, closes it, or says something that is no text.
const OPENING: [&str; 5] = ["if", "range", "with", "define", "block"];
const SILENT: [&str; 4] = ["end", "else", "break", "continue"];

/// An action, and what stands in its place.
struct Action {
    /// Where, in the file.
    span: Span,
    /// How many bytes of its place are no blanks.
    shown: usize,
}

/// The documents of `text` with its actions read over; nothing where it has none.
pub(super) fn documents(text: &str) -> Option<(Vec<Arc<Item>>, Option<Fault>)> {
    let actions = actions(text);
    if actions.is_empty() || text.contains(MARK) {
        return None;
    }
    let (masked, actions) = masked(text, &actions);
    let (found, fault) = crate::data::yaml::documents(&masked);
    let back = Back { text, actions, known: RefCell::default() };
    Some((found.iter().map(|item| back.item(item)).collect(), fault))
}

/// Where the actions of `text` stand.
fn actions(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find("{{")).map(|next| at + next) {
        let Some(end) = text.get(start..).and_then(|rest| rest.find("}}")).map(|next| start + next + 2) else { break };
        found.push(Span::new(start, end));
        at = end;
    }
    found
}

/// What the action `written` says, without its brackets.
fn said(written: &str) -> &str {
    let inner = written.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(written);
    inner.trim_matches(['-', '~']).trim()
}

/// Whether the action `written` gives no text.
fn is_silent(written: &str) -> bool {
    let said = said(written);
    let first = said.split_whitespace().next().unwrap_or_default();
    OPENING.contains(&first) || SILENT.contains(&first) || said.starts_with("/*") || is_assignment(said)
}

fn is_assignment(said: &str) -> bool {
    said.starts_with('$') && said.split_whitespace().nth(1).is_some_and(|word| matches!(word, ":=" | "="))
}

/// `text` with other text of the same length in the place of `actions`, and what that is.
fn masked(text: &str, actions: &[Span]) -> (String, Vec<Action>) {
    let mut out = String::with_capacity(text.len());
    let (mut done, mut known) = (0, Vec::new());
    for span in actions {
        let span = *span;
        out.push_str(text.get(done..span.start).unwrap_or_default());
        let written = text.get(span.start..span.end).unwrap_or_default();
        let alone = line_of(text, span);
        let length = span.end - span.start;
        let silent = is_silent(written);
        // What is all of a block of text stands below its key, as it will.
        let blank = match alone.filter(|_| !silent).and_then(|start| Some((start, opened(text, start)?))) {
            Some((start, indent)) => (indent + 2).saturating_sub(span.start - start),
            None if alone.is_some() || silent => length,
            None => 0,
        };
        let blank = if blank + MARK.len_utf8() > length { length } else { blank };
        out.extend(written.chars().filter(|c| *c == '\n').map(|_| '\n'));
        let lines = written.matches('\n').count();
        out.push_str(&" ".repeat(blank.saturating_sub(lines)));
        let shown = length - blank.max(lines);
        if shown >= MARK.len_utf8() {
            out.push(MARK);
            out.push_str(&REST.repeat(shown - MARK.len_utf8()));
        }
        known.push(Action { span, shown });
        done = span.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    (out, known)
}

/// Where the line begins on which `span` of `text` stands with nothing beside it.
fn line_of(text: &str, span: Span) -> Option<usize> {
    let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r');
    let before = text.as_bytes().get(..span.start)?;
    let start = span.start - before.iter().rev().take_while(blank).count();
    let after = text.as_bytes().get(span.end..)?;
    let next = after.iter().find(|byte| !blank(byte));
    let begins = start == 0 || before.get(start - 1) == Some(&b'\n');
    (begins && next.is_none_or(|byte| *byte == b'\n')).then_some(start)
}

/// By how much the key is indented that opens a block of text right above the line that begins at `start`.
fn opened(text: &str, start: usize) -> Option<usize> {
    let line = text.get(..start)?.trim_end().lines().next_back()?;
    let header = line.split_whitespace().next_back()?;
    let opens = header.starts_with(['|', '>']) && header.len() < 4;
    opens.then(|| line.len() - line.trim_start_matches([' ', '-']).len())
}

/// What puts actions back into texts.
struct Back<'t> {
    text: &'t str,
    actions: Vec<Action>,
    /// What was done already, by where it lies in memory: anchors multiply.
    known: RefCell<HashMap<*const Item, Arc<Item>>>,
}

impl Back<'_> {
    fn item(&self, item: &Arc<Item>) -> Arc<Item> {
        if let Some(known) = self.known.borrow().get(&Arc::as_ptr(item)) {
            return Arc::clone(known);
        }
        let within: Vec<&Action> = self.within(item.span).collect();
        let what = match &item.what {
            What::List(items) => What::List(items.iter().map(|item| self.item(item)).collect()),
            What::Map(fields) => What::Map(fields.iter().map(|field| self.field(field)).collect()),
            What::Scalar(scalar) => What::Scalar(self.scalar(scalar, item.span, &within)),
        };
        let made = Arc::new(Item { span: item.span, tag: item.tag.clone(), what });
        self.known.borrow_mut().insert(Arc::as_ptr(item), Arc::clone(&made));
        made
    }

    fn field(&self, field: &Field) -> Field {
        Field { key: field.key.clone(), key_span: field.key_span, value: self.item(&field.value) }
    }

    fn within(&self, span: Span) -> impl Iterator<Item = &Action> {
        let first = self.actions.partition_point(|action| action.span.end <= span.start);
        self.actions.iter().skip(first).take_while(move |action| action.span.start < span.end)
    }

    fn written(&self, action: &Action) -> &str {
        self.text.get(action.span.start..action.span.end).unwrap_or_default()
    }

    /// `within` without what stands below all of the text at `span`, which is about what comes after it.
    fn without_last<'a, 'b>(&self, mut within: &'b [&'a Action], span: Span) -> &'b [&'a Action] {
        let mut end = span.end;
        while let Some((last, rest)) = within.split_last() {
            let after = self.text.get(last.span.end..end).unwrap_or_default();
            if last.shown > 0 || !after.trim().is_empty() {
                break;
            }
            (within, end) = (rest, last.span.start);
        }
        within
    }

    fn scalar(&self, scalar: &Scalar, span: Span, within: &[&Action]) -> Scalar {
        let within = self.without_last(within, span);
        // A text that hangs on what is asked in it is nothing that can be put together.
        if within.iter().any(|action| action.shown == 0) {
            let text = self.text.get(span.start..span.end).unwrap_or_default().to_owned();
            return Scalar { text, style: scalar.style };
        }
        let mut text = String::new();
        let mut rest = scalar.text.as_str();
        for action in within {
            let Some((before, after)) = rest.split_once(MARK) else { break };
            text.push_str(before);
            text.push_str(self.written(action));
            rest = after.get(action.shown - MARK.len_utf8()..).unwrap_or_default();
        }
        text.push_str(rest);
        // The blanks in the place of what stands below a block are none of it.
        if scalar.style == Style::Literal && text.ends_with('\n') {
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        Scalar { text, style: scalar.style }
    }
}

/// The path in quotes that is all of `text`: what `{{ .Files.Get "path" | indent 4 }}` includes from the folder of a
/// chart.
pub(super) fn included(text: &str) -> Option<&str> {
    let written = text.trim();
    if !written.starts_with("{{") || written.find("}}")? + 2 != written.len() {
        return None;
    }
    let said = said(written);
    let call = said.trim_start_matches('(').trim_start();
    let call = call.strip_prefix(".Files.Get").or_else(|| call.strip_prefix("$.Files.Get"))?;
    let path = call.trim_start().strip_prefix('"')?;
    let (path, steps) = path.split_once('"')?;
    let plain = |step: &str| {
        let step = step.trim().trim_end_matches(')').trim();
        let first = step.split_whitespace().next().unwrap_or_default();
        matches!(first, "" | "indent" | "nindent" | "trim")
    };
    steps.split('|').all(plain).then_some(path)
}

/// Says of each part of `carried` that stands between an action that opens something and its end that it is read as
/// if it were deployed once.
pub(super) fn tell_conditions(carried: &mut Carried) {
    let file = Arc::clone(&carried.file);
    if !file.text().contains("{{") {
        return;
    }
    let open = opened_by(&file);
    let mut told: Vec<(String, Span, &'static str)> = Vec::new();
    for part in &carried.parts {
        let start = match &part.content {
            Content::Text(text) => Some(text.outer(Span::new(0, 1)).start),
            Content::In(of, text) if Arc::ptr_eq(of, &file) => Some(text.outer(Span::new(0, 1)).start),
            _ => None,
        };
        let Some(start) = start else { continue };
        let before = open.partition_point(|(end, _)| *end <= start);
        let innermost = before.checked_sub(1).and_then(|at| open.get(at)).and_then(|(_, innermost)| *innermost);
        let Some(span) = innermost else { continue };
        let how = if said(file.slice(span)).starts_with("range") { "how often" } else { "whether" };
        told.push((part.name.clone(), span, how));
    }
    for (name, span, how) in told {
        let written = inline(file.slice(span)).into_owned();
        let message = format!("{how} `{}` is deployed hangs on `{written}`; it is read as if it were", inline(&name));
        carried.tell(span, message);
    }
}

/// Where each action of `file` ends, and the innermost that is open there of those on which it hangs whether or how
/// often something is there.
fn opened_by(file: &SourceFile) -> Vec<(usize, Option<Span>)> {
    let mut open: Vec<Option<Span>> = Vec::new();
    let mut found = Vec::new();
    for span in actions(file.text()) {
        let around = open.last().copied().flatten();
        match said(file.slice(span)).split_whitespace().next() {
            Some("if" | "range") => open.push(Some(span)),
            // What a `with` is about is there.
            Some(word) if OPENING.contains(&word) => open.push(around),
            Some("end") => drop(open.pop()),
            _ => {}
        }
        found.push((span.end, open.last().copied().flatten()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_yaml_for_its_actions_is_read_and_places_stay() {
        let text = "{{- if .Values.on }}\nname: {{ .Release.Name }}-x\nlabels:\n  {{- include \"l\" . | nindent 2 }}\ncontent: |\n  a {{ .b }}\n  c\n{{- end }}\n";
        let (found, fault) = documents(text).unwrap();
        assert_eq!(fault, None);
        assert_eq!(found[0].text_of("name"), Some("{{ .Release.Name }}-x"));
        assert_eq!(found[0].text_of("content").map(str::trim_end), Some("a {{ .b }}\nc"));
        let mapped = found[0].get("content").unwrap().mapped(text).unwrap();
        let at = mapped.text().find('c').unwrap();
        let outer = mapped.outer(Span::new(at, at + 1));
        assert_eq!(&text[outer.start - 3..outer.end], "\n  c");
    }

    #[test]
    fn an_action_that_is_all_of_a_block_is_its_text() {
        let text = "a:\n  content: |\n{{ .Files.Get \"p/a.cedar\" | indent 4 }}\n  b: 1\n";
        let (found, fault) = documents(text).unwrap();
        assert_eq!(fault, None);
        let content = found[0].at(&["a", "content"]).unwrap().text().unwrap();
        assert_eq!((included(content), found[0].at(&["a", "b"]).is_some()), (Some("p/a.cedar"), true), "{content}");
        for text in ["{{ .Files.Get .x }}", "x {{ .Files.Get \"a\" }}", "{{ .Files.Get \"a\" | b64enc }}", "a"] {
            assert_eq!(included(text), None, "{text}");
        }
    }
}
