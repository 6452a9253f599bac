//! What policies are called in reports: by their ids where no other policy that is spoken of has the same.

use std::collections::HashMap;

use super::untrusted_text::Phrase;
use crate::outcome::changes::{Comparison, StoreChanges, UnfitKind};
use crate::text::Location;

/// The short names of the policies that a comparison speaks of.
pub(super) struct Policies<'a> {
    /// By short name the one full name that has it; `None` where several have.
    known: HashMap<&'a str, Option<&'a str>>,
    /// The only file that policies stand in, if there is one.
    file: Option<&'a str>,
}

/// What stands behind the path of a full name.
fn short(full: &str) -> Option<&str> {
    let (path, id) = full.rsplit_once('#')?;
    // The number of a policy says nothing without its file.
    let numbered = id.strip_prefix("policy").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    (!path.is_empty() && !id.is_empty() && !numbered).then_some(id)
}

impl<'a> Policies<'a> {
    pub(super) fn of(comparison: &'a Comparison) -> Self {
        let mut known: HashMap<&'a str, Option<&'a str>> = HashMap::new();
        let mut add = |full: &'a str| {
            if let Some(short) = short(full) {
                known.entry(short).and_modify(|of| *of = of.filter(|of| *of == full)).or_insert(Some(full));
            }
        };
        for store in &comparison.stores {
            names(store).for_each(&mut add);
        }
        let mut files = comparison.stores.iter().flat_map(locations).map(Location::path);
        let file = files.next().filter(|first| files.all(|other| other == *first));
        Self { known, file }
    }

    /// The shortest name that no other policy has.
    pub(super) fn name<'b>(&self, full: &'b str) -> &'b str {
        short(full).filter(|short| self.known.get(short).is_some_and(Option::is_some)).unwrap_or(full)
    }

    /// The name, and where it stands: a reader of the file `here` needs the line only, where no policy stands in
    /// another. `old` says that it is of the old side, and may stand elsewhere by now.
    pub(super) fn with_place(&self, full: &str, location: &Location, here: Option<&str>, old: bool) -> Phrase {
        let phrase = Phrase::default().name(self.name(full)).say(if old { " (old " } else { " (" });
        match here.filter(|here| self.file == Some(*here)) {
            _ if !location.has_lines() => phrase.word(location.path()),
            Some(_) => phrase.say(&format!("line {}", location.start().line)),
            None => phrase.word(&format!("{}:{}", location.path(), location.start().line)),
        }
        .say(")")
    }
}

/// Where the policies stand that `store` speaks of.
fn locations(store: &StoreChanges) -> impl Iterator<Item = &Location> {
    let causes = store.groups.iter().flat_map(|group| &group.causes).chain(&store.undecided);
    let causes = causes.flat_map(|cause| cause.old.iter().chain(&cause.new));
    let conditions = store.groups.iter().flat_map(|group| &group.effects).map(|effect| &effect.condition);
    let clauses = conditions.flat_map(|condition| {
        [&condition.where_allowed, &condition.unless_allowed, &condition.unless_refused].into_iter().flatten()
    });
    causes.chain(clauses.map(|clause| &clause.location))
}

/// Every policy that `store` speaks of.
fn names(store: &StoreChanges) -> impl Iterator<Item = &str> {
    let causes = store.groups.iter().flat_map(|group| &group.causes).chain(&store.undecided);
    let templates = causes.clone().filter_map(|cause| cause.template.as_ref()).map(|template| template.name.as_str());
    let conditions = store.groups.iter().flat_map(|group| &group.effects).map(|effect| &effect.condition);
    let clauses = conditions.flat_map(|condition| {
        [&condition.where_allowed, &condition.unless_allowed, &condition.unless_refused].into_iter().flatten()
    });
    let unfit = store.unfit.iter().filter(|one| one.kind == UnfitKind::Policy).map(|one| one.name.as_str());
    let aside = store.set_aside.iter().map(|aside| aside.policy.as_str());
    causes
        .map(|cause| cause.policy.as_str())
        .chain(templates)
        .chain(clauses.map(|clause| clause.policy.as_str()))
        .chain(unfit)
        .chain(store.ill_typed.iter().map(|aside| aside.policy.as_str()))
        .chain(store.without_effect.iter().map(|idle| idle.cause.policy.as_str()))
        .chain(aside)
}
