//! Kinds of request of which only one thing differs, together.

use std::collections::BTreeMap;

use super::Key;
use crate::outcome::{Access, AccessGroup, Names};

/// What a kind of request comes to, and what it came to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    /// Where there is a side before.
    pub(super) before: Option<Access>,
    pub(super) now: Access,
    /// Whether something is gained, and whether something is lost.
    pub(super) moved: [bool; 2],
}

/// The rows as those who stand together, what differs first.
pub(super) fn grouped(rows: BTreeMap<Key, Row>) -> Vec<AccessGroup> {
    let mut by_request: BTreeMap<(Row, String, String), Vec<String>> = BTreeMap::new();
    for ((principal, resource, action), row) in rows {
        by_request.entry((row, principal, resource)).or_default().push(action);
    }
    let mut by_actions: BTreeMap<(Row, Vec<String>, String), Vec<String>> = BTreeMap::new();
    for ((row, principal, resource), actions) in by_request {
        by_actions.entry((row, actions, principal)).or_default().push(resource);
    }
    let mut all: BTreeMap<(Row, Vec<String>, Vec<String>), Vec<String>> = BTreeMap::new();
    for ((row, actions, principal), resources) in by_actions {
        all.entry((row, actions, resources)).or_default().push(principal);
    }
    let group = |((row, actions, resources), principals): ((Row, Vec<String>, Vec<String>), Vec<String>)| {
        let Row { before, now, moved: [gains, loses] } = row;
        AccessGroup {
            principals: Names::all(principals),
            actions: Names::all(actions),
            resources: Names::all(resources),
            now,
            before,
            gains,
            loses,
        }
    };
    let mut groups: Vec<AccessGroup> = all.into_iter().map(group).collect();
    groups.sort_by_key(|group| !group.differs());
    groups
}
