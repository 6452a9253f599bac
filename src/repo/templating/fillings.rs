//! Which fillings may decide otherwise than all others: those that make what is filled in equal to what policies name.

use std::collections::{BTreeMap, BTreeSet};

use super::constants::{Constant, Kind, Piece, of_store, of_text, types_of};
use super::hole::stand_ins;
use crate::repo::cedar::enumeration;
use crate::repo::model::{Repo, Store};
use crate::text::Location;
use crate::text::templating::{is_templated, placeholders};
use crate::text::tokens::uncommented;

/// Values by the names of placeholders.
pub type Filling = Vec<(String, String)>;

/// More runs than this are not made.
const MOST: usize = 48;

/// What hangs on what is filled in.
#[derive(Debug, Clone, Default)]
pub struct Fillings {
    /// Those that have to be looked at.
    pub all: Vec<Filling>,
    /// How a placeholder is written of which it is not worked out what else it may be equal to, if there is one.
    pub open: Option<String>,
    /// Where the policies stand in which something is filled in and not known.
    pub policies: Vec<Location>,
    /// How each is written by its name.
    pub written: BTreeMap<String, String>,
    /// What may stand for those that are ids of an enumerated type, which have to be one of these.
    pub members: BTreeMap<String, Vec<String>>,
}

/// What hangs on what is filled in in `repos`, the sides of one run, whose guardrails say `more`.
#[must_use]
pub fn fillings(repos: &[&Repo], more: &[&str]) -> Fillings {
    let mut found = Fillings::default();
    let mut options: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let all = || repos.iter().flat_map(|repo| repo.stores.iter().map(move |store| (store, *repo)));
    // A store may have another name on the other side.
    let groups: Vec<Vec<(&Store, &Repo)>> = match repos {
        [_] => all().map(|one| vec![one]).collect(),
        _ => vec![all().collect()],
    };
    for stores in groups {
        // Each is asked: what is filled in is kept of all.
        if stores.iter().filter(|(store, _)| note(store, &mut found)).count() == 0 {
            continue;
        }
        let mut constants = BTreeSet::new();
        for (store, repo) in &stores {
            of_store(store, &mut constants);
            repo.guardrails.texts.iter().for_each(|(_, text)| of_text(text, &mut constants));
        }
        more.iter().for_each(|text| of_text(text, &mut constants));
        let constants: Vec<Constant> = constants.into_iter().collect();
        for (store, _) in &stores {
            members(store, &constants, &mut found.members);
        }
        for one in constants.iter().filter(|one| one.is_unknown()) {
            for other in constants.iter().filter(|other| *other != one && other.kind == one.kind) {
                match rival(one, other) {
                    Rival::Never => {}
                    Rival::If(name, value) => {
                        options.entry(name).or_default().insert(value);
                    }
                    Rival::Open => found.open = found.open.take().or_else(|| written(one)),
                }
            }
        }
        if let Some(written) = types(&stores.iter().map(|(store, _)| *store).collect::<Vec<_>>()) {
            found.open.get_or_insert(written);
        }
    }
    match combined(&options) {
        Some(all) => found.all = all,
        None => {
            let first = options.keys().next().and_then(|name| found.written.get(name)).cloned();
            found.open = found.open.take().or(first);
        }
    }
    found
}

/// Adds what the schema of `store` lets stand for each of `constants` that is the id of an enumerated type.
fn members(store: &Store, constants: &[Constant], found: &mut BTreeMap<String, Vec<String>>) {
    let Some(schema) = store.schema.ready() else { return };
    for one in constants.iter().filter(|one| !one.foreign) {
        let Kind::Entity(ty) = &one.kind else { continue };
        let ([Piece::Unknown(name, _)], Ok(ty)) = (one.pieces.as_slice(), ty.parse()) else { continue };
        let Some(ids) = enumeration(&schema.cedar, &ty) else { continue };
        let ids = ids.iter().map(|uid| AsRef::<str>::as_ref(uid.id()).escape_debug().to_string());
        match found.get_mut(name) {
            Some(known) => {
                let ids: Vec<String> = ids.collect();
                known.retain(|id| ids.contains(id));
            }
            None => drop(found.insert(name.clone(), ids.collect())),
        }
    }
}

impl Fillings {
    /// What is shown for those that are ids of an enumerated type: the first of what may stand for each.
    #[must_use]
    pub fn taken(&self) -> Filling {
        let first = |(name, ids): (&String, &Vec<String>)| Some((name.clone(), ids.first()?.clone()));
        self.members.iter().filter_map(first).collect()
    }

    /// The same as `others`, found with [`Self::taken`], for all that may stand for these ids.
    #[must_use]
    pub fn with_members(self, others: Self) -> Self {
        let mut choices: Vec<Filling> = vec![Vec::new()];
        let mut open = others.open;
        for (name, ids) in &self.members {
            let more: Vec<Filling> = choices
                .iter()
                .flat_map(|choice| {
                    ids.iter().map(move |id| [choice.as_slice(), &[(name.clone(), id.clone())]].concat())
                })
                .take(MOST + 1)
                .collect();
            choices = more;
        }
        let mut all: Vec<Filling> = Vec::new();
        for choice in &choices {
            // The first is what the run was made with.
            all.extend((choice != &self.taken()).then(|| choice.clone()));
            all.extend(others.all.iter().map(|other| [choice.as_slice(), other].concat()));
        }
        if all.len() > MOST {
            all.clear();
            let first = self.members.keys().next().and_then(|name| self.written.get(name)).cloned();
            open = open.or(first);
        }
        Self { all, open, ..self }
    }
}

/// Keeps which policies of `store` hang on what is filled in; whether any does.
fn note(store: &Store, found: &mut Fillings) -> bool {
    let mut any = false;
    for policy in &store.policies {
        // Nearly all have nothing like it.
        if !["$", "{{", "<%", "__"].iter().any(|mark| policy.location.text().contains(mark)) {
            continue;
        }
        let text = uncommented(policy.location.text());
        if !is_templated(&text) && stand_ins(&text).next().is_none() {
            continue;
        }
        any = true;
        found.policies.push(policy.location.clone());
        // What stands for a name is written otherwise in its file.
        let shown = policy.location.shown();
        let own = !policy.location.file.is_embedded();
        let as_written = if own { uncommented(shown.text()) } else { text };
        for one in placeholders(&as_written) {
            found.written.entry(one.name.to_owned()).or_insert_with(|| one.written.to_owned());
        }
    }
    for link in &store.links {
        let values = store.set.policy(&link.key).and_then(|policy| policy.template_links());
        let unknown = values
            .into_iter()
            .flat_map(|values| values.into_values())
            .any(|value| is_templated(AsRef::<str>::as_ref(value.id())));
        if unknown {
            any = true;
            found.policies.push(link.location.clone());
        }
    }
    any
}

fn written(one: &Constant) -> Option<String> {
    one.pieces.iter().find_map(|piece| match piece {
        Piece::Unknown(_, written) => Some(written.clone()),
        Piece::Plain(_) | Piece::Star => None,
    })
}

/// When two constants are equal.
#[derive(Debug, PartialEq, Eq)]
enum Rival {
    /// For no filling.
    Never,
    /// If this is filled in so, as Cedar writes it.
    If(String, String),
    /// It is not worked out.
    Open,
}

/// When `one`, in which something is filled in, is equal to `other`; where both are, what is asked the other way round
/// as well is left to that.
fn rival(one: &Constant, other: &Constant) -> Rival {
    // What is written alike is alike for every filling.
    if one.pieces == other.pieces || !may_be_equal(one, other) {
        return Rival::Never;
    }
    if one.is_pattern() || other.is_pattern() || one.foreign {
        return Rival::Open;
    }
    let unknown = |of: &Constant| -> Vec<(String, String)> {
        let each = of.pieces.iter().filter_map(|piece| match piece {
            Piece::Unknown(name, written) => Some((name.clone(), written.clone())),
            Piece::Plain(_) | Piece::Star => None,
        });
        each.collect()
    };
    let (mine, theirs) = (unknown(one), unknown(other));
    let [(name, _)] = mine.as_slice() else { return Rival::Open };
    let ((start, end), (other_start, other_end)) = (ends(one), ends(other));
    match theirs.as_slice() {
        [] => {
            let text = other.text();
            let middle = text.get(start.len()..text.len().saturating_sub(end.len()));
            middle.map_or(Rival::Never, |value| Rival::If(name.clone(), value.escape_debug().to_string()))
        }
        // With nothing beside it, it may be all of the other; the other cannot be more than itself.
        _ if theirs.iter().any(|(known, _)| known == name) && theirs.len() == 1 && one.pieces.len() == 1 => {
            Rival::Never
        }
        _ if theirs.iter().any(|(known, _)| known == name) => Rival::Open,
        _ if one.pieces.len() == 1 => Rival::If(name.clone(), other.text().escape_debug().to_string()),
        _ if other.pieces.len() == 1 => Rival::Never,
        [(_, written)] if (start, end) == (other_start, other_end) => Rival::If(name.clone(), written.clone()),
        _ => Rival::Open,
    }
}

/// What is known of how a constant begins and ends.
fn ends(of: &Constant) -> (&str, &str) {
    let start = match of.pieces.first() {
        Some(Piece::Plain(text)) => text.as_str(),
        _ => "",
    };
    let end = match of.pieces.last() {
        Some(Piece::Plain(text)) => text.as_str(),
        _ => "",
    };
    (start, end)
}

/// Whether how the two begin and end lets them be equal.
fn may_be_equal(one: &Constant, other: &Constant) -> bool {
    let ((start, end), (other_start, other_end)) = (ends(one), ends(other));
    let begins = start.starts_with(other_start) || other_start.starts_with(start);
    let closes = end.ends_with(other_end) || other_end.ends_with(end);
    let whole = |of: &Constant| matches!(of.pieces.as_slice(), [] | [Piece::Plain(_)]).then(|| of.text());
    // Of one that is known as a whole every piece of the other has to be there, one after the other.
    let holds = |text: String, of: &Constant| {
        let mut rest = text.as_str();
        text.starts_with(ends(of).0)
            && text.ends_with(ends(of).1)
            && of.pieces.iter().all(|piece| match piece {
                Piece::Plain(part) => match rest.find(part.as_str()) {
                    Some(at) => {
                        rest = rest.get(at + part.len()..).unwrap_or_default();
                        true
                    }
                    None => false,
                },
                Piece::Unknown(..) | Piece::Star => true,
            })
    };
    begins
        && closes
        && whole(other).is_none_or(|text| holds(text, one))
        && whole(one).is_none_or(|text| holds(text, other))
}

/// A word that stands for a name which is filled in, where that may make of a type another that policies name.
fn types(stores: &[&Store]) -> Option<String> {
    let texts: Vec<&str> =
        stores.iter().flat_map(|store| &store.policies).map(|policy| policy.location.text()).collect();
    if !texts.iter().any(|text| stand_ins(text).next().is_some()) {
        return None;
    }
    let all: BTreeSet<Vec<&str>> = texts.iter().flat_map(|text| types_of(text)).collect();
    let is_unknown = |name: &&str| stand_ins(name).next().is_some();
    let last_unknown = |path: &[&str]| path.last().is_some_and(is_unknown);
    for one in all.iter().filter(|path| path.iter().any(is_unknown)) {
        for other in all.iter().filter(|other| *other != one) {
            if one.last() == other.last() || last_unknown(one) || last_unknown(other) {
                return one.iter().find(|name| is_unknown(name)).map(|name| (*name).to_owned());
            }
        }
    }
    None
}

/// Every way to give names one of their values or none; `None` where these are too many.
fn combined(options: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<Filling>> {
    let mut all: Vec<Filling> = vec![Vec::new()];
    for (name, values) in options {
        let mut more = Vec::new();
        for filling in &all {
            for value in values {
                let mut filling = filling.clone();
                filling.push((name.clone(), value.clone()));
                more.push(filling);
            }
            if all.len() + more.len() > MOST {
                return None;
            }
        }
        all.extend(more);
    }
    all.remove(0);
    // What is filled in with another that is filled in as well is what that is.
    for filling in &mut all {
        for _ in 0..filling.len() {
            let known = filling.clone();
            for (_, value) in filling.iter_mut() {
                let found = placeholders(value).find_map(|one| {
                    let (_, with) = known.iter().find(|(name, _)| name == one.name)?;
                    Some((one.span, with.clone()))
                });
                if let Some((span, with)) = found {
                    value.replace_range(span.start..span.end, &with);
                }
            }
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::constants::of_text;
    use super::*;

    /// When the first of the two strings, in which something is filled in, is the second.
    fn asked(one: &str, other: &str) -> Rival {
        let constant = |text: &str| {
            let mut found = BTreeSet::new();
            of_text(&format!("\"{text}\""), &mut found);
            Constant { foreign: false, ..found.into_iter().next().unwrap() }
        };
        rival(&constant(one), &constant(other))
    }

    #[test]
    fn what_is_filled_in_may_be_what_begins_and_ends_as_it_does() {
        let fill = |name: &str, value: &str| Rival::If(name.to_owned(), value.to_owned());
        for (one, other, wanted) in [
            ("${a}", "x", fill("a", "x")),
            ("p-${a}-s", "p-x-s", fill("a", "x")),
            ("p-${a}-s", "p--s", fill("a", "")),
            ("p-${a}-s", "p-s", Rival::Never),
            ("${a}|x", "b|y", Rival::Never),
            ("${a}|x", "${b}|y", Rival::Never),
            ("${a}|x", "${b}|x", fill("a", "${b}")),
            ("${a}", "${b}", fill("a", "${b}")),
            ("${a}", "${b}-c", fill("a", "${b}-c")),
            ("${b}-c", "${a}", Rival::Never),
            ("${a}", "${a}-c", Rival::Never),
            ("${a}", "${a}", Rival::Never),
            ("a${a}", "${b}b", Rival::Open),
            ("${a}-${b}", "x-y", Rival::Open),
            ("${a}-${b}", "xy", Rival::Never),
        ] {
            assert_eq!(asked(one, other), wanted, "{one} {other}");
        }
    }

    #[test]
    fn all_fillings_together_are_looked_at_or_none() {
        let options = |all: &[(&str, &[&str])]| {
            let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
            combined(&all.iter().map(|(name, some)| ((*name).to_owned(), values(some))).collect())
        };
        assert_eq!(options(&[]), Some(Vec::new()));
        assert_eq!(options(&[("a", &["x", "y"]), ("b", &["z"])]).unwrap().len(), 5);
        let both = options(&[("a", &["${b}"]), ("b", &["z"])]).unwrap();
        assert!(both.contains(&vec![("a".to_owned(), "z".to_owned()), ("b".to_owned(), "z".to_owned())]), "{both:?}");
        let many: Vec<String> = (0..60).map(|at| at.to_string()).collect();
        assert_eq!(options(&[("a", &many.iter().map(String::as_str).collect::<Vec<_>>())]), None);
    }
}
