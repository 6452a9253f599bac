//! What the editor says that it can do, as far as it matters here.

use lsp_types::PositionEncodingKind;
use serde_json::Value;

use super::positions::Encoding;

/// The editor.
#[derive(Debug, Clone, Default)]
pub(super) struct Client {
    /// What columns count.
    pub(super) encoding: Encoding,
    /// Whether a diagnostic may have other places.
    pub(super) related: bool,
    /// Whether a diagnostic may say that a text is unnecessary.
    pub(super) tags: bool,
    /// Whether a diagnostic may have a link.
    pub(super) code_description: bool,
    /// Whether a diagnostic may carry data.
    pub(super) data: bool,
    /// Whether an action's edits may be asked for when somebody chooses it.
    pub(super) resolves_edits: bool,
    /// Whether edits may name the version of the document that they are about.
    pub(super) document_changes: bool,
    /// Whether what is completed may have places to go on at.
    pub(super) snippets: bool,
    /// Whether hovers may be Markdown.
    pub(super) markdown: bool,
    /// Whether it shows lenses, and can be told that there are other ones.
    pub(super) lenses: bool,
    /// Whether lenses can be asked for anew.
    pub(super) refreshes_lenses: bool,
    /// Whether it can be asked to watch files.
    pub(super) watches: bool,
}

impl Client {
    /// What `capabilities` say.
    pub(super) fn of(capabilities: &Value) -> Self {
        let yes = |path: &str| capabilities.pointer(path).is_some_and(|value| value == true);
        let lists = |path: &str, wanted: &str| {
            let all = capabilities.pointer(path).and_then(Value::as_array);
            all.is_some_and(|all| all.iter().any(|one| one == wanted))
        };
        let offered = capabilities.pointer("/general/positionEncodings").and_then(Value::as_array);
        let offered: Vec<PositionEncodingKind> =
            (offered.into_iter().flatten()).filter_map(|one| serde_json::from_value(one.clone()).ok()).collect();
        let diagnostics = "/textDocument/publishDiagnostics";
        Self {
            encoding: Encoding::choose(&offered),
            related: yes(&format!("{diagnostics}/relatedInformation")),
            tags: capabilities
                .pointer(&format!("{diagnostics}/tagSupport/valueSet"))
                .and_then(Value::as_array)
                .is_some_and(|all| all.iter().any(|one| one == 1)),
            code_description: yes(&format!("{diagnostics}/codeDescriptionSupport")),
            data: yes(&format!("{diagnostics}/dataSupport")),
            resolves_edits: lists("/textDocument/codeAction/resolveSupport/properties", "edit")
                && yes("/textDocument/codeAction/dataSupport"),
            document_changes: yes("/workspace/workspaceEdit/documentChanges"),
            snippets: yes("/textDocument/completion/completionItem/snippetSupport"),
            markdown: lists("/textDocument/hover/contentFormat", "markdown"),
            lenses: capabilities.pointer("/textDocument/codeLens").is_some_and(Value::is_object),
            refreshes_lenses: yes("/workspace/codeLens/refreshSupport"),
            watches: yes("/workspace/didChangeWatchedFiles/dynamicRegistration"),
        }
    }
}
