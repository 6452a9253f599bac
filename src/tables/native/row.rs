//! Reading a row from a value with places.

use super::entities::overlays;
use super::expectation::expectation;
use super::faults::no_reason;
use super::fields::{Fields, texts};
use super::model::{Because, Failing, Spec};
use crate::data::{Fault, Kind, Said, Tree};

/// The keys of a row.
pub(super) const ROW: &[&str] = &[
    "name",
    "principal",
    "action",
    "resource",
    "context",
    "with",
    "expect",
    "allow",
    "deny",
    "because",
    "because-includes",
    "errors",
    "at",
    "who-can",
    "unknown",
    "skip",
];

/// What the row `tree` says, and what is wrong with it.
pub(in crate::tables) fn spec(tree: &Tree) -> Spec {
    let mut faults = Vec::new();
    let mut spec = Spec::empty(tree.span);
    if !matches!(tree.kind, Kind::Map(_)) {
        spec.unread = vec!["principal", "action", "resource"];
    }
    if let Some(mut fields) = Fields::of(tree, "a row", ROW, &mut faults) {
        spec.name = fields.text("name").filter(|name| !name.value.is_empty());
        spec.principal = fields.text("principal");
        spec.action = fields.text("action");
        spec.resource = fields.text("resource");
        let given = [("principal", &spec.principal), ("action", &spec.action), ("resource", &spec.resource)];
        let unread = given.into_iter().filter(|(key, read)| read.is_none() && fields.get(key).is_some());
        spec.unread = unread.map(|(key, _)| key).collect::<Vec<_>>();
        spec.context = fields.context();
        if let Some(with) = fields.get("with") {
            spec.with = overlays(with, "`with`", fields.faults());
        }
        spec.because = because(&mut fields);
        spec.errors = errors(&mut fields);
        spec.unknown = fields.texts("unknown").unwrap_or_default();
        spec.skip = skip(&mut fields);
        expectation(&mut spec, &mut fields);
        if spec.what.is_none() && spec.skip.is_none() && fields.faults().is_empty() {
            let help = "say `expect: allow` or `expect: deny`; or `allow:` and `deny:` with actions, `at:` with times, or `who-can:`";
            fields.fault(Fault::new("this row expects nothing").help(help));
        }
    }
    spec.faults = faults;
    spec
}

fn because(fields: &mut Fields<'_, '_>) -> Option<Because> {
    let exact = fields.texts("because").map(|policies| Because { policies, exactly: true });
    let some = fields.texts("because-includes").map(|policies| Because { policies, exactly: false });
    if let (Some(Because { policies, .. }), Some(span)) = (&some, fields.key("because-includes"))
        && policies.is_empty()
    {
        let help = "`because: []` says that no policy decides";
        fields.fault(Fault::new("`because-includes` names no policy").help(help).at(span));
    }
    if let (Some(_), Some(_), Some(span)) = (&exact, &some, fields.key("because-includes")) {
        fields
            .fault(Fault::new("`because` says all policies that decide, so `because-includes` adds nothing").at(span));
    }
    exact.or(some)
}

fn errors(fields: &mut Fields<'_, '_>) -> Option<Failing> {
    let tree = fields.get("errors")?;
    match &tree.kind {
        Kind::Long(count) => match usize::try_from(*count) {
            Ok(count) => Some(Failing::Count(count)),
            Err(_) => {
                fields.fault(Fault::new("`errors` is a number of policies, or their names").at(tree.span));
                None
            }
        },
        _ => Some(Failing::These(texts(tree, "`errors`", fields.faults()))),
    }
}

fn skip(fields: &mut Fields<'_, '_>) -> Option<Said<String>> {
    let tree = fields.get("skip")?;
    match &tree.kind {
        Kind::Bool(false) => None,
        Kind::Bool(true) => {
            fields.fault(no_reason(tree.span));
            None
        }
        _ => fields.text("skip").filter(|said| {
            let empty = said.value.trim().is_empty();
            if empty {
                fields.fault(no_reason(said.span));
            }
            !empty
        }),
    }
}
