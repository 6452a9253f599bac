//! The entries of an object with their keys, and what is left without an entry.

use std::sync::Arc;

use crate::data::json::Node;
use crate::finding::Edit;
use crate::text::{Location, SourceFile, Span};

/// A key with its value.
pub(super) struct Entry<'t> {
    /// The key between its quotes.
    pub(super) key: Node<'t>,
    pub(super) value: Node<'t>,
}

/// The entries of `object` in order; none of anything else.
pub(super) fn entries(object: Node<'_>) -> Option<Vec<Entry<'_>>> {
    let (mut at, mut found) = (0, Vec::new());
    for (_, value) in object.fields()? {
        let from = value.offset - object.offset;
        // Between a value and the next there is nothing in quotes but the key.
        let gap = object.raw.get(at..from)?;
        let (start, end) = (at + gap.find('"')?, at + gap.rfind('"')? + 1);
        at = from + value.raw.len();
        let key = Node { raw: object.raw.get(start..end)?, offset: object.offset + start };
        found.push(Entry { key, value });
    }
    Some(found)
}

/// The value at `name` of `object`.
pub(super) fn entry<'t>(object: Node<'t>, name: &str) -> Option<Entry<'t>> {
    let at = object.fields()?.iter().position(|(key, _)| key == name)?;
    entries(object)?.into_iter().nth(at)
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// The list (or, `keyed`, the object) in which `value` of `file` stands without it and its comma; none where it stands
/// in nothing.
pub(in crate::lint::fixes) fn without_entry(file: &Arc<SourceFile>, value: Span, keyed: bool) -> Option<Edit> {
    let text = file.text();
    let before = text.get(..value.start)?;
    let start = if keyed { key_start(before)? } else { value.start };
    let before = before.get(..start)?.trim_end_matches(is_blank);
    let after = text.get(value.end..)?;
    let behind = after.trim_start_matches(is_blank);
    let span = if let Some(rest) = behind.strip_prefix(',') {
        Span::new(start, text.len() - rest.trim_start_matches(is_blank).len())
    } else if let Some(before) = before.strip_suffix(',') {
        Span::new(before.trim_end_matches(is_blank).len(), value.end)
    } else if before.ends_with(['[', '{']) {
        Span::new(before.len(), text.len() - behind.len())
    } else {
        return None;
    };
    Some(Edit::new(Location::new(file, span), ""))
}

/// Where the key begins whose value comes right behind `before`.
fn key_start(before: &str) -> Option<usize> {
    let key = before.trim_end_matches(is_blank).strip_suffix(':')?.trim_end_matches(is_blank).strip_suffix('"')?;
    let is_escaped = |at: usize| {
        let before = key.get(..at).unwrap_or_default();
        (before.len() - before.trim_end_matches('\\').len()) % 2 == 1
    };
    key.rmatch_indices('"').map(|(at, _)| at).find(|at| !is_escaped(*at))
}
