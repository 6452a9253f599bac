//! A schema from what a store holds.

use super::error::RunError;
use super::loaded::load;
use super::reading::Reading;
use crate::infer::{Conflict, Inferred, infer};
use crate::lint::{self, Options};
use crate::repo::{SchemaState, Store};
use crate::text::inline;

/// What [`schema`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct SchemaOptions {
    /// What to read.
    pub reading: Reading,
}

/// A schema, and what to look at before it is committed.
#[derive(Debug)]
pub struct InferredSchema {
    /// The schema.
    pub inferred: Inferred,
    /// What it may be wrong about, a sentence each.
    pub warnings: Vec<String>,
}

/// Infers the schema of the store that has none.
///
/// # Errors
/// When what is asked for is not there, when all stores have a schema or several have none, and when nothing that is
/// there says anything of types.
pub fn schema(options: &SchemaOptions) -> Result<InferredSchema, RunError> {
    let loaded = load(&options.reading)?;
    let stores = &loaded.repo.stores;
    let bare: Vec<&Store> = stores.iter().filter(|store| matches!(store.schema, SchemaState::None)).collect();
    let store = match (bare.as_slice(), stores.as_slice()) {
        ([only], _) => *only,
        ([], []) => return Err(RunError::usage("there are no policies here to infer a schema from")),
        ([], [only]) => {
            let schema = only.schema_files.first().map_or("a schema", String::as_str);
            return Err(RunError::usage(format!("store `{}` has a schema: `{}`", inline(&only.name), inline(schema))));
        }
        ([], _) => return Err(RunError::usage("every store here has a schema")),
        (several, _) => {
            let names: Vec<String> = several.iter().map(|store| format!("`{}`", inline(&store.name))).collect();
            return Err(RunError::usage(format!(
                "{} have no schema; name one of them with `--store`",
                names.join(", ")
            )));
        }
    };
    let inferred =
        infer(&[Some(store)]).map_err(|why| RunError::usage(format!("store `{}`: {why}", inline(&store.name))))?;
    let mut warnings: Vec<String> = inferred.conflicts.iter().map(two_types).collect();
    // A slip would be declared, and fit the schema that it made.
    let slips = Options { only: Some(&["near-miss-name"]), ..Options::default() };
    let slips = lint::run(&loaded.repo, &loaded.config, slips).findings;
    let of_store = slips.into_iter().filter(|slip| slip.store.as_ref() == Some(&store.name));
    warnings.extend(of_store.map(|slip| format!("{}: {}", inline(&slip.location.label()), slip.message)));
    if !inferred.names_actions() {
        warnings.push(
            "no policy names an action, so the schema has none, and no request fits it; declare the actions that \
             requests are for"
                .to_owned(),
        );
    }
    Ok(InferredSchema { inferred, warnings })
}

fn two_types(conflict: &Conflict) -> String {
    format!(
        "`{}` has two types: {} (which the schema follows), and {}",
        inline(&conflict.what),
        inline(conflict.first.as_deref().unwrap_or_default()),
        inline(&conflict.second)
    )
}
