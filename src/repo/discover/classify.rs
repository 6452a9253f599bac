//! What a file is, by its name.

use crate::repo::carriers::Role;
use crate::repo::forms::TableForm;
use crate::repo::paths::{dir, folder};

/// What a file's name says that it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::repo) enum Kind {
    /// A schema in Cedar syntax.
    SchemaCedar,
    /// A schema in JSON.
    SchemaJson,
    /// JSON with `schema` in its name: a Cedar schema if it has the outlines of one.
    SchemaCandidate,
    /// Policies.
    Policies,
    /// Template links.
    Links,
    /// Entities.
    Entities,
    /// A decision table.
    Table,
    /// Guardrails.
    Guardrail,
}

impl Role {
    /// The kind of a file of it.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Policies | Self::PoliciesJson => Kind::Policies,
            Self::Schema => Kind::SchemaCedar,
            Self::SchemaJson => Kind::SchemaJson,
            Self::Links => Kind::Links,
            Self::Entities => Kind::Entities,
        }
    }
}

/// The kind of the file at `path`; `None` where nothing about it is Cedar's.
pub(in crate::repo) fn kind(path: &str) -> Option<Kind> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is = |bare: &str| name == bare || name.strip_suffix(bare).is_some_and(|stem| stem.ends_with('.'));
    if is("cedarschema") || name == "cedar.schema" {
        Some(Kind::SchemaCedar)
    } else if is("cedarschema.json") {
        Some(Kind::SchemaJson)
    } else if name == "schema.json" {
        Some(Kind::SchemaCandidate)
    } else if is("cedartemplatelinks.json") || matches!(name, "linked" | "linked.json") {
        Some(Kind::Links)
    } else if is("cedarguard") {
        Some(Kind::Guardrail)
    } else if name.ends_with(".cedar") || name.ends_with(".cedar.json") {
        Some(Kind::Policies)
    } else if TableForm::has_folder(path) {
        Some(Kind::Table)
    } else if is("cedarentities.json") || name == "entities.json" {
        Some(Kind::Entities)
    } else if TableForm::has_name(name) {
        Some(Kind::Table)
    } else if name.ends_with(".json") && folder(path) == "entities" {
        Some(Kind::Entities)
    } else if name.contains("schema") && name.ends_with(".json") {
        Some(Kind::SchemaCandidate)
    } else {
        None
    }
}

/// The kind of the file at `path` where nobody has named it: in folders whose names begin with a dot tools keep their
/// own tests, data and schemas, so that only what decides is looked for there.
pub(super) fn kind_unnamed(path: &str) -> Option<Kind> {
    let hidden = dir(path).split('/').any(|folder| folder.starts_with('.'));
    kind(path).filter(|kind| !hidden || matches!(kind, Kind::Policies | Kind::Links | Kind::Guardrail))
}

/// Why a file that looks like Cedar's by its name is not read as such where nobody has named it; `None` for those that
/// are read and for those of other tools.
pub(super) fn why_not(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    match kind(path) {
        Some(Kind::SchemaCedar | Kind::SchemaJson | Kind::Entities | Kind::Table) if kind_unnamed(path).is_none() => {
            let dots = "schemas, entities and tables are not looked for in folders whose names begin with a dot";
            name.contains("cedar").then(|| dots.to_owned())
        }
        Some(_) => None,
        None => {
            let lower = name.to_lowercase();
            let part = |start: &str| lower.split('.').skip(1).any(|part| part.starts_with(start));
            let wanted = if part("cedarschem") || (lower.contains("cedar") && lower.contains("schema")) {
                "a schema end in `.cedarschema`"
            } else if part("cedartemplate") {
                "template links end in `.cedartemplatelinks.json`"
            } else if part("cedarentit") {
                "entities end in `.cedarentities.json`"
            } else if part("cedar") {
                "policies end in `.cedar`"
            } else {
                return None;
            };
            Some(format!("the names of files of {wanted}"))
        }
    }
}

/// Whether a file of this name is Cedar's whatever it holds.
pub(in crate::repo) fn is_always(path: &str) -> bool {
    matches!(kind(path), Some(Kind::Policies | Kind::Guardrail | Kind::SchemaCedar | Kind::SchemaJson))
}

/// Whether a file of this name is known to be Cedar's, or ours.
#[must_use]
pub fn is_known(path: &str) -> bool {
    kind(path).is_some()
}

/// Whether the file at `path` is named as a schema is.
#[must_use]
pub fn is_schema(path: &str) -> bool {
    matches!(kind(path), Some(Kind::SchemaCedar | Kind::SchemaJson))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::carriers::may_matter;

    #[test]
    fn names_say_what_files_hold() {
        for (path, wanted) in [
            ("a/app.cedarschema", Some(Kind::SchemaCedar)),
            ("cedarschema.json", Some(Kind::SchemaJson)),
            ("a/schema.json", Some(Kind::SchemaCandidate)),
            ("a/p.cedar", Some(Kind::Policies)),
            ("a/p.cedar.json", Some(Kind::Policies)),
            ("a/x.cedarentities.json", Some(Kind::Entities)),
            ("entities/users.json", Some(Kind::Entities)),
            ("x/ALLOW/entities.json", Some(Kind::Table)),
            ("tests-a.json", Some(Kind::Table)),
            ("a_test.json", Some(Kind::Table)),
            ("a_test.yaml", Some(Kind::Table)),
            ("g.cedarguard", Some(Kind::Guardrail)),
            ("l.cedartemplatelinks.json", Some(Kind::Links)),
            ("cedar.schema", Some(Kind::SchemaCedar)),
            ("a/my-schema.v2.json", Some(Kind::SchemaCandidate)),
            ("tests-schema.json", Some(Kind::Table)),
            ("a/linked", Some(Kind::Links)),
            ("package.json", None),
            ("mycedarschema", None),
        ] {
            assert_eq!(kind(path), wanted, "{path}");
        }
    }

    /// Whether `pattern` fits each of `paths`, as Python has it, which is what pre-commit uses.
    fn fits(pattern: &str, paths: &[String]) -> Vec<bool> {
        let script = "import re, sys\nfor path in sys.argv[2:]: print(bool(re.search(sys.argv[1], path)))";
        let output = std::process::Command::new("python3").args(["-c", script, pattern]).args(paths).output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(|line| line == "True").collect()
    }

    #[test]
    fn the_hooks_start_for_the_same_files() {
        let hooks = std::fs::read_to_string(".pre-commit-hooks.yaml").unwrap();
        let mut events = saphyr_parser::Parser::new_from_str(&hooks).map(|event| event.unwrap().0);
        let is_key = |event: &saphyr_parser::Event<'_>| matches!(event, saphyr_parser::Event::Scalar(text, ..) if text == "files");
        events.find(is_key).unwrap();
        let Some(saphyr_parser::Event::Scalar(pattern, ..)) = events.next() else { panic!("no pattern") };
        let stems = [
            "", ".", "a", "a.", "a_test", "_test", "tests-", "tests-a", "entities", "schema", "x y.", "polcheck",
            "a-schema", "linked",
        ];
        let ends = [
            "",
            "cedarschema",
            "cedarschema.json",
            ".cedarschema",
            "cedarguard",
            ".cedarguard",
            "cedarentities.json",
            "cedartemplatelinks.json",
            ".cedartemplatelinks.json",
            ".cedar",
            ".cedar.json",
            "cedar",
            ".json",
            ".toml",
            "json",
            ".md",
            ".cedar.md",
            ".yaml",
            ".tf",
            ".tf.json",
            ".tfvars",
            ".tftpl",
            ".tofu",
            ".template",
            ".cjar",
            ".tofu.json",
            ".tfx",
        ];
        let folders = [
            "",
            "a/",
            "ALLOW/",
            "a/DENY/",
            "entities/",
            "a/entities/",
            "entities/a/",
            "aentities/",
            "ALLOW/a/",
            "a.cedar/",
        ];
        let ends: Vec<&str> = ends.into_iter().chain(TableForm::endings()).collect();
        let names = stems.iter().flat_map(|stem| ends.iter().map(move |end| format!("{stem}{end}")));
        let paths: Vec<String> = names.flat_map(|name| folders.map(|folder| format!("{folder}{name}"))).collect();
        let settings = ["polcheck.toml"];
        let found = fits(&pattern, &paths);
        assert_eq!(found.len(), paths.len());
        for (path, found) in paths.iter().zip(found) {
            let ours = settings.contains(&path.rsplit('/').next().unwrap_or(path));
            assert_eq!(found, kind(path).is_some() || ours || may_matter(path), "{path}");
        }
        let accepted = ["polcheck-accepted.toml".to_owned(), "a/polcheck-accepted.toml".to_owned()];
        assert_eq!(fits(&pattern, &accepted), [true, true]);
    }
}
