//! From the text of `polcheck.toml` to a [`Config`].

use std::collections::BTreeMap;
use std::sync::Arc;

use globset::GlobBuilder;
use semver::{Version, VersionReq};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::model::{Config, Override, Pattern, StoreConfig};
use super::reader::Reader;
use crate::finding::{FailOn, Finding, Level};
use crate::rule::Catalogue;
use crate::text::{SourceFile, inline, nearest};

/// The file's name.
pub const FILE_NAME: &str = "polcheck.toml";

const TOP: &[&str] = &["required-version", "fail-on", "exclude", "rules", "override", "store"];
const STORE: &[&str] = &["name", "schema", "policies", "entities", "links", "tests", "level"];
const LEVELS: &[&str] = &["error", "warning", "note", "off"];

/// Reads configuration from `file`. Every mistake is a finding; what is right still counts, so that one mistake does not
/// hide the next. `catalogue` tells which rules there are.
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
    if let Some(rules) = reader.table(table, "rules") {
        config.rules = levels(&mut reader, rules, catalogue);
    }
    for (entry, place) in reader.tables(table, "override") {
        reader.check_keys("[[override]]", entry, &["paths", "rules"]);
        let paths = patterns(&mut reader, entry, "paths");
        if paths.is_empty() && !entry.contains_key("paths") {
            reader.report(place, "an [[override]] needs `paths`".to_owned(), None);
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
        let store = StoreConfig {
            name,
            schema: patterns(&mut reader, entry, "schema"),
            policies: patterns(&mut reader, entry, "policies"),
            entities: patterns(&mut reader, entry, "entities"),
            links: patterns(&mut reader, entry, "links"),
            tests: patterns(&mut reader, entry, "tests"),
            level: reader.number(entry, "level"),
            location: reader.location(name_place),
        };
        config.stores.push(store);
    }
    (config, reader.findings)
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

fn patterns(reader: &mut Reader, table: &DeTable<'_>, key: &str) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for (text, place) in reader.strings(table, key) {
        match GlobBuilder::new(text.trim_start_matches("./")).literal_separator(true).build() {
            Ok(glob) => patterns.push(Pattern {
                text: text.trim_start_matches("./").to_owned(),
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
