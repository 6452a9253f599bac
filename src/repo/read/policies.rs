//! Policy files: Cedar's syntax and JSON, every policy that can be had, every fault with its place.

use std::sync::Arc;

use super::found::PolicyFile;
use super::{policies_cedar, policies_json};
use crate::repo::parsed_texts::ParsedTexts;
use crate::text::SourceFile;

/// Reads the policies of `file`, by its name in Cedar's or JSON syntax.
pub(super) fn read(file: &Arc<SourceFile>, known: Option<&ParsedTexts>) -> PolicyFile {
    if file.name().ends_with(".json") { policies_json::read(file) } else { policies_cedar::read(file, known) }
}
