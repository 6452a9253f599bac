//! Reading what a row expects: a decision, several, or everyone who is allowed something.

use super::fields::Fields;
use super::model::{Listed, Moment, Spec, What};
use super::moment;
use crate::data::{Entry, Fault, Kind, Said, Tree};
use crate::outcome::Decision;
use crate::text::{Span, inline, nearest};

/// The decision that `word` says, in whatever case; `what` names what says it.
///
/// # Errors
/// What is wrong with it, without its place.
pub(in crate::tables) fn decision_of(word: &str, what: &str) -> Result<Decision, Fault> {
    let lower = word.trim().to_ascii_lowercase();
    let meant = match lower.as_str() {
        "allow" => return Ok(Decision::Allow),
        "deny" => return Ok(Decision::Deny),
        "permit" | "permitted" | "grant" | "granted" | "true" | "yes" | "pass" | "ok" => Some("allow"),
        "forbid" | "forbidden" | "refuse" | "reject" | "false" | "no" | "fail" | "block" => Some("deny"),
        other => nearest(other, ["allow", "deny"]),
    };
    let fault = Fault::new(format!("{what} is allow or deny, and this is `{}`", inline(word)));
    Err(match meant {
        Some(meant) => fault.help(format!("did you mean `{meant}`?")),
        None => fault,
    })
}

fn decision(tree: &Tree, what: &str, faults: &mut Vec<Fault>) -> Option<Decision> {
    match &tree.kind {
        Kind::Text(word) => decision_of(word, what).map_err(|fault| faults.push(fault.at(tree.span))).ok(),
        Kind::Wrong(fault) => {
            faults.push((**fault).clone());
            None
        }
        _ => {
            faults.push(Fault::new(format!("{what} is allow or deny, and this is {}", tree.what())).at(tree.span));
            None
        }
    }
}

/// Reads what the row expects: exactly one of the forms.
pub(super) fn expectation(spec: &mut Spec, fields: &mut Fields<'_, '_>) {
    let timeline = fields.get("at").filter(|tree| matches!(tree.kind, Kind::Map(_)));
    let at = match fields.get("at").map(|tree| (&tree.kind, tree.span)) {
        Some((Kind::Long(number), span)) => Some(Said { value: number.to_string(), span }),
        _ if timeline.is_none() => fields.text("at"),
        _ => None,
    };
    if let Some(at) = at {
        spec.at = moment_of(&at, fields.faults()).map(|value| Said { value, span: at.span });
    }
    let matrix = fields.get("allow").or(fields.get("deny"));
    // These say themselves what other rows say under a key.
    spec.unread.extend(matrix.map(|_| "action"));
    spec.unread.extend(fields.get("who-can").map(|_| "principal"));
    let forms: Vec<(&str, Span)> = [
        ("expect", fields.get("expect").map(|_| ())),
        ("at", timeline.map(|_| ())),
        (if fields.get("allow").is_some() { "allow" } else { "deny" }, matrix.map(|_| ())),
        ("who-can", fields.get("who-can").map(|_| ())),
    ]
    .into_iter()
    .filter_map(|(key, given)| given.and(fields.key(key)).map(|span| (key, span)))
    .collect();
    if let [(first, _), (second, span), ..] = forms.as_slice() {
        let message = format!("`{first}` and `{second}` both say what the row expects");
        fields.fault(Fault::new(message).help("make two rows of it").at(*span));
        return;
    }
    if let Some(tree) = fields.get("expect") {
        spec.what = decision(tree, "`expect`", fields.faults()).map(What::One);
    } else if let Some(tree) = timeline {
        spec.what = Some(What::Timeline(times(tree, fields.faults())));
    } else if matrix.is_some() {
        let mut side = |key: &str| {
            let tree = fields.get(key)?;
            Some(match &tree.kind {
                Kind::Text(word) if word == "rest" => Listed::Rest(tree.span),
                _ => Listed::These(fields.texts(key)?),
            })
        };
        let (allow, deny) = (side("allow"), side("deny"));
        if let (Some(Listed::Rest(_)), Some(Listed::Rest(span))) = (&allow, &deny) {
            fields.fault(Fault::new("`rest` is one side's only").at(*span));
        }
        if let (Some(said), Some(_)) = (&spec.action, matrix) {
            fields
                .fault(Fault::new("`allow` and `deny` name the actions, so `action` has no place here").at(said.span));
        }
        spec.what = Some(What::Matrix { allow, deny });
    } else if let Some(tree) = fields.get("who-can") {
        who(spec, tree, fields);
    }
    let several = !matches!(spec.what, Some(What::One(_)) | None);
    for key in ["because", "because-includes", "errors"] {
        if let (true, Some(span)) = (several, fields.get(key).and(fields.key(key))) {
            let help = "make a row with `expect` of the case that it is about";
            fields.fault(Fault::new(format!("`{key}` goes with `expect`")).help(help).at(span));
        }
    }
}

fn moment_of(said: &Said<String>, faults: &mut Vec<Fault>) -> Option<Moment> {
    let found = moment::parse(&said.value);
    if found.is_none() {
        let fault = Fault::new(format!("`{}` is no time", inline(&said.value))).at(said.span);
        faults.push(fault.help("write 30m, 1h30m or -5m from the clock's start, or 2026-11-20T09:00:00Z"));
    }
    found
}

fn times(tree: &Tree, faults: &mut Vec<Fault>) -> Vec<(Said<String>, Moment, Decision)> {
    let entries = tree.entries().unwrap_or_default();
    if entries.is_empty() {
        faults.push(Fault::new("`at` names no time").at(tree.span));
    }
    let mut times = Vec::new();
    for Entry { key, value } in entries {
        let moment = moment_of(key, faults);
        let decision = decision(value, "what is expected at a time", faults);
        times.extend(moment.zip(decision).map(|(moment, decision)| (key.clone(), moment, decision)));
    }
    times
}

fn who(spec: &mut Spec, tree: &Tree, fields: &mut Fields<'_, '_>) {
    let outside: Vec<_> =
        ["principal", "action", "resource", "context"].into_iter().filter(|key| fields.get(key).is_some()).collect();
    for key in outside {
        if let Some(span) = fields.key(key) {
            let message = if key == "principal" {
                "`who-can` asks for the principals, so `principal` has no place here".to_owned()
            } else {
                format!("with `who-can`, `{key}` stands inside it")
            };
            fields.fault(Fault::new(message).at(span));
        }
    }
    let known = ["action", "resource", "context", "expect"];
    let Some(mut inner) = Fields::of(tree, "`who-can`", &known, fields.faults()) else { return };
    spec.action = inner.text("action");
    spec.resource = inner.text("resource");
    spec.context = inner.context();
    match inner.texts("expect") {
        Some(expect) => spec.what = Some(What::Who(expect)),
        None => {
            let help = "a list of principals; [] when nobody can";
            inner.fault(Fault::new("`who-can` lacks `expect`").help(help).at(tree.span));
        }
    }
}
