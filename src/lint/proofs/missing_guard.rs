//! `missing-guard`: a permit that does not ask for the boundary that all its siblings ask for.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::Effect;

use crate::finding::{Evidence, Level};
use crate::lint::conditions::{Test, asks_about, is_small, path, tests};
use crate::lint::facts::{Facts, Member, MemberKind, Proved, any_other, finding_about, matches};
use crate::lint::rule::LintRule;
use crate::repo::cedar::{Body, Part};
use crate::repo::syntax::{BinaryOp, Expr, ExprKind, ScopeOp, Variable};
use crate::rule::{Basis, Precision, Rule};
use crate::symbolic::{Answer, Formula, Session, Subject};
use crate::text::inline;

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
        id: "missing-guard",
        summary: "a permit does not compare the tenant, or the owner, that all its siblings compare",
        level: Some(Level::Warning),
        basis: Basis::Symbolic,
        precision: Precision::High,
        opens: true,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/missing-guard.md"),
    },
    check,
);

/// Attributes that say whom something belongs to, where nobody else has any business: in small letters, without
/// underscores and the word `id`.
const BOUNDARIES: [&str; 16] = [
    "account",
    "client",
    "company",
    "customer",
    "domain",
    "merchant",
    "org",
    "organisation",
    "organization",
    "realm",
    "site",
    "subscription",
    "tenant",
    "tenancy",
    "workspace",
    "owner",
];
/// Of these, the one that only a permit for everybody has to ask for.
const OWNER: &str = "owner";
/// What an action is called by which there is nothing yet, or nothing single, that could have an owner.
const BEFORE: [&str; 10] = ["add", "create", "find", "get", "list", "new", "query", "register", "search", "upload"];
/// What an attribute, or its value, is called that says that something is for everybody.
const PUBLIC: [&str; 6] = ["anyone", "anonymous", "everybody", "everyone", "public", "world"];
/// A comparison has so many parts at most.
const MAX_COMPARED: usize = 200;
/// So many siblings make a habit.
const HABIT: usize = 2;

/// A permit, as far as boundaries go.
struct Permit<'a> {
    /// The boundaries that it compares, each with a test of its condition that does so by itself, if there is one.
    compares: BTreeMap<String, Option<Part>>,
    /// Those that it compares whichever of its alternatives holds.
    demands: BTreeSet<String>,
    /// Whether it is for many principals and many resources, and nothing ties the one to the other.
    is_loose: bool,
    /// Whether anybody may ask.
    is_for_all: bool,
    member: Member<'a>,
}

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    // Without all of it there is no telling what siblings do.
    if !facts.store.broken.is_empty() {
        return;
    }
    let permits: BTreeMap<usize, Permit<'_>> = facts
        .deciding(Effect::Permit)
        .into_iter()
        .filter_map(|index| Some((index, read(*facts.members.get(index)?))))
        .collect();
    let mut types: BTreeMap<String, BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
    for index in permits.keys() {
        for at in facts.live(*index) {
            let Some(environment) = facts.environments.get(at) else { continue };
            types.entry(environment.resource.clone()).or_default().entry(*index).or_default().push(at);
        }
    }
    let mut said: BTreeSet<usize> = BTreeSet::new();
    for (ty, applying) in &types {
        for boundary in BOUNDARIES {
            for (index, siblings) in without(boundary, applying, &permits) {
                let Some(places) = applying.get(&index) else { continue };
                if !said.contains(&index)
                    && let Some((environments, evidence)) =
                        crossing(facts, index, boundary, &siblings, places, &permits)
                {
                    said.insert(index);
                    report(facts, (index, &environments, evidence), (ty, boundary), &siblings, out);
                }
            }
        }
    }
}

/// The permits that do not compare `boundary` though nearly all that apply do, each with those.
fn without(
    boundary: &str,
    applying: &BTreeMap<usize, Vec<usize>>,
    permits: &BTreeMap<usize, Permit<'_>>,
) -> Vec<(usize, Vec<usize>)> {
    let of = |index: &&usize| permits.get(index);
    let siblings: Vec<usize> =
        applying.keys().filter(|index| of(index).is_some_and(|one| one.demands.contains(boundary))).copied().collect();
    let loose = applying.keys().filter(|index| {
        of(index).is_some_and(|one| {
            one.is_loose
                && !one.compares.contains_key(boundary)
                && (boundary != OWNER || (one.is_for_all && asks_nothing(&one.member) && !is_before(&one.member)))
        })
    });
    let loose: Vec<usize> = loose.copied().collect();
    // What several do without is no slip.
    if siblings.len() < HABIT || loose.len() * HABIT > siblings.len() {
        return Vec::new();
    }
    loose.into_iter().map(|index| (index, siblings.clone())).collect()
}

fn asks_nothing(member: &Member<'_>) -> bool {
    member.policy.syntax().condition.is_none()
}

/// Whether all actions of the scope come before there is anything to own.
fn is_before(member: &Member<'_>) -> bool {
    let syntax = member.policy.syntax();
    let actions = syntax.scope.iter().filter(|(_, entity)| entity.ty.rsplit("::").next() == Some("Action"));
    let mut names = actions.map(|(_, entity)| entity.id.to_lowercase());
    syntax.open.action || names.any(|name| BEFORE.iter().any(|word| name.contains(word)))
}

fn read(member: Member<'_>) -> Permit<'_> {
    let syntax = member.policy.syntax();
    let mut compares: BTreeMap<String, Option<Part>> = BTreeMap::new();
    let mut demands = BTreeSet::new();
    let mut is_tied = false;
    if let Some(condition) = &syntax.condition {
        demands = demanded(condition);
        is_tied |= syntax.open.principal && says_public(condition);
        condition.walk(&mut |expr: &Expr| {
            is_tied |= ties(expr);
            compares.extend(boundary(expr).map(|name| (name, None)));
        });
        let parts = member.policy.body.parts(member.policy.base);
        for Test { expr, negated } in tests(condition) {
            let alone = parts.iter().find(|part| part.span.is_some() && part.span == expr.span);
            if let (Some(name), Some(part), false) = (boundary(expr), alone, negated) {
                compares.insert(name, Some(part.clone()));
            }
        }
    }
    let single = matches!(syntax.principal.entity, Some((ScopeOp::Eq, _)));
    // A template's slots tie what its links say.
    let is_loose = member.kind == MemberKind::Static && !is_tied && !single && syntax.open.resource;
    Permit { compares, demands, is_loose, is_for_all: syntax.open.principal, member }
}

/// The boundaries that `expr` compares in each of its alternatives: one that is compared for some resources only keeps
/// nobody from the others.
fn demanded(expr: &Expr) -> BTreeSet<String> {
    match &expr.kind {
        ExprKind::And(sides) => sides.iter().flat_map(demanded).collect(),
        ExprKind::Or(sides) => {
            let [one, other] = sides.each_ref().map(demanded);
            one.intersection(&other).cloned().collect()
        }
        ExprKind::If(parts) => {
            let [test, yes, no] = parts.each_ref().map(demanded);
            yes.intersection(&no).cloned().chain(test).collect()
        }
        _ => {
            let mut found = BTreeSet::new();
            expr.walk(&mut |part: &Expr| found.extend(boundary(part)));
            found
        }
    }
}

/// Whether a test of `condition` asks the resource whether it is for everybody.
fn says_public(condition: &Expr) -> bool {
    let open = |text: &str| {
        let text = text.to_lowercase();
        PUBLIC.iter().any(|word| text.contains(word))
    };
    tests(condition).into_iter().any(|Test { expr, negated }| {
        let mut said = false;
        expr.walk(&mut |part: &Expr| {
            said |= match &part.kind {
                ExprKind::GetAttr(_, name) | ExprKind::String(name) => open(name),
                _ => false,
            };
        });
        said && !negated && asks_about(expr, Variable::Resource)
    })
}

/// Whether `expr` holds something of the resource against something of who asks.
fn ties(expr: &Expr) -> bool {
    let compares = match &expr.kind {
        ExprKind::Binary(op, _) => !matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul),
        ExprKind::Call(..) => true,
        _ => false,
    };
    // A longer comparison is none that people write, and each part of it would be read again and again.
    if !compares || !is_small(expr, MAX_COMPARED) {
        return false;
    }
    let asker = asks_about(expr, Variable::Principal) || asks_about(expr, Variable::Context);
    asker && asks_about(expr, Variable::Resource)
}

/// The boundary that `expr` compares between the resource and who asks.
fn boundary(expr: &Expr) -> Option<String> {
    if !ties(expr) {
        return None;
    }
    let ExprKind::Binary(_, sides) = &expr.kind else { return None };
    let names = sides.iter().filter_map(path).filter_map(|(_, path)| {
        let last = path.rsplit('.').next().filter(|_| path.contains('.'))?;
        let plain = last.to_lowercase().replace('_', "");
        let plain = plain.strip_suffix("id").filter(|rest| !rest.is_empty()).unwrap_or(&plain).to_owned();
        BOUNDARIES.contains(&plain.as_str()).then_some(plain)
    });
    names.min()
}

/// Where the permit lets in who is on the other side of the boundary, and a request that shows it: one that is allowed
/// and does not pass the test of a sibling, which others do pass there.
fn crossing(
    facts: &mut Facts<'_>,
    index: usize,
    boundary: &str,
    siblings: &[usize],
    places: &[usize],
    permits: &BTreeMap<usize, Permit<'_>>,
) -> Option<(Vec<usize>, Evidence)> {
    let tests = siblings.iter().filter_map(|sibling| permits.get(sibling)?.compares.get(boundary)?.as_ref());
    let guards: Vec<Subject> = tests
        .enumerate()
        .filter_map(|(number, part)| {
            Body::anywhere(&format!("guard{number}"), [part]).map(|guard| Subject::policy(&guard))
        })
        .take(HABIT)
        .collect();
    let mut environments = Vec::new();
    let mut evidence = None;
    for at in places {
        let Some(environment) = facts.requests().get(*at) else { continue };
        let mut session = Session::new(facts.sessions.policies(), environment);
        let passed: Vec<Formula> = guards.iter().map(|guard| Formula::Matches(session.add_policy(0, guard))).collect();
        let here = matches(index);
        let allowed = here.clone().and(!any_other(Effect::Forbid, index));
        let passes = session.check(&here.and(Formula::Or(passed.clone())));
        if passed.is_empty() || !matches!(passes, Answer::Witness(_)) {
            continue;
        }
        let question = allowed.and(!Formula::Or(passed));
        let shown = match session.check(&question) {
            Answer::Witness(_) if evidence.is_some() => true,
            Answer::Witness(_) => {
                let witness = session.find(&question).witness();
                evidence = witness
                    .and_then(|witness| witness.cases.into_iter().next())
                    .map(|case| Evidence { request: case.request_json, entities: case.entities_json });
                evidence.is_some()
            }
            Answer::Impossible => false,
            Answer::Unknown(reason) => {
                facts.unanswered.note(index, &reason);
                false
            }
        };
        if shown {
            environments.push(*at);
        }
    }
    evidence.map(|evidence| (environments, evidence))
}

fn report(
    facts: &Facts<'_>,
    (index, environments, evidence): (usize, &[usize], Evidence),
    (ty, boundary): (&str, &str),
    siblings: &[usize],
    out: &mut Proved,
) {
    let Some(member) = facts.members.get(index) else { return };
    let whom = if member.policy.syntax().open.principal { "everybody" } else { "a whole group" };
    let message = format!(
        "{} {} the `{boundary}` of `{}`, and this permit for {whom} does not, so that it reaches across",
        facts.names(siblings),
        if siblings.len() == 1 { "compares" } else { "compare" },
        inline(ty)
    );
    let finding = finding_about(&RULE.meta, member, message).help(format!(
        "add the comparison of `{boundary}` that its siblings have; if it is meant to reach across, say so with a reason"
    ));
    let shown: Vec<usize> = siblings.iter().copied().take(HABIT).collect();
    let mut finding = facts.relate(finding, &shown, "compares it");
    finding.environments = facts.environments_at(environments);
    finding.evidence = Some(evidence);
    out.add(finding);
}
