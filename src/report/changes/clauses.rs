//! For whom an effect holds, in clauses: said once for all effects that share them, what all share before the rest.

use std::collections::HashMap;
use std::sync::Arc;

use super::line::{Case, Item, Joint, Line};
use super::policies::Policies;
use super::subjects::{Names, which};
use super::untrusted_text::Phrase;
use crate::finding::Environment;
use crate::outcome::changes::{Cause, CauseGroup, Clause, Condition, Direction, Effect, Left, LeftOver, StoreChanges};
use crate::text::Location;

/// More policies of a clause than this are named without their conditions.
const SPELLED_OUT: usize = 6;

/// Before what has to hold.
const WHEN: &str = "when";
const AND_WHEN: &str = "and when";

/// Of more policies than this in a clause the first are named, on one line.
const NAMED: usize = 16;

/// The clauses of `group`: first what all of its effects share, then the rest of each.
pub(super) fn of_group(
    names: &Names<'_>,
    policies: &Policies<'_>,
    store: &StoreChanges,
    group: &CauseGroup,
) -> Vec<Case> {
    let place = group.causes.iter().find_map(|cause| cause.new.as_ref().or(cause.old.as_ref()));
    let here = place.map(Location::path);
    let mut folded: Vec<(&Condition, Vec<&Environment>)> = Vec::new();
    let mut at: HashMap<*const Condition, usize> = HashMap::new();
    for effect in &group.effects {
        let condition = effect.condition.as_ref();
        // Most share one; those that only read alike are compared.
        let alike = || folded.iter().position(|(known, _)| *known == condition).unwrap_or(folded.len());
        let known = *at.entry(Arc::as_ptr(&effect.condition)).or_insert_with(alike);
        if known == folded.len() {
            folded.push((condition, Vec::new()));
        }
        if let (Some((_, all)), Some(change)) = (folded.get_mut(known), store.environments.get(effect.environment)) {
            all.push(&change.environment);
        }
    }
    let said: Vec<Vec<Line>> = folded.iter().map(|(condition, _)| lines(condition, group, here, policies)).collect();
    let mut cases = Vec::new();
    let [first, rest @ ..] = said.as_slice() else { return cases };
    if rest.is_empty() {
        cases.push(Case { of: None, lines: first.clone() });
    } else {
        let shared = shared(first, rest);
        let all: Vec<&Environment> = folded.iter().flat_map(|(_, all)| all.iter().copied()).collect();
        cases.push(Case { of: None, lines: shared.clone() });
        for ((_, environments), lines) in folded.iter().zip(&said) {
            let left = continued(without(lines, &shared), &shared);
            let left = if left.is_empty() { vec![Line::word("no further condition")] } else { left };
            cases.push(Case { of: Some(which(names, environments, &all)), lines: left });
        }
    }
    // Where all of it is by errors alone the sentence says so.
    let by_error: Vec<&Environment> = environments(store, group, |effect| effect.by_error);
    if !by_error.is_empty() && !group.by_error() {
        let of = which(names, &by_error, &environments(store, group, |_| true));
        let lines = vec![Line::word("only where a policy cannot be evaluated (a number overflows, for instance)")];
        cases.push(Case { of: Some(of), lines });
    }
    let migrated = group.migrated();
    if !migrated.is_empty() {
        let names = migrated.iter().map(|name| Phrase::default().name(name)).collect();
        let depending = Phrase::of("depending on how ").then(Phrase::listed(names, "and")).say(" is carried over");
        let lead = match harmless(group, &migrated) {
            Some([old, new]) => {
                let same = depending.say(": nothing changes if ").name(new).say(" is true exactly where ").name(old);
                same.say(" was")
            }
            None => depending,
        };
        let line = Line::of(lead, Vec::new(), Joint::And);
        cases.push(Case { of: None, lines: vec![line] });
    }
    cases.retain(|case| !case.lines.is_empty());
    cases
}

/// What was replaced by what in the only edit, where that reads the attributes that are carried over: if both come to
/// the same nothing changes.
fn harmless<'a>(group: &'a CauseGroup, migrated: &[&str]) -> Option<[&'a str; 2]> {
    let [cause] = group.causes.as_slice() else { return None };
    let [edit] = cause.edits.as_slice() else { return None };
    let (old, new) = (edit.old.as_deref()?, edit.new.as_deref()?);
    migrated.iter().all(|name| old.contains(name) && new.contains(name)).then_some([old, new])
}

/// The kinds of request of the group's effects of which `wanted` is true.
fn environments<'a>(
    store: &'a StoreChanges,
    group: &CauseGroup,
    wanted: impl Fn(&Effect) -> bool,
) -> Vec<&'a Environment> {
    let effects = group.effects.iter().filter(|effect| wanted(effect));
    effects.filter_map(|effect| store.environments.get(effect.environment)).map(|one| &one.environment).collect()
}

/// The lines below shared ones: what has to hold has to hold besides.
fn continued(lines: Vec<Line>, shared: &[Line]) -> Vec<Line> {
    let when = Phrase::of(WHEN);
    if shared.iter().all(|line| line.lead != when) {
        return lines;
    }
    let one = |line: Line| if line.lead == when { Line { lead: Phrase::of(AND_WHEN), ..line } } else { line };
    lines.into_iter().map(one).collect()
}

/// What the first list says and all others say as well.
fn shared(first: &[Line], others: &[Vec<Line>]) -> Vec<Line> {
    let mut out = Vec::new();
    for line in first {
        let of = |lines: &Vec<Line>| {
            lines.iter().find(|other| other.lead == line.lead && other.joint == line.joint).cloned()
        };
        let others: Option<Vec<Line>> = others.iter().map(of).collect();
        let Some(others) = others else { continue };
        // Alternatives are shared as a whole or not at all, unless each of them is an exception of its own.
        let whole = line.joint == Joint::Or;
        if whole && others.iter().any(|other| other.items != line.items) {
            continue;
        }
        let items: Vec<Item> =
            line.items.iter().filter(|item| others.iter().all(|other| other.items.contains(item))).cloned().collect();
        if !items.is_empty() {
            out.push(Line { items, ..line.clone() });
        }
    }
    out
}

fn without(lines: &[Line], shared: &[Line]) -> Vec<Line> {
    let left = |line: &Line| {
        let said = shared.iter().find(|other| other.lead == line.lead && other.joint == line.joint);
        let items = line.items.iter().filter(|item| said.is_none_or(|said| !said.items.contains(item)));
        let items: Vec<Item> = items.cloned().collect();
        (line.items.is_empty() || !items.is_empty()).then(|| Line { items, ..line.clone() })
    };
    lines.iter().filter_map(left).collect()
}

/// The lines of one condition.
fn lines(condition: &Condition, group: &CauseGroup, here: Option<&str>, policies: &Policies<'_>) -> Vec<Line> {
    let direction = group.direction;
    let mut out = Vec::new();
    let alone = condition.where_allowed.is_empty()
        && condition.unless_allowed.is_empty()
        && condition.unless_refused.is_empty();
    let lead = Phrase::of(if condition.exact { WHEN } else { "at most when" });
    let said = lead.clone();
    let clauses = condition.unless_allowed.len() + condition.unless_refused.len() + condition.where_allowed.len();
    if condition.everything && direction == Direction::Lost {
        out.push(Line::word("nobody can do this any more"));
        if clauses > SPELLED_OUT {
            return out;
        }
    }
    match (condition.when.as_str(), condition.exact) {
        ("true", true) if alone => out.push(Line::word("for every such request")),
        ("true", true) => {}
        ("true", false) => out.push(Line::word("in which cases is not known")),
        (text, _) => {
            let items = conjuncts(text).into_iter().map(conjunct).collect();
            out.push(Line::of(lead, items, Joint::And));
        }
    }
    // Gained is what the new side allows; what it is allowed by on the other side is of the old one.
    let gained = direction == Direction::Gained;
    let mut add = |lead: &str, all: &[Clause], joint: Joint, old: bool| {
        if !all.is_empty() {
            out.push(Line::of(Phrase::of(lead), by(all, &group.causes, here, old, policies), joint));
        }
    };
    let (allowed, refused) = match direction {
        Direction::Gained => ("unless already permitted by", "unless refused by"),
        Direction::Lost => ("unless still permitted by", "unless already refused by"),
    };
    add("where allowed by", &condition.where_allowed, Joint::Or, !gained);
    // What holds without an exception that is a negation is said in its place.
    let exceptions = [(allowed, &condition.unless_allowed, gained), (refused, &condition.unless_refused, !gained)];
    let mut besides: Vec<Item> = Vec::new();
    for (lead, all, old) in exceptions {
        let positive = |clause: &&Clause| clause.opposite.is_some() && all.len() <= NAMED;
        let (turned, others): (Vec<&Clause>, Vec<&Clause>) = all.iter().partition(positive);
        let others: Vec<Clause> = others.into_iter().cloned().collect();
        add(lead, &others, Joint::Nor, old);
        let otherwise = lead.replace("unless", "otherwise");
        besides.extend(turned.into_iter().map(|clause| {
            let holds = Phrase::default().name(clause.opposite.as_deref().unwrap_or_default());
            let policy = policy(clause, &group.causes, here, old, policies);
            Item::of(holds.say(&format!(" ({otherwise} ")).then(policy).say(")"))
        }));
    }
    if !besides.is_empty() {
        let first = out.iter().position(|line| line.joint == Joint::Nor).unwrap_or(out.len());
        let lead = if out.iter().any(|line| line.lead == said) { AND_WHEN } else { WHEN };
        out.insert(first, Line::of(Phrase::of(lead), besides, Joint::And));
    }
    out.extend(condition.left.as_ref().map(|left| Line::of(what_is_left(left), Vec::new(), Joint::And)));
    out
}

/// What exceptions leave of a value in any of the group's effects, each once.
pub(super) fn left(group: &CauseGroup) -> Vec<Phrase> {
    let mut all: Vec<&Left> = Vec::new();
    for left in group.effects.iter().filter_map(|effect| effect.condition.left.as_ref()) {
        if !all.contains(&left) {
            all.push(left);
        }
    }
    all.into_iter().map(what_is_left).collect()
}

/// `so only where .. is ..`, where the exceptions leave little of a value.
fn what_is_left(left: &Left) -> Phrase {
    let of = Phrase::of("so only where ").name(&left.of).say(" is ");
    let literals = match &left.what {
        LeftOver::Range(Some(first), Some(last)) if first == last => return of.say(&first.to_string()),
        LeftOver::Range(Some(first), Some(last)) => return of.say(&format!("from {first} to {last}")),
        LeftOver::Range(Some(first), None) => return of.say(&format!("at least {first}")),
        LeftOver::Range(None, last) => return of.say(&format!("at most {}", last.unwrap_or(i64::MAX))),
        LeftOver::Literals(all) if all.is_empty() => return of.say("a value that none of these policies names"),
        LeftOver::Literals(all) => all,
    };
    let all = literals.iter().map(|literal| Phrase::default().name(literal)).collect();
    of.then(Phrase::listed(all, "or"))
}

fn conjunct(text: &str) -> Item {
    Item::of(Phrase::default().name(text))
}

/// Each policy with its place, of which a reader of the file `here` needs the line only, and its condition; of many
/// only the first with their conditions.
fn by(all: &[Clause], causes: &[Cause], here: Option<&str>, old: bool, policies: &Policies<'_>) -> Vec<Item> {
    let what = |clause: &Clause| policy(clause, causes, here, old, policies);
    let one = |(at, clause): (usize, &Clause)| Item {
        what: what(clause),
        condition: Some(&*clause.condition).filter(|text| *text != "true" && at < SPELLED_OUT).map(str::to_owned),
        // What a change is about has two versions, neither of which is called by name.
        policy: causes
            .iter()
            .all(|cause| cause.policy != clause.policy)
            .then(|| Phrase::default().name(policies.name(&clause.policy))),
        above: false,
    };
    if all.len() > NAMED {
        let mut named: Vec<Phrase> = all.iter().take(SPELLED_OUT).map(what).collect();
        let more = all.len() - SPELLED_OUT;
        named.push(Phrase::of(&format!("{more} other policies (`--report json` has them all, and when each matches)")));
        return vec![Item::of(Phrase::listed(named, "or"))];
    }
    all.iter().enumerate().map(one).collect()
}

/// The policy of a clause with its place.
fn policy(clause: &Clause, causes: &[Cause], here: Option<&str>, old: bool, policies: &Policies<'_>) -> Phrase {
    let cause = causes.iter().find(|cause| cause.policy == clause.policy);
    match cause.map(|cause| cause.new.as_ref() == Some(&clause.location)) {
        Some(true) => Phrase::of("its new version"),
        Some(false) => Phrase::of("its old version"),
        None => policies.with_place(&clause.policy, &clause.location, here, old),
    }
}

/// Says of the conditions of exceptions that they are as before, where nothing else was said of their policies.
pub(super) fn say_once<'l>(lines: impl IntoIterator<Item = &'l mut Line>) {
    let mut said: Vec<Item> = Vec::new();
    for line in lines.into_iter().filter(|line| line.joint == Joint::Nor) {
        for item in line.items.iter_mut().filter(|item| item.condition.is_some() && item.policy.is_some()) {
            // Where it was said in several ways nobody knows which of them is meant.
            let mut last = said.iter().filter(|other| other.policy == item.policy).peekable();
            if last.peek().is_some() && last.all(|other| other.condition == item.condition) {
                item.above = true;
            } else {
                said.push(item.clone());
            }
        }
    }
}

/// What all of the cases begin with is taken out of them.
pub(super) fn in_common(all: &mut [&mut Vec<Case>]) -> Vec<Line> {
    let firsts: Option<Vec<Vec<Line>>> =
        all.iter().map(|cases| cases.first().filter(|case| case.of.is_none()).map(|case| case.lines.clone())).collect();
    let Some(firsts) = firsts else { return Vec::new() };
    let [first, rest @ ..] = firsts.as_slice() else { return Vec::new() };
    let shared = shared(first, rest);
    for cases in all.iter_mut() {
        if let Some(case) = cases.first_mut() {
            case.lines = without(&case.lines, &shared);
        }
        for case in cases.iter_mut() {
            case.lines = continued(std::mem::take(&mut case.lines), &shared);
        }
        cases.retain(|case| !case.lines.is_empty());
    }
    shared
}

/// The conjuncts of an expression's text.
pub(super) fn conjuncts(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    let bytes = text.as_bytes();
    for (at, letter) in text.char_indices() {
        let next = bytes.get(at + 1).copied();
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            // A looser operator around: all of it is one.
            '|' if depth == 0 && next == Some(b'|') => return vec![text],
            '&' if depth == 0 && next == Some(b'&') && at >= start => {
                parts.push(text.get(start..at).unwrap_or_default().trim());
                start = at + 2;
            }
            _ => {}
        }
    }
    if text.starts_with("if ") {
        return vec![text];
    }
    parts.push(text.get(start..).unwrap_or_default().trim());
    parts
}

#[cfg(test)]
mod tests {
    use super::conjuncts;

    #[test]
    fn an_expression_comes_apart_where_all_has_to_hold() {
        assert_eq!(conjuncts("a && b.c(d && e) && \"x && \\\" y\" == f"), ["a", "b.c(d && e)", "\"x && \\\" y\" == f"]);
        assert_eq!(conjuncts("a && b || c"), ["a && b || c"]);
        assert_eq!(conjuncts("a && (b || c)"), ["a", "(b || c)"]);
        assert_eq!(conjuncts("if a then b else c && d"), ["if a then b else c && d"]);
    }
}
