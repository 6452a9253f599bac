//! For whom an effect holds, said once for all effects that share it.

use std::collections::HashMap;

use super::subjects::{Names, who};
use super::untrusted_text::Phrase;
use crate::finding::Environment;
use crate::outcome::changes::{CauseGroup, Condition, StoreChanges};

/// One sentence for each condition of `group`; for whom it holds is said when there are several.
pub(super) fn of_group(names: &Names<'_>, store: &StoreChanges, group: &CauseGroup) -> Vec<Phrase> {
    let mut folded: Vec<(&Condition, Vec<&Environment>)> = Vec::new();
    let mut at = HashMap::new();
    for effect in &group.effects {
        let condition = &effect.condition;
        let index = *at.entry((condition.text.as_str(), condition.exact)).or_insert(folded.len());
        if index == folded.len() {
            folded.push((condition, Vec::new()));
        }
        if let (Some((_, all)), Some(change)) = (folded.get_mut(index), store.environments.get(effect.environment)) {
            all.push(&change.environment);
        }
    }
    let several = folded.len() > 1;
    let one = |(condition, environments): (&Condition, Vec<&Environment>)| {
        let phrase = in_words(condition);
        if several { phrase.say(" (").then(who(names, &environments).0).say(")") } else { phrase }
    };
    let mut phrases: Vec<Phrase> = folded.into_iter().map(one).collect();
    let migrated = group.migrated();
    if !migrated.is_empty() {
        let names = migrated.iter().map(|name| Phrase::default().name(name)).collect();
        phrases.push(Phrase::of("depending on how ").then(Phrase::listed(names, "and")).say(" is carried over"));
    }
    phrases
}

fn in_words(condition: &Condition) -> Phrase {
    match (condition.text.as_str(), condition.exact) {
        ("true", true) => Phrase::of("for every such request"),
        ("true", false) => Phrase::of("in some cases; which ones could not be put into words"),
        (text, true) => Phrase::of("when ").name(text),
        (text, false) => Phrase::of("only when ").name(text).say(", but not in every such case"),
    }
}
