//! Whom a change touches, of the entities that are known.

use std::collections::BTreeMap;

use super::access::{Access, AccessCount, AccessGroup, Names};
use super::changes::Direction;

/// Whom a change of one store touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreImpact {
    /// The store by name.
    pub store: String,
    /// Those whose access differs; the largest first.
    pub groups: Vec<AccessGroup>,
}

/// Who gains an action, or loses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImpactLine {
    /// Gained or lost.
    pub direction: Direction,
    /// The action, as Cedar writes it.
    pub action: String,
    /// The type of all principals, where they have one type.
    pub principal_type: Option<String>,
    /// The same of the resources.
    pub resource_type: Option<String>,
    /// How many.
    pub count: AccessCount,
    /// In how many of these requests the context has a say.
    pub conditional: usize,
}

/// Whether some of `group` changes in that direction.
fn moves(group: &AccessGroup, direction: Direction) -> bool {
    match direction {
        Direction::Gained => group.gains,
        Direction::Lost => group.loses,
    }
}

/// Whether the context has a say in whether the group changes.
#[must_use]
pub fn is_conditional(group: &AccessGroup) -> bool {
    let plain = |access: &Access| access.condition().is_none();
    !(plain(&group.now) && group.before.as_ref().is_none_or(plain))
}

impl StoreImpact {
    /// Who gains and who loses each action, the largest first.
    #[must_use]
    pub fn lines(&self) -> Vec<ImpactLine> {
        let mut all = Vec::new();
        for direction in [Direction::Gained, Direction::Lost] {
            let mut by_action: BTreeMap<&str, Vec<&AccessGroup>> = BTreeMap::new();
            for group in self.groups.iter().filter(|group| moves(group, direction)) {
                group.actions.iter().for_each(|action| by_action.entry(action).or_default().push(group));
            }
            all.extend(by_action.into_iter().map(|(action, groups)| line(direction, action, &groups)));
        }
        all.sort_by(|one, other| {
            (other.count.requests, one.direction, &one.action).cmp(&(
                one.count.requests,
                other.direction,
                &other.action,
            ))
        });
        all
    }

    /// How many take part in all of it, and in how many requests the context has a say.
    #[must_use]
    pub fn total(&self) -> (AccessCount, usize) {
        let conditional = self.groups.iter().filter(|group| is_conditional(group)).map(AccessGroup::requests).sum();
        (AccessCount::of(&self.groups), conditional)
    }
}

fn line(direction: Direction, action: &str, groups: &[&AccessGroup]) -> ImpactLine {
    let requests = |group: &AccessGroup| group.principals.len() * group.resources.len();
    let mut count = AccessCount::of(groups.iter().copied());
    count.requests = groups.iter().map(|group| requests(group)).sum();
    let ty = |names: Vec<&Names>| -> Option<String> {
        let of = |name: &str| name.split_once("::\"").map(|(ty, _)| ty.to_owned());
        let mut all = names.into_iter().flat_map(Names::iter);
        let first = of(all.next()?)?;
        all.all(|name| of(name).as_ref() == Some(&first)).then_some(first)
    };
    ImpactLine {
        direction,
        action: action.to_owned(),
        principal_type: ty(groups.iter().map(|group| &group.principals).collect()),
        resource_type: ty(groups.iter().map(|group| &group.resources).collect()),
        conditional: groups.iter().filter(|group| is_conditional(group)).map(|group| requests(group)).sum(),
        count,
    }
}
