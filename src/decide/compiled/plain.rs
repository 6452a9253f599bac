//! Values of contexts, as whoever reads them has them at hand.

use std::borrow::Cow;

use cedar_policy_core::ast::{self, Name, PartialValue};
use cedar_policy_core::extensions::Extensions;

use super::value::{Pool, Value};

/// A value of a context.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain<'t> {
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Long(i64),
    /// Text.
    Text(Cow<'t, str>),
    /// A `datetime`, in milliseconds since 1970.
    Instant(i64),
    /// A set.
    Set(Vec<Plain<'t>>),
    /// A record, each name once.
    Record(Vec<(Cow<'t, str>, Plain<'t>)>),
    /// What Cedar makes of a text.
    Cedar(ast::Value),
}

impl Plain<'_> {
    /// What Cedar's extension function called `function` makes of `text`; `None` where it refuses it.
    #[must_use]
    pub fn called(function: &str, text: &str) -> Option<Self> {
        let function = Name::parse_unqualified_name(function).ok()?;
        let function = Extensions::all_available().func(&function).ok()?;
        match function.call(&[ast::Value::from(text)]).ok()? {
            PartialValue::Value(value) => Some(Self::Cedar(value)),
            PartialValue::Residual(_) => None,
        }
    }

    pub(super) fn add_to(&self, pool: &mut Pool) -> Value {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Long(value) => Value::Long(*value),
            Self::Text(text) => Value::Text(pool.add_text(text)),
            Self::Instant(at) => pool.add_instant(*at, None),
            Self::Set(all) => {
                let elements = all.iter().map(|one| one.add_to(pool)).collect();
                pool.add_set(elements)
            }
            Self::Record(fields) => {
                let fields = fields.iter().map(|(name, value)| (pool.add_text(name), value.add_to(pool))).collect();
                pool.add_record(fields)
            }
            Self::Cedar(value) => pool.add_value(value),
        }
    }
}
