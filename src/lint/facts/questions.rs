//! Questions about the policies of one store, which go by their index.

use cedar_policy::Effect;

use crate::symbolic::{Formula, PolicyRef};

/// The policy at `index`, as the engine calls it.
pub(in crate::lint) fn policy(index: usize) -> PolicyRef {
    PolicyRef { side: 0, index }
}

/// The policy at `index` matches.
pub(in crate::lint) fn matches(index: usize) -> Formula {
    Formula::Matches(policy(index))
}

/// The policy at `index` errors.
pub(in crate::lint) fn errors(index: usize) -> Formula {
    Formula::Errors(policy(index))
}

/// One of `indices` matches.
pub(in crate::lint) fn any(indices: &[usize]) -> Formula {
    Formula::Or(indices.iter().copied().map(matches).collect())
}

/// Some policy of `effect` that decides matches, other than the one at `except`, which may be of the other effect.
pub(in crate::lint) fn any_other(effect: Effect, except: usize) -> Formula {
    Formula::AnyOther { side: 0, effect, except }
}
