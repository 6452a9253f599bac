//! A store's first decision table.

use cedar_policy::EntityUid;

use super::{requests, table};
use crate::config::Config;
use crate::repo::Store;
use crate::text::inline;

/// A decision table that pins what a store decides today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstTable {
    /// Where it is to stand, relative to the repository's root.
    pub path: String,
    /// How many rows it has and whether there were more, or made-up entities: a phrase.
    pub about: String,
    /// The table.
    pub text: String,
}

/// The first table of `store`, one of the `stores` of a repository with the configuration `config`. `unknown` gives
/// the entities of each row of a table that exist nowhere, so that the rows can say that it is meant.
///
/// # Errors
/// Why there is none, a phrase.
pub fn first_table(
    store: &Store,
    stores: &[Store],
    config: &Config,
    unknown: &dyn Fn(&Store, &str) -> Vec<Vec<EntityUid>>,
) -> Result<FirstTable, String> {
    if config.stores.iter().any(|configured| configured.name == store.name) {
        return Err("polcheck.toml says where its files are; name its tables there".to_owned());
    }
    let folder = store.folder.as_str();
    if let Some(other) = stores.iter().find(|other| other.name != store.name && other.folder == folder) {
        return Err(format!(
            "store `{}` lies in its folder too; a [[store]] in polcheck.toml says whose tables these are",
            inline(&other.name)
        ));
    }
    let path = if folder.is_empty() { table::FILE_NAME.to_owned() } else { format!("{folder}/{}", table::FILE_NAME) };
    let mut found = requests::today(store)?;
    let unknown = unknown(store, &table::text(&found));
    for (row, unknown) in found.rows.iter_mut().zip(unknown) {
        row.unknown = unknown;
    }
    let count = found.rows.len();
    let left_out = if found.more > 0 { format!(", of {} found", count + found.more) } else { String::new() };
    let over = if found.synthetic { ", over made-up entities" } else { "" };
    Ok(FirstTable { path, about: format!("{}{left_out}{over}", table::counted(count)), text: table::text(&found) })
}
