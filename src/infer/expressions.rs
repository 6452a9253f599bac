//! What the expressions of policies say of types, read from Cedar's JSON form
//! (<https://docs.cedarpolicy.com/policies/json-format.html>).

use serde_json::Value as Json;

use super::classes::{Id, Kind};
use super::evidence::Evidence;
use super::facts::{ANY_PRINCIPAL, ANY_RESOURCE, Actions, Bound, Facts, Uid, context};

/// Reads the policies of the store at `number`.
pub(super) fn read(number: usize, facts: &mut Facts) {
    let all = std::mem::take(&mut facts.policies);
    for policy in all.iter().filter(|policy| policy.evidence.policy.as_ref().is_some_and(|(of, _)| *of == number)) {
        let mut types = [possible(facts, &policy.principal, true), possible(facts, &policy.resource, false)];
        // Of requests that answers are wanted for, it is known of which types they are.
        let asked = || types.iter().zip(&facts.asked_for);
        if asked().all(|(types, asked)| asked.as_ref().is_none_or(|asked| types.contains(asked))) {
            let only = asked().map(|(types, asked)| asked.clone().map_or_else(|| types.clone(), |ty| vec![ty]));
            types = <[Vec<String>; 2]>::try_from(only.collect::<Vec<_>>()).unwrap_or_default();
        }
        let [principal, resource] = types;
        let variables = Variables {
            principal: variable(facts, &principal, &policy.evidence),
            resource: variable(facts, &resource, &policy.evidence),
            context: context_of(facts, policy.actions.as_ref(), &policy.evidence),
        };
        let mut reader = Reader { facts, variables, evidence: &policy.evidence };
        for (name, id) in [("principal", variables.principal), ("resource", variables.resource)] {
            let scope = policy.json.get(name);
            let group = scope.and_then(|scope| {
                let of = if scope.get("op")?.as_str()? == "in" { Some(scope) } else { scope.get("in") };
                Uid::of(of?.get("entity")?)
            });
            if let Some(group) = group {
                let above = reader.entity(&group);
                reader.within(id, above);
            }
        }
        for condition in policy.json.get("conditions").and_then(Json::as_array).into_iter().flatten() {
            if let Some(body) = condition.get("body") {
                let result = reader.expression(body);
                reader.is(result, Kind::Bool, "used as a condition");
            }
        }
    }
    facts.policies = all;
}

#[derive(Debug, Clone, Copy)]
struct Variables {
    principal: Id,
    resource: Id,
    context: Id,
}

/// The types that the principal (or the resource) of a policy can be of.
pub(super) fn possible(facts: &Facts, bound: &Bound, principal: bool) -> Vec<String> {
    let (known, others, any) = if principal {
        (&facts.principals, &facts.resources, ANY_PRINCIPAL)
    } else {
        (&facts.resources, &facts.principals, ANY_RESOURCE)
    };
    match bound {
        Bound::Type(ty) => vec![ty.clone()],
        // Where the two are compared they may be one: of the type of the other, and of one type that nobody names.
        Bound::Open if facts.coincide => {
            let mut all: Vec<String> = known.keys().chain(others.keys()).cloned().collect();
            all.push(ANY_PRINCIPAL.to_owned());
            all.sort();
            all.dedup();
            all
        }
        Bound::Open => known.keys().cloned().chain([any.to_owned()]).collect(),
    }
}

/// The class of a variable: of every one of `types`.
fn variable(facts: &mut Facts, types: &[String], evidence: &Evidence) -> Id {
    let id = facts.classes.fresh();
    facts.classes.change(id, |class| class.variable = true);
    for ty in types {
        facts.classes.is_entity(id, Some(ty), evidence);
    }
    id
}

/// The class of the context: that of every action that the policy is for.
fn context_of(facts: &mut Facts, actions: Option<&Actions>, evidence: &Evidence) -> Id {
    let id = facts.classes.fresh();
    let every: Vec<Uid> = facts.actions.keys().chain(facts.groups.keys()).cloned().collect();
    let covered: Vec<Uid> = match actions {
        None => every.into_iter().chain([any_action()]).collect(),
        // What is in a group is not known: any action may be.
        Some(actions) if !actions.groups.is_empty() => every,
        Some(actions) => actions.named.iter().cloned().collect(),
    };
    facts.classes.change(id, |class| class.variable = true);
    for action in covered {
        let name = context(&action);
        facts.classes.is(id, Kind::Holder, evidence);
        facts.classes.change(id, |class| {
            class.types.entry(name).or_insert_with(|| evidence.clone());
        });
    }
    id
}

/// What stands for all other actions.
pub(super) fn any_action() -> Uid {
    Uid { ty: String::new(), id: String::new() }
}

struct Reader<'f> {
    facts: &'f mut Facts,
    variables: Variables,
    evidence: &'f Evidence,
}

impl Reader<'_> {
    fn because(&self, what: &'static str) -> Evidence {
        Evidence { what, ..self.evidence.clone() }
    }

    /// Notes that the policy hangs on the value.
    fn reads(&mut self, id: Id) {
        if let Some(policy) = &self.evidence.policy {
            self.facts.reads.entry(policy.clone()).or_default().insert(id);
        }
    }

    fn is(&mut self, id: Id, kind: Kind, what: &'static str) {
        let evidence = self.because(what);
        self.facts.classes.is(id, kind, &evidence);
    }

    fn of(&mut self, kind: Kind, what: &'static str) -> Id {
        let id = self.facts.classes.fresh();
        self.is(id, kind, what);
        id
    }

    /// The class of an entity that is named.
    fn entity(&mut self, uid: &Uid) -> Id {
        let evidence = self.because("named");
        let id = self.facts.classes.fresh();
        self.facts.classes.is_entity(id, Some(&uid.ty), &evidence);
        if !uid.ty.ends_with("Action") {
            self.facts.types.entry(uid.ty.clone()).or_insert(evidence);
        }
        id
    }

    fn within(&mut self, below: Id, above: Id) {
        let evidence = self.because("said to be `in` another");
        self.facts.classes.is_entity(below, None, &evidence);
        self.facts.within.push((below, above, evidence));
    }

    /// Two values of one type. A variable can be of several: it is compared only.
    fn alike(&mut self, one: Id, two: Id, evidence: &Evidence) {
        let variable = |id: Id| self.facts.classes.get(id).is_some_and(|class| class.variable);
        if variable(one) || variable(two) {
            self.facts.compared.push((one, two, evidence.clone()));
        } else {
            self.facts.classes.same(one, two);
        }
    }

    fn pair(&mut self, json: &Json) -> (Id, Id) {
        let mut side = |name: &str| json.get(name).map(|json| self.expression(json));
        let (left, right) = (side("left"), side("right"));
        let left = left.unwrap_or_else(|| self.facts.classes.fresh());
        let right = right.unwrap_or_else(|| self.facts.classes.fresh());
        (left, right)
    }

    /// The class of the expression; what it says of others is noted.
    fn expression(&mut self, json: &Json) -> Id {
        let Some((operator, inner)) = json.as_object().and_then(|object| object.iter().next()) else {
            return self.facts.classes.fresh();
        };
        match operator.as_str() {
            "Value" => self.value(inner),
            "Var" => match inner.as_str() {
                Some("principal") => self.variables.principal,
                Some("resource") => self.variables.resource,
                Some("context") => self.variables.context,
                _ => self.facts.classes.fresh(),
            },
            "!" => {
                let arg = inner.get("arg").map(|arg| self.expression(arg));
                arg.into_iter().for_each(|arg| self.is(arg, Kind::Bool, "used as a condition"));
                self.of(Kind::Bool, "a condition")
            }
            "neg" => {
                let arg = inner.get("arg").map(|arg| self.expression(arg));
                arg.into_iter().for_each(|arg| self.is(arg, Kind::Long, "used as a number"));
                self.of(Kind::Long, "used as a number")
            }
            "isEmpty" => {
                let arg = inner.get("arg").map(|arg| self.expression(arg));
                arg.into_iter().for_each(|arg| self.is(arg, Kind::Set, "asked whether it is empty"));
                self.of(Kind::Bool, "a condition")
            }
            "&&" | "||" => {
                let (left, right) = self.pair(inner);
                self.is(left, Kind::Bool, "used as a condition");
                self.is(right, Kind::Bool, "used as a condition");
                self.of(Kind::Bool, "a condition")
            }
            "==" | "!=" => {
                let (left, right) = self.pair(inner);
                let evidence = self.because("compared");
                self.facts.compared.push((left, right, evidence));
                self.of(Kind::Bool, "a condition")
            }
            "<" | "<=" | ">" | ">=" => {
                let (left, right) = self.pair(inner);
                let evidence = self.because("compared by size");
                let sized = [Kind::Long, Kind::Datetime, Kind::Duration];
                let wrong = |id: Id| sized.iter().all(|kind| self.facts.classes.is_never(id, *kind));
                if wrong(left) || wrong(right) {
                    return self.of(Kind::Bool, "a condition");
                }
                self.alike(left, right, &evidence);
                self.facts.sized.push((left, evidence));
                self.of(Kind::Bool, "a condition")
            }
            "+" | "-" | "*" => {
                let (left, right) = self.pair(inner);
                if !self.facts.classes.is_never(left, Kind::Long) && !self.facts.classes.is_never(right, Kind::Long) {
                    self.is(left, Kind::Long, "used as a number");
                    self.is(right, Kind::Long, "used as a number");
                }
                self.of(Kind::Long, "used as a number")
            }
            "in" => {
                let (left, right) = self.pair(inner);
                let listed = inner.get("right").is_some_and(|right| right.get("Set").is_some());
                let evidence = self.because("asked whether something is in it");
                let above = if listed { self.facts.classes.element(right, &evidence) } else { right };
                let classes = &self.facts.classes;
                let nothing = classes.is_never(above, Kind::Holder) && (listed || classes.is_never(above, Kind::Set));
                if nothing || classes.is_never(left, Kind::Holder) {
                    return self.of(Kind::Bool, "a condition");
                }
                // Whether it is one entity or a set of some, the rest of what is known of it says.
                self.facts.classes.is_entity(left, None, &evidence);
                self.facts.uppers.push((left, above, evidence));
                self.of(Kind::Bool, "a condition")
            }
            "contains" => {
                let (left, right) = self.pair(inner);
                let evidence = self.because("asked whether it contains something");
                let element = self.facts.classes.element(left, &evidence);
                self.facts.compared.push((element, right, evidence));
                self.of(Kind::Bool, "a condition")
            }
            "containsAll" | "containsAny" => {
                let (left, right) = self.pair(inner);
                let evidence = self.because("asked whether it contains others");
                let (one, two) =
                    (self.facts.classes.element(left, &evidence), self.facts.classes.element(right, &evidence));
                self.facts.compared.push((one, two, evidence));
                self.of(Kind::Bool, "a condition")
            }
            "hasTag" | "getTag" => {
                let (left, right) = self.pair(inner);
                self.is(right, Kind::String, "used as a tag's name");
                let evidence = self.because("asked for a tag");
                let tag = self.facts.classes.tag(left, &evidence);
                self.reads(tag);
                if operator == "getTag" { tag } else { self.of(Kind::Bool, "a condition") }
            }
            "." => self.attribute(inner, "read"),
            "has" => {
                self.asked(inner);
                self.of(Kind::Bool, "a condition")
            }
            "like" => {
                let left = inner.get("left").map(|left| self.expression(left));
                left.into_iter().for_each(|left| self.is(left, Kind::String, "compared by `like`"));
                self.of(Kind::Bool, "a condition")
            }
            "is" => {
                let left = inner.get("left").map(|left| self.expression(left));
                let ty = inner.get("entity_type").and_then(Json::as_str);
                let evidence = self.because("asked for its type");
                if let Some(left) = left {
                    self.facts.classes.is_entity(left, None, &evidence);
                    if let Some(ty) = ty {
                        let asked = (ty.to_owned(), evidence.clone());
                        self.facts.classes.change(left, |class| class.asked.push(asked));
                    }
                    if let Some(group) = inner.get("in") {
                        let above = self.expression(group);
                        self.within(left, above);
                    }
                }
                if let Some(ty) = ty {
                    self.facts.types.entry(ty.to_owned()).or_insert(evidence);
                }
                self.of(Kind::Bool, "a condition")
            }
            "if-then-else" => {
                let mut part = |name: &str| inner.get(name).map(|json| self.expression(json));
                let (test, then, other) = (part("if"), part("then"), part("else"));
                test.into_iter().for_each(|test| self.is(test, Kind::Bool, "used as a condition"));
                let (Some(then), Some(other)) = (then, other) else { return self.facts.classes.fresh() };
                let evidence = self.because("a branch of `if`");
                self.facts.compared.push((then, other, evidence));
                then
            }
            "Set" => {
                let set = self.of(Kind::Set, "a set");
                let evidence = self.because("an element of a set");
                let element = self.facts.classes.element(set, &evidence);
                for one in inner.as_array().into_iter().flatten() {
                    let one = self.expression(one);
                    self.alike(element, one, &evidence);
                }
                set
            }
            "Record" => {
                let record = self.of(Kind::Holder, "a record");
                let evidence = self.because("a record");
                for (name, value) in inner.as_object().into_iter().flatten() {
                    let value = self.expression(value);
                    let field = self.facts.classes.field(record, name, &evidence);
                    self.alike(field, value, &evidence);
                }
                record
            }
            function => self.call(function, inner),
        }
    }

    fn attribute(&mut self, json: &Json, what: &'static str) -> Id {
        let left = json.get("left").map(|left| self.expression(left));
        let evidence = self.because(what);
        match (left, json.get("attr").and_then(Json::as_str)) {
            (Some(left), Some(name)) => {
                let field = self.facts.classes.field(left, name, &evidence);
                self.reads(field);
                field
            }
            _ => self.facts.classes.fresh(),
        }
    }

    /// `left has a`, or `left has a.b.c`.
    fn asked(&mut self, json: &Json) {
        let Some(mut id) = json.get("left").map(|left| self.expression(left)) else { return };
        let evidence = self.because("asked for by `has`");
        let names: Vec<&str> = match json.get("attr") {
            Some(Json::String(name)) => vec![name],
            Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        };
        for name in names {
            id = self.facts.classes.field(id, name, &evidence);
            self.reads(id);
            self.facts.asked.insert(name.to_owned());
        }
    }

    fn call(&mut self, function: &str, arguments: &Json) -> Id {
        let arguments: Vec<Id> = arguments.as_array().into_iter().flatten().map(|json| self.expression(json)).collect();
        let first = arguments.first().copied();
        let second = arguments.get(1).copied();
        let (takes, second_takes, gives) = match function {
            "ip" => (Kind::String, None, Kind::Ip),
            "decimal" => (Kind::String, None, Kind::Decimal),
            "datetime" => (Kind::String, None, Kind::Datetime),
            "duration" => (Kind::String, None, Kind::Duration),
            "isIpv4" | "isIpv6" | "isLoopback" | "isMulticast" => (Kind::Ip, None, Kind::Bool),
            "isInRange" => (Kind::Ip, Some(Kind::Ip), Kind::Bool),
            "lessThan" | "lessThanOrEqual" | "greaterThan" | "greaterThanOrEqual" => {
                (Kind::Decimal, Some(Kind::Decimal), Kind::Bool)
            }
            "offset" => (Kind::Datetime, Some(Kind::Duration), Kind::Datetime),
            "durationSince" => (Kind::Datetime, Some(Kind::Datetime), Kind::Duration),
            "toDate" => (Kind::Datetime, None, Kind::Datetime),
            "toTime" => (Kind::Datetime, None, Kind::Duration),
            "toMilliseconds" | "toSeconds" | "toMinutes" | "toHours" | "toDays" => (Kind::Duration, None, Kind::Long),
            _ => return self.facts.classes.fresh(),
        };
        first.into_iter().for_each(|id| self.is(id, takes, used_as(takes)));
        second.zip(second_takes).into_iter().for_each(|(id, kind)| self.is(id, kind, used_as(kind)));
        self.of(gives, used_as(gives))
    }

    fn value(&mut self, json: &Json) -> Id {
        match json {
            Json::Bool(_) => self.of(Kind::Bool, "compared with `true` or `false`"),
            Json::Number(_) => self.of(Kind::Long, "compared with a number"),
            Json::String(_) => self.of(Kind::String, "compared with a string"),
            Json::Object(object) => match (Uid::of(json), object.contains_key("__entity")) {
                (Some(uid), true) => self.entity(&uid),
                _ => self.facts.classes.fresh(),
            },
            _ => self.facts.classes.fresh(),
        }
    }
}

/// What says that a value is of the kind, as a phrase.
fn used_as(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "used as a condition",
        Kind::Long => "used as a number",
        Kind::String => "used as text",
        Kind::Decimal => "used as a decimal",
        Kind::Ip => "used as an address",
        Kind::Datetime => "used as a date",
        Kind::Duration => "used as a duration",
        Kind::Set => "used as a set",
        Kind::Holder => "asked for an attribute",
    }
}
