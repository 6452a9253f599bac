//! `constant-condition`: a part of a condition that makes no difference.
//!
//! # Why
//!
//! An operand is superfluous where the policy without it matches and errs on the same requests in every environment
//! that its scope admits. All that are reported of one policy can go together. What a policy comes to does not hang on
//! how the entities and strings that it names are called, only on which are the same: one policy of each shape is asked
//! about. What is plain to see to make a difference (`Operand::is_free`) is not.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::RequestEnv;
use rayon::prelude::*;

use super::constant_shape::shape;
use crate::finding::{Finding, Level};
use crate::lint::facts::{Facts, Member, MemberKind, Proved, Unanswered, finding_about, is_for_everything, policy};
use crate::lint::fixes::remove_operand;
use crate::lint::rule::LintRule;
use crate::repo::Policy;
use crate::repo::cedar::Operand;
use crate::repo::syntax::{BinaryOp, Expr, ExprKind, UnaryOp, Variable};
use crate::rule::{Basis, Precision, Rule};
use crate::symbolic::{Answer, CompiledPolicies, Formula, SchemaModel, Session, Subject};
use crate::text::{Location, Span};
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

/// Policies of one shape: which of their operands are superfluous.
struct Judged {
    members: Vec<usize>,
    superfluous: Vec<(usize, Verdict)>,
    unanswered: Unanswered,
}

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    let mut shapes: BTreeMap<String, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    let keeps_ids = |ty: &str| match ty.parse() {
        Ok(ty) => facts.model().members(&ty).is_some(),
        Err(_) => true,
    };
    for (index, member) in facts.members.iter().enumerate() {
        let short = member.policy.syntax().condition.as_ref().is_some_and(is_short);
        let conditional = member.kind == MemberKind::Static && short;
        // What does not fit the schema is the validator's to report, and of what is open to everybody that is said.
        if !conditional || facts.ill_typed.contains(&index) || is_for_everything(facts, index) {
            continue;
        }
        let (Some(_), Some(shape)) = (facts.known_live(index), shape(&member.policy.body, &keeps_ids)) else {
            continue;
        };
        // Where it matches nothing an operand may be what keeps it from that.
        let places = facts.places(index, |_| true);
        if places.len() <= MAX_ENVIRONMENTS {
            shapes.entry(shape).or_insert_with(|| (Vec::new(), places)).0.push(index);
        }
    }
    let (model, requests) = (facts.model(), facts.requests());
    let jobs: Vec<(Vec<usize>, &Policy, Vec<&RequestEnv>)> = shapes
        .into_values()
        .filter_map(|(members, places)| {
            let policy = facts.members.get(*members.first()?)?.policy;
            let mut environments: Vec<&RequestEnv> = places.iter().filter_map(|at| requests.get(*at)).collect();
            // Under actions with the same types a condition that does not ask for the action comes to the same.
            if !asks_for_action(policy) {
                let mut seen = BTreeSet::new();
                environments.retain(|environment| model.family(environment).is_none_or(|family| seen.insert(family)));
            }
            Some((members, policy, environments))
        })
        .collect();
    let judge = |(members, policy, environments): (Vec<usize>, &Policy, Vec<&RequestEnv>)| {
        let mut unanswered = Unanswered::default();
        let about = members.first().copied().unwrap_or_default();
        let operands = policy.body.operands(policy.base, MAX_OPERANDS);
        let mut asking =
            Asking { model, policy, environments, operands: &operands, about, unanswered: &mut unanswered };
        let superfluous = asking.superfluous();
        Judged { members, superfluous, unanswered }
    };
    let judged: Vec<Judged> = jobs.into_par_iter().map(judge).collect();
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

/// Whether the condition asks for the action.
fn asks_for_action(policy: &Policy) -> bool {
    let mut asks = false;
    if let Some(condition) = &policy.syntax().condition {
        condition.walk(&mut |expr: &Expr| asks |= matches!(expr.kind, ExprKind::Var(Variable::Action)));
    }
    asks
}

/// Whether what stands at `span` asks for the action.
fn asks_for_action_at(policy: &Policy, span: Span) -> bool {
    let mut asks = false;
    if let Some(condition) = &policy.syntax().condition {
        condition.walk(&mut |expr: &Expr| {
            let there = expr.span.is_none_or(|at| span.start <= at.start && at.end <= span.end);
            asks |= there && matches!(expr.kind, ExprKind::Var(Variable::Action));
        });
    }
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
    if let Some(span) = operand.span {
        finding.location = Location::new(&member.location.file, span);
        // What lists every action, or every type, of today is no more than that tomorrow.
        if !operand.is_guard && !asks_for_action_at(member.policy, span) {
            finding.fix = remove_operand(member.policy, span, operand.neutral);
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
    policy: &'a Policy,
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
            if gone.is_empty() || self.policy.body.without("without", &all).is_some_and(|without| self.same(&without)) {
                gone.push(at);
            }
        }
        gone.sort_unstable();
        gone.into_iter().map(|at| (at, self.verdict(at))).collect()
    }

    /// The operands of which each can go by itself.
    fn single(&mut self) -> Vec<usize> {
        let body = &self.policy.body;
        let mut left: Vec<(usize, cedar_policy::Policy)> = Vec::new();
        for (at, operand) in self.operands.iter().enumerate() {
            // A condition that is nothing but `true` says what an empty one does.
            if !(operand.is_free || operand.is_literal && (operand.depth == 0 || !operand.neutral)) {
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
        let body = &self.policy.body;
        let Some(whole) = body.with_parts("whole", &body.parts(0)) else { return false };
        self.everywhere(vec![Subject::policy(&whole), Subject::policy(other)], &differs(0, 1))
    }

    fn verdict(&mut self, at: usize) -> Verdict {
        let Some(operand) = self.operands.get(at) else { return Verdict::Implied };
        let body = &self.policy.body;
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

/// One of the two matches, or errs, and the other does not.
fn differs(one: usize, other: usize) -> Formula {
    let either = |of: fn(crate::symbolic::PolicyRef) -> Formula| {
        let (a, b) = (of(policy(one)), of(policy(other)));
        a.clone().and(!b.clone()).or((!a).and(b))
    };
    either(Formula::Matches).or(either(Formula::Errors))
}
