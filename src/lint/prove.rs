//! Runs the proofs over one store, one after the other: each spreads its questions over the threads by itself.
//!
//! # Why
//!
//! Were proofs run at the same time, rayon could begin a second one on the thread that works out what it then waits
//! for.

use std::sync::Arc;

use super::custom;
use super::facts::{Facts, Member, MemberKind, Proved, find_left_out, members, rank_permits};
use super::rule::Proof;
use crate::config::CustomRule;
use crate::finding::Finding;
use crate::infer::{Inferred, infer};
use crate::outcome::{Breadth, Notice, NoticeKind};
use crate::repo::{SchemaState, Store};
use crate::symbolic::{CompiledPolicies, SchemaModel, Solvers, Subject};
use crate::text::{Location, inline};

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    /// What was found, at the levels that rules give.
    pub(super) findings: Vec<Finding>,
    /// Questions that have no answer.
    pub(super) undecided: Vec<Notice>,
    /// Policies that do not fit the schema.
    pub(super) unfit: Option<Notice>,
    /// The permits, the furthest-reaching first, when asked for.
    pub(super) breadth: Vec<Breadth>,
    /// Whether there was a schema to prove anything under.
    pub(super) ran: bool,
}

/// A schema for the engine, or why there is none.
type Model = Result<Arc<SchemaModel>, String>;

/// So many policies and links are looked into under an inferred schema.
const INFERRED: usize = 1_000;

/// Whether proofs that hang on no type run over `store` under an inferred schema, where configuration does not refuse
/// it.
#[must_use]
pub fn infers(store: &Store) -> bool {
    matches!(store.schema, SchemaState::None) && store.policies.len() + store.links.len() <= INFERRED
}

/// How permits are ranked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ranking<'r> {
    /// The store of another revision to compare with, if that is asked for and there is one.
    pub(super) base: Option<Option<&'r Store>>,
}

/// How questions are answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Engine<'e> {
    /// Whether a schema that is inferred can be used.
    pub(super) inference: bool,
    /// Who answers.
    pub(super) solvers: &'e Arc<Solvers>,
}

/// The schema of the store, or the one that is inferred from it if it has none and that is allowed; `None` where there
/// is neither.
fn schema_of(store: &Store, engine: Engine<'_>) -> Option<(Model, Option<Inferred>)> {
    match &store.schema {
        SchemaState::Ready(schema) => Some((SchemaModel::answered_by(&schema.cedar, Arc::clone(engine.solvers)), None)),
        SchemaState::None if engine.inference && infers(store) => {
            // What nothing can be inferred from has nothing to prove.
            let inferred = infer(&[Some(store)]).ok()?;
            Some((SchemaModel::answered_by(&inferred.schema, Arc::clone(engine.solvers)), Some(inferred)))
        }
        SchemaState::None | SchemaState::Broken => None,
    }
}

/// Runs `proofs` and the `custom` rules over `store` and ranks its permits as `breadth` asks; nothing where
/// there is no schema that can be used.
pub(super) fn prove(
    store: &Store,
    proofs: &[Proof],
    (custom, unusable): (&[&CustomRule], &[Location]),
    breadth: Option<Ranking<'_>>,
    engine: Engine<'_>,
) -> Proofs {
    let Some((model, inferred)) = schema_of(store, engine) else { return Proofs::default() };
    let model = match model {
        Ok(model) => model,
        Err(why) => {
            let sentence = format!("store `{}` cannot be analysed: {why}", inline(&store.name));
            let notice = Notice::new(NoticeKind::QuestionOpen, sentence).store(&store.name);
            return Proofs { undecided: vec![notice], ..Proofs::default() };
        }
    };
    let (members, mut subjects): (Vec<_>, Vec<Subject>) = members(store).into_iter().unzip();
    if let Some(inferred) = &inferred {
        let limits = inferred.limits(0);
        let key = |member: &Member<'_>| match member.kind {
            MemberKind::Link => store.links.iter().find(|link| link.name == member.name).map(|link| link.key.clone()),
            MemberKind::Static | MemberKind::Template => Some(member.policy.key.clone()),
        };
        let each = members.iter().zip(subjects);
        subjects = each
            .map(|(member, subject)| match key(member) {
                Some(key) => {
                    let limits = limits.of(&key, &subject);
                    subject.limited(limits)
                }
                None => subject,
            })
            .collect();
    }
    let policies = CompiledPolicies::new(Arc::clone(&model), subjects);
    let mut facts = Facts::collect(store, &policies, members);
    if let Some(inferred) = &inferred {
        facts.rename_types(&|name| inferred.said(name).to_owned());
    }
    let mut proved = Proved::default();
    for proof in proofs {
        proof(&mut facts, &mut proved);
    }
    custom::check(&mut facts, custom, unusable, &mut proved);
    let left_out = find_left_out(&facts);
    let mut findings = proved.illustrate(&mut facts);
    if inferred.is_some() {
        // That a policy meets everything of what is named does not say that it meets everything.
        let open = |name: &str| {
            facts.members.iter().any(|member| {
                let open = member.policy.syntax().open;
                let scope = open.principal && open.action && open.resource;
                member.name == name && scope && member.policy.body.parts(0).is_empty()
            })
        };
        findings.retain(|one| !one.rule.starts_with("unconditional-") || one.policy.as_deref().is_some_and(open));
    }
    let undecided = left_out.undecided.into_iter().chain(facts.unanswered.notices(&facts.members));
    Proofs {
        findings,
        undecided: undecided.map(|notice| notice.store(&store.name)).collect(),
        unfit: left_out.unfit.map(|notice| notice.store(&store.name)),
        breadth: breadth.map(|ranking| rank_permits(&facts, ranking.base)).unwrap_or_default(),
        ran: true,
    }
}
