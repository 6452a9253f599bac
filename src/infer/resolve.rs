//! From classes to types: what follows from what is known, to a fixpoint.

use super::classes::{Id, Kind};
use super::evidence::Evidence;
use super::facts::Facts;

/// So many rounds at most; each makes classes one, of which there are finitely many.
const ROUNDS: usize = 1_000;

/// Draws every conclusion.
pub(super) fn settle(facts: &mut Facts) {
    for _ in 0..ROUNDS {
        let mut news = spread(facts);
        news |= compare(facts);
        if !news && !name_entities(facts) {
            break;
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

/// Whether it is a type of actions.
pub(super) fn is_action(ty: &str) -> bool {
    ty == "Action" || ty.ends_with("::Action")
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
                news |= facts.classes.same(known, *field, evidence);
            }
            if let Some(tag) = class.tags {
                let known = facts.classes.tag(holder, evidence);
                news |= facts.classes.same(known, tag, evidence);
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
                news |= facts.classes.same(left, right, &evidence);
            }
            (false, false) => {
                if let (Some(one), Some(two)) = (one.elements, two.elements) {
                    deeper.push((one, two, evidence.clone()));
                }
                let holders = [&one, &two].iter().all(|class| matches!(class.kind, Some((Kind::Holder, _))));
                let entities = one.entity.is_some() || two.entity.is_some();
                if holders && entities && (one.types.is_empty() != two.types.is_empty()) {
                    news |= facts.classes.same(left, right, &evidence);
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

/// What is compared with a variable is an entity of its type; of the first, where there are several.
fn hint(facts: &mut Facts, variable: Id, other: Id, evidence: &Evidence) -> bool {
    let Some(class) = facts.classes.get(other) else { return false };
    // What has attributes is an entity too, if it is compared with one.
    let other_kind = class.kind.as_ref().is_some_and(|(kind, _)| *kind != Kind::Holder);
    if other_kind || !class.types.is_empty() {
        return false;
    }
    let types = facts.classes.get(variable).map(|class| class.types.keys().cloned().collect::<Vec<_>>());
    let types = types.unwrap_or_default();
    let named = types.iter().find(|ty| !ty.starts_with("AnyOther")).or(types.first());
    let Some(ty) = named.cloned() else { return false };
    facts.classes.is_entity(other, Some(&ty), evidence);
    true
}

/// An entity of which no type is known gets one of its own, called as what holds it; whether there was one.
fn name_entities(facts: &mut Facts) -> bool {
    for id in facts.classes.roots() {
        let Some(class) = facts.classes.get(id).cloned() else { continue };
        let Some(evidence) = class.entity.filter(|_| class.types.is_empty() && !class.variable) else { continue };
        // The attributes of a type are not a value of their own.
        if facts.holders.values().any(|holder| facts.classes.find(*holder) == id) {
            continue;
        }
        let name = type_name(class.hint.as_deref().unwrap_or("entity"));
        facts.classes.is_entity(id, Some(&name), &evidence);
        facts.types.entry(name).or_insert(Evidence { what: "guessed from its use", ..evidence });
        return true;
    }
    false
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
