//! Permits and forbids that overlap, as a matrix: permits that the same forbids cut into are one row.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Finding;
use crate::outcome::Outcome;

/// The rule that finds them.
pub(super) const RULE: &str = "conflicting-rules";

/// The permits of one store, and the forbids that overlap with them.
pub(super) struct Matrix<'a> {
    /// The store, where there are several.
    pub(super) store: Option<&'a str>,
    /// The forbids by name, those that cut into most permits first.
    pub(super) forbids: Vec<&'a str>,
    /// Permits by name, and for each forbid whether it overlaps with them; the widest rows first.
    pub(super) rows: Vec<(Vec<&'a str>, Vec<bool>)>,
}

/// Whether they are shown as a matrix: they were asked for.
pub(super) fn are_asked_for(outcome: &Outcome) -> bool {
    outcome.demanded.contains(&RULE)
}

/// A matrix for each store, by name, if they were asked for.
pub(super) fn matrices(outcome: &Outcome) -> Vec<Matrix<'_>> {
    let mut stores: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in outcome.findings.iter().filter(|one| one.rule == RULE && are_asked_for(outcome)) {
        stores.entry(finding.store.as_deref().unwrap_or_default()).or_default().push(finding);
    }
    let several = outcome.summary.stores > 1;
    stores.into_iter().map(|(store, findings)| matrix(several.then_some(store), &findings)).collect()
}

fn matrix<'a>(store: Option<&'a str>, findings: &[&'a Finding]) -> Matrix<'a> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let of = |finding: &'a Finding| -> BTreeSet<&'a str> {
        finding.related.iter().filter_map(|related| related.policy.as_deref()).collect()
    };
    findings.iter().flat_map(|finding| of(finding)).for_each(|forbid| *counts.entry(forbid).or_default() += 1);
    let mut forbids: Vec<&str> = counts.keys().copied().collect();
    forbids.sort_by_key(|forbid| (std::cmp::Reverse(counts.get(forbid).copied()), *forbid));
    let mut alike: BTreeMap<Vec<bool>, BTreeSet<&str>> = BTreeMap::new();
    for finding in findings {
        let own = of(finding);
        let cells = forbids.iter().map(|forbid| own.contains(forbid)).collect();
        alike.entry(cells).or_default().extend(finding.policy.as_deref());
    }
    let rows = alike.into_iter().rev().map(|(cells, permits)| (permits.into_iter().collect(), cells)).collect();
    Matrix { store, forbids, rows }
}

/// What stands over the column at `index`: A to Z, then AA and so on.
pub(super) fn letter(index: usize) -> String {
    let (rest, last) = (index / 26, index % 26);
    let last = char::from(b'A' + u8::try_from(last).unwrap_or_default());
    if rest == 0 { last.to_string() } else { format!("{}{last}", letter(rest - 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_lettered() {
        let letters: Vec<String> = [0, 25, 26, 51, 52, 701, 702].into_iter().map(letter).collect();
        assert_eq!(letters, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
