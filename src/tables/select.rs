//! Which rows are run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::record::Record;
use crate::outcome::Decision;
use crate::text::{inline, nearest};

/// Which rows are asked for; all of them by default.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// All of these have to fit.
    pub filters: Vec<Filter>,
    /// The share `0`, counted from one, of so many.
    pub shard: Option<Shard>,
    /// The only row, by its id; its request is kept.
    pub row: Option<String>,
    /// Whether to stop after the first row that fails or cannot run.
    pub fail_fast: bool,
    /// Whether rows are named and not run.
    pub list: bool,
    /// Whether rows that passed are only counted.
    pub brief: bool,
    /// Whether rows run with no entities of their store where those cannot be used, to see what else is wrong with
    /// them.
    pub without_broken_entities: bool,
    /// Where the rows that pass are kept, if they are.
    pub record: Option<Arc<Record>>,
}

/// One of several shares of all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 1.
    pub index: u64,
    /// Of how many.
    pub count: u64,
}

/// What a filter looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Id,
    Name,
    File,
    Principal,
    Action,
    Resource,
    Expect,
}

const KEYS: &[(&str, Key)] = &[
    ("id", Key::Id),
    ("name", Key::Name),
    ("file", Key::File),
    ("principal", Key::Principal),
    ("action", Key::Action),
    ("resource", Key::Resource),
    ("expect", Key::Expect),
];

/// A condition on rows: `TEXT`, or `KEY=TEXT` with one of name, file, principal, action, resource and expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    key: Key,
    /// What stands between the `*`s; one part alone may stand anywhere.
    parts: Vec<String>,
}

impl std::str::FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = |key: &str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase());
        let (key, pattern) = match text.split_once('=').filter(|(key, _)| word(key)) {
            None => (Key::Id, text),
            Some((key, pattern)) => match KEYS.iter().find(|(name, _)| *name == key) {
                Some((_, found)) => (*found, pattern),
                None => {
                    let known = KEYS.iter().map(|(name, _)| *name);
                    let meant = nearest(key, known.clone()).map(|near| format!("; did you mean `{near}`?"));
                    let names: Vec<_> = known.collect();
                    let listed = || format!("; there are {}", names.join(", "));
                    return Err(format!("rows have no `{}`{}", inline(key), meant.unwrap_or_else(listed)));
                }
            },
        };
        if pattern.is_empty() {
            return Err("an empty pattern fits every row".to_owned());
        }
        if key == Key::Expect && !matches!(pattern, "allow" | "deny") {
            return Err(format!("a row expects allow or deny, not `{}`", inline(pattern)));
        }
        Ok(Self { key, parts: pattern.split('*').map(str::to_owned).collect() })
    }
}

impl Filter {
    fn fits(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.parts.as_slice() else {
            return self.parts.iter().all(|part| text.contains(part.as_str()));
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        for part in middle {
            let Some((_, after)) = rest.split_once(part.as_str()) else { return false };
            rest = after;
        }
        rest.ends_with(last.as_str())
    }

    /// Whether what is known of a row fits; what is not known fits.
    fn about(&self, about: &About<'_>) -> bool {
        let any = |names: &[String]| names.is_empty() || names.iter().any(|name| self.fits(name));
        match self.key {
            Key::Id | Key::Name | Key::File => true,
            Key::Principal => any(about.principals),
            Key::Action => about.action.is_none_or(|name| self.fits(name)),
            Key::Resource => about.resource.is_none_or(|name| self.fits(name)),
            Key::Expect => about.expect.is_none_or(|decision| self.fits(decision.as_str())),
        }
    }

    fn id(&self, id: &str, path: &str) -> bool {
        match self.key {
            Key::Id => self.fits(id),
            Key::File => self.fits(path),
            Key::Name => self.fits(id.strip_prefix(path).and_then(|rest| rest.strip_prefix('#')).unwrap_or(id)),
            Key::Principal | Key::Action | Key::Resource | Key::Expect => true,
        }
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match parts {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err("a shard is written 2/4: the second of four".to_owned()),
        }
    }
}

impl Selection {
    /// Whether a row of this id in the file at `path` can be asked for.
    pub(super) fn names(&self, id: &str, path: &str) -> bool {
        let share = self.shard.is_none_or(|shard| hash(id) % shard.count == shard.index - 1);
        let only = self.row.as_deref().is_none_or(|row| row == id);
        only && share && self.filters.iter().all(|filter| filter.id(id, path))
    }

    /// Whether a row of which this is known is asked for. A row that cannot be read is never left out by what it would
    /// have said.
    pub(super) fn asks(&self, about: &About<'_>) -> bool {
        self.filters.iter().all(|filter| filter.about(about))
    }

    /// Whether a row that only waits is asked for: it has no request that a filter could look at.
    pub(super) fn asks_for_waiting(&self) -> bool {
        self.filters.iter().all(|filter| matches!(filter.key, Key::Id | Key::Name | Key::File))
    }
}

/// What is known of a row: empty and `None` where it is not.
#[derive(Debug, Default)]
pub(super) struct About<'a> {
    /// Everybody whom it asks for.
    pub(super) principals: &'a [String],
    pub(super) action: Option<&'a str>,
    pub(super) resource: Option<&'a str>,
    pub(super) expect: Option<Decision>,
}

/// Fowler, Noll and Vo's hash (FNV-1a, 64 bits): a row stays in its share when others come and go.
fn hash(id: &str) -> u64 {
    let mut hash = id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    // Its low bits alone mix badly.
    hash ^= hash >> 32;
    hash
}

/// Whether to go on.
pub(super) struct Stop(AtomicBool);

impl Stop {
    pub(super) fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    pub(super) fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let fits = |pattern: &str, text: &str| pattern.parse::<Filter>().unwrap().fits(text);
        assert!(fits("action=read", "Action::\"readOrders\""));
        assert!(!fits("action=write", "Action::\"readOrders\""));
        assert!(fits("*\"read*", "Action::\"readOrders\""));
        assert!(!fits("read*", "Action::\"readOrders\""));
        assert!(fits("a*b*a", "aba") && !fits("aba*aba", "aba"));
        assert!("acton=x".parse::<Filter>().unwrap_err().contains("action"));
        assert!("expect=alow".parse::<Filter>().is_err());
        assert!("a == b".parse::<Filter>().is_ok());
    }

    #[test]
    fn every_row_is_in_exactly_one_share() {
        for count in 1..7 {
            let mut sizes = vec![0_usize; usize::try_from(count).unwrap()];
            for row in 0..1000 {
                let fits = |index: &u64| {
                    let shard = Some(Shard { index: *index, count });
                    Selection { shard, ..Selection::default() }.names(&format!("a_test.yaml#{row}"), "a_test.yaml")
                };
                let shares: Vec<u64> = (1..=count).filter(fits).collect();
                assert_eq!(shares.len(), 1);
                sizes[usize::try_from(shares[0] - 1).unwrap()] += 1;
            }
            let even = 1000 / sizes.len();
            assert!(sizes.iter().all(|size| size.abs_diff(even) < even / 2 + 1), "{sizes:?}");
        }
        assert!("0/3".parse::<Shard>().is_err() && "4/3".parse::<Shard>().is_err() && "1/0".parse::<Shard>().is_err());
    }
}
