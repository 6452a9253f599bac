//! What can be done about a finding: mend it, where that changes no decision, or say why it stays.
//!
//! # Why
//!
//! A fix is offered as `polcheck lint --fix` makes it: the repository is read again with it and has to decide alike.
//! That takes longer than a menu may, so that editors that can ask for the edits of an action once somebody chooses it
//! get them then, and the others when they are sure.

use std::collections::BTreeMap;

use lsp_types::{CodeAction, CodeActionKind, Range, TextEdit};
use serde_json::{Value, json};

use super::client::Client;
use super::diagnostics::Places;
use super::documents::Snapshot;
use super::hover::findings_at;
use super::positions::Lines;
use super::view::View;
use crate::finding::Finding;
use crate::run::Editing;
use crate::text::{Location, Span, inline};
use crate::triage;

/// What is to be done.
pub(super) struct Offered<'v> {
    /// The action, without its edits.
    pub(super) action: CodeAction,
    /// The finding that it mends; none where the edits are sure.
    pub(super) mends: Option<&'v Finding>,
    /// The edits.
    pub(super) edit: Value,
}

/// The actions for what touches `range` of the document; `wanted` are the kinds that are asked for, all if there are
/// none.
pub(super) fn actions<'v>(view: &View<'v>, range: Range, wanted: Option<&[CodeActionKind]>) -> Vec<Offered<'v>> {
    let asked = |kind: &CodeActionKind| {
        let within = |above: &CodeActionKind| {
            let (kind, above) = (kind.as_str(), above.as_str());
            above.is_empty() || kind == above || kind.strip_prefix(above).is_some_and(|rest| rest.starts_with('.'))
        };
        wanted.is_none_or(|wanted| wanted.iter().any(within))
    };
    if !asked(&CodeActionKind::QUICKFIX) {
        return Vec::new();
    }
    let lines = Lines::new(&view.document.text, view.client.encoding);
    let mut offered = Vec::new();
    for finding in findings_at(view, lines.span(range)) {
        offered.extend(mend(view, finding));
        offered.extend(suppress(view, finding));
    }
    offered
}

fn mend<'v>(view: &View<'v>, finding: &'v Finding) -> Option<Offered<'v>> {
    let fix = finding.fix.as_ref()?;
    let changes = fix.changes.as_ref().map_or(String::new(), |changes| format!(" ({changes})"));
    let title = format!("{}{changes}", capital(&inline(&fix.what)));
    let edit = edit_of(finding, view.editing, view.snapshot, view.client);
    let action =
        CodeAction { title, kind: Some(CodeActionKind::QUICKFIX), is_preferred: Some(true), ..CodeAction::default() };
    Some(Offered { action, mends: Some(finding), edit })
}

/// The edits of the fix of `finding`.
pub(super) fn edit_of(finding: &Finding, editing: &Editing, snapshot: &Snapshot, client: &Client) -> Value {
    let edits = finding.fix.iter().flat_map(|fix| &fix.edits);
    workspace_edit(editing, snapshot, client, edits.map(|edit| (&edit.location, edit.text.clone())))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A comment above the line where `finding` starts, which says that it stays.
fn suppress<'v>(view: &View<'v>, finding: &'v Finding) -> Option<Offered<'v>> {
    let rule = view.look.outcome.catalogue.get(finding.rule)?;
    let own = triage::RULES.iter().any(|own| own.id == rule.id);
    // Comments are looked for in policy files; in a file of another tool a comment may be something else.
    let place = &finding.location;
    if !rule.configurable || own || !place.path().ends_with(".cedar") || !place.file.is_as_written() {
        return None;
    }
    let text = place.file.text();
    let start = text.get(..place.span.start)?.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(start..)?;
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    let start = text.len() - line.len();
    let indent: String = line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let comment = format!("{indent}// polcheck: ignore[{}] TODO: say why{end}", finding.rule);
    let place = Location::new(&place.file, Span::at(start));
    let edit = workspace_edit(view.editing, view.snapshot, view.client, std::iter::once((&place, comment)));
    let action = CodeAction {
        title: format!("Ignore {} here, with a reason", finding.rule),
        kind: Some(CodeActionKind::QUICKFIX),
        ..CodeAction::default()
    };
    Some(Offered { action, mends: None, edit })
}

/// Edits as the protocol has them.
fn workspace_edit<'e>(
    editing: &Editing,
    snapshot: &Snapshot,
    client: &Client,
    edits: impl Iterator<Item = (&'e Location, String)>,
) -> Value {
    let all: Vec<(&Location, String)> = edits.collect();
    let mut places = Places::new(editing, snapshot, client);
    let mut files: BTreeMap<&str, Vec<TextEdit>> = BTreeMap::new();
    for (location, new_text) in &all {
        let range = places.range(location);
        files.entry(location.path()).or_default().push(TextEdit { range, new_text: new_text.clone() });
    }
    if client.document_changes {
        let change = |(path, edits): (&str, Vec<TextEdit>)| {
            let version = snapshot.documents.get(path).map(|document| document.version);
            json!({ "textDocument": { "uri": places.uri(path), "version": version }, "edits": edits })
        };
        return json!({ "documentChanges": files.into_iter().map(change).collect::<Vec<_>>() });
    }
    let changes: serde_json::Map<String, Value> =
        files.into_iter().map(|(path, edits)| (places.uri(path), json!(edits))).collect();
    json!({ "changes": changes })
}
