//! Policy files: Cedar's two syntaxes, every policy that can be had, every fault with its place.

use std::sync::Arc;

use cedar_policy::{Policy, PolicyId, Template};
use rayon::prelude::*;

use super::cedar::{self, Body, CedarFault, Parsed};
use super::files::whole;
use super::rules::{SYNTAX_ERROR, TOO_DEEP};
use super::statements::{Statement, split};
use crate::data::json::{JsonError, Node};
use crate::finding::{Finding, Level};
use crate::text::{Location, SourceFile, Span};

/// Deeper bracket nesting than this is not analysed.
const MAX_DEPTH: usize = 250;
/// More operators in one policy than this are not analysed.
const MAX_OPERATORS: usize = 50_000;
/// How many statements one parser call takes when a file has many.
const CHUNK: usize = 64;

/// One policy file, read.
#[derive(Debug, Default)]
pub(super) struct PolicyFile {
    pub(super) policies: Vec<Found>,
    pub(super) links: Vec<FoundLink>,
    pub(super) findings: Vec<Finding>,
    /// Whether anything in the file is out.
    pub(super) broken: bool,
}

/// A policy in a file, before it has a store.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) position: usize,
    pub(super) span: Span,
    pub(super) base: usize,
    pub(super) body: Body,
    /// The key in a JSON policy set.
    pub(super) json_key: Option<(String, Option<Span>)>,
}

/// A link in a JSON policy set or a links file, before it has a store.
#[derive(Debug)]
pub(super) struct FoundLink {
    pub(super) template: String,
    pub(super) id: String,
    /// Slot (`?principal`) and entity, in Cedar syntax.
    pub(super) args: Vec<(String, String)>,
    pub(super) location: Location,
}

/// Reads the policies of `file`, by its name in Cedar's or JSON syntax.
pub(super) fn read(file: &Arc<SourceFile>) -> PolicyFile {
    if file.name().ends_with(".json") { read_json(file) } else { read_cedar(file) }
}

fn read_cedar(file: &Arc<SourceFile>) -> PolicyFile {
    let text = file.parse_text();
    let statements = split(&text);
    let chunks: Vec<_> = statements.chunks(CHUNK).enumerate().collect();
    let parts: Vec<PolicyFile> =
        chunks.into_par_iter().map(|(at, chunk)| read_chunk(file, &text, chunk, at * CHUNK)).collect();
    let mut all = PolicyFile::default();
    for part in parts {
        all.policies.extend(part.policies);
        all.findings.extend(part.findings);
        all.broken |= part.broken;
    }
    all
}

/// Statements that stand one after the other, the first of them at `first` in its file.
fn read_chunk(file: &Arc<SourceFile>, text: &str, chunk: &[Statement], first: usize) -> PolicyFile {
    let mut out = PolicyFile::default();
    let (Some(start), Some(end)) = (chunk.first(), chunk.last()) else { return out };
    let bounded = chunk.iter().all(|statement| too_deep(statement).is_none());
    let whole = Span::new(start.span.start, end.span.end);
    let parsed = bounded.then(|| cedar::parse(text.get(whole.start..whole.end).unwrap_or_default()));
    match parsed {
        Some(Ok(parsed)) if parsed.len() == chunk.len() => {
            out.policies.extend(parsed.into_iter().map(|parsed| found(parsed, first, whole.start)));
        }
        _ => {
            for (at, statement) in chunk.iter().enumerate() {
                read_statement(file, text, statement, first + at, &mut out);
            }
        }
    }
    out
}

fn found(parsed: Parsed, first: usize, base: usize) -> Found {
    Found {
        position: first + parsed.position,
        span: parsed.span.shifted(base),
        base,
        body: parsed.body,
        json_key: None,
    }
}

fn too_deep(statement: &Statement) -> Option<String> {
    if statement.depth > MAX_DEPTH {
        return Some(format!("brackets nest {} deep; more than {MAX_DEPTH} is not analysed", statement.depth));
    }
    (statement.operators > MAX_OPERATORS)
        .then(|| format!("{} operators in one policy; more than {MAX_OPERATORS} are not analysed", statement.operators))
}

fn read_statement(file: &Arc<SourceFile>, text: &str, statement: &Statement, position: usize, out: &mut PolicyFile) {
    let base = statement.span.start;
    if let Some(why) = too_deep(statement) {
        out.broken = true;
        let head = Span::new(base, statement.span.end.min(first_line_end(text, base)));
        let finding = Finding::new(TOO_DEEP.id, Level::Error, Location::new(file, head), why);
        out.findings.push(finding.help("split the policy, or list values in a set and use `contains` or `in`"));
        return;
    }
    match cedar::parse(text.get(base..statement.span.end).unwrap_or_default()) {
        Ok(parsed) => out.policies.extend(parsed.into_iter().map(|parsed| found(parsed, position, base))),
        Err(faults) => {
            out.broken = true;
            let faults = faults.into_iter();
            out.findings.extend(faults.map(|fault| syntax_error(file, text, fault, statement.span)));
        }
    }
}

fn first_line_end(text: &str, from: usize) -> usize {
    text.get(from..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| from + at)
}

fn syntax_error(file: &Arc<SourceFile>, text: &str, fault: CedarFault, statement: Span) -> Finding {
    // An error at the end of the input is shown at the last character, not past it.
    let span = fault.span.map_or(statement, |span| {
        let end = (statement.start + span.end).min(statement.end);
        let start = (statement.start + span.start).min(end);
        if start < end { Span::new(start, end) } else { last_character(text, statement, start) }
    });
    let mut finding = Finding::new(SYNTAX_ERROR.id, Level::Error, Location::new(file, span), fault.message);
    finding.subject = Some(Location::new(file, statement));
    finding.help = fault.help;
    finding
}

fn last_character(text: &str, statement: Span, at: usize) -> Span {
    let before = text.get(statement.start..at).unwrap_or_default();
    match before.char_indices().next_back() {
        Some((offset, c)) => Span::new(statement.start + offset, statement.start + offset + c.len_utf8()),
        None => Span::new(at, (at + 1).min(text.len())),
    }
}

fn read_json(file: &Arc<SourceFile>) -> PolicyFile {
    let mut out = PolicyFile::default();
    let text = file.parse_text();
    let mut fail = |span: Span, message: String, help: Option<String>| {
        let mut finding = Finding::new(SYNTAX_ERROR.id, Level::Error, Location::new(file, span), message);
        finding.help = help;
        out.findings.push(finding);
        out.broken = true;
    };
    let root = match Node::parse(file, &text) {
        Ok(root) => root,
        Err(JsonError { message, span }) => {
            fail(span, format!("not JSON: {message}"), None);
            return out;
        }
    };
    let Some(fields) = root.fields() else {
        fail(root.span(), format!("a policy in JSON is an object, and this is {}", root.kind()), None);
        return out;
    };
    let has = |names: &[&str]| fields.iter().any(|(key, _)| names.contains(&key.as_ref()));
    let set = has(&["staticPolicies", "templates", "templateLinks"]);
    let single = has(&["action", "effect", "principal", "resource", "conditions"]);
    match (set, single) {
        (true, false) => read_json_set(file, &fields, &mut out),
        (false, true) => match json_policy(root) {
            Ok(body) => out.policies.push(json_found(0, root, body, None)),
            Err(fault) => fail(first_line(file, root.span()), fault.message, fault.help),
        },
        (set, _) => {
            let message = if set {
                "this is half a policy and half a policy set".to_owned()
            } else {
                "this is neither a policy nor a policy set in Cedar's JSON".to_owned()
            };
            let help = "a policy has `effect`, `principal`, `action`, `resource` and `conditions`; a policy set has \
                        `staticPolicies`, `templates` and `templateLinks`";
            fail(whole(file).span, message, Some(help.to_owned()));
        }
    }
    out
}

/// The first line of `span`, so that a report does not show a whole object.
fn first_line(file: &SourceFile, span: Span) -> Span {
    let line = file.slice(span).lines().next().unwrap_or_default();
    Span::new(span.start, span.start + line.len())
}

fn json_found(position: usize, node: Node<'_>, body: Body, key: Option<(String, Option<Span>)>) -> Found {
    Found { position, span: node.span(), base: 0, body, json_key: key }
}

fn read_json_set(file: &Arc<SourceFile>, fields: &[(std::borrow::Cow<'_, str>, Node<'_>)], out: &mut PolicyFile) {
    let mut position = 0;
    let mut fail = |node: Node<'_>, message: String, help: Option<String>| {
        let place = Location::new(file, first_line(file, node.span()));
        let mut finding = Finding::new(SYNTAX_ERROR.id, Level::Error, place, message);
        finding.help = help;
        out.findings.push(finding);
        out.broken = true;
    };
    for (key, node) in fields {
        match key.as_ref() {
            "staticPolicies" | "templates" => {
                let Some(entries) = node.fields() else {
                    fail(
                        *node,
                        format!("`{key}` wants an object of policies by id, and this is {}", node.kind()),
                        None,
                    );
                    continue;
                };
                for (id, entry) in entries {
                    match json_policy(entry) {
                        Ok(body) if body.is_template() == (key == "templates") => {
                            out.policies.push(json_found(position, entry, body, Some((id.to_string(), None))));
                        }
                        Ok(_) => fail(entry, format!("this does not belong under `{key}`"), None),
                        Err(fault) => fail(entry, fault.message, fault.help),
                    }
                    position += 1;
                }
            }
            "templateLinks" => {
                for entry in node.elements().unwrap_or_default() {
                    match super::links::from_policy_set(file, entry) {
                        Ok(link) => out.links.push(link),
                        Err(message) => fail(entry, message, None),
                    }
                }
            }
            other => fail(*node, format!("unknown key `{other}` in a policy set"), None),
        }
    }
}

fn json_policy(node: Node<'_>) -> Result<Body, CedarFault> {
    let value = node.value().ok_or_else(|| CedarFault {
        message: "this JSON is nested too deeply to be a policy".to_owned(),
        help: None,
        span: None,
    })?;
    let id = PolicyId::new("policy0");
    match Policy::from_json(Some(id.clone()), value.clone()) {
        Ok(policy) => Ok(Body::Static(policy)),
        Err(error) => match Template::from_json(Some(id), value) {
            Ok(template) => Ok(Body::Template(template)),
            Err(_) => Err(cedar::fault(&error)),
        },
    }
}
