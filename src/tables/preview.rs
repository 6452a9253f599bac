//! What would be said of a table that is not written yet.

use cedar_policy::EntityUid;

use super::forms::{Opened, Opening, opening};
use super::known::{Known, Part};
use super::native::{Expander, Sheets, Vocabulary};
use crate::repo::{EntityFiles, Store, TableForm};

/// The entities that exist nowhere of each row of the YAML table `text` for `store`: what the row has to list under
/// `unknown`. Nothing of a table, or of the rest of one, that cannot be read.
#[must_use]
pub fn unknown(store: &Store, text: &str) -> Vec<Vec<EntityUid>> {
    let Opening::Native(form) = opening(TableForm::Yaml) else { return Vec::new() };
    let Ok(Opened { sheet, mut specs, .. }) = (form.open)(text) else { return Vec::new() };
    let (vocabulary, known) = (Vocabulary::of(store), Known::new(store));
    let Ok(sheets) = Sheets::new((store, &store.entities), &vocabulary, &known, sheet, text, &EntityFiles::new())
    else {
        return Vec::new();
    };
    let mut expander = Expander::new(&sheets);
    let mut all = Vec::new();
    while let Some(Ok(spec)) = specs.next() {
        let rows = expander.rows(spec).into_iter();
        let strangers = rows.flat_map(|row| row.met.strangers).filter(|stranger| stranger.part != Part::Overlay);
        all.push(strangers.map(|stranger| stranger.uid).collect());
    }
    all
}
