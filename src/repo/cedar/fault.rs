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
    CedarFault { message: plain_types(&message), help: error.help().map(|help| plain_types(&help.to_string())), span }
}

/// What the validator calls its own types, in words of the language.
const TYPES: [(&str, &str); 7] = [
    ("Set<__cedar::internal::Any>", "Set"),
    ("__cedar::internal::OpenRecord", ""),
    ("__cedar::internal::AnyEntity", "any entity"),
    ("__cedar::internal::Never", "no value"),
    ("__cedar::internal::True", "Bool (always true)"),
    ("__cedar::internal::False", "Bool (always false)"),
    ("__cedar::internal::Any", "any value"),
];

/// `message` without the names of types that only the validator has.
fn plain_types(message: &str) -> String {
    const UNION: &str = "__cedar::internal::Union<";
    let mut text = message.to_owned();
    for (internal, plain) in TYPES {
        text = text.replace(internal, plain);
    }
    // Members are names of entity types, so that the next bracket closes it.
    while let Some((before, rest)) = text.split_once(UNION)
        && let Some((members, after)) = rest.split_once('>')
    {
        text = format!("{before}{}{after}", members.replace(", ", " or "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_words_of_the_language() {
        for (internal, plain) in [
            ("saw __cedar::internal::True", "saw Bool (always true)"),
            ("Set<__cedar::internal::Any>", "Set"),
            ("Set<__cedar::internal::Union<A::B, C>> and Long", "Set<A::B or C> and Long"),
            ("__cedar::internal::OpenRecord{a: Long,}", "{a: Long,}"),
            ("a text without any", "a text without any"),
        ] {
            assert_eq!(plain_types(internal), plain);
        }
    }
}
