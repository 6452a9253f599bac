//! One decision explained, and what would turn it.

use cedar_policy::{Entities, EntityUid, Request};

use super::asking::{Asking, Explanandum, ask};
use super::error::RunError;
use super::finish::finish;
use super::known_entities::apart;
use super::loaded::{Loaded, discard, load};
use super::place::Place;
use super::reading::Reading;
use crate::explain::{Compiled, Situation, Wanted, compile, lasting, told, turns};
use crate::finding::Level;
use crate::outcome::{Decision, Explained, Notice, NoticeKind, Outcome, Reach, RowRequest, Until};
use crate::repo::Store;
use crate::tables;
use crate::text::inline;

/// What [`explain`] is asked for.
#[derive(Debug, Clone)]
pub struct ExplainOptions {
    /// What to read. Entities that are named alone stand for the store's.
    pub reading: Reading,
    /// Which request.
    pub which: Explanandum,
}

/// Explains the decision of one request: which policies make it, what each of their expressions comes to, and the
/// smallest changes that would turn it.
///
/// # Errors
/// When the request is not known, does not fit, or could be for several stores.
pub fn explain(options: &ExplainOptions) -> Result<Outcome, RunError> {
    let (reading, own_entities) = apart(&options.reading);
    let mut loaded = load(&reading)?;
    let mut outcome = loaded.outcome("explain");
    let place = Place::of(&reading)?;
    let Asking { store, request, entities, shown, from, recorded } =
        ask(&loaded, &place, &options.which, &own_entities)?;
    let about = |name: Option<&String>| name.is_none_or(|name| *name == store.name);
    outcome.findings.retain(|finding| finding.level == Level::Error && about(finding.store.as_ref()));
    outcome.notices.retain(|notice| about(notice.store.as_ref()));
    outcome.notices.extend(missing(store, &request, &entities));
    outcome.notices.extend(incomplete(store));
    let explained = explained(&loaded, store, (&request, &entities), shown, &mut outcome.notices);
    if let Some(recorded) = recorded.filter(|recorded| *recorded != explained.got.decision) {
        let (then, now) = (recorded.as_str(), explained.got.decision.as_str());
        let message = format!("the record says {then}, and these policies and entities say {now}");
        outcome.notices.push(Notice::new(NoticeKind::RecordDiffers, message).store(&store.name));
    }
    outcome.explained = Some(Explained { from, ..explained });
    outcome.checked_something = true;
    finish(&mut outcome, &loaded, &reading, &|_| false)?;
    discard(loaded);
    Ok(outcome)
}

fn explained(
    loaded: &Loaded,
    store: &Store,
    (request, entities): (&Request, &Entities),
    shown: RowRequest,
    notices: &mut Vec<Notice>,
) -> Explained {
    let response = cedar_policy::Authorizer::new().is_authorized(request, &store.set, entities);
    let got = tables::got(store, &response);
    let other = if got.decision == Decision::Allow { Decision::Deny } else { Decision::Allow };
    let (reasons, policies) = told(store, (request, entities), &response, other);
    let mut explained = Explained {
        store: store.name.clone(),
        from: None,
        request: shown,
        reasons,
        policies,
        got,
        turns: Vec::new(),
        reach: Reach::Never,
        lasting: Vec::new(),
    };
    let situation = match Situation::new(store, request, entities) {
        Ok(situation) => situation,
        Err(why) => {
            explained.reach = Reach::Tried(why);
            return explained;
        }
    };
    let compiled = compiled(loaded, store, request);
    if compiled.as_ref().is_ok_and(|compiled| compiled.inferred.is_some()) {
        let name = inline(&store.name);
        let message =
            format!("store `{name}` has no schema; changes are looked for under one that is inferred from it");
        notices.push(Notice::new(NoticeKind::SchemaInferred, message).store(&store.name));
    }
    let compiled = compiled.as_ref().map_err(String::as_str);
    let step_up: Vec<String> = loaded.config.step_up.iter().map(|name| name.text.clone()).collect();
    (explained.turns, explained.reach) = turns(&situation, compiled, &Wanted { step_up: &step_up });
    explained.lasting = lasting(&situation, compiled, &loaded.config.guardrails.clocks());
    notices.extend(open(&explained).into_iter().map(|notice| notice.store(&store.name)));
    explained
}

/// What is not known of what turns the decision and of how long it lasts, each cause once.
fn open(explained: &Explained) -> Vec<Notice> {
    let mut open: Vec<(&str, Vec<String>)> = Vec::new();
    if let Reach::Tried(why) = &explained.reach {
        let what = match explained.turns.is_empty() {
            true => "which change would turn the decision",
            false => "whether other changes as small would turn the decision",
        };
        open.push((why, vec![what.to_owned()]));
    }
    for lasting in &explained.lasting {
        let Until::Unknown(why) = &lasting.until else { continue };
        let clocks = [lasting.clock.clone()].into_iter().chain(lasting.along.iter().cloned());
        let clocks: Vec<String> = clocks.map(|clock| format!("`{}`", inline(&clock))).collect();
        let on = if clocks.len() == 1 { "goes on" } else { "go on together" };
        let what = format!("until when it stays as {} {on}", clocks.join(" and "));
        match open.iter_mut().find(|(other, _)| other == why) {
            Some((_, whats)) => whats.push(what),
            None => open.push((why, vec![what])),
        }
    }
    let notice = |(why, whats): (&str, Vec<String>)| {
        let message = format!("{} is not known: {why}", whats.join(", and "));
        Notice::new(NoticeKind::QuestionOpen, message)
    };
    open.into_iter().map(notice).collect()
}

fn compiled(loaded: &Loaded, store: &Store, request: &Request) -> Result<Compiled, String> {
    let (Some(principal), Some(resource)) = (request.principal(), request.resource()) else {
        return Err("the request is not known whole".to_owned());
    };
    let inference = loaded.config.refuses_inference.is_none();
    compile(store, inference, [principal.type_name(), resource.type_name()], &loaded.solvers)
}

/// What to say of a principal or resource that is not among the entities.
fn missing(store: &Store, request: &Request, entities: &Entities) -> Vec<Notice> {
    let mut notices = Vec::new();
    let absent = [request.principal(), request.resource()].into_iter().flatten();
    let absent: Vec<&EntityUid> = absent.filter(|uid| entities.get(uid).is_none()).collect();
    for uid in absent {
        let shown = uid.to_string();
        let meant = tables::near(store, uid).map(|near| format!("; did you mean {}?", inline(&near.to_string())));
        let message = format!(
            "{} is not among the entities, so it has no attributes and is in no group{}",
            inline(&shown),
            meant.unwrap_or_default()
        );
        notices.push(Notice::new(NoticeKind::EntityMissing, message).store(&store.name));
    }
    notices
}

/// What to say of a store that does not load whole.
pub(super) fn incomplete(store: &Store) -> Vec<Notice> {
    let mut notices: Vec<Notice> = Vec::new();
    for file in &store.broken {
        let message = format!("`{}` does not load whole, so what its policies decide is not known", inline(&file.path));
        if !notices.iter().any(|notice| notice.message == message) {
            notices.push(Notice::new(NoticeKind::QuestionOpen, message).store(&store.name));
        }
    }
    notices
}
