//! One pair of stores after the other; the environments of each in parallel.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cedar_policy::{Entities, PolicyId, Request, RequestEnv};
use serde_json::json;

use super::authorizers::Authorizers;
use super::effects::{self, Solved};
use super::idle;
use super::pairing::{self, Paired};
use super::stores::{self, Stores};
use super::undecided::OpenQuestions;
use crate::compare::{Delta, Options, Pair, PolicyPair, Undecided, Where, Which};
use crate::finding::Environment;
use crate::infer::{Inferred, infer, infer_for};
use crate::outcome::changes::{EnvironmentChange, Lifecycle, SchemaChange, SetAside, Status, StoreChanges};
use crate::outcome::{Notice, NoticeKind};
use crate::repo::{Broken, Repo, SchemaState, Store, declared_at};
use crate::symbolic::{Difference, Reason, SchemaModel, Solvers, Subject, Witness, differences};
use crate::text::inline;

/// With more changed policies than this, conditions are what the policies say, and are not proved.
const MANY: usize = 100;

/// What a comparison of two repositories comes to.
#[derive(Debug, Clone, Default)]
pub struct Compared {
    /// Every store of either side, sorted by name.
    pub stores: Vec<StoreChanges>,
    /// What could not be decided.
    pub undecided: Vec<Notice>,
}

/// Compares the stores of two versions of a repository.
#[must_use]
pub fn compare(old: &Repo, new: &Repo) -> Compared {
    compare_with(old, new, &Engine { inference: true, solvers: Arc::default() })
}

/// How questions are answered.
#[derive(Debug)]
pub(super) struct Engine {
    /// Whether a schema is inferred from what both sides hold where a store has none on any side; else nothing is
    /// decided there.
    pub(super) inference: bool,
    /// Who answers.
    pub(super) solvers: Arc<Solvers>,
}

impl Engine {
    fn model(&self, schema: &cedar_policy::Schema) -> Result<Arc<SchemaModel>, String> {
        SchemaModel::answered_by(schema, Arc::clone(&self.solvers))
    }
}

/// The same, answered by `engine`.
#[must_use]
pub(super) fn compare_with(old: &Repo, new: &Repo, engine: &Engine) -> Compared {
    let mut compared = Compared::default();
    for stores in stores::pair(old, new) {
        let (changes, undecided) = store(stores, engine);
        compared.undecided.extend(undecided.into_iter().map(|notice| notice.store(&changes.name)));
        compared.stores.push(changes);
    }
    let inferred = compared.stores.iter().filter(|store| store.inferred);
    compared.undecided.extend(assumed(inferred.map(|store| store.name.as_str()).collect()));
    compared
}

/// What is said once of `stores` that are compared under an inferred schema.
fn assumed(stores: Vec<&str>) -> Option<Notice> {
    let names: Vec<String> = stores.iter().map(|name| format!("`{}`", inline(name))).collect();
    let who = match names.as_slice() {
        [] => return None,
        [only] => format!("store {only} has"),
        several => format!("stores {} have", several.join(", ")),
    };
    let sentence = format!(
        "{who} no schema, so one is inferred from both sides, in which every attribute may be absent (`polcheck schema \
         infer` prints it)"
    );
    Some(Notice::new(NoticeKind::SchemaInferred, sentence))
}

/// Both schemas as the engine needs them.
struct Schemas {
    old: Option<Arc<SchemaModel>>,
    new: Option<Arc<SchemaModel>>,
    /// Whether both declare the same (or one of them is taken for both).
    alike: bool,
    changes: Vec<SchemaChange>,
    /// What was inferred, where both are.
    inferred: Option<Inferred>,
}

impl Schemas {
    /// Of which nothing is known.
    fn none() -> Self {
        Self { old: None, new: None, alike: true, changes: Vec::new(), inferred: None }
    }
}

/// A schema for a store that has none on either side, from what both sides hold.
fn inferred(stores: Stores<'_>, engine: &Engine) -> Result<Schemas, String> {
    // A store's number is that of its side.
    let inferred = infer(&[stores.old, stores.new])?;
    let model = engine.model(&inferred.schema)?;
    if model.environments().is_empty() {
        return Ok(Schemas::none());
    }
    let of = |store: Option<&Store>| store.map(|_| Arc::clone(&model));
    let alike = stores.old.is_some() && stores.new.is_some();
    Ok(Schemas { old: of(stores.old), new: of(stores.new), alike, changes: Vec::new(), inferred: Some(inferred) })
}

fn schemas(stores: Stores<'_>, engine: &Engine) -> Result<Schemas, String> {
    let state = |store: Option<&Store>, side: &str| -> Result<Option<Arc<crate::repo::Schema>>, String> {
        match store.map(|store| &store.schema) {
            Some(SchemaState::Ready(schema)) => Ok(Some(Arc::clone(schema))),
            Some(SchemaState::Broken) => Err(format!("the {side} schema cannot be used")),
            Some(SchemaState::None) | None => Ok(None),
        }
    };
    let (old, new) = (state(stores.old, "old")?, state(stores.new, "new")?);
    let model = |schema: &crate::repo::Schema| engine.model(&schema.cedar);
    match (old, new) {
        (Some(old), Some(new)) => {
            if crate::repo::cedar::same_schema(&old.cedar, &new.cedar) {
                let model = model(&new)?;
                return Ok(Schemas {
                    old: Some(Arc::clone(&model)),
                    new: Some(model),
                    alike: true,
                    changes: Vec::new(),
                    inferred: None,
                });
            }
            let schemas = [&*new, &*old];
            let (old, new) = rayon::join(|| model(&old), || model(&new));
            let (old, new) = (old?, new?);
            let changes: Vec<SchemaChange> =
                differences(&old, &new).into_iter().map(|one| located(one, &schemas, stores)).collect();
            Ok(Schemas { alike: changes.is_empty(), old: Some(old), new: Some(new), changes, inferred: None })
        }
        // Where the store has a schema on one side only, both are read under that one; decisions do not depend on it.
        (old, new) if stores.old.is_some() && stores.new.is_some() && old.is_some() != new.is_some() => {
            let kind = if new.is_some() { "schema_added" } else { "schema_removed" };
            let Some(only) = old.or(new) else { return Err("there is no schema".to_owned()) };
            let what = only.files.first().map(|file| file.path().to_owned()).unwrap_or_default();
            let model = model(&only)?;
            let changes = vec![SchemaChange { kind, what, old: None, new: None, location: None, read: true }];
            Ok(Schemas { old: Some(Arc::clone(&model)), new: Some(model), alike: true, changes, inferred: None })
        }
        (Some(only), None) => Ok(Schemas { old: Some(model(&only)?), alike: false, ..Schemas::none() }),
        (None, Some(only)) => Ok(Schemas { new: Some(model(&only)?), alike: false, ..Schemas::none() }),
        (None, None) if engine.inference => inferred(stores, engine),
        (None, None) => Ok(Schemas::none()),
    }
}

/// `one` with its place: where the first of `schemas` declares it that does.
fn located(one: Difference, schemas: &[&crate::repo::Schema], stores: Stores<'_>) -> SchemaChange {
    let location = schemas.iter().find_map(|schema| declared_at(schema, &one.what));
    let name = one.what.rsplit_once('.').map(|(_, name)| name);
    let policies = [stores.old, stores.new].into_iter().flatten().flat_map(|store| &store.policies);
    let read = name.is_none_or(|name| policies.into_iter().any(|policy| policy.location.text().contains(name)));
    SchemaChange { kind: one.kind, what: one.what, old: one.old, new: one.new, location, read }
}

fn named(environment: &RequestEnv, inferred: Option<&Inferred>) -> Environment {
    let said = |name: String| inferred.map_or_else(|| name.clone(), |inferred| inferred.said(&name).to_owned());
    Environment {
        principal: said(environment.principal().to_string()),
        action: environment.action().to_string(),
        resource: said(environment.resource().to_string()),
    }
}

/// Every environment of either side, sorted by name.
fn environments(schemas: &Schemas) -> Vec<(Environment, RequestEnv, Lifecycle)> {
    let mut all: BTreeMap<(String, String, String), (Environment, RequestEnv, Lifecycle)> = BTreeMap::new();
    for (model, lifecycle) in [(&schemas.old, Lifecycle::Removed), (&schemas.new, Lifecycle::Added)] {
        for environment in model.iter().flat_map(|model| model.environments()) {
            let name = named(environment, schemas.inferred.as_ref());
            let key = (name.action.clone(), name.principal.clone(), name.resource.clone());
            let found = all.entry(key).or_insert_with(|| (name, environment.clone(), lifecycle));
            if found.2 != lifecycle {
                found.2 = Lifecycle::Kept;
            }
        }
    }
    all.into_values().collect()
}

pub(super) fn store(stores: Stores<'_>, engine: &Engine) -> (StoreChanges, Vec<Notice>) {
    let (pairs, text) = pairing::pair(stores.old, stores.new);
    let lifecycle = match (stores.old, stores.new) {
        (Some(_), Some(_)) => Lifecycle::Kept,
        (None, _) => Lifecycle::Added,
        (_, None) => Lifecycle::Removed,
    };
    let mut changes = StoreChanges {
        name: stores.name().to_owned(),
        old_name: stores.old_name().map(str::to_owned),
        lifecycle,
        schemaless: false,
        inferred: false,
        unusable: None,
        schema_changes: Vec::new(),
        unfit: Vec::new(),
        text,
        entities: BTreeSet::new(),
        environments: Vec::new(),
        groups: Vec::new(),
        undecided: Vec::new(),
        set_aside: Vec::new(),
        ill_typed: Vec::new(),
        without_effect: Vec::new(),
    };
    let store_name = inline(&changes.name).into_owned();
    let broken = broken(stores, &pairs);
    let (schemas, why) = match schemas(stores, engine) {
        Ok(schemas) => (schemas, None),
        Err(why) => (Schemas::none(), Some(why)),
    };
    changes.inferred = schemas.inferred.is_some();
    changes.schema_changes.clone_from(&schemas.changes);
    if schemas.old.is_none() && schemas.new.is_none() {
        changes.schemaless = why.is_none();
        changes.unusable = why.or(broken.map(|(why, _)| why));
        let undecided = unanalysed(&mut changes, &pairs, stores);
        return (changes, undecided);
    }
    let for_engine = for_engine(&pairs, schemas.inferred.as_ref());
    let pair = Pair::new(schemas.old.as_ref(), schemas.new.as_ref(), schemas.alike, &for_engine);
    let authorizers = Authorizers::new(stores);
    let confirm = |witness: &Witness, side: Which, both: bool| authorizers.confirm(witness, side, both);
    let changed = for_engine.iter().filter(|pair| !pair.same).count();
    let options = Options::new(&confirm, changed <= MANY);
    let all = environments(&schemas);
    let there = |lifecycle: &Lifecycle| match lifecycle {
        Lifecycle::Kept => Where::Both,
        Lifecycle::Added => Where::Only(Which::New),
        Lifecycle::Removed => Where::Only(Which::Old),
    };
    let requests: Vec<(RequestEnv, Where)> =
        all.iter().map(|(_, environment, lifecycle)| (environment.clone(), there(lifecycle))).collect();
    let compared = AtomicBool::new(false);
    let deltas = || {
        let deltas = match &schemas.inferred {
            Some(inferred) if inferred.hinted == [true, true] => {
                compare_by_types(stores, inferred, &pairs, &pair, &requests, (options, engine))
            }
            _ => pair.compare(&requests, options),
        };
        compared.store(true, Ordering::Relaxed);
        deltas
    };
    // What confirms examples is made beside the search for the first.
    let (deltas, ()) = rayon::join(deltas, || {
        let wanted = || !compared.load(Ordering::Relaxed);
        if wanted() && requests.iter().any(|(environment, _)| pair.may_change(environment)) {
            for side in [Which::Old, Which::New].into_iter().filter(|_| wanted()) {
                authorizers.of(side);
            }
        }
    });
    let mut open = OpenQuestions::new(&pairs, broken);
    let mut aside: BTreeMap<(usize, String), BTreeSet<Which>> = BTreeMap::new();
    let mut solved = Vec::new();
    let mut defects: Vec<(&str, String)> = Vec::new();
    for ((environment, _, lifecycle), delta) in all.into_iter().zip(deltas) {
        for found in [&delta.gained, &delta.lost] {
            let whys = found.open.iter().map(|open| &open.why);
            let told = whys.filter_map(defect).map(|(who, what)| (who, defect_file(stores, &environment, what)));
            defects.extend(told);
        }
        let (gained, lost) = (open.status(&delta.gained), open.status(&delta.lost));
        open.note_unlisted(&delta);
        for (index, side, why) in delta.set_aside {
            aside.entry((index, why.to_string())).or_default().insert(side);
        }
        let index = changes.environments.len();
        changes.environments.push(EnvironmentChange { environment, lifecycle, gained, lost });
        solved.push(Solved { environment: index, gained: delta.gained.effects, lost: delta.lost.effects });
    }
    let allows = |side: Which, request: &Request, entities: &Entities| authorizers.allows(side, request, entities);
    changes.groups = effects::group(solved, &changes.environments, &pairs, stores, &allows);
    changes.set_aside = set_aside(&aside, &pairs);
    if open.is_empty() {
        changes.without_effect = idle::of(&changes, &pairs, stores, &pair, &requests);
    }
    let undecided = open
        .notices(&store_name)
        .into_iter()
        // One is enough to find the defect by.
        .chain(defects.into_iter().next().map(|(who, file)| {
            let sentence = format!(
                "store `{store_name}`: internal error: the engine and {who} disagree about a request; please \
                 report it with the file that is named on standard error"
            );
            Notice { attachment: Some(file), ..Notice::new(NoticeKind::Disagreement, sentence) }
        }))
        .collect();
    // Many policies are taken apart beside whatever comes next.
    let authorizers = authorizers.into_made();
    rayon::spawn(move || drop((pair, for_engine, authorizers)));
    (changes, undecided)
}

/// The pairs as the engine takes them, under a schema that may be `inferred`.
fn for_engine(pairs: &[Paired<'_>], inferred: Option<&Inferred>) -> Vec<PolicyPair> {
    let Some(inferred) = inferred else { return pairs.iter().map(|pair| pair.for_engine(None)).collect() };
    let of = [inferred.limits(0), inferred.limits(1)];
    let limits = |side: usize, key: &PolicyId, subject: &Subject| {
        of.get(side).map(|limits| limits.of(key, subject)).unwrap_or_default()
    };
    pairs.iter().map(|pair| pair.for_engine(Some(&limits))).collect()
}

/// So many schemas are inferred for one comparison.
const VARIANTS: usize = 64;

/// What changes in each of `requests`, where an attribute is compared with principals or resources of several types: of
/// which type it is hangs on the request, so that each two types have a schema of their own. Where there are too many
/// of them, or one cannot be had, the general one leaves such policies out.
fn compare_by_types(
    stores: Stores<'_>,
    inferred: &Inferred,
    pairs: &[Paired<'_>],
    general: &Pair,
    requests: &[(RequestEnv, Where)],
    (options, engine): (Options<'_>, &Engine),
) -> Vec<Delta> {
    let mut kinds: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (at, (environment, _)) in requests.iter().enumerate() {
        let key = (environment.principal().to_string(), environment.resource().to_string());
        kinds.entry(key).or_default().push(at);
    }
    if kinds.len() > VARIANTS {
        return general.compare(requests, options);
    }
    let mut all: Vec<Delta> = requests.iter().map(|_| Delta::none()).collect();
    for ((principal, resource), places) in kinds {
        let these: Vec<(RequestEnv, Where)> = places.iter().filter_map(|at| requests.get(*at).cloned()).collect();
        let asked = [Some(inferred.asked(&principal)), Some(inferred.asked(&resource))];
        let own = infer_for(&[stores.old, stores.new], asked).and_then(|own| {
            let model = engine.model(&own.schema)?;
            Ok((own, model))
        });
        let deltas = match own {
            Ok((own, model)) => {
                let (old, new) = (stores.old.map(|_| &model), stores.new.map(|_| &model));
                let alike = old.is_some() && new.is_some();
                Pair::new(old, new, alike, &for_engine(pairs, Some(&own))).compare(&these, options)
            }
            Err(_) => general.compare(&these, options),
        };
        for (at, delta) in places.into_iter().zip(deltas) {
            if let Some(slot) = all.get_mut(at) {
                *slot = delta;
            }
        }
    }
    all
}

/// Who disagrees with the engine, and about what, if that is why something is not decided.
fn defect(why: &Undecided) -> Option<(&'static str, &String)> {
    match why {
        Undecided::Disagreement(asked) => Some((AUTHORIZER, asked)),
        Undecided::Unanswered(Reason::Replay { difference }) => Some((AUTHORIZER, difference)),
        Undecided::Unanswered(Reason::Solvers { question, .. }) => Some(("cvc5", question)),
        _ => None,
    }
}

const AUTHORIZER: &str = "Cedar's authorizer";

/// What it takes to find a defect of the engine: the question, and both sides' policies and schemas.
fn defect_file(stores: Stores<'_>, environment: &Environment, what: &str) -> String {
    let side = |store: Option<&Store>| {
        let store = store?;
        let policies: Vec<&str> = store.policies.iter().map(|policy| policy.location.text()).collect();
        let schema = store.schema.ready();
        let schema: Vec<&str> = schema.into_iter().flat_map(|schema| &schema.files).map(|file| file.text()).collect();
        Some(json!({"policies": policies, "schema": schema}))
    };
    let file = json!({
        "polcheck": env!("CARGO_PKG_VERSION"),
        "environment": [environment.principal, environment.action, environment.resource],
        "asked": serde_json::from_str::<serde_json::Value>(what).unwrap_or_else(|_| what.into()),
        "old": side(stores.old),
        "new": side(stores.new),
    });
    format!("{file:#}\n")
}

/// Fills in what can be said of a store that has no schema, or none that can be used; what is not decided.
fn unanalysed(changes: &mut StoreChanges, pairs: &[Paired<'_>], stores: Stores<'_>) -> Vec<Notice> {
    let name = inline(&changes.name).into_owned();
    if let Some(why) = &changes.unusable {
        // The environments of a side whose schema can be used are known, and nothing of what happens in them.
        let schemas = [stores.old, stores.new].into_iter().flatten().filter_map(|store| store.schema.ready());
        let known: BTreeSet<_> = schemas
            .flat_map(|schema| {
                schema.cedar.request_envs().map(|environment| named(&environment, None)).collect::<Vec<_>>()
            })
            .map(|environment| (environment.action.clone(), environment))
            .collect();
        let unknown = || Status::Unknown(why.clone());
        changes.environments = known
            .into_iter()
            .map(|(_, environment)| EnvironmentChange {
                environment,
                lifecycle: Lifecycle::Kept,
                gained: unknown(),
                lost: unknown(),
            })
            .collect();
    }
    let unlike: Vec<&Paired<'_>> = pairs.iter().filter(|pair| !pair.same).collect();
    if changes.environments.is_empty() {
        changes.undecided = unlike.iter().map(|pair| effects::cause(pair, pairs, stores)).collect();
    }
    let sentence = match (&changes.unusable, unlike.len()) {
        (Some(why), _) => format!("store `{name}`: {why}"),
        (None, 0) => return Vec::new(),
        (None, count) => format!(
            "store `{name}` has no schema, so its request environments are not known; {count} {} changed",
            if count == 1 { "policy" } else { "policies" }
        ),
    };
    vec![Notice::new(NoticeKind::ChangeOpen, sentence)]
}

/// Why the policies of a side are not all known, if so and if it matters, and the file.
///
/// A file of policies that reads the same on both sides does not matter where only permits changed: what it permits or
/// forbids besides is permitted or forbidden on both, so that it can only take away from what changed. A forbid that
/// changed may refuse what only that file permits.
fn broken(stores: Stores<'_>, pairs: &[Paired<'_>]) -> Option<(String, String)> {
    let forbids = pairs.iter().any(|pair| !pair.same && pair.forbids());
    let of = |store: Option<&Store>, other: Option<&Store>, side: &str| {
        let same =
            |file: &&Broken| !forbids && file.text.is_some() && other.is_some_and(|other| other.broken.contains(file));
        let path = &store?.broken.iter().find(|file| !same(file))?.path;
        Some((format!("`{}` does not load whole on the {side} side", inline(path)), path.clone()))
    };
    of(stores.new, stores.old, "new").or_else(|| of(stores.old, stores.new, "old"))
}

fn set_aside(aside: &BTreeMap<(usize, String), BTreeSet<Which>>, pairs: &[Paired<'_>]) -> Vec<SetAside> {
    let mut all: Vec<SetAside> = Vec::new();
    for ((index, why), sides) in aside {
        let Some(pair) = pairs.get(*index) else { continue };
        let policy = pair.name().to_owned();
        let side = match (sides.contains(&Which::Old), sides.contains(&Which::New)) {
            (true, true) => "both",
            (true, false) => "old",
            _ => "new",
        };
        // One reason is enough; the validator gives the others.
        if !all.iter().any(|known| known.policy == policy && known.side == side) {
            all.push(SetAside { policy, side, why: why.clone() });
        }
    }
    all.sort();
    all
}
