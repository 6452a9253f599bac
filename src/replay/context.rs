//! Contexts of plain values, read by the shape that the schema gives them.
//!
//! # Why
//!
//! Contexts that tell the time are new with every record, and Cedar's reader of JSON, which knows every way to write a
//! value, would take most of the time. What is not written in the plain way is left to Cedar; so is whatever does not
//! fit. Without a schema a value is what it is written as.

use std::borrow::Cow;

use crate::data::instant::{midnight, moment};
use crate::data::json::Node;
use crate::decide::Plain;
use crate::repo::shape::Shape;

/// The attributes of a context, in the order in which they are written.
pub(super) type Attributes<'t> = Vec<(Cow<'t, str>, Plain<'t>)>;

/// Values that nest deeper are left to Cedar.
const DEEPEST: usize = 8;

/// The context that `json` is, whose attributes are those of `shape`; `None` where that is for Cedar to say.
pub(super) fn plain<'t>(json: &'t str, shape: &Shape) -> Option<Attributes<'t>> {
    let attributes = record(Node { raw: json, offset: 0 }, shape, 0)?;
    match attributes.as_slice() {
        // How other programs write a whole context.
        [(name, _)] if matches!(&**name, "contextMap" | "cedarJson") => None,
        _ => Some(attributes),
    }
}

fn record<'t>(node: Node<'t>, shape: &Shape, depth: usize) -> Option<Attributes<'t>> {
    let declared = match shape {
        Shape::Record(declared) => Some(declared),
        Shape::Any => None,
        _ => return None,
    };
    let fields = node.fields()?;
    let mut attributes: Attributes<'t> = Vec::with_capacity(fields.len());
    for (name, node) in fields {
        if attributes.iter().any(|(other, _)| *other == name) || name.starts_with("__") {
            return None;
        }
        let shape = match declared {
            Some(declared) => &declared.get(&*name)?.shape,
            None => &Shape::Any,
        };
        let value = value(node, shape, depth + 1)?;
        attributes.push((name, value));
    }
    let there = |name: &String| attributes.iter().any(|(known, _)| known == name);
    let complete = declared.is_none_or(|all| all.iter().all(|(name, field)| !field.required || there(name)));
    complete.then_some(attributes)
}

fn value<'t>(node: Node<'t>, shape: &Shape, depth: usize) -> Option<Plain<'t>> {
    if depth > DEEPEST {
        return None;
    }
    match (shape, node.raw.bytes().next()?) {
        (Shape::Bool | Shape::Any, b't' | b'f') => Some(Plain::Bool(node.raw == "true")),
        (Shape::Long | Shape::Any, b'-' | b'0'..=b'9') if node.raw != "-0" => node.raw.parse().ok().map(Plain::Long),
        (Shape::String | Shape::Any, b'"') => node.string().map(Plain::Text),
        (Shape::Extension(kind), b'"') => extension(kind, &node.string()?),
        (Shape::Set(_) | Shape::Any, b'[') => {
            let shape = if let Shape::Set(shape) = shape { shape } else { &Shape::Any };
            let elements = node.elements()?.into_iter().map(|node| value(node, shape, depth + 1));
            elements.collect::<Option<_>>().map(Plain::Set)
        }
        (Shape::Record(_) | Shape::Any, b'{') => record(node, shape, depth).map(Plain::Record),
        _ => None,
    }
}

fn extension<'t>(kind: &str, text: &str) -> Option<Plain<'t>> {
    let function = match kind {
        "datetime" => match moment(text).or_else(|| midnight(text)) {
            Some(at) => return Some(Plain::Instant(at)),
            None => kind,
        },
        "ipaddr" => "ip",
        "decimal" | "duration" => kind,
        _ => return None,
    };
    Plain::called(function, text)
}

#[cfg(test)]
mod tests {
    use cedar_policy::{Context, EntityUid, RestrictedExpression, Schema};

    use super::*;
    use crate::repo::cedar::context_shape;

    const VALUES: &[&str] = &[
        "true",
        "false",
        "null",
        "0",
        "-0",
        "-3",
        "1.5",
        "1e3",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "99999999999999999999",
        r#""""#,
        r#""x""#,
        r#""\u00e9\"x""#,
        r#""\ud800""#,
        r#""2026-01-01T00:00:00Z""#,
        r#""2026-01-01""#,
        r#""2026-01-01T00:00:00.123Z""#,
        r#""2026-01-01T00:00:00+0130""#,
        r#""2026-01-01 00:00""#,
        r#""2026-02-30""#,
        r#""0000-01-01""#,
        r#""1h""#,
        r#""-1d2ms""#,
        r#""1.5""#,
        r#""1.55555""#,
        r#""10.0.0.0/8""#,
        r#""10.0.0""#,
        r#""::1""#,
        r#"{"__extn": {"fn": "datetime", "arg": "2026-01-01"}}"#,
        r#"{"__entity": {"type": "U", "id": "x"}}"#,
        r#"{"type": "U", "id": "x"}"#,
        "[]",
        "[1]",
        "[1, 1, -2]",
        r#"[1, "x"]"#,
        "{}",
        r#"{"x": 1}"#,
        r#"{"x": 1, "y": true}"#,
        r#"{"x": 1, "x": 1}"#,
        r#"{"x": "1"}"#,
        r#"{"z": 1}"#,
        r#"{"__extn": 1}"#,
    ];

    fn expression(plain: &Plain<'_>) -> RestrictedExpression {
        match plain {
            Plain::Bool(value) => RestrictedExpression::new_bool(*value),
            Plain::Long(value) => RestrictedExpression::new_long(*value),
            Plain::Text(text) => RestrictedExpression::new_string(text.to_string()),
            Plain::Instant(at) => format!("datetime(\"1970-01-01\").offset(duration(\"{at}ms\"))").parse().unwrap(),
            Plain::Set(all) => RestrictedExpression::new_set(all.iter().map(expression)),
            Plain::Record(fields) => RestrictedExpression::new_record(pairs(fields)).unwrap(),
            Plain::Cedar(value) => value.to_string().parse().unwrap(),
        }
    }

    fn pairs(fields: &Attributes<'_>) -> Vec<(String, RestrictedExpression)> {
        fields.iter().map(|(name, value)| (name.to_string(), expression(value))).collect()
    }

    /// What is read plainly is what Cedar reads, and what Cedar refuses is never read plainly.
    #[test]
    fn contexts_are_read_as_cedar_reads_them() {
        let (schema, _) = Schema::from_cedarschema_str(
            "entity U; action a appliesTo { principal: U, resource: U, context: { b?: Bool, n?: Long, s?: String, \
             t?: datetime, d?: duration, c?: decimal, i?: ipaddr, e?: U, l?: Set<Long>, r?: { x: Long, y?: Bool } } };\
             action q appliesTo { principal: U, resource: U, context: { b: Bool, n?: Long } };",
        )
        .unwrap();
        let action = |id: &str| format!("Action::\"{id}\"").parse::<EntityUid>().unwrap();
        let whole: Vec<String> = ["b", "n", "s", "t", "d", "c", "i", "e", "l", "r", "z", "contextMap", "cedarJson"]
            .iter()
            .flat_map(|name| VALUES.iter().map(move |value| format!("{{\"{name}\": {value}}}")))
            .chain([r#"{"b": true, "b": false}"#, r#"{"b": true, "n": 3}"#, "{}", "[]", "3", ""].map(str::to_owned))
            .chain(
                [r#"{"contextMap": {"b": {"boolean": true}}}"#, "{\"b\": [[[[[[[[[[[1]]]]]]]]]]]}"].map(str::to_owned),
            )
            .collect();
        let (mut read, mut refused) = (0, 0);
        for json in &whole {
            for (id, under) in [("a", Some(&schema)), ("q", Some(&schema)), ("a", None)] {
                let action = action(id);
                let under = under.map(|schema| (schema, &action));
                let text = crate::tables::cedar_context(json).ok();
                let cedar = text.and_then(|text| Context::from_json_str(&text, under).ok());
                let fits =
                    |context: &Context| under.is_none_or(|(schema, action)| context.validate(schema, action).is_ok());
                let cedar = cedar.filter(fits);
                let shape = under.map_or(Some(Shape::Any), |(schema, action)| context_shape(schema, action)).unwrap();
                refused += usize::from(cedar.is_none());
                if let Some(plain) = plain(json, &shape) {
                    read += 1;
                    assert_eq!(Context::from_pairs(pairs(&plain)).ok(), cedar, "{id} {json} {plain:?}");
                }
            }
        }
        assert!(read > 60 && refused > 300, "{read} {refused}");
    }
}
