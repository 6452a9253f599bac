//! From the text of `polcheck.toml` to a [`Config`].

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use globset::GlobBuilder;
use semver::{Version, VersionReq};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::custom::custom_rule;
use super::guardrails::guardrails;
use super::model::{Acceptance, Config, Gate, Override, Pattern, StoreConfig};
use super::name::Name;
use super::reader::Reader;
use crate::finding::{FailOn, Finding, Level};
use crate::rule::Catalogue;
use crate::text::{Location, SourceFile, inline, nearest};

/// The file's name.
pub const FILE_NAME: &str = "polcheck.toml";

/// The name of the file beside it that holds accepted changes of permissions.
pub const ACCEPTED_NAME: &str = "polcheck-accepted.toml";

const ACCEPTED: &[&str] = &["what", "owner", "until", "fingerprint"];

const TOP: &[&str] = &[
    "required-version",
    "fail-on",
    "exclude",
    "rules",
    "override",
    "store",
    "diff",
    "schema",
    "coverage-floor",
    "baseline",
    "guardrail",
    "rule",
    "step-up",
    "template",
];
const STORE: &[&str] = &["name", "schema", "policies", "entities", "links", "tests", "level"];
/// Among the links of a store: there are no others than those that are read.
const COMPLETE: &str = "complete";
const GATE: &[&str] = &["deny", "stores", "actions", "resources"];
const LEVELS: &[&str] = &["error", "warning", "note", "off"];

/// Reads configuration from `file`. Every mistake is a finding; what is right still counts, so that one mistake does
/// not hide the next. `catalogue` tells which rules there are.
#[must_use]
pub fn load(file: &Arc<SourceFile>, catalogue: &Catalogue) -> (Config, Vec<Finding>) {
    let mut reader = Reader { file: Arc::clone(file), findings: Vec::new() };
    let mut config = Config::default();
    let text = file.parse_text();
    let (table, errors) = DeTable::parse_recoverable(&text);
    for error in errors {
        reader.report(error.span().unwrap_or(0..0), format!("not TOML: {}", inline(error.message())), None);
    }
    let table = table.get_ref();
    reader.check_keys(FILE_NAME, table, TOP);
    required_version(&mut reader, table);
    config.fail_on = fail_on(&mut reader, table);
    config.exclude = patterns(&mut reader, table, "exclude");
    config.coverage_floor = coverage_floor(&mut reader, table);
    config.baseline = reader.string(table, "baseline").map(|(text, place)| {
        let location = reader.location(place);
        Name { text, location }
    });
    for entry in reader.tables(table, "rule") {
        let rule = custom_rule(&mut reader, entry, catalogue, &config.custom);
        config.custom.extend(rule);
    }
    let catalogue = &catalogue.with(config.custom.iter().map(|custom| custom.rule));
    if let Some(rules) = reader.table(table, "rules") {
        config.rules = levels(&mut reader, rules, catalogue);
    }
    for (entry, place) in reader.tables(table, "override") {
        reader.check_keys("[[override]]", entry, &["paths", "rules"]);
        let paths = patterns(&mut reader, entry, "paths");
        let lists_none =
            entry.get("paths").and_then(|paths| paths.get_ref().as_array()).is_some_and(|all| all.is_empty());
        if paths.is_empty() && (lists_none || !entry.contains_key("paths")) {
            reader.report(place.clone(), "an [[override]] needs `paths`".to_owned(), None);
        }
        if !entry.contains_key("rules") {
            let help = "say which levels hold there, as in `rules = { missing-id = \"warning\" }`";
            reader.report(place, "an [[override]] needs `rules`".to_owned(), Some(help.to_owned()));
        }
        let rules = reader.table(entry, "rules");
        let rules = rules.map(|rules| levels(&mut reader, rules, catalogue)).unwrap_or_default();
        config.overrides.push(Override { paths, rules });
    }
    for (entry, place) in reader.tables(table, "store") {
        reader.check_keys("[[store]]", entry, STORE);
        let Some((name, name_place)) = reader.string(entry, "name") else {
            if !entry.contains_key("name") {
                reader.report(place, "a [[store]] needs a `name`".to_owned(), None);
            }
            continue;
        };
        if config.stores.iter().any(|store: &StoreConfig| store.name == name) {
            reader.report(name_place, format!("two stores are called `{}`", inline(&name)), None);
            continue;
        }
        let mut links = patterns(&mut reader, entry, "links");
        let named = links.len();
        links.retain(|pattern| pattern.text != COMPLETE);
        let store = StoreConfig {
            links_complete: links.len() < named,
            name,
            schema: patterns(&mut reader, entry, "schema"),
            says_schema: entry.contains_key("schema"),
            policies: patterns(&mut reader, entry, "policies"),
            entities: patterns(&mut reader, entry, "entities"),
            links,
            tests: patterns(&mut reader, entry, "tests"),
            level: reader.number(entry, "level"),
            location: reader.location(name_place),
        };
        config.stores.push(store);
    }
    if let Some(diff) = reader.table(table, "diff") {
        reader.check_keys("[diff]", diff, &["deny", "gate", "accept", "migrated"]);
        config.allows_migrated = one_of(&mut reader, diff, "migrated", "allow", "refuse");
        config.accept_base = accept_base(&mut reader, diff);
        if let Some(deny) = diff.get("deny") {
            config.gates.extend(gate(&mut reader, diff, deny.span()));
        }
        for (entry, place) in reader.tables(diff, "gate") {
            reader.check_keys("[[diff.gate]]", entry, GATE);
            if entry.contains_key("deny") {
                config.gates.extend(gate(&mut reader, entry, place));
            } else {
                reader.report(place, "a [[diff.gate]] needs `deny`".to_owned(), Some(words_of_gates()));
            }
        }
    }
    if let Some(schema) = reader.table(table, "schema") {
        reader.check_keys("[schema]", schema, &["inferred"]);
        config.refuses_inference = one_of(&mut reader, schema, "inferred", "refuse", "use");
    }
    if let Some(template) = reader.table(table, "template") {
        reader.check_keys("[template]", template, &["vars"]);
        if let Some(vars) = reader.table(template, "vars") {
            let names: Vec<String> = vars.keys().map(|name| name.get_ref().to_string()).collect();
            let values = names.into_iter().filter_map(|name| {
                let (value, _) = reader.string(vars, &name)?;
                Some((name, value))
            });
            config.template = values.collect();
        }
    }
    if let Some(table) = reader.table(table, "step-up") {
        config.step_up = step_up(&mut reader, table);
    }
    if let Some(table) = reader.table(table, "guardrail") {
        config.guardrails = guardrails(&mut reader, table);
    }
    (config, reader.findings)
}

/// Where `key` is `wanted`; `other` is the default.
fn one_of(reader: &mut Reader, table: &DeTable<'_>, key: &str, wanted: &str, other: &str) -> Option<Location> {
    let (word, place) = reader.string(table, key)?;
    if word == wanted {
        return Some(reader.location(place));
    }
    if word != other {
        let message = format!("`{}` is not what `{key}` may be", inline(&word));
        reader.report(place, message, Some(format!("`{wanted}` or `{other}`")));
    }
    None
}

fn words_of_gates() -> String {
    format!("`deny = [\"gained\"]`; it may list {}", Gate::WORDS.join(", "))
}

fn gate(reader: &mut Reader, table: &DeTable<'_>, place: Range<usize>) -> Option<Gate> {
    let (mut gained, mut lost, mut migrated, mut weakened) = (false, false, false, false);
    for (word, place) in reader.strings(table, "deny") {
        match word.as_str() {
            "gained" => gained = true,
            "lost" => lost = true,
            "migrated" => migrated = true,
            "weakened" => weakened = true,
            _ => {
                let help = nearest(&word, Gate::WORDS).map(|meant| format!("did you mean `{meant}`?"));
                let message = format!("`{}` is nothing that a gate can refuse", inline(&word));
                reader.report(place, message, Some(help.unwrap_or_else(words_of_gates)));
            }
        }
    }
    let mut list = |key: &str| -> Vec<Name> {
        let names = reader.strings(table, key);
        names.into_iter().map(|(text, place)| Name { text, location: reader.location(place) }).collect()
    };
    let (stores, actions, resources) = (list("stores"), list("actions"), list("resources"));
    let location = reader.location(place);
    (gained || lost || migrated || weakened).then_some(Gate {
        gained,
        lost,
        migrated,
        weakened,
        stores,
        actions,
        principals: Vec::new(),
        resources,
        guardrail: None,
        location,
    })
}

/// Where `accept = "base"` is written. `"head"`, which counts the acceptances of the change itself, is the default.
fn accept_base(reader: &mut Reader, diff: &DeTable<'_>) -> Option<Location> {
    let (word, place) = reader.string(diff, "accept")?;
    match word.as_str() {
        "base" => Some(reader.location(place)),
        "head" => None,
        _ => {
            let message = format!("`{}` is not whose acceptances count", inline(&word));
            reader.report(place, message, Some("write `accept = \"base\"` or `accept = \"head\"`".to_owned()));
            None
        }
    }
}

/// Reads accepted changes from `file`. Every mistake is a finding, and such an entry accepts nothing.
#[must_use]
pub fn load_accepted(file: &Arc<SourceFile>) -> (Vec<Acceptance>, Vec<Finding>) {
    let mut reader = Reader { file: Arc::clone(file), findings: Vec::new() };
    let text = file.parse_text();
    let (table, errors) = DeTable::parse_recoverable(&text);
    for error in errors {
        reader.report(error.span().unwrap_or(0..0), format!("not TOML: {}", inline(error.message())), None);
    }
    let table = table.get_ref();
    reader.check_keys(ACCEPTED_NAME, table, &["accepted"]);
    let mut accepted = Vec::new();
    for (entry, place) in reader.tables(table, "accepted") {
        reader.check_keys("[[accepted]]", entry, ACCEPTED);
        let mut texts = ACCEPTED.iter().map(|key| reader.string(entry, key));
        let (Some(Some(what)), Some(Some(owner)), Some(Some(until)), Some(Some(fingerprint))) =
            (texts.next(), texts.next(), texts.next(), texts.next())
        else {
            let missing: Vec<_> = ACCEPTED.iter().filter(|key| !entry.contains_key(**key)).copied().collect();
            if !missing.is_empty() {
                reader.report(place, format!("an [[accepted]] needs `{}`", missing.join("` and `")), None);
            }
            continue;
        };
        if until.0.parse::<jiff::civil::Date>().is_err() {
            let message = format!("`{}` is not a day", inline(&until.0));
            reader.report(until.1, message, Some("write it as in `until = \"2027-01-31\"`".to_owned()));
            continue;
        }
        accepted.push(Acceptance {
            fingerprint: fingerprint.0,
            what: what.0,
            owner: owner.0,
            until: until.0,
            location: reader.location(place),
        });
    }
    (accepted, reader.findings)
}

/// One accepted change as `polcheck diff --accept` writes it: a `[[accepted]]` entry, a line of its own before it.
#[must_use]
pub fn accepted_entry(what: &str, owner: &str, until: &str, fingerprint: &str) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut entry = "\n[[accepted]]\n".to_owned();
    for (key, text) in ACCEPTED.iter().zip([what, owner, until, fingerprint]) {
        entry.push_str(&format!("{key} = {}\n", quoted(text)));
    }
    entry
}

/// What a challenge can bring: attributes of the context, the principal or the resource.
fn step_up(reader: &mut Reader, table: &DeTable<'_>) -> Vec<Name> {
    reader.check_keys("[step-up]", table, &["attributes"]);
    let mut names = Vec::new();
    for (text, place) in reader.strings(table, "attributes") {
        let begins =
            |variable: &str| text.strip_prefix(variable).is_some_and(|rest| rest.len() > 1 && rest.starts_with('.'));
        if ["context", "principal", "resource"].into_iter().any(begins) {
            let location = reader.location(place);
            names.push(Name { text, location });
        } else {
            let message = format!("`{}` is no attribute of a request", inline(&text));
            let help = "an attribute is written `context.mfa`, `principal.level` or `resource.owner`".to_owned();
            reader.report(place, message, Some(help));
        }
    }
    names
}

fn required_version(reader: &mut Reader, table: &DeTable<'_>) {
    let Some((wanted, place)) = reader.string(table, "required-version") else { return };
    let own = env!("CARGO_PKG_VERSION");
    match (VersionReq::parse(&wanted), Version::parse(own)) {
        (Ok(wanted), Ok(version)) if wanted.matches(&version) => {}
        (Ok(_), _) => {
            let message = format!("this is polcheck {own}, and `{}` is required", inline(&wanted));
            reader.report(place, message, Some("install that version, or change `required-version`".to_owned()));
        }
        (Err(error), _) => {
            let message = format!("`{}` is not a version requirement: {error}", inline(&wanted));
            reader.report(place, message, Some("write it as in `required-version = \">=0.1, <0.2\"`".to_owned()));
        }
    }
}

fn fail_on(reader: &mut Reader, table: &DeTable<'_>) -> Option<FailOn> {
    let (word, place) = reader.string(table, "fail-on")?;
    let found = FailOn::parse(&word);
    if found.is_none() {
        let message = format!("`{}` is no level to fail on", inline(&word));
        reader.report(place, message, Some(format!("one of {}", FailOn::WORDS.join(", "))));
    }
    found
}

fn coverage_floor(reader: &mut Reader, table: &DeTable<'_>) -> Option<u32> {
    let floor = reader.number(table, "coverage-floor")?;
    if floor > 100 {
        let place = table.get("coverage-floor").map(Spanned::span).unwrap_or_default();
        reader.report(place, format!("{floor} is no percentage"), Some("write 0 to 100".to_owned()));
        return None;
    }
    Some(floor)
}

fn patterns(reader: &mut Reader, table: &DeTable<'_>, key: &str) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for (text, place) in reader.strings(table, key) {
        let plain = text.trim_start_matches("./");
        let plain = if plain.is_empty() { "." } else { plain };
        match GlobBuilder::new(plain).literal_separator(true).build() {
            Ok(glob) => patterns.push(Pattern {
                text: plain.to_owned(),
                matcher: glob.compile_matcher(),
                location: reader.location(place),
            }),
            Err(error) => {
                let message = format!("`{}` is not a path pattern: {}", inline(&text), error.kind());
                reader.report(place, message, None);
            }
        }
    }
    patterns
}

fn levels(reader: &mut Reader, table: &DeTable<'_>, catalogue: &Catalogue) -> BTreeMap<&'static str, Option<Level>> {
    let mut levels = BTreeMap::new();
    for (key, value) in table {
        let id: &str = key.get_ref();
        let Some(rule) = catalogue.get(id) else {
            let help = catalogue.nearest(id).map(|meant| format!("did you mean `{meant}`?"));
            let help = help.unwrap_or_else(|| "`polcheck rules` lists them".to_owned());
            reader.report(key.span(), format!("there is no rule `{}`", inline(id)), Some(help));
            continue;
        };
        let Some(level) = level(reader, id, value) else { continue };
        if rule.configurable {
            levels.insert(rule.id, level);
        } else {
            let message = format!("the level of `{id}` cannot be changed");
            reader.report(key.span(), message, Some("it reports what Cedar itself refuses".to_owned()));
        }
    }
    levels
}

fn level(reader: &mut Reader, id: &str, value: &Spanned<DeValue<'_>>) -> Option<Option<Level>> {
    let Some(word) = value.get_ref().as_str() else {
        reader.wrong_type(id, value, "a level in quotes");
        return None;
    };
    match word {
        "error" => Some(Some(Level::Error)),
        "warning" => Some(Some(Level::Warning)),
        "note" => Some(Some(Level::Note)),
        "off" => Some(None),
        _ => {
            let help = nearest(word, LEVELS.iter().copied()).map(|meant| format!("did you mean `{meant}`?"));
            let help = help.unwrap_or_else(|| format!("one of {}", LEVELS.join(", ")));
            reader.report(value.span(), format!("`{}` is no level", inline(word)), Some(help));
            None
        }
    }
}
