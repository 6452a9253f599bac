//! Attributes and tags.
//!
//! That entities which are read exist is assumed, as everywhere in the engine ([`crate::symbolic`]).

use std::collections::BTreeMap;

use cedar_policy_symcc::SymEnv;
use cedar_policy_symcc::term::Term;
use cedar_policy_symcc::term_factory::{app, is_some, option_get, record_get};
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::type_abbrevs::Attr;

use super::value::{Cases, Value, choose};

/// What can have attributes.
enum Holder<'v> {
    /// A record, of a record type.
    Term(Term),
    /// A record that is written out.
    Written(&'v BTreeMap<Attr, Value>),
    /// What has nothing.
    Nothing,
}

/// The attributes of a record or an entity; `None` for what can have none, which is an error to ask for.
fn holder<'v>(value: &'v Value, symbols: &SymEnv) -> Option<Holder<'v>> {
    match value {
        Value::Term(term) => match term.type_of() {
            TermType::Record { .. } => Some(Holder::Term(term.clone())),
            TermType::Entity { ety } => Some(match symbols.entities.attrs(&ety) {
                Some(attributes) => Holder::Term(app(attributes.clone(), term.clone())),
                None => Holder::Nothing,
            }),
            _ => None,
        },
        Value::Nobody(_) => Some(Holder::Nothing),
        Value::Record(fields) => Some(Holder::Written(fields)),
        Value::Set(_) | Value::Beyond(_) => None,
    }
}

/// The attribute of a record: when it is there, and its value. `None` when the type does not have it.
pub(super) fn field(record: &Term, attr: &Attr) -> Option<(Term, Term)> {
    let TermType::Record { rty } = record.type_of() else { return None };
    let value = record_get(record.clone(), attr);
    Some(match rty.get(attr)? {
        TermType::Option { .. } => (is_some(value.clone()), option_get(value)),
        _ => (true.into(), value),
    })
}

/// `value.attr`: an error where it is not there.
pub(super) fn get(value: &Value, attr: &Attr, symbols: &SymEnv) -> Cases {
    match holder(value, symbols) {
        Some(Holder::Term(record)) => match field(&record, attr) {
            Some((there, value)) => Cases::guarded(there, Value::Term(value)),
            None => Cases::error(),
        },
        Some(Holder::Written(fields)) => fields.get(attr).map_or_else(Cases::error, |value| value.clone().into()),
        Some(Holder::Nothing) | None => Cases::error(),
    }
}

/// `value has a.b.c`: each attribute of what the one before it holds.
pub(super) fn has(value: &Value, path: &[Attr], symbols: &SymEnv) -> Cases {
    let [attr, rest @ ..] = path else { return Cases::from(Value::of(true)) };
    let Some(holder) = holder(value, symbols) else { return Cases::error() };
    let (there, inner) = match holder {
        Holder::Term(record) => match field(&record, attr) {
            Some((there, value)) => (there, Value::Term(value)),
            None => return Cases::from(Value::of(false)),
        },
        Holder::Written(fields) => match fields.get(attr) {
            Some(value) => (true.into(), value.clone()),
            None => return Cases::from(Value::of(false)),
        },
        Holder::Nothing => return Cases::from(Value::of(false)),
    };
    choose(&there, || has(&inner, rest, symbols), || Cases::from(Value::of(false)))
}

/// `entity.getTag(name)`: an error where it is not there.
pub(super) fn get_tag(entity: &Value, name: &Value, symbols: &SymEnv) -> Cases {
    let Some((entity, name)) = tagged(entity, name) else { return Cases::error() };
    let TermType::Entity { ety } = entity.type_of() else { return Cases::error() };
    match symbols.entities.tags(&ety) {
        Some(Some(tags)) => Cases::guarded(
            tags.has_tag(entity.clone(), name.clone()),
            Value::Term(tags.get_tag_unchecked(entity, name)),
        ),
        _ => Cases::error(),
    }
}

/// `entity.hasTag(name)`.
pub(super) fn has_tag(entity: &Value, name: &Value, symbols: &SymEnv) -> Cases {
    if let (Value::Nobody(_), Value::Term(name)) = (entity, name)
        && name.type_of() == TermType::String
    {
        return Cases::from(Value::of(false));
    }
    let Some((entity, name)) = tagged(entity, name) else { return Cases::error() };
    let TermType::Entity { ety } = entity.type_of() else { return Cases::error() };
    match symbols.entities.tags(&ety) {
        Some(Some(tags)) => Cases::from(Value::Term(tags.has_tag(entity, name))),
        _ => Cases::from(Value::of(false)),
    }
}

/// An entity and a string, if they are.
fn tagged(entity: &Value, name: &Value) -> Option<(Term, Term)> {
    let (entity, name) = (entity.term()?, name.term()?);
    let fits = matches!(entity.type_of(), TermType::Entity { .. }) && name.type_of() == TermType::String;
    fits.then(|| (entity.clone(), name.clone()))
}
