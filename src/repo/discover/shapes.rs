//! What a file holds, by a look at its content: enough to tell Cedar's files from other tools' of the same name.

use cedar_policy::SchemaFragment;

use crate::data::json::Node;
use crate::repo::schema::depth;
use crate::text::SourceFile;
use crate::text::tokens::words;

/// How deeply a schema that stands under a policy's name may nest.
const DEEPEST: usize = 50;

/// The name of a schema that needs no other word for it.
pub(super) const PLAIN_SCHEMA: &str = "schema.json";

/// What the text of a `.cedar` file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Policies, or what may be some.
    Policies,
    /// A schema.
    Schema,
    /// Nothing of Cedar's.
    Foreign,
}

/// What `text`, which stands at `path` under a name as policies have, holds. A file of comments holds policies, and so
/// does one in which anything reminds of a policy: what is broken is to be reported.
pub(super) fn shape(path: &str, text: &str) -> Shape {
    let mut any = false;
    for word in words(text) {
        any = true;
        if ["permit", "forbid"].iter().any(|effect| word.eq_ignore_ascii_case(effect)) {
            return Shape::Policies;
        }
    }
    // A quote too many makes a string of what was code.
    let reminds = || {
        let variables = ["principal", "action", "resource"].iter().filter(|name| text.contains(**name));
        text.contains("permit") || text.contains("forbid") || variables.count() > 1
    };
    if !any || text.trim_start().starts_with('@') {
        Shape::Policies
    } else if is_schema_text(path, text) {
        Shape::Schema
    } else if reminds() {
        Shape::Policies
    } else {
        Shape::Foreign
    }
}

/// Whether `text` is a schema: one that is broken counts where the file is called so.
fn is_schema_text(path: &str, text: &str) -> bool {
    let declares = words(text).any(|word| matches!(word, "entity" | "action" | "namespace" | "type"));
    let called = path.rsplit('/').next().unwrap_or(path).contains("schema");
    declares && depth(text) <= DEEPEST && (called || SchemaFragment::from_cedarschema_str(text).is_ok())
}

/// Whether `file` has the outlines of a schema in JSON. One that is broken and has its words, or the name of one,
/// counts: if policies need it, that is an error.
pub(super) fn is_schema(file: &SourceFile) -> bool {
    let text = file.parse_text();
    let named = |keys: &[&str]| keys.iter().any(|key| text.contains(&format!("\"{key}\"")));
    let broken = || file.name() == PLAIN_SCHEMA || named(&["entityTypes", "appliesTo", "memberOfTypes"]);
    if !named(&["entityTypes", "actions"]) && file.name() != PLAIN_SCHEMA {
        return false;
    }
    let Ok(root) = Node::parse(file, &text) else { return broken() };
    // A schema for JSON may well have a property called `actions`, but not both of these in an object.
    let holds = |body: Node<'_>, key: &str| body.field(key).and_then(Node::fields).is_some();
    let namespaces = root.fields().unwrap_or_default();
    // Without the namespace around them they are a schema that lacks it.
    let bare = holds(root, "entityTypes") && holds(root, "actions");
    bare || namespaces.iter().any(|(_, body)| holds(*body, "entityTypes") && holds(*body, "actions"))
}

/// Whether `file` has the outlines of an entity file. What is no JSON could be one that is broken.
pub(super) fn is_entities(file: &SourceFile) -> bool {
    let text = file.parse_text();
    let Ok(root) = Node::parse(file, &text) else { return true };
    // Other tools have a `uid` too, and `parents` that are plain names.
    let reference = |node: Node<'_>| match node.string() {
        Some(text) => text.contains("::\""),
        None => node.field("type").is_some() || node.field("__entity").is_some(),
    };
    let entity = |node: Node<'_>| {
        node.field("uid").is_some_and(reference)
            || node.field("attrs").and_then(Node::fields).is_some() && node.field("parents").is_some()
    };
    match root.elements() {
        Some(all) => all.is_empty() || all.into_iter().any(entity),
        None => entity(root),
    }
}
