//! Whom a change touches, for programs.

use serde::Serialize;

use crate::outcome::{ImpactLine, StoreImpact};

#[derive(Serialize)]
pub(super) struct ImpactOut<'a> {
    principals: usize,
    resources: usize,
    triples: usize,
    conditional: usize,
    largest: Vec<LineOut<'a>>,
}

#[derive(Serialize)]
struct LineOut<'a> {
    store: &'a str,
    change: &'static str,
    action: String,
    principal_type: Option<String>,
    resource_type: Option<String>,
    principals: usize,
    resources: usize,
    triples: usize,
    conditional: usize,
}

/// All stores together; nothing where no known entity is touched.
pub(super) fn impact(all: &[StoreImpact]) -> Option<ImpactOut<'_>> {
    let mut out = ImpactOut { principals: 0, resources: 0, triples: 0, conditional: 0, largest: Vec::new() };
    for store in all {
        let (count, conditional) = store.total();
        out.principals += count.principals;
        out.resources += count.resources;
        out.triples += count.requests;
        out.conditional += conditional;
        out.largest.extend(store.lines().into_iter().map(|line| of_line(&store.store, line)));
    }
    out.largest.sort_by_key(|line| std::cmp::Reverse(line.triples));
    (!all.is_empty()).then_some(out)
}

fn of_line(store: &str, line: ImpactLine) -> LineOut<'_> {
    let ImpactLine { direction, action, principal_type, resource_type, count, conditional } = line;
    LineOut {
        store,
        change: direction.as_str(),
        action,
        principal_type,
        resource_type,
        principals: count.principals,
        resources: count.resources,
        triples: count.requests,
        conditional,
    }
}
