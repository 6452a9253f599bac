//! Witnesses are made small by asking Cedar, not the solver: whatever can be left out while the authorizer still
//! confirms the question is left out.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::EntityUid;

use super::draft::{Draft, DraftEntity};
use super::near::nearer;
use super::omission::{Omission, omissions, omit, still_follows};
use super::replay::{Replay, Requests};
use crate::symbolic::question::PolicyRef;

/// How many evaluations of single policies making a witness smaller may take.
const EVALUATIONS: usize = 20_000;

/// How often numbers and times that are nearer to what decides are tried.
const NEARER: usize = 400;

/// A witness made smaller, by side.
pub(super) struct Reduced {
    /// What it is now.
    pub(super) drafts: Vec<Draft>,
    /// The entities that make a difference.
    pub(super) shown: Vec<BTreeMap<EntityUid, DraftEntity>>,
    /// The drafts as Cedar takes them.
    pub(super) cases: Requests,
}

impl Replay<'_, '_> {
    /// `drafts` made smaller, what of their entities is shown, and the cases, with the entities of `all` that were left
    /// out from the start. `named` are the policies that confirm them.
    pub(super) fn reduced(&self, drafts: Vec<Draft>, all: &[Draft], named: &[PolicyRef]) -> Result<Reduced, String> {
        let before = self.confirm(&self.cases(all)?)?;
        if !self.confirm(&self.cases(&drafts)?)?.is_subset(&before) {
            return Err("a policy errs that did not".to_owned());
        }
        let drafts = self.smaller(drafts);
        let left = NEARER.min(EVALUATIONS / (self.named.len() + 4).max(1));
        let drafts = nearer(drafts, left, &|drafts| self.holds(drafts));
        let shown = self.shown(&drafts);
        let mut whole = drafts;
        for (draft, all) in whole.iter_mut().zip(all) {
            for (uid, entity) in &all.entities {
                draft.entities.entry(uid.clone()).or_insert_with(|| entity.clone());
            }
        }
        let cases = self.cases(&whole)?;
        let whole_replay = Replay { named, together: None, ..*self };
        let in_scope = whole_replay.in_scope(&cases);
        Replay { named: &in_scope, ..whole_replay }.confirm(&cases)?;
        Ok(Reduced { drafts: whole, shown, cases })
    }

    /// Leaves out what the question does not need, one thing after the other, as long as Cedar still confirms it.
    fn smaller(&self, mut drafts: Vec<Draft>) -> Vec<Draft> {
        let mut left = EVALUATIONS / (self.named.len() + 4).max(1);
        let mut again = true;
        while again {
            again = false;
            for omission in drafts.iter().flat_map(omissions).collect::<Vec<_>>() {
                if self.is_required(&drafts, &omission) {
                    continue;
                }
                if left == 0 {
                    return drafts;
                }
                let mut fewer = drafts.clone();
                // Every side, so no `any`, which stops at the first.
                let changed =
                    fewer.iter_mut().map(|draft| omit(draft, &omission)).filter(|changed| *changed).count() > 0;
                if !changed || still_follows(&fewer, &omission) {
                    continue;
                }
                left -= 1;
                if self.holds(&fewer) {
                    drafts = fewer;
                    again = true;
                }
            }
        }
        drafts
    }

    /// Whether the schema of a side says that there has to be what is to be left out.
    fn is_required(&self, drafts: &[Draft], omission: &Omission) -> bool {
        drafts.iter().enumerate().any(|(side, draft)| {
            self.policies.schema(side).is_some_and(|schema| match omission {
                Omission::Context(path) => schema.context_requires(&draft.action, path),
                Omission::Attribute(uid, path) => schema.requires(uid.type_name(), path),
                Omission::Tag(..) | Omission::Parent(..) | Omission::Element(..) => false,
            })
        })
    }

    /// The entities of each side that make a difference: without the others the question still holds, and no policy
    /// errs that did not, for that would hide why it does not match.
    fn shown(&self, drafts: &[Draft]) -> Vec<BTreeMap<EntityUid, DraftEntity>> {
        let errors = |drafts: &[Draft]| self.cases(drafts).and_then(|cases| self.confirm(&cases)).ok();
        let before = errors(drafts).unwrap_or_default();
        let does = |fewer: &[Draft]| errors(fewer).is_some_and(|now| now.is_subset(&before));
        let mut shown = drafts.to_vec();
        let mut left = EVALUATIONS / (self.named.len() + 4).max(1);
        // All that hold nothing at once, then one by one.
        let uids: BTreeSet<EntityUid> = drafts.iter().flat_map(|draft| draft.entities.keys().cloned()).collect();
        let mut bare = shown.clone();
        for draft in &mut bare {
            let needed: BTreeSet<EntityUid> = [draft.principal.clone(), draft.resource.clone()].into();
            draft.entities.retain(|uid, entity| needed.contains(uid) || !entity.parents.is_empty());
        }
        if does(&bare) {
            shown = bare;
        }
        for uid in uids {
            if left == 0 {
                break;
            }
            if !shown.iter().any(|draft| draft.entities.contains_key(&uid)) {
                continue;
            }
            left -= 1;
            let mut fewer = shown.clone();
            for draft in &mut fewer {
                draft.entities.remove(&uid);
            }
            if does(&fewer) {
                shown = fewer;
            }
        }
        shown.into_iter().map(|draft| draft.entities).collect()
    }
}
