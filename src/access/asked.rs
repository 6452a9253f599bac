//! The names that somebody asks about, found in a store.

use std::collections::BTreeSet;

use cedar_policy::{Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Schema};

use crate::repo::cedar::{enumeration, is_action};
use crate::text::{inline, nearest};

/// What somebody wants to know, as it was typed; what is left out is open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// An entity or a type.
    pub principal: Option<String>,
    /// An action, with its type or by its id alone.
    pub action: Option<String>,
    /// An entity or a type.
    pub resource: Option<String>,
    /// A context as JSON.
    pub context: Option<String>,
}

/// Who, or what, is asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Subject {
    /// All of them.
    #[default]
    Open,
    /// All of a type.
    Type(EntityTypeName),
    /// One.
    One(EntityUid),
}

impl Subject {
    /// Whether `uid` is among them.
    #[must_use]
    pub fn takes(&self, uid: &EntityUid) -> bool {
        match self {
            Self::Open => true,
            Self::Type(ty) => uid.type_name() == ty,
            Self::One(one) => uid == one,
        }
    }

    /// Whether something of type `ty` is.
    #[must_use]
    pub fn takes_type(&self, ty: &EntityTypeName) -> bool {
        match self {
            Self::Open => true,
            Self::Type(asked) => ty == asked,
            Self::One(one) => one.type_name() == ty,
        }
    }
}

/// What somebody wants to know of one store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Who.
    pub principal: Subject,
    /// Which action; all where there is none.
    pub action: Option<EntityUid>,
    /// What.
    pub resource: Subject,
}

/// What a store knows by name.
pub(super) struct Names<'s> {
    pub(super) schema: Option<&'s Schema>,
    /// `None` where there are no entity files.
    pub(super) entities: Option<&'s Entities>,
    pub(super) sets: &'s [&'s PolicySet],
}

impl Names<'_> {
    /// What `wanted` means here.
    ///
    /// # Errors
    /// When a name is none; a sentence that names the nearest.
    pub(super) fn find(&self, wanted: &Wanted) -> Result<Asked, String> {
        let subject = |text: &Option<String>| text.as_ref().map_or(Ok(Subject::Open), |text| self.subject(text));
        Ok(Asked {
            principal: subject(&wanted.principal)?,
            action: wanted.action.as_ref().map(|text| self.action(text)).transpose()?,
            resource: subject(&wanted.resource)?,
        })
    }

    /// The types that there are.
    fn types(&self) -> BTreeSet<EntityTypeName> {
        let mut types: BTreeSet<EntityTypeName> =
            self.entities.into_iter().flat_map(Entities::iter).map(|entity| entity.uid().type_name().clone()).collect();
        match self.schema {
            Some(schema) => types.extend(schema.entity_types().cloned()),
            None => types.extend(self.named().into_iter().map(|uid| uid.type_name().clone())),
        }
        types
    }

    /// The entities that policies name.
    pub(super) fn named(&self) -> BTreeSet<EntityUid> {
        let policies = self.sets.iter().flat_map(|set| set.policies());
        policies.flat_map(cedar_policy::Policy::entity_literals).collect()
    }

    fn subject(&self, text: &str) -> Result<Subject, String> {
        if let Some(uid) = parsed(text) {
            return self.entity(uid).map(Subject::One);
        }
        let Ok(ty) = text.parse::<EntityTypeName>() else {
            return Err(format!(
                "`{}` is no entity; one is written 'Type::\"id\"', and all of a type 'Type'",
                inline(text)
            ));
        };
        let types = self.types();
        if types.contains(&ty) || types.is_empty() {
            return Ok(Subject::Type(ty));
        }
        let names: Vec<String> = types.iter().map(ToString::to_string).collect();
        Err(unknown("entity type", text, names.iter().map(String::as_str)))
    }

    /// An entity, which has to be known where entities are.
    fn entity(&self, uid: EntityUid) -> Result<EntityUid, String> {
        let types = self.types();
        let ty = uid.type_name();
        if !types.is_empty() && !types.contains(ty) {
            let names: Vec<String> = types.iter().map(ToString::to_string).collect();
            return Err(unknown("entity type", &ty.to_string(), names.iter().map(String::as_str)));
        }
        let listed = self.schema.and_then(|schema| enumeration(schema, ty));
        if self.entities.is_none() && listed.is_none() {
            return Ok(uid);
        }
        let listed = listed.unwrap_or_default();
        let there = self.entities.is_some_and(|entities| entities.get(&uid).is_some());
        if there || listed.contains(&uid) || self.named().contains(&uid) {
            return Ok(uid);
        }
        let stored = self.entities.into_iter().flat_map(Entities::iter).map(|entity| entity.uid());
        let all = stored.chain(listed).chain(self.named());
        let same: Vec<String> = all
            .filter(|other| other.type_name() == ty)
            .map(|other| AsRef::<str>::as_ref(other.id()).to_owned())
            .collect();
        let meant = nearest(uid.id().as_ref(), same.iter().map(String::as_str))
            .map(|id| EntityUid::from_type_name_and_id(ty.clone(), EntityId::new(id)));
        let meant = meant.map(|uid| format!("; did you mean `{}`?", inline(&uid.to_string()))).unwrap_or_default();
        let among = if self.entities.is_some() { "the entities" } else { "the members of its type" };
        Err(format!("`{}` is not among {among}{meant}", inline(&uid.to_string())))
    }

    /// The actions that requests can be for, sorted.
    pub(super) fn actions(&self) -> BTreeSet<EntityUid> {
        match self.schema {
            Some(schema) => schema.request_envs().map(|environment| environment.action().clone()).collect(),
            None => {
                let stored = self.entities.into_iter().flat_map(Entities::iter).map(|entity| entity.uid());
                let all: BTreeSet<EntityUid> = stored.chain(self.named()).filter(is_action).collect();
                all
            }
        }
    }

    /// What is said of a group of actions, for which no request is.
    fn group_of_actions(&self, text: &str) -> Option<String> {
        let schema = self.schema?;
        let group =
            schema.action_groups().find(|uid| AsRef::<str>::as_ref(uid.id()) == text || uid.to_string() == text)?;
        let within = schema.action_entities().ok()?;
        let members = self.actions().into_iter().filter(|action| within.is_ancestor_of(group, action));
        let names: Vec<String> = members.map(|action| format!("`{}`", inline(action.id().as_ref()))).collect();
        let are = if names.is_empty() { "it has none".to_owned() } else { format!("name one of {}", names.join(", ")) };
        Some(format!("`{}` is a group of actions, and no request is for a group; {are}", inline(text)))
    }

    fn action(&self, text: &str) -> Result<EntityUid, String> {
        let actions = self.actions();
        let unknown = |text: &str, known: Vec<&str>| {
            self.group_of_actions(text).unwrap_or_else(|| unknown("action", text, known))
        };
        if let Some(uid) = parsed(text) {
            // Without a schema requests may be for any action.
            if actions.contains(&uid) || (self.schema.is_none() && is_action(&uid) && actions.is_empty()) {
                return Ok(uid);
            }
            let names: Vec<String> = actions.iter().map(ToString::to_string).collect();
            return Err(unknown(text, names.iter().map(String::as_str).collect()));
        }
        let fits: Vec<&EntityUid> = actions.iter().filter(|uid| AsRef::<str>::as_ref(uid.id()) == text).collect();
        match fits.as_slice() {
            [only] => Ok((*only).clone()),
            [] => {
                let ids: Vec<&str> = actions.iter().map(|uid| uid.id().as_ref()).collect();
                Err(unknown(text, ids))
            }
            several => {
                let names: Vec<String> = several.iter().map(|uid| format!("`{}`", inline(&uid.to_string()))).collect();
                Err(format!("`{}` may be {}; write it with its type", inline(text), names.join(" or ")))
            }
        }
    }
}

/// An entity as people type it.
fn parsed(text: &str) -> Option<EntityUid> {
    if let Ok(uid) = text.parse() {
        return Some(uid);
    }
    // Ids that Cedar would write with an escape.
    let (ty, id) = text.split_once("::\"")?;
    let id = id.strip_suffix('"').filter(|id| !id.contains(['"', '\\']))?;
    Some(EntityUid::from_type_name_and_id(ty.parse().ok()?, EntityId::new(id)))
}

fn unknown<'n>(what: &str, text: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let shown = |name: &str| format!("`{}`", inline(name));
    let way_out = match (nearest(text, known.iter().copied()), known.as_slice()) {
        (Some(meant), _) => format!("did you mean {}?", shown(meant)),
        (None, []) => "there are none here".to_owned(),
        (None, all) if all.len() <= 12 => {
            format!("there are: {}", all.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", "))
        }
        (None, all) => format!("there are {} others", all.len()),
    };
    format!("there is no {what} {}; {way_out}", shown(text))
}
