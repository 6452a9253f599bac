//! What other changes have to do with some of what a change does: it takes them as well, or they do the same by
//! themselves.

use super::policies::Policies;
use super::untrusted_text::Phrase;
use crate::outcome::changes::{Cause, CauseGroup, Direction, Effect, StoreChanges};

/// What is said of it; nothing where no other change has to do with `group`.
pub(super) fn besides(policies: &Policies<'_>, store: &StoreChanges, group: &CauseGroup) -> Option<Phrase> {
    let others = Others { policies, store, group };
    let listed =
        |names: Vec<&str>| Phrase::listed(names.into_iter().map(|name| Phrase::default().name(name)).collect(), "or");
    let say = |lead: &str, names: Vec<&str>, told: &str| {
        (!names.is_empty()).then(|| Phrase::of(lead).then(listed(names)).say(told))
    };
    let forbid = "of these, what the forbid ";
    let bare = "of these, what ";
    match group.direction {
        Direction::Gained => {
            say(bare, others.joined(), " refused before needs both edits, and has an entry of its own as well")
                .or_else(|| say(forbid, others.lifted(), " refused before needs the change of that forbid as well"))
                .or_else(|| {
                    let names = others.cut();
                    let its = if names.len() == 1 { "its change" } else { "their changes" };
                    say(bare, names, &format!(" newly allows needs {its} as well"))
                })
        }
        Direction::Lost => {
            say(bare, others.joined(), " allowed before needs both edits, and has an entry of its own as well")
                .or_else(|| say(forbid, others.blocking(), " now blocks is lost either way"))
                .or_else(|| say(bare, others.cut(), " no longer allows is lost either way"))
        }
    }
}

/// The changes of the same direction beside a group.
struct Others<'o> {
    policies: &'o Policies<'o>,
    store: &'o StoreChanges,
    group: &'o CauseGroup,
}

/// Whether all that brings the group about are policies of this effect.
fn is_of(group: &CauseGroup, effect: &str) -> bool {
    !group.causes.is_empty() && group.causes.iter().all(|cause| cause.effect == effect)
}

/// Whether one of the policies allows what the forbids of `effect` cut, or no longer cut.
fn is_cut(effect: &Effect, causes: &[Cause]) -> bool {
    let named = |policy: &str| causes.iter().any(|cause| cause.policy == policy);
    effect.condition.where_allowed.iter().any(|clause| named(&clause.policy))
}

impl<'o> Others<'o> {
    /// The policies of other groups that `wanted` is true of, with the effects of either where the other has one too.
    fn names(&self, wanted: impl Fn(&'o CauseGroup, &[&'o Effect], &[&'o Effect]) -> bool) -> Vec<&'o str> {
        let mut names: Vec<&str> = Vec::new();
        let same = |other: &&CauseGroup| other.direction == self.group.direction && !std::ptr::eq(*other, self.group);
        for other in self.store.groups.iter().filter(same) {
            let both = |one: &'o CauseGroup, two: &'o CauseGroup| -> Vec<&'o Effect> {
                let there = |effect: &&Effect| two.effects.iter().any(|it| it.environment == effect.environment);
                one.effects.iter().filter(there).collect()
            };
            let (here, there) = (both(self.group, other), both(other, self.group));
            if here.is_empty() || !wanted(other, &here, &there) {
                continue;
            }
            for cause in other.causes.iter().filter(|cause| !self.group.causes.contains(cause)) {
                let name = self.policies.name(&cause.policy);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// Those that are causes besides all of the group's own.
    fn joined(&self) -> Vec<&'o str> {
        let own = &self.group.causes;
        self.names(|other, _, _| other.causes.len() > own.len() && own.iter().all(|cause| other.causes.contains(cause)))
    }

    /// Of what permits now allow: the forbids that refuse less than they did, and may have refused some of it.
    fn lifted(&self) -> Vec<&'o str> {
        self.names(|other, _, _| is_of(self.group, "permit") && is_of(other, "forbid"))
    }

    /// Of what a permit no longer allows: the forbids that block what it allowed.
    fn blocking(&self) -> Vec<&'o str> {
        self.names(|other, _, there| {
            is_of(self.group, "permit")
                && is_of(other, "forbid")
                && there.iter().any(|it| is_cut(it, &self.group.causes))
        })
    }

    /// Of what a forbid lets through, or blocks: the permits of it that allow more than they did, or less.
    fn cut(&self) -> Vec<&'o str> {
        self.names(|other, here, _| {
            is_of(self.group, "forbid") && is_of(other, "permit") && here.iter().any(|it| is_cut(it, &other.causes))
        })
    }
}
