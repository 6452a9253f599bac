//! What gates say, and what can be done about it.

use std::collections::HashMap;

use super::places::label;
use super::untrusted_text::Phrase;
use crate::outcome::changes::{Accepted, CauseGroup, Comparison, Ruling, Weakened};
use crate::text::inline;

/// `refused by the gate at polcheck.toml:3:1`, `accepted by OWNER until DATE`; how much of the group, where it is not
/// all.
pub(super) fn rulings(group: &CauseGroup, accepted: &HashMap<&str, &Accepted>) -> Vec<Phrase> {
    let all = group.effects.len();
    let part = |count: usize, phrase: Phrase| {
        if count == all { phrase } else { phrase.say(&format!(" in {count} of {all} kinds of request")) }
    };
    let count = |ruling: Ruling| group.effects.iter().filter(|effect| effect.ruling == ruling).count();
    let mut out = Vec::new();
    if count(Ruling::Refused) > 0 {
        let phrase = match (&group.guardrail, &group.gate) {
            (Some(id), Some(place)) => {
                let phrase = Phrase::of("blocked by the guardrail ").name(id).say(" at ").word(&label(place));
                phrase.say(", which no acceptance lifts")
            }
            (_, Some(gate)) => Phrase::of("refused by the gate at ").word(&label(gate)),
            (_, None) => Phrase::of("refused by the gate"),
        };
        out.push(part(count(Ruling::Refused), phrase));
    }
    if count(Ruling::Accepted) > 0 {
        let phrase = match accepted.get(group.fingerprint.as_str()) {
            Some(by) => {
                let phrase = Phrase::of("accepted by ").word(&by.owner).say(" until ").word(&by.until);
                if by.added { phrase.say(", an acceptance that this change adds") } else { phrase }
            }
            None => Phrase::of("accepted"),
        };
        out.push(part(count(Ruling::Accepted), phrase));
    }
    out
}

/// What a gate says of what became weaker, if it says anything.
pub(in crate::report) fn ruling_of(weakened: &Weakened) -> Option<String> {
    match weakened.ruling {
        Ruling::Free => None,
        Ruling::Refused => Some(match &weakened.gate {
            Some(gate) => format!("refused by the gate at {}", label(gate)),
            None => "refused without a gate, because changes are judged by it".to_owned(),
        }),
        Ruling::Accepted => Some("accepted".to_owned()),
    }
}

/// What became weaker, to be shown: an acceptance that stands beside the change that it accepts is said there.
pub(in crate::report) fn weakened(comparison: &Comparison) -> impl Iterator<Item = &Weakened> {
    let beside = |one: &Weakened| {
        let accepts = one.accepts.as_deref();
        accepts
            .is_some_and(|accepts| comparison.accepted.iter().any(|known| known.used && known.fingerprint == accepts))
    };
    comparison.weakened.iter().filter(move |one| !beside(one))
}

/// The command that accepts what is refused; `None` where nothing is, or there is no revision to compare with.
pub(in crate::report) fn how_to_accept(comparison: &Comparison) -> Option<String> {
    let base = comparison.old.commit.as_ref().map(|_| inline(&comparison.old.label))?;
    let refused = |group: &CauseGroup| group.effects.iter().any(|effect| effect.ruling == Ruling::Refused);
    let liftable = comparison.groups().any(|(_, group)| refused(group) && group.guardrail.is_none())
        || comparison.weakened.iter().any(|one| one.ruling == Ruling::Refused);
    liftable.then(|| {
        format!("who answers for what is refused accepts it with: polcheck diff {base} --accept OWNER --until DAY")
    })
}
