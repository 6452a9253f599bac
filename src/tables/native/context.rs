//! The context of a row: its own attributes, the clock's, and defaults, as far as the action declares them.

use std::collections::HashSet;

use cedar_policy::EntityUid;
use serde_json::{Map, Value};

use super::expand::Expander;
use super::model::{Moment, Spec};
use super::moment;
use crate::data::{Entry, Fault, Kind};
use crate::repo::shape::Shape;
use crate::tables::rows::RowContext;
use crate::text::{inline, nearest};

impl Expander<'_> {
    /// The context of `action`: the row's own attributes, the clock's, and defaults, as far as the action declares
    /// them. `lenient` leaves out the row's own too.
    pub(super) fn context(
        &mut self,
        spec: &Spec,
        action: &EntityUid,
        at: Option<Moment>,
        lenient: bool,
        faults: &mut Vec<Fault>,
    ) -> Option<RowContext<'static>> {
        let shared = self.shared;
        let before = faults.len();
        let fields = shared.vocabulary.get(action).and_then(|action| action.context.as_ref()?.fields());
        let declares = |name: &str| fields.is_none_or(|fields| fields.contains_key(name));
        let shape = |name: &str| fields.and_then(|fields| fields.get(name)).map_or(&Shape::Any, |field| &field.shape);
        let own: HashSet<&str> = spec.context.iter().map(|entry| entry.key.value.as_str()).collect();
        let own = |name: &str| own.contains(name);
        let mut object = Map::new();
        let clock = shared.sheet.clock.as_ref();
        for Entry { key, value } in &shared.sheet.defaults.context {
            let name = key.value.as_str();
            if declares(name) && !own(name) {
                let json = self.bench.values.json(value, shape(name), format_args!("context.{}", inline(name)), faults);
                object.extend(json.map(|json| (name.to_owned(), json)));
            }
        }
        match (clock, at) {
            (None, None) => {}
            (None, Some(_)) => {
                let help =
                    "add it above the rows: `clock: { attribute: now, type: datetime, start: 2026-11-20T09:00:00Z }`";
                faults.push(Fault::new("`at` needs a `clock`").help(help));
            }
            (Some(clock), at) => {
                let name = clock.attribute.value.as_str();
                if !declares(name) {
                    if at.is_some() && !lenient {
                        let message = format!(
                            "{} has no `{}`, so `at` changes nothing",
                            inline(&action.to_string()),
                            inline(name)
                        );
                        faults.push(Fault::new(message));
                    }
                } else if own(name) {
                    if at.is_some() {
                        faults.push(Fault::new(format!("`at` and `context` both give `{}`", inline(name))));
                    }
                } else {
                    let time = match at {
                        None => Some(clock.start),
                        Some(Moment::After(by)) => clock.start.checked_add(by),
                        Some(Moment::Instant(at)) => Some(at),
                    };
                    match time.and_then(|time| moment::json(time, clock.unit)) {
                        Some(json) => {
                            object.insert(name.to_owned(), serde_json::from_str(&json).unwrap_or_default());
                        }
                        None => {
                            let fault = Fault::new("this time is beyond what Cedar can say");
                            let place = spec.at.as_ref().map(|said| said.span);
                            faults.push(Fault { span: place, ..fault });
                        }
                    }
                }
            }
        }
        for Entry { key, value } in &spec.context {
            let name = key.value.as_str();
            let shared = shared.sheet.defaults.context.iter().any(|entry| entry.key.value == name)
                || clock.is_some_and(|clock| clock.attribute.value == name);
            if value.kind == Kind::Null && shared {
                // Left empty, it takes away what the row would have had.
                continue;
            }
            if declares(name) {
                let json = self.bench.values.json(value, shape(name), format_args!("context.{}", inline(name)), faults);
                object.extend(json.map(|json| (name.to_owned(), json)));
            } else if !lenient {
                let message = format!("{} has no `{}` in its context", inline(&action.to_string()), inline(name));
                let fault = Fault::new(message).at(key.span);
                let known = fields.into_iter().flat_map(|fields| fields.keys().map(String::as_str));
                faults.push(match nearest(name, known) {
                    Some(meant) => fault.help(format!("did you mean `{}`?", inline(meant))),
                    None => fault,
                });
            }
        }
        for (name, field) in fields.into_iter().flatten() {
            let written = |entries: &[Entry]| entries.iter().any(|entry| entry.key.value == *name);
            let taken = |entry: &Entry| entry.key.value == *name && entry.value.kind == Kind::Null;
            // What is written and wrong is said as such.
            let given = object.contains_key(name)
                || (!spec.context.iter().any(taken) && (own(name) || written(&shared.sheet.defaults.context)));
            if field.required && !given {
                let message =
                    format!("the context lacks `{}`, which {} requires", inline(name), inline(&action.to_string()));
                let help = "give it under `context`, or for all rows under `defaults`";
                faults.push(Fault::new(message).help(help));
            }
        }
        (faults.len() == before).then(|| RowContext::Built(Value::Object(object).to_string()))
    }
}
