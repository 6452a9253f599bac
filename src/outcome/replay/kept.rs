//! Counts by name in bounded room.
//!
//! # Why
//!
//! Names come from logs, and there may be millions. Which names are kept hangs on the names alone: those whose hashes
//! are the smallest. So a name that is kept was never left out before, its count is exact, and parts of a log that are
//! joined in any order keep what the whole keeps.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// So many names are kept.
const MOST: usize = 10_000;

/// So many hashes tell how many different names there are.
const HASHES: usize = 256;

/// A hash that is the same on every machine.
#[must_use]
pub fn stable_hash(bytes: &[u8]) -> u64 {
    // FNV-1a, its bits mixed at the end: http://www.isthe.com/chongo/tech/comp/fnv/.
    let mut hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// What can be added up in any order.
pub trait Merge {
    /// Adds what `other` counted.
    fn merge(&mut self, other: Self);
}

/// Counts by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept<V> {
    entries: BTreeMap<(u64, String), V>,
    full: bool,
}

impl<V> Default for Kept<V> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), full: false }
    }
}

impl<V> Kept<V> {
    /// What is counted for `name`, made by `new` where there is nothing yet; `None` where `name` is not kept.
    pub fn entry(&mut self, name: &str, new: impl FnOnce() -> V) -> Option<&mut V> {
        let key = (stable_hash(name.as_bytes()), name.to_owned());
        if self.full && self.entries.last_key_value().is_some_and(|(last, _)| key > *last) {
            return None;
        }
        let mut new = Some(new);
        if !self.entries.contains_key(&key) {
            let made = new.take()?();
            self.entries.insert(key.clone(), made);
            self.cut();
        }
        self.entries.get_mut(&key)
    }

    fn cut(&mut self) {
        while self.entries.len() > MOST {
            self.entries.pop_last();
            self.full = true;
        }
    }

    /// Whether there were more names than are kept.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// How many names are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The names with what is counted for each, in an order that hangs on nothing but the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.entries.iter().map(|((_, name), value)| (name.as_str(), value))
    }
}

impl<V: Merge> Merge for Kept<V> {
    fn merge(&mut self, other: Self) {
        self.full |= other.full;
        for (key, value) in other.entries {
            match self.entries.get_mut(&key) {
                Some(known) => known.merge(value),
                None => {
                    self.entries.insert(key, value);
                }
            }
        }
        self.cut();
    }
}

#[derive(Serialize)]
struct Writing<'k, V> {
    full: bool,
    entries: Vec<(&'k str, &'k V)>,
}

#[derive(Deserialize)]
struct Written<V> {
    full: bool,
    entries: Vec<(String, V)>,
}

impl<V: Serialize> Serialize for Kept<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Writing { full: self.full, entries: self.iter().collect() }.serialize(serializer)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Kept<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { full, entries } = Written::deserialize(deserializer)?;
        let entries = entries.into_iter().map(|(name, value)| ((stable_hash(name.as_bytes()), name), value));
        let mut kept = Self { entries: entries.collect(), full };
        kept.cut();
        Ok(kept)
    }
}

/// How many different names there are, in bounded room.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Distinct(BTreeSet<u64>);

impl Distinct {
    /// Counts `name`, if it is a new one.
    pub fn add(&mut self, name: &str) {
        self.0.insert(stable_hash(name.as_bytes()));
        self.cut();
    }

    fn cut(&mut self) {
        while self.0.len() > HASHES {
            self.0.pop_last();
        }
    }

    /// How many there are, and whether that is exact: of many it is estimated by how close their hashes lie.
    #[must_use]
    pub fn count(&self) -> (u64, bool) {
        let Some(last) = self.0.last().filter(|_| self.0.len() >= HASHES) else {
            return (u64::try_from(self.0.len()).unwrap_or(u64::MAX), true);
        };
        // The k-th smallest of n hashes lies at about k/n of all: Bar-Yossef et al., RANDOM 2002.
        let all = u128::from(u64::MAX) * u128::try_from(HASHES - 1).unwrap_or_default();
        (u64::try_from(all / u128::from((*last).max(1))).unwrap_or(u64::MAX), false)
    }
}

impl Merge for Distinct {
    fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
        self.cut();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Merge for u64 {
        fn merge(&mut self, other: Self) {
            *self += other;
        }
    }

    fn counted(names: impl Iterator<Item = usize>) -> Kept<u64> {
        let mut kept = Kept::default();
        for name in names {
            if let Some(count) = kept.entry(&format!("user-{name}"), || 0) {
                *count += 1;
            }
        }
        kept
    }

    /// Of more names than are kept, parts in any order keep the same ones, each with all of its count.
    #[test]
    fn parts_keep_what_the_whole_keeps() {
        let names = |from: usize, to: usize| (from..to).map(|at| (at * 7919) % (MOST + 500));
        let whole = counted(names(0, 40_000));
        assert!(whole.is_full());
        for cuts in [[1, 9_000], [15_000, 15_001], [39_000, 39_999]] {
            let parts = [names(0, cuts[0]), names(cuts[0], cuts[1]), names(cuts[1], 40_000)].map(counted);
            let [mut one, two, mut three] = parts;
            three.merge(one.clone());
            three.merge(two.clone());
            assert_eq!(three, whole);
            one.merge(two);
            assert!(one.iter().all(|(_, count)| *count > 0));
        }
        assert!(whole.iter().all(|(_, count)| (3..=4).contains(count)));
    }

    #[test]
    fn few_are_counted_and_many_estimated() {
        let of = |many: usize| {
            let mut distinct = Distinct::default();
            (0..2 * many).for_each(|at| distinct.add(&format!("user-{}", at % many)));
            distinct.count()
        };
        assert_eq!(of(200), (200, true));
        let (estimate, exact) = of(50_000);
        assert!(!exact && (40_000..60_000).contains(&estimate), "{estimate}");
    }
}
