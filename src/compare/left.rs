//! What exceptions leave of a value, where that is little: a few literals, or the numbers of one range.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::clauses::{Search, Sided};
use super::conjunct::{Conjunct, is_between, is_literal};
use super::delta::{Left, LeftOver};
use crate::symbolic::{Formula, Subject};

/// Of a value that may be more literals, or has more limits, it is not asked what is left.
const MOST: usize = 12;

impl<'s> Search<'_, '_, 's> {
    /// What the requests `named` have left of a value that the permits that are excepted speak of: few of the literals
    /// that it may be, or none that they name, or numbers of one range where there are more `before` the exceptions.
    pub(super) fn left(&mut self, named: &Formula, before: &Formula, excepted: &[Sided]) -> Option<Left> {
        if !self.work.options.conditions || !self.work.pair.shared || excepted.is_empty() || self.is_dense() {
            return None;
        }
        self.literals_left(named, excepted).or_else(|| self.range_left(named, before, excepted))
    }

    fn literals_left(&mut self, named: &Formula, excepted: &[Sided]) -> Option<Left> {
        let theirs: Vec<(&'s str, &'s [Json])> = self.close(excepted, Conjunct::listed, |(of, _)| of);
        let mut values: BTreeMap<&'s str, Vec<&'s Json>> = BTreeMap::new();
        for (of, literals) in theirs {
            let known = values.entry(of).or_default();
            known.extend(literals.iter().filter(|one| !known.contains(one)).collect::<Vec<_>>());
        }
        for (of, excluded) in values {
            let may_be = self.own.iter().filter_map(|own| own.listed()).find(|(known, _)| *known == of);
            let asked: Vec<&Json> = may_be.map_or(excluded, |(_, literals)| literals.iter().collect());
            if asked.len() < 2 || asked.len() > MOST {
                continue;
            }
            let most = if may_be.is_some() { asked.len() / 2 } else { 0 };
            let (mut said, mut left) = (String::new(), Vec::new());
            for literal in &asked {
                let (subject, [of, literal]) = is_literal(of, literal)?;
                said = of;
                if self.may_be(named, subject) {
                    left.push(literal);
                }
                if left.len() > most {
                    break;
                }
            }
            if left.len() <= most {
                return Some(Left { of: said, what: LeftOver::Literals(left) });
            }
        }
        None
    }

    /// No value outside of the range is left, and both ends are.
    fn range_left(&mut self, named: &Formula, before: &Formula, excepted: &[Sided]) -> Option<Left> {
        let theirs = self.close(excepted, Conjunct::between, |(of, ..)| of);
        let theirs: BTreeSet<&'s str> = theirs.into_iter().map(|(of, ..)| of).collect();
        let versions = self.versions.clone();
        for of in theirs {
            let all = self.conjuncts_of(excepted).into_iter().chain(self.conjuncts_of(&versions));
            let all: Vec<(i64, i64)> = all
                .chain(self.own.iter().copied())
                .filter_map(Conjunct::between)
                .filter(|(known, ..)| *known == of)
                .map(|(_, first, last)| (first, last))
                .collect();
            // Where a range begins, and right behind where one ends.
            let mut starts: BTreeSet<i64> = all.iter().map(|(first, _)| *first).collect();
            starts.extend(all.iter().filter_map(|(_, last)| last.checked_add(1)));
            starts.insert(i64::MIN);
            if starts.len() > MOST {
                continue;
            }
            let starts: Vec<i64> = starts.into_iter().collect();
            let ends = starts.iter().skip(1).map(|start| start.saturating_sub(1)).chain([i64::MAX]);
            let ranges: Vec<(i64, i64)> = starts.iter().copied().zip(ends).collect();
            // Where the smallest numbers and the largest are left, there are gaps or nothing is gone.
            let outer = [ranges.first(), ranges.last()].into_iter().flatten();
            let outer: Vec<Subject> =
                outer.filter_map(|(first, last)| Some(is_between(of, *first, *last)?.0)).collect();
            if outer.into_iter().all(|is| self.may_be(named, is)) {
                continue;
            }
            let (Some(left), Some(there)) = (self.of_ranges(of, &ranges, named), self.of_ranges(of, &ranges, before))
            else {
                continue;
            };
            let ends = [left.0, left.1].into_iter().filter(|end| ![i64::MIN, i64::MAX].contains(end));
            let mut attained = true;
            for end in ends {
                attained = attained && is_between(of, end, end).is_some_and(|(is, _)| self.may_be(named, is));
            }
            if left != there && left != (i64::MIN, i64::MAX) && attained {
                let (_, of) = is_between(of, left.0, left.1)?;
                let end = |end: i64| Some(end).filter(|end| ![i64::MIN, i64::MAX].contains(end));
                return Some(Left { of, what: LeftOver::Range(end(left.0), end(left.1)) });
            }
        }
        None
    }

    /// The range of those `ranges`, side by side, in which requests of `named` have the value; none where there are
    /// gaps.
    fn of_ranges(&mut self, of: &str, ranges: &[(i64, i64)], named: &Formula) -> Option<(i64, i64)> {
        let mut found: Option<(i64, i64)> = None;
        let mut ended = false;
        for (first, last) in ranges {
            let (is, _) = is_between(of, *first, *last)?;
            match (self.may_be(named, is), &mut found) {
                (true, _) if ended => return None,
                (true, Some((_, end))) => *end = *last,
                (true, None) => found = Some((*first, *last)),
                (false, Some(_)) => ended = true,
                (false, None) => {}
            }
        }
        found
    }

    /// Whether a request of `named` may be as `is` says.
    fn may_be(&mut self, named: &Formula, is: Subject) -> bool {
        let side = self.family.side();
        let is = self.work.arena.alloc(is);
        let is = Formula::Matches(self.work.session.add_policy(side, is));
        !self.impossible(named.clone().and(is))
    }

    /// What the permits that are excepted say of values, as `said` takes it from a conjunct, `of` telling the value: of
    /// those that ask at most one thing besides that all of the requests do not do anyway. One that asks more mostly
    /// leaves something of every value; where several of these leave little together, that goes unsaid.
    fn close<T: Copy>(
        &self,
        excepted: &[Sided],
        said: impl Fn(&'s Conjunct) -> Option<T>,
        of: impl Fn(T) -> &'s str,
    ) -> Vec<T> {
        let mut all = Vec::new();
        for one in excepted {
            let conjuncts = self.conjuncts_of(std::slice::from_ref(one));
            let new =
                |conjunct: &&&Conjunct| !conjunct.is_type() && self.own.iter().all(|own| own.text != conjunct.text);
            let new: Vec<Option<&str>> = conjuncts.iter().filter(new).map(|conjunct| said(conjunct).map(&of)).collect();
            let besides = |value: &str| new.iter().filter(|other| **other != Some(value)).count();
            all.extend(conjuncts.into_iter().filter_map(&said).filter(|said| besides(of(*said)) <= 1));
        }
        all
    }

    fn conjuncts_of(&self, policies: &[Sided]) -> Vec<&'s Conjunct> {
        let pair = self.work.pair;
        policies.iter().flat_map(|(applied, which)| pair.conjuncts(applied.entry, *which)).collect()
    }
}
