//! `avp-limits`: what Amazon Verified Permissions and AgentCore gateways refuse.
//!
//! The limits: <https://docs.aws.amazon.com/verifiedpermissions/latest/userguide/quotas.html>, and of gateways
//! <https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-schema-constraints.html>.

use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::lint::context::Context;
use crate::lint::literals::entities;
use crate::lint::rule::LintRule;
use crate::repo::Policy;
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "avp-limits",
        summary: "Amazon Verified Permissions or an AgentCore gateway would refuse this",
        level: None,
        basis: Basis::Text,
        precision: Precision::High,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/avp-limits.md"),
    },
    check,
);

/// Bytes of one policy.
const POLICY: usize = 10_000;
/// Bytes of all policies about one resource, or about no resource that the scope names.
const RESOURCE: usize = 200_000;
/// Templates of one store.
const TEMPLATES: usize = 40;
/// Bytes of a schema.
const SCHEMA: usize = 100_000;
/// What the types of gateways are called.
const GATEWAYS: &str = "AgentCore::";

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let schema: usize =
        context.store.schema.ready().map_or(0, |schema| schema.files.iter().map(|file| file.text().len()).sum());
    if let Some(first) = context.policies().first().filter(|_| schema > SCHEMA) {
        out.push(finding(first, format!("the schema of this store has {schema} bytes, and {SCHEMA} are taken")));
    }
    let mut about: BTreeMap<Option<String>, (usize, bool)> = BTreeMap::new();
    let mut templates = 0;
    for policy in context.policies() {
        let size = policy.location.text().len();
        if size > POLICY {
            out.push(finding(policy, format!("this policy has {size} bytes, and {POLICY} are taken")));
        }
        templates += usize::from(policy.body.is_template());
        if policy.body.is_template() && templates == TEMPLATES + 1 {
            out.push(finding(policy, format!("this store has more than the {TEMPLATES} templates that are taken")));
        }
        let resource = policy.syntax().resource.entity.as_ref();
        let (sum, said) = about.entry(resource.map(|(_, entity)| format!("{}::{}", entity.ty, entity.id))).or_default();
        *sum += size;
        if *sum > RESOURCE && !*said {
            *said = true;
            let of = if resource.is_some() { "about this resource" } else { "whose scope names no resource" };
            out.push(finding(policy, format!("the policies {of} have more than the {RESOURCE} bytes that are taken")));
        }
        if is_for_a_gateway(policy) && !names_a_gateway(policy) {
            out.push(finding(policy, "a gateway takes policies whose resource is a gateway only".to_owned()));
        }
    }
}

fn is_for_a_gateway(policy: &Policy) -> bool {
    let syntax = policy.syntax();
    let types = [&syntax.principal.ty, &syntax.resource.ty];
    types.into_iter().flatten().any(|ty| ty.starts_with(GATEWAYS))
        || entities(policy).iter().any(|entity| entity.ty.starts_with(GATEWAYS))
}

fn names_a_gateway(policy: &Policy) -> bool {
    let resource = &policy.syntax().resource;
    let gateway = "AgentCore::Gateway";
    resource.ty.as_deref() == Some(gateway) || resource.entity.as_ref().is_some_and(|(_, entity)| entity.ty == gateway)
}

fn finding(policy: &Policy, message: String) -> Finding {
    let head = policy.head().span;
    Context::finding(&RULE.meta, policy, Some(head), "", message)
        .help("split it, move what it lists into groups or attributes, or have the quota raised where there is one")
}
