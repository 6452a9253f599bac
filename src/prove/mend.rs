//! The smallest change of one policy that would mend a guardrail, tried and proved before it is named.

use cedar_policy::{Effect, Policy, PolicySet, ValidationMode, Validator};

use serde_json::Value as Json;

use super::judge::{Does, Here, any, hit};
use super::world::World;
use crate::expression::{Piece, Section, all_of, as_written, pieces, plainly, text};
use crate::repo::Policy as Written;
use crate::repo::cedar::{Body, parse};
use crate::symbolic::{Formula, PolicyRef, Session, Subject};
use crate::text::inline;

/// Where a guardrail is broken.
pub(super) struct Broken<'b> {
    /// The store in the engine.
    pub(super) world: &'b World<'b>,
    /// The numbers of its request environments where the guardrail is broken, each with the rule there.
    pub(super) places: Vec<(usize, &'b Policy)>,
    /// The policies at fault.
    pub(super) causes: Vec<(usize, Does)>,
    /// Whether no others are.
    pub(super) whole: bool,
}

/// What mends a guardrail that refuses what its rule is about, or that allows it. Its rule is a policy that anybody can
/// write where it is `written`.
pub(super) fn mend(broken: &Broken<'_>, refuses: bool, written: bool) -> Option<String> {
    let (_, rule) = broken.places.first()?;
    if broken.places.iter().any(|(_, other)| other.to_string() != rule.to_string()) {
        return None;
    }
    let at_fault: Vec<usize> =
        broken.causes.iter().filter(|(_, does)| *does != Does::Skipped).map(|one| one.0).collect();
    if let [only] = at_fault.as_slice()
        && let Some(member) = broken.world.members.get(*only)
        && !member.link
        && let Some((clause, changed)) = narrowed(broken.world, member.policy, rule)
        && proved(broken, refuses, Some((*only, &changed)), None)
    {
        return Some(format!("add `{clause}` to `{}`", inline(&member.policy.short)));
    }
    let what = if refuses { "forbid" } else { "permit" };
    (written && proved(broken, refuses, None, Some(rule)))
        .then(|| format!("add this guardrail to the policies, as a {what} of its own"))
}

/// The policy with a clause that takes away what the guardrail is about and nothing else, and the clause.
fn narrowed(world: &World<'_>, policy: &Written, rule: &Policy) -> Option<(String, Changed)> {
    let clause = excluding(world, policy, rule)?;
    let text = policy.location.text();
    let end = text.trim_end().strip_suffix(';')?;
    let changed = format!("{end}\n{clause};");
    let parsed = parse(&changed).ok()?;
    let mut set = PolicySet::new();
    let changed = match parsed.into_iter().map(|one| one.body).collect::<Vec<_>>().as_slice() {
        [Body::Static(policy)] => {
            set.add((**policy).clone()).ok()?;
            Subject::policy(policy)
        }
        [Body::Template(template)] => {
            set.add_template((**template).clone()).ok()?;
            Subject::template(template)
        }
        _ => return None,
    };
    // Nobody should be told to write what the validator refuses.
    let valid = Validator::new(world.schema().clone()).validate(&set, ValidationMode::Strict).validation_passed();
    valid.then_some((clause, Changed(changed)))
}

/// A policy as it would be.
struct Changed(Subject);

/// The clause that holds of no request that `rule` is about. Where all requests of `policy` are in the scope of the
/// rule, the scope goes without saying.
fn excluding(world: &World<'_>, policy: &Written, rule: &Policy) -> Option<String> {
    let json = rule.to_json().ok()?;
    let conditions = json.get("conditions")?.as_array()?;
    if let [only] = conditions.as_slice()
        && within(world, policy, rule)
        && pieces(&json).iter().all(|piece| piece.section != Section::Scope || is_about_action(&piece.expression))
    {
        let opposite = if only.get("kind")?.as_str()? == "unless" { "when" } else { "unless" };
        let condition = text(&as_written(only.get("body")?.clone()))?;
        return Some(format!("{opposite} {{ {condition} }}"));
    }
    let all: Vec<Json> = pieces(&json).iter().flat_map(Piece::conjuncts).collect();
    if let [only] = all.as_slice()
        && let Some(inner) = only.pointer("/!/arg")
    {
        return Some(format!("when {{ {} }}", text(&plainly(inner.clone()))?));
    }
    Some(format!("unless {{ {} }}", text(&plainly(all_of(&all)?))?))
}

/// Whether every kind of request that the scope of `policy` admits is one of `rule`.
fn within(world: &World<'_>, policy: &Written, rule: &Policy) -> bool {
    let schema = world.policies.schema();
    let of = match &policy.body {
        Body::Static(policy) => Subject::policy(policy),
        Body::Template(template) => Subject::template(template),
    };
    let rule = Subject::policy(rule);
    schema.environments().iter().all(|environment| !of.admits(schema, environment) || rule.admits(schema, environment))
}

fn is_about_action(expression: &Json) -> bool {
    expression.to_string().contains("\"Var\":\"action\"")
}

/// Whether nothing breaks the guardrail once `changed` stands for a policy, or `added` is there as well.
///
/// Where the guardrail refuses and every policy at fault is known, it is enough that the changed one matches nothing
/// that the guardrail is about: of the others that is known. A forbid that is added refuses all that it matches, so
/// that only what it errs on is left. Neither takes the other policies.
fn proved(broken: &Broken<'_>, refuses: bool, changed: Option<(usize, &Changed)>, added: Option<&Policy>) -> bool {
    let environments = broken.world.policies.schema().environments();
    let added = added.map(Subject::policy);
    broken.places.iter().all(|(at, rule)| {
        let Some(environment) = environments.get(*at) else { return false };
        let rule = Subject::policy(rule);
        let mut session = Session::new(&broken.world.policies, environment);
        let rule = session.add_policy(0, &rule);
        if refuses && added.is_some() && session.check(&Formula::Errors(rule)).is_impossible() {
            return true;
        }
        if let (true, Some((_, subject))) = (refuses && broken.whole, changed) {
            let new = session.add_policy(0, &subject.0);
            let matches = Formula::Matches(new);
            // A policy that matches nothing any more mends anything.
            return session.check(&matches.clone().and(hit(rule))).is_impossible()
                && !session.check(&matches).is_impossible();
        }
        let mut here = Here::of(&mut session, broken.world, 0);
        if let Some((index, subject)) = changed {
            let new = session.add_policy(0, &subject.0);
            let old = PolicyRef { side: 0, index };
            let lists = [&mut here.permits, &mut here.forbids, &mut here.permitting, &mut here.forbidding];
            for list in lists {
                list.iter_mut().filter(|policy| **policy == old).for_each(|policy| *policy = new);
            }
        }
        if let Some(subject) = &added {
            let new = session.add_policy(0, subject);
            match subject.effect() {
                Effect::Permit => here.permits.push(new),
                Effect::Forbid => here.forbids.push(new),
            }
        }
        let question = if refuses { here.can_be_allowed() } else { here.can_be_refused() };
        let aside = if refuses { &here.permits_aside } else { &here.forbids_aside };
        let still = !refuses || !session.check(&any(&here.permits)).is_impossible();
        aside.is_empty() && still && session.check(&question.and(hit(rule))).is_impossible()
    })
}
