//! What the decisions of each action hang on: for how long an answer may be kept.

use std::collections::BTreeMap;

use super::error::RunError;
use super::explain::incomplete;
use super::finish::finish;
use super::loaded::{Loaded, discard, load};
use super::reading::Reading;
use crate::explain;
use crate::finding::Level;
use crate::outcome::{Cacheable, Notice, NoticeKind, Outcome};
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
    outcome.checked_something = hangs_on(&loaded, &mut outcome, |_| true);
    finish(&mut outcome, &loaded, reading, &|_| false)?;
    discard(loaded);
    Ok(outcome)
}

/// Says in `outcome` what the decisions of the `wanted` actions of `loaded` hang on, and what of it is not known;
/// whether there was a store to look at.
pub(super) fn hangs_on(loaded: &Loaded, outcome: &mut Outcome, wanted: impl Fn(&Cacheable) -> bool) -> bool {
    let mut looked = false;
    let clocks = loaded.config.guardrails.clocks();
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
        outcome.notices.extend(incomplete(store));
        for template in store.unlinked() {
            let name = inline(&template.name);
            let message =
                format!("template `{name}` has no links here, so what decisions hang on for its links is not said");
            let notice = Notice::new(NoticeKind::LinksElsewhere, message).store(&store.name);
            outcome.notices.push(notice.policy(&template.name));
        }
        if compiled.inferred.is_some() {
            let message = format!("store `{name}` has no schema; its actions are those that its policies name");
            outcome.notices.push(Notice::new(NoticeKind::SchemaInferred, message).store(&store.name));
        }
        looked = true;
        let mut actions = explain::cacheable(store, &compiled, &clocks);
        actions.retain(&wanted);
        for action in &actions {
            outcome.notices.extend(open(action).into_iter().map(|notice| notice.store(&store.name)));
        }
        outcome.cacheable.extend(actions);
    }
    looked
}

/// So many attributes are named for one cause.
const NAMED: usize = 10;

/// What is not known of an action, each cause once.
fn open(action: &Cacheable) -> Vec<Notice> {
    let mut open: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (on, why) in action.on.iter().filter_map(|on| Some((on, on.open.as_ref()?))) {
        open.entry(why).or_default().push(format!("`{}`", inline(&on.attribute)));
    }
    let notice = |(why, mut names): (&str, Vec<String>)| {
        let more = names.len().saturating_sub(NAMED);
        names.truncate(NAMED);
        names.extend((more > 0).then(|| format!("{more} more")));
        let action = inline(&action.action);
        let message = format!("whether decisions of {action} hang on {} is not known: {why}", names.join(" or "));
        Notice::new(NoticeKind::QuestionOpen, message)
    };
    open.into_iter().map(notice).collect()
}
