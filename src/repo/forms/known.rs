//! Which form a file has: by its name, by its folder, by what it holds.

use super::TableForm;
use super::spec::Candidate;
use crate::repo::paths::folder;
use crate::text::SourceFile;

/// What a file is read as whose name ends like no form's, as the `cedar` command line does.
const OTHERWISE: &str = ".json";

impl TableForm {
    /// The form of `file`; `must` says that it has to be a table. `None` where it is no table in any known form.
    pub(in crate::repo) fn of(file: &SourceFile, must: bool) -> Option<Self> {
        let ending = Self::endings().find(|ending| file.name().ends_with(ending)).unwrap_or(OTHERWISE);
        let text = file.parse_text();
        let candidate = Candidate { file, text: &text, folder: folder(file.path()), must };
        let forms = Self::ALL.iter().filter(|form| form.spec().endings.contains(&ending));
        forms.copied().find(|form| (form.spec().sniff)(&candidate))
    }

    /// Whether anything in `file`, which is called as a table is, shows one: if nothing does, it is another tool's.
    pub(in crate::repo) fn could_be(file: &SourceFile) -> bool {
        let text = file.parse_text();
        let candidate = Candidate { file, text: &text, folder: folder(file.path()), must: false };
        let fits = |form: &&Self| form.spec().endings.iter().any(|ending| file.name().ends_with(ending));
        Self::ALL.iter().filter(fits).any(|form| (form.spec().shows)(&candidate))
    }

    /// How the names of tables end, those of several forms more than once.
    pub(in crate::repo) fn endings() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().flat_map(|form| form.spec().endings).copied()
    }

    /// Whether the folder of the file at `path` says that it is a table.
    pub(in crate::repo) fn has_folder(path: &str) -> bool {
        let fits = |form: &Self| {
            let spec = form.spec();
            spec.folders.contains(&folder(path)) && spec.endings.iter().any(|ending| path.ends_with(ending))
        };
        Self::ALL.iter().any(fits)
    }

    /// Whether a file called `name` is a table by that.
    pub(in crate::repo) fn has_name(name: &str) -> bool {
        let fits = |form: &Self| {
            let spec = form.spec();
            let mut stems = spec.endings.iter().filter_map(|ending| name.strip_suffix(ending));
            stems.any(|stem| stem.ends_with("_test") || spec.prefixes.iter().any(|prefix| name.starts_with(prefix)))
        };
        Self::ALL.iter().any(fits)
    }

    /// What a table can be, a sentence.
    #[must_use]
    pub fn all_in_words() -> String {
        let (json, plain): (Vec<&Self>, Vec<&Self>) =
            Self::ALL.iter().partition(|form| form.spec().endings.contains(&OTHERWISE));
        let words = |forms: &[&Self]| forms.iter().map(|form| form.spec().about).collect::<Vec<_>>();
        let (json, plain) = (words(&json), words(&plain));
        let json = match json.split_last() {
            Some((last, others)) if !others.is_empty() => format!("{}, or {last}", others.join(", ")),
            _ => json.join(""),
        };
        format!("a table is {}; or in JSON {json}", plain.join(" or "))
    }
}
