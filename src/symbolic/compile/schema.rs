//! What the engine knows of a schema: symcc's compilation of it, and the same facts by name.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use cedar_policy::{EntityTypeName, EntityUid, RequestEnv, Schema};
use cedar_policy_symcc::op::Op;
use cedar_policy_symcc::term::{Term, TermVar};
use cedar_policy_symcc::term_factory::app;
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::{CompiledSchema, SymEnv};

use super::terms;
use crate::symbolic::solvers::Solvers;

/// A schema made ready for the engine. Making it costs time in proportion to the schema; share it.
pub struct SchemaModel {
    schema: Schema,
    compiled: CompiledSchema,
    environments: Vec<RequestEnv>,
    pub(in crate::symbolic) types: BTreeMap<EntityTypeName, EntityModel>,
    pub(in crate::symbolic) functions: HashMap<String, Function>,
    actions: HashMap<EntityUid, HashSet<EntityUid>>,
    families: OnceLock<Families>,
    solvers: Arc<Solvers>,
}

/// A *family*: environments that differ in nothing but the action.
#[derive(Debug, Default)]
struct Families {
    /// For each action, the number of its context's type.
    contexts: HashMap<EntityUid, usize>,
    /// For each principal type, resource type and context type: the number of the family, and how many environments are
    /// in it.
    members: HashMap<(EntityTypeName, EntityTypeName, usize), (usize, usize)>,
}

impl std::fmt::Debug for SchemaModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SchemaModel({} entity types, {} environments)", self.types.len(), self.environments.len())
    }
}

/// An entity type.
#[derive(Debug, Clone)]
pub(in crate::symbolic) struct EntityModel {
    /// The record of its attributes.
    pub(in crate::symbolic) attributes: TermType,
    /// The types that an entity of this type may be a member of, directly or not.
    pub(in crate::symbolic) parents: BTreeSet<EntityTypeName>,
    /// The ids that there are, if the type is enumerated or an action type.
    pub(in crate::symbolic) choices: Option<Vec<String>>,
    /// The type of its tags' values, if it has tags.
    pub(in crate::symbolic) tags: Option<TermType>,
}

/// An uninterpreted function of symcc's encoding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::symbolic) enum Function {
    /// From an entity to the record of its attributes.
    Attributes(EntityTypeName),
    /// From an entity of the first type to the set of its ancestors of the second type.
    Ancestors(EntityTypeName, EntityTypeName),
    /// From an entity to the set of its tags' names.
    TagKeys(EntityTypeName),
    /// From an entity and a name to the tag's value.
    TagValues(EntityTypeName),
}

impl SchemaModel {
    /// Compiles `schema`.
    ///
    /// # Errors
    /// When the schema holds what symbolic compilation cannot express; the text says what.
    pub fn new(schema: &Schema) -> Result<Arc<Self>, String> {
        Self::answered_by(schema, Arc::default())
    }

    /// The same; `solvers` answer what is asked of it.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn answered_by(schema: &Schema, solvers: Arc<Solvers>) -> Result<Arc<Self>, String> {
        let compiled = CompiledSchema::new(schema).map_err(|error| error.to_string())?;
        let mut environments: Vec<RequestEnv> = schema.request_envs().collect();
        environments.sort_by_cached_key(|env| {
            (env.action().to_string(), env.principal().to_string(), env.resource().to_string())
        });
        let mut model = Self {
            schema: schema.clone(),
            compiled,
            environments,
            types: BTreeMap::new(),
            functions: HashMap::new(),
            actions: HashMap::new(),
            families: OnceLock::new(),
            solvers,
        };
        if let Some(environment) = model.environments.first() {
            let symbols = model.symbols(environment)?;
            model.read_types(&symbols);
        }
        let actions = schema.action_entities().map_err(|error| error.to_string())?;
        for action in actions.iter() {
            let ancestors = actions.ancestors(&action.uid()).into_iter().flatten().cloned().collect();
            model.actions.insert(action.uid(), ancestors);
        }
        Ok(Arc::new(model))
    }

    /// Who answers.
    pub fn solvers(&self) -> &Arc<Solvers> {
        &self.solvers
    }

    /// Cedar's schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Every request environment, sorted by action, principal type and resource type.
    pub fn environments(&self) -> &[RequestEnv] {
        &self.environments
    }

    /// symcc's variables and functions for one environment.
    pub(in crate::symbolic) fn symbols(&self, environment: &RequestEnv) -> Result<SymEnv, String> {
        self.compiled.sym_env(environment).map_err(|error| error.to_string())
    }

    /// The number of the environment's family, if others are in it too: environments whose principal, resource and
    /// context have the same types, so that they differ in the action only.
    pub fn family(&self, environment: &RequestEnv) -> Option<usize> {
        let families = self.families.get_or_init(|| self.read_families());
        let context = families.contexts.get(environment.action())?;
        let key = (environment.principal().clone(), environment.resource().clone(), *context);
        families.members.get(&key).filter(|(_, count)| *count > 1).map(|(number, _)| *number)
    }

    fn read_families(&self) -> Families {
        let mut families = Families::default();
        let mut types = HashMap::new();
        for environment in &self.environments {
            let Some(ty) = terms::context(&self.schema, environment.action()) else { continue };
            let fresh = types.len();
            let context = *types.entry(ty).or_insert(fresh);
            families.contexts.insert(environment.action().clone(), context);
            let fresh = families.members.len();
            let key = (environment.principal().clone(), environment.resource().clone(), context);
            families.members.entry(key).or_insert((fresh, 0)).1 += 1;
        }
        families
    }

    /// Whether `action` is `group` or belongs to it.
    pub(super) fn action_in(&self, action: &EntityUid, group: &EntityUid) -> bool {
        action == group || self.actions.get(action).is_some_and(|ancestors| ancestors.contains(group))
    }

    /// Every action, action groups included, with the groups it belongs to.
    pub(super) fn actions(&self) -> impl Iterator<Item = (&EntityUid, &HashSet<EntityUid>)> {
        self.actions.iter()
    }

    /// The groups that an action belongs to, directly or not; none when there is no such action.
    pub(super) fn groups_of(&self, action: &EntityUid) -> Option<&HashSet<EntityUid>> {
        self.actions.get(action)
    }

    /// The ids of an enumerated type; none when the type is open or there is no such type.
    pub fn members(&self, ty: &EntityTypeName) -> Option<&[String]> {
        self.types.get(ty)?.choices.as_deref()
    }

    /// Whether the schema lists the ids of any entity type, those of actions aside.
    pub fn enumerates(&self) -> bool {
        let is_of_actions = |ty: &EntityTypeName| self.actions.keys().any(|action| action.type_name() == ty);
        self.types.iter().any(|(ty, model)| model.choices.is_some() && !is_of_actions(ty))
    }

    /// Whether entities of type `ty` may lack the attribute that is called `attr`, which others of them have.
    pub fn may_lack(&self, ty: &EntityTypeName, attr: &str) -> bool {
        let Some(TermType::Record { rty }) = self.types.get(ty).map(|model| &model.attributes) else { return false };
        rty.iter().any(|(name, ty)| name.as_str() == attr && matches!(ty, TermType::Option { .. }))
    }

    /// The same of the context of requests for `action`.
    pub fn context_may_lack(&self, action: &EntityUid, attr: &str) -> bool {
        terms::context_may_lack(&self.schema, action, attr)
    }

    /// Whether entities of type `ty` have to have the attribute at `path`, if they have the records that lead there.
    pub(in crate::symbolic) fn requires(&self, ty: &EntityTypeName, path: &[String]) -> bool {
        terms::entities_require(&self.schema, ty, path)
    }

    /// The same of the context of requests for `action`.
    pub(in crate::symbolic) fn context_requires(&self, action: &EntityUid, path: &[String]) -> bool {
        terms::context_requires(&self.schema, action, path)
    }

    /// The entity types that both schemas declare and whose lists of members differ, an open type having none.
    pub fn enumerations_unlike(&self, other: &Self) -> Vec<EntityTypeName> {
        let sorted = |ids: &Vec<String>| ids.iter().cloned().collect::<BTreeSet<_>>();
        let both = self.types.iter().filter_map(|(ty, model)| Some((ty, model, other.types.get(ty)?)));
        both.filter(|(_, one, two)| one.choices.as_ref().map(sorted) != two.choices.as_ref().map(sorted))
            // Actions are listed by the schema, and are no values that a request chooses.
            .filter(|(ty, ..)| !self.actions.keys().any(|action| action.type_name() == *ty))
            .map(|(ty, ..)| ty.clone())
            .collect()
    }

    /// The names of attributes, of entities or of contexts, that `old` requires and this schema makes optional.
    pub fn loosened_since(&self, old: &Self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for (ty, model) in &self.types {
            if let Some(before) = old.types.get(ty) {
                loosened(&before.attributes, &model.attributes, &mut names);
            }
        }
        let mut seen = HashSet::new();
        for environment in self.environments.iter().filter(|environment| seen.insert(environment.action().clone())) {
            let context = |schema: &Self| {
                let known = schema.environments.iter().find(|other| other.action() == environment.action())?;
                Some(schema.symbols(known).ok()?.request.context.type_of())
            };
            if let (Some(before), Some(after)) = (context(old), context(self)) {
                loosened(&before, &after, &mut names);
            }
        }
        names
    }

    /// The names of attributes, of entities or of contexts, that both schemas declare with types that no value has in
    /// common by itself; `None` among them stands for tags.
    pub fn redeclared_since(&self, old: &Self) -> BTreeSet<Option<String>> {
        let mut names = BTreeSet::new();
        for (ty, model) in &self.types {
            if let Some(before) = old.types.get(ty) {
                redeclared(&before.attributes, &model.attributes, &mut names);
                if let (Some(before), Some(after)) = (&before.tags, &model.tags)
                    && before != after
                {
                    names.insert(None);
                }
            }
        }
        let mut seen = HashSet::new();
        for environment in self.environments.iter().filter(|environment| seen.insert(environment.action().clone())) {
            let context = |schema: &Self| {
                let known = schema.environments.iter().find(|other| other.action() == environment.action())?;
                Some(schema.symbols(known).ok()?.request.context.type_of())
            };
            if let (Some(before), Some(after)) = (context(old), context(self)) {
                redeclared(&before, &after, &mut names);
            }
        }
        names
    }

    /// The names of all attributes, of entities and of contexts, at any depth.
    pub fn attributes(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.types.values().for_each(|model| attribute_names(&model.attributes, &mut names));
        let mut seen = HashSet::new();
        for environment in self.environments.iter().filter(|environment| seen.insert(environment.action().clone())) {
            if let Ok(symbols) = self.symbols(environment) {
                attribute_names(&symbols.request.context.type_of(), &mut names);
            }
        }
        names
    }

    /// The names of attributes, of entities or of contexts, whose values can be or hold entities of type `ty`; `None`
    /// among them stands for tags.
    pub fn attributes_of_type(&self, ty: &EntityTypeName) -> BTreeSet<Option<String>> {
        let mut names = BTreeSet::new();
        for model in self.types.values() {
            holders(&model.attributes, ty, &mut names);
            if model.tags.as_ref().is_some_and(|tags| holders(tags, ty, &mut names)) {
                names.insert(None);
            }
        }
        let mut seen = HashSet::new();
        for environment in self.environments.iter().filter(|environment| seen.insert(environment.action().clone())) {
            if let Ok(symbols) = self.symbols(environment) {
                holders(&symbols.request.context.type_of(), ty, &mut names);
            }
        }
        names
    }

    /// Whether an entity of type `ty` can be an entity of type `ancestor`, or a member of one.
    pub(super) fn can_be_in(&self, ty: &EntityTypeName, ancestor: &EntityTypeName) -> bool {
        ty == ancestor || self.types.get(ty).is_some_and(|model| model.parents.contains(ancestor))
    }

    fn read_types(&mut self, symbols: &SymEnv) {
        for (ty, data) in symbols.entities.iter() {
            let entity = TermType::Entity { ety: ty.clone() };
            // symcc's functions cannot be named from outside; what they do to a variable tells what they are.
            let applied = app(data.attrs.clone(), variable(entity.clone()));
            if let Some(id) = function_id(&applied) {
                self.functions.insert(id, Function::Attributes(ty.clone()));
            }
            let attributes = applied.type_of();
            let mut parents = BTreeSet::new();
            for (ancestor, function) in &data.ancestors {
                let applied = app(function.clone(), variable(entity.clone()));
                if let Some(id) = function_id(&applied) {
                    self.functions.insert(id, Function::Ancestors(ty.clone(), ancestor.clone()));
                    parents.insert(ancestor.clone());
                }
            }
            let mut tags = None;
            if let Some(symbols) = &data.tags {
                if let Some(id) = function_id(&app(symbols.keys.clone(), variable(entity.clone()))) {
                    self.functions.insert(id, Function::TagKeys(ty.clone()));
                }
                let applied = app(symbols.vals.clone(), variable(TermType::tag_for(ty.clone())));
                if let Some(id) = function_id(&applied) {
                    self.functions.insert(id, Function::TagValues(ty.clone()));
                    tags = Some(applied.type_of());
                }
            }
            let choices = data.members.as_ref().map(|ids| ids.iter().map(ToString::to_string).collect());
            self.types.insert(ty.clone(), EntityModel { attributes, parents, choices, tags });
        }
    }
}

/// Adds the attributes of two records that are of different types, optional or not, at any depth.
fn redeclared(old: &TermType, new: &TermType, names: &mut BTreeSet<Option<String>>) {
    let plain = |ty: &TermType| match ty {
        TermType::Option { ty } => TermType::clone(ty),
        other => other.clone(),
    };
    let (TermType::Record { rty: old }, TermType::Record { rty: new }) = (old, new) else { return };
    for (name, after) in new.iter() {
        let Some(before) = old.get(name) else { continue };
        match (plain(before), plain(after)) {
            (before @ TermType::Record { .. }, after @ TermType::Record { .. }) => redeclared(&before, &after, names),
            (before, after) if before != after => {
                names.insert(Some(name.to_string()));
            }
            _ => {}
        }
    }
}

/// Adds the attributes of a type, at any depth.
fn attribute_names(ty: &TermType, names: &mut BTreeSet<String>) {
    match ty {
        TermType::Record { rty } => {
            for (name, inner) in rty.iter() {
                names.insert(name.to_string());
                attribute_names(inner, names);
            }
        }
        TermType::Option { ty } | TermType::Set { ty } => attribute_names(ty, names),
        _ => {}
    }
}

/// Adds the attributes, at any depth, that `old` requires and `new` makes optional.
fn loosened(old: &TermType, new: &TermType, names: &mut BTreeSet<String>) {
    match (old, new) {
        (TermType::Record { rty: old }, TermType::Record { rty: new }) => {
            for (name, after) in new.iter() {
                match (old.get(name), after) {
                    (Some(TermType::Option { ty: before }), TermType::Option { ty: after }) => {
                        loosened(before, after, names);
                    }
                    (Some(before), TermType::Option { ty: after }) => {
                        names.insert(name.to_string());
                        loosened(before, after, names);
                    }
                    (Some(before), after) => loosened(before, after, names),
                    (None, _) => {}
                }
            }
        }
        (TermType::Set { ty: old }, TermType::Set { ty: new }) => loosened(old, new, names),
        _ => {}
    }
}

/// Whether values of type `within` can be or hold entities of type `ty`; the attributes on the way are added to
/// `names`.
fn holders(within: &TermType, ty: &EntityTypeName, names: &mut BTreeSet<Option<String>>) -> bool {
    match within {
        TermType::Entity { ety } => ety == ty,
        TermType::Option { ty: inner } | TermType::Set { ty: inner } => holders(inner, ty, names),
        TermType::Record { rty } => rty.iter().fold(false, |any, (name, inner)| {
            let this = holders(inner, ty, names);
            if this {
                names.insert(Some(name.to_string()));
            }
            any || this
        }),
        TermType::Bool | TermType::String | TermType::Bitvec { .. } | TermType::Ext { .. } => false,
    }
}

fn variable(ty: TermType) -> Term {
    Term::Var(TermVar { id: "x".into(), ty })
}

/// The id of the uninterpreted function that `applied` is an application of, if it is one.
fn function_id(applied: &Term) -> Option<String> {
    match applied {
        Term::App { op: Op::Uuf(function), .. } => Some(function.id.to_string()),
        _ => None,
    }
}
