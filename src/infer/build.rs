//! The schema as text: the one that the engine answers under, and the one that people may commit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use cedar_policy::{EntityUid, PolicyId, Schema, ValidationError, ValidationMode, Validator};

use super::classes::{Clash, Id, Kind};
use super::evidence::Evidence;
use super::expressions::{any_action, possible};
use super::facts::{ANY_PRINCIPAL, ANY_RESOURCE, CONTEXT, Facts, PolicyJson, Uid, context, is_action};
use super::{Conflict, Inferred};
use crate::repo::Store;

/// Deeper records are read as far as this.
const DEPTH: usize = 40;

/// An action that requests are for.
#[derive(Debug, Clone)]
struct Asked {
    uid: Uid,
    groups: BTreeSet<Uid>,
    principals: BTreeSet<String>,
    resources: BTreeSet<String>,
    /// The actions whose contexts it may have.
    contexts: BTreeSet<Uid>,
    /// How to say it, where it stands for others.
    stands_for: Option<String>,
    comment: String,
}

/// Puts all together; `stores` are what the facts are of.
pub(super) fn build(facts: &Facts, stores: &[&Store]) -> Result<Inferred, String> {
    let namespace = commonest(facts);
    let qualified = |name: &str| {
        if namespace.is_empty() { name.to_owned() } else { format!("{namespace}::{name}") }
    };
    let open: Vec<Uid> = facts
        .groups
        .keys()
        .filter(|group| !facts.members.values().any(|groups| groups.contains(group)))
        // What policies name as an action is one, and no group.
        .filter(|group| !facts.actions.contains_key(*group))
        .cloned()
        .collect();
    let asked = asked_actions(facts, &open, &qualified("Action"));
    let (principal, resource) = (free(facts, &qualified(ANY_PRINCIPAL)), free(facts, &qualified(ANY_RESOURCE)));
    let everything = Names { principal: principal.clone(), resource: resource.clone() };
    let nothing = BTreeSet::new();
    let schema = parse(&write(facts, &asked, &everything, None))?;
    // Where nothing names a type, people need one to begin with.
    let guess =
        |known: bool, name: &str, guess: &str| if known { name.to_owned() } else { free(facts, &qualified(guess)) };
    let guessed = Names {
        principal: guess(!facts.principals.is_empty(), &principal, "Principal"),
        resource: guess(!facts.resources.is_empty(), &resource, "Resource"),
    };
    let people = people_actions(facts, &asked, &open);
    let print = |required: &BTreeSet<String>| write(facts, &people, &guessed, Some(required));
    let required = required(facts, |required| parse(&print(required)).ok(), stores);
    let printed = print(if required.is_empty() { &nothing } else { &required });
    let mut synthetic: BTreeMap<String, String> = asked
        .iter()
        .filter_map(|one| Some((format!("{}::{:?}", one.uid.ty, one.uid.id), one.stands_for.clone()?)))
        .collect();
    let plain = BTreeMap::from([(principal.clone(), ANY_PRINCIPAL), (resource.clone(), ANY_RESOURCE)]);
    let others = |none: bool| if none { "any type" } else { "any other type" }.to_owned();
    synthetic.insert(principal, others(facts.principals.is_empty()));
    synthetic.insert(resource, others(facts.resources.is_empty()));
    let uid = |uid: &Uid| format!("{}::{:?}", uid.ty, uid.id).parse::<EntityUid>().ok();
    let open_groups = open.iter().filter_map(uid).collect();
    let (conflicts, contested) = (conflicts(facts), contested(facts));
    let hinted = facts.hinted;
    Ok(Inferred { schema, text: printed, synthetic, plain, conflicts, hinted, contested, open_groups })
}

fn parse(text: &str) -> Result<Schema, String> {
    let read = Schema::from_cedarschema_str(text);
    read.map(|(schema, _)| schema).map_err(|error| format!("what was inferred is no schema: {error}"))
}

/// What the types that stand for others are called.
struct Names {
    principal: String,
    resource: String,
}

impl Names {
    /// The type as it stands in the schema.
    fn of(&self, ty: &str) -> String {
        match ty {
            ANY_PRINCIPAL => self.principal.clone(),
            ANY_RESOURCE => self.resource.clone(),
            other => other.to_owned(),
        }
    }
}

/// `name`, or a longer one where there is a type called so.
fn free(facts: &Facts, name: &str) -> String {
    let mut name = name.to_owned();
    while facts.types.contains_key(&name) {
        name.push('_');
    }
    name
}

/// The actions as people may declare them: what stands after `in` may be an action as well as a group.
fn people_actions(facts: &Facts, asked: &[Asked], open: &[Uid]) -> Vec<Asked> {
    let mut all: Vec<Asked> = asked.iter().filter(|one| one.stands_for.is_none()).cloned().collect();
    for group in open.iter().filter(|group| !facts.actions.contains_key(*group)) {
        let within = || asked.iter().filter(|one| one.groups.contains(group));
        let evidence = facts.groups.get(group).map(Evidence::text).unwrap_or_default();
        all.push(Asked {
            uid: group.clone(),
            groups: BTreeSet::new(),
            principals: within().flat_map(|one| one.principals.clone()).collect(),
            resources: within().flat_map(|one| one.resources.clone()).collect(),
            contexts: BTreeSet::from([group.clone()]),
            stands_for: None,
            comment: format!("{evidence} ? an action, or a group of actions"),
        });
    }
    all
}

/// The namespace that most types and actions are in.
fn commonest(facts: &Facts) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let names = facts.types.keys().map(String::as_str);
    let actions = facts.actions.keys().chain(facts.groups.keys()).map(|uid| uid.ty.as_str());
    for name in names.chain(actions) {
        *counts.entry(name.rsplit_once("::").map_or("", |(namespace, _)| namespace)).or_default() += 1;
    }
    counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0))).map_or("", |(name, _)| name).to_owned()
}

/// Every action that requests can be for: those that are named, and what stands for others.
fn asked_actions(facts: &Facts, open: &[Uid], action_type: &str) -> Vec<Asked> {
    let mut all: Vec<(Uid, BTreeSet<Uid>, Option<String>, String)> = Vec::new();
    for (uid, evidence) in &facts.actions {
        let groups = facts.members.get(uid).cloned().unwrap_or_default();
        all.push((uid.clone(), groups, None, evidence.text()));
    }
    let mut taken: BTreeSet<String> =
        facts.actions.keys().chain(facts.groups.keys()).map(|uid| uid.id.clone()).collect();
    let mut other = |name: String, groups: BTreeSet<Uid>| {
        let mut id = name.clone();
        while !taken.insert(id.clone()) {
            id.push('_');
        }
        let ty = groups.first().map_or_else(|| action_type.to_owned(), |group| group.ty.clone());
        all.push((Uid { ty, id }, groups, Some(name), String::new()));
    };
    // Two are enough: what a permit newly allows shows where no other group is in play, and what a forbid no longer
    // refuses where one other group brings the permit. More groups only bring more policies that hide it.
    let pairs = open.iter().enumerate().flat_map(|(at, one)| open.iter().skip(at + 1).map(move |two| vec![one, two]));
    let sets: Vec<Vec<&Uid>> = open.iter().map(|group| vec![group]).chain(pairs).collect();
    for groups in sets {
        // What no policy names as an action may be one as well as a group.
        let name = match groups.as_slice() {
            [only] => format!("{}, or any action in it", only.id),
            several => {
                let names: Vec<&str> = several.iter().map(|group| group.id.as_str()).collect();
                format!("any action in {}", names.join(" and "))
            }
        };
        other(name, groups.into_iter().cloned().collect());
    }
    if facts.open_action {
        other("any other action".to_owned(), BTreeSet::new());
    }
    let asked = all.into_iter().map(|(uid, groups, stands_for, comment)| {
        let covers = |policy: &&PolicyJson| match &policy.actions {
            None => true,
            Some(actions) => {
                actions.named.contains(&uid)
                    || actions.groups.iter().any(|group| {
                        groups.contains(group) || *group == uid || (stands_for.is_none() && open.contains(group))
                    })
            }
        };
        let covering: Vec<&PolicyJson> = facts.policies.iter().filter(covers).collect();
        let types = |principal: bool| -> BTreeSet<String> {
            let mut types = BTreeSet::new();
            for policy in &covering {
                let bound = if principal { &policy.principal } else { &policy.resource };
                types.extend(possible(facts, bound, principal));
            }
            types
        };
        let contexts = if stands_for.is_some() && groups.is_empty() {
            BTreeSet::from([any_action()])
        } else if stands_for.is_some() {
            groups.clone()
        } else {
            BTreeSet::from([uid.clone()])
        };
        Asked { principals: types(true), resources: types(false), uid, groups, contexts, stands_for, comment }
    });
    asked.filter(|one| !one.principals.is_empty() && !one.resources.is_empty()).collect()
}

/// What does not go together, by the policy that needs a type which the schema does not follow; where the schema
/// follows a guess or one of several data, by every policy that reads it.
fn contested(facts: &Facts) -> BTreeMap<(usize, PolicyId), Conflict> {
    let mut contested = BTreeMap::new();
    let mut everybodys: BTreeMap<Id, Conflict> = BTreeMap::new();
    for clash in &facts.classes.clashes {
        let conflict = conflict(facts, clash);
        if clash.guess || clash.second.policy.is_none() {
            everybodys.entry(facts.classes.find(clash.class)).or_insert_with(|| conflict.clone());
        }
        if let Some(policy) = &clash.second.policy {
            contested.insert(policy.clone(), conflict);
        }
    }
    for (policy, read) in &facts.reads {
        // What reads a set reads its elements.
        let elements = |id: &Id| std::iter::successors(Some(*id), |id| facts.classes.get(*id)?.elements);
        let found = read.iter().flat_map(elements).find_map(|id| everybodys.get(&facts.classes.find(id)));
        if let Some(conflict) = found {
            contested.entry(policy.clone()).or_insert_with(|| conflict.clone());
        }
    }
    contested
}

fn conflict(facts: &Facts, clash: &Clash) -> Conflict {
    Conflict {
        what: facts.classes.get(clash.class).and_then(|class| class.hint.clone()).unwrap_or_default(),
        first: clash.first.as_ref().map(Evidence::text),
        second: clash.second.text(),
    }
}

fn conflicts(facts: &Facts) -> Vec<Conflict> {
    let contradictions = facts.classes.clashes.iter().filter(|clash| clash.first.is_some());
    let mut found: Vec<Conflict> = contradictions.map(|clash| conflict(facts, clash)).collect();
    found.sort();
    found.dedup();
    found
}

/// The attributes that are to be there for the validator to accept what policies read: those that nobody asks for with
/// `has`, and those that somebody reads without.
fn required(
    facts: &Facts,
    schema: impl Fn(&BTreeSet<String>) -> Option<Schema>,
    stores: &[&Store],
) -> BTreeSet<String> {
    let mut required = BTreeSet::new();
    for id in facts.classes.roots() {
        let fields = facts.classes.get(id).map(|class| class.fields.keys().cloned().collect::<Vec<_>>());
        required.extend(fields.into_iter().flatten().filter(|name| !facts.asked.contains(name)));
    }
    for _ in 0..ROUNDS {
        let Some(schema) = schema(&required) else { break };
        let validator = Validator::new(schema);
        let results: Vec<_> =
            stores.iter().map(|store| validator.validate(&store.set, ValidationMode::Strict)).collect();
        let refused = results.iter().flat_map(|result| result.validation_errors()).filter_map(|error| match error {
            // The attribute stands in the message alone: `context.a.b`, or `b` in this or that.
            ValidationError::UnsafeOptionalAttributeAccess(_) => {
                let message = error.to_string();
                let path = message.split("attribute `").nth(1)?.split('`').next()?;
                Some(path.rsplit('.').next()?.trim_matches('"').to_owned())
            }
            _ => None,
        });
        let before = required.len();
        required.extend(refused.collect::<Vec<_>>());
        if required.len() == before {
            break;
        }
    }
    required
}

/// So many times the validator is asked what else it wants to be there.
const ROUNDS: usize = 8;

fn quoted(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let reserved = ["true", "false", "if", "then", "else", "in", "is", "like", "has", "__cedar"];
    if plain && !reserved.contains(&name) { name.to_owned() } else { text_literal(name) }
}

/// The text as Cedar quotes it.
fn text_literal(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{{{:x}}}", c as u32);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

struct Writer<'w> {
    facts: &'w Facts,
    names: &'w Names,
    /// The attributes that are always there, for people; `None` for the engine.
    required: Option<&'w BTreeSet<String>>,
}

/// The schema as text: for people with the attributes that are `required`, or for the engine.
fn write(facts: &Facts, asked: &[Asked], names: &Names, required: Option<&BTreeSet<String>>) -> String {
    let people = required.is_some();
    let synthetic = |ty: &str| {
        (ty == ANY_PRINCIPAL && !facts.principals.is_empty()) || (ty == ANY_RESOURCE && !facts.resources.is_empty())
    };
    let shown = |ty: &&String| !people || !synthetic(ty);
    let writer = Writer { facts, names, required };
    let mut types: BTreeSet<String> =
        facts.types.keys().chain(facts.parents.keys()).chain(facts.parents.values().flatten()).cloned().collect();
    types.extend(asked.iter().flat_map(|one| one.principals.iter().chain(&one.resources)).cloned());
    types.retain(|ty| !is_action(ty) && shown(&ty));
    let mut blocks: BTreeMap<String, String> = BTreeMap::new();
    for ty in &types {
        let name = names.of(ty);
        let (namespace, short) = name.rsplit_once("::").unwrap_or(("", &name));
        let block = blocks.entry(namespace.to_owned()).or_default();
        let parents = facts.parents.get(ty).into_iter().flatten().filter(|parent| types.contains(*parent));
        let parents: Vec<String> = parents.map(|parent| names.of(parent)).collect();
        let within = if parents.is_empty() { String::new() } else { format!(" in [{}]", parents.join(", ")) };
        let holder = facts.holders.get(ty).copied();
        let attributes = holder.map(|id| writer.record(id, 0)).filter(|text| text != "{}");
        let tags = holder.and_then(|id| facts.classes.get(id)?.tags).map(|id| writer.ty(id, 1));
        if people {
            let evidence = facts.types.get(ty).map_or_else(|| "? no policy names the type".to_owned(), Evidence::text);
            let _ = writeln!(block, "// {}", comment(&evidence));
        }
        let _ = write!(block, "entity {short}{within}");
        attributes.iter().for_each(|text| block.push_str(&format!(" {text}")));
        tags.iter().for_each(|text| block.push_str(&format!(" tags {text}")));
        block.push_str(";\n");
    }
    let declared: BTreeSet<&Uid> = asked.iter().map(|one| &one.uid).collect();
    let groups: BTreeSet<&Uid> = facts.groups.keys().chain(facts.members.values().flatten()).collect();
    for group in groups.difference(&declared) {
        let namespace = group.ty.strip_suffix("::Action").unwrap_or_default();
        let block = blocks.entry(namespace.to_owned()).or_default();
        let _ = writeln!(block, "action {};", text_literal(&group.id));
    }
    for one in asked {
        let shown =
            |types: &BTreeSet<String>| -> Vec<String> { types.iter().filter(shown).map(|ty| names.of(ty)).collect() };
        let (principals, resources) = (shown(&one.principals), shown(&one.resources));
        let namespace = one.uid.ty.strip_suffix("::Action").unwrap_or_default();
        let block = blocks.entry(namespace.to_owned()).or_default();
        if people {
            let _ = writeln!(block, "// {}", comment(&one.comment));
        }
        let _ = write!(block, "action {}", text_literal(&one.uid.id));
        let within: Vec<String> =
            one.groups.iter().map(|group| format!("{}::{}", group.ty, text_literal(&group.id))).collect();
        if !within.is_empty() {
            let _ = write!(block, " in [{}]", within.join(", "));
        }
        if principals.is_empty() || resources.is_empty() {
            block.push_str(";\n");
            continue;
        }
        let (principals, resources) = (principals.join(", "), resources.join(", "));
        let context = writer.context(&one.contexts);
        if people {
            let _ = write!(block, " appliesTo {{\n  principal: [{principals}],\n  resource: [{resources}],\n");
            let _ = writeln!(block, "  context: {}\n}};", context.replace('\n', "\n  "));
        } else {
            let _ = writeln!(
                block,
                " appliesTo {{ principal: [{principals}], resource: [{resources}], context: {context} }};"
            );
        }
    }
    let mut text = String::new();
    for (namespace, block) in blocks {
        if namespace.is_empty() {
            text.push_str(&block);
        } else {
            let indented: String = block.lines().map(|line| format!("  {line}\n")).collect();
            let _ = write!(text, "namespace {namespace} {{\n{indented}}}\n");
        }
    }
    text
}

/// A line of comment.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// An attribute as a schema declares it.
struct Attribute {
    name: String,
    ty: String,
    comment: String,
}

impl Writer<'_> {
    /// The attributes that the contexts of any of `actions` may have.
    fn context(&self, actions: &BTreeSet<Uid>) -> String {
        let holders = actions.iter().filter_map(|action| self.facts.holders.get(&context(action)));
        let mut fields: BTreeMap<String, Attribute> = BTreeMap::new();
        for id in holders {
            for (name, attribute) in self.fields(*id, 0) {
                fields.entry(name).or_insert(attribute);
            }
        }
        self.braces(fields, 0)
    }

    fn record(&self, id: Id, depth: usize) -> String {
        self.braces(self.fields(id, depth), depth)
    }

    fn fields(&self, id: Id, depth: usize) -> BTreeMap<String, Attribute> {
        let Some(class) = self.facts.classes.get(id) else { return BTreeMap::new() };
        let field = |(name, field): (&String, &Id)| {
            let required = self.required.is_some_and(|required| required.contains(name));
            let key = format!("{}{}", quoted(name), if required { "" } else { "?" });
            let attribute = Attribute { name: key, ty: self.ty(*field, depth + 1), comment: self.why(*field) };
            (name.clone(), attribute)
        };
        class.fields.iter().map(field).collect()
    }

    /// What a class's type is taken from.
    fn why(&self, id: Id) -> String {
        let class = self.facts.classes.get(id);
        let known = class.and_then(|class| {
            let named = class.types.iter().find(|(ty, _)| !ty.starts_with(CONTEXT)).map(|(_, evidence)| evidence);
            named.or(class.kind.as_ref().map(|(_, evidence)| evidence))
        });
        known.map_or_else(|| "? nothing says of which type it is".to_owned(), Evidence::text)
    }

    /// The type of a class; what nothing is known of can be compared, as a string can.
    fn ty(&self, id: Id, depth: usize) -> String {
        let Some(class) = self.facts.classes.get(id).filter(|_| depth <= DEPTH) else { return self.builtin("String") };
        let named = class.types.keys().find(|ty| !ty.starts_with(CONTEXT)).filter(|_| class.entity.is_some());
        if let Some(ty) = named {
            return self.names.of(ty);
        }
        match &class.kind {
            None => self.builtin("String"),
            Some((kind, _)) => match kind {
                Kind::Bool => self.builtin("Bool"),
                Kind::Long => self.builtin("Long"),
                Kind::String => self.builtin("String"),
                Kind::Decimal => self.builtin("decimal"),
                Kind::Ip => self.builtin("ipaddr"),
                Kind::Datetime => self.builtin("datetime"),
                Kind::Duration => self.builtin("duration"),
                Kind::Set => {
                    let element = class.elements.map_or_else(|| self.builtin("String"), |id| self.ty(id, depth + 1));
                    format!("Set<{element}>")
                }
                Kind::Holder => self.record(id, depth),
            },
        }
    }

    /// A type of Cedar's own, also where an entity type is called so.
    fn builtin(&self, name: &str) -> String {
        let taken = self.facts.types.keys().any(|ty| ty.rsplit("::").next() == Some(name));
        if taken { format!("__cedar::{name}") } else { name.to_owned() }
    }

    /// A record, for people with a line for each attribute and a comment above it.
    fn braces(&self, fields: BTreeMap<String, Attribute>, depth: usize) -> String {
        if fields.is_empty() {
            return "{}".to_owned();
        }
        if self.required.is_some() && depth == 0 {
            let line = |one: Attribute| format!("  // {}\n  {}: {},\n", comment(&one.comment), one.name, one.ty);
            return format!("{{\n{}}}", fields.into_values().map(line).collect::<String>());
        }
        let all: Vec<String> = fields.into_values().map(|one| format!("{}: {}", one.name, one.ty)).collect();
        format!("{{ {} }}", all.join(", "))
    }
}
