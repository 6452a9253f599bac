//! How far permits reach, in words.

use super::counted::counted;
use crate::outcome::{Breadth, Broader, Since};

/// How many request environments it reaches.
pub(super) fn reach(breadth: &Breadth) -> String {
    let Breadth { environments, unconditional, of, .. } = breadth;
    let all = counted(*of, "request environment", "request environments");
    match (*unconditional, *environments) {
        (0, some) => format!("some requests in {some} of {all}"),
        (every, some) if every == some => format!("every request in {every} of {all}"),
        (every, some) => format!("some requests in {some} of {all}, every one in {every}"),
    }
}

/// What its scope leaves open.
pub(super) fn open(breadth: &Breadth) -> String {
    match breadth.open.as_slice() {
        [] => "the scope names principal, action and resource".to_owned(),
        [one] => format!("the scope leaves {one} open"),
        [first @ .., last] => format!("the scope leaves {} and {last} open", first.join(", ")),
    }
}

/// What its clauses ask for, each with a word about those that bind nothing.
pub(super) fn asks(breadth: &Breadth) -> Vec<String> {
    let word = |binds: Option<bool>| match binds {
        Some(true) => "",
        Some(false) => " (keeps nothing out)",
        None => " (not known whether it keeps anything out)",
    };
    breadth.asks.iter().map(|asked| format!("`{}`{}", asked.text, word(asked.binds))).collect()
}

/// What it was in the revision compared with; nothing where it is as it was.
pub(super) fn since(breadth: &Breadth) -> Option<String> {
    let Since { before, broader } = breadth.since.as_ref()?;
    let was = before.map(|before| {
        let every =
            if before.unconditional > 0 { format!(", every one in {}", before.unconditional) } else { String::new() };
        format!("it was number {} and matched requests in {}{every}", before.rank, before.environments)
    });
    let more = match broader {
        Broader::New => return Some("it is new".to_owned()),
        Broader::Yes(places) => {
            let places = counted(*places, "request environment", "request environments");
            format!("it matches requests in {places} that it did not match")
        }
        Broader::Unknown(why) => format!("whether it matches requests that it did not is not known: {why}"),
        Broader::No => {
            let same = before.is_some_and(|before| {
                (before.rank, before.environments, before.unconditional)
                    == (breadth.rank, breadth.environments, breadth.unconditional)
            });
            return if same { None } else { was };
        }
    };
    Some(was.map_or(more.clone(), |was| format!("{more}; {was}")))
}
