//! The rules of a repository's own, run over what they are tested with.

use std::collections::BTreeSet;

use super::error::RunError;
use super::place::Place;
use super::reading::Reading;
use super::settings::catalogue;
use crate::config::{Config, CustomRule};
use crate::finding::{Finding, Level};
use crate::lint::{self, Options};
use crate::outcome::Notice;
use crate::repo::{self, Request};
use crate::rule::Catalogue;
use crate::source::{Memory, Source};
use crate::text::{Location, inline};
use crate::validate;

/// What [`rules`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct RulesOptions {
    /// Where the configuration is.
    pub reading: Reading,
}

/// What came of the tests of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleTest {
    /// The rule.
    pub id: String,
    /// The folder that it is tested with, if it names one.
    pub fixtures: Option<String>,
    /// A sentence for each thing that is not as it should be.
    pub faults: Vec<String>,
}

/// The rules of the repository's own, tested.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RulesTested {
    /// A test for each rule, in the order of the configuration.
    pub tests: Vec<RuleTest>,
    /// What is wrong with the configuration.
    pub findings: Vec<Finding>,
}

/// What the marks of expected findings begin with.
const MARK: &str = "//~";

/// Every rule: polcheck's, and those that the configuration around the folder of `reading` declares, if there is one
/// that can be read.
#[must_use]
pub fn known_rules(reading: &Reading) -> Catalogue {
    let own = || {
        let place = Place::of(reading).ok()?;
        let source = place.current(false).ok()?;
        Some(place.settings(reading, source.as_ref()).ok()?.config.custom)
    };
    catalogue().with(own().into_iter().flatten().map(|custom| custom.rule))
}

/// Runs each rule of the configuration over the folders `fail` and `pass` of its `fixtures`, each a repository by
/// itself. In `pass` it finds nothing. In `fail` it finds something, and where lines are marked with `//~` and its id,
/// it finds it there and nowhere else.
///
/// # Errors
/// When what is asked for is not there, or does not go together.
pub fn rules(options: &RulesOptions) -> Result<RulesTested, RunError> {
    let place = Place::of(&options.reading)?;
    let source = place.current(options.reading.staged)?;
    let settings = place.settings(&options.reading, source.as_ref())?;
    let known = catalogue();
    let of_config = |finding: &Finding| known.get(finding.rule).is_some();
    let mut tested = RulesTested { tests: Vec::new(), findings: settings.findings };
    tested.findings.retain(of_config);
    let all = known.with(settings.config.custom.iter().map(|custom| custom.rule));
    for custom in &settings.config.custom {
        let fixtures = custom.fixtures.as_ref().map(|name| name.text.clone());
        let faults = match &fixtures {
            Some(folder) => test(source.as_ref(), custom, folder, &all)?,
            None => Vec::new(),
        };
        tested.tests.push(RuleTest { id: custom.rule.id.to_owned(), fixtures, faults });
    }
    Ok(tested)
}

fn test(source: &dyn Source, custom: &CustomRule, folder: &str, known: &Catalogue) -> Result<Vec<String>, RunError> {
    let mut faults = Vec::new();
    for (kind, fails) in [("fail", true), ("pass", false)] {
        let start = format!("{folder}/{kind}/");
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for entry in source.list()? {
            let Some(below) = entry.path.strip_prefix(&start) else { continue };
            match source.read(&entry.path) {
                Ok(content) => files.push((below.to_owned(), content)),
                Err(error) => faults.push(format!("cannot read `{}`: {error}", entry.path)),
            }
        }
        if files.is_empty() {
            faults.push(format!("`{start}` holds nothing"));
            continue;
        }
        let (marked, strange) = marks(&files, custom.rule.id, known);
        faults.extend(strange.into_iter().map(|what| format!("`{start}{what}")));
        let (found, others) = find(files, custom)?;
        faults.extend(others.into_iter().map(|what| format!("{kind}: {what}")));
        let places: BTreeSet<(String, usize)> =
            found.iter().map(|finding| (finding.location.path().to_owned(), finding.location.start().line)).collect();
        let at = |(path, line): &(String, usize)| format!("`{start}{path}:{line}`");
        if !fails {
            faults.extend(places.iter().map(|place| format!("{} is reported and should not be", at(place))));
        } else if marked.is_empty() && places.is_empty() {
            faults.push(format!("nothing in `{start}` is reported"));
        } else if !marked.is_empty() {
            faults.extend(marked.difference(&places).map(|place| format!("{} is marked and not reported", at(place))));
            faults.extend(places.difference(&marked).map(|place| format!("{} is reported and not marked", at(place))));
        }
    }
    Ok(faults)
}

/// The lines of `files` that are marked with `id`, and what is said of marks with ids of no rule that is `known`.
fn marks(files: &[(String, Vec<u8>)], id: &str, known: &Catalogue) -> (BTreeSet<(String, usize)>, Vec<String>) {
    let (mut marked, mut strange) = (BTreeSet::new(), Vec::new());
    for (path, content) in files {
        let text = String::from_utf8_lossy(content);
        for (at, line) in text.lines().enumerate() {
            for one in line.split_once(MARK).into_iter().flat_map(|(_, ids)| ids.split_whitespace()) {
                if one == id {
                    marked.insert((path.clone(), at + 1));
                } else if known.get(one).is_none() {
                    strange.push(format!("{path}:{}` is marked with `{}`, which is no rule", at + 1, inline(one)));
                }
            }
        }
    }
    (marked, strange)
}

/// What the rule finds in `files`, and what stands in the way of finding anything.
fn find(files: Vec<(String, Vec<u8>)>, custom: &CustomRule) -> Result<(Vec<Finding>, Vec<String>), RunError> {
    // A fixture is about what the rule asks, not about which of a repository's stores it is for.
    let anywhere = CustomRule { stores: Vec::new(), fixtures: None, ..custom.clone() };
    let config = Config { custom: vec![anywhere], ..Config::default() };
    let repo = repo::load(&Memory::new(files), &config, &Request::default())?;
    let only: &[&str] = &[custom.rule.id];
    let linted = lint::run(&repo, &config, Options { only: Some(only), ..Options::default() });
    let (found, wrong): (Vec<Finding>, Vec<Finding>) =
        linted.findings.into_iter().partition(|finding| finding.rule == custom.rule.id);
    // A fixture need not have all that the rule is about.
    let named: Vec<&Location> = [&custom.actions, &custom.principals, &custom.resources]
        .into_iter()
        .flatten()
        .map(|name| &name.location)
        .collect();
    let unfit = validate::run(&repo, &config, None);
    let unfit = unfit.iter().filter(|finding| finding.level == Level::Error);
    let wrong = wrong.iter().filter(|finding| !named.contains(&&finding.location)).chain(&repo.findings).chain(unfit);
    let wrong = wrong.map(|finding| format!("{}: {}", finding.location.label(), finding.message));
    let open = linted.undecided.iter().map(|notice: &Notice| notice.message.clone());
    let none = repo.stores.iter().all(|store| store.policies.is_empty()).then(|| "there is no policy in it".to_owned());
    Ok((found, wrong.chain(open).chain(none).collect()))
}
