//! Why a file that is named like a table is none.

use crate::data::Fault;
use crate::data::json::{JsonError, Node};
use crate::repo::TableForm;
use crate::text::SourceFile;

/// The fault of `file`, which is in no known form.
pub(in crate::tables) fn unknown_form(file: &SourceFile) -> Fault {
    malformed(Node::parse(file, &file.parse_text()).err())
}

/// Why a table known by its name is none: not JSON, or JSON in another shape.
pub(in crate::tables) fn malformed(error: Option<JsonError>) -> Fault {
    let span = error.as_ref().map(|error| error.span);
    let message = match error {
        Some(error) => format!("this decision table is not JSON: {}", error.message),
        None => "this file is named like a decision table and is in none of the known forms".to_owned(),
    };
    Fault { message, help: Some(TableForm::all_in_words()), span }
}
