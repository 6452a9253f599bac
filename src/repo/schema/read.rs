//! Schemas: both syntaxes, several files in one, and every fault at its place.

use std::sync::Arc;

use cedar_policy::SchemaFragment;
use miette::Diagnostic;

use super::{bounds, json_form, unresolved};
use crate::data::json::{JsonError, Node};
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
            Err(found) => findings.extend(found),
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
        Err(error) => (None, unresolved::findings(files, &first_fault(&error))),
    }
}

fn fragment(file: &Arc<SourceFile>) -> Result<SchemaFragment, Vec<Finding>> {
    let text = file.parse_text();
    let fail = |span: Span, message: String, help: Option<String>| {
        let mut finding = Finding::new(SCHEMA_ERROR.id, Level::Error, Location::new(file, span), message);
        finding.help = help;
        finding
    };
    let deepest = depth(&text);
    if deepest > MAX_DEPTH {
        let message = format!("brackets nest {deepest} deep; more than {MAX_DEPTH} is not analysed");
        return Err(vec![Finding::new(TOO_DEEP.id, Level::Error, whole(file), message)]);
    }
    if file.name().ends_with(".json") {
        return SchemaFragment::from_json_str(&text).map_err(|error| json_fault(file, &text, &error, &fail));
    }
    match SchemaFragment::from_cedarschema_str(&text) {
        Ok((fragment, _)) => Ok(fragment),
        Err(error) => {
            let fault = first_fault(&error);
            let span = fault.span.map_or(whole(file).span, |span| visible(file, span));
            Err(vec![fail(span, fault.message, fault.help)])
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
    fail: &dyn Fn(Span, String, Option<String>) -> Finding,
) -> Vec<Finding> {
    // What is not JSON at all comes from serde_json with its line and column in the words.
    let root = match Node::parse(file, text) {
        Ok(root) => root,
        Err(JsonError { message, span }) => {
            return vec![fail(visible(file, span), format!("not JSON: {message}"), None)];
        }
    };
    let found = json_form::walk(root).faults;
    if !found.is_empty() {
        let place = |span: Option<Span>| span.unwrap_or(whole(file).span);
        return found.into_iter().map(|fault| fail(place(fault.span), fault.message, fault.help)).collect();
    }
    let mut fault = first_fault(error);
    let span = fault.span.or_else(|| position_in_words(file, &fault.message)).unwrap_or(whole(file).span);
    if let Some(at) = fault.message.rfind(" at line ") {
        fault.message.truncate(at);
    }
    vec![fail(visible(file, span), fault.message, fault.help)]
}

/// The place in "... at line 3 column 5", which serde_json appends.
fn position_in_words(file: &SourceFile, words: &str) -> Option<Span> {
    let (_, place) = words.rsplit_once(" at line ")?;
    let (line, column) = place.split_once(" column ")?;
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    Some(Span::at(file.offset_of(digits(line)?, digits(column)?)))
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
