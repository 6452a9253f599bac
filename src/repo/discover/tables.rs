//! Tables named one by one: where they lie, and which store they run over.

use super::classify::{Kind, kind};
use super::homes::homes;
use super::plan::{Layout, Plan};
use crate::finding::{Finding, Level};
use crate::repo::forms::TableForm;
use crate::repo::rules::TEST_MISMATCH;
use crate::source::{Source, SourceError};
use crate::text::{Location, inline};

/// The tables at `path`: the file itself, which must be one, or what a folder holds and may be one.
pub(in crate::repo) fn tables_at(source: &dyn Source, path: &str) -> Result<Vec<(String, bool)>, SourceError> {
    let below = source.below(path)?;
    let named = below.len() == 1 && below.first().is_some_and(|file| file == path);
    let could = |file: &String| named || TableForm::endings().any(|ending| file.ends_with(ending));
    let with_must = |file: String| {
        let must = named || kind(&file) == Some(Kind::Table);
        (file, must)
    };
    Ok(below.into_iter().filter(could).map(with_must).collect())
}

impl Layout {
    /// Lets `tables`, named one by one, run, and of the others only those that `stay`. `wanted` is the only store that
    /// is asked for, by name. Each comes with whether it must be a table; `brings_store` says of a table whether it
    /// brings a store of its own, and nothing of a file that is none.
    pub(in crate::repo) fn run_only(
        &mut self,
        tables: Vec<(String, bool)>,
        wanted: Option<&str>,
        stay: &dyn Fn(&str) -> bool,
        brings_store: &dyn Fn(&str) -> Option<bool>,
    ) {
        let named = |path: &str| tables.iter().any(|(table, _)| table == path);
        for plan in &mut self.stores {
            plan.tables.retain(|(path, _)| stay(path) || named(path));
        }
        self.left_out.retain(|(path, _)| !named(path));
        let mut guests = Plan { name: "command-line".to_owned(), ..Plan::default() };
        for (path, must) in tables {
            if self.stores.iter().any(|plan| plan.tables.iter().any(|(table, _)| *table == path)) {
                continue;
            }
            let stores: Vec<usize> = (0..self.stores.len())
                .filter(|at| wanted.is_none_or(|name| self.stores.get(*at).is_some_and(|plan| plan.name == name)))
                .collect();
            let folders: Vec<&str> = stores.iter().filter_map(|at| self.stores.get(*at)).map(Plan::folder).collect();
            let homes: Vec<usize> =
                homes(&folders, &path).into_iter().filter_map(|at| stores.get(at).copied()).collect();
            match homes.as_slice() {
                _ if brings_store(&path) == Some(true) => guests.tables.push((path, must)),
                // One of the files of a folder that was named, and no table.
                _ if !must && brings_store(&path).is_none() => {
                    self.left_out.push((path, "it is no decision table in any known form".to_owned()));
                }
                [only] => {
                    if let Some(plan) = self.stores.get_mut(*only) {
                        plan.tables.push((path, must));
                    }
                }
                homes => {
                    let names: Vec<String> = homes
                        .iter()
                        .filter_map(|at| self.stores.get(*at))
                        .map(|plan| format!("`{}`", inline(&plan.name)))
                        .collect();
                    self.findings.push(homeless(&path, &names));
                }
            }
        }
        if !guests.tables.is_empty() {
            self.stores.push(guests);
        }
    }
}

/// A table that was named and has no store to run over, or several: `stores`.
fn homeless(path: &str, stores: &[String]) -> Finding {
    let place = Location::of_path(path);
    let (message, help) = match stores {
        [] => (
            "there are no policies that this table could run over, so none of its rows runs".to_owned(),
            "name the policies with `-p`, and their schema with `-s`",
        ),
        several => (
            format!("this table could run over the stores {}, so none of its rows runs", several.join(", ")),
            "choose one with `--store`, or name the table in polcheck.toml",
        ),
    };
    Finding::new(TEST_MISMATCH.id, Level::Error, place, message).help(help)
}
