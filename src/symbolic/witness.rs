//! From a model to a request and entities that people can read and Cedar confirms.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression, SlotId,
};
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::type_abbrevs::ExtType;
use serde_json::{Map, Value as Json, json};

use super::api::{Formula, PolicyRef};
use super::encoder::SpaceKey;
use super::hierarchy;
use super::model::{Concrete, Model};
use super::places::{Origin, PathId, PlaceId};
use super::schema::{Function, SchemaModel};
use super::session::Session;
use super::value::Value;

/// A request for which the question holds, confirmed by Cedar's authorizer.
#[derive(Debug, Clone)]
pub struct Witness {
    /// One, or one for each side of a pair.
    pub cases: Vec<Case>,
}

impl Witness {
    /// The same with the JSON alone, which is small: every policy's entities, and every action, are among the others.
    #[must_use]
    pub fn as_json(mut self) -> Self {
        for case in &mut self.cases {
            case.entities = Entities::empty();
        }
        self
    }
}

/// The request and the entities as one side's schema has them.
#[derive(Debug, Clone)]
pub struct Case {
    /// The request, valid under the schema.
    pub request: Request,
    /// The entities, valid under the schema.
    pub entities: Entities,
    /// The request as Cedar's JSON (`principal`, `action`, `resource`, `context`).
    pub request_json: Json,
    /// The entities as Cedar's JSON, without those that make no difference to the question.
    pub entities_json: Json,
    /// What stands in the slots of each template that the question names, by the index of the template.
    pub slots: HashMap<usize, HashMap<SlotId, EntityUid>>,
}

/// How many evaluations of single policies making a witness smaller may take.
const EVALUATIONS: usize = 20_000;

/// A value to be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Datum {
    Bool(bool),
    Long(i64),
    String(String),
    Entity(EntityUid),
    Decimal(i64),
    Datetime(i64),
    Duration(i64),
    Ip(String),
    Record(BTreeMap<String, Datum>),
    Set(BTreeSet<Datum>),
}

#[derive(Debug, Clone, Default, PartialEq)]
struct DraftEntity {
    attributes: BTreeMap<String, Datum>,
    tags: BTreeMap<String, Datum>,
    parents: BTreeSet<EntityUid>,
}

/// What will be a [`Case`].
#[derive(Debug, Clone)]
struct Draft {
    principal: EntityUid,
    action: EntityUid,
    resource: EntityUid,
    context: BTreeMap<String, Datum>,
    entities: BTreeMap<EntityUid, DraftEntity>,
}

/// The witness of the model that the session has just found for `question`.
///
/// # Errors
/// When Cedar does not confirm it; the text says what differed.
pub(super) fn build(session: &mut Session<'_>, question: &Formula) -> Result<Witness, String> {
    let question = session.expand(question);
    let mut named = Vec::new();
    question.policies(&mut |policy| named.push(policy));
    named.sort_unstable();
    named.dedup();
    session.encoder.name_all_attributes();
    let (drafts, slots) = {
        let mut reader = Reader::new(session, &named);
        let slots = reader.slots(&named);
        let drafts: Vec<Draft> = (0..session.sides.len()).map(|side| reader.draft(side)).collect();
        (drafts, slots)
    };
    let replay = Replay { session, question: &question, named: &named, slots: &slots };
    let cases = replay.cases(&drafts)?;
    replay.confirm(&cases)?;
    // What is out of scope now stays so when less is there.
    let in_scope: Vec<PolicyRef> =
        named.iter().copied().filter(|policy| replay.may_be_in_scope(*policy, &cases)).collect();
    let replay = Replay { named: &in_scope, ..replay };
    // Policies name many entities; mostly only those that the request leads to make a difference.
    // They are the same on both sides: an entity is made smaller on all that have it.
    let reached: BTreeSet<EntityUid> = drafts.iter().flat_map(Draft::reached).collect();
    let mut core = drafts.clone();
    core.iter_mut().for_each(|draft| draft.entities.retain(|uid, _| reached.contains(uid)));
    let (small, shown, cases) = match replay.reduced(core, &drafts, &named) {
        Ok(reduced) => reduced,
        Err(_) => replay.reduced(drafts.clone(), &drafts, &named)?,
    };
    let cases = cases
        .into_iter()
        .zip(small.iter().zip(&shown))
        .enumerate()
        .map(|(side, ((request, entities), (draft, shown)))| Case {
            request,
            entities,
            request_json: draft.request_json(),
            entities_json: entities_json(shown),
            slots: slots.iter().filter(|(policy, _)| policy.side == side).map(|(p, s)| (p.index, s.clone())).collect(),
        })
        .collect();
    Ok(Witness { cases })
}

/// `witness`, found in another environment of the same types, for the session's own: the same request with the other
/// action. `None` when Cedar does not confirm `question` for it.
pub(super) fn adopt(session: &mut Session<'_>, question: &Formula, witness: &Witness) -> Option<Witness> {
    let question = session.expand(question);
    let mut named = Vec::new();
    question.policies(&mut |policy| named.push(policy));
    named.sort_unstable();
    named.dedup();
    for policy in &named {
        session.status(*policy);
    }
    let action = session.environment.action().clone();
    let slots = BTreeMap::new();
    let replay = Replay { session, question: &question, named: &named, slots: &slots };
    let mut cases = Vec::new();
    let mut checked = Vec::new();
    if witness.cases.len() != session.sides.len() {
        return None;
    }
    for (side, case) in witness.cases.iter().enumerate() {
        let (principal, resource) = (case.request.principal()?.clone(), case.request.resource()?.clone());
        let context = case.request.context()?.clone();
        let schema = replay.schema(side)?.schema();
        let request = Request::new(principal, action.clone(), resource, context, Some(schema)).ok()?;
        let mut request_json = case.request_json.clone();
        request_json.as_object_mut()?.insert("action".to_owned(), uid_json(&action));
        checked.push((request.clone(), case.entities.clone()));
        cases.push(Case { request, request_json, ..case.clone() });
    }
    replay.confirm(&checked).ok()?;
    Some(Witness { cases })
}

// Reading the model

struct Reader<'r, 'a> {
    session: &'r Session<'a>,
    model: Model<'r, 'a>,
    by_group: HashMap<(PathId, Vec<Concrete>), Vec<PlaceId>>,
    names: BTreeMap<(EntityTypeName, usize), String>,
    strings: BTreeMap<usize, String>,
}

/// The class of an entity that is only there because something has to be.
const ANY: usize = usize::MAX;

impl<'r, 'a> Reader<'r, 'a> {
    fn new(session: &'r Session<'a>, named: &[PolicyRef]) -> Self {
        let model = Model::new(&session.encoder);
        let mut by_group: HashMap<(PathId, Vec<Concrete>), Vec<PlaceId>> = HashMap::new();
        for (id, _) in session.encoder.places.all() {
            by_group.entry(model.group(id)).or_default().push(id);
        }
        let strings = session.strings.clone();
        let mut reader = Self { session, model, by_group, names: BTreeMap::new(), strings };
        reader.names = literals(session, named, &session.encoder.spaces);
        // The request's own entities are named first.
        for (origin, ty, name) in [
            (Origin::Principal, session.environment.principal(), "someone"),
            (Origin::Resource, session.environment.resource(), "something"),
        ] {
            let class = reader.request_class(&origin);
            if reader.constant_id(ty, class).is_none() {
                let name = reader.free_name(ty, name);
                reader.names.entry((ty.clone(), class)).or_insert(name);
            }
        }
        reader
    }

    /// The class of the principal or resource: one that nothing was asked of is different from all others.
    fn request_class(&self, origin: &Origin) -> usize {
        let places = &self.session.encoder.places;
        let path = places.find_root(origin, 0).or_else(|| places.find_root(origin, 1));
        let bits = path.and_then(|path| self.bits(path, &[]));
        match bits {
            Some(Concrete::Number(class, _)) => usize::try_from(class).unwrap_or(ANY),
            _ if *origin == Origin::Principal => ANY - 1,
            _ => ANY - 2,
        }
    }

    /// The bits known at these places.
    fn bits(&self, path: PathId, arguments: &[Concrete]) -> Option<Concrete> {
        let places = self.by_group.get(&(path, arguments.to_vec()))?;
        places.iter().find_map(|id| self.session.encoder.places[*id].bits.as_ref()).map(|bits| self.model.number(bits))
    }

    fn constant_id(&self, ty: &EntityTypeName, class: usize) -> Option<&str> {
        let space = self.session.encoder.spaces.get(&SpaceKey::Entities(ty.clone()))?;
        space.constants.get(class).map(String::as_str)
    }

    /// `wanted`, or with a number where a constant or another entity of the type has that name.
    fn free_name(&self, ty: &EntityTypeName, wanted: &str) -> String {
        let space = self.session.encoder.spaces.get(&SpaceKey::Entities(ty.clone()));
        let taken = |name: &str| {
            space.is_some_and(|space| space.number(name).is_some())
                || self.names.iter().any(|((other, _), known)| other == ty && known == name)
        };
        let numbered = (2..).map(|number| format!("{wanted}{number}"));
        std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    }

    fn uid(&mut self, ty: &EntityTypeName, class: usize) -> EntityUid {
        let mut lists = self.session.sides.iter().filter_map(|rules| rules.schema().types.get(ty)?.choices.as_ref());
        if let Some(choices) = lists.next() {
            // Only listed ids exist; a class that nothing was asked of may be any that every side lists.
            let rest: Vec<&Vec<String>> = lists.collect();
            let common = choices.iter().find(|id| rest.iter().all(|list| list.contains(id)));
            let any = || common.or_else(|| choices.first()).cloned();
            let id = self.constant_id(ty, class).map(str::to_owned).or_else(any).unwrap_or_default();
            return EntityUid::from_type_name_and_id(ty.clone(), EntityId::new(id));
        }
        if let Some(id) = self.constant_id(ty, class) {
            return EntityUid::from_type_name_and_id(ty.clone(), EntityId::new(id));
        }
        let key = (ty.clone(), class);
        if !self.names.contains_key(&key) {
            let name = self.free_name(ty, "other");
            self.names.insert(key.clone(), name);
        }
        let name = self.names.get(&key).cloned().unwrap_or_default();
        EntityUid::from_type_name_and_id(ty.clone(), EntityId::new(name))
    }

    fn string(&mut self, class: usize) -> String {
        let space = self.session.encoder.spaces.get(&SpaceKey::Strings);
        if let Some(text) = space.and_then(|space| space.constants.get(class)) {
            return text.clone();
        }
        if let Some(text) = self.strings.get(&class) {
            return text.clone();
        }
        let taken = |text: &str| {
            space.is_some_and(|space| space.number(text).is_some()) || self.strings.values().any(|known| known == text)
        };
        let numbered = (2..).map(|number| format!("other{number}"));
        let words = ["any", "other"].into_iter().map(str::to_owned);
        let text = words.chain(numbered).find(|text| !taken(text)).unwrap_or_default();
        self.strings.insert(class, text.clone());
        text
    }

    /// What stands in the slots of the templates among `named`.
    fn slots(&mut self, named: &[PolicyRef]) -> BTreeMap<PolicyRef, HashMap<SlotId, EntityUid>> {
        let mut all = BTreeMap::new();
        for policy in named {
            if !self.session.subject(*policy).is_some_and(super::Subject::is_template) {
                continue;
            }
            // The variant in force is the last whose selector holds; the first has none.
            let Some(chosen) = self.session.chosen_variant(*policy) else { continue };
            let fixed: Vec<(SlotId, EntityUid, bool)> =
                self.session.variants(*policy).get(chosen).map(|variant| variant.slots.clone()).unwrap_or_default();
            let mut values = HashMap::new();
            for (slot, uid, marker) in fixed {
                let value = if marker {
                    let origin =
                        Origin::Slot(policy.side, policy.index, slot == SlotId::resource(), uid.type_name().clone());
                    let path = self.session.encoder.places.find_root(&origin, policy.side);
                    let class = match path.and_then(|path| self.bits(path, &[])) {
                        Some(Concrete::Number(class, _)) => usize::try_from(class).unwrap_or(ANY),
                        _ => ANY,
                    };
                    self.uid(uid.type_name(), class)
                } else {
                    uid
                };
                values.insert(slot, value);
            }
            all.insert(*policy, values);
        }
        all
    }

    fn draft(&mut self, side: usize) -> Draft {
        let environment = &self.session.environment;
        let (principal, resource) = (self.request_class(&Origin::Principal), self.request_class(&Origin::Resource));
        let mut wanted: Vec<(EntityTypeName, usize)> =
            vec![(environment.principal().clone(), principal), (environment.resource().clone(), resource)];
        let mut draft = Draft {
            principal: self.uid(environment.principal(), principal),
            action: environment.action().clone(),
            resource: self.uid(environment.resource(), resource),
            context: BTreeMap::new(),
            entities: BTreeMap::new(),
        };
        let memberships = hierarchy::memberships(&self.model, side);
        // Entities that anything is known of, and those that policies name: dereferencing them must find something.
        for (_, place) in self.session.encoder.places.all() {
            let path = &self.session.encoder.places[place.path];
            if let (
                Origin::Function(Function::Attributes(ty) | Function::TagKeys(ty) | Function::TagValues(ty)),
                Some(entity),
            ) = (&path.origin, place.arguments.first())
            {
                wanted.push((ty.clone(), self.model.class(entity)));
            }
        }
        wanted.extend(self.names.keys().cloned());
        for (from, tos) in &memberships {
            wanted.push(from.clone());
            wanted.extend(tos.keys().cloned());
        }
        if let Some(context) = self.session.encoder.context_type(side) {
            let path = self.session.encoder.places.find_root(&Origin::Context, side);
            if let Some(Datum::Record(fields)) = self.datum(path, &[], &context, side, &mut wanted) {
                draft.context = fields;
            }
        }
        let schema: &SchemaModel = match self.session.sides.get(side) {
            Some(rules) => rules.schema(),
            None => return draft,
        };
        let mut done = BTreeSet::new();
        while let Some((ty, class)) = wanted.pop() {
            let Some(model) = schema.types.get(&ty).filter(|model| model.choices.is_none()) else { continue };
            if !done.insert((ty.clone(), class)) {
                continue;
            }
            let uid = self.uid(&ty, class);
            let mut entity = DraftEntity::default();
            let arguments = [Concrete::Number(class as u128, 0)];
            let root = Origin::Function(Function::Attributes(ty.clone()));
            let path = self.session.encoder.places.find_root(&root, side);
            if let Some(Datum::Record(fields)) = self.datum(path, &arguments, &model.attributes, side, &mut wanted) {
                entity.attributes = fields;
            }
            if let Some(tag_type) = &model.tags {
                entity.tags = self.tags(&ty, &arguments, tag_type, side, &mut wanted);
            }
            let parents: Vec<_> =
                memberships.get(&(ty.clone(), class)).into_iter().flat_map(BTreeMap::keys).cloned().collect();
            entity.parents = parents.iter().map(|(ty, class)| self.uid(ty, *class)).collect();
            draft.entities.insert(uid, entity);
        }
        draft
    }

    fn tags(
        &mut self,
        ty: &EntityTypeName,
        entity: &[Concrete],
        tag_type: &TermType,
        side: usize,
        wanted: &mut Vec<(EntityTypeName, usize)>,
    ) -> BTreeMap<String, Datum> {
        let places = &self.session.encoder.places;
        let Some(keys) = places.find_root(&Origin::Function(Function::TagKeys(ty.clone())), side) else {
            return BTreeMap::new();
        };
        let values = places.find_root(&Origin::Function(Function::TagValues(ty.clone())), side);
        let present = self.model.contents(&(keys, entity.to_vec())).cloned().unwrap_or_default();
        let mut tags = BTreeMap::new();
        for key in present {
            let Concrete::Number(class, _) = key else { continue };
            let name = self.string(usize::try_from(class).unwrap_or(ANY));
            let mut arguments = entity.to_vec();
            arguments.push(key);
            if let Some(value) = self.datum(values, &arguments, tag_type, side, wanted) {
                tags.insert(name, value);
            }
        }
        tags
    }

    /// The value at these places; what nothing was asked of is as plain as can be. `None` for what is not there.
    fn datum(
        &mut self,
        path: Option<PathId>,
        arguments: &[Concrete],
        ty: &TermType,
        side: usize,
        wanted: &mut Vec<(EntityTypeName, usize)>,
    ) -> Option<Datum> {
        match ty {
            TermType::Option { ty } => {
                let path = path?;
                let places = &self.session.encoder.places;
                let present = if places[path].required() {
                    true
                } else {
                    let group = self.by_group.get(&(path, arguments.to_vec()))?;
                    let known = group.iter().find_map(|id| places[*id].present);
                    known.is_some_and(|present| self.model.lit(present))
                };
                if present { self.datum(Some(path), arguments, ty, side, wanted) } else { None }
            }
            TermType::Record { rty } => {
                let mut fields = BTreeMap::new();
                for (attr, field) in rty.iter() {
                    let child = path.and_then(|path| self.session.encoder.places.find_step(path, attr, side));
                    if let Some(value) = self.datum(child, arguments, field, side, wanted) {
                        fields.insert(attr.to_string(), value);
                    }
                }
                Some(Datum::Record(fields))
            }
            TermType::Set { ty } => {
                let mut elements = BTreeSet::new();
                let group =
                    path.and_then(|path| self.by_group.get(&(path, arguments.to_vec()))).cloned().unwrap_or_default();
                for place in group {
                    let members = self.session.encoder.places[place].members.clone();
                    for member in members {
                        if self.model.lit(member.lit) {
                            elements.extend(self.element(&member.element, ty, wanted));
                        }
                    }
                }
                Some(Datum::Set(elements))
            }
            _ => {
                let known = path.and_then(|path| self.bits(path, arguments));
                Some(match known {
                    Some(known) => self.primitive(&known, ty, wanted),
                    None => self.plain(ty, wanted),
                })
            }
        }
    }

    /// An element of a set.
    fn element(&mut self, value: &Value, ty: &TermType, wanted: &mut Vec<(EntityTypeName, usize)>) -> Option<Datum> {
        let concrete = self.model.value(value);
        self.concrete(&concrete, ty, wanted)
    }

    fn concrete(
        &mut self,
        value: &Concrete,
        ty: &TermType,
        wanted: &mut Vec<(EntityTypeName, usize)>,
    ) -> Option<Datum> {
        match (value, ty) {
            (Concrete::Option(inner), TermType::Option { ty }) => {
                let inner = inner.as_deref()?;
                self.concrete(inner, ty, wanted)
            }
            (Concrete::Record(fields), TermType::Record { rty }) => {
                let mut all = BTreeMap::new();
                for (attr, field) in rty.iter() {
                    let value = fields.get(attr).and_then(|value| self.concrete(value, field, wanted));
                    if let Some(value) = value {
                        all.insert(attr.to_string(), value);
                    }
                }
                Some(Datum::Record(all))
            }
            (Concrete::Set(elements), TermType::Set { ty }) => {
                Some(Datum::Set(elements.iter().filter_map(|element| self.concrete(element, ty, wanted)).collect()))
            }
            (number @ Concrete::Number(..), ty) => Some(self.primitive(number, ty, wanted)),
            _ => None,
        }
    }

    /// The value that these bits are.
    fn primitive(&mut self, value: &Concrete, ty: &TermType, wanted: &mut Vec<(EntityTypeName, usize)>) -> Datum {
        let Concrete::Number(low, high) = value else { return self.plain(ty, wanted) };
        let signed = (*low as u64).cast_signed();
        let class = usize::try_from(*low).unwrap_or(ANY);
        match ty {
            TermType::Bool => Datum::Bool(*low & 1 == 1),
            TermType::String => Datum::String(self.string(class)),
            TermType::Entity { ety } => {
                wanted.push((ety.clone(), class));
                Datum::Entity(self.uid(ety, class))
            }
            TermType::Ext { xty: ExtType::Decimal } => Datum::Decimal(signed),
            TermType::Ext { xty: ExtType::DateTime } => Datum::Datetime(signed),
            TermType::Ext { xty: ExtType::Duration } => Datum::Duration(signed),
            TermType::Ext { xty: ExtType::IpAddr } => Datum::Ip(address(*low, *high)),
            _ => Datum::Long(signed),
        }
    }

    /// A plain value of a type.
    fn plain(&mut self, ty: &TermType, wanted: &mut Vec<(EntityTypeName, usize)>) -> Datum {
        match ty {
            TermType::Bool => Datum::Bool(false),
            TermType::String => Datum::String(String::new()),
            TermType::Entity { ety } => {
                wanted.push((ety.clone(), ANY));
                Datum::Entity(self.uid(ety, ANY))
            }
            TermType::Ext { xty: ExtType::Decimal } => Datum::Decimal(0),
            TermType::Ext { xty: ExtType::DateTime } => Datum::Datetime(0),
            TermType::Ext { xty: ExtType::Duration } => Datum::Duration(0),
            TermType::Ext { xty: ExtType::IpAddr } => Datum::Ip("0.0.0.0".to_owned()),
            _ => Datum::Long(0),
        }
    }
}

/// The entities that policies name, by type and class. One that no term holds (`x == x` is true without a look at `x`)
/// is looked up all the same when the policy is evaluated, so it gets a class that no model has.
fn literals(
    session: &Session<'_>,
    named: &[PolicyRef],
    spaces: &BTreeMap<SpaceKey, super::encoder::Space>,
) -> BTreeMap<(EntityTypeName, usize), String> {
    let mut names = BTreeMap::new();
    for uid in named.iter().filter_map(|policy| session.subject(*policy)).flat_map(super::Subject::literals) {
        let (ty, id) = (uid.type_name().clone(), AsRef::<str>::as_ref(uid.id()).to_owned());
        let known = spaces.get(&SpaceKey::Entities(ty.clone())).and_then(|space| space.number(&id));
        let unused = ANY - 3 - names.len();
        if known.is_some() || !names.iter().any(|((other, _), name)| *other == ty && *name == id) {
            names.insert((ty, known.unwrap_or(unused)), id);
        }
    }
    names
}

/// The address whose bits the encoder lays out so: version, 128 bits of address, whether there is a prefix, 7 bits of
/// prefix.
fn address(low: u128, high: u16) -> String {
    let v4 = low & 1 == 1;
    // Bit 128 of the value is the highest of the address.
    let bits = (low >> 1) | (u128::from(high & 1) << 127);
    let prefix = (high >> 1 & 1 == 1).then_some(high >> 2);
    let address = match v4 {
        true => std::net::Ipv4Addr::from_bits(bits as u32).to_string(),
        false => std::net::Ipv6Addr::from_bits(bits).segments().map(|part| format!("{part:x}")).join(":"),
    };
    match prefix {
        Some(prefix) => format!("{address}/{prefix}"),
        None => address,
    }
}

// What was read, as Cedar has it

const MILLISECONDS_PER_DAY: i64 = 86_400_000;

impl Datum {
    fn expression(&self) -> Result<RestrictedExpression, String> {
        Ok(match self {
            Self::Bool(value) => RestrictedExpression::new_bool(*value),
            Self::Long(value) => RestrictedExpression::new_long(*value),
            Self::String(text) => RestrictedExpression::new_string(text.clone()),
            Self::Entity(uid) => RestrictedExpression::new_entity_uid(uid.clone()),
            Self::Decimal(value) => RestrictedExpression::new_decimal(decimal(*value)),
            Self::Duration(value) => RestrictedExpression::new_duration(format!("{value}ms")),
            Self::Ip(address) => RestrictedExpression::new_ip(address),
            Self::Datetime(value) => match datetime(*value) {
                Some(text) => RestrictedExpression::new_datetime(text),
                // Beyond the years that can be written.
                None => format!("datetime(\"1970-01-01\").offset(duration(\"{value}ms\"))")
                    .parse()
                    .map_err(|error: cedar_policy::RestrictedExpressionParseError| error.to_string())?,
            },
            Self::Record(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, field)| Ok((name.clone(), field.expression()?)))
                    .collect::<Result<Vec<_>, String>>()?;
                RestrictedExpression::new_record(fields).map_err(|error| error.to_string())?
            }
            Self::Set(elements) => RestrictedExpression::new_set(
                elements.iter().map(Datum::expression).collect::<Result<Vec<_>, String>>()?,
            ),
        })
    }

    fn json(&self) -> Json {
        let extension = |function: &str, argument: String| json!({"__extn": {"fn": function, "arg": argument}});
        match self {
            Self::Bool(value) => json!(value),
            Self::Long(value) => json!(value),
            Self::String(text) => json!(text),
            Self::Entity(uid) => json!({"__entity": uid_json(uid)}),
            Self::Decimal(value) => extension("decimal", decimal(*value)),
            Self::Duration(value) => extension("duration", format!("{value}ms")),
            Self::Ip(address) => extension("ip", address.clone()),
            Self::Datetime(value) => match datetime(*value) {
                Some(text) => extension("datetime", text),
                None => json!({"__extn": {"fn": "offset", "args": [
                    extension("datetime", "1970-01-01".to_owned()),
                    extension("duration", format!("{value}ms")),
                ]}}),
            },
            Self::Record(fields) => {
                Json::Object(fields.iter().map(|(name, field)| (name.clone(), field.json())).collect())
            }
            Self::Set(elements) => Json::Array(elements.iter().map(Datum::json).collect()),
        }
    }
}

fn decimal(value: i64) -> String {
    let magnitude = value.unsigned_abs();
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}.{:04}", magnitude / 10_000, magnitude % 10_000)
}

/// ISO 8601 as Cedar reads it, for the years that it reads.
fn datetime(milliseconds: i64) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(milliseconds).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
    if !(0..=9999).contains(&time.year()) {
        return None;
    }
    let date = format!("{:04}-{:02}-{:02}", time.year(), time.month(), time.day());
    if milliseconds.rem_euclid(MILLISECONDS_PER_DAY) == 0 {
        return Some(date);
    }
    let fraction = match time.millisecond() {
        0 => String::new(),
        some => format!(".{some:03}"),
    };
    Some(format!("{date}T{:02}:{:02}:{:02}{fraction}Z", time.hour(), time.minute(), time.second()))
}

fn uid_json(uid: &EntityUid) -> Json {
    json!({"type": uid.type_name().to_string(), "id": AsRef::<str>::as_ref(uid.id())})
}

fn expressions(fields: &BTreeMap<String, Datum>) -> Result<Vec<(String, RestrictedExpression)>, String> {
    fields.iter().map(|(name, value)| Ok((name.clone(), value.expression()?))).collect()
}

fn entities_json(entities: &BTreeMap<EntityUid, DraftEntity>) -> Json {
    let one = |(uid, entity): (&EntityUid, &DraftEntity)| {
        let mut object = Map::new();
        object.insert("uid".to_owned(), uid_json(uid));
        let record = |fields: &BTreeMap<String, Datum>| Datum::Record(fields.clone()).json();
        object.insert("attrs".to_owned(), record(&entity.attributes));
        object.insert("parents".to_owned(), entity.parents.iter().map(uid_json).collect());
        if !entity.tags.is_empty() {
            object.insert("tags".to_owned(), record(&entity.tags));
        }
        Json::Object(object)
    };
    entities.iter().map(one).collect()
}

impl Draft {
    /// The entities that the request leads to.
    fn reached(&self) -> BTreeSet<EntityUid> {
        fn uids(datum: &Datum, into: &mut Vec<EntityUid>) {
            match datum {
                Datum::Entity(uid) => into.push(uid.clone()),
                Datum::Record(fields) => fields.values().for_each(|field| uids(field, into)),
                Datum::Set(elements) => elements.iter().for_each(|element| uids(element, into)),
                _ => {}
            }
        }
        let mut open = vec![self.principal.clone(), self.action.clone(), self.resource.clone()];
        self.context.values().for_each(|datum| uids(datum, &mut open));
        let mut reached = BTreeSet::new();
        while let Some(uid) = open.pop() {
            if let Some(entity) = self.entities.get(&uid).filter(|_| !reached.contains(&uid)) {
                entity.attributes.values().chain(entity.tags.values()).for_each(|datum| uids(datum, &mut open));
                open.extend(entity.parents.iter().cloned());
            }
            reached.insert(uid);
        }
        reached
    }

    fn request_json(&self) -> Json {
        json!({
            "principal": uid_json(&self.principal),
            "action": uid_json(&self.action),
            "resource": uid_json(&self.resource),
            "context": Datum::Record(self.context.clone()).json(),
        })
    }

    fn request(&self, schema: &SchemaModel) -> Result<Request, String> {
        let context = Context::from_pairs(expressions(&self.context)?).map_err(|error| error.to_string())?;
        let (principal, action, resource) = (self.principal.clone(), self.action.clone(), self.resource.clone());
        Request::new(principal, action, resource, context, Some(schema.schema())).map_err(|error| error.to_string())
    }

    fn entities(&self, schema: &SchemaModel) -> Result<Entities, String> {
        let mut all = Vec::new();
        for (uid, entity) in &self.entities {
            let (attributes, tags) = (expressions(&entity.attributes)?, expressions(&entity.tags)?);
            let entity = Entity::new_with_tags(uid.clone(), attributes, entity.parents.iter().cloned(), tags)
                .map_err(|error| error.to_string())?;
            all.push(entity);
        }
        Entities::from_entities(all, Some(schema.schema())).map_err(|error| {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(inner) = source {
                text = format!("{text}: {inner}");
                source = inner.source();
            }
            text
        })
    }
}

// Asking Cedar

#[derive(Clone, Copy)]
struct Replay<'r, 'a> {
    session: &'r Session<'a>,
    question: &'r Formula,
    named: &'r [PolicyRef],
    slots: &'r BTreeMap<PolicyRef, HashMap<SlotId, EntityUid>>,
}

/// One thing to leave out of a draft, on all sides that have it.
#[derive(Debug, Clone)]
enum Omission {
    Context(Vec<String>),
    Attribute(EntityUid, Vec<String>),
    Tag(EntityUid, String),
    Parent(EntityUid, EntityUid),
    Element(Option<EntityUid>, Vec<String>, Datum),
}

impl Replay<'_, '_> {
    fn schema(&self, side: usize) -> Option<&SchemaModel> {
        self.session.sides.get(side).map(|rules| &**rules.schema())
    }

    fn cases(&self, drafts: &[Draft]) -> Result<Vec<(Request, Entities)>, String> {
        let each = drafts.iter().enumerate().map(|(side, draft)| {
            let schema = self.schema(side).ok_or("a side without a schema")?;
            Ok((draft.request(schema)?, draft.entities(schema)?))
        });
        each.collect()
    }

    /// `drafts` made smaller, what of their entities is shown, and the cases, with the entities of `all` that were left
    /// out from the start. `named` are the policies that confirm them.
    #[expect(clippy::type_complexity, reason = "three parts of one witness, taken apart at once")]
    fn reduced(
        &self,
        drafts: Vec<Draft>,
        all: &[Draft],
        named: &[PolicyRef],
    ) -> Result<(Vec<Draft>, Vec<BTreeMap<EntityUid, DraftEntity>>, Vec<(Request, Entities)>), String> {
        let before = self.confirm(&self.cases(all)?)?;
        if !self.confirm(&self.cases(&drafts)?)?.is_subset(&before) {
            return Err("a policy errs that did not".to_owned());
        }
        let drafts = self.smaller(drafts);
        let shown = self.shown(&drafts);
        let mut whole = drafts;
        for (draft, all) in whole.iter_mut().zip(all) {
            for (uid, entity) in &all.entities {
                draft.entities.entry(uid.clone()).or_insert_with(|| entity.clone());
            }
        }
        let cases = self.cases(&whole)?;
        Replay { named, ..*self }.confirm(&cases)?;
        Ok((whole, shown, cases))
    }

    fn may_be_in_scope(&self, policy: PolicyRef, cases: &[(Request, Entities)]) -> bool {
        let Some((request, entities)) = cases.get(policy.side) else { return true };
        self.session.subject(policy).is_none_or(|subject| subject.may_be_in_scope(request, entities))
    }

    /// Asks Cedar's authorizer what each policy does, and whether the question holds then. Gives the policies that err.
    fn confirm(&self, cases: &[(Request, Entities)]) -> Result<BTreeSet<PolicyRef>, String> {
        let authorizer = Authorizer::new();
        let none = HashMap::new();
        let mut done: HashMap<PolicyRef, (bool, bool)> = HashMap::new();
        for policy in self.named {
            let Some((request, entities)) = cases.get(policy.side) else { continue };
            let Some(subject) = self.session.subject(*policy) else { continue };
            if self.session.variants(*policy).is_empty() {
                // Out of scope: it does nothing here, and of a template nothing is known that could stand in its slots.
                continue;
            }
            let alone = subject.alone(self.slots.get(policy).unwrap_or(&none))?;
            let response = authorizer.is_authorized(request, &alone, entities);
            let diagnostics = response.diagnostics();
            done.insert(*policy, (diagnostics.reason().next().is_some(), diagnostics.errors().next().is_some()));
        }
        let of = |policy: PolicyRef| done.get(&policy).copied().unwrap_or_default();
        if self.question.evaluate(&mut |policy| of(policy).0, &mut |policy| of(policy).1) {
            return Ok(done.iter().filter(|(_, (_, errors))| *errors).map(|(policy, _)| *policy).collect());
        }
        let mut differing = Vec::new();
        for policy in self.named {
            let (matches, errors) = of(*policy);
            let name = self.session.subject(*policy).map_or("", super::Subject::id);
            differing.push(format!(
                "`{name}` {}",
                if matches {
                    "matches"
                } else if errors {
                    "errors"
                } else {
                    "does not match"
                }
            ));
        }
        differing.truncate(6);
        Err(format!("there, {}", differing.join(", ")))
    }

    fn holds(&self, drafts: &[Draft]) -> bool {
        self.cases(drafts).is_ok_and(|cases| self.confirm(&cases).is_ok())
    }

    /// Leaves out what the question does not need, one thing after the other, as long as Cedar still confirms it.
    fn smaller(&self, mut drafts: Vec<Draft>) -> Vec<Draft> {
        let mut left = EVALUATIONS / (self.named.len() + 4).max(1);
        let mut again = true;
        while again {
            again = false;
            for omission in drafts.iter().flat_map(omissions).collect::<Vec<_>>() {
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

/// What could be left out of a draft. What the schema requires comes back as an error from Cedar and stays.
fn omissions(draft: &Draft) -> Vec<Omission> {
    let mut all = Vec::new();
    within(&draft.context, &mut Vec::new(), &mut |path, element| {
        all.push(match element {
            None => Omission::Context(path.to_vec()),
            Some(element) => Omission::Element(None, path.to_vec(), element.clone()),
        });
    });
    for (uid, entity) in &draft.entities {
        all.extend(entity.parents.iter().map(|parent| Omission::Parent(uid.clone(), parent.clone())));
        all.extend(entity.tags.keys().map(|tag| Omission::Tag(uid.clone(), tag.clone())));
        within(&entity.attributes, &mut Vec::new(), &mut |path, element| {
            all.push(match element {
                None => Omission::Attribute(uid.clone(), path.to_vec()),
                Some(element) => Omission::Element(Some(uid.clone()), path.to_vec(), element.clone()),
            });
        });
    }
    all
}

/// Every field, and every element of a set, with its path.
fn within(fields: &BTreeMap<String, Datum>, path: &mut Vec<String>, visit: &mut dyn FnMut(&[String], Option<&Datum>)) {
    for (name, value) in fields {
        path.push(name.clone());
        visit(path, None);
        match value {
            Datum::Record(inner) => within(inner, path, visit),
            Datum::Set(elements) => elements.iter().for_each(|element| visit(path, Some(element))),
            _ => {}
        }
        path.pop();
    }
}

/// Whether a membership that was left out on two sides follows from others on one: it would then differ between the
/// sides.
fn still_follows(drafts: &[Draft], omission: &Omission) -> bool {
    let Omission::Parent(uid, parent) = omission else { return false };
    let follows = |draft: &Draft| {
        let (mut reached, mut open) = (BTreeSet::new(), vec![uid]);
        while let Some(at) = open.pop() {
            for next in draft.entities.get(at).into_iter().flat_map(|entity| &entity.parents) {
                if reached.insert(next) {
                    open.push(next);
                }
            }
        }
        reached.contains(parent)
    };
    drafts.len() > 1 && drafts.iter().any(follows)
}

/// Leaves it out; whether it was there.
fn omit(draft: &mut Draft, omission: &Omission) -> bool {
    match omission {
        Omission::Context(path) => remove(&mut draft.context, path),
        Omission::Attribute(uid, path) => {
            draft.entities.get_mut(uid).is_some_and(|entity| remove(&mut entity.attributes, path))
        }
        Omission::Tag(uid, tag) => draft.entities.get_mut(uid).is_some_and(|entity| entity.tags.remove(tag).is_some()),
        Omission::Parent(uid, parent) => {
            draft.entities.get_mut(uid).is_some_and(|entity| entity.parents.remove(parent))
        }
        Omission::Element(None, path, element) => remove_element(&mut draft.context, path, element),
        Omission::Element(Some(uid), path, element) => {
            draft.entities.get_mut(uid).is_some_and(|entity| remove_element(&mut entity.attributes, path, element))
        }
    }
}

fn remove(fields: &mut BTreeMap<String, Datum>, path: &[String]) -> bool {
    match path {
        [] => false,
        [last] => fields.remove(last).is_some(),
        [first, rest @ ..] => match fields.get_mut(first) {
            Some(Datum::Record(inner)) => remove(inner, rest),
            _ => false,
        },
    }
}

fn remove_element(fields: &mut BTreeMap<String, Datum>, path: &[String], element: &Datum) -> bool {
    match path {
        [] => false,
        [last] => match fields.get_mut(last) {
            Some(Datum::Set(elements)) => elements.remove(element),
            _ => false,
        },
        [first, rest @ ..] => match fields.get_mut(first) {
            Some(Datum::Record(inner)) => remove_element(inner, rest, element),
            _ => false,
        },
    }
}
