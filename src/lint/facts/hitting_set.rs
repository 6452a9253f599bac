//! Smallest hitting sets.

use std::collections::BTreeMap;

/// Sizes up to this are found exactly.
const EXACT: usize = 4;
/// So many steps are taken to be exact.
const STEPS: usize = 20_000;

/// A set that shares an element with each of `sets`, as small as can be found; `None` when one of them is empty.
pub(super) fn hitting_set(sets: &[Vec<usize>]) -> Option<Vec<usize>> {
    if sets.iter().any(Vec::is_empty) {
        return None;
    }
    let mut steps = STEPS;
    let mut chosen = Vec::new();
    for size in 0..=EXACT {
        if search(sets, size, &mut chosen, &mut steps) {
            chosen.sort_unstable();
            return Some(chosen);
        }
    }
    Some(greedy(sets))
}

fn search(sets: &[Vec<usize>], size: usize, chosen: &mut Vec<usize>, steps: &mut usize) -> bool {
    let missed = |set: &&Vec<usize>| !set.iter().any(|element| chosen.contains(element));
    let Some(next) = sets.iter().filter(missed).min_by_key(|set| set.len()) else { return true };
    if size == 0 {
        return false;
    }
    for element in next {
        let Some(left) = steps.checked_sub(1) else { return false };
        *steps = left;
        chosen.push(*element);
        if search(sets, size - 1, chosen, steps) {
            return true;
        }
        chosen.pop();
    }
    false
}

fn greedy(sets: &[Vec<usize>]) -> Vec<usize> {
    let mut left: Vec<&Vec<usize>> = sets.iter().collect();
    let mut chosen = Vec::new();
    while !left.is_empty() {
        let mut counts = BTreeMap::<usize, usize>::new();
        left.iter().copied().flatten().for_each(|element| *counts.entry(*element).or_default() += 1);
        let Some((best, _)) = counts.into_iter().max_by_key(|(element, count)| (*count, std::cmp::Reverse(*element)))
        else {
            break;
        };
        chosen.push(best);
        left.retain(|set| !set.contains(&best));
    }
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_is_found() {
        assert_eq!(hitting_set(&[]), Some(vec![]));
        assert_eq!(hitting_set(&[vec![1], vec![]]), None);
        assert_eq!(hitting_set(&[vec![1, 2], vec![2, 3], vec![2]]), Some(vec![2]));
        assert_eq!(hitting_set(&[vec![1, 2], vec![3, 4], vec![1, 4]]), Some(vec![1, 3]));
        let singles: Vec<_> = (0..9).map(|at| vec![at]).collect();
        assert_eq!(hitting_set(&singles), Some((0..9).collect()));
    }

    #[test]
    fn what_is_found_hits_everything() {
        let sets: Vec<Vec<usize>> =
            (0..60).map(|at| (0..5).map(|step| (at * 7 + step * step) % 31).collect()).collect();
        let found = hitting_set(&sets).unwrap();
        assert!(sets.iter().all(|set| set.iter().any(|element| found.contains(element))), "{found:?}");
    }
}
