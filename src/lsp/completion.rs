//! What may be typed at a place: attributes by the types that the scope admits, methods, types, actions, ids,
//! annotations, and how a policy begins.

use std::collections::BTreeSet;

use cedar_policy::Schema as CedarSchema;
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, InsertTextFormat, MarkupContent, MarkupKind,
    TextEdit,
};

use super::cursor::{Cursor, Wanted};
use super::hover::docs_above;
use super::positions::Lines;
use super::view::{View, admitted};
use crate::repo::cedar::{ValueKind, entity_attributes, enumeration};
use crate::repo::{EntityState, Schema, declared_at};

/// So many ids of entities are offered.
const MOST_IDS: usize = 200;
/// So many attributes have their documentation looked up.
const MOST_DOCUMENTED: usize = 50;

/// Annotations that polcheck or other tools read.
const ANNOTATIONS: [&str; 4] = ["id", "doc", "expires", "temporary"];

/// What expressions begin with.
const BEGINNINGS: [&str; 13] = [
    "principal",
    "action",
    "resource",
    "context",
    "true",
    "false",
    "if",
    "ip",
    "decimal",
    "datetime",
    "duration",
    "when",
    "unless",
];

/// Something that may be typed, and what it is.
struct Offer {
    label: String,
    kind: CompletionItemKind,
    detail: Option<String>,
    docs: Option<String>,
    /// What is put in where that is not the label; with places to go on at.
    snippet: Option<String>,
}

impl Offer {
    fn new(label: impl Into<String>, kind: CompletionItemKind) -> Self {
        Self { label: label.into(), kind, detail: None, docs: None, snippet: None }
    }

    fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}

/// What may be typed at the byte `at`.
pub(super) fn completion(view: &View<'_>, at: usize) -> Vec<CompletionItem> {
    let text = &view.document.text;
    let cursor = Cursor::new(text, at);
    if cursor_in_comment(text, at) {
        return Vec::new();
    }
    let offers = if view.is_schema() {
        in_schema(view)
    } else if view.is_policies() {
        in_policy(view, &cursor)
    } else {
        Vec::new()
    };
    let lines = Lines::new(text, view.client.encoding);
    let range = lines.range(cursor.word_span());
    let item = |offer: Offer| {
        let snippet = offer.snippet.filter(|_| view.client.snippets);
        let format = snippet.is_some().then_some(InsertTextFormat::SNIPPET);
        let new_text = snippet.unwrap_or_else(|| offer.label.clone());
        CompletionItem {
            label: offer.label,
            kind: Some(offer.kind),
            detail: offer.detail,
            documentation: offer
                .docs
                .map(|value| Documentation::MarkupContent(MarkupContent { kind: MarkupKind::PlainText, value })),
            insert_text_format: format,
            text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text })),
            ..CompletionItem::default()
        }
    };
    offers.into_iter().map(item).collect()
}

/// Whether the byte `at` is in a comment.
fn cursor_in_comment(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit(['\n', '\r']).next().unwrap_or_default();
    let mut inside = false;
    let mut escaped = false;
    let mut last = ' ';
    for c in line.chars() {
        if c == '/' && last == '/' && !inside {
            return true;
        }
        if c == '"' && !escaped {
            inside = !inside;
        }
        escaped = c == '\\' && !escaped;
        last = c;
    }
    false
}

fn in_policy(view: &View<'_>, cursor: &Cursor<'_>) -> Vec<Offer> {
    let schema = view.schema();
    let cedar = schema.map(|schema| &schema.cedar);
    match cursor.wanted() {
        Wanted::Nothing => Vec::new(),
        Wanted::Annotation => annotations(view),
        Wanted::Policy => policy(),
        Wanted::Attribute { way, has } => match schema {
            Some(schema) => attributes(schema, cursor, &way, has),
            None => Vec::new(),
        },
        Wanted::Type => cedar.map(types).unwrap_or_default(),
        Wanted::Id(ty) => ids(view, &ty),
        Wanted::AfterName(name) => cedar.map(|cedar| after_name(cedar, &name)).unwrap_or_default(),
        Wanted::EntityOf(variable) => match (cedar, variable.as_str()) {
            (Some(cedar), "action") => {
                let all: BTreeSet<String> = cedar.actions().map(ToString::to_string).collect();
                all.into_iter().map(|uid| Offer::new(uid, CompletionItemKind::ENUM_MEMBER)).collect()
            }
            (Some(cedar), _) => types(cedar),
            (None, _) => Vec::new(),
        },
        Wanted::Expression => {
            let words = BEGINNINGS.iter().map(|word| Offer::new(*word, CompletionItemKind::KEYWORD));
            words.chain(cedar.map(types).unwrap_or_default()).collect()
        }
    }
}

fn attributes(schema: &Schema, cursor: &Cursor<'_>, way: &[String], has: bool) -> Vec<Offer> {
    let cedar = &schema.cedar;
    let (found, kinds) = admitted(cedar, cursor.scope()).at(cedar, way);
    let mut offers: Vec<Offer> = Vec::new();
    for (at, (owner, one)) in found.iter().enumerate() {
        // Of the same name in several types, the first; its detail names the others.
        let optional = if one.required { "" } else { "?" };
        let detail = format!("{owner}.{}{optional}: {}", one.name, one.ty);
        if let Some(known) = offers.iter_mut().find(|known| known.label == one.name) {
            known.detail = known.detail.take().map(|known| format!("{known} | {detail}"));
            continue;
        }
        let mut offer = Offer::new(&one.name, CompletionItemKind::FIELD).detail(detail);
        if at < MOST_DOCUMENTED {
            let place = declared_at(schema, &format!("{owner}.{}", one.name));
            offer.docs = place.and_then(|place| docs_above(&place));
        }
        offers.push(offer);
    }
    offers.sort_by(|one, other| one.label.cmp(&other.label));
    if !has {
        let mut methods: BTreeSet<&str> = BTreeSet::new();
        for kind in &kinds {
            methods.extend(methods_of(cedar, kind));
        }
        offers.extend(methods.into_iter().map(|method| {
            let mut offer = Offer::new(method, CompletionItemKind::METHOD);
            offer.snippet = Some(format!("{method}($1)"));
            offer
        }));
    }
    offers
}

/// The methods of a value.
fn methods_of(schema: &CedarSchema, kind: &ValueKind) -> &'static [&'static str] {
    match kind {
        ValueKind::Set => &["contains", "containsAll", "containsAny", "isEmpty"],
        ValueKind::Entity(ty) => match entity_attributes(schema, ty) {
            Some((_, Some(_))) => &["getTag", "hasTag"],
            _ => &[],
        },
        ValueKind::Extension(name) => match name.as_str() {
            "ipaddr" => &["isInRange", "isIpv4", "isIpv6", "isLoopback", "isMulticast"],
            "decimal" => &["greaterThan", "greaterThanOrEqual", "lessThan", "lessThanOrEqual"],
            "datetime" => &["durationSince", "offset", "toDate", "toTime"],
            "duration" => &["toDays", "toHours", "toMilliseconds", "toMinutes", "toSeconds"],
            _ => &[],
        },
        ValueKind::Plain | ValueKind::Record(_) => &[],
    }
}

fn types(schema: &CedarSchema) -> Vec<Offer> {
    let all: BTreeSet<String> = schema.entity_types().map(ToString::to_string).collect();
    all.into_iter().map(|name| Offer::new(name, CompletionItemKind::CLASS)).collect()
}

/// What follows `name` and two colons: the rest of the names in a namespace, actions, and the ids of an enumeration.
fn after_name(schema: &CedarSchema, name: &str) -> Vec<Offer> {
    let prefix = format!("{name}::");
    let rest = |full: String| full.strip_prefix(&prefix).map(str::to_owned);
    let types: BTreeSet<String> = schema.entity_types().filter_map(|ty| rest(ty.to_string())).collect();
    let types = types.into_iter().map(|name| Offer::new(name, CompletionItemKind::CLASS));
    let actions: BTreeSet<String> = schema.actions().filter_map(|uid| rest(uid.to_string())).collect();
    let actions = actions.into_iter().map(|name| Offer::new(name, CompletionItemKind::ENUM_MEMBER));
    let members = name.parse().ok().and_then(|ty| enumeration(schema, &ty)).unwrap_or_default();
    let members = members.into_iter().filter_map(|uid| rest(uid.to_string()));
    let members = members.map(|name| Offer::new(name, CompletionItemKind::ENUM_MEMBER));
    types.chain(actions).chain(members).collect()
}

/// The ids of entities of type `ty` that are known.
fn ids(view: &View<'_>, ty: &str) -> Vec<Offer> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    if let Some(schema) = view.schema() {
        let actions = schema.cedar.actions().filter(|uid| uid.type_name().to_string() == ty);
        all.extend(actions.map(|uid| uid.id().escaped().to_string()));
        let members = ty.parse().ok().and_then(|ty| enumeration(&schema.cedar, &ty)).unwrap_or_default();
        all.extend(members.iter().map(|uid| uid.id().escaped().to_string()));
    }
    for store in view.stores() {
        let EntityState::Ready(data) = &store.entities else { continue };
        let here = data.cedar.iter().map(cedar_policy::Entity::uid).filter(|uid| uid.type_name().to_string() == ty);
        all.extend(here.map(|uid| uid.id().escaped().to_string()).take(MOST_IDS));
    }
    all.into_iter().take(MOST_IDS).map(|id| Offer::new(id, CompletionItemKind::VALUE)).collect()
}

fn annotations(view: &View<'_>) -> Vec<Offer> {
    let mut keys: BTreeSet<String> = ANNOTATIONS.iter().map(|key| (*key).to_owned()).collect();
    for policy in view.stores().flat_map(|store| &store.policies) {
        keys.extend(policy.syntax().annotations.iter().map(|(key, ..)| key.clone()));
    }
    let offer = |key: String| {
        let mut offer = Offer::new(&key, CompletionItemKind::PROPERTY);
        offer.snippet = Some(format!("{key}(\"$1\")"));
        offer
    };
    keys.into_iter().map(offer).collect()
}

fn policy() -> Vec<Offer> {
    let effect = |effect: &str| {
        let mut offer = Offer::new(effect, CompletionItemKind::KEYWORD);
        offer.snippet = Some(format!("{effect} (\n  ${{1:principal}},\n  ${{2:action}},\n  ${{3:resource}}\n)$0;"));
        offer
    };
    vec![effect("permit"), effect("forbid")]
}

fn in_schema(view: &View<'_>) -> Vec<Offer> {
    let built_in = ["Bool", "Long", "String", "Set", "datetime", "decimal", "duration", "ipaddr", "__cedar"];
    let words = [
        "entity",
        "action",
        "type",
        "namespace",
        "in",
        "appliesTo",
        "principal",
        "resource",
        "context",
        "tags",
        "enum",
    ];
    let words = words.into_iter().map(|word| Offer::new(word, CompletionItemKind::KEYWORD));
    let built_in = built_in.into_iter().map(|name| Offer::new(name, CompletionItemKind::STRUCT));
    let declared = view.schema().map(|schema| types(&schema.cedar)).unwrap_or_default();
    words.chain(built_in).chain(declared).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_completed_in_a_comment() {
        for (line, wanted) in
            [("a // b", true), ("\"//\" b", false), ("\"\\\"//", false), ("x\n// y", true), ("// x\ny", false)]
        {
            assert_eq!(cursor_in_comment(line, line.len()), wanted, "{line}");
        }
    }
}
