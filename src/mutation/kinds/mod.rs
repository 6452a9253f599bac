//! The kinds of changes: a file each, and a line in the list.

use super::look::{Draft, Look};

macro_rules! kinds {
    ($($name:ident)*) => {
        $(mod $name;)*

        /// What each kind makes of a policy, in the order in which they are listed.
        const KINDS: &[fn(&Look<'_, '_>, &mut Vec<Draft>)] = &[$($name::drafts),*];
    };
}

kinds! {
    whole
    scope
    conjunct
    operator
    action
    attribute
}

pub(super) use whole::link_dropped;

/// Everything that `look` can be changed into.
pub(super) fn drafts(look: &Look<'_, '_>) -> Vec<Draft> {
    let mut all = Vec::new();
    KINDS.iter().for_each(|kind| kind(look, &mut all));
    all
}
