//! The actions of others, pinned.

/// Name, hash and tag of each, a line each.
const ACTIONS: &str = include_str!("../../../../docs/ci/actions.txt");

/// `name@hash # tag`, as a workflow has it; the bare name where it is not known.
pub(super) fn pinned(name: &str) -> String {
    let mut lines = ACTIONS.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let pinned = lines.find_map(|line| match line.as_slice() {
        [known, hash, tag] if *known == name => Some(format!("{name}@{hash} # {tag}")),
        _ => None,
    });
    pinned.unwrap_or_else(|| name.to_owned())
}
