//! A condition that is not asked for, or is asked for the other way round.

use crate::expression::not;
use crate::mutation::look::{Draft, Look};

pub(super) fn drafts(look: &Look<'_, '_>, all: &mut Vec<Draft>) {
    for at in look.numbers() {
        all.extend(look.changed("condition-dropped", at, None));
        let negated = look.conjuncts.get(at).map(|one| not(one.holds.clone()));
        all.extend(look.changed("condition-negated", at, negated));
    }
}
