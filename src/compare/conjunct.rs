//! The conjuncts of a policy, each ready to be asked about, and conditions put together from them.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use cedar_policy::{Policy, PolicyId, PolicySet};
use serde_json::{Value as Json, json};

use super::apart::Says;
use super::constant::{folded, is_of_environment};
use super::reading::read_of;
use crate::expression::{Piece, Section, all_of, is_simple, not, operands, pieces, plainly, policy_of, text};
use crate::symbolic::Subject;

/// Policies of more conjuncts have no words: nobody would read them.
const MOST: usize = 300;

/// One of the expressions that all have to hold for a policy to match.
#[derive(Debug)]
pub(super) struct Conjunct {
    /// The expression in Cedar's JSON form.
    json: Json,
    /// The same as text.
    pub(super) text: String,
    alone: OnceLock<Option<Subject>>,
    says: Says,
}

impl Conjunct {
    fn of(json: Json) -> Option<Self> {
        let (text, says) = (text(&json)?, Says::of(&json));
        Some(Self { json, text, alone: OnceLock::new(), says })
    }

    /// A policy that matches when it holds; where it errors it does not hold.
    pub(super) fn alone(&self) -> Option<&Subject> {
        self.alone.get_or_init(|| subject(&self.json)).as_ref()
    }

    /// Whether it is plain to see that this and `other` never hold at once; where their data may not be the same
    /// (`alike`), only of what every request has.
    pub(super) fn excludes(&self, other: &Conjunct, alike: bool) -> bool {
        (alike || self.says.of_request) && self.says.excludes(&other.says)
    }

    /// Where it says that a value is one of some literals: the value (in Cedar's JSON form, as text) and the literals.
    pub(super) fn listed(&self) -> Option<(&str, &[Json])> {
        self.says.listed()
    }

    /// Where it says that a value is a number of a range: the value (in Cedar's JSON form, as text), the first and the
    /// last.
    pub(super) fn between(&self) -> Option<(&str, i64, i64)> {
        self.says.between()
    }

    /// Whether it only says of which type the principal or the resource is, which the request environment says.
    pub(super) fn is_type(&self) -> bool {
        let Some(is) = self.json.get("is") else { return false };
        let variable = is.get("left").and_then(|left| left.get("Var")).and_then(Json::as_str);
        is.get("in").is_none() && matches!(variable, Some("principal" | "resource"))
    }

    /// Whether it reads one of the attributes (a tag, for `None`).
    pub(super) fn reads(&self, names: &BTreeSet<Option<String>>) -> bool {
        !read_of(&self.json, names).is_empty()
    }

    /// Whether `other` reads what this one makes sure of.
    pub(super) fn guards(&self, other: &Conjunct) -> bool {
        self.guarded().is_some_and(|name| other.text != self.text && other.text.contains(name))
    }

    /// The attribute (or tag) that it makes sure of.
    pub(super) fn guarded(&self) -> Option<&str> {
        if let Some(has) = self.json.get("has") {
            let attribute = has.get("attr")?;
            return attribute.as_array().and_then(|path| path.first()).unwrap_or(attribute).as_str();
        }
        let tag = self.json.get("hasTag")?.get("right")?;
        tag.get("Value").and_then(Json::as_str).or(Some(""))
    }
}

/// The conjuncts of a policy: of its scope, the action aside, and of its conditions, each once. None where one of them
/// has no text.
pub(super) fn conjuncts(policy: &Policy) -> Option<Vec<Conjunct>> {
    let json = policy.to_json().ok()?;
    let about_action = |piece: &Piece| {
        let of = |operator: &str| piece.expression.get(operator)?.get("left")?.get("Var")?.as_str();
        piece.section == Section::Scope && (of("==").or_else(|| of("in"))) == Some("action")
    };
    let mut all: Vec<Conjunct> = Vec::new();
    for piece in pieces(&json).iter().filter(|piece| !about_action(piece)) {
        for expression in piece.conjuncts() {
            let conjunct = Conjunct::of(plainly(expression))?;
            if all.iter().all(|known| known.text != conjunct.text) {
                all.push(conjunct);
            }
            if all.len() > MOST {
                return None;
            }
        }
    }
    Some(all)
}

fn subject(expression: &Json) -> Option<Subject> {
    policy_of(expression).map(|policy| Subject::policy(&policy))
}

/// Part of a condition.
#[derive(Debug, Clone)]
pub(super) enum Part<'c> {
    /// It holds.
    Holds(&'c Conjunct),
    /// Those listed do not all hold.
    NotAll(Vec<&'c Conjunct>),
    /// One of these expressions holds: what is left of a conjunct.
    OneOf(Vec<Json>),
}

/// The alternatives of a conjunct; none of one that has no other.
pub(super) fn alternatives(conjunct: &Conjunct) -> Vec<Json> {
    let list = conjunct.json.get("contains").and_then(|sides| {
        let (values, read) = (sides.get("left")?.get("Set")?.as_array()?, sides.get("right")?);
        let literals = values.iter().all(|value| value.get("Value").is_some());
        literals.then(|| values.iter().map(|value| json!({"==": {"left": read, "right": value}})).collect())
    });
    let all: Vec<Json> = list.unwrap_or_else(|| {
        let mut all = Vec::new();
        operands("||", &conjunct.json, &mut all);
        all
    });
    if all.len() > 1 { all } else { Vec::new() }
}

/// A policy that matches when one of the expressions holds.
pub(super) fn one_of(all: &[Json]) -> Option<Subject> {
    subject(&any_of(all)?)
}

fn any_of(all: &[Json]) -> Option<Json> {
    all.iter().cloned().reduce(|left, right| json!({"||": {"left": left, "right": right}}))
}

impl Part<'_> {
    fn json(&self) -> Option<Json> {
        Some(match self {
            Self::Holds(one) => one.json.clone(),
            Self::NotAll(list) => not_all(list)?,
            Self::OneOf(all) => plainly(any_of(all)?),
        })
    }
}

/// The conjuncts do not all hold: `a || !b` for `!(!a && b)`, where that takes fewer negations. One errs where the
/// other does.
fn not_all(list: &[&Conjunct]) -> Option<Json> {
    let negated = list.iter().filter(|one| one.json.get("!").is_some() || one.json.get("!=").is_some()).count();
    if list.len() > 1 && list.len() - negated <= negated {
        let opposites: Vec<Json> = list.iter().map(|one| not(one.json.clone())).collect();
        return any_of(&opposites).map(plainly);
    }
    Some(not(all_of(list.iter().map(|one| &one.json))?))
}

/// A policy that matches when the value `of`, as [`Conjunct::listed`] gives it, is `literal`; and both as text.
pub(super) fn is_literal(of: &str, literal: &Json) -> Option<(Subject, [String; 2])> {
    let of: Json = serde_json::from_str(of).ok()?;
    let value = json!({"Value": literal});
    let texts = [text(&of)?, text(&value)?];
    Some((subject(&json!({"==": {"left": of, "right": value}}))?, texts))
}

/// A policy that matches when the value `of`, as [`Conjunct::between`] gives it, is from `first` to `last`; and the
/// value as text.
pub(super) fn is_between(of: &str, first: i64, last: i64) -> Option<(Subject, String)> {
    let of: Json = serde_json::from_str(of).ok()?;
    let limit = |operator: &str, limit: i64| json!({ operator: {"left": of, "right": {"Value": limit}} });
    let mut all = Vec::new();
    if first > i64::MIN || last == i64::MAX {
        all.push(limit(">=", first.max(i64::MIN + 1)));
    }
    if last < i64::MAX {
        all.push(limit("<=", last));
    }
    Some((subject(&all_of(&all)?)?, text(&of)?))
}

/// An expression as it is said, and the same in Cedar's JSON form.
#[derive(Debug, Clone)]
pub(super) struct Wording {
    /// The expression's text.
    pub(super) text: Arc<str>,
    json: OnceLock<Option<Json>>,
}

impl Wording {
    /// What `text` says, which is read when it is asked for.
    pub(super) fn read(text: &str) -> Self {
        Self { text: text.into(), json: OnceLock::new() }
    }

    fn of(json: Json) -> Option<Self> {
        Some(Self { text: text(&json)?.into(), json: OnceLock::from(Some(json)) })
    }

    /// None of what is no expression.
    fn json(&self) -> Option<&Json> {
        let read = || {
            let json = policy_in(&self.text)?.to_json().ok()?;
            Some(plainly(json.get("conditions")?.get(0)?.get("body")?.clone()))
        };
        self.json.get_or_init(read).as_ref()
    }

    /// Whether it is known without reading it that what is printed is what was meant.
    fn is_plain(&self) -> bool {
        let plain = self.json().is_some_and(is_simple);
        debug_assert!(!plain || self.reads_back(), "{}", self.text);
        plain
    }

    /// Whether what is printed is what was meant.
    fn reads_back(&self) -> bool {
        policy_in(&self.text).is_some_and(|printed| self.is_said_by(&printed))
    }

    /// Whether the condition of `printed` is what was meant, by Cedar's syntax tree or by its JSON form.
    fn is_said_by(&self, printed: &Policy) -> bool {
        let meant = self.json().and_then(policy_of).map(|meant| meant.new_id(printed.id().clone()));
        let body = |policy: &Policy| policy.to_json().ok().and_then(|json| json.get("conditions").cloned());
        let same = |meant| *printed == meant || body(printed).is_some_and(|said| body(&meant) == Some(said));
        meant.is_some_and(same)
    }

    /// A policy that matches when it holds.
    pub(super) fn subject(&self) -> Option<Subject> {
        match self.json.get() {
            Some(json) => subject(json.as_ref()?),
            None => policy_in(&self.text).map(|policy| Subject::policy(&policy)),
        }
    }

    /// The expression without what `decide` says of policies that match where a part holds: that they always do, or
    /// never. `None` where nothing is decided.
    pub(super) fn without_constants(&self, decide: &mut dyn FnMut(Subject, bool) -> bool) -> Option<Self> {
        if !self.text.contains("action") && !self.text.contains(" is ") {
            return None;
        }
        let mut of = |part: &Json| {
            if !is_of_environment(part) {
                return None;
            }
            let always = decide(subject(part)?, true);
            (always || decide(subject(part)?, false)).then_some(always)
        };
        Self::of(plainly(folded(self.json()?, &mut of)?))
    }

    /// The expression where all of `known` hold: without the parts that are one of them. A part that holds does not
    /// err. `None` where there is none.
    pub(super) fn where_hold(&self, known: &[&Conjunct]) -> Option<Self> {
        let holds = |part: &Json| known.iter().any(|one| one.json == *part).then_some(true);
        if !known.iter().any(|one| self.text.contains(one.text.as_str())) {
            return None;
        }
        Self::of(plainly(folded(self.json()?, &mut |part| holds(part))?))
    }

    /// The opposite of negations that all hold.
    pub(super) fn opposite(&self) -> Option<Self> {
        if !self.text.contains('!') {
            return None;
        }
        let mut all = Vec::new();
        operands("&&", self.json()?, &mut all);
        if !all.iter().all(|one| one.get("!").is_some() || one.get("!=").is_some()) {
            return None;
        }
        let all: Vec<Json> = all.into_iter().map(not).collect();
        Self::of(plainly(any_of(&all)?))
    }
}

/// A policy that matches when the expression in `text` holds.
fn policy_in(text: &str) -> Option<Policy> {
    // As one of a set, as files are read: what else Cedar reads policies with would have to be made first.
    let all: PolicySet = wrapped(text).parse().ok()?;
    let mut policies = all.policies();
    let only = policies.next()?.clone();
    (policies.next().is_none() && all.templates().next().is_none()).then_some(only)
}

/// The parts as one expression; none where its text may be something else. No part at all is `true`.
pub(super) fn together(parts: &[Part<'_>]) -> Option<Wording> {
    written(parts).filter(|said| said.is_plain() || said.reads_back())
}

/// Parts as one expression, its text not read back yet.
fn written(parts: &[Part<'_>]) -> Option<Wording> {
    let mut jsons = Vec::new();
    for part in parts {
        operands("&&", &part.json()?, &mut jsons);
    }
    Wording::of(all_of(&ascending(equalities(jsons))).unwrap_or_else(|| json!({"Value": true})))
}

/// A policy that matches when the expression in `text` holds.
fn wrapped(text: &str) -> String {
    format!("permit (principal, action, resource) when {{ {text} }};")
}

/// `a == b` in place of `a <= b` and `a >= b`, and of whole numbers between which there is one.
fn equalities(all: Vec<Json>) -> Vec<Json> {
    let mut out: Vec<Json> = Vec::new();
    for one in all {
        let limit = Limit::of(&one);
        let met = limit.and_then(|limit| {
            let equal = |known: &Json| Some(json!({"==": {"left": limit.of, "right": {"Value": limit.meets(known)?}}}));
            out.iter().enumerate().find_map(|(at, known)| Some((at, equal(known)?)))
        });
        if let Some((known, equal)) = met.and_then(|(at, equal)| Some((out.get_mut(at)?, equal))) {
            *known = equal;
            continue;
        }
        let opposite = [("<=", ">="), (">=", "<=")].into_iter().find_map(|(mine, other)| Some((one.get(mine)?, other)));
        let met = opposite.and_then(|(sides, other)| {
            let same = |known: &Json| known.get(other) == Some(sides);
            Some((out.iter().position(same)?, json!({"==": sides})))
        });
        match met.and_then(|(at, equal)| Some((out.get_mut(at)?, equal))) {
            Some((known, equal)) => *known = equal,
            None => out.push(one),
        }
    }
    out
}

/// A conjunct that says how small or how large a number may be, the limit included.
struct Limit<'j> {
    of: &'j Json,
    least: bool,
    value: i64,
}

impl<'j> Limit<'j> {
    fn of(one: &'j Json) -> Option<Self> {
        let limits = [(">=", true, 0), (">", true, 1), ("<=", false, 0), ("<", false, -1)];
        let (sides, least, by) =
            limits.into_iter().find_map(|(operator, least, by)| Some((one.get(operator)?, least, by)))?;
        let value = sides.get("right")?.get("Value")?.as_i64()?.checked_add(by)?;
        Some(Self { of: sides.get("left")?, least, value })
    }

    /// The one number that is left where `other` holds as well.
    fn meets(&self, other: &Json) -> Option<i64> {
        let other = Limit::of(other)?;
        (other.of == self.of && other.least != self.least && other.value == self.value).then_some(self.value)
    }
}

/// Lower limits before upper ones of the same value right beside them.
fn ascending(mut all: Vec<Json>) -> Vec<Json> {
    let limits = |one: &Json, operators: [&str; 2]| {
        let sides = operators.into_iter().find_map(|operator| one.get(operator))?;
        Some(sides.get("left")?.clone())
    };
    for at in 1..all.len() {
        let (Some(upper), Some(lower)) = (all.get(at - 1), all.get(at)) else { continue };
        let same = limits(upper, ["<", "<="]).is_some_and(|of| limits(lower, [">", ">="]) == Some(of));
        if same {
            all.swap(at - 1, at);
        }
    }
    all
}

/// All of the conjuncts but those that say a type only; `None` where their text is not theirs.
pub(super) fn all_hold<'c>(all: impl IntoIterator<Item = &'c Conjunct>) -> Option<Wording> {
    together(&parts(all))
}

fn parts<'c>(all: impl IntoIterator<Item = &'c Conjunct>) -> Vec<Part<'c>> {
    all.into_iter().filter(|one| !one.is_type()).map(Part::Holds).collect()
}

/// The same for each of many: Cedar reads one long text much faster than many short ones.
pub(super) fn each_holds(many: &[&[Conjunct]]) -> Vec<Option<Wording>> {
    let mut all: Vec<Option<Wording>> = many.iter().map(|all| written(&parts(*all))).collect();
    let doubtful = |said: &Option<Wording>| said.as_ref().is_some_and(|said| !said.is_plain());
    let read_back: Vec<&mut Option<Wording>> = all.iter_mut().filter(|said| doubtful(said)).collect();
    let text = read_back
        .iter()
        .filter_map(|said| said.as_ref())
        .fold(String::new(), |text, one| text + &wrapped(&one.text) + "\n");
    // Where one of them is not what it seems to be, each is read by itself.
    let read: Option<PolicySet> = text.parse().ok();
    let read = read.filter(|read| read.policies().count() == read_back.len() && read.templates().next().is_none());
    for (number, slot) in read_back.into_iter().enumerate() {
        let one = |said: &Wording| match &read {
            Some(read) => {
                read.policy(&PolicyId::new(format!("policy{number}"))).is_some_and(|one| said.is_said_by(one))
            }
            None => said.reads_back(),
        };
        if !slot.as_ref().is_some_and(one) {
            *slot = None;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_of_policy(conditions: &str) -> Vec<Conjunct> {
        let policy = format!("permit (principal, action, resource) when {{ {conditions} }};");
        conjuncts(&policy.parse().unwrap()).unwrap()
    }

    /// The kind: limits between which one number is left are that number.
    #[test]
    fn one_number_that_is_left_is_said_as_such() {
        for (written, said) in [
            ("context.n >= 7 && context.n < 8", "context.n == 7"),
            ("context.n < 8 && context.n > 6", "context.n == 7"),
            ("context.n > 6 && context.n <= 7", "context.n == 7"),
            ("context.n <= context.m && context.n >= context.m", "context.n == context.m"),
            ("context.n >= 7 && context.n < 9", "context.n >= 7 && context.n < 9"),
            ("context.n >= 7 && context.m < 8", "context.n >= 7 && context.m < 8"),
            ("context.n >= 7 && context.n > 6", "context.n >= 7 && context.n > 6"),
            ("context.n >= 8 && context.n < 8", "context.n >= 8 && context.n < 8"),
        ] {
            assert_eq!(*all_hold(&all_of_policy(written)).unwrap().text, *said, "{written}");
        }
    }

    /// The kind: texts that are read together are taken for one another's.
    #[test]
    fn each_of_many_is_what_it_is_alone() {
        let all = [
            "context.n > 6 && context.n <= 7",
            "true",
            r#"context.s == "}; permit (principal, action, resource) when { true""#,
            "if context.a then context.b else context.c",
            r#"context.s like "a\*b*" || !context.a"#,
        ];
        let all: Vec<Vec<Conjunct>> = all.iter().map(|written| all_of_policy(written)).collect();
        let many: Vec<&[Conjunct]> = all.iter().map(Vec::as_slice).collect();
        let alone: Vec<Arc<str>> = many.iter().map(|one| all_hold(*one).unwrap().text).collect();
        let each: Vec<Arc<str>> = each_holds(&many).into_iter().map(|one| one.unwrap().text).collect();
        assert_eq!(each, alone);
    }

    /// The kind: an exception repeats what the condition that it is an exception from says.
    #[test]
    fn an_exception_leaves_out_what_holds_anyway() {
        let known = all_of_policy("context has factor && context.n > 3");
        let known: Vec<&Conjunct> = known.iter().collect();
        for (written, left) in [
            ("!(context has factor && context.factor)", Some("!context.factor")),
            ("context.a || context has factor && context.b", Some("context.a || context.b")),
            ("context.n > 3 || context.a", Some("true")),
            ("context.n > 4 && context.a", None),
            ("context.other has factor && context.a", None),
        ] {
            let said = Wording::read(written).where_hold(&known);
            assert_eq!(said.as_ref().map(|said| &*said.text), left, "{written}");
        }
    }
}
