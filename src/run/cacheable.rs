//! What the decisions of each action hang on: for how long an answer may be kept.

use super::error::RunError;
use super::finish::finish;
use super::loaded::{discard, load};
use super::reading::Reading;
use crate::explain;
use crate::finding::Level;
use crate::outcome::{Notice, NoticeKind, Outcome};
use crate::text::inline;

/// What [`cacheable`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct CacheableOptions {
    /// What to read.
    pub reading: Reading,
}

/// Says of every action which attributes its decisions hang on.
///
/// # Errors
/// When what is asked for is not there.
pub fn cacheable(options: &CacheableOptions) -> Result<Outcome, RunError> {
    let reading = &options.reading;
    let mut loaded = load(reading)?;
    let mut outcome = loaded.outcome("explain");
    outcome.findings.retain(|finding| finding.level == Level::Error);
    let clocks = [loaded.config.guardrails.clock().to_owned()];
    let inference = loaded.config.refuses_inference.is_none();
    for store in loaded.repo.stores.iter().filter(|store| store.deciding().next().is_some()) {
        let name = inline(&store.name);
        let compiled = match explain::compile_all(store, inference, &loaded.solvers) {
            Ok(compiled) => compiled,
            Err(why) => {
                let message = format!("what the decisions of store `{name}` hang on is not known: {why}");
                outcome.notices.push(Notice::new(NoticeKind::QuestionOpen, message).store(&store.name));
                continue;
            }
        };
        if compiled.inferred.is_some() {
            let message = format!("store `{name}` has no schema; its actions are those that its policies name");
            outcome.notices.push(Notice::new(NoticeKind::SchemaInferred, message).store(&store.name));
        }
        outcome.checked_something = true;
        let actions = explain::cacheable(store, &compiled, &clocks);
        for action in &actions {
            for (on, why) in action.on.iter().filter_map(|on| Some((on, on.open.as_ref()?))) {
                let (action, attribute) = (inline(&action.action), inline(&on.attribute));
                let message = format!("whether decisions of {action} hang on `{attribute}` is not known: {why}");
                outcome.notices.push(Notice::new(NoticeKind::QuestionOpen, message).store(&store.name));
            }
        }
        outcome.cacheable.extend(actions);
    }
    finish(&mut outcome, &loaded, reading, &|_| false)?;
    discard(loaded);
    Ok(outcome)
}
