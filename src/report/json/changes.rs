//! What a comparison found, as the JSON report has it: one entry for every request environment, same ones included.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use super::location::{LocationOut, location};
use crate::finding::{Environment, Evidence};
use crate::outcome::changes::{
    Accepted, Cause, CauseGroup, Clause, Comparison, Direction, Edit, Effect, EnvironmentChange, Left, LeftOver,
    Ruling, SchemaChange, SetAside, Side, Status, StoreChanges, Unfit,
};

/// The keys that a comparison adds.
#[derive(Serialize)]
pub(super) struct ComparisonOut<'a> {
    old: SideOut<'a>,
    new: SideOut<'a>,
    schema_changes: Vec<SchemaChangeOut<'a>>,
    no_longer_fits: Vec<UnfitOut<'a>>,
    text_changes: Vec<TextChangesOut<'a>>,
    changes: Vec<ChangeOut<'a>>,
    undecided: Vec<UndecidedOut<'a>>,
    set_aside: Vec<SetAsideOut<'a>>,
    ill_typed: Vec<SetAsideOut<'a>>,
    accepted: Vec<AcceptedOut<'a>>,
    weakened: Vec<WeakenedOut<'a>>,
}

#[derive(Serialize)]
struct SideOut<'a> {
    label: &'a str,
    commit: Option<&'a str>,
    schema: Option<&'a str>,
}

#[derive(Serialize)]
struct SchemaChangeOut<'a> {
    store: &'a str,
    kind: &'a str,
    what: &'a str,
    old: Option<&'a str>,
    new: Option<&'a str>,
}

/// Something of the new side that fitted the old schema, and does not fit the new one.
#[derive(Serialize)]
struct UnfitOut<'a> {
    store: &'a str,
    kind: &'static str,
    name: &'a str,
    why: &'a str,
    location: LocationOut<'a>,
    because: Vec<SchemaChangeOut<'a>>,
}

/// A store, and how many of its policies differ as text.
#[derive(Serialize)]
struct TextChangesOut<'a> {
    store: &'a str,
    old_store: Option<&'a str>,
    lifecycle: &'static str,
    schemaless: bool,
    assumed: &'static [&'static str],
    added: usize,
    removed: usize,
    edited: usize,
    edited_templates: usize,
    edited_by_template: usize,
    moved: usize,
    without_effect: Vec<WithoutEffectOut<'a>>,
}

/// A policy that differs as text and changes no decision.
#[derive(Serialize)]
struct WithoutEffectOut<'a> {
    policy: &'a str,
    change: &'static str,
    /// Where it is known: whether both versions match the same requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    same_meaning: Option<bool>,
    /// Whether, had it not changed, something would be refused that is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    keeps_allowed: Option<bool>,
    /// The other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    keeps_refused: Option<bool>,
}

#[derive(Serialize)]
struct ChangeOut<'a> {
    store: &'a str,
    environment: &'a Environment,
    lifecycle: &'static str,
    relation: &'static str,
    gained: DirectionOut<'a>,
    lost: DirectionOut<'a>,
}

#[derive(Serialize)]
struct DirectionOut<'a> {
    status: &'static str,
    why: Option<&'a str>,
    effects: Vec<EffectOut<'a>>,
}

#[derive(Serialize)]
struct EffectOut<'a> {
    witness: WitnessOut<'a>,
    known: Vec<KnownOut<'a>>,
    condition: String,
    exact: bool,
    when: &'a str,
    where_allowed: Vec<ClauseOut<'a>>,
    unless_allowed: Vec<ClauseOut<'a>>,
    unless_refused: Vec<ClauseOut<'a>>,
    left: Option<LeftOut<'a>>,
    by_error: bool,
    migrated: bool,
    hangs_on: &'a [String],
    ruling: &'static str,
    fingerprint: &'a str,
    causes: Vec<CauseOut<'a>>,
}

/// Entities of the repository that an effect concerns.
#[derive(Serialize)]
struct KnownOut<'a> {
    principal: &'a str,
    resource: &'a str,
}

/// Another policy that has a part in whom an effect concerns, and when it matches.
#[derive(Serialize)]
struct ClauseOut<'a> {
    policy: &'a str,
    condition: &'a str,
    location: LocationOut<'a>,
}

/// What exceptions leave of a value: literals, or numbers from one to another.
#[derive(Serialize)]
struct LeftOut<'a> {
    of: &'a str,
    literals: Option<&'a [String]>,
    from: Option<i64>,
    to: Option<i64>,
}

/// One step of an edit.
#[derive(Serialize)]
struct EditOut<'a> {
    kind: &'static str,
    part: &'static str,
    old: Option<&'a str>,
    new: Option<&'a str>,
    location: Option<LocationOut<'a>>,
}

#[derive(Serialize)]
struct WitnessOut<'a> {
    request: &'a Value,
    entities: &'a Value,
    old_request: Option<&'a Value>,
    old_entities: Option<&'a Value>,
}

#[derive(Serialize)]
struct CauseOut<'a> {
    policy: &'a str,
    effect: &'static str,
    change: &'static str,
    old: Option<LocationOut<'a>>,
    new: Option<LocationOut<'a>>,
    edits: Vec<EditOut<'a>>,
    template: Option<&'a str>,
}

#[derive(Serialize)]
struct UndecidedOut<'a> {
    store: &'a str,
    #[serde(flatten)]
    cause: CauseOut<'a>,
}

#[derive(Serialize)]
struct SetAsideOut<'a> {
    store: &'a str,
    policy: &'a str,
    side: &'static str,
    why: &'a str,
}

#[derive(Serialize)]
struct AcceptedOut<'a> {
    fingerprint: &'a str,
    what: &'a str,
    owner: &'a str,
    until: &'a str,
    in_force: bool,
    used: bool,
    added: bool,
}

#[derive(Serialize)]
struct WeakenedOut<'a> {
    kind: &'a str,
    what: &'a str,
    location: LocationOut<'a>,
    ruling: &'static str,
    fingerprint: &'a str,
}

pub(super) fn comparison(comparison: &Comparison) -> ComparisonOut<'_> {
    let stores = || comparison.stores.iter();
    ComparisonOut {
        old: side(&comparison.old),
        new: side(&comparison.new),
        schema_changes: stores().flat_map(schema_changes).collect(),
        no_longer_fits: stores().flat_map(|store| store.unfit.iter().map(|one| unfit(store, one))).collect(),
        text_changes: stores().map(text_changes).collect(),
        changes: stores().flat_map(changes).collect(),
        undecided: stores()
            .flat_map(|store| store.undecided.iter().map(|of| UndecidedOut { store: &store.name, cause: cause(of) }))
            .collect(),
        set_aside: stores().flat_map(|store| store.set_aside.iter().map(|aside| set_aside(store, aside))).collect(),
        ill_typed: stores().flat_map(|store| store.ill_typed.iter().map(|aside| set_aside(store, aside))).collect(),
        accepted: comparison.accepted.iter().map(accepted).collect(),
        weakened: (comparison.weakened.iter())
            .map(|one| WeakenedOut {
                kind: one.kind,
                what: &one.what,
                location: location(&one.location),
                ruling: ruling(one.ruling),
                fingerprint: &one.fingerprint,
            })
            .collect(),
    }
}

fn side(side: &Side) -> SideOut<'_> {
    SideOut { label: &side.label, commit: side.commit.as_deref(), schema: side.schema.as_deref() }
}

fn schema_changes(store: &StoreChanges) -> impl Iterator<Item = SchemaChangeOut<'_>> {
    store.schema_changes.iter().map(|change| schema_change(store, change))
}

fn schema_change<'a>(store: &'a StoreChanges, change: &'a SchemaChange) -> SchemaChangeOut<'a> {
    SchemaChangeOut {
        store: &store.name,
        kind: change.kind,
        what: &change.what,
        old: change.old.as_deref(),
        new: change.new.as_deref(),
    }
}

fn unfit<'a>(store: &'a StoreChanges, unfit: &'a Unfit) -> UnfitOut<'a> {
    let because = unfit.because.iter().filter_map(|at| store.schema_changes.get(*at));
    UnfitOut {
        store: &store.name,
        kind: unfit.kind.as_str(),
        name: &unfit.name,
        why: &unfit.why,
        location: location(&unfit.location),
        because: because.map(|change| schema_change(store, change)).collect(),
    }
}

fn text_changes(store: &StoreChanges) -> TextChangesOut<'_> {
    TextChangesOut {
        store: &store.name,
        old_store: store.old_name.as_deref(),
        lifecycle: store.lifecycle.as_str(),
        schemaless: store.schemaless,
        assumed: if store.inferred { &["inferred-schema"] } else { &[] },
        added: store.text.added,
        removed: store.text.removed,
        edited: store.text.edited,
        edited_templates: store.text.templates,
        edited_by_template: store.text.links,
        moved: store.text.moved,
        without_effect: (store.without_effect.iter())
            .map(|idle| WithoutEffectOut {
                policy: &idle.cause.policy,
                change: idle.cause.change.as_str(),
                same_meaning: idle.same,
                keeps_allowed: idle.keeps_allowed,
                keeps_refused: idle.keeps_refused,
            })
            .collect(),
    }
}

/// The effects of a store by environment and direction, in the order of their groups.
type Effects<'a> = HashMap<(usize, Direction), Vec<(&'a CauseGroup, &'a Effect)>>;

fn changes(store: &StoreChanges) -> impl Iterator<Item = ChangeOut<'_>> {
    let mut effects: Effects<'_> = HashMap::new();
    for group in &store.groups {
        for effect in &group.effects {
            effects.entry((effect.environment, group.direction)).or_default().push((group, effect));
        }
    }
    (store.environments.iter().enumerate()).map(move |(index, change)| environment(store, index, change, &effects))
}

fn environment<'a>(
    store: &'a StoreChanges,
    index: usize,
    change: &'a EnvironmentChange,
    effects: &Effects<'a>,
) -> ChangeOut<'a> {
    let of = |direction, status: &'a Status| DirectionOut {
        status: status.as_str(),
        why: match status {
            Status::Unknown(why) => Some(why),
            Status::Yes | Status::No => None,
        },
        effects: effects.get(&(index, direction)).into_iter().flatten().map(|(group, of)| effect(group, of)).collect(),
    };
    ChangeOut {
        store: &store.name,
        environment: &change.environment,
        lifecycle: change.lifecycle.as_str(),
        relation: change.relation().as_str(),
        gained: of(Direction::Gained, &change.gained),
        lost: of(Direction::Lost, &change.lost),
    }
}

fn effect<'a>(group: &'a CauseGroup, effect: &'a Effect) -> EffectOut<'a> {
    let Evidence { request, entities } = &effect.witness.evidence;
    let old = effect.witness.old.as_ref();
    EffectOut {
        witness: WitnessOut {
            request,
            entities,
            old_request: old.map(|old| &old.request),
            old_entities: old.map(|old| &old.entities),
        },
        known: effect.known.iter().map(|[principal, resource]| KnownOut { principal, resource }).collect(),
        condition: effect.condition.text(),
        exact: effect.condition.exact,
        when: &effect.condition.when,
        where_allowed: clauses(&effect.condition.where_allowed),
        unless_allowed: clauses(&effect.condition.unless_allowed),
        unless_refused: clauses(&effect.condition.unless_refused),
        left: effect.condition.left.as_ref().map(left),
        by_error: effect.by_error,
        migrated: !effect.migrated.is_empty(),
        hangs_on: &effect.migrated,
        ruling: ruling(effect.ruling),
        fingerprint: &effect.fingerprint,
        causes: group.causes.iter().map(cause).collect(),
    }
}

fn left(left: &Left) -> LeftOut<'_> {
    let (literals, from, to) = match &left.what {
        LeftOver::Literals(all) => (Some(all.as_slice()), None, None),
        LeftOver::Range(first, last) => (None, *first, *last),
    };
    LeftOut { of: &left.of, literals, from, to }
}

fn clauses(all: &[Clause]) -> Vec<ClauseOut<'_>> {
    fn one(clause: &Clause) -> ClauseOut<'_> {
        ClauseOut { policy: &clause.policy, condition: &clause.condition, location: location(&clause.location) }
    }
    all.iter().map(one).collect()
}

fn ruling(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Free => "free",
        Ruling::Refused => "refused",
        Ruling::Accepted => "accepted",
    }
}

fn cause(cause: &Cause) -> CauseOut<'_> {
    CauseOut {
        policy: &cause.policy,
        effect: cause.effect,
        change: cause.change.as_str(),
        old: cause.old.as_ref().map(location),
        new: cause.new.as_ref().map(location),
        edits: cause.edits.iter().map(edit).collect(),
        template: cause.template.as_ref().map(|template| template.name.as_str()),
    }
}

fn edit(edit: &Edit) -> EditOut<'_> {
    EditOut {
        kind: edit.kind.as_str(),
        part: edit.part.as_str(),
        old: edit.old.as_deref(),
        new: edit.new.as_deref(),
        location: edit.location.as_ref().map(location),
    }
}

fn set_aside<'a>(store: &'a StoreChanges, aside: &'a SetAside) -> SetAsideOut<'a> {
    SetAsideOut { store: &store.name, policy: &aside.policy, side: aside.side, why: &aside.why }
}

fn accepted(accepted: &Accepted) -> AcceptedOut<'_> {
    AcceptedOut {
        fingerprint: &accepted.fingerprint,
        what: &accepted.what,
        owner: &accepted.owner,
        until: &accepted.until,
        in_force: accepted.in_force,
        used: accepted.used,
        added: accepted.added,
    }
}
