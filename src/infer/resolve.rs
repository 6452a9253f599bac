//! From classes to types: what follows from what is known, to a fixpoint.

use std::collections::{BTreeMap, BTreeSet};

use super::classes::{Clash, Class, Id, Kind};
use super::evidence::Evidence;
use super::facts::{CONTEXT, Facts, is_action};

/// So many rounds at most; each makes classes one, of which there are finitely many.
const ROUNDS: usize = 1_000;

/// What says that a value is of the type of a variable that it is compared with.
const HINT: &str = "compared with a principal or resource";

/// What says that a value is of the type of what is in it, or of one of its own.
const GUESS: &str = "guessed from its use";

/// Draws every conclusion.
pub(super) fn settle(facts: &mut Facts) {
    for _ in 0..ROUNDS {
        let mut news = spread(facts);
        news |= compare(facts);
        let settled = |facts: &mut Facts| {
            !uppers(facts, false)
                && !round_trips(facts)
                && !sizes(facts)
                && !uppers(facts, true)
                && !name_entities(facts)
        };
        if !news && settled(facts) {
            break;
        }
    }
    for (left, right, evidence) in facts.compared.clone() {
        let classes = facts.classes.get(left).cloned().zip(facts.classes.get(right).cloned());
        if let Some((one, two)) = classes.filter(|(one, two)| !one.variable && !two.variable) {
            contradict(facts, (left, &one), (right, &two), &evidence);
        }
    }
    for (below, above, _) in std::mem::take(&mut facts.within) {
        let types = |id: Id| -> Vec<String> {
            let class = facts.classes.get(id);
            class.map(|class| class.types.keys().cloned().collect()).unwrap_or_default()
        };
        let above: Vec<String> = types(above).into_iter().filter(|ty| !is_action(ty)).collect();
        for child in types(below).into_iter().filter(|ty| !is_action(ty)) {
            facts.parents.entry(child).or_default().extend(above.iter().cloned());
        }
    }
}

/// What something is asked to be in is an entity, or a set of some. Whether one was settled; what nothing else is known
/// of is an entity, if that is to be `decided` now.
fn uppers(facts: &mut Facts, decided: bool) -> bool {
    let mut left = Vec::new();
    let mut news = false;
    for (below, above, evidence) in std::mem::take(&mut facts.uppers) {
        let kind = facts.classes.get(above).and_then(|class| class.kind.as_ref().map(|(kind, _)| *kind));
        let entity = match kind {
            Some(Kind::Set) => facts.classes.element(above, &evidence),
            None if !decided || news => {
                left.push((below, above, evidence));
                continue;
            }
            _ => above,
        };
        facts.classes.is_entity(entity, None, &evidence);
        facts.within.push((below, entity, evidence));
        news = true;
    }
    facts.uppers = left;
    news
}

/// What is compared by size and not known otherwise is a number; whether there was any.
fn sizes(facts: &mut Facts) -> bool {
    let mut news = false;
    for (id, evidence) in std::mem::take(&mut facts.sized) {
        match facts.classes.get(id).map(|class| class.kind.clone()) {
            Some(None) => {
                facts.classes.is(id, Kind::Long, &evidence);
                news = true;
            }
            Some(Some((kind, first))) if !matches!(kind, Kind::Long | Kind::Datetime | Kind::Duration) => {
                facts.classes.contradicts(id, Some(first), &evidence);
            }
            _ => {}
        }
    }
    news
}

/// What is known of a value's attributes is known of those of its types.
fn spread(facts: &mut Facts) -> bool {
    let mut news = false;
    for id in facts.classes.roots() {
        let Some(class) = facts.classes.get(id).cloned() else { continue };
        for (ty, evidence) in &class.types {
            let holder = facts.holder(ty);
            for (name, field) in &class.fields {
                let known = facts.classes.field(holder, name, evidence);
                news |= facts.classes.same(known, *field);
            }
            if let Some(tag) = class.tags {
                let known = facts.classes.tag(holder, evidence);
                news |= facts.classes.same(known, tag);
            }
        }
    }
    news
}

/// What is compared is of one type, where one of the two is not known otherwise.
fn compare(facts: &mut Facts) -> bool {
    let mut news = false;
    let mut deeper = Vec::new();
    for (left, right, evidence) in facts.compared.clone() {
        let (Some(one), Some(two)) = (facts.classes.get(left).cloned(), facts.classes.get(right).cloned()) else {
            continue;
        };
        if facts.classes.find(left) == facts.classes.find(right) {
            continue;
        }
        let bare = |kind: &Option<(Kind, Evidence)>| kind.is_none();
        match (one.variable, two.variable) {
            (true, true) => {}
            (true, false) => news |= hint(facts, left, right, &evidence),
            (false, true) => news |= hint(facts, right, left, &evidence),
            (false, false) if bare(&one.kind) || bare(&two.kind) => {
                news |= facts.classes.same(left, right);
            }
            (false, false) => {
                if let (Some(one), Some(two)) = (one.elements, two.elements) {
                    deeper.push((one, two, evidence.clone()));
                }
                let holders = [&one, &two].iter().all(|class| matches!(class.kind, Some((Kind::Holder, _))));
                let entities = one.entity.is_some() || two.entity.is_some();
                if holders && entities && (one.types.is_empty() != two.types.is_empty()) {
                    news |= facts.classes.same(left, right);
                }
            }
        }
    }
    for one in deeper {
        if !facts.compared.contains(&one) {
            facts.compared.push(one);
            news = true;
        }
    }
    news
}

/// What is compared and cannot be equal, or is a record, which may hold more than policies name: nobody knows what the
/// comparison comes to.
fn contradict(facts: &mut Facts, one: (Id, &Class), two: (Id, &Class), evidence: &Evidence) {
    let (open, other) = if one.1.open { (one, two) } else { (two, one) };
    let (Some((kind, first)), Some((other_kind, _))) = (&open.1.kind, &other.1.kind) else { return };
    if !open.1.open {
        return;
    }
    let record = |class: &Class| matches!(class.kind, Some((Kind::Holder, _))) && class.entity.is_none();
    let common = open.1.types.keys().any(|ty| other.1.types.contains_key(ty));
    let apart = !open.1.types.is_empty() && !other.1.types.is_empty() && !common;
    if kind != other_kind {
        facts.classes.contradicts(open.0, Some(first.clone()), evidence);
    } else if apart {
        facts.classes.contradicts(open.0, open.1.types.values().next().cloned(), evidence);
    } else if record(open.1) && record(other.1) {
        facts.classes.contradicts(open.0, None, evidence);
    }
}

/// What is compared with a variable is an entity of its type; of the first, where there are several.
fn hint(facts: &mut Facts, variable: Id, other: Id, evidence: &Evidence) -> bool {
    let types = facts.classes.get(variable).map(|class| class.types.keys().cloned().collect::<Vec<_>>());
    let types = types.unwrap_or_default();
    let asked = facts.asked_for.iter().flatten().find(|ty| types.contains(ty)).cloned();
    // Answers are wanted for requests that the policy is not about.
    if asked.is_none() && facts.asked_for.iter().any(Option::is_some) {
        return false;
    }
    let Some(class) = facts.classes.get(other).cloned() else { return false };
    // A context may hold more than policies name, as every record.
    if types.iter().any(|ty| ty.starts_with(CONTEXT)) {
        facts.classes.contradicts(other, None, evidence);
        return false;
    }
    // What has attributes is an entity too, if it is compared with one.
    let other_kind = class.kind.as_ref().is_some_and(|(kind, _)| *kind != Kind::Holder);
    if other_kind {
        let first = class.kind.map(|(_, first)| first);
        facts.classes.contradicts(other, first, evidence);
        return false;
    }
    // What something else says of its type is no guess.
    if class.types.values().any(|evidence| ![HINT, GUESS].contains(&evidence.what)) {
        return false;
    }
    // Of which of several types it is hangs on the request.
    let uncertain = types.len() > 1 || class.types.keys().any(|known| !types.contains(known));
    if uncertain {
        facts.hinted = [true, true];
        if asked.is_none() {
            facts.classes.guesses(other, None, evidence);
        }
    }
    if !class.types.is_empty() {
        let known = asked.as_ref().is_none_or(|ty| class.types.contains_key(ty));
        if !known {
            facts.classes.guesses(other, class.types.into_values().next(), evidence);
        }
        return false;
    }
    let named = types.iter().find(|ty| !ty.starts_with("AnyOther")).or(types.first());
    let Some(ty) = asked.or_else(|| named.cloned()) else { return false };
    facts.classes.is_entity(other, Some(&ty), &Evidence { what: HINT, ..evidence.clone() });
    true
}

/// What holds a value of its own type, at whatever depth, is an entity: records end. Whether there was one.
fn round_trips(facts: &mut Facts) -> bool {
    let below = below(facts);
    for id in circles(&below) {
        let Some(class) = facts.classes.get(id) else { continue };
        let Some((Kind::Holder, evidence)) = &class.kind else { continue };
        let own = facts.holders.values().any(|holder| facts.classes.find(*holder) == id);
        if class.variable || own || !reaches_itself(&below, id) {
            continue;
        }
        let evidence = evidence.clone();
        facts.classes.is_entity(id, None, &evidence);
        return true;
    }
    false
}

/// What records and sets hold, by class; entities hold nothing.
type Below = BTreeMap<Id, Vec<Id>>;

fn below(facts: &Facts) -> Below {
    let held = |id: Id| -> Option<Vec<Id>> {
        let class = facts.classes.get(id).filter(|class| class.entity.is_none())?;
        Some(class.fields.values().chain(&class.elements).map(|id| facts.classes.find(*id)).collect())
    };
    facts.classes.roots().into_iter().filter_map(|id| Some((id, held(id)?))).collect()
}

/// The classes that may hold themselves: what is left when those are taken away that hold nothing of what is left.
fn circles(below: &Below) -> Vec<Id> {
    let mut above: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
    let mut holds: BTreeMap<Id, usize> = BTreeMap::new();
    for (id, held) in below {
        let held: Vec<Id> = held.iter().filter(|one| below.contains_key(one)).copied().collect();
        holds.insert(*id, held.len());
        for one in held {
            above.entry(one).or_default().push(*id);
        }
    }
    let mut open: Vec<Id> = holds.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
    while let Some(id) = open.pop() {
        holds.remove(&id);
        for one in above.get(&id).into_iter().flatten() {
            if let Some(count) = holds.get_mut(one) {
                *count -= 1;
                if *count == 0 {
                    open.push(*one);
                }
            }
        }
    }
    holds.into_keys().collect()
}

/// Whether records and sets lead from the class back to it.
fn reaches_itself(below: &Below, from: Id) -> bool {
    let held = |id: Id| below.get(&id).into_iter().flatten().copied();
    let (mut open, mut seen): (Vec<Id>, BTreeSet<Id>) = (held(from).collect(), BTreeSet::new());
    while let Some(id) = open.pop() {
        if id == from {
            return true;
        }
        if seen.insert(id) {
            open.extend(held(id));
        }
    }
    false
}

/// An entity of which no type is known is taken to be of the type that it is said to be in, or that is said to be in
/// it, if that is one or does both; else it gets a type of its own, called as what holds it. Whether there was one.
fn name_entities(facts: &mut Facts) -> bool {
    let mut nameless = Vec::new();
    for id in facts.classes.roots() {
        let Some(class) = facts.classes.get(id) else { continue };
        // The attributes of a type are not a value of their own.
        let own = facts.holders.values().any(|holder| facts.classes.find(*holder) == id);
        if let Some(evidence) = class.entity.clone().filter(|_| class.types.is_empty() && !class.variable && !own) {
            nameless.push((id, class.clone(), evidence));
        }
    }
    // Where types are asked for, it may be of one of them, or of another.
    for (id, _, evidence) in nameless.iter().filter(|(_, class, _)| class.asked.is_empty()) {
        let [below, above] = neighbours(facts, *id);
        let all: BTreeSet<&String> = below.iter().chain(&above).collect();
        let both: Vec<&String> = below.intersection(&above).collect();
        if all.len() > 1 {
            facts.hinted = [true, true];
        }
        let only = all.first().filter(|_| all.len() == 1);
        let Some(ty) = both.first().or(only).map(|ty| (*ty).clone()) else { continue };
        // What is in entities of two types, which are in it, is one of them: nobody knows which.
        if both.len() > 1 {
            facts.classes.guesses(*id, None, evidence);
        }
        facts.classes.is_entity(*id, Some(&ty), &Evidence { what: GUESS, ..evidence.clone() });
        return true;
    }
    let Some((id, class, evidence)) = nameless.into_iter().next() else { return false };
    let guessed = || type_name(class.hint.as_deref().unwrap_or("entity"));
    let name = class.asked.first().map_or_else(guessed, |(name, _)| name.clone());
    let evidence = Evidence { what: GUESS, ..evidence };
    facts.classes.is_entity(id, Some(&name), &evidence);
    // That it is asked for does not say that it is so.
    let clashes = class.asked.into_iter().map(|(_, second)| Clash { class: id, first: None, second, guess: true });
    facts.classes.clashes.extend(clashes);
    facts.types.entry(name).or_insert(evidence);
    true
}

/// The types of what is said to be in an entity, and of what it is said to be in.
fn neighbours(facts: &Facts, id: Id) -> [BTreeSet<String>; 2] {
    let types = |of: Id| {
        let class = facts.classes.get(of);
        class.into_iter().flat_map(|class| class.types.keys()).filter(|ty| !is_action(ty)).cloned()
    };
    let is = |other: Id| facts.classes.find(other) == id;
    let mut found = [BTreeSet::new(), BTreeSet::new()];
    for (below, above, _) in &facts.within {
        if is(*above) {
            found[0].extend(types(*below));
        }
        if is(*below) {
            found[1].extend(types(*above));
        }
    }
    found
}

/// A name for a type, from that of an attribute.
fn type_name(attribute: &str) -> String {
    let mut name = String::new();
    let mut upper = true;
    for c in attribute.chars() {
        if !c.is_ascii_alphanumeric() {
            upper = true;
        } else if name.is_empty() && c.is_ascii_digit() {
            name.push('T');
            name.push(c);
        } else {
            name.push(if upper { c.to_ascii_uppercase() } else { c });
            upper = false;
        }
    }
    match name.as_str() {
        "" => "Entity".to_owned(),
        "Bool" | "Boolean" | "Long" | "String" | "Set" | "Record" | "Entity" | "Extension" | "Action" => {
            format!("{name}Entity")
        }
        _ => name,
    }
}
