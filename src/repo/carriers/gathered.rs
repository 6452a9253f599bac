//! What the carriers of a repository hold, by the paths under which it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::spec::{Carried, Content, Home, Role, Unresolved};
use crate::repo::paths::inside;
use crate::text::{Mapped, SourceFile};

/// All that carriers hold.
#[derive(Debug, Default)]
pub(in crate::repo) struct Gathered {
    /// The files that are carriers.
    pub(in crate::repo) files: BTreeSet<String>,
    /// What they hold, in the order of files.
    pub(in crate::repo) parts: Vec<Inside>,
    /// Files of policies that carriers include.
    included: BTreeSet<String>,
    /// The stores that they declare, by name.
    pub(in crate::repo) stores: BTreeMap<String, StoreParts>,
    /// What they declare and the repository does not say.
    pub(in crate::repo) unresolved: Vec<Unresolved>,
    /// What they hold and is not read: path and reason.
    pub(in crate::repo) left_out: Vec<(String, String)>,
}

/// Something that a carrier holds or includes.
#[derive(Debug)]
pub(in crate::repo) struct Inside {
    /// The path under which it is read.
    pub(in crate::repo) path: String,
    pub(in crate::repo) role: Role,
    /// The text; none for a file that is included.
    pub(in crate::repo) text: Option<Arc<SourceFile>>,
    /// Whether nobody knows the text.
    pub(in crate::repo) unknown: bool,
    /// The store that it belongs to, by name; none where it belongs where a file would.
    pub(in crate::repo) store: Option<String>,
}

/// The parts of a store that carriers declare, as positions in [`Gathered::parts`].
#[derive(Debug, Default)]
pub(in crate::repo) struct StoreParts {
    /// The folder that it lies in.
    pub(in crate::repo) folder: String,
    pub(in crate::repo) parts: Vec<usize>,
}

impl Gathered {
    /// All of `carried`, which is in the order of files.
    pub(super) fn of(carried: Vec<Carried>) -> Self {
        let names = store_names(&carried);
        let mut gathered = Self::default();
        // Files of a module may each say the same of where it is called.
        let mut once = BTreeSet::new();
        for one in carried {
            let path = one.file.path().to_owned();
            for part in one.parts {
                let store = names.get(&part.home).cloned();
                let name = format!("{}{}", part.name, part.role.ending());
                let unknown = matches!(part.content, Content::Unknown | Content::UnknownIn(_) | Content::Unfilled(..));
                let number = gathered.parts.len() + 1;
                let (file, text) = match part.content {
                    Content::File(included) => {
                        gathered.taken(&included, part.role);
                        (included, None)
                    }
                    Content::Text(text) => (path.clone(), Some((Arc::clone(&one.file), text))),
                    Content::In(file, text) => {
                        gathered.taken(file.path(), part.role);
                        (file.path().to_owned(), Some((file, text)))
                    }
                    Content::UnknownIn(file) | Content::Unfilled(file, ..) => {
                        (file.path().to_owned(), Some((file, Mapped::default())))
                    }
                    Content::Unknown => (path.clone(), Some((Arc::clone(&one.file), Mapped::default()))),
                };
                let key = if text.is_some() { inside(&file, number, &name) } else { file };
                let text = text.map(|(file, text)| SourceFile::embedded(&file, number, name, text));
                if let (Some(store), Home::Store { place, .. }) = (&store, &part.home) {
                    let known = gathered.stores.entry(store.clone()).or_default();
                    let folder = if *place == path { crate::repo::paths::dir(place) } else { place };
                    folder.clone_into(&mut known.folder);
                    known.parts.push(gathered.parts.len());
                }
                gathered.parts.push(Inside { path: key, role: part.role, text, unknown, store });
            }
            gathered.included.extend(one.takes);
            for told in one.unresolved {
                let span = told.location.span;
                if once.insert((told.location.path().to_owned(), span.start, span.end, told.message.clone())) {
                    gathered.unresolved.push(told);
                }
            }
            gathered.left_out.extend(one.left_out);
            gathered.files.insert(path);
        }
        gathered
    }

    /// The texts that stand inside of carriers: the path under which each is read, and whether nobody knows the text.
    pub(in crate::repo) fn texts(&self) -> impl Iterator<Item = (&str, &Arc<SourceFile>, bool)> {
        self.parts.iter().filter_map(|part| Some((part.path.as_str(), part.text.as_ref()?, part.unknown)))
    }

    fn taken(&mut self, path: &str, role: Role) {
        if matches!(role, Role::Policies | Role::PoliciesJson) {
            self.included.insert(path.to_owned());
        }
    }

    /// Whether a carrier takes the file at `path` into its store, so that it is in no other.
    pub(in crate::repo) fn includes(&self, path: &str) -> bool {
        self.included.contains(path)
    }
}

/// What each store is called: as its file or folder, and as it is called in there where that has several.
fn store_names(carried: &[Carried]) -> BTreeMap<Home, String> {
    let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let homes = || carried.iter().flat_map(|one| &one.parts).map(|part| &part.home);
    for home in homes() {
        if let Home::Store { place, label } = home {
            labels.entry(place).or_default().insert(label);
        }
    }
    let named = homes().filter_map(|home| {
        let Home::Store { place, label } = home else { return None };
        let shown = if place.is_empty() { "." } else { place };
        let alone = labels.get(place.as_str()).is_some_and(|labels| labels.len() == 1);
        let name = if alone || label.is_empty() { shown.to_owned() } else { format!("{shown}#{label}") };
        Some((home.clone(), name))
    });
    named.collect()
}
