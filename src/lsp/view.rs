//! What a question about a document is answered from.

use std::collections::HashMap;
use std::sync::Arc;

use cedar_policy::{EntityTypeName, Schema as CedarSchema};

use super::admitted::{Admitted, Bound};
use super::client::Client;
use super::documents::{Document, Snapshot};
use crate::repo::{Schema, SchemaState, Store};
use crate::run::{Editing, Look};

/// The schemas that could be used last, by store: somebody who edits a schema breaks it at every second key.
pub(super) type GoodSchemas = HashMap<String, Arc<Schema>>;

/// A document, and what is known of the repository around it.
pub(super) struct View<'v> {
    /// Its repository.
    pub(super) editing: &'v Editing,
    /// All open texts.
    pub(super) snapshot: &'v Snapshot,
    /// The document.
    pub(super) document: &'v Document,
    /// Its path in the repository that is asked about.
    pub(super) path: &'v str,
    /// What was found last.
    pub(super) look: &'v Look,
    /// Schemas that could be used.
    pub(super) schemas: &'v GoodSchemas,
    /// The editor.
    pub(super) client: &'v Client,
}

impl<'v> View<'v> {
    /// The stores that the document belongs to.
    pub(super) fn stores(&self) -> impl Iterator<Item = &'v Store> + use<'v> {
        let path = self.path;
        self.look
            .repo
            .stores
            .iter()
            .filter(move |store| store.files.iter().chain(&store.schema_files).any(|file| file == path))
    }

    /// The schema of the first of them that has one.
    pub(super) fn schema(&self) -> Option<&'v Schema> {
        self.stores().find_map(|store| match &store.schema {
            SchemaState::Ready(schema) => Some(&**schema),
            SchemaState::Broken => self.schemas.get(&store.name).map(|schema| &**schema),
            SchemaState::None => None,
        })
    }

    /// Whether it is a schema in Cedar's syntax.
    pub(super) fn is_schema(&self) -> bool {
        crate::repo::is_schema(self.path) && !self.path.ends_with(".json")
    }

    /// Whether its text is policies.
    pub(super) fn is_policies(&self) -> bool {
        self.path.ends_with(".cedar") || self.path.ends_with(".cedarguard")
    }
}

/// What the scope around admits of `schema`; everything where there is none.
pub(super) fn admitted(schema: &CedarSchema, scope: Option<[Bound; 3]>) -> Admitted {
    Admitted::by(schema, &scope.unwrap_or_default())
}

/// The entity type that `name` means at the byte `at` of the schema file `text`: with the namespace around it, or by
/// itself.
pub(super) fn type_in(schema: &CedarSchema, text: &str, at: usize, name: &str) -> Option<EntityTypeName> {
    let known = |name: String| {
        let ty: EntityTypeName = name.parse().ok()?;
        schema.entity_types().any(|known| *known == ty).then_some(ty)
    };
    let inside = namespace(text, at).and_then(|namespace| known(format!("{namespace}::{name}")));
    inside.or_else(|| known(name.to_owned()))
}

/// The namespace of a schema file that the byte `at` is in.
pub(super) fn namespace(text: &str, at: usize) -> Option<String> {
    use crate::text::tokens::{Token, spanned};
    let mut depth = 0_usize;
    let mut name: Option<String> = None;
    let mut reading = false;
    for (token, span) in spanned(text) {
        if span.start >= at {
            break;
        }
        match token {
            Token::Word("namespace") if depth == 0 => {
                reading = true;
                name = Some(String::new());
            }
            Token::Word(word) if reading => name.get_or_insert_default().push_str(word),
            Token::Colons if reading => name.get_or_insert_default().push_str("::"),
            Token::Symbol(b'{') => {
                reading = false;
                depth += 1;
            }
            Token::Symbol(b'}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    name = None;
                }
            }
            _ => {}
        }
    }
    name.filter(|_| depth > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_of_a_schema_is_in_a_namespace_or_in_none() {
        let text = "entity A;\nnamespace N::M { entity B { c: Long }; entity D; }\nentity E;";
        for (word, wanted) in
            [("A;", None), ("B {", Some("N::M")), ("c:", Some("N::M")), ("D;", Some("N::M")), ("E;", None)]
        {
            assert_eq!(namespace(text, text.find(word).unwrap()).as_deref(), wanted, "{word}");
        }
    }
}
