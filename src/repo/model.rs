//! What a repository holds, once read.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use cedar_policy::{Effect, Entities, PolicyId};

use super::cedar::{Body, Read};
use super::error::{EntityFileError, OwnStoreError};
use super::focus::Focus;
use super::forms::TableForm;
use super::lazy_set::LazySet;
use super::syntax::PolicySyntax;
use crate::config::CONFIGURATION;
use crate::finding::Finding;
use crate::text::{Location, SourceFile, Span, inline};

/// A whole repository, or the part of it that was asked for.
#[derive(Debug)]
pub struct Repo {
    /// Its stores, sorted by name.
    pub stores: Vec<Store>,
    /// The names of all stores, those that were not asked for included.
    pub store_names: Vec<String>,
    /// What is wrong with the files themselves: unreadable, syntax, schema, entities, links.
    pub findings: Vec<Finding>,
    /// Cedar-looking files that are not used: path and reason.
    pub left_out: Vec<(String, String)>,
    /// Its guardrails in Cedar.
    pub guardrails: GuardrailFiles,
    /// Every file that the source lists, Cedar's or not, excluded or not.
    pub listed: Vec<String>,
    /// What is reported on.
    pub focus: Focus,
    /// Paths that were asked for and hold nothing that is read, a phrase each.
    pub idle: Vec<String>,
    /// The stores that are taken for copies of others, by name.
    pub copies: Vec<String>,
    /// What carriers declare and the repository does not say: a sentence each, and where.
    pub unresolved: Vec<(Location, String)>,
    /// Policies that are not read because another program fills in a part of them.
    pub unfilled: Vec<Unfilled>,
    /// Where nothing was found: a sentence for each file that looks like Cedar.
    pub hints: Option<Vec<String>>,
}

/// A policy that is not read because another program fills in a part of it, and nobody says with what.
#[derive(Debug, Clone)]
pub struct Unfilled {
    /// Where the first of it is filled in.
    pub location: Location,
    /// What is filled in, as it is written; each once, in order.
    pub written: Vec<String>,
}

impl Unfilled {
    pub(super) fn new<'w>(location: Location, written: impl Iterator<Item = &'w str>) -> Self {
        let mut each: Vec<String> = Vec::new();
        for one in written {
            if !each.iter().any(|known| known == one) {
                each.push(one.to_owned());
            }
        }
        Self { location, written: each }
    }

    /// Why what people call `it` is not read.
    #[must_use]
    pub fn why(&self, it: &str) -> String {
        let (shown, more) = self.written.split_at(self.written.len().min(MOST_SHOWN));
        let mut each: Vec<String> = shown.iter().map(|one| format!("`{}`", inline(one))).collect();
        if !more.is_empty() {
            each.push(format!("{} more", more.len()));
        }
        let be = if each.len() == 1 { "is" } else { "are" };
        let last = each.pop().unwrap_or_default();
        let all = if each.is_empty() { last } else { format!("{} and {last}", each.join(", ")) };
        format!(
            "{all} in {it} {be} filled in by another program, and `[template] vars` in polcheck.toml does not say with what"
        )
    }
}

/// So many of what is filled in are named.
const MOST_SHOWN: usize = 4;

impl Repo {
    /// Whether something of `store` that rules over policies are about was asked for: policies, links or the schema.
    #[must_use]
    pub fn asks_about_policies(&self, store: &Store) -> bool {
        let policies = store.policies.iter().map(|policy| policy.location.path());
        let links = store.links.iter().map(|link| link.location.path());
        let others = store.broken.iter().map(|file| &file.path).chain(&store.schema_files).map(String::as_str);
        self.focus.is_whole() || policies.chain(links).chain(others).any(|path| self.focus.covers(path))
    }

    /// Whether `finding` is one to report: it is about something that was asked for, or about what that hangs on.
    #[must_use]
    pub fn reports(&self, finding: &Finding) -> bool {
        let here = |location: &Location| self.focus.covers(location.path());
        let governs =
            |path: &str| self.stores.iter().any(|store| store.schema_files.iter().any(|schema| schema == path));
        finding.rule == CONFIGURATION.id
            || here(&finding.location)
            || finding.related.iter().any(|related| here(&related.location))
            || governs(finding.location.path())
    }
}

/// What is proved of stores and decides no request: the files `*.cedarguard`.
#[derive(Debug)]
pub struct GuardrailFiles {
    /// Every one of these files: path and text.
    pub texts: Vec<(String, String)>,
    /// What they hold that can be proved. It is no store that anything is decided by.
    pub rules: Store,
    /// By path of the file, the stores that its guardrails are about, by name.
    pub about: BTreeMap<String, Vec<String>>,
}

/// A schema that parses and resolves.
#[derive(Debug)]
pub struct Schema {
    /// Cedar's schema.
    pub cedar: cedar_policy::Schema,
    /// The files that make it.
    pub files: Vec<Arc<SourceFile>>,
    /// How many request environments it has.
    pub environments: usize,
}

/// A store's schema.
#[derive(Debug, Clone)]
pub enum SchemaState {
    /// There is none.
    None,
    /// There is one and it cannot be used: findings say why.
    Broken,
    /// There is one.
    Ready(Arc<Schema>),
}

impl SchemaState {
    /// The schema, when it can be used.
    #[must_use]
    pub fn ready(&self) -> Option<&Schema> {
        match self {
            Self::Ready(schema) => Some(schema),
            Self::None | Self::Broken => None,
        }
    }
}

/// A static policy or template.
#[derive(Debug)]
pub struct Policy {
    /// Unique in its store; the id inside [`Store::set`].
    pub key: PolicyId,
    /// Full name, `path#id`.
    pub name: String,
    /// `@id` where given, else `policy` and the position in the file.
    pub short: String,
    /// What it answers to besides: the stem of its file, where it has no id and is alone in there.
    pub alias: Option<String>,
    /// The `@id` annotation (or the key in a JSON policy set), and its place where it has one.
    pub id: Option<(String, Option<Span>)>,
    /// Position in its file, counting statements that do not parse.
    pub position: usize,
    /// Where it stands.
    pub location: Location,
    /// What Cedar parsed.
    pub body: Body,
    /// Byte offset in the file of the text that Cedar's own places count from.
    pub base: usize,
    pub(super) syntax: OnceLock<PolicySyntax>,
}

impl Policy {
    /// Permit or forbid.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.body.effect()
    }

    /// Whether `name` is one of its names.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.short == name || self.name == name || self.alias.as_deref() == Some(name)
    }

    /// `permit` or `forbid`.
    #[must_use]
    pub fn effect_word(&self) -> &'static str {
        effect_word(self.effect())
    }

    /// The line that names it: the one with its id, else the one where the annotations end, else its first.
    #[must_use]
    pub fn head(&self) -> Location {
        let (file, text, start) = (&self.location.file, self.location.text(), self.location.span.start);
        if let Some((_, Some(span))) = &self.id {
            return Location::new(file, *span);
        }
        let mut at = start;
        for line in text.split_inclusive('\n') {
            if ["permit", "forbid"].iter().any(|effect| line.trim_start().starts_with(effect)) {
                return Location::new(file, Span::new(at, at + line.trim_end().len()));
            }
            at += line.len();
        }
        let line = text.lines().next().unwrap_or_default();
        Location::new(file, Span::new(start, start + line.len()))
    }

    /// Every read of an attribute or tag in the condition, the first `most`; of a template whatever stands in its
    /// slots.
    #[must_use]
    pub fn reads(&self, most: usize) -> Vec<Read> {
        match &self.body {
            Body::Static(_) => self.body.reads(self.base, most),
            Body::Template(_) => {
                self.body.opened(self.effect()).map(|opened| opened.reads(self.base, most)).unwrap_or_default()
            }
        }
    }

    /// The syntax tree, with places in the file.
    #[must_use]
    pub fn syntax(&self) -> &PolicySyntax {
        self.syntax.get_or_init(|| self.body.syntax(self.base))
    }
}

/// `permit` or `forbid`.
fn effect_word(effect: Effect) -> &'static str {
    match effect {
        Effect::Permit => "permit",
        Effect::Forbid => "forbid",
    }
}

/// A policy made from a template.
#[derive(Debug)]
pub struct Link {
    /// Unique in its store; the id inside [`Store::set`].
    pub key: PolicyId,
    /// Full name, `path#link id`.
    pub name: String,
    /// The link's id.
    pub short: String,
    /// The template's place in [`Store::policies`].
    pub template: usize,
    /// Where the link stands.
    pub location: Location,
    /// `permit` or `forbid`.
    pub effect: &'static str,
}

/// The entities of a store.
#[derive(Debug)]
pub enum EntityState {
    /// No entity file.
    None,
    /// Entity files that cannot be used; the place of the first fault and what it is.
    Broken(Location, String),
    /// All entities of all files, action entities of the schema included.
    Ready(Arc<EntityData>),
}

/// Entities that can be used.
#[derive(Debug)]
pub struct EntityData {
    /// Cedar's entities.
    pub cedar: Entities,
    /// How many the files hold.
    pub count: usize,
}

/// Entity files that a table names, by the path as it writes it.
pub type EntityFiles = HashMap<String, Result<Arc<SourceFile>, EntityFileError>>;

/// A decision table.
#[derive(Debug)]
pub struct Table {
    /// Its text.
    pub file: Arc<SourceFile>,
    /// How it is written; `None` when it is known by name, but in none of the known forms.
    pub form: Option<TableForm>,
    /// The store that an integration test brings, or why it cannot be had.
    pub own_store: Option<Result<Box<Store>, OwnStoreError>>,
    /// The entity files that it names.
    pub entity_files: EntityFiles,
}

/// Where the schema of a store comes from, or why it has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SchemaSource {
    /// It rules the folder of the policies, or somebody named it.
    #[default]
    Own,
    /// It lies elsewhere in the repository and is the only one that fits.
    Elsewhere,
    /// There is none.
    Nowhere,
    /// None of these, by path, declares what the policies name.
    NoneFits(Vec<String>),
    /// Each of these does.
    SeveralFit(Vec<String>),
}

/// A policy or link file that is out, or out in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its path.
    pub path: String,
    /// Its text, where that is all that what it decides hangs on: not of links, nor of what cannot be read.
    pub text: Option<String>,
}

impl Broken {
    /// A file of which nothing but its path tells.
    #[must_use]
    pub fn of_path(path: impl Into<String>) -> Self {
        Self { path: path.into(), text: None }
    }
}

/// Policies that decide together, and what belongs to them.
#[derive(Debug)]
pub struct Store {
    /// Its name: configured, or its folder.
    pub name: String,
    /// The folder in which it lies; empty for the root.
    pub folder: String,
    /// Its schema.
    pub schema: SchemaState,
    /// Where that comes from.
    pub schema_source: SchemaSource,
    /// Static policies and templates, in the order of files and positions.
    pub policies: Vec<Policy>,
    /// Template links.
    pub links: Vec<Link>,
    /// All that can be evaluated, under the keys.
    pub set: LazySet,
    /// Policy and link files that are out, or out in part: what the authorizer would have seen is not complete.
    pub broken: Vec<Broken>,
    /// Its entities.
    pub entities: EntityState,
    /// Its decision tables.
    pub tables: Vec<Table>,
    /// Level for level validation, if configured.
    pub level: Option<u32>,
    /// The files of its schema, of one that cannot be used as well.
    pub schema_files: Vec<String>,
    /// Every file of it.
    pub files: Vec<String>,
    pub(super) by_key: HashMap<PolicyId, Place>,
}

/// Where a key leads.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Policy(usize),
    Link(usize),
}

/// What a name in a table leads to.
#[derive(Debug)]
pub enum Named<'a> {
    /// Nothing is called so; the nearest name, if any.
    Nothing(Option<String>),
    /// Exactly one thing, by key.
    One(&'a PolicyId),
    /// Several, by full name.
    Several(Vec<&'a str>),
}

/// A policy or a link, as reports name it.
#[derive(Debug, Clone, Copy)]
pub struct Decider<'a> {
    /// Full name.
    pub name: &'a str,
    /// `permit` or `forbid`.
    pub effect: &'static str,
    /// Where it stands.
    pub location: &'a Location,
    /// The policy, or the link's template.
    pub policy: &'a Policy,
}

impl Store {
    /// A store called `name` that holds nothing.
    #[must_use]
    pub fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            folder: String::new(),
            schema: SchemaState::None,
            schema_source: SchemaSource::default(),
            policies: Vec::new(),
            links: Vec::new(),
            set: LazySet::default(),
            broken: Vec::new(),
            entities: EntityState::None,
            tables: Vec::new(),
            level: None,
            schema_files: Vec::new(),
            files: Vec::new(),
            by_key: HashMap::new(),
        }
    }

    /// The policy or link behind `key`.
    #[must_use]
    pub fn find(&self, key: &PolicyId) -> Option<Decider<'_>> {
        match *self.by_key.get(key)? {
            Place::Policy(at) => self.policies.get(at).map(|policy| Decider {
                name: &policy.name,
                effect: policy.effect_word(),
                location: &policy.location,
                policy,
            }),
            Place::Link(at) => self.links.get(at).and_then(|link| {
                let policy = self.policies.get(link.template)?;
                Some(Decider { name: &link.name, effect: link.effect, location: &link.location, policy })
            }),
        }
    }

    /// What can decide a request: static policies and links, each with key, full and short name.
    pub fn deciding(&self) -> impl Iterator<Item = (&PolicyId, &str, &str)> {
        let policies = self.policies.iter().filter(|policy| !policy.body.is_template());
        policies
            .map(|policy| (&policy.key, policy.name.as_str(), policy.short.as_str()))
            .chain(self.links.iter().map(|link| (&link.key, link.name.as_str(), link.short.as_str())))
    }

    /// The templates that nothing links here; links to them may live elsewhere.
    pub fn unlinked(&self) -> impl Iterator<Item = &Policy> {
        let linked = |at: usize| self.links.iter().any(|link| link.template == at);
        let loose =
            self.policies.iter().enumerate().filter(move |(at, policy)| policy.body.is_template() && !linked(*at));
        loose.map(|(_, policy)| policy)
    }

    /// What `name`, full or short, stands for among what can decide.
    #[must_use]
    pub fn named(&self, name: &str) -> Named<'_> {
        let mut fits: Vec<_> = self.deciding().filter(|(_, full, short)| *full == name || *short == name).collect();
        if fits.is_empty() {
            let alone = self.policies.iter().filter(|policy| !policy.body.is_template());
            let called = alone.filter(|policy| policy.alias.as_deref() == Some(name));
            fits.extend(called.map(|policy| (&policy.key, policy.name.as_str(), policy.short.as_str())));
        }
        match fits.as_slice() {
            [] => {
                let known = self.deciding().map(|(_, _, short)| short);
                Named::Nothing(crate::text::nearest(name, known).map(str::to_owned))
            }
            [(key, ..)] => Named::One(key),
            several => Named::Several(several.iter().map(|(_, full, _)| *full).collect()),
        }
    }
}
