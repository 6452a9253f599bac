//! Instants as numbers, for what compares them millions of times.

use std::sync::LazyLock;

use cedar_policy_core::ast::{Literal, Name, PartialValue, Value as CedarValue, ValueKind};
use cedar_policy_core::extensions::Extensions;

/// The names of Cedar's functions.
struct Names {
    datetime: Name,
    duration: Name,
    offset: Name,
    since: Name,
    milliseconds: Name,
    epoch: CedarValue,
}

/// `None` where Cedar has no such functions.
static NAMES: LazyLock<Option<Names>> = LazyLock::new(|| {
    let name = |text: &str| Name::parse_unqualified_name(text).ok();
    let datetime = name("datetime")?;
    let epoch = call(&datetime, &[CedarValue::from("1970-01-01")])?;
    Some(Names {
        duration: name("duration")?,
        offset: name("offset")?,
        since: name("durationSince")?,
        milliseconds: name("toMilliseconds")?,
        datetime,
        epoch,
    })
});

fn call(function: &Name, arguments: &[CedarValue]) -> Option<CedarValue> {
    match Extensions::all_available().func(function).ok()?.call(arguments).ok()? {
        PartialValue::Value(value) => Some(value),
        PartialValue::Residual(_) => None,
    }
}

/// The milliseconds since 1970 that `value` is, where it is a `datetime`.
pub(super) fn to_instant(value: &CedarValue) -> Option<i64> {
    let ValueKind::ExtensionValue(inner) = value.value_kind() else { return None };
    let names = NAMES.as_ref()?;
    if inner.typename() != names.datetime {
        return None;
    }
    let since = call(&names.since, &[value.clone(), names.epoch.clone()])?;
    match call(&names.milliseconds, &[since])?.value_kind() {
        ValueKind::Lit(Literal::Long(at)) => Some(*at),
        _ => None,
    }
}

/// Cedar's value of an instant.
pub(super) fn of_instant(at: i64) -> Option<CedarValue> {
    let names = NAMES.as_ref()?;
    let after = call(&names.duration, &[CedarValue::from(format!("{at}ms"))])?;
    call(&names.offset, &[names.epoch.clone(), after])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_cedars_and_back() {
        for at in [0, 1, -1, 1_796_040_000_123, -62_167_219_200_000, i64::MIN, i64::MAX] {
            assert_eq!(to_instant(&of_instant(at).unwrap()), Some(at), "{at}");
        }
        let datetime = Name::parse_unqualified_name("datetime").unwrap();
        let value = call(&datetime, &[CedarValue::from("2026-11-30T12:00:00Z")]).unwrap();
        assert_eq!(of_instant(to_instant(&value).unwrap()).unwrap().value_kind(), value.value_kind());
        assert_eq!(to_instant(&CedarValue::from("2026-11-30")), None);
        let duration = Name::parse_unqualified_name("duration").unwrap();
        assert_eq!(to_instant(&call(&duration, &[CedarValue::from("1h")]).unwrap()), None);
    }
}
