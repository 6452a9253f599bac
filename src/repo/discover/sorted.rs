//! The files that nobody has named, by what they are: by their names, and by their content where a name leaves a doubt.

use rayon::prelude::*;

use super::classify::Kind;
use super::shapes::{PLAIN_SCHEMA, Shape, is_entities, is_schema, shape};
use crate::finding::{Finding, Level};
use crate::repo::files::{Files, whole};
use crate::repo::forms::TableForm;
use crate::repo::paths::is_inside;
use crate::repo::rules::MISNAMED_SCHEMA;
use crate::text::{SourceFile, inline};

/// Files by what they are, in the order of their paths.
#[derive(Debug, Default)]
pub(super) struct Sorted<'p> {
    pub(super) policies: Vec<&'p str>,
    /// Schemas by name, or by all of a text that is called as policies are.
    pub(super) schemas: Vec<&'p str>,
    /// Schemas by content, in JSON of which the name says less.
    pub(super) candidates: Vec<&'p str>,
    /// Links, entities and tables.
    pub(super) data: Vec<(&'p str, Kind)>,
    /// Files of other tools, and what is lacking.
    pub(super) foreign: Vec<(String, String)>,
    /// What is said of files with a wrong name.
    pub(super) findings: Vec<Finding>,
}

/// What the content of a file says.
pub(super) enum Look {
    AsNamed,
    Schema,
    Foreign(String),
}

impl<'p> Sorted<'p> {
    /// Sorts `free`; `configured` says whether there are policies besides.
    pub(super) fn of(free: &[(&'p str, Kind)], configured: bool, files: &Files<'_>) -> Self {
        // Without a policy nothing hangs on a candidate, and nobody has to read them all.
        let any = configured || free.iter().any(|(_, kind)| *kind == Kind::Policies);
        let look = |(path, kind): &(&'p str, Kind)| (*path, *kind, look(path, *kind, any, files));
        let looks: Vec<_> = free.par_iter().map(look).collect();
        let mut sorted = Self::default();
        for (path, kind, look) in looks {
            match (look, kind) {
                (Look::Foreign(why), _) => sorted.foreign.push((path.to_owned(), why)),
                (Look::Schema, _) => {
                    sorted.schemas.push(path);
                    sorted.findings.push(misnamed(path, files));
                }
                (Look::AsNamed, Kind::Policies) => sorted.policies.push(path),
                (Look::AsNamed, Kind::SchemaCedar | Kind::SchemaJson) => sorted.schemas.push(path),
                (Look::AsNamed, Kind::SchemaCandidate) => sorted.candidates.push(path),
                (Look::AsNamed, Kind::Links | Kind::Entities | Kind::Table) => sorted.data.push((path, kind)),
                (Look::AsNamed, Kind::Guardrail) => {}
            }
        }
        sorted
    }
}

/// What the content of the file at `path`, whose name says `kind`, says. Schemas by content count where there are
/// policies at all.
pub(super) fn look(path: &str, kind: Kind, any_policies: bool, files: &Files<'_>) -> Look {
    // What a carrier calls a policy is one, whatever it says.
    if is_inside(path) {
        return Look::AsNamed;
    }
    // What cannot be read is an error later on, where it is needed.
    let holds = |test: &dyn Fn(&SourceFile) -> bool, why: &'static str| match files.text(path) {
        Ok(file) if !test(&file) => Look::Foreign(why.to_owned()),
        _ => Look::AsNamed,
    };
    match kind {
        Kind::Policies if path.ends_with(".json") => match files.text(path) {
            Ok(file) if is_schema(&file) => Look::Schema,
            _ => Look::AsNamed,
        },
        Kind::Policies => match files.text(path).map(|file| shape(path, &file.parse_text())) {
            Ok(Shape::Schema) => Look::Schema,
            Ok(Shape::Foreign) => Look::Foreign("nothing in it has a policy's shape".to_owned()),
            Ok(Shape::Policies) | Err(_) => Look::AsNamed,
        },
        Kind::SchemaCandidate if !any_policies => holds(&|_| false, "there are no Cedar policies that it could govern"),
        Kind::SchemaCandidate => match files.text(path) {
            Ok(file) if is_schema(&file) => Look::AsNamed,
            Err(_) if path.ends_with(PLAIN_SCHEMA) => Look::AsNamed,
            Ok(_) => Look::Foreign("it has none of a Cedar schema's keys".to_owned()),
            Err(error) => Look::Foreign(format!("whether it is a Cedar schema is not known: {error}")),
        },
        Kind::Entities if !path.ends_with("cedarentities.json") => {
            holds(&is_entities, "it has none of an entity's keys")
        }
        Kind::Table => holds(&TableForm::could_be, "it has none of a decision table's keys"),
        Kind::Links if !path.ends_with("cedartemplatelinks.json") => {
            holds(&is_links, "it has none of a template link's keys")
        }
        Kind::SchemaCedar | Kind::SchemaJson | Kind::Entities | Kind::Links | Kind::Guardrail => Look::AsNamed,
    }
}

/// Whether links stand in `file`, or a list of none.
fn is_links(file: &SourceFile) -> bool {
    let text = file.parse_text();
    text.contains("\"template_id\"") || text.split_whitespace().eq(["[]"])
}

fn misnamed(path: &str, files: &Files<'_>) -> Finding {
    let place = files.text(path).map_or_else(|_| crate::text::Location::of_path(path), |file| whole(&file));
    let (plain, json) = path.strip_suffix(".json").map_or((path, ""), |plain| (plain, ".json"));
    let stem = plain.strip_suffix(".cedar").unwrap_or(plain);
    let message = "this is a schema under the name of policies, which every tool that takes `.cedar` files refuses";
    Finding::new(MISNAMED_SCHEMA.id, Level::Warning, place, message)
        .help(format!("rename it to `{}.cedarschema{json}`", inline(stem)))
}
