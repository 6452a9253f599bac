//! What was parsed already, for those who read nearly the same twice.
//!
//! # Why
//!
//! Of two versions of a repository most is the same, and parsing is most of what comparing them costs. What Cedar makes
//! of a text hangs on the text alone, and its places count from where the text begins: so a text that stands elsewhere,
//! or in another version, need not be parsed again. Texts that Cedar refuses are, for what is said of them has a place.

use std::collections::HashMap;
use std::hash::Hasher;
use std::sync::{Arc, Mutex};

use rustc_hash::{FxHashMap, FxHasher};

use super::cedar::{self, CedarFault, Parsed};
use super::model::{EntityData, Schema, SchemaState};
use crate::text::SourceFile;

/// Policies, schemas and entities by their texts. A clone has what the other has, then and later.
#[derive(Debug, Clone, Default)]
pub struct ParsedTexts {
    texts: Arc<Texts>,
    /// Whether there were policies before what is read now.
    again: bool,
}

#[derive(Debug, Default)]
struct Texts {
    policies: Mutex<Policies>,
    schemas: Mutex<Vec<Arc<Schema>>>,
    entities: Mutex<Vec<KnownEntities>>,
}

/// Texts of one policy or several, and what they were parsed as.
#[derive(Debug, Default)]
struct Policies {
    texts: Vec<(Arc<str>, Arc<[Parsed]>)>,
    by_text: HashMap<Arc<str>, usize>,
    /// By the hash of what a policy says, the text that it is in and its place there; of the first so many texts.
    single: FxHashMap<u64, (usize, usize)>,
    taken_apart: usize,
}

impl Policies {
    fn keep(&mut self, text: &str, parsed: &Arc<[Parsed]>) {
        let text: Arc<str> = text.into();
        self.by_text.insert(Arc::clone(&text), self.texts.len());
        self.texts.push((text, Arc::clone(parsed)));
    }

    fn get(&self, text: &str) -> Option<&Arc<[Parsed]>> {
        self.texts.get(*self.by_text.get(text)?).map(|(_, parsed)| parsed)
    }

    /// The policy that `text` is, from a text that holds others as well.
    fn one(&mut self, text: &str) -> Option<&Parsed> {
        for (number, (whole, parsed)) in self.texts.iter().enumerate().skip(self.taken_apart) {
            for (place, one) in parsed.iter().enumerate() {
                let said = whole.get(one.span.start..one.span.end).unwrap_or_default();
                self.single.insert(hash(said), (number, place));
            }
        }
        self.taken_apart = self.texts.len();
        let (number, place) = self.single.get(&hash(text))?;
        let (whole, parsed) = self.texts.get(*number)?;
        parsed.get(*place).filter(|one| whole.get(one.span.start..one.span.end) == Some(text))
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// Entities, with the files that they are made of and the schema that these were read by.
#[derive(Debug)]
struct KnownEntities {
    schema: Option<Arc<Schema>>,
    files: Vec<Arc<SourceFile>>,
    data: Arc<EntityData>,
}

impl ParsedTexts {
    /// The same, for whoever reads what may have been read before.
    pub(super) fn read_again(self) -> Self {
        let again = self.texts.policies.lock().is_ok_and(|known| !known.texts.is_empty());
        Self { again, ..self }
    }

    /// The policies of `text`.
    ///
    /// # Errors
    /// As for [`cedar::parse`].
    pub(super) fn policies(&self, text: &str) -> Result<Arc<[Parsed]>, Vec<CedarFault>> {
        if let Some(known) = self.texts.policies.lock().ok().and_then(|known| known.get(text).map(Arc::clone)) {
            return Ok(known);
        }
        let parsed: Arc<[Parsed]> = cedar::parse(text)?.into();
        if let Ok(mut known) = self.texts.policies.lock() {
            known.keep(text, &parsed);
        }
        Ok(parsed)
    }

    /// Those of `texts`, each of one policy, that were parsed before, within another text. `None` where `whole`, which
    /// holds them and nothing else, is known as it is.
    pub(super) fn each<'t>(
        &self,
        whole: &str,
        texts: impl IntoIterator<Item = &'t str>,
    ) -> Option<Vec<Option<Parsed>>> {
        if !self.again {
            return None;
        }
        let mut known = self.texts.policies.lock().ok().filter(|known| known.get(whole).is_none())?;
        Some(texts.into_iter().map(|text| known.one(text).cloned()).collect())
    }

    /// The schema that `files` make together, if it was made before: of the same texts at the same paths.
    pub(super) fn schema(&self, files: &[Arc<SourceFile>]) -> Option<Arc<Schema>> {
        // Of an embedded text the places hang on what carries it.
        let same = |one: &Arc<SourceFile>, other: &Arc<SourceFile>| {
            other.is_as_written() && one.path() == other.path() && one.text() == other.text()
        };
        let known = self.texts.schemas.lock().ok()?;
        let of = |schema: &&Arc<Schema>| {
            schema.files.len() == files.len() && schema.files.iter().zip(files).all(|(one, other)| same(one, other))
        };
        known.iter().find(of).map(Arc::clone)
    }

    /// The entities that `files` make together under `schema`, if they were made before: of the same texts at the same
    /// paths, by the very same schema.
    pub(super) fn entities(&self, files: &[Arc<SourceFile>], schema: &SchemaState) -> Option<Arc<EntityData>> {
        let same_schema = |known: &Option<Arc<Schema>>| match (known, schema) {
            (Some(known), SchemaState::Ready(schema)) => Arc::ptr_eq(known, schema),
            (None, SchemaState::None) => true,
            _ => false,
        };
        let same =
            |one: &Arc<SourceFile>, other: &Arc<SourceFile>| one.path() == other.path() && one.text() == other.text();
        let all = self.texts.entities.lock().ok()?;
        let of = |known: &&KnownEntities| {
            same_schema(&known.schema)
                && known.files.len() == files.len()
                && known.files.iter().zip(files).all(|(one, other)| same(one, other))
        };
        all.iter().find(of).map(|known| Arc::clone(&known.data))
    }

    /// Keeps entities that `files` make together under `schema`.
    pub(super) fn keep_entities(&self, files: &[Arc<SourceFile>], schema: &SchemaState, data: &Arc<EntityData>) {
        let schema = match schema {
            SchemaState::Ready(schema) => Some(Arc::clone(schema)),
            SchemaState::None => None,
            SchemaState::Broken => return,
        };
        if let Ok(mut all) = self.texts.entities.lock() {
            all.push(KnownEntities { schema, files: files.to_vec(), data: Arc::clone(data) });
        }
    }

    /// Keeps a schema.
    pub(super) fn keep_schema(&self, schema: &Arc<Schema>) {
        if let Ok(mut known) = self.texts.schemas.lock() {
            known.push(Arc::clone(schema));
        }
    }
}
