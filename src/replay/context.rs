//! Contexts of plain values, read by the shape that the schema gives them.
//!
//! # Why
//!
//! Contexts that tell the time are new with every record, and Cedar's reader of JSON, which knows every way to write a
//! value, would take most of the time. What is not written in the plain way is left to Cedar; so is whatever does not
//! fit.

use cedar_policy::{Context, RestrictedExpression};

use crate::data::json::Node;
use crate::repo::shape::Shape;

/// The context that `json` is, whose attributes are those of `shape`; `None` where that is for Cedar to say.
pub(super) fn plain(json: &str, shape: &Shape) -> Option<Context> {
    let declared = shape.fields()?;
    let fields = Node { raw: json, offset: 0 }.fields()?;
    let mut pairs = Vec::with_capacity(fields.len());
    for (at, (name, node)) in fields.iter().enumerate() {
        if fields.iter().take(at).any(|(other, _)| other == name) {
            return None;
        }
        let text = || node.string();
        let value = match &declared.get(&**name)?.shape {
            Shape::Bool => RestrictedExpression::new_bool(match node.raw {
                "true" => true,
                "false" => false,
                _ => return None,
            }),
            Shape::Long => RestrictedExpression::new_long(serde_json::from_str(node.raw).ok()?),
            Shape::String => RestrictedExpression::new_string(text()?.into_owned()),
            Shape::Extension(kind) => match kind.as_str() {
                "datetime" => RestrictedExpression::new_datetime(text()?),
                "duration" => RestrictedExpression::new_duration(text()?),
                "decimal" => RestrictedExpression::new_decimal(text()?),
                "ipaddr" => RestrictedExpression::new_ip(text()?),
                _ => return None,
            },
            Shape::Any | Shape::Entity | Shape::Set(_) | Shape::Record(_) => return None,
        };
        pairs.push((name.clone().into_owned(), value));
    }
    let there = |name: &String| pairs.iter().any(|(known, _)| known == name);
    if declared.iter().any(|(name, field)| field.required && !there(name)) {
        return None;
    }
    Context::from_pairs(pairs).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::cedar::context_shape;

    /// What is read plainly is what Cedar reads, and what Cedar refuses is never read plainly.
    #[test]
    fn contexts_are_read_as_cedar_reads_them() {
        let (schema, _) = cedar_policy::Schema::from_cedarschema_str(
            "entity U; action a appliesTo { principal: U, resource: U, context: { b: Bool, n?: Long, s?: String, \
             t?: datetime, d?: duration, c?: decimal, i?: ipaddr, e?: U, l?: Set<Long>, r?: { x: Long } } };",
        )
        .unwrap();
        let action = "Action::\"a\"".parse().unwrap();
        let shape = context_shape(&schema, &action).unwrap();
        let mut read = 0;
        for json in [
            r#"{"b": true}"#,
            r#"{"b": false, "n": -3, "s": "\u00e9\"x"}"#,
            r#"{"b": true, "t": "2026-01-01T00:00:00Z", "d": "1h", "c": "1.5", "i": "10.0.0.0/8"}"#,
            r#"{"b": true, "t": {"__extn": {"fn": "datetime", "arg": "2026-01-01"}}}"#,
            r#"{"b": true, "e": {"type": "U", "id": "x"}, "l": [1], "r": {"x": 1}}"#,
            "{}",
            r#"{"b": 1}"#,
            r#"{"b": "true"}"#,
            r#"{"b": true, "b": false}"#,
            r#"{"b": true, "n": 1.5}"#,
            r#"{"b": true, "n": 99999999999999999999}"#,
            r#"{"b": true, "s": 1}"#,
            r#"{"b": true, "t": "soon"}"#,
            r#"{"b": true, "t": "2026-01-01 00:00"}"#,
            r#"{"b": true, "c": "1.55555"}"#,
            r#"{"b": true, "i": "10.0.0"}"#,
            r#"{"b": true, "z": 1}"#,
            r#"{"b": null}"#,
            "[]",
            "3",
            "",
        ] {
            let cedar = Context::from_json_str(json, Some((&schema, &action))).ok();
            let cedar = cedar.filter(|context| context.validate(&schema, &action).is_ok());
            if let Some(plain) = plain(json, &shape) {
                read += 1;
                assert_eq!(Some(plain), cedar, "{json}");
            }
        }
        assert_eq!(read, 3);
    }
}
