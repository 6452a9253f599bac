//! Who may do what.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cedar_policy::EntityUid;

use super::cacheable;
use super::comparing::base_defects;
use super::error::RunError;
use super::finish::finish;
use super::known_entities::{Pair, apart, entities, given, pairs, read};
use super::loaded::{Loaded, discard, load};
use super::place::Place;
use super::reading::Reading;
use super::sides::{Compare, Sides};
use crate::access::{self, Asked, Nameless, SurveyError, UnfitContext, Wanted};
use crate::outcome::{Notice, NoticeKind, Outcome, StoreAccess, WhoCan};
use crate::repo::{EntityData, SchemaState, Store};
use crate::text::inline;

/// What [`who_can`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct WhoCanOptions {
    /// What to read. Entities alone replace those of the repository.
    pub reading: Reading,
    /// Who, what action, what: an entity, a type, or open.
    pub principal: Option<String>,
    /// The same.
    pub action: Option<String>,
    /// The same.
    pub resource: Option<String>,
    /// A file with the context, as JSON.
    pub context: Option<PathBuf>,
    /// A revision to set beside it.
    pub against: Option<String>,
    /// Whether to say what the decisions hang on: for how long an answer may be kept.
    pub explain: bool,
}

/// Who may do what, over the entities that are known.
///
/// # Errors
/// When what is asked for is not there, or names nothing; when Cedar's authorizer does not confirm the answer.
pub fn who_can(options: &WhoCanOptions) -> Result<Outcome, RunError> {
    let (reading, entities) = apart(&options.reading);
    let sides = match &options.against {
        None => None,
        Some(_) if reading.files.replace_discovery() => {
            return Err(RunError::usage("`--against` compares revisions; files named one by one have none"));
        }
        Some(revision) => {
            let compare = Compare::Revisions { old: revision.clone(), new: None };
            Some(Sides::load(&reading, &compare)?)
        }
    };
    let place = Place::of(&reading)?;
    let wanted = Wanted {
        principal: options.principal.clone(),
        action: options.action.clone(),
        resource: options.resource.clone(),
        context: options.context.as_ref().map(|file| context(&place, file)).transpose()?,
    };
    let mut labels = None;
    let (old, mut new) = match sides {
        None => (None, load(&reading)?),
        Some(sides) => {
            labels = Some([sides.old_side.label.clone(), sides.new_side.label.clone()]);
            let defects = base_defects(&sides, &sides.new.repo.findings);
            let Sides { old, new, .. } = sides;
            (Some((old, defects)), new)
        }
    };
    let mut outcome = new.outcome("who-can");
    let given = given(&place, &entities, &new, &mut outcome.findings)?;
    outcome.notices.extend(old.iter().flat_map(|(_, defects)| defects.clone()));
    let answered = Answering { old: old.as_ref().map(|(old, _)| old), new: &new, wanted: &wanted, given };
    outcome.who_can = Some(WhoCan {
        principal: wanted.principal.clone(),
        action: wanted.action.clone(),
        resource: wanted.resource.clone(),
        context: wanted.context.is_some(),
        sides: labels,
        stores: answered.stores(&mut outcome.notices)?,
    });
    if options.explain {
        // As who-can takes an action: as Cedar writes it, or by its id.
        let asked = |action: &str| {
            let Some(wanted) = &options.action else { return true };
            let id = action.parse::<EntityUid>().ok();
            action == wanted || id.is_some_and(|uid| uid.id().unescaped() == wanted)
        };
        cacheable::hangs_on(&new, &mut outcome, |one| asked(&one.action));
    }
    outcome.checked_something = outcome.who_can.as_ref().is_some_and(|who_can| !who_can.stores.is_empty());
    finish(&mut outcome, &new, &reading, &|_| false)?;
    discard(new);
    Ok(outcome)
}

/// That nothing is said of a type.
pub(super) fn nameless(one: &Nameless) -> String {
    let (ty, actions) = (one.ty.to_string(), actions(&one.actions));
    let ty = inline(&ty);
    format!("no entity of type `{ty}` is known, so nobody is counted for it, though policies may allow {actions}")
}

/// That the context is none that requests for an action can have.
fn unfit(one: &UnfitContext) -> String {
    let action = one.action.to_string();
    let (action, when) = (inline(&action), if one.old { " before" } else { "" });
    format!("who may do `{action}`{when}: the context does not fit it{when}: {}", inline(&one.why))
}

/// That conditions were not looked into.
pub(super) fn unlooked(all: &BTreeSet<EntityUid>) -> String {
    format!(
        "there are too many conditions, so those left of {} are told as they are: whether any context meets them was not \
         looked at; ask about fewer at a time, or with `--context`",
        actions(all)
    )
}

/// Names of actions, those beyond twelve counted.
fn actions(all: &BTreeSet<EntityUid>) -> String {
    const MOST: usize = 12;
    let mut names: Vec<String> = all.iter().take(MOST).map(|uid| format!("`{}`", inline(&uid.to_string()))).collect();
    if let more @ 1.. = all.len().saturating_sub(MOST) {
        names.push(format!("{more} more"));
    }
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The answer of a store that has none.
fn unanswered(store: &Store) -> StoreAccess {
    StoreAccess { store: store.name.clone(), by_type: false, answered: false, groups: Vec::new() }
}

/// Why nothing is known of the requests of a store, if so.
pub(super) fn broken_schema(old: Option<&Store>, new: Option<&Store>) -> Option<&'static str> {
    let broken = |store: Option<&Store>| store.is_some_and(|store| matches!(store.schema, SchemaState::Broken));
    match (broken(old), broken(new)) {
        (_, true) => Some("its schema cannot be used"),
        (true, false) => Some("its schema cannot be used on the old side"),
        (false, false) => None,
    }
}

fn context(place: &Place, file: &Path) -> Result<String, RunError> {
    let text = read(place, file)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(serde_json::Value::Object(_)) => Ok(text),
        Ok(_) => Err(RunError::usage(format!("the context in `{}` is no JSON object", file.display()))),
        Err(error) => Err(RunError::usage(format!("the context in `{}` is not JSON: {error}", file.display()))),
    }
}

/// Both sides, and what is asked.
struct Answering<'a> {
    old: Option<&'a Loaded>,
    new: &'a Loaded,
    wanted: &'a Wanted,
    /// Entities that replace those of the store.
    given: Option<Arc<EntityData>>,
}

impl Answering<'_> {
    /// The answers of all stores.
    fn stores(&self, notices: &mut Vec<Notice>) -> Result<Vec<StoreAccess>, RunError> {
        let (mut answers, mut strangers) = (Vec::new(), Vec::new());
        for (old, new) in self.pairs() {
            let Some(store) = new.or(old) else { continue };
            match self.store(old, new, notices)? {
                Ok(answer) => answers.push(answer),
                Err(why) => strangers.push((store.name.clone(), why)),
            }
        }
        if let (true, Some((_, why))) = (answers.is_empty(), strangers.first()) {
            let same = strangers.iter().all(|(_, other)| other == why);
            let whole = |(name, why): &(String, String)| format!("store `{}`: {why}", inline(name));
            let all: Vec<String> = strangers.iter().map(whole).collect();
            return Err(RunError::usage(if same { why.clone() } else { all.join("; ") }));
        }
        for (name, why) in strangers {
            let message = format!("store `{}`: {why}", inline(&name));
            notices.push(Notice::new(NoticeKind::NothingThere, message).store(&name));
        }
        Ok(answers)
    }

    /// The stores that hold policies, as each side has them.
    fn pairs(&self) -> Vec<Pair<'_>> {
        let mut pairs = pairs(self.old.map(|old| &old.repo), &self.new.repo);
        let asked = |(old, new): &Pair<'_>| {
            new.is_some_and(|store| self.new.repo.asks_about_policies(store))
                || old.is_some_and(|store| self.old.is_some_and(|side| side.repo.asks_about_policies(store)))
        };
        pairs.retain(asked);
        pairs
    }

    /// The answer of one store; or why what is asked is not its.
    fn store(
        &self,
        old: Option<&Store>,
        new: Option<&Store>,
        notices: &mut Vec<Notice>,
    ) -> Result<Result<StoreAccess, String>, RunError> {
        let Some(store) = new.or(old) else { return Ok(Err(String::new())) };
        let of = |kind, message: String| Notice::new(kind, message).store(&store.name);
        let name = inline(&store.name);
        let unanswered = |why: &str| {
            let message = format!("who may do what in store `{name}`: {}", inline(why));
            (of(NoticeKind::QuestionOpen, message), unanswered(store))
        };
        if let Some(why) = broken_schema(old, new) {
            let (notice, answer) = unanswered(why);
            notices.push(notice);
            return Ok(Ok(answer));
        }
        let whole = [old, new].into_iter().flatten().all(|store| store.broken.is_empty());
        for broken in [old, new].into_iter().flatten().flat_map(|store| &store.broken) {
            let message = format!("what `{}` of store `{name}` decides: it does not load whole", inline(&broken.path));
            notices.push(of(NoticeKind::QuestionOpen, message));
        }
        for template in store.unlinked() {
            let message =
                format!("template `{}` has no links here, so nobody is counted for it", inline(&template.name));
            notices.push(of(NoticeKind::LinksElsewhere, message).policy(&template.name));
        }
        let data = match (&self.given, entities(new), entities(old)) {
            (Some(data), ..) => Some(Arc::clone(data)),
            (None, Ok(Some(data)), _) | (None, Ok(None), Ok(Some(data))) => Some(data),
            (None, Err(why), _) | (None, Ok(None), Err(why)) => {
                let (notice, answer) = unanswered(&format!("its entities cannot be used ({why})"));
                notices.push(notice);
                return Ok(Ok(answer));
            }
            (None, Ok(None), Ok(None)) => None,
        };
        let answer = match data {
            Some(data) => self.survey(old, new, &data, notices)?,
            None => self.by_type(old, new, notices),
        };
        Ok(answer.map(|answer| StoreAccess { answered: answer.answered && whole, ..answer }))
    }

    fn survey(
        &self,
        old: Option<&Store>,
        new: Option<&Store>,
        data: &EntityData,
        notices: &mut Vec<Notice>,
    ) -> Result<Result<StoreAccess, String>, RunError> {
        let Some(store) = new.or(old) else { return Ok(Err(String::new())) };
        let inference = self.new.config.refuses_inference.is_none();
        let old = self.old.map(|_| old);
        let sides = access::Sides {
            old: old.flatten(),
            new,
            compared: old.is_some(),
            entities: [&data.cedar; 2],
            inference,
            solvers: &self.new.solvers,
        };
        let asked: Asked = match sides.find(self.wanted) {
            Ok(asked) => asked,
            Err(why) => return Ok(Err(why)),
        };
        let of = |kind, message: String| Notice::new(kind, message).store(&store.name);
        let found = match access::survey(&sides, &asked, self.wanted.context.as_deref(), false) {
            Ok(found) => found,
            Err(SurveyError::Disagreement(request)) => return Err(RunError::Defect(request)),
            Err(SurveyError::Uncounted(why)) => {
                let message = format!("who may do what in store `{}`: {}", inline(&store.name), inline(&why));
                notices.push(of(NoticeKind::QuestionOpen, message));
                return Ok(Ok(unanswered(store)));
            }
        };
        notices.extend(found.unfit.iter().map(|one| of(NoticeKind::AskedInVain, unfit(one))));
        if found.kinds == 0 && found.unfit.is_empty() {
            let declared = [sides.old, sides.new].into_iter().flatten().any(|store| store.schema.ready().is_some());
            return Ok(Err(match declared {
                true => "the schema has no requests for these together".to_owned(),
                false => "no action is known here: there is no schema, and no policy or entity names one".to_owned(),
            }));
        }
        notices.extend(found.nameless.iter().map(|one| of(NoticeKind::QuestionOpen, nameless(one))));
        if !found.unlooked.is_empty() {
            notices.push(of(NoticeKind::QuestionOpen, unlooked(&found.unlooked)));
        }
        if found.undecided {
            let message =
                "whether access that hangs on the context differs from before is not decided everywhere; it is said to";
            notices.push(of(NoticeKind::QuestionOpen, message.to_owned()));
        }
        let answered = found.unfit.is_empty() && found.nameless.is_empty();
        Ok(Ok(StoreAccess { store: store.name.clone(), by_type: false, answered, groups: found.groups }))
    }

    fn by_type(
        &self,
        old: Option<&Store>,
        new: Option<&Store>,
        notices: &mut Vec<Notice>,
    ) -> Result<StoreAccess, String> {
        let Some(store) = new.or(old) else { return Err(String::new()) };
        let of = |kind, message: String| Notice::new(kind, message).store(&store.name);
        let name = inline(&store.name);
        let stores = access::Stores {
            old: self.old.map(|_| old),
            new,
            inference: self.new.config.refuses_inference.is_none(),
            solvers: &self.new.solvers,
        };
        let asked = stores.find(self.wanted)?;
        let found = match stores.by_type(&asked, self.wanted.context.as_deref()) {
            Ok(found) => found,
            Err(why) => {
                let message = format!("who may do what in store `{name}`: {}", inline(&why));
                notices.push(of(NoticeKind::QuestionOpen, message));
                return Ok(StoreAccess { by_type: true, ..unanswered(store) });
            }
        };
        notices.extend(found.unfit.iter().map(|one| of(NoticeKind::AskedInVain, unfit(one))));
        for why in &found.undecided {
            notices.push(of(NoticeKind::QuestionOpen, why.clone()));
        }
        if found.inferred {
            let message = format!(
                "store `{name}` has no schema, so one is inferred, in which every attribute may be absent (`polcheck \
                 schema infer` prints it)"
            );
            notices.push(of(NoticeKind::SchemaInferred, message));
        }
        let message =
            format!("no entity of store `{name}` is known, so it answers by type; `--entities` names a file of them");
        notices.push(of(NoticeKind::NoEntities, message));
        let answered = found.undecided.is_empty() && found.unfit.is_empty();
        Ok(StoreAccess { store: store.name.clone(), by_type: true, answered, groups: found.groups })
    }
}
