//! From text to policies and templates, each with its place.

use std::sync::Once;

use cedar_policy::{Policy, Template};
use cedar_policy_core::ast;
use cedar_policy_core::parser::{Loc, parse_policyset};

use super::body::Body;
use super::fault::{CedarFault, fault};
use super::places::span;
use crate::text::Span;

/// A policy found in a text.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// Position among the policies of that text.
    pub position: usize,
    /// Where it stands in that text.
    pub span: Span,
    /// What it is.
    pub body: Body,
}

/// Parses `text` as a sequence of policies and templates.
///
/// # Errors
/// Everything that Cedar's parser says is wrong, at least one thing.
pub fn parse(text: &str) -> Result<Vec<Parsed>, Vec<CedarFault>> {
    let set = parse_policyset(text).map_err(|errors| errors.iter().map(|error| fault(error)).collect::<Vec<_>>())?;
    let mut parsed = Vec::new();
    for policy in set.static_policies() {
        let (position, span) = place(policy.id(), policy.loc(), text);
        parsed.push(Parsed { position, span, body: Policy::from(policy.clone()).into() });
    }
    for template in set.templates() {
        let (position, span) = place(template.id(), template.loc(), text);
        parsed.push(Parsed { position, span, body: Template::from(template.clone()).into() });
    }
    parsed.sort_by_key(|parsed| parsed.position);
    Ok(parsed)
}

/// The parser numbers policies as `policy0`, `policy1` and so on.
fn place(id: &ast::PolicyID, loc: Option<&Loc>, text: &str) -> (usize, Span) {
    let id: &str = id.as_ref();
    let position = id.strip_prefix("policy").and_then(|number| number.parse().ok()).unwrap_or(0);
    (position, span(loc, 0).unwrap_or(Span::new(0, text.len())))
}

/// Has Cedar's parsers made on other threads, where that was not done: each makes its tables when it is first used.
pub fn make_ready() {
    static MADE: Once = Once::new();
    MADE.call_once(|| {
        rayon::spawn(|| drop(parse("permit (principal, action, resource);")));
        let schema = "entity A; action a appliesTo { principal: A, resource: A };";
        rayon::spawn(move || drop(cedar_policy::Schema::from_cedarschema_str(schema).map(|(schema, _)| schema)));
    });
}
