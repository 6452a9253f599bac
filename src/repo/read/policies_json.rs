//! Policies in JSON: one policy, or a set of policies, templates and links.

use std::sync::Arc;

use cedar_policy::{Policy, PolicyId, Template};

use super::found::{Found, PolicyFile};
use crate::data::json::{JsonError, Node};
use crate::finding::{Finding, Level};
use crate::repo::cedar::{self, Body, CedarFault};
use crate::repo::files::whole;
use crate::repo::rules::SYNTAX_ERROR;
use crate::text::{Location, SourceFile, Span};

/// Reads the policies of `file`.
pub(super) fn read(file: &Arc<SourceFile>) -> PolicyFile {
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
        (true, false) => read_set(file, &fields, &mut out),
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

fn read_set(file: &Arc<SourceFile>, fields: &[(std::borrow::Cow<'_, str>, Node<'_>)], out: &mut PolicyFile) {
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
        Ok(policy) => Ok(policy.into()),
        Err(error) => match Template::from_json(Some(id), value) {
            Ok(template) => Ok(template.into()),
            Err(_) => Err(cedar::fault(&error)),
        },
    }
}
