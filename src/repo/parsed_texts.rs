//! What was parsed already, for those who read nearly the same twice.
//!
//! # Why
//!
//! Of two versions of a repository most is the same, and parsing is most of what comparing them costs. What Cedar makes
//! of a text hangs on the text alone, and its places count from where the text begins: so a text that stands elsewhere,
//! or in another version, need not be parsed again. Texts that Cedar refuses are, for what is said of them has a place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::cedar::{self, CedarFault, Parsed};
use super::model::{EntityData, Schema, SchemaState};
use crate::text::SourceFile;

/// Policies, schemas and entities by their texts. A clone has what the other has, then and later.
#[derive(Debug, Clone, Default)]
pub struct ParsedTexts(Arc<Texts>);

#[derive(Debug, Default)]
struct Texts {
    policies: Mutex<HashMap<Box<str>, Arc<[Parsed]>>>,
    schemas: Mutex<Vec<Arc<Schema>>>,
    entities: Mutex<Vec<KnownEntities>>,
}

/// Entities, with the files that they are made of and the schema that these were read by.
#[derive(Debug)]
struct KnownEntities {
    schema: Option<Arc<Schema>>,
    files: Vec<Arc<SourceFile>>,
    data: Arc<EntityData>,
}

impl ParsedTexts {
    /// The policies of `text`.
    ///
    /// # Errors
    /// As for [`cedar::parse`].
    pub(super) fn policies(&self, text: &str) -> Result<Arc<[Parsed]>, Vec<CedarFault>> {
        if let Some(known) = self.0.policies.lock().ok().and_then(|known| known.get(text).map(Arc::clone)) {
            return Ok(known);
        }
        let parsed: Arc<[Parsed]> = cedar::parse(text)?.into();
        if let Ok(mut known) = self.0.policies.lock() {
            known.insert(text.into(), Arc::clone(&parsed));
        }
        Ok(parsed)
    }

    /// The schema that `files` make together, if it was made before: of the same texts at the same paths.
    pub(super) fn schema(&self, files: &[Arc<SourceFile>]) -> Option<Arc<Schema>> {
        // Of an embedded text the places hang on what carries it.
        let same = |one: &Arc<SourceFile>, other: &Arc<SourceFile>| {
            other.is_as_written() && one.path() == other.path() && one.text() == other.text()
        };
        let known = self.0.schemas.lock().ok()?;
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
        let all = self.0.entities.lock().ok()?;
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
        if let Ok(mut all) = self.0.entities.lock() {
            all.push(KnownEntities { schema, files: files.to_vec(), data: Arc::clone(data) });
        }
    }

    /// Keeps a schema.
    pub(super) fn keep_schema(&self, schema: &Arc<Schema>) {
        if let Ok(mut known) = self.0.schemas.lock() {
            known.push(Arc::clone(schema));
        }
    }
}
