//! `[[rule]]`: a team's own rules.
//!
//! # Why
//!
//! A rule is known by its id and metadata everywhere (levels, suppressions, reports), for as long as the process lives.
//! So what a configuration declares is kept for good, once for each rule that is different.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use globset::{GlobBuilder, GlobMatcher};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::name::Name;
use super::reader::Reader;
use crate::finding::Level;
use crate::rule::{Basis, Catalogue, Precision, Rule};
use crate::text::{Location, inline, nearest};

pub(super) const KEYS: [&str; 15] = [
    "id",
    "message",
    "level",
    "page",
    "effect",
    "actions",
    "principals",
    "resources",
    "stores",
    "annotations",
    "mentions",
    "never-mentions",
    "implies",
    "excludes",
    "fixtures",
];

/// The words of `effect`.
pub(super) const EFFECTS: [&str; 2] = ["permit", "forbid"];

/// A rule of `[[rule]]`: which policies it is about, and what has to be so of each of them.
#[derive(Debug, Clone)]
pub struct CustomRule {
    /// What is known of it.
    pub rule: &'static Rule,
    /// `permit` or `forbid`, if it is about one of them only.
    pub effect: Option<&'static str>,
    /// It is about policies that match requests of these actions; of any if there are none.
    pub actions: Vec<Name>,
    /// And of these types of principal.
    pub principals: Vec<Name>,
    /// And of these types of resource.
    pub resources: Vec<Name>,
    /// And that are in these stores.
    pub stores: Vec<Name>,
    /// Annotations that they have, each with the form of its value.
    pub annotations: Vec<AnnotationForm>,
    /// Attributes that their conditions read, as `resource.owner`.
    pub mentions: Vec<Name>,
    /// Attributes that these do not read.
    pub never_mentions: Vec<Name>,
    /// A condition that all that they match meets.
    pub implies: Option<Name>,
    /// A condition that nothing that they match meets.
    pub excludes: Option<Name>,
    /// The folder with the policies that it is tested with.
    pub fixtures: Option<Name>,
    /// Where it is declared.
    pub location: Location,
}

/// An annotation and what its value has to look like.
#[derive(Debug, Clone)]
pub struct AnnotationForm {
    /// Its key.
    pub key: String,
    /// The form as written: `*` stands for any text.
    pub form: String,
    /// The same, to be asked.
    pub matcher: GlobMatcher,
}

impl CustomRule {
    /// Whether the two say the same.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let texts = |names: &[Name]| names.iter().map(|name| name.text.clone()).collect::<Vec<_>>();
        let key = |one: &Self| {
            let lists =
                [&one.actions, &one.principals, &one.resources, &one.stores, &one.mentions, &one.never_mentions];
            let conditions = [&one.implies, &one.excludes].map(|name| name.as_ref().map(|name| name.text.clone()));
            let forms: Vec<_> = one.annotations.iter().map(|form| (form.key.clone(), form.form.clone())).collect();
            (*one.rule, one.effect, lists.map(|list| texts(list)), conditions, forms)
        };
        key(self) == key(other)
    }
}

/// Reads one entry of `[[rule]]`; `catalogue` has the rules of polcheck, `known` those that were declared before it.
pub(super) fn custom_rule(
    reader: &mut Reader,
    (entry, place): (&DeTable<'_>, Range<usize>),
    catalogue: &Catalogue,
    known: &[CustomRule],
) -> Option<CustomRule> {
    reader.check_keys("[[rule]]", entry, &KEYS);
    let id = id(reader, entry, &place, catalogue, known)?;
    let message = reader.string(entry, "message").map(|(text, _)| text);
    if message.as_ref().is_none_or(String::is_empty)
        && !matches!(entry.get("message"), Some(other) if other.get_ref().as_str().is_none())
    {
        let help = Some("one sentence that says what is wrong with a policy that it finds".to_owned());
        reader.report(place.clone(), "a [[rule]] needs a `message`".to_owned(), help);
    }
    let message = message.filter(|text| !text.is_empty())?;
    let level = level(reader, entry);
    let effect = word(reader, entry, "effect", &EFFECTS);
    let page = reader.string(entry, "page").map(|(text, _)| text);
    let mut list = |key: &str| names(reader, entry, key);
    let (actions, principals, resources, stores) =
        (list("actions"), list("principals"), list("resources"), list("stores"));
    let (mentions, never_mentions) = (paths(reader, entry, "mentions"), paths(reader, entry, "never-mentions"));
    let annotations = annotations(reader, entry);
    let mut one = |key: &str| {
        let (text, place) = reader.string(entry, key)?;
        Some(Name { text, location: reader.location(place) })
    };
    let (implies, excludes, fixtures) = (one("implies"), one("excludes"), one("fixtures"));
    let asks = !annotations.is_empty() || !mentions.is_empty() || !never_mentions.is_empty();
    if !asks && implies.is_none() && excludes.is_none() {
        let wanted = ["annotations", "mentions", "never-mentions", "implies", "excludes"];
        if !wanted.iter().any(|key| entry.contains_key(*key)) {
            let help = Some(format!("say what has to be so of a policy: {}", wanted.join(", ")));
            reader.report(place.clone(), format!("the rule `{}` asks for nothing", inline(&id)), help);
        }
        return None;
    }
    let fixtures =
        fixtures.map(|name| Name { text: name.text.trim_start_matches("./").trim_end_matches('/').to_owned(), ..name });
    let basis = if implies.is_some() || excludes.is_some() { Basis::Symbolic } else { Basis::Text };
    let rule = Rule {
        id: kept(&id),
        summary: kept(&message),
        level: Some(level),
        basis,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "",
        page: kept(&text_of_page(&message, page.as_deref())),
    };
    Some(CustomRule {
        rule: kept_rule(rule),
        effect,
        actions,
        principals,
        resources,
        stores,
        annotations,
        mentions,
        never_mentions,
        implies,
        excludes,
        fixtures: fixtures.filter(|name| !name.text.is_empty()),
        location: reader.location(place),
    })
}

fn id(
    reader: &mut Reader,
    entry: &DeTable<'_>,
    place: &Range<usize>,
    catalogue: &Catalogue,
    known: &[CustomRule],
) -> Option<String> {
    let Some((id, at)) = reader.string(entry, "id") else {
        if !entry.contains_key("id") {
            reader.report(place.clone(), "a [[rule]] needs an `id`".to_owned(), None);
        }
        return None;
    };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || !id.chars().all(plain) || !id.starts_with(|c: char| c.is_ascii_lowercase()) {
        let help = Some("small letters, digits and hyphens: `patients-need-consent`".to_owned());
        reader.report(at, format!("`{}` is no id of a rule", inline(&id)), help);
        return None;
    }
    let taken = if catalogue.get(&id).is_some() { "polcheck has a rule" } else { "another [[rule]] is" };
    if catalogue.get(&id).is_some() || known.iter().any(|other| other.rule.id == id) {
        let help = Some("give it an id of its own".to_owned());
        reader.report(at, format!("{taken} called `{id}` already"), help);
        return None;
    }
    Some(id)
}

fn level(reader: &mut Reader, entry: &DeTable<'_>) -> Level {
    let levels = [Level::Error, Level::Warning, Level::Note];
    let words = levels.map(Level::as_str);
    let word = word(reader, entry, "level", &words);
    levels.into_iter().find(|level| word == Some(level.as_str())).unwrap_or(Level::Warning)
}

/// The one of `words` that stands at `key`.
fn word(reader: &mut Reader, entry: &DeTable<'_>, key: &str, words: &[&'static str]) -> Option<&'static str> {
    let (text, place) = reader.string(entry, key)?;
    let found = words.iter().copied().find(|word| *word == text);
    if found.is_none() {
        let help = match nearest(&text, words.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("one of {}", words.join(", ")),
        };
        reader.report(place, format!("`{}` is not what `{key}` may be", inline(&text)), Some(help));
    }
    found
}

fn names(reader: &mut Reader, entry: &DeTable<'_>, key: &str) -> Vec<Name> {
    let names = reader.strings(entry, key);
    names.into_iter().map(|(text, place)| Name { text, location: reader.location(place) }).collect()
}

/// The same of what has to be paths of attributes.
fn paths(reader: &mut Reader, entry: &DeTable<'_>, key: &str) -> Vec<Name> {
    let mut names = names(reader, entry, key);
    names.retain(|name| {
        let root = name.text.split('.').next().unwrap_or_default();
        let fits =
            ["principal", "resource", "context"].contains(&root) && name.text.split('.').all(|part| !part.is_empty());
        if !fits {
            let span = name.location.span;
            let help = Some("as in `resource.owner`".to_owned());
            reader.report(span.start..span.end, format!("`{}` is no attribute of a request", inline(&name.text)), help);
        }
        fits
    });
    names
}

fn annotations(reader: &mut Reader, entry: &DeTable<'_>) -> Vec<AnnotationForm> {
    let Some(table) = reader.table(entry, "annotations") else { return Vec::new() };
    let mut forms = Vec::new();
    for (key, value) in table {
        let name: &str = key.get_ref();
        let Some((form, place)) = form(reader, name, value) else { continue };
        match GlobBuilder::new(&form).build() {
            Ok(glob) => forms.push(AnnotationForm { key: name.to_owned(), form, matcher: glob.compile_matcher() }),
            Err(error) => {
                reader.report(place, format!("`{}` is no form of a value: {}", inline(&form), error.kind()), None)
            }
        }
    }
    forms
}

fn form(reader: &mut Reader, key: &str, value: &Spanned<DeValue<'_>>) -> Option<(String, Range<usize>)> {
    match value.get_ref() {
        DeValue::String(text) => Some((text.to_string(), value.span())),
        _ => {
            reader.wrong_type(key, value, "the form of its value in quotes, `\"*\"` for any");
            None
        }
    }
}

fn text_of_page(message: &str, page: Option<&str>) -> String {
    let more = page.map(|page| format!("\n\nSee {page}.")).unwrap_or_default();
    format!("{message}.\n\nA rule of this repository, declared by `[[rule]]` in its polcheck.toml.{more}\n")
}

static TEXTS: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
static RULES: Mutex<Vec<&'static Rule>> = Mutex::new(Vec::new());

/// `text`, for good.
fn kept(text: &str) -> &'static str {
    let mut all = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.iter().copied().find(|known| *known == text) {
        return known;
    }
    let new: &'static str = Box::leak(text.to_owned().into_boxed_str());
    all.push(new);
    new
}

/// `rule`, for good.
fn kept_rule(rule: Rule) -> &'static Rule {
    let mut all = RULES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.iter().copied().find(|known| **known == rule) {
        return known;
    }
    let new: &'static Rule = Box::leak(Box::new(rule));
    all.push(new);
    new
}
