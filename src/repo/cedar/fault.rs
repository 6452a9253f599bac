//! Cedar's diagnostics as words with a place.

use miette::Diagnostic;

use crate::text::Span;

/// Why a text is not Cedar: one of possibly several reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CedarFault {
    /// Cedar's words.
    pub message: String,
    /// Cedar's hint.
    pub help: Option<String>,
    /// Where in the text, when Cedar says.
    pub span: Option<Span>,
}

/// Any of Cedar's diagnostics: words, hint, first place with its label.
pub fn fault(error: &dyn Diagnostic) -> CedarFault {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !message.contains(&words) {
            message = format!("{message}: {words}");
        }
        cause = inner.source();
    }
    let label = error.labels().and_then(|mut labels| labels.next());
    if let Some(words) = label.as_ref().and_then(|label| label.label()) {
        message = format!("{message}: {words}");
    }
    let span = label.map(|label| Span::new(label.offset(), label.offset() + label.len()));
    CedarFault { message, help: error.help().map(|help| help.to_string()), span }
}
