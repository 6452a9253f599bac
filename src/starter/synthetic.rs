//! Requests over entities that the engine makes up: for stores whose entities are kept elsewhere. They stand under
//! `with`, and the authorizer decides over these alone.

use cedar_policy::Effect;

use super::requests::{MOST_CONTEXTS, World};
use crate::example::Row;
use crate::symbolic::{Answer, Formula, PolicyRef, Session};

impl World<'_> {
    /// A request that is allowed and one that is denied in the environment of `session`, as far as there are any:
    /// denied by a forbid, if one is all that stands in the way.
    pub(super) fn synthetic(&self, session: &mut Session<'_>) -> Vec<Row> {
        let allow = session.allow(0);
        let (permits, forbids): (Vec<PolicyRef>, Vec<_>) = (session.applicable(0).into_iter())
            .partition(|policy| self.rules.subjects().get(policy.index).map(|it| it.effect()) == Some(Effect::Permit));
        let permitted = Formula::Or(permits.into_iter().map(Formula::Matches).collect());
        let stopped = forbids.into_iter().map(|policy| permitted.clone().and(Formula::Matches(policy)));
        let denied: Vec<_> = stopped.take(MOST_CONTEXTS).chain([!allow.clone()]).collect();
        let allowed = self.first(session, &[allow]);
        allowed.into_iter().chain(self.first(session, &denied)).collect()
    }

    /// The first of `questions` that has an answer, as a row.
    fn first(&self, session: &mut Session<'_>, questions: &[Formula]) -> Option<Row> {
        questions.iter().find_map(|question| {
            let Answer::Witness(witness) = session.find(question) else { return None };
            self.asker.of_case(witness.cases.first()?).map(|(row, _)| row).filter(|row| !row.errs)
        })
    }
}
