//! Rules of the repository's own that ask for less than they did, or are gone.

use crate::config::{Config, CustomRule, Name};
use crate::outcome::changes::Weakened;
use crate::text::inline;

/// Those of `old` that `new` does not have, or has so that they do not plainly ask for as much.
pub(super) fn custom_rules(old: &Config, new: &Config) -> Vec<Weakened> {
    let said = |before: &CustomRule| {
        let id = before.rule.id;
        match new.custom.iter().find(|after| after.rule.id == id) {
            None => {
                let what = format!("the rule `{}` of this repository is gone", inline(id));
                Some(Weakened::new("rule_removed", what, before.location.clone()))
            }
            Some(after) => less(before, after).map(|less| {
                let what = format!("the rule `{}` of this repository {less}", inline(id));
                Weakened::new("rule_loosened", what, after.location.clone())
            }),
        }
    };
    old.custom.iter().filter_map(said).collect()
}

/// What is less in `after`; nothing where it plainly asks of all that `before` is about what that asks.
fn less(before: &CustomRule, after: &CustomRule) -> Option<String> {
    let levels = (before.rule.level, after.rule.level);
    if let (Some(old), Some(new)) = levels
        && new > old
    {
        return Some(format!("went from {} to {}", old.as_str(), new.as_str()));
    }
    let covers = |old: &[Name], new: &[Name]| {
        new.is_empty() || (!old.is_empty() && old.iter().all(|name| new.iter().any(|other| other.text == name.text)))
    };
    let about = [
        (&before.actions, &after.actions),
        (&before.principals, &after.principals),
        (&before.resources, &after.resources),
        (&before.stores, &after.stores),
    ];
    let effect = after.effect.is_none() || after.effect == before.effect;
    if !effect || !about.into_iter().all(|(old, new)| covers(old, new)) {
        return Some("is not about all policies that it was about".to_owned());
    }
    let holds = |old: &[Name], new: &[Name]| old.iter().all(|name| new.iter().any(|other| other.text == name.text));
    let form = |old: &crate::config::AnnotationForm| {
        after.annotations.iter().any(|new| new.key == old.key && (new.form == old.form || old.form == "*"))
    };
    let same = |old: &Option<Name>, new: &Option<Name>| {
        old.as_ref().is_none_or(|old| new.as_ref().is_some_and(|new| new.text.trim() == old.text.trim()))
    };
    let as_much = before.annotations.iter().all(form)
        && holds(&before.mentions, &after.mentions)
        && holds(&before.never_mentions, &after.never_mentions)
        && same(&before.implies, &after.implies)
        && same(&before.excludes, &after.excludes);
    (!as_much).then(|| "asks for something else than it did".to_owned())
}
