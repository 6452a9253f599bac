//! What configuration comes to once it is read and checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use globset::GlobMatcher;

use super::custom::CustomRule;
use super::guardrails::Guardrails;
use super::name::Name;
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
    /// Whether `path` fits; a pattern that names a folder takes everything below it, and `.` takes everything.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.text == "."
            || self.matcher.is_match(path)
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
    /// Whether it says so, be it that there is none.
    pub says_schema: bool,
    /// Policy files.
    pub policies: Vec<Pattern>,
    /// Entity files.
    pub entities: Vec<Pattern>,
    /// Template links.
    pub links: Vec<Pattern>,
    /// Whether its templates have no other links than those that are read.
    pub links_complete: bool,
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
    /// Whether it refuses access that is gained if data is carried over so that it is.
    pub migrated: bool,
    /// Whether it refuses whatever holds the repository to less.
    pub weakened: bool,
    /// The stores that it is about, by name; empty for all.
    pub stores: Vec<Name>,
    /// The actions, as `Action::"view"` or by id alone; empty for all.
    pub actions: Vec<Name>,
    /// The principal types; empty for all.
    pub principals: Vec<Name>,
    /// The resource types; empty for all.
    pub resources: Vec<Name>,
    /// Of a guardrail its id: what it refuses no acceptance lifts.
    pub guardrail: Option<String>,
    /// Where it is written.
    pub location: Location,
}

impl Gate {
    /// The words of what a gate may refuse.
    pub const WORDS: [&str; 4] = ["gained", "lost", "migrated", "weakened"];

    /// Whether it looks at changes of what principals of type `principal` may do by `action` (in Cedar's syntax) on
    /// `resource` in the store that goes by one of the names `store`.
    #[must_use]
    pub fn covers(&self, store: &[&str], [principal, action, resource]: [&str; 3]) -> bool {
        let listed =
            |list: &[Name], fits: &dyn Fn(&str) -> bool| list.is_empty() || list.iter().any(|one| fits(&one.text));
        listed(&self.stores, &|name| store.contains(&name))
            && listed(&self.actions, &|name| name == action || action.ends_with(&format!("::{name:?}")))
            && listed(&self.principals, &|name| name == principal)
            && listed(&self.resources, &|name| name == resource)
    }

    /// Whether everything that this one refuses is refused by one of `others` as well.
    #[must_use]
    pub fn implied_by(&self, others: &[Gate]) -> bool {
        let within = |mine: &[Name], theirs: &[Name]| {
            let listed = |one: &Name| theirs.iter().any(|other| other.text == one.text);
            theirs.is_empty() || (!mine.is_empty() && mine.iter().all(listed))
        };
        let refused = |wanted: bool, refuses: fn(&Gate) -> bool| {
            !wanted
                || others.iter().any(|other| {
                    refuses(other)
                        && within(&self.stores, &other.stores)
                        && within(&self.actions, &other.actions)
                        && within(&self.principals, &other.principals)
                        && within(&self.resources, &other.resources)
                })
        };
        let weakened = !self.weakened || others.iter().any(|other| other.weakened);
        refused(self.gained, |gate| gate.gained)
            && refused(self.lost, |gate| gate.lost)
            && refused(self.migrated, |gate| gate.migrated || gate.gained)
            && weakened
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
    /// The file of findings that fail nothing, relative to the root.
    pub baseline: Option<Name>,
    /// Whether only acceptances count that the base has: a change cannot accept itself. Where it is written.
    pub accept_base: Option<Location>,
    /// Whether access passes that is gained only if data is carried over so that it is. Where it is written.
    pub allows_migrated: Option<Location>,
    /// Whether no schema is inferred where there is none. Where it is written.
    pub refuses_inference: Option<Location>,
    /// The percentage of policies and conditions that rows have to cover, if set.
    pub coverage_floor: Option<u32>,
    /// What is proved of stores.
    pub guardrails: Guardrails,
    /// What a challenge can bring, such as `context.mfa`.
    pub step_up: Vec<Name>,
    /// Rules of the repository's own.
    pub custom: Vec<CustomRule>,
    /// What is filled in for placeholders, by name.
    pub template: Vec<(String, String)>,
    /// What this one is held to: where the two differ, the stricter holds.
    pub base: Option<Arc<Config>>,
}

/// The stricter of two levels; `None` is off, and the mildest.
fn stricter(one: Option<Level>, other: Option<Level>) -> Option<Level> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl Config {
    /// This configuration, held to `base`: of what is read and of what fails a run, whatever either of them asks for
    /// holds.
    #[must_use]
    pub fn held_to(self, base: &Config) -> Self {
        Self { base: Some(Arc::new(base.clone())), ..self }
    }

    /// This configuration with only those values of `[template] vars` that `base` has as well: what one side alone
    /// says is filled in counts once it is merged. Else a change could say that the forbid which it takes away was
    /// for nobody.
    #[must_use]
    pub fn filled_in_as(mut self, base: &Config) -> Self {
        self.template.retain(|(name, _)| base.template.iter().any(|(known, _)| known == name));
        self
    }

    /// Whether the file at `path` is not read: everything that counts has to leave it out.
    #[must_use]
    pub fn leaves_out(&self, path: &str) -> bool {
        self.exclude.iter().any(|pattern| pattern.matches(path))
            && self.base.as_ref().is_none_or(|base| base.leaves_out(path))
            || self.is_fixture(path)
    }

    /// Whether the file at `path` is what a rule of the repository's own is tested with, for both sides.
    fn is_fixture(&self, path: &str) -> bool {
        let folders = self.custom.iter().filter_map(|custom| custom.fixtures.as_ref());
        let below = |folder: &Name| path.strip_prefix(&folder.text).is_some_and(|rest| rest.starts_with('/'));
        folders.into_iter().any(below) && self.base.as_ref().is_none_or(|base| base.is_fixture(path))
    }

    /// The rules of the repository's own. A rule that the base declares otherwise counts as the base has it as well.
    #[must_use]
    pub fn custom_rules(&self) -> Vec<&CustomRule> {
        let based = self.base.iter().flat_map(|base| &base.custom);
        let changed = based.filter(|one| !self.custom.iter().any(|own| own.is_like(one)));
        self.custom.iter().chain(changed).collect()
    }

    /// The mildest level that fails a run; `None` where nothing says so.
    #[must_use]
    pub fn fails_on(&self) -> Option<FailOn> {
        let base = self.base.as_ref().map(|base| base.fails_on().unwrap_or_default());
        match (self.fail_on, base) {
            (own, Some(base)) => Some(own.unwrap_or_default().stricter(base)),
            (own, None) => own,
        }
    }

    /// The percentage of policies and conditions that rows have to cover, if any.
    #[must_use]
    pub fn floor(&self) -> Option<u32> {
        self.coverage_floor.max(self.base.as_ref().and_then(|base| base.floor()))
    }

    /// How many dereferences the policies of `store` may chain, if that is bounded; `policies` are its policy files.
    /// What a base says of these files holds whatever their store is called now.
    #[must_use]
    pub fn dereferences(&self, store: &str, policies: &[String]) -> Option<u32> {
        let own = self.stores.iter().find(|one| one.name == store).and_then(|one| one.level);
        let based = self.base.iter().flat_map(|base| &base.stores).filter(|one| {
            let names = |path: &String| one.policies.iter().any(|pattern| pattern.matches(path));
            one.name == store || policies.iter().any(names)
        });
        own.into_iter().chain(based.filter_map(|one| one.level)).min()
    }

    /// Whether the templates of `store` have no other links than those that are read: both sides have to say so.
    #[must_use]
    pub fn links_complete(&self, store: &str) -> bool {
        self.stores.iter().any(|one| one.name == store && one.links_complete)
            && self.base.as_ref().is_none_or(|base| base.links_complete(store))
    }

    /// Whether anything gives the rule of this id a level of its own, other than off.
    #[must_use]
    pub fn turns_on(&self, id: &str) -> bool {
        self.rules.get(id).is_some_and(Option::is_some) || self.base.as_ref().is_some_and(|base| base.turns_on(id))
    }

    /// Whether the stores that it spells out are those of `other`, word for word.
    #[must_use]
    pub fn same_stores(&self, other: &Config) -> bool {
        let texts = |patterns: &[Pattern]| patterns.iter().map(|pattern| pattern.text.clone()).collect::<Vec<_>>();
        let key = |store: &StoreConfig| {
            let lists = [&store.schema, &store.policies, &store.entities, &store.links, &store.tests];
            (store.name.clone(), lists.map(|list| texts(list)))
        };
        self.stores.iter().map(key).eq(other.stores.iter().map(key))
    }

    /// The stores of `base` over the files at `paths`, a head that this is the configuration of: what `base` names and
    /// is there belongs to its stores. In the place of what is not there any more comes what the store of that name has
    /// here; and where a store is gone, so do the stores that only this one has.
    #[must_use]
    pub fn stores_as_in(&self, base: &Config, paths: &[String]) -> Vec<StoreConfig> {
        let there = |pattern: &&Pattern| paths.iter().any(|path| pattern.matches(path));
        let mut stores = Vec::new();
        let mut gone = false;
        for store in &base.stores {
            let here = self.stores.iter().find(|one| one.name == store.name);
            let list = |of: fn(&StoreConfig) -> &Vec<Pattern>| -> Vec<Pattern> {
                let kept: Vec<Pattern> = of(store).iter().filter(there).cloned().collect();
                let moved = kept.len() < of(store).len();
                kept.into_iter().chain(here.filter(|_| moved).into_iter().flat_map(|one| of(one).clone())).collect()
            };
            let policies = list(|store| &store.policies);
            if policies.is_empty() && !store.policies.is_empty() {
                gone = true;
                continue;
            }
            stores.push(StoreConfig {
                schema: list(|store| &store.schema),
                policies,
                entities: list(|store| &store.entities),
                links: list(|store| &store.links),
                tests: list(|store| &store.tests),
                ..store.clone()
            });
        }
        if gone {
            let only_here = self.stores.iter().filter(|one| !base.stores.iter().any(|store| store.name == one.name));
            stores.extend(only_here.cloned());
        }
        stores
    }

    /// The level of `rule` for a finding in `path`; `None` is off.
    #[must_use]
    pub fn level(&self, rule: &Rule, path: &str) -> Option<Level> {
        if !rule.configurable {
            return rule.level;
        }
        let own = self.own_level(rule, path);
        self.base.as_ref().map_or(own, |base| stricter(own, base.level(rule, path)))
    }

    /// The level of a finding of `rule` in `path` to which the rule itself gives the level `own`; `None` is off. A
    /// finding that is milder than the rule's default because it says less is not raised by what is said of the rule.
    #[must_use]
    pub fn level_of(&self, rule: &Rule, path: &str, own: Level) -> Option<Level> {
        let level = self.level(rule, path)?;
        let whole = rule.level.is_none_or(|default| own <= default);
        Some(if whole { level } else { level.max(own) })
    }

    fn own_level(&self, rule: &Rule, path: &str) -> Option<Level> {
        self.overrides
            .iter()
            .rev()
            .filter(|rules| rules.paths.iter().any(|pattern| pattern.matches(path)))
            .find_map(|rules| rules.rules.get(rule.id))
            .or_else(|| self.rules.get(rule.id))
            .copied()
            .unwrap_or(rule.level)
    }

    /// Gives `finding` the level that `rule` has at its place; `false` where the rule is off. What is milder than its
    /// rule is by default stays as mild as it is.
    #[must_use]
    pub fn judge(&self, rule: &Rule, finding: &mut Finding) -> bool {
        let Some(level) = self.level_of(rule, finding.location.path(), finding.level) else { return false };
        finding.level = level;
        true
    }

    /// Gives each of `findings` the level that its rule has at its place, and drops those of rules that are off there.
    pub fn settle(&self, findings: &mut Vec<Finding>, catalogue: &Catalogue) {
        findings.retain_mut(|finding| catalogue.get(finding.rule).is_none_or(|rule| self.judge(rule, finding)));
    }
}
