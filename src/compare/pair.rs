//! The two sets, with what they have in common said once.
//!
//! # Why
//!
//! Where the schemas declare the same, both sides are one session, in which a common policy is one literal; an
//! environment that no changed policy can apply to is the same without a search. Where the schemas differ, a session
//! has both, and policies that come to the same literal count as unchanged.
//!
//! Enumerations may have other members on each side. What both list is compared. A policy that reads such values from
//! attributes makes a "no" unknown.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use cedar_policy::{Effect, EntityTypeName, Policy, RequestEnv, Template};
use rayon::prelude::*;
use serde_json::{Value as Json, json};

use super::conjunct::{Conjunct, Wording, all_hold, conjuncts, each_holds};
use super::reading::{read_of, reads};
use crate::expression::text;
use crate::symbolic::{CompiledPolicies, Limits, PolicyRef, Prepared, SchemaModel, Subject};

/// More policies than this that may have a part in a condition are many: they are named in their own words, and only
/// while there is room for them.
pub(super) const OTHERS: usize = 48;

/// So many policies are put in words by one task.
const PER_TASK: usize = 16;

/// A static policy or link, or a template that nothing links.
#[derive(Debug, Clone)]
pub enum Body {
    /// It decides requests.
    Policy(Arc<Policy>),
    /// It decides nothing here; links to it may live elsewhere.
    Template(Arc<Template>),
}

impl Body {
    /// As the engine takes it.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::Policy(policy) => Subject::of_policy(Arc::clone(policy)),
            Self::Template(template) => Subject::of_template(Arc::clone(template)),
        }
    }
}

/// A policy on both sides, or on one.
#[derive(Debug, Clone)]
pub struct PolicyPair {
    /// As the old side has it.
    pub old: Option<Body>,
    /// As the new side has it.
    pub new: Option<Body>,
    /// What is not known of the world of each.
    pub limits: [Limits; 2],
    /// Whether both say the same, whatever the words.
    pub same: bool,
    /// Of two templates that take the same in their slots, what each says with its slots open.
    pub opened: Option<[Policy; 2]>,
}

/// A side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// The old one.
    Old,
    /// The new one.
    New,
}

impl Which {
    pub(super) fn index(self) -> usize {
        match self {
            Self::Old => 0,
            Self::New => 1,
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Old => Self::New,
            Self::New => Self::Old,
        }
    }
}

/// Where a policy of one side is in the rules, and what it is.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) policy: PolicyRef,
    pub(super) effect: Effect,
    pub(super) template: bool,
    /// What it says; of a policy that is the same on both sides once.
    words: Arc<Words>,
}

/// A policy in words, as they are asked for.
#[derive(Debug, Default)]
struct Words {
    /// None where one of them has no text.
    conjuncts: OnceLock<Option<Vec<Conjunct>>>,
    /// All of them.
    said: OnceLock<Option<Arc<Wording>>>,
}

/// A [`PolicyPair`] in the rules.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) members: [Option<Member>; 2],
    pub(super) same: bool,
    /// Of two templates that take the same in their slots, each with its slots open.
    pub(super) opened: Option<Box<[Subject; 2]>>,
}

/// Two sets of policies, each under its schema, ready to be compared in any environment.
#[derive(Debug)]
pub struct Pair {
    /// One when both schemas declare the same, else one for each side that there is.
    rules: [Option<CompiledPolicies>; 2],
    pub(super) shared: bool,
    pub(super) entries: Vec<Entry>,
    /// Enumerated types whose members differ.
    pub(super) enumerations: Vec<EntityTypeName>,
    /// For each of them, attributes (or tags, for `None`) that may hold its members.
    blind: BTreeSet<Option<String>>,
    /// Attributes (or tags, for `None`) that both sides declare, with types that no value has in common.
    redeclared: BTreeSet<Option<String>>,
    /// Attributes that are optional on each side and required on the other.
    loosened: [BTreeSet<Option<String>>; 2],
}

impl Pair {
    /// `policies` under the schemas of their sides. `alike` says that both schemas declare the same; then both sides
    /// need one. A side without a schema has no policies.
    pub fn new(
        old: Option<&Arc<SchemaModel>>,
        new: Option<&Arc<SchemaModel>>,
        alike: bool,
        policies: &[PolicyPair],
    ) -> Self {
        // Policies are large, and many: nothing of them is moved to where there is more room.
        let mut subjects =
            [Vec::with_capacity(policies.len()), Vec::with_capacity(if alike { 0 } else { policies.len() })];
        let mut entries = Vec::with_capacity(policies.len());
        let mut add = |side: usize, body: &Body, limits: &Limits| -> Member {
            let list = if alike { 0 } else { side };
            let subject = body.subject().limited(limits.clone());
            let (effect, template) = (subject.effect(), subject.is_template());
            let [first, second] = &mut subjects;
            let list_of = if list == 0 { first } else { second };
            list_of.push(subject);
            let policy = PolicyRef { side: list, index: list_of.len() - 1 };
            Member { policy, effect, template, words: Arc::default() }
        };
        for pair in policies {
            let [old_limits, new_limits] = &pair.limits;
            let old = pair.old.as_ref().map(|body| add(0, body, old_limits));
            let new = match (&old, &pair.new) {
                (Some(old), Some(_)) if alike && pair.same => Some(Member {
                    policy: old.policy,
                    effect: old.effect,
                    template: old.template,
                    words: Arc::clone(&old.words),
                }),
                (_, new) => new.as_ref().map(|body| add(1, body, new_limits)),
            };
            let opened = pair.opened.as_ref().map(|[old, new]| {
                let [old_limits, new_limits] = &pair.limits;
                let open = |one, limits: &Limits| Subject::policy(one).limited(limits.clone());
                Box::new([open(old, old_limits), open(new, new_limits)])
            });
            entries.push(Entry { members: [old, new], same: pair.same, opened });
        }
        let [first, second] = subjects;
        let rules = if alike {
            [new.or(old).map(|schema| CompiledPolicies::new(Arc::clone(schema), first)), None]
        } else {
            [
                old.map(|schema| CompiledPolicies::new(Arc::clone(schema), first)),
                new.map(|schema| CompiledPolicies::new(Arc::clone(schema), second)),
            ]
        };
        let (mut enumerations, mut blind) = (Vec::new(), BTreeSet::new());
        let mut loosened: [BTreeSet<Option<String>>; 2] = Default::default();
        let mut redeclared = BTreeSet::new();
        if let (Some(old), Some(new), false) = (old, new, alike) {
            loosened =
                [old.loosened_since(new), new.loosened_since(old)].map(|names| names.into_iter().map(Some).collect());
            redeclared = new.redeclared_since(old);
            enumerations = old.enumerations_unlike(new);
            for ty in &enumerations {
                blind.extend(old.attributes_of_type(ty));
                blind.extend(new.attributes_of_type(ty));
            }
        }
        Self { rules, shared: alike, entries, enumerations, blind, redeclared, loosened }
    }

    /// The rules of a side; of both where the schemas declare the same.
    pub(super) fn rules(&self, side: Which) -> Option<&CompiledPolicies> {
        let [first, second] = &self.rules;
        if self.shared || side == Which::Old { first.as_ref() } else { second.as_ref() }
    }

    fn admits(&self, side: Which, member: &Member, environment: &RequestEnv) -> bool {
        let Some(rules) = self.rules(side) else { return false };
        rules.subjects().get(member.policy.index).is_some_and(|subject| subject.admits(rules.schema(), environment))
    }

    /// The policies that changed and can apply to the environment. Where there is none, nothing has to be solved when
    /// the schemas declare the same.
    pub(super) fn touching(&self, environment: &RequestEnv) -> Vec<usize> {
        let touches = |entry: &Entry| {
            [Which::Old, Which::New]
                .into_iter()
                .any(|side| entry.member(side).is_some_and(|member| self.admits(side, member, environment)))
        };
        let changed = self.entries.iter().enumerate().filter(|(_, entry)| !entry.same);
        changed.filter(|(_, entry)| touches(entry)).map(|(index, _)| index).collect()
    }

    /// Whether a policy that changed can apply to the environment.
    #[must_use]
    pub fn may_change(&self, environment: &RequestEnv) -> bool {
        !self.touching(environment).is_empty()
    }

    /// The conjuncts of a policy: of its scope, the action aside, and of its conditions. None where it has none, or
    /// one of them has no text.
    pub(super) fn conjuncts(&self, entry: usize, side: Which) -> &[Conjunct] {
        self.in_words(entry, side).unwrap_or_default()
    }

    /// Whether all of a policy has a text.
    pub(super) fn has_text(&self, entry: usize, side: Which) -> bool {
        self.in_words(entry, side).is_some()
    }

    /// Takes the policies that apply apart, on all cores, if they are so many that others may wait for it.
    pub(super) fn take_apart(&self, prepared: &Prepared<'_>) {
        let members = |(index, entry): (usize, &Entry)| {
            let same = entry.same && self.shared;
            let sides = if same { [Some(Which::New), None] } else { [Some(Which::Old), Some(Which::New)] };
            let applies = |side: &Which| entry.member(*side).is_some_and(|member| prepared.applies(member.policy));
            sides.map(|side| side.filter(applies).map(|side| (index, side)))
        };
        self.put_in_words(self.entries.iter().enumerate().flat_map(members).flatten().collect());
    }

    /// Finds the conjuncts of policies on all cores where they are many: in a large store that is what takes longest.
    pub(super) fn put_in_words(&self, policies: Vec<(usize, Which)>) {
        if policies.len() > OTHERS {
            policies.into_par_iter().with_min_len(PER_TASK).for_each(|(entry, side)| {
                self.conjuncts(entry, side);
            });
        }
    }

    /// When the policy matches where its action does, as an expression; none where it has no text.
    pub(super) fn said(&self, entry: usize, side: Which) -> Option<Arc<Wording>> {
        let member = self.entries.get(entry)?.member(side)?;
        member.words.said.get_or_init(|| all_hold(self.in_words(entry, side)?).map(Arc::new)).clone()
    }

    /// Finds the texts of many at once.
    pub(super) fn write(&self, all: impl Iterator<Item = (usize, Which)>) {
        let member = |(entry, side): (usize, Which)| {
            let member = self.entries.get(entry)?.member(side)?;
            let conjuncts = if member.words.said.get().is_none() { self.in_words(entry, side)? } else { return None };
            Some((member, conjuncts))
        };
        let (members, conjuncts): (Vec<&Member>, Vec<&[Conjunct]>) = all.filter_map(member).unzip();
        for (member, said) in members.into_iter().zip(each_holds(&conjuncts)) {
            member.words.said.get_or_init(|| said.map(Arc::new));
        }
    }

    fn in_words(&self, entry: usize, side: Which) -> Option<&[Conjunct]> {
        let member = self.entries.get(entry)?.member(side)?;
        let found = member.words.conjuncts.get_or_init(|| {
            let subject = self.rules(side).and_then(|rules| rules.subjects().get(member.policy.index));
            subject.and_then(Subject::cedar).and_then(conjuncts)
        });
        found.as_deref()
    }

    /// What the policy does when it matches.
    pub(super) fn effect(&self, entry: usize, side: Which) -> Option<Effect> {
        Some(self.entries.get(entry)?.member(side)?.effect)
    }

    /// Those of the re-declared attributes that the policy reads, which is of `side`.
    pub(super) fn reads_redeclared(&self, entry: usize, side: Which) -> BTreeSet<Option<String>> {
        let member = self.entries.get(entry).and_then(|entry| entry.member(side));
        let subject =
            member.and_then(|member| self.rules(side)?.subjects().get(member.policy.index)).and_then(Subject::cedar);
        let json = subject.and_then(|policy| policy.to_json().ok());
        // What cannot be read may read all of them.
        let conditions = json.as_ref().map(|policy| policy.get("conditions").unwrap_or(&Json::Null));
        conditions.map_or_else(|| self.redeclared.clone(), |conditions| read_of(conditions, &self.redeclared))
    }

    /// What holds where an attribute that the policy reads is absent, one that is optional on its side and required on
    /// the other, as an expression.
    pub(super) fn absent(&self, member: &Member, side: Which) -> String {
        let subject = self.rules(side).and_then(|rules| rules.subjects().get(member.policy.index));
        let json = subject.and_then(Subject::cedar).and_then(|policy| policy.to_json().ok());
        let mut found = Vec::new();
        if let Some(conditions) = json.as_ref().and_then(|policy| policy.get("conditions")) {
            bare_reads(conditions, self.loosened(side), &mut found);
        }
        found.join(" || ")
    }

    /// Whether either version of the policy does arithmetic, which errs where a number overflows.
    pub(super) fn may_overflow(&self, entry: usize) -> bool {
        let Some(entry) = self.entries.get(entry) else { return false };
        [Which::Old, Which::New].into_iter().any(|side| {
            let member = entry.member(side).filter(|member| !member.template);
            let subject = member.and_then(|member| self.rules(side)?.subjects().get(member.policy.index));
            let json = subject.and_then(Subject::cedar).and_then(|policy| policy.to_json().ok());
            json.as_ref().and_then(|policy| policy.get("conditions")).is_some_and(computes)
        })
    }

    /// Whether the policy reads an attribute whose values can be members of an enumeration that differs.
    pub(super) fn reads_differing_enumeration(&self, member: &Member, side: Which) -> bool {
        self.reads(member, side, &self.blind)
    }

    /// Attributes that both sides declare, with types that no value has in common; `None` stands for tags.
    pub(super) fn redeclared(&self) -> &BTreeSet<Option<String>> {
        &self.redeclared
    }

    /// Whether the policy reads an attribute that is optional on its side and required on the other.
    pub(super) fn reads_loosened(&self, member: &Member, side: Which) -> bool {
        self.reads(member, side, self.loosened(side))
    }

    fn loosened(&self, side: Which) -> &BTreeSet<Option<String>> {
        let [old, new] = &self.loosened;
        match side {
            Which::Old => old,
            Which::New => new,
        }
    }

    /// Whether the policy reads one of the attributes.
    fn reads(&self, member: &Member, side: Which, names: &BTreeSet<Option<String>>) -> bool {
        if names.is_empty() {
            return false;
        }
        let subject = self.rules(side).and_then(|rules| rules.subjects().get(member.policy.index));
        let Some(policy) = subject.and_then(Subject::cedar) else { return true };
        policy.to_json().map_or(true, |policy| reads(policy.get("conditions").unwrap_or(&Json::Null), names))
    }
}

impl Entry {
    pub(super) fn member(&self, side: Which) -> Option<&Member> {
        self.members.get(side.index())?.as_ref()
    }
}

/// Whether an expression in Cedar's JSON form computes with numbers or times.
fn computes(expression: &Json) -> bool {
    const ARITHMETIC: [&str; 6] = ["+", "-", "*", "neg", "offset", "durationSince"];
    match expression {
        Json::Array(items) => items.iter().any(computes),
        Json::Object(fields) => fields
            .iter()
            .filter(|(key, _)| *key != "Value")
            .any(|(key, value)| ARITHMETIC.contains(&key.as_str()) || computes(value)),
        _ => false,
    }
}

/// That what is read is absent, for each read of one of the attributes in an expression in Cedar's JSON form.
fn bare_reads(expression: &Json, names: &BTreeSet<Option<String>>, found: &mut Vec<String>) {
    match expression {
        Json::Array(items) => items.iter().for_each(|item| bare_reads(item, names, found)),
        Json::Object(fields) => {
            for (key, value) in fields.iter().filter(|(key, _)| *key != "Value") {
                let attribute = value.get("attr").and_then(Json::as_str);
                if key == "."
                    && attribute.is_some_and(|name| names.contains(&Some(name.to_owned())))
                    && let Some(text) = text(&json!({"!": {"arg": {"has": value}}}))
                    && !found.contains(&text)
                {
                    found.push(text);
                }
                bare_reads(value, names, found);
            }
        }
        _ => {}
    }
}
