//! Which guesses Cedar's parser confirms.

use super::scan::{self, tokens};
use super::slip::{Look, Slip};
use super::{calls, head, operators, plain, quotes, scope, tail, words};
use crate::repo::cedar::{self, CedarFault};
use crate::text::Span;

type Detector = fn(&Look<'_>, usize) -> Option<Slip>;

/// The detectors, in the order in which they are asked about a token.
const DETECTORS: [Detector; 7] =
    [quotes::detect, head::detect, scope::detect, tail::detect, words::detect, calls::detect, operators::detect];

/// More guesses than this about one policy are not looked into: each costs a parse.
const MOST: usize = 24;

/// How many bytes the parses for one policy may read; longer ones are told in Cedar's words.
const PURSE: usize = 50_000;

/// What is wrong with `statement`, one policy that Cedar refuses for `faults`, for people who do not know its grammar.
pub(in crate::repo) fn explain(statement: &str, faults: Vec<CedarFault>) -> Vec<CedarFault> {
    let most = MOST.min(PURSE / statement.len().max(1));
    if most == 0 {
        return plain::say(statement, faults);
    }
    // A string may run over lines, or end with its line because its quote is missing.
    let (told, whole) = confirmed(statement, &faults, &guesses(statement, most, true));
    if whole {
        return told;
    }
    let (others, whole) = confirmed(statement, &faults, &guesses(statement, most, false));
    match (whole, told.is_empty(), others.is_empty()) {
        (true, ..) | (_, true, false) => others,
        (_, false, _) => told,
        (_, true, true) => plain::say(statement, faults),
    }
}

/// What could be wrong, in order, no two about the same text, if strings may run `over_lines` or not.
fn guesses(statement: &str, most: usize, over_lines: bool) -> Vec<Slip> {
    let look = Look { text: statement, tokens: tokens(statement, over_lines) };
    let mut found: Vec<Slip> = Vec::new();
    // What looks around from each of very many tokens would take too long.
    if look.tokens.len() > scan::MOST {
        return found;
    }
    for at in 0..look.tokens.len() {
        for slip in DETECTORS.iter().filter_map(|detect| detect(&look, at)) {
            let apart =
                |other: &Slip| slip.edits.iter().all(|(one, _)| other.edits.iter().all(|(two, _)| !meet(*one, *two)));
            if found.len() < most && found.iter().all(apart) {
                found.push(slip);
            }
        }
    }
    found
}

/// Whether two edits are about the same text, or one place.
fn meet(one: Span, two: Span) -> bool {
    one.start == two.start || (one.start < two.end && two.start < one.end)
}

/// `statement` as it reads with `slips` gone.
fn without(statement: &str, slips: &[&Slip]) -> String {
    let mut edits: Vec<&(Span, String)> = slips.iter().flat_map(|slip| &slip.edits).collect();
    edits.sort_by_key(|(span, _)| (span.start, span.end));
    let mut text = String::with_capacity(statement.len());
    let mut at = 0;
    for (span, instead) in edits {
        text.push_str(statement.get(at..span.start).unwrap_or_default());
        text.push_str(instead);
        at = span.end.max(at);
    }
    text.push_str(statement.get(at..).unwrap_or_default());
    text
}

/// Whether Cedar reads `text`, or what it says of it.
fn refused(text: &str) -> Vec<String> {
    match cedar::parse(text) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.into_iter().map(|fault| fault.message).collect(),
    }
}

/// Those of `guesses` that Cedar needs gone, as faults, and whether nothing else is wrong.
fn confirmed(statement: &str, faults: &[CedarFault], guesses: &[Slip]) -> (Vec<CedarFault>, bool) {
    let mut kept: Vec<&Slip> = guesses.iter().collect();
    let mut all = refused(&without(statement, &kept));
    // What changes nothing for Cedar is not what is wrong. Later guesses go first: they are the more daring.
    for at in (0..kept.len()).rev() {
        let mut fewer = kept.clone();
        fewer.remove(at);
        let left = refused(&without(statement, &fewer));
        // Nor is what only harms.
        if left == all || left.is_empty() {
            (kept, all) = (fewer, left);
        }
    }
    let mut told: Vec<CedarFault> = kept.into_iter().map(fault).collect();
    if !all.is_empty() && !told.is_empty() {
        // Something else is wrong as well: only what Cedar stumbled over first is certain.
        let first = faults.iter().filter_map(|fault| fault.span).min();
        let here = |fault: &CedarFault| matches!((fault.span, first), (Some(one), Some(two)) if one.start <= two.start);
        told.retain(here);
    }
    let whole = all.is_empty() && !told.is_empty();
    (told, whole)
}

fn fault(slip: &Slip) -> CedarFault {
    CedarFault { message: slip.message.clone(), help: Some(slip.help.clone()), span: Some(slip.span) }
}
