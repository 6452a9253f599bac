//! One cause with everything that is said of it, and what is shown together.

use super::line::{Case, Line};
use super::untrusted_text::Phrase;
use crate::finding::Environment;
use crate::outcome::changes::{Cause, CauseGroup, Change as Edit, Effect, Ruling};
use crate::text::Location;

/// One cause, ready to be shown.
pub(in crate::report) struct Change<'a> {
    /// The store, where there are several.
    pub(in crate::report) store: Option<&'a str>,
    /// What is shown.
    pub(in crate::report) group: &'a CauseGroup,
    /// Others of the same direction that are for whom it is, by the same edit.
    pub(in crate::report) others: Vec<&'a CauseGroup>,
    /// Every kind of request, and which of the comparison's stores has it.
    pub(in crate::report) all: (usize, Vec<&'a Environment>),
    /// Who gains or loses what, in one sentence.
    pub(in crate::report) sentence: Phrase,
    /// The same without the cause.
    pub(in crate::report) effect: Phrase,
    /// What the schema did, where it alone brings this about.
    pub(in crate::report) schema: Option<Phrase>,
    /// What was edited, a phrase for each step.
    pub(in crate::report) edits: Vec<Phrase>,
    /// What it and the changes after it of the same direction have in common.
    pub(in crate::report) with_next: Option<InCommon>,
    /// For whom.
    pub(in crate::report) cases: Vec<Case>,
    /// What exceptions leave of a value, which `cases` say as well.
    pub(in crate::report) left: Vec<Phrase>,
    /// Whom of the repository's own entities it concerns, as far as is known.
    pub(in crate::report) known: Option<Phrase>,
    /// What of it takes other changes as well, which is told by itself.
    pub(in crate::report) needs: Option<Phrase>,
    /// What gates say, if they say anything.
    pub(in crate::report) rulings: Vec<Phrase>,
    /// Whether a gate refuses some of it.
    pub(in crate::report) refused: bool,
    /// Who does what on what, where the sentence names things that do not all go together.
    pub(in crate::report) combinations: Vec<Phrase>,
    /// The kinds of request, where the sentence does not say them all.
    pub(in crate::report) environments: Vec<&'a Environment>,
}

/// What several changes of one direction have in common.
pub(in crate::report) struct InCommon {
    /// Which.
    pub(in crate::report) lead: Phrase,
    /// For whom, as far as they have it in common.
    pub(in crate::report) lines: Vec<Line>,
}

/// What is shown together: what one edit does, or the same edit of several policies, or one thing that is new.
pub(in crate::report) struct Entry<'a> {
    /// What the changes have in common, where there are several.
    pub(in crate::report) lead: Option<Phrase>,
    /// What was edited, where all have it in common.
    pub(in crate::report) edits: Vec<Phrase>,
    /// For whom, as far as all have it in common.
    pub(in crate::report) shared: Vec<Line>,
    /// What it does.
    pub(in crate::report) changes: Vec<Change<'a>>,
}

impl<'a> Entry<'a> {
    /// What brings all of the changes about, where it is the same for each of several.
    pub(in crate::report) fn causes(&self) -> Option<Vec<&'a Cause>> {
        let first = self.changes.first().filter(|_| self.lead.is_some())?.causes();
        self.changes.iter().all(|change| change.causes() == first).then_some(first)
    }

    /// Whether a gate refuses some of it.
    pub(in crate::report) fn refused(&self) -> bool {
        self.changes.iter().any(|change| change.refused)
    }
}

impl<'a> Change<'a> {
    /// The causes, each once.
    pub(in crate::report) fn causes(&self) -> Vec<&'a Cause> {
        let mut all: Vec<&Cause> = Vec::new();
        for cause in [self.group].iter().chain(&self.others).flat_map(|group| &group.causes) {
            if all.iter().all(|known| *known != cause) {
                all.push(cause);
            }
        }
        all
    }

    /// For whom, each case as one phrase.
    pub(in crate::report) fn conditions(&self) -> Vec<Phrase> {
        let one = |case: &Case| {
            let lines = case.lines.iter().map(Line::whole);
            let said = lines.reduce(|all, line| all.say(", ").then(line)).unwrap_or_default();
            match &case.of {
                Some(of) => of.clone().say(": ").then(said),
                None => said,
            }
        };
        self.cases.iter().map(one).collect()
    }

    /// The effects, those that a gate refuses first: the first is the one to show.
    pub(in crate::report) fn effects(&self) -> impl Iterator<Item = &'a Effect> {
        let refused = |effect: &&Effect| effect.ruling == Ruling::Refused;
        let all = &self.group.effects;
        all.iter().filter(refused).chain(all.iter().filter(move |effect| !refused(effect)))
    }

    /// Where a reader of the new side looks for what brings this about: a policy that changed before one that did not.
    pub(in crate::report) fn anchor(&self) -> Option<&'a Location> {
        let place = |cause: &'a Cause| cause.changed.as_ref().or(cause.new.as_ref()).or(cause.near.as_ref());
        let (read_anew, changed): (Vec<&Cause>, Vec<&Cause>) =
            self.group.causes.iter().partition(|cause| cause.change == Edit::Schema);
        let (with_text, without) = changed.into_iter().partition::<Vec<&Cause>, _>(|cause| cause.new.is_some());
        with_text.into_iter().chain(without).chain(read_anew).find_map(place)
    }
}
