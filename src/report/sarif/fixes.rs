//! Fixes as SARIF has them: file by file, replacement by replacement.

use std::collections::BTreeMap;

use super::model::{ArtifactChange, Content, FixOut, Replacement, message};
use super::places::{artifact, exact};
use crate::finding::{Edit, Fix};
use crate::text::inline;

/// `fix`, with what it changes besides the text in its description.
pub(super) fn fix(fix: &Fix) -> FixOut<'_> {
    let mut files: BTreeMap<&str, Vec<Replacement<'_>>> = BTreeMap::new();
    for edit in &fix.edits {
        files.entry(edit.location.path()).or_default().push(replacement(edit));
    }
    let change = |(path, replacements): (&str, _)| ArtifactChange { artifact_location: artifact(path), replacements };
    let what = [Some(fix.what.as_str()), fix.changes.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("; ");
    FixOut { description: message(&inline(&what)), artifact_changes: files.into_iter().map(change).collect() }
}

fn replacement(edit: &Edit) -> Replacement<'_> {
    let content = Content { text: &edit.text };
    let inserted_content = (!edit.text.is_empty()).then_some(content);
    Replacement { deleted_region: exact(&edit.location), inserted_content }
}
