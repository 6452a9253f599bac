//! What configuration names and the repository does not have: a path that matches nothing has no effect, and nobody
//! would know.

use std::collections::BTreeSet;
use std::path::Path;

use cedar_policy::Schema;

use crate::config::{Acceptance, CONFIGURATION, Config, Name, Pattern, UNUSED_CONFIGURATION};
use crate::finding::{Finding, Level};
use crate::repo::Repo;
use crate::repo::cedar::{attribute_at, context_shape, entity_shape};
use crate::repo::shape::Shape;
use crate::text::{inline, nearest};

/// What makes a pattern more than a path.
const WILD: [char; 4] = ['*', '?', '[', '{'];

/// A warning for each path of `config` to exclude, or to give other levels, that matches no file of any of `sides`, nor
/// anything on the disk at `root` (git may ignore what is there).
pub(super) fn unused_paths(config: &Config, sides: &[&Repo], root: &Path) -> Vec<Finding> {
    let matches = |pattern: &Pattern| {
        let listed = sides.iter().any(|repo| repo.listed.iter().any(|path| pattern.matches(path)));
        listed || (!pattern.text.contains(WILD) && root.join(&pattern.text).exists())
    };
    let what = |pattern: &Pattern, does: &str| -> Option<Finding> {
        let level = config.level(&UNUSED_CONFIGURATION, pattern.location.path())?;
        let message = format!("`{}` matches no file, so it {does} nothing", inline(&pattern.text));
        let mut finding =
            Finding::new(UNUSED_CONFIGURATION.id, level.max(Level::Warning), pattern.location.clone(), message);
        let all = sides.iter().flat_map(|repo| &repo.listed).flat_map(|path| parts(path));
        finding.help = Some(match crate::text::nearest(pattern.text.trim_end_matches('/'), all) {
            Some(meant) => format!("did you mean `{}`?", inline(meant)),
            None => "paths are relative to the repository's root; `*` stays in one folder, `**` does not".to_owned(),
        });
        Some(finding)
    };
    let excluded =
        config.exclude.iter().filter(|pattern| !matches(pattern)).filter_map(|pattern| what(pattern, "excludes"));
    let levels = config.overrides.iter().flat_map(|one| &one.paths);
    let levels = levels.filter(|pattern| !matches(pattern)).filter_map(|pattern| what(pattern, "overrides"));
    excluded.chain(levels).collect()
}

/// An error for each attribute of `[step-up]` that no request of `repo` has. Without a schema any may be there.
pub(super) fn unknown_attributes(config: &Config, repo: &Repo) -> Vec<Finding> {
    let stores = || repo.stores.iter().filter(|store| store.deciding().next().is_some());
    if config.step_up.is_empty() || stores().next().is_none() || stores().any(|store| store.schema.ready().is_none()) {
        return Vec::new();
    }
    let schemas = || stores().filter_map(|store| Some(&store.schema.ready()?.cedar));
    let there = |name: &str| {
        schemas()
            .any(|schema| schema.request_envs().any(|environment| attribute_at(schema, &environment, name).is_some()))
    };
    let unknown = config.step_up.iter().filter(|name| !there(&name.text));
    let finding = |name: &Name| {
        let message = format!("no request has `{}`", inline(&name.text));
        let finding = Finding::new(CONFIGURATION.id, Level::Error, name.location.clone(), message);
        let known: BTreeSet<String> = schemas().flat_map(attributes).collect();
        match nearest(&name.text, known.iter().map(String::as_str)) {
            Some(meant) => finding.help(format!("did you mean `{}`?", inline(meant))),
            None => finding,
        }
    };
    unknown.map(finding).collect()
}

/// The attributes of the requests of `schema`, such as `context.mfa`, those inside of records aside.
fn attributes(schema: &Schema) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut add = |variable: &str, shape: Option<Shape>| {
        let fields = shape.as_ref().and_then(Shape::fields);
        names.extend(fields.into_iter().flatten().map(|(name, _)| format!("{variable}.{name}")));
    };
    for environment in schema.request_envs() {
        add("context", context_shape(schema, environment.action()));
        add("principal", entity_shape(schema, environment.principal()).map(|(shape, _)| shape));
        add("resource", entity_shape(schema, environment.resource()).map(|(shape, _)| shape));
    }
    names
}

/// What is said of accepted changes that accept nothing: those that have ended by `today`, and where the changes of a
/// comparison are known, those that are not among the `used`, by fingerprint.
pub(super) fn idle_acceptances(
    config: &Config,
    accepted: &[Acceptance],
    used: Option<&BTreeSet<&str>>,
    today: &str,
) -> Vec<Finding> {
    let finding = |one: &Acceptance, level: Level, message: String, help: &str| {
        let mut finding = Finding::new(UNUSED_CONFIGURATION.id, level, one.location.clone(), message).help(help);
        config.judge(&UNUSED_CONFIGURATION, &mut finding).then_some(finding)
    };
    let idle = accepted.iter().filter_map(|one| {
        if one.until.as_str() < today {
            let message = format!("this accepted a change until {}, and accepts nothing any more", inline(&one.until));
            return finding(one, Level::Warning, message, "remove it, or have the change accepted anew");
        }
        let idle = used.is_some_and(|used| !used.contains(one.fingerprint.as_str()));
        let message = format!("this accepts a change that is not among those compared: {}", inline(&one.what));
        idle.then(|| finding(one, Level::Note, message, "remove it once the change is merged"))?
    });
    idle.collect()
}

/// `path` and the folders that it lies in.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(above, _)| above))
}
