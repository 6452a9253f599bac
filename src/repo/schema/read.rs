//! Schemas: both syntaxes, several files in one, and every fault at its place.

use std::sync::Arc;

use cedar_policy::SchemaFragment;
use miette::Diagnostic;

use super::bounds;
use crate::data::json::JsonError;
use crate::finding::{Finding, Level};
use crate::repo::cedar;
use crate::repo::files::whole;
use crate::repo::model::{Schema, SchemaState};
use crate::repo::parsed_texts::ParsedTexts;
use crate::repo::rules::{SCHEMA_CONFLICT, SCHEMA_ERROR, TOO_DEEP};
use crate::repo::statements::split;
use crate::text::{Location, SourceFile, Span};

const MAX_DEPTH: usize = 250;

/// Makes one schema of `files`. `twins` are files that hold the same schema in the other syntax, each with the one it
/// should equal. What is `known` is not made again.
pub(in crate::repo) fn read(
    files: &[Arc<SourceFile>],
    twins: &[(Arc<SourceFile>, Arc<SourceFile>)],
    known: Option<&ParsedTexts>,
) -> (SchemaState, Vec<Finding>) {
    let (schema, mut findings) = match known.and_then(|known| known.schema(files)) {
        Some(schema) => (Some(schema), Vec::new()),
        None => {
            let (schema, findings) = one(files);
            let made = schema.map(|cedar| {
                let environments = cedar.request_envs().count();
                Arc::new(Schema { cedar, files: files.to_vec(), environments })
            });
            if let (Some(known), Some(schema)) = (known, &made) {
                known.keep_schema(schema);
            }
            (made, findings)
        }
    };
    let Some(schema) = schema else { return (SchemaState::Broken, findings) };
    for (twin, of) in twins {
        findings.extend(compare(twin, of));
    }
    (SchemaState::Ready(schema), findings)
}

/// The schema that `files` make together; `None` where they make none.
pub(in crate::repo) fn parse(files: &[Arc<SourceFile>]) -> Option<cedar_policy::Schema> {
    one(files).0
}

/// The files of `schema` as Cedar's schema JSON, in their order.
#[must_use]
pub fn schema_as_json(schema: &Schema) -> Vec<serde_json::Value> {
    schema.files.iter().filter_map(|file| fragment(file).ok()?.to_json_value().ok()).collect()
}

/// How deeply the brackets of a schema in Cedar syntax nest.
pub(in crate::repo) fn depth(text: &str) -> usize {
    split(text).iter().map(|statement| statement.depth.max(statement.angles)).max().unwrap_or(0)
}

fn one(files: &[Arc<SourceFile>]) -> (Option<cedar_policy::Schema>, Vec<Finding>) {
    let mut fragments = Vec::new();
    let mut findings = Vec::new();
    for file in files {
        match fragment(file) {
            Ok(fragment) => fragments.push(fragment),
            Err(finding) => findings.push(*finding),
        }
    }
    if !findings.is_empty() {
        return (None, findings);
    }
    let forms: Vec<_> = fragments.iter().filter_map(|fragment| fragment.clone().to_json_value().ok()).collect();
    if let (Some(why), Some(first)) = (bounds::exceeded(&forms), files.first()) {
        let finding = Finding::new(TOO_DEEP.id, Level::Error, whole(first), format!("this schema is not read: {why}"));
        return (
            None,
            vec![finding.help("declare entity types instead of nesting common types, and shorten the chain")],
        );
    }
    match cedar_policy::Schema::from_schema_fragments(fragments) {
        Ok(schema) => (Some(schema), findings),
        Err(error) => (None, vec![resolution(files, &error)]),
    }
}

fn fragment(file: &Arc<SourceFile>) -> Result<SchemaFragment, Box<Finding>> {
    let text = file.parse_text();
    let fail = |span: Span, message: String, help: Option<String>| {
        let mut finding = Finding::new(SCHEMA_ERROR.id, Level::Error, Location::new(file, span), message);
        finding.help = help;
        Box::new(finding)
    };
    let deepest = depth(&text);
    if deepest > MAX_DEPTH {
        let message = format!("brackets nest {deepest} deep; more than {MAX_DEPTH} is not analysed");
        return Err(Box::new(Finding::new(TOO_DEEP.id, Level::Error, whole(file), message)));
    }
    if file.name().ends_with(".json") {
        return SchemaFragment::from_json_str(&text).map_err(|error| json_fault(file, &text, &error, &fail));
    }
    match SchemaFragment::from_cedarschema_str(&text) {
        Ok((fragment, _)) => Ok(fragment),
        Err(error) => {
            let fault = first_fault(&error);
            let span = fault.span.map_or(whole(file).span, |span| visible(file, span));
            Err(fail(span, fault.message, fault.help))
        }
    }
}

/// Cedar's schema errors carry their parts as related diagnostics; the first with a place says most.
fn first_fault(error: &dyn Diagnostic) -> cedar::CedarFault {
    let fault = cedar::fault(error);
    if fault.span.is_some() {
        return fault;
    }
    let related = error.related().into_iter().flatten().map(cedar::fault).find(|part| part.span.is_some());
    related.unwrap_or(fault)
}

/// An empty span is widened to the character before it, so that there is something to underline.
fn visible(file: &SourceFile, span: Span) -> Span {
    if !span.is_empty() {
        return span;
    }
    let before = file.text().get(..span.start).unwrap_or_default();
    match before.char_indices().next_back() {
        Some((offset, _)) => Span::new(offset, span.start),
        None => Span::new(0, file.text().chars().next().map_or(0, char::len_utf8)),
    }
}

fn json_fault(
    file: &Arc<SourceFile>,
    text: &str,
    error: &cedar_policy::SchemaError,
    fail: &dyn Fn(Span, String, Option<String>) -> Box<Finding>,
) -> Box<Finding> {
    // What is not JSON at all, or not a schema's JSON, comes from serde_json with its line and column in the words.
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let JsonError { message, span } = JsonError::new(file, text, 0, &error);
        return fail(span, format!("not JSON: {message}"), None);
    }
    let mut fault = first_fault(error);
    let span = fault.span.or_else(|| position_in_words(file, &fault.message)).unwrap_or(whole(file).span);
    if let Some(at) = fault.message.rfind(" at line ") {
        fault.message.truncate(at);
    }
    fail(visible(file, span), fault.message, fault.help)
}

/// The place in "... at line 3 column 5", which serde_json appends.
fn position_in_words(file: &SourceFile, words: &str) -> Option<Span> {
    let (_, place) = words.rsplit_once(" at line ")?;
    let (line, column) = place.split_once(" column ")?;
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    Some(Span::at(file.offset_of(digits(line)?, digits(column)?)))
}

/// Fragments that are right each by itself but do not resolve: Cedar names what it misses, and the text says where.
fn resolution(files: &[Arc<SourceFile>], error: &cedar_policy::SchemaError) -> Finding {
    let mut fault = first_fault(error);
    fault.message = with_names_sorted(fault.message);
    let place = fault
        .span
        .filter(|span| files.len() == 1 && span.end > span.start)
        .and_then(|span| files.first().map(|file| Location::new(file, span)))
        .or_else(|| mention(files, &fault.message))
        .or_else(|| files.first().map(whole));
    let place = place.unwrap_or_else(|| Location::of_path("."));
    let mut finding = Finding::new(SCHEMA_ERROR.id, Level::Error, place, fault.message);
    finding.help = fault.help;
    finding
}

/// `message` with the names that it lists at its end in order: Cedar keeps them in sets that have none.
fn with_names_sorted(message: String) -> String {
    let Some((what, listed)) = message.split_once(": ") else { return message };
    if !what.starts_with("undeclared ") && !what.starts_with("failed to resolve ") {
        return message;
    }
    let listed = listed.replace(", and ", ", ").replace(" and ", ", ");
    let mut names: Vec<&str> = listed.split(", ").collect();
    names.sort_unstable();
    format!("{what}: {}", names.join(", "))
}

/// The first place where something that `message` names in backquotes or double quotes stands as a word in `files`.
fn mention(files: &[Arc<SourceFile>], message: &str) -> Option<Location> {
    let quoted = message.split('`').skip(1).step_by(2).chain(message.split('"').skip(1).step_by(2));
    let after_colon = message.rsplit(": ").next().into_iter().flat_map(|rest| rest.split(", "));
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for name in quoted.chain(after_colon) {
        let name = name.rsplit("::").next().unwrap_or(name).trim_matches('"');
        for file in files.iter().filter(|_| !name.is_empty()) {
            for (at, _) in file.text().match_indices(name) {
                let before = file.text().get(..at).and_then(|text| text.chars().next_back());
                let after = file.text().get(at + name.len()..).and_then(|text| text.chars().next());
                if !before.is_some_and(is_word) && !after.is_some_and(is_word) {
                    return Some(Location::new(file, Span::new(at, at + name.len())));
                }
            }
        }
    }
    None
}

fn compare(twin: &Arc<SourceFile>, of: &Arc<SourceFile>) -> Vec<Finding> {
    let (other, mut findings) = one(std::slice::from_ref(twin));
    let (this, _) = one(std::slice::from_ref(of));
    if let (Some(other), Some(this)) = (other, this)
        && !cedar::same_schema(&this, &other)
    {
        let message = format!("this schema and `{}` have one name and do not declare the same", of.path());
        findings.push(
            Finding::new(SCHEMA_CONFLICT.id, Level::Error, whole(twin), message)
                .help(format!(
                    "`{}` is the one that was read; write the other anew with `cedar translate-schema`, or remove it",
                    of.path()
                ))
                .related(whole(of), "the schema that was read", None),
        );
    }
    findings
}
