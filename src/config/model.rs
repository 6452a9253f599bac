//! What configuration comes to once it is read and checked.

use std::collections::BTreeMap;

use globset::GlobMatcher;

use crate::finding::{FailOn, Finding, Level};
use crate::rule::{Catalogue, Rule};
use crate::text::Location;

/// A glob over paths relative to the repository's root, and where it is written.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As written.
    pub text: String,
    /// Compiled.
    pub matcher: GlobMatcher,
    /// Where.
    pub location: Location,
}

impl Pattern {
    /// Whether `path` fits; a pattern that names a folder takes everything below it.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.matcher.is_match(path)
            || path.strip_prefix(self.text.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// One `[[store]]`.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// Its name.
    pub name: String,
    /// Schema files; several make one schema.
    pub schema: Vec<Pattern>,
    /// Policy files.
    pub policies: Vec<Pattern>,
    /// Entity files.
    pub entities: Vec<Pattern>,
    /// Template links.
    pub links: Vec<Pattern>,
    /// Decision tables.
    pub tests: Vec<Pattern>,
    /// How many entity dereferences policies may chain (level validation).
    pub level: Option<u32>,
    /// Where it is written.
    pub location: Location,
}

/// One `[[override]]`: other rule levels for some paths.
#[derive(Debug, Clone)]
pub struct Override {
    /// The paths.
    pub paths: Vec<Pattern>,
    /// Levels by rule id; `None` is off.
    pub rules: BTreeMap<&'static str, Option<Level>>,
}

/// What a gate refuses, and where: `[diff]` without limits, or one `[[diff.gate]]`.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Whether it refuses access that is gained.
    pub gained: bool,
    /// Whether it refuses access that is lost.
    pub lost: bool,
    /// The stores that it is about, by name; empty for all.
    pub stores: Vec<String>,
    /// The actions, as `Action::"view"` or by id alone; empty for all.
    pub actions: Vec<String>,
    /// The resource types; empty for all.
    pub resources: Vec<String>,
    /// Where it is written.
    pub location: Location,
}

impl Gate {
    /// The words of what a gate may refuse.
    pub const WORDS: [&str; 2] = ["gained", "lost"];

    /// Whether it looks at changes of `action` (in Cedar's syntax) on `resource` in `store`.
    #[must_use]
    pub fn covers(&self, store: &str, action: &str, resource: &str) -> bool {
        let listed = |list: &[String], fits: &dyn Fn(&str) -> bool| list.is_empty() || list.iter().any(|one| fits(one));
        listed(&self.stores, &|name| name == store)
            && listed(&self.actions, &|name| name == action || action.ends_with(&format!("::{name:?}")))
            && listed(&self.resources, &|name| name == resource)
    }

    /// Whether everything that this one refuses is refused by one of `others` as well.
    #[must_use]
    pub fn implied_by(&self, others: &[Gate]) -> bool {
        let within = |mine: &[String], theirs: &[String]| {
            theirs.is_empty() || (!mine.is_empty() && mine.iter().all(|one| theirs.contains(one)))
        };
        let refused = |wanted: bool, refuses: fn(&Gate) -> bool| {
            !wanted
                || others.iter().any(|other| {
                    refuses(other)
                        && within(&self.stores, &other.stores)
                        && within(&self.actions, &other.actions)
                        && within(&self.resources, &other.resources)
                })
        };
        refused(self.gained, |gate| gate.gained) && refused(self.lost, |gate| gate.lost)
    }
}

/// A change of permissions that was accepted: one `[[accepted]]`.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// The fingerprint of the change.
    pub fingerprint: String,
    /// What it is, in words.
    pub what: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub until: String,
    /// Where it is written.
    pub location: Location,
}

/// The whole configuration. The default is what holds without a file.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The level that fails a run, if set.
    pub fail_on: Option<FailOn>,
    /// Paths that are not read.
    pub exclude: Vec<Pattern>,
    /// Levels by rule id; `None` is off.
    pub rules: BTreeMap<&'static str, Option<Level>>,
    /// Levels for some paths; the last that fits wins.
    pub overrides: Vec<Override>,
    /// Stores that are spelled out.
    pub stores: Vec<StoreConfig>,
    /// What changes of permissions are refused.
    pub gates: Vec<Gate>,
    /// The percentage of policies and conditions that rows have to cover, if set.
    pub coverage_floor: Option<u32>,
}

impl Config {
    /// The level of `rule` for a finding in `path`; `None` is off.
    #[must_use]
    pub fn level(&self, rule: &Rule, path: &str) -> Option<Level> {
        if !rule.configurable {
            return rule.level;
        }
        self.overrides
            .iter()
            .rev()
            .filter(|rules| rules.paths.iter().any(|pattern| pattern.matches(path)))
            .find_map(|rules| rules.rules.get(rule.id))
            .or_else(|| self.rules.get(rule.id))
            .copied()
            .unwrap_or(rule.level)
    }

    /// Gives `finding` the level that `rule` has at its place; `false` where the rule is off. What is milder than its rule is by
    /// default stays as mild as it is.
    #[must_use]
    pub fn judge(&self, rule: &Rule, finding: &mut Finding) -> bool {
        let Some(level) = self.level(rule, finding.location.path()) else { return false };
        let milder = rule.level.is_some_and(|default| finding.level > default);
        finding.level = if milder { level.max(finding.level) } else { level };
        true
    }

    /// Gives each of `findings` the level that its rule has at its place, and drops those of rules that are off there.
    pub fn settle(&self, findings: &mut Vec<Finding>, catalogue: &Catalogue) {
        findings.retain_mut(|finding| catalogue.get(finding.rule).is_none_or(|rule| self.judge(rule, finding)));
    }
}
