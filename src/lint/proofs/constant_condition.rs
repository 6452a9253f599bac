//! `constant-condition`: a part of a condition that makes no difference.
//!
//! # Why
//!
//! An operand is superfluous where the policy without it matches and errs on the same requests in every environment
//! that its scope admits; of a template whatever stands in its slots, so that it holds of all links to it. All that are
//! reported of one policy can go together. What a policy comes to does not hang on
//! how the entities and strings that it names are called, only on which are the same: one policy of each shape is asked
//! about. What is plain to see to make a difference (`Operand::freedom`) is not.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::RequestEnv;
use rayon::prelude::*;

use super::constant_shape::shape;
use crate::finding::{Finding, Level};
use crate::lint::facts::{Facts, Member, MemberKind, Proved, Unanswered, finding_about, is_for_everything, policy};
use crate::lint::fixes::{place_of, remove_operand};
use crate::lint::rule::LintRule;
use crate::repo::Policy;
use crate::repo::cedar::{Body, Freedom, Operand, Root};
use crate::repo::syntax::{BinaryOp, Expr, ExprKind, UnaryOp, Variable};
use crate::rule::{Basis, Precision, Rule};
use crate::symbolic::{Answer, CompiledPolicies, Formula, SchemaModel, Session, Subject};
use crate::text::Location;
use std::sync::Arc;

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
        id: "constant-condition",
        summary: "a part of a condition makes no difference",
        level: Some(Level::Warning),
        basis: Basis::Symbolic,
        precision: Precision::Exact,
        opens: true,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/constant-condition.md"),
    },
    check,
)
.of_all_requests();

/// So many operands of one policy are looked at.
const MAX_OPERANDS: usize = 40;
/// Longer conditions are not taken apart: parts and operators.
const MAX_SIZE: usize = 400;
/// Nor are those that compute more: what a sum comes to is hard to decide.
const MAX_SUMS: usize = 8;
/// Policies whose scope admits more environments are not taken apart.
const MAX_ENVIRONMENTS: usize = 64;

/// What an operand comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// By itself it has the one value.
    Constant,
    /// What stands beside it leaves it no difference to make.
    Implied,
}

/// Policies of one shape, by index, the body of the first, and where they are asked about.
type Job<'j> = (Vec<usize>, Cow<'j, Body>, Vec<&'j RequestEnv>);

/// Policies of one shape: which of their operands are superfluous.
struct Judged {
    members: Vec<usize>,
    superfluous: Vec<(usize, Verdict)>,
    unanswered: Unanswered,
}

fn check<'a>(facts: &mut Facts<'a>, out: &mut Proved) {
    let (model, requests) = (facts.model(), facts.requests());
    let keeps_ids = |ty: &str| match ty.parse() {
        Ok(ty) => model.members(&ty).is_some(),
        Err(_) => true,
    };
    let mut candidates: Vec<(usize, &Member<'a>, Vec<usize>)> = Vec::new();
    for (index, member) in facts.members.iter().enumerate() {
        let short = member.policy.syntax().condition.as_ref().is_some_and(is_short);
        // The template of a link is a member too.
        let conditional = member.kind != MemberKind::Link && short;
        // What does not fit the schema is the validator's to report, and of what is open to everybody that is said.
        if !conditional || facts.ill_typed.contains(&index) || is_for_everything(facts, index) {
            continue;
        }
        // Where it matches nothing an operand may be what keeps it from that.
        let places = facts.places(index, |_| true);
        if facts.known_live(index).is_some() && places.len() <= MAX_ENVIRONMENTS {
            candidates.push((index, member, places));
        }
    }
    let shaped = |(index, member, places): (usize, &Member<'a>, Vec<usize>)| {
        let policy: &'a Policy = member.policy;
        let mut environments: Vec<&RequestEnv> = places.iter().filter_map(|at| requests.get(*at)).collect();
        // Under actions with the same types a condition that does not ask for the action comes to the same.
        if !policy.syntax().condition.as_ref().is_some_and(asks_for_action) {
            let mut seen = BTreeSet::new();
            environments.retain(|environment| model.family(environment).is_none_or(|family| seen.insert(family)));
        }
        let body = opened(policy)?;
        let operands = body.operands(0, MAX_OPERANDS);
        if !operands.iter().any(|operand| is_in_question(model, &environments, operand)) {
            return None;
        }
        let mut shape = shape(&body, &keeps_ids)?;
        // Where slots are open a template may apply to less than a policy of its shape.
        if member.kind == MemberKind::Template {
            shape.push('?');
        }
        Some((shape, (index, body, environments)))
    };
    let shaped: Vec<_> = candidates.into_par_iter().with_min_len(16).filter_map(shaped).collect();
    let mut jobs: BTreeMap<String, Job<'_>> = BTreeMap::new();
    for (shape, (index, body, environments)) in shaped {
        jobs.entry(shape).or_insert_with(|| (Vec::new(), body, environments)).0.push(index);
    }
    let judge = |(members, body, environments): Job<'_>| {
        let mut unanswered = Unanswered::default();
        let about = members.first().copied().unwrap_or_default();
        let operands = body.operands(0, MAX_OPERANDS);
        let mut asking =
            Asking { model, body: &body, environments, operands: &operands, about, unanswered: &mut unanswered };
        let superfluous = asking.superfluous();
        Judged { members, superfluous, unanswered }
    };
    let judged: Vec<Judged> = jobs.into_values().collect::<Vec<_>>().into_par_iter().map(judge).collect();
    for Judged { members, superfluous, unanswered } in judged {
        facts.unanswered.merge(&unanswered);
        for index in members {
            let Some(member) = facts.members.get(index) else { continue };
            let operands = member.policy.body.operands(member.policy.base, MAX_OPERANDS);
            for (at, verdict) in &superfluous {
                if let Some(operand) = operands.get(*at) {
                    out.add(report(facts, index, member, operand, *verdict));
                }
            }
        }
    }
}

/// The policy as it is; a template with its slots open.
fn opened(policy: &Policy) -> Option<Cow<'_, Body>> {
    match &policy.body {
        Body::Static(_) => Some(Cow::Borrowed(&policy.body)),
        Body::Template(_) => policy.body.opened(policy.effect()).map(Cow::Owned),
    }
}

/// Whether `condition` asks for the action.
fn asks_for_action(condition: &Expr) -> bool {
    let mut asks = false;
    condition.walk(&mut |expr: &Expr| asks |= matches!(expr.kind, ExprKind::Var(Variable::Action)));
    asks
}

/// Whether a condition is one to take apart.
fn is_short(condition: &Expr) -> bool {
    let (mut size, mut sums) = (0, 0);
    condition.walk(&mut |expr: &Expr| {
        size += 1;
        sums += usize::from(matches!(
            expr.kind,
            ExprKind::Binary(BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul, _) | ExprKind::Unary(UnaryOp::Neg, _)
        ));
    });
    size <= MAX_SIZE && sums <= MAX_SUMS
}

fn report(facts: &Facts<'_>, index: usize, member: &Member<'_>, operand: &Operand, verdict: Verdict) -> Finding {
    let message = match (verdict, operand.neutral) {
        (Verdict::Constant, true) => "this is always true here",
        (Verdict::Constant, false) => "this is never true here",
        (Verdict::Implied, true) => "this adds nothing: what stands beside it holds only where this does",
        (Verdict::Implied, false) => "this adds nothing: wherever it holds, what stands beside it does as well",
    };
    let mut finding = finding_about(&RULE.meta, member, message)
        .help("removing it changes no decision; if it was to ask for something, correct it");
    if let Some(expr) = member.policy.syntax().condition.as_ref().and_then(|condition| operand.find(condition)) {
        if let Some(span) = place_of(member.policy, expr) {
            finding.location = Location::new(&member.location.file, span);
        }
        // What lists every action, or every type, of today is no more than that tomorrow.
        if !operand.is_guard && !asks_for_action(expr) {
            finding = finding.mend(remove_operand(member.policy, expr, operand.neutral));
        }
    }
    // To ask for a type or for presence where there is no other is a habit and no mistake.
    if operand.is_guard {
        finding.level = Level::Note;
    }
    let live: Vec<usize> = facts.live(index).collect();
    finding.environments = facts.environments_at(&live);
    finding
}

struct Asking<'a> {
    model: &'a Arc<SchemaModel>,
    body: &'a Body,
    environments: Vec<&'a RequestEnv>,
    operands: &'a [Operand],
    about: usize,
    unanswered: &'a mut Unanswered,
}

impl Asking<'_> {
    /// The operands that can go, all of them together: outer ones before their own, later ones before earlier ones.
    fn superfluous(&mut self) -> Vec<(usize, Verdict)> {
        let single = self.single();
        let is_outer = |at: &usize| {
            let own = self.operands.get(*at);
            !single
                .iter()
                .filter_map(|other| self.operands.get(*other))
                .any(|other| own.is_some_and(|own| other.holds(own)))
        };
        let (outer, inner): (Vec<usize>, Vec<usize>) = single.iter().copied().partition(is_outer);
        let mut gone: Vec<usize> = Vec::new();
        for at in outer.into_iter().rev().chain(inner.into_iter().rev()) {
            let taken: Vec<&Operand> = gone.iter().filter_map(|at| self.operands.get(*at)).collect();
            let Some(own) = self.operands.get(at) else { continue };
            if taken.iter().any(|other| other.holds(own) || other.span == own.span) {
                continue;
            }
            let all: Vec<&Operand> = taken.iter().copied().chain([own]).collect();
            if gone.is_empty() || self.body.without("without", &all).is_some_and(|without| self.same(&without)) {
                gone.push(at);
            }
        }
        gone.sort_unstable();
        gone.into_iter().map(|at| (at, self.verdict(at))).collect()
    }

    /// The operands of which each can go by itself.
    fn single(&mut self) -> Vec<usize> {
        let body = self.body;
        let mut left: Vec<(usize, cedar_policy::Policy)> = Vec::new();
        for (at, operand) in self.operands.iter().enumerate() {
            if is_in_question(self.model, &self.environments, operand) {
                left.extend(body.without(&format!("without{at}"), &[operand]).map(|without| (at, without)));
            }
        }
        if left.is_empty() {
            return Vec::new();
        }
        let Some(whole) = body.with_parts("whole", &body.parts(0)) else { return Vec::new() };
        let subjects = [Subject::policy(&whole)].into_iter().chain(left.iter().map(|(_, one)| Subject::policy(one)));
        let policies = CompiledPolicies::new(Arc::clone(self.model), subjects.collect());
        let mut open: Vec<(usize, usize)> =
            left.iter().enumerate().map(|(number, (at, _))| (number + 1, *at)).collect();
        for environment in self.environments.clone() {
            let mut session = Session::new(&policies, environment);
            open.retain(|(number, _)| self.is_impossible(&mut session, &differs(0, *number)));
            if open.is_empty() {
                break;
            }
        }
        open.into_iter().map(|(_, at)| at).collect()
    }

    /// Whether the policy and `other` match and err on the same requests.
    fn same(&mut self, other: &cedar_policy::Policy) -> bool {
        let body = self.body;
        let Some(whole) = body.with_parts("whole", &body.parts(0)) else { return false };
        self.everywhere(vec![Subject::policy(&whole), Subject::policy(other)], &differs(0, 1))
    }

    fn verdict(&mut self, at: usize) -> Verdict {
        let Some(operand) = self.operands.get(at) else { return Verdict::Implied };
        let body = self.body;
        let (Some(only), Some(scope)) = (body.only("only", operand), body.with_parts("scope", [])) else {
            return Verdict::Implied;
        };
        let holds = Formula::Matches(policy(0));
        let question = if operand.neutral { Formula::Matches(policy(1)).and(!holds) } else { holds };
        let constant = self.everywhere(vec![Subject::policy(&only), Subject::policy(&scope)], &question);
        if constant { Verdict::Constant } else { Verdict::Implied }
    }

    /// Whether no environment has a request as `question` says.
    fn everywhere(&mut self, subjects: Vec<Subject>, question: &Formula) -> bool {
        let policies = CompiledPolicies::new(Arc::clone(self.model), subjects);
        let environments = self.environments.clone();
        environments
            .into_iter()
            .all(|environment| self.is_impossible(&mut Session::new(&policies, environment), question))
    }

    fn is_impossible(&mut self, session: &mut Session<'_>, question: &Formula) -> bool {
        match session.check(question) {
            Answer::Impossible => true,
            Answer::Witness(_) => false,
            Answer::Unknown(reason) => {
                self.unanswered.note(self.about, &reason);
                false
            }
        }
    }
}

/// Whether it takes a proof to tell if the operand makes a difference in `environments`.
fn is_in_question(model: &SchemaModel, environments: &[&RequestEnv], operand: &Operand) -> bool {
    // A condition that is nothing but `true` says what an empty one does.
    let is_written = operand.is_literal && (operand.depth == 0 || !operand.neutral);
    !is_written && !is_seen_to_matter(model, environments, operand)
}

/// Whether the operand is seen to make a difference in all of `environments`.
fn is_seen_to_matter(model: &SchemaModel, environments: &[&RequestEnv], operand: &Operand) -> bool {
    match &operand.freedom {
        Freedom::Bound => false,
        Freedom::Free => true,
        Freedom::Open => !model.enumerates(),
        Freedom::Guard(root, attr) => environments.iter().all(|environment| match root {
            Root::Principal => model.may_lack(environment.principal(), attr),
            Root::Resource => model.may_lack(environment.resource(), attr),
            Root::Context => model.context_may_lack(environment.action(), attr),
        }),
    }
}

/// One of the two matches, or errs, and the other does not.
fn differs(one: usize, other: usize) -> Formula {
    let either = |of: fn(crate::symbolic::PolicyRef) -> Formula| {
        let (a, b) = (of(policy(one)), of(policy(other)));
        a.clone().and(!b.clone()).or((!a).and(b))
    };
    either(Formula::Matches).or(either(Formula::Errors))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::repo::cedar::Body;

    const SCHEMA: &str = "entity Team in [Team]; entity Folder in [Folder];
        entity User in [Team] { level: Long, name: String, manager?: User, admin: Bool, tags1: Set<String> };
        entity Doc in [Folder] { owner: User, readers: Set<User>, size: Long, path: String, level: Long, note?: String };
        action view appliesTo { principal: User, resource: Doc, context: {
            hour: Long, mfa?: Bool, ip?: ipaddr, now: datetime, reason?: String, rec: { a: Long, b?: Bool } } };";

    const PARTS: &[&str] = &[
        "principal.level > 3",
        "principal.level < 9",
        "principal.level == 4",
        "principal.level != 3",
        "resource.level >= 4",
        "principal.name == \"x\"",
        "principal.name != \"y\"",
        "principal.name like \"a*\"",
        "principal.admin",
        "!principal.admin",
        "principal.admin == true",
        "principal has manager",
        "principal.manager == resource.owner",
        "principal.manager.level > 2",
        "!(principal has manager)",
        "resource.owner == principal",
        "principal == resource.owner",
        "resource.owner.admin",
        "resource.readers.contains(principal)",
        "!resource.readers.contains(principal)",
        "[User::\"a\", User::\"b\"].contains(resource.owner)",
        "principal.tags1.containsAll([\"x\"])",
        "principal.tags1.containsAny([\"x\", \"y\"])",
        "principal.tags1.isEmpty()",
        "[\"x\", \"y\"].contains(principal.name)",
        "principal in Team::\"t\"",
        "principal in [Team::\"t\", Team::\"u\"]",
        "principal == User::\"a\"",
        "principal is User",
        "resource in Folder::\"f\"",
        "resource has note",
        "resource.note == \"n\"",
        "context has mfa",
        "context.mfa",
        "context has reason",
        "context.reason == \"r\"",
        "context has ip",
        "context.ip.isInRange(ip(\"10.0.0.0/8\"))",
        "context.hour >= 3",
        "context.hour < 7",
        "context.hour <= 9223372036854775807",
        "context.now < datetime(\"2024-01-01\")",
        "context.now >= datetime(\"2023-01-01\")",
        "context.rec.a == 3",
        "context.rec == {a: 3}",
        "context has rec.b",
        "resource.size > 5 || principal.admin",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

        /// The kind: what is seen without a search is what the search finds.
        #[test]
        fn what_is_seen_to_matter_does(picked in proptest::collection::vec(0..PARTS.len(), 1..6), scoped in 0..4_usize) {
            let parts: Vec<&str> = picked.iter().filter_map(|at| PARTS.get(*at).copied()).collect();
            let scope = [
                "principal, action, resource",
                "principal in Team::\"t\", action, resource",
                "principal, action, resource == Doc::\"d\"",
                "principal is User, action, resource is Doc in Folder::\"f\"",
            ];
            let text = format!("permit ({}) when {{ {} }};", scope[scoped], parts.join(" && "));
            let (schema, _) = cedar_policy::Schema::from_cedarschema_str(SCHEMA).unwrap();
            let policy = cedar_policy::Policy::parse(None, &text).unwrap();
            let set = cedar_policy::PolicySet::from_policies([policy.clone()]).unwrap();
            let validator = cedar_policy::Validator::new(schema.clone());
            prop_assume!(validator.validate(&set, cedar_policy::ValidationMode::Strict).validation_passed());
            let model = SchemaModel::new(&schema).unwrap();
            let body = Body::from(policy);
            let environment = &model.environments()[0];
            let whole = body.with_parts("whole", &body.parts(0)).unwrap();
            for operand in body.operands(0, 40) {
                if !is_seen_to_matter(&model, &[environment], &operand) {
                    continue;
                }
                let without = body.without("without", &[&operand]).unwrap();
                let subjects = vec![Subject::policy(&whole), Subject::policy(&without)];
                let policies = CompiledPolicies::new(Arc::clone(&model), subjects);
                let mut session = Session::new(&policies, environment);
                if !matches!(session.check(&Formula::Matches(super::policy(0))), Answer::Witness(_)) {
                    // Of what matches nothing, nothing is said.
                    continue;
                }
                let answer = session.check(&differs(0, 1));
                prop_assert!(matches!(answer, Answer::Witness(_)), "{text}: {:?}: {answer:?}", operand.span);
            }
        }
    }
}
