//! The formats of logs: from a line to the records that it holds.
//!
//! A format is one file here and one line in the list. A line is taken apart once; formats are asked in turn whether it
//! is theirs.

mod fields;
mod spec;

/// Declares the modules of formats and lists them, in the order in which they are asked.
macro_rules! formats {
    ($($format:ident)*) => {
        $(mod $format;)*

        /// Every format.
        pub(super) static FORMATS: &[&Format] = &[$(&$format::FORMAT),*];
    };
}

formats! {
    cloud_trail
    cedarling
    verified_permissions
    cedar_agent
    json_lines
}

use fields::Fields;
use spec::Format;

use super::record::{Read, Wrong};
use crate::data::json::Node;

/// Logs that hold a list of records in one value have it under this key.
const LIST: &str = "Records";

/// The records of `line`, a JSON value.
pub(super) fn read(line: &str) -> Read<'_> {
    let trimmed = line.trim();
    if trimmed.is_empty() {
        return vec![Err(Wrong { kind: "blank", message: "a blank line".to_owned() })];
    }
    let node = Node { raw: trimmed, offset: 0 };
    match Fields::of(node) {
        Ok(fields) => of_fields(&fields),
        Err(wrong) => match node.elements() {
            // A list of records in one value.
            Some(all) if !all.is_empty() => all.into_iter().flat_map(of_element).collect(),
            _ => vec![Err(wrong)],
        },
    }
}

fn of_element(node: Node<'_>) -> Read<'_> {
    match Fields::of(node) {
        Ok(fields) => of_fields(&fields),
        Err(wrong) => vec![Err(wrong)],
    }
}

fn of_fields<'t>(fields: &Fields<'t>) -> Read<'t> {
    if let Some(all) = fields.get(LIST).and_then(Node::elements) {
        return all.into_iter().flat_map(of_element).collect();
    }
    match FORMATS.iter().find_map(|format| (format.read)(fields)) {
        Some(read) => read,
        None => vec![Err(Wrong::foreign("a line of JSON that is no record of a decision"))],
    }
}

/// The request in `line`, a line of a log in any format, as JSON with its entities and its decision.
///
/// # Errors
/// When it holds none, or several; a sentence.
pub fn request_of(line: &str) -> Result<String, String> {
    let mut records = read(line);
    match (records.pop(), records.len()) {
        (Some(Ok(record)), 0) => record.as_request().map_err(str::to_owned),
        (Some(Err(wrong)), 0) => Err(format!("it is {}", wrong.message)),
        (_, others) => Err(format!("it holds {} records; `polcheck replay --report json` has each", others + 1)),
    }
}

/// The names of all formats with what each is, for help and documentation.
#[must_use]
pub fn formats() -> Vec<(&'static str, &'static str)> {
    FORMATS.iter().map(|format| (format.name, format.about)).collect()
}
