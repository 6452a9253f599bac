//! A schema from what a store holds.

use super::error::RunError;
use super::loaded::load;
use super::reading::Reading;
use crate::infer::{Inferred, infer};
use crate::repo::{SchemaState, Store};
use crate::text::inline;

/// What [`schema`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct SchemaOptions {
    /// What to read.
    pub reading: Reading,
}

/// Infers the schema of the store that has none.
///
/// # Errors
/// When what is asked for is not there, when all stores have a schema or several have none, and when nothing that is
/// there says anything of types.
pub fn schema(options: &SchemaOptions) -> Result<Inferred, RunError> {
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
    infer(&[Some(store)]).map_err(|why| RunError::usage(format!("store `{}`: {why}", inline(&store.name))))
}
