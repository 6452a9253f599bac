//! Suggested rows as a decision table of their own, or at the end of one that there is, in its own form.

mod csv;
mod json;
mod yaml;

use std::fs;
use std::io::Write;
use std::path::Path;

use super::failure::Failure;
use crate::outcome::SuggestedRow;
use crate::source::{rewrite, write_new_file};
use crate::text::inline;

pub(super) use yaml::{RECORDED, UNNOTICED, table};

/// How rows are added to the text of a table; a phrase with a way out where they cannot be.
type Append = fn(&str, &[SuggestedRow]) -> Result<String, String>;

/// The forms, by the ending of a file.
const FORMS: [(&str, Append); 4] =
    [("yaml", yaml::append), ("yml", yaml::append), ("json", json::append), ("csv", csv::append)];

/// Writes `rows` to `file`, a new table in YAML that begins with `head`, or the end of one in any form, and says so on
/// standard error unless it is to be `quiet`; nothing where there are none.
pub(super) fn write(file: &Path, head: &str, rows: &[SuggestedRow], quiet: bool) -> Result<(), Failure> {
    put(file, head, rows)?;
    let file = inline(&file.display().to_string()).into_owned();
    let done = match rows.len() {
        0 => format!("there is no row to write: `{file}` is left as it is"),
        1 => format!("1 row written to `{file}`; read it before it is kept"),
        many => format!("{many} rows written to `{file}`; read them before they are kept"),
    };
    if !quiet {
        let _ = writeln!(std::io::stderr(), "{done}");
    }
    Ok(())
}

fn put(file: &Path, head: &str, rows: &[SuggestedRow]) -> Result<(), Failure> {
    let shown = inline(&file.display().to_string()).into_owned();
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let Some((_, append)) = FORMS.iter().find(|(known, _)| *known == ending) else {
        let endings = "`.yaml`, or in `.json` or `.csv` for rows at the end of such a table";
        return Err(Failure(format!("`{shown}` is no name for a table: end it in {endings}")));
    };
    let mut stores: Vec<&str> = rows.iter().map(|row| row.store.as_str()).collect();
    stores.dedup();
    if let [one, other, ..] = stores.as_slice() {
        let (one, other) = (inline(one), inline(other));
        return Err(Failure(format!(
            "rows for the stores `{one}` and `{other}` do not go into one table; choose with `--store`"
        )));
    }
    if rows.is_empty() {
        return Ok(());
    }
    if !file.exists() {
        if !matches!(ending, "yaml" | "yml") {
            return Err(Failure(format!(
                "`{shown}` is not there; a new table is written in YAML: end its name in `.yaml`"
            )));
        }
        return write_new_file(file, table(head, rows).as_bytes())
            .map_err(|error| Failure(format!("cannot write `{shown}`: {error}")));
    }
    #[expect(clippy::disallowed_methods, reason = "the file is the user's to name, and is written next")]
    let before = fs::read_to_string(file).map_err(|error| Failure(format!("cannot read `{shown}`: {error}")))?;
    let after = append(&before, rows).map_err(|why| Failure(format!("cannot add rows to `{shown}`: {why}")))?;
    rewrite(file, &before, &after).map_err(|error| Failure(format!("cannot write `{shown}`: {error}")))
}
