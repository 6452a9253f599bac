//! From options to a repository, and to the outcome that a run starts with.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::configuration::{unknown_attributes, unused_paths};
use super::error::RunError;
use super::place::Place;
use super::reading::Reading;
use super::settings::{Settings, catalogue};
use super::unfilled;
use crate::config::{Acceptance, Baseline, CONFIGURATION, Config, FILE_NAME as CONFIG};
use crate::finding::{FailOn, Finding};
use crate::lint;
use crate::outcome::{LeftOut, Notice, NoticeKind, Outcome, Summary};
use crate::repo::{self, EntityState, Focus, ParsedTexts, Repo, Request, SchemaSource, SchemaState, Store};
use crate::rule::{Basis, Catalogue, Rule};
use crate::source::Source;
use crate::symbolic::{SolverMode, Solvers};
use crate::text::{Location, inline, nearest};

/// Everything that a command starts from.
pub(super) struct Loaded {
    pub(super) repo: Repo,
    pub(super) config: Config,
    pub(super) config_findings: Vec<Finding>,
    /// Changes of permissions that were accepted.
    pub(super) accepted: Vec<Acceptance>,
    /// Findings that fail nothing.
    pub(super) baseline: Option<Baseline>,
    pub(super) catalogue: Catalogue,
    pub(super) fail_on: FailOn,
    /// Who answers questions about policies.
    pub(super) solvers: Arc<Solvers>,
}

/// Reads what `reading` ask for.
pub(super) fn load(reading: &Reading) -> Result<Loaded, RunError> {
    load_held(reading, None)
}

/// The same, held to the configuration of the revision that it is compared with, if there is one. What is `parsed`
/// already is not parsed again, here and below.
pub(super) fn load_held(reading: &Reading, base: Option<(&Config, &ParsedTexts)>) -> Result<Loaded, RunError> {
    repo::cedar::make_ready();
    let place = Place::of(reading)?;
    let source = place.current(reading.staged)?;
    let mut settings = place.settings(reading, source.as_ref())?;
    if let Some((base, _)) = base {
        settings.config = settings.config.held_to(base).filled_in_as(base);
    }
    let parsed = base.map(|(_, parsed)| parsed);
    let mut loaded = place.load_with(reading, source.as_ref(), settings, parsed)?;
    if base.is_none() && !reading.files.replace_discovery() {
        let unused = unused_paths(&loaded.config, &[&loaded.repo], place.root());
        loaded.config_findings.extend(unused);
    }
    let unknown = unknown_attributes(&loaded.config, &loaded.repo);
    loaded.config_findings.extend(unknown);
    if let (Some(wanted), []) = (&reading.store, loaded.repo.stores.as_slice()) {
        return Err(no_such_store(wanted, &loaded.repo.store_names));
    }
    Ok(loaded)
}

/// The same with `config`, whatever the repository's is.
pub(super) fn load_as(reading: &Reading, config: Config, parsed: &ParsedTexts) -> Result<Loaded, RunError> {
    let place = Place::of(reading)?;
    let source = place.current(reading.staged)?;
    place.load_with(reading, source.as_ref(), Settings { config, ..Settings::default() }, Some(parsed))
}

/// There is no store called `wanted`; `names` are there.
pub(super) fn no_such_store(wanted: &str, names: &[String]) -> RunError {
    let way_out = match (nearest(wanted, names.iter().map(String::as_str)), names) {
        (Some(meant), _) => format!("did you mean `{}`?", inline(meant)),
        (None, []) => "there are none here".to_owned(),
        (None, names) => format!("there are: {}", names.join(", ")),
    };
    RunError::NoSuchStore { name: wanted.to_owned(), way_out }
}

impl Place {
    /// Reads what `reading` ask for from `source`; which of the stores are there is not looked at.
    pub(super) fn load(
        &self,
        reading: &Reading,
        source: &dyn Source,
        parsed: Option<&ParsedTexts>,
    ) -> Result<Loaded, RunError> {
        let settings = self.settings(reading, source)?;
        self.load_with(reading, source, settings, parsed)
    }

    /// The same with `settings`.
    pub(super) fn load_with(
        &self,
        reading: &Reading,
        source: &dyn Source,
        settings: Settings,
        parsed: Option<&ParsedTexts>,
    ) -> Result<Loaded, RunError> {
        let request = Request { parsed: parsed.cloned(), ..self.request(reading, source)? };
        load_request(reading, source, &request, settings)
    }
}

/// All of `source`, for comparing it, with `settings`; `reading` say which store.
pub(super) fn load_whole(
    reading: &Reading,
    source: &dyn Source,
    settings: Settings,
    parsed: &ParsedTexts,
) -> Result<Loaded, RunError> {
    let request = Request { store: reading.store.clone(), parsed: Some(parsed.clone()), ..Request::default() };
    load_request(reading, source, &request, settings)
}

fn load_request(
    reading: &Reading,
    source: &dyn Source,
    request: &Request,
    settings: Settings,
) -> Result<Loaded, RunError> {
    let Settings { config, findings: config_findings, accepted, baseline } = settings;
    let request = &Request { filled: reading.filled.clone(), ..request.clone() };
    let repo = repo::load(source, &config, request)?;
    let catalogue = catalogue().with(config.custom_rules().into_iter().map(|custom| custom.rule));
    let fail_on = reading.fail_on.or(config.fails_on()).unwrap_or_default();
    let solvers = Arc::clone(&reading.solvers);
    Ok(Loaded { repo, config, config_findings, accepted, baseline, catalogue, fail_on, solvers })
}

impl Loaded {
    /// What cvc5 said, where it was asked.
    pub(super) fn second_opinion(&self) -> Option<Notice> {
        let (agreed, silent) = self.solvers.tally();
        let questions = |count: usize| if count == 1 { "1 question".to_owned() } else { format!("{count} questions") };
        let mut sentence = match self.solvers.mode() {
            SolverMode::Builtin => return None,
            SolverMode::Cvc5 => format!("cvc5 answered {}", questions(agreed)),
            SolverMode::Both => format!("cvc5 agrees about {}", questions(agreed)),
        };
        for (why, count) in silent {
            sentence.push_str(&format!("; it has no say about {}, since {why}", questions(count)));
        }
        Some(Notice::new(NoticeKind::SecondOpinion, sentence))
    }

    /// The outcome of `command` before any engine ran: what was read and what is wrong with it.
    pub(super) fn outcome(&mut self, command: &'static str) -> Outcome {
        let mut findings = std::mem::take(&mut self.repo.findings);
        // A store pattern that names nothing is a mistake in the configuration, found late.
        let wrong = self.config_findings.iter().any(|found| found.rule == CONFIGURATION.id);
        let misconfigured = wrong || findings.iter().any(|found| found.rule == CONFIGURATION.id);
        findings.append(&mut self.config_findings);
        let left_out = std::mem::take(&mut self.repo.left_out);
        Outcome {
            findings,
            notices: self.gaps(),
            left_out: left_out.into_iter().map(|(path, why)| LeftOut { path, why }).collect(),
            summary: self.summary(),
            not_validated: self.unvalidated_stores().map(|store| store.name.clone()).collect(),
            misconfigured,
            fail_on: self.fail_on,
            ..Outcome::new(command, self.catalogue.clone())
        }
    }

    /// What was asked for and holds nothing, and what hangs on files that do not load and were not asked for.
    fn gaps(&self) -> Vec<Notice> {
        let idle = self.repo.idle.iter().map(|phrase| Notice::new(NoticeKind::NothingThere, phrase));
        let mut gaps: Vec<Notice> = idle.collect();
        if let (Some(hints), true) = (&self.repo.hints, gaps.is_empty()) {
            let none = "nothing here is called as Cedar's files are: policies are `*.cedar`, schemas `*.cedarschema`";
            let hints = if hints.is_empty() { vec![none.to_owned()] } else { hints.clone() };
            gaps.extend(hints.into_iter().map(|hint| Notice::new(NoticeKind::NothingFound, hint)));
        }
        let there = |name: &&String| self.repo.stores.iter().any(|store| store.name == **name);
        let copies: Vec<_> = self.repo.copies.iter().filter(there).map(|name| format!("`{}`", inline(name))).collect();
        if !copies.is_empty() {
            let message = format!("taken for copies, each a store by itself: {}", copies.join(", "));
            gaps.push(Notice::new(NoticeKind::ReadApart, message));
        }
        gaps.extend(self.unresolved());
        for store in self.repo.stores.iter().filter(|store| store.schema_source == SchemaSource::Elsewhere) {
            let schema = store.schema_files.first().map(String::as_str).unwrap_or_default();
            let (name, schema) = (inline(&store.name), inline(schema));
            let message = format!("store `{name}` is under `{schema}`, which is the schema here that fits");
            gaps.push(Notice::new(NoticeKind::SchemaElsewhere, message).store(&store.name));
        }
        for store in &self.repo.stores {
            let broken: BTreeSet<&String> = store.broken.iter().map(|file| &file.path).collect();
            gaps.extend(broken.into_iter().filter(|path| !self.repo.focus.covers(path)).map(|path| {
                let (shown, name) = (inline(path), inline(&store.name));
                let message =
                    format!("what `{shown}` of store `{name}` decides: it does not load whole, and was not asked for");
                Notice::new(NoticeKind::NotAskedFor, message).store(&store.name).at(&Location::of_path(path))
            }));
        }
        gaps
    }

    /// What carriers of the stores declare and the repository does not say.
    pub(super) fn unresolved(&self) -> Vec<Notice> {
        let stores = &self.repo.stores;
        // What a module says of what it includes stands in no file of the store.
        let all = stores.len() == self.repo.store_names.len();
        let notice = |(location, message): &(Location, String)| {
            let path = location.path();
            let notice = Notice::new(NoticeKind::Unresolved, message).at(location);
            match stores.iter().find(|store| store.files.iter().any(|file| file == path)) {
                Some(store) => Some(notice.store(&store.name)),
                None => (all && self.repo.focus.covers(path)).then_some(notice),
            }
        };
        let mut notices: Vec<Notice> = self.repo.unresolved.iter().filter_map(notice).collect();
        notices.extend(unfilled::notices(stores, &self.repo.unfilled));
        notices
    }

    /// What was read and asked for, the stores that tests bring along included. A store that holds nothing but such
    /// tests is none.
    fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for store in &self.repo.stores {
            let own: Vec<_> = store.tables.iter().filter_map(|table| table.own_store.as_ref()?.as_ref().ok()).collect();
            if holds_policies(store) || own.len() < store.tables.len() {
                count(&mut summary, store, &self.repo.focus);
            }
            own.into_iter().for_each(|own| count(&mut summary, own, &Focus::default()));
        }
        summary
    }

    /// Whether there is anything that an engine over policies could check, among what was asked for.
    pub(super) fn holds_policies(&self) -> bool {
        let repo = &self.repo;
        let asked = |store: &Store| store.files.iter().any(|path| repo.focus.covers(path) && !is_table(store, path));
        repo.stores.iter().any(|store| holds_policies(store) && (repo.focus.is_whole() || asked(store)))
    }

    /// Whether any policy is there that was asked for, be it broken: a schema alone decides nothing.
    pub(super) fn decides(&self) -> bool {
        let decides = |store: &Store| !store.policies.is_empty() || !store.broken.is_empty();
        self.holds_policies() && self.repo.stores.iter().any(decides)
    }

    /// The stores that declare what may be asked, where there is no policy at all.
    pub(super) fn without_policies(&self) -> Vec<Notice> {
        if self.decides() {
            return Vec::new();
        }
        let declared = self.repo.stores.iter().filter(|store| !matches!(store.schema, SchemaState::None));
        let told = |store: &Store| {
            let message = format!(
                "store `{}` has a schema and no policies here, so that nothing in it decides",
                inline(&store.name)
            );
            Notice::new(NoticeKind::NothingFound, message).store(&store.name)
        };
        declared.map(told).collect()
    }

    /// The paths that were asked for and hold no decision table, a phrase each.
    pub(super) fn without_tables(&self) -> Vec<Notice> {
        let table = |path: &str| {
            let mut tables = self.repo.stores.iter().flat_map(|store| &store.tables);
            tables.any(|table| Focus::on(&[path.to_owned()]).covers(table.file.path()))
        };
        let bare = self.repo.focus.paths().iter().filter(|path| !table(path));
        let message = |path: &String| format!("`{}`, which is no decision table, nor holds one", inline(path));
        bare.map(|path| Notice::new(NoticeKind::NothingThere, message(path))).collect()
    }

    /// The stores whose policies are not validated, for lack of a schema that can be used.
    fn unvalidated_stores(&self) -> impl Iterator<Item = &Store> {
        let stores = self.repo.stores.iter();
        stores.filter(|store| !store.policies.is_empty() && store.schema.ready().is_none())
    }

    /// Whether `rule` was looked for wherever it could report something: what needs a schema was not, where there is
    /// none that can be used and an inferred one will not do, nor where policies are missing that do not load; nor what
    /// runs on demand, unless it is among the `demanded`.
    pub(super) fn ran(&self, rule: &Rule, demanded: &[&str]) -> bool {
        let inferable =
            self.config.refuses_inference.is_none() && lint::lint_rule(rule.id).is_some_and(|rule| rule.inferable);
        let ready = || {
            self.repo.stores.iter().all(|store| {
                let inferred = inferable && lint::infers(store);
                let whole = store.broken.is_empty() && (store.schema.ready().is_some() || inferred);
                store.policies.is_empty() || whole
            })
        };
        let on_demand = lint::lint_rule(rule.id).is_some_and(|rule| rule.on_demand);
        (!on_demand || demanded.contains(&rule.id)) && (rule.basis != Basis::Symbolic || ready())
    }

    /// What is not proved for lack of a schema, for each store; `asked` is what was asked for by name besides, as a
    /// reader would say what is not known.
    pub(super) fn unproved(&self, asked: &[&str]) -> Vec<Notice> {
        let mut notices = Vec::new();
        for store in self.unvalidated_stores().filter(|store| matches!(store.schema, SchemaState::None)) {
            let name = inline(&store.name);
            let why = why_no_schema(&store.schema_source);
            let inference = self.config.refuses_inference.is_none() && lint::infers(store);
            let what = if inference {
                "only what hangs neither on types nor on attributes being there is proved, under an inferred one"
            } else {
                "nothing is proved about its policies"
            };
            let message = format!("store `{name}` has no schema, so {what}{why}");
            notices.push(Notice::new(NoticeKind::NoSchema, message).store(&store.name));
            let asked = if inference { &[] } else { asked };
            notices.extend(asked.iter().map(|asked| {
                let message = format!("store `{name}` has no schema, so {asked} is not known");
                Notice::new(NoticeKind::AskedInVain, message).store(&store.name)
            }));
        }
        notices
    }

    /// What cannot be validated for lack of a schema, a sentence for each store.
    pub(super) fn unvalidated(&self) -> Vec<Notice> {
        let mut gaps = Vec::new();
        // What is wrong with a schema that cannot be used is said where it stands.
        for store in self.unvalidated_stores().filter(|store| matches!(store.schema, SchemaState::None)) {
            let count = store.policies.len();
            let policies = if count == 1 { "its policy is".to_owned() } else { format!("its {count} policies are") };
            let name = inline(&store.name);
            let why = why_no_schema(&store.schema_source);
            let message = format!("store `{name}` has no schema, so {policies} parsed but not validated{why}");
            gaps.push(Notice::new(NoticeKind::NoSchema, message).store(&store.name));
        }
        gaps
    }
}

/// Whether all that `outcome` was asked about policies has an answer.
pub(super) fn all_proved(outcome: &Outcome) -> bool {
    outcome.notices.iter().all(|notice| notice.kind != NoticeKind::QuestionOpen)
}

/// Why a store has no schema although there are some, in brackets; nothing where there are none.
fn why_no_schema(source: &SchemaSource) -> String {
    match source {
        SchemaSource::Own | SchemaSource::Elsewhere | SchemaSource::Nowhere => String::new(),
        SchemaSource::NoneFits(paths) => match paths.as_slice() {
            [only] => format!(" (`{}` does not declare what they name)", inline(only)),
            _ => " (no schema here declares what they name)".to_owned(),
        },
        SchemaSource::SeveralFit(paths) => {
            let paths: Vec<String> = paths.iter().map(|path| format!("`{}`", inline(path))).collect();
            format!(" (each of {} declares what they name; say in {CONFIG} which one holds)", paths.join(", "))
        }
    }
}

fn is_table(store: &Store, path: &str) -> bool {
    store.tables.iter().any(|table| table.file.path() == path)
}

/// Whether there is anything in `store` that an engine over policies could check.
pub(super) fn holds_policies(store: &Store) -> bool {
    !store.policies.is_empty() || !store.broken.is_empty() || !matches!(store.schema, SchemaState::None)
}

fn count(summary: &mut Summary, store: &Store, focus: &Focus) {
    // Rows that were asked for run over all policies.
    let rows = !focus.is_whole() && store.tables.iter().any(|table| focus.covers(table.file.path()));
    let asked = |location: &Location| rows || focus.covers(location.path());
    let policies = || store.policies.iter().filter(|policy| asked(&policy.location));
    let templates = policies().filter(|policy| policy.body.is_template()).count();
    summary.stores += 1;
    summary.templates += templates;
    summary.policies += policies().count() - templates;
    summary.links += store.links.iter().filter(|link| asked(&link.location)).count();
    summary.environments += store.schema.ready().map_or(0, |schema| schema.environments);
    summary.schemaless += usize::from(matches!(store.schema, SchemaState::None));
    if let EntityState::Ready(data) = &store.entities {
        summary.entities += data.count;
    }
}

/// Takes `what` apart beside whatever comes next: a large repository has many pieces, and nobody waits for them.
pub(super) fn discard<T: Send + 'static>(what: T) {
    rayon::spawn(move || drop(what));
}
