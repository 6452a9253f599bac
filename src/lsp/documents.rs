//! The texts that are open in the editor, as it has them.

use std::collections::BTreeMap;
use std::sync::Arc;

use lsp_types::TextDocumentContentChangeEvent;

use super::positions::{Encoding, Lines};
use crate::run::Unsaved;

/// A text that is open.
#[derive(Debug, Clone)]
pub(super) struct Document {
    /// What the editor calls it.
    pub(super) uri: String,
    /// Its number among the editor's spaces, and its path there.
    pub(super) space: usize,
    /// Its path relative to the root of its space.
    pub(super) path: String,
    /// The editor's version of it.
    pub(super) version: i32,
    /// What it holds.
    pub(super) text: Arc<str>,
}

impl Document {
    /// Applies `changes`, one after the other.
    pub(super) fn change(&mut self, changes: Vec<TextDocumentContentChangeEvent>, encoding: Encoding) {
        for change in changes {
            let Some(range) = change.range else {
                self.text = change.text.into();
                continue;
            };
            let span = Lines::new(&self.text, encoding).span(range);
            let mut text = String::with_capacity(self.text.len() + change.text.len());
            text.push_str(self.text.get(..span.start).unwrap_or_default());
            text.push_str(&change.text);
            text.push_str(self.text.get(span.end..).unwrap_or_default());
            self.text = text.into();
        }
    }
}

/// The open texts of one space at one moment, by path.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    /// The number of this state; later ones have higher numbers.
    pub(super) generation: u64,
    /// The texts.
    pub(super) documents: BTreeMap<String, Arc<Document>>,
}

impl Snapshot {
    /// The texts alone.
    pub(super) fn unsaved(&self) -> Unsaved {
        self.documents.iter().map(|(path, document)| (path.clone(), document.text.to_string())).collect()
    }
}

#[cfg(test)]
mod tests {
    use lsp_types::{Position, Range};

    use super::*;

    fn changed(text: &str, changes: &[(Option<[u32; 4]>, &str)]) -> String {
        let mut document =
            Document { uri: String::new(), space: 0, path: String::new(), version: 0, text: text.into() };
        let event = |(range, text): &(Option<[u32; 4]>, &str)| TextDocumentContentChangeEvent {
            range: range.map(|[a, b, c, d]| Range::new(Position::new(a, b), Position::new(c, d))),
            range_length: None,
            text: (*text).to_owned(),
        };
        document.change(changes.iter().map(event).collect(), Encoding::Utf16);
        document.text.to_string()
    }

    #[test]
    fn changes_are_applied_in_their_order() {
        assert_eq!(changed("abc", &[(Some([0, 1, 0, 2]), "X"), (Some([0, 3, 0, 3]), "!")]), "aXc!");
        assert_eq!(changed("abc", &[(None, "new\ntext"), (Some([1, 0, 1, 4]), "")]), "new\n");
        assert_eq!(changed("a\u{1F600}b\r\nc", &[(Some([0, 3, 0, 4]), "")]), "a\u{1F600}\r\nc");
        assert_eq!(changed("a\r\nb", &[(Some([0, 1, 1, 0]), "")]), "ab");
        assert_eq!(changed("a", &[(Some([9, 9, 9, 9]), "z"), (Some([0, 9, 0, 0]), "")]), "");
    }
}
