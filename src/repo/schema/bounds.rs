//! Bounds on schemas, before Cedar resolves them. Common types are expanded where they are used, so that forty lines
//! can stand for 2^40 parts; and closing a hierarchy takes the square of its longest chain.

use std::collections::HashMap;

use serde_json::Value;

/// Common types that expand to more parts than this are not resolved.
const MAX_PARTS: u64 = 100_000;
/// Chains of common types, of entity types or of actions that are longer than this are not resolved.
const MAX_CHAIN: u64 = 500;
/// Schemas with fewer declarations than this cannot reach a bound.
const FEW: usize = 10;

/// Names by what they refer to. A name counts without its namespace: where two namespaces share one, the bound is met
/// early rather than late.
type References<'j> = HashMap<&'j str, Vec<&'j str>>;

/// Why the schemas with these JSON forms are not to be resolved, if so.
pub(super) fn exceeded(schemas: &[Value]) -> Option<String> {
    let (mut types, mut entities, mut actions) = (References::new(), References::new(), References::new());
    for namespace in schemas.iter().filter_map(Value::as_object).flat_map(|schema| schema.values()) {
        for (name, body) in fields(namespace, "commonTypes") {
            let mut named = Vec::new();
            mentioned(body, &mut named);
            types.entry(last(name)).or_default().extend(named);
        }
        for (name, body) in fields(namespace, "entityTypes") {
            let parents = body.get("memberOfTypes").and_then(Value::as_array).into_iter().flatten();
            entities.entry(last(name)).or_default().extend(parents.filter_map(Value::as_str).map(last));
        }
        for (name, body) in fields(namespace, "actions") {
            let parents = body.get("memberOf").and_then(Value::as_array).into_iter().flatten();
            let parents = parents.filter_map(|parent| parent.get("id").and_then(Value::as_str));
            actions.entry(name).or_default().extend(parents);
        }
    }
    let (parts, chain) = measure(&types);
    if parts > MAX_PARTS {
        return Some(format!("its common types expand to more than {MAX_PARTS} parts, which is not analysed"));
    }
    let chains = [("common types", chain), ("entity types", measure(&entities).1), ("actions", measure(&actions).1)];
    chains
        .into_iter()
        .find(|(_, chain)| *chain > MAX_CHAIN)
        .map(|(what, _)| format!("it has a chain of more than {MAX_CHAIN} {what}, which is not analysed"))
}

fn fields<'j>(namespace: &'j Value, key: &str) -> impl Iterator<Item = (&'j str, &'j Value)> {
    let map = namespace.get(key).and_then(Value::as_object);
    map.into_iter().flatten().map(|(name, body)| (name.as_str(), body))
}

fn last(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

/// The type names in a type's JSON: `"type": "Name"`, or `"name"` of a reference that may be either.
fn mentioned<'j>(body: &'j Value, found: &mut Vec<&'j str>) {
    match body {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(name) if key == "type" || key == "name" => found.push(last(name)),
                    value => mentioned(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| mentioned(item, found)),
        _ => {}
    }
}

/// The most parts that any name expands to, and the longest chain. Circles are Cedar's to report and end a chain here.
fn measure(references: &References<'_>) -> (u64, u64) {
    if references.len() < FEW {
        return (0, 0);
    }
    let mut known = HashMap::new();
    let all = references.keys().map(|name| size(name, references, &mut known));
    all.fold((0, 0), |most, size| (most.0.max(size.0), most.1.max(size.1)))
}

fn size<'j>(name: &'j str, references: &References<'j>, known: &mut HashMap<&'j str, (u64, u64)>) -> (u64, u64) {
    if let Some(size) = known.get(name) {
        return *size;
    }
    let Some(below) = references.get(name) else { return (1, 1) };
    known.insert(name, (1, 1));
    let (mut parts, mut chain) = (1_u64, 0);
    for name in below {
        let (more, longer) = size(name, references, known);
        parts = parts.saturating_add(more);
        chain = chain.max(longer);
    }
    known.insert(name, (parts, chain + 1));
    (parts, chain + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str) -> Vec<Value> {
        let (fragment, _) = cedar_policy::SchemaFragment::from_cedarschema_str(text).unwrap();
        vec![fragment.to_json_value().unwrap()]
    }

    #[test]
    fn doubling_types_and_long_chains_are_seen_and_wide_schemas_are_not() {
        let doubling: String =
            (0..40).map(|at| format!("type T{at} = {{ a: T{}, b: Set<T{}> }};\n", at + 1, at + 1)).collect();
        assert!(exceeded(&schema(&format!("{doubling}type T40 = Long;"))).unwrap().contains("parts"));
        let chain: String = (0..600).map(|at| format!("entity E{at} in [E{}];\n", at + 1)).collect();
        assert!(exceeded(&schema(&format!("{chain}entity E600;"))).unwrap().contains("entity types"));
        let groups: String = (0..600).map(|at| format!("action a{at} in [a{}];\n", at + 1)).collect();
        assert!(exceeded(&schema(&format!("{groups}action a600;"))).unwrap().contains("actions"));
        let wide: String = (0..2000).map(|at| format!("type T{at} = {{ a: Long }}; entity E{at} in [E0];\n")).collect();
        assert_eq!(exceeded(&schema(&wide)), None);
    }
}
