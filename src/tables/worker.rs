//! Decides rows of one table, one after the other: what they state against what comes out.

use std::sync::Arc;

use cedar_policy::{Entities, EntityUid, PolicyId, Request, Response};
use serde_json::value::RawValue;

use super::absent::Absent;
use super::compare::{expected, got, mismatches, wrong_people};
use super::coverage::{Counts, Plan};
use super::ready::Ready;
use super::record::Recorded;
use super::repeats::{Question, question, question_who};
use super::request::Requests;
use super::rows::{Content, Errors, Found, Reasons, Row, RowContext, RowEntities, Who};
use super::select::{About, Selection};
use super::strangers::{Met, Stranger};
use crate::data::Fault;
use crate::explain::{Asked, reasons};
use crate::outcome::{Decision, Expected, PolicyError, RowFault, RowRequest, Status, TestResult};
use crate::repo::{Named, Store, Table};
use crate::text::{Location, Span};

/// A row that was asked for.
pub(super) struct Ran {
    pub(super) result: TestResult,
    /// Its entities that exist nowhere.
    pub(super) strangers: Vec<Stranger>,
    /// What it asks, if it was decided.
    pub(super) question: Option<Question>,
    /// The same as Cedar has it, if it was asked for by its id.
    pub(super) asked: Option<(Request, Arc<Entities>)>,
}

/// Runs rows of one table one after the other.
pub(super) struct Worker<'r> {
    ready: &'r Ready<'r>,
    table: &'r Table,
    selection: &'r Selection,
    requests: Requests<'r>,
    counts: Option<Counts>,
    /// What passed, where that is recorded.
    record: Vec<Recorded>,
    absent: Absent<'r>,
    /// What the row that was decided last asks.
    question: Option<Question>,
    /// The same as Cedar has it, if it was asked for by its id.
    asked: Option<(Request, Arc<Entities>)>,
}

impl<'r> Worker<'r> {
    pub(super) fn new(ready: &'r Ready<'r>, table: &'r Table, selection: &'r Selection) -> Self {
        let counts = ready.plan.map(Plan::counts);
        let requests = Requests::new(ready.store, ready.entities);
        Self {
            ready,
            table,
            selection,
            requests,
            counts,
            record: Vec::new(),
            absent: Absent::new(&ready.known),
            question: None,
            asked: None,
        }
    }

    /// Hands in what was counted and recorded.
    pub(super) fn done(self) {
        if let (Some(plan), Some(counts)) = (self.ready.plan, &self.counts) {
            plan.add(counts);
        }
        if let Some(record) = &self.selection.record {
            record.add(self.ready.store, self.record);
        }
    }

    /// Cedar's answer, counted.
    fn ask(&mut self, request: &Request, entities: &Entities) -> Response {
        if let (Some(plan), Some(counts)) = (self.ready.plan, &mut self.counts) {
            plan.count(counts, &self.ready.index, request, entities);
        }
        self.ready.index.is_authorized(request, entities)
    }

    /// The result of one row; `None` when it is not asked for.
    pub(super) fn row(&mut self, found: &Found<'_>, id: &str) -> Option<Ran> {
        if !self.selection.names(id, self.table.file.path()) {
            return None;
        }
        let mut result = TestResult {
            id: id.to_owned(),
            store: Some(self.ready.store.name.clone()),
            location: Location::new(&self.table.file, found.span),
            status: Status::Error,
            request: None,
            expected: None,
            got: None,
            message: None,
            help: None,
            faults: Vec::new(),
            notes: found.notes.clone(),
            unknown: found.met.excused.iter().map(ToString::to_string).collect(),
            skip_reason: None,
            explanations: Vec::new(),
            new: None,
        };
        let mut strangers = found.met.strangers.clone();
        let asked = match &found.content {
            Ok(Content::Row(row)) => self.decision(row, &found.met, &mut strangers, &mut result),
            Ok(Content::Who(who)) => self.who(who, &found.met, &mut result),
            Ok(Content::Skip(why)) => {
                result.status = Status::Skip;
                result.skip_reason = Some(why.clone());
                Ok(self.selection.asks_for_waiting())
            }
            Err(faults) => Err(faults.clone()),
        };
        match asked {
            Ok(false) => return None,
            Ok(true) => {}
            Err(faults) => self.refuse(&mut result, faults),
        }
        if !matches!(result.status, Status::Pass | Status::Fail) {
            strangers.clear();
        }
        // The cells of a matrix or a timeline are a series, in which one may stand elsewhere too.
        let decided = found.suffix.is_none() && matches!(result.status, Status::Pass | Status::Fail);
        let question = self.question.take().filter(|_| decided);
        Some(Ran { result, strangers, question, asked: self.asked.take() })
    }

    fn refuse(&self, result: &mut TestResult, faults: Vec<Fault>) {
        let messages: Vec<_> = faults.iter().map(|fault| fault.message.as_str()).collect();
        result.message = Some(messages.join("; "));
        if let [fault] = faults.as_slice() {
            result.help.clone_from(&fault.help);
        }
        let place = |span: Option<Span>| span.map(|span| Location::new(&self.table.file, span));
        result.faults = faults
            .into_iter()
            .map(|fault| RowFault {
                location: place(fault.span).unwrap_or_else(|| result.location.clone()),
                message: fault.message,
                help: fault.help,
            })
            .collect();
    }

    /// Decides a row; `false` when it is not asked for.
    fn decision(
        &mut self,
        row: &Row<'_>,
        met: &Met,
        strangers: &mut Vec<Stranger>,
        result: &mut TestResult,
    ) -> Result<bool, Vec<Fault>> {
        result.expected = Some(expected(row));
        let request = match self.requests.request(row) {
            Ok(request) => request,
            Err(_) if !self.selection.asks(&About { expect: Some(row.decision), ..About::default() }) => {
                return Ok(false);
            }
            Err(faults) => return Err(faults),
        };
        if !self.selection.filters.is_empty() {
            let shown = shown(&request, &row.context);
            let principals = [shown.principal.clone()];
            let about = About {
                principals: &principals,
                action: Some(&shown.action),
                resource: Some(&shown.resource),
                expect: Some(row.decision),
            };
            if !self.selection.asks(&about) {
                return Ok(false);
            }
        }
        let judged = self.decided(row, &request, met, result).map(|entities| {
            if let Some(entities) = entities.filter(|_| !matches!(row.entities, RowEntities::Ready(_))) {
                strangers.extend(self.absent.strangers(row, &request, &entities));
            }
        });
        // Nobody sees the request of a row that passed and is only counted.
        if result.status != Status::Pass || !self.selection.brief {
            result.request = Some(shown(&request, &row.context));
        }
        judged.map(|()| true)
    }

    /// Decides a row that is asked for; gives the entities that it ran with, if it ran.
    fn decided(
        &mut self,
        row: &Row<'_>,
        request: &Request,
        met: &Met,
        result: &mut TestResult,
    ) -> Result<Option<Arc<Entities>>, Vec<Fault>> {
        if let Some(blocked) = &self.ready.blocked {
            return Err(vec![blocked.clone()]);
        }
        if self.selection.list {
            result.status = Status::Skip;
            return Ok(None);
        }
        let entities = self.requests.entities(row).map_err(|fault| vec![fault])?;
        self.question = Some(question(row, request));
        self.asked = self.selection.row.is_some().then(|| (request.clone(), Arc::clone(&entities)));
        let response = self.ask(request, &entities);
        let got = got(self.ready.store, &response);
        let wrong = mismatches(self.ready.store, row.decision, (&row.reasons, &row.errors), &got)
            .map_err(|why| vec![Fault::new(why)])?;
        if !wrong.is_empty() {
            let asked = Asked {
                request,
                entities: &entities,
                expected: row.decision,
                response: &response,
                every_operand: false,
            };
            result.explanations = reasons(self.ready.store, self.ready.tracer(), &asked, &named(self.ready.store, row));
        }
        result.got = Some(got);
        judge(result, wrong);
        if self.selection.record.is_some() && result.status == Status::Pass {
            self.record.push(Recorded::of_row(&result.id, &result.location, (request, &entities), row));
        }
        let silent = match (&row.errors, &result.got) {
            (Errors::Open, Some(got)) => got.errors.clone(),
            _ => Vec::new(),
        };
        // Of the forms of others, what a row that fails says of errors is enough.
        let about: &[_] = match &row.entities {
            RowEntities::Ready(_) => &[request.principal(), request.resource()],
            _ if result.status != Status::Pass => return Ok(Some(entities)),
            _ => &[],
        };
        self.absent.note(about, &entities, met, &silent, result);
        Ok(Some(entities))
    }

    /// Decides for everybody; `false` when the row is not asked for.
    fn who(&mut self, who: &Who<'_>, met: &Met, result: &mut TestResult) -> Result<bool, Vec<Fault>> {
        let (action, resource) = (who.action.to_string(), who.resource.to_string());
        let asked = if self.selection.filters.is_empty() { &[][..] } else { &who.candidates };
        let principals: Vec<String> = asked.iter().map(ToString::to_string).collect();
        let about = About { principals: &principals, action: Some(&action), resource: Some(&resource), expect: None };
        if !self.selection.asks(&about) {
            return Ok(false);
        }
        let expect: Vec<String> = who.expect.iter().cloned().collect();
        result.expected = Some(Expected { decision: Decision::Allow, reason: None, errors: None, who: Some(expect) });
        if self.selection.list {
            result.status = Status::Skip;
            return Ok(true);
        }
        self.question = Some(question_who(who));
        let (mut missing, mut extra) = (Vec::new(), Vec::new());
        let mut telling: Option<(Request, Response, bool)> = None;
        let mut failing = Vec::new();
        let mut record = Vec::new();
        for principal in &who.candidates {
            let request = self.requests.asking(who, principal).map_err(|fault| vec![fault])?;
            let response = self.ask(&request, &who.entities);
            if response.diagnostics().errors().next().is_some() {
                for error in got(self.ready.store, &response).errors {
                    if !failing.iter().any(|known: &PolicyError| known.policy.name == error.policy.name) {
                        failing.push(error);
                    }
                }
            }
            let allowed = response.decision() == cedar_policy::Decision::Allow;
            let name = principal.to_string();
            if allowed == who.expect.contains(&name) {
                if self.selection.record.is_some() {
                    let asked = (&request, &who.entities);
                    record.push(Recorded::of_who(&result.id, &result.location, asked, allowed));
                }
                continue;
            }
            // Somebody who is allowed and should not be tells more than the other way round.
            if telling.as_ref().is_none_or(|(_, _, extra)| allowed && !extra) {
                telling = Some((request, response, allowed));
            }
            if allowed { extra.push(name) } else { missing.push(name) }
        }
        if let Some((request, response, allowed)) = &telling {
            let expected = if *allowed { Decision::Deny } else { Decision::Allow };
            let asked = Asked { request, entities: &who.entities, expected, response, every_operand: false };
            result.request = Some(shown(request, &who.context));
            result.got = Some(got(self.ready.store, response));
            result.explanations = reasons(self.ready.store, self.ready.tracer(), &asked, &[]);
        }
        judge(result, wrong_people(&missing, &extra));
        if result.status == Status::Pass {
            self.record.append(&mut record);
        }
        self.absent.note(&[Some(&who.resource)], &who.entities, met, &failing, result);
        Ok(true)
    }
}

/// The policies that `row` expects to decide, as far as their names are known.
fn named<'s>(store: &'s Store, row: &Row<'_>) -> Vec<&'s PolicyId> {
    let names: Vec<&str> = match &row.reasons {
        Reasons::AtLeast(names) => names.iter().map(String::as_str).collect(),
        Reasons::Exactly(names) => names.iter().map(|called| called.full.as_str()).collect(),
        Reasons::Open | Reasons::ExactlyPositions(_) => Vec::new(),
    };
    let known = |name: &str| match store.named(name) {
        Named::One(key) => Some(key),
        Named::Nothing(_) | Named::Several(_) => None,
    };
    names.into_iter().filter_map(known).collect()
}

fn judge(result: &mut TestResult, wrong: Vec<String>) {
    result.status = if wrong.is_empty() { Status::Pass } else { Status::Fail };
    result.message = (!wrong.is_empty()).then(|| wrong.join("; "));
}

/// The request as reports show it.
fn shown(request: &Request, context: &RowContext<'_>) -> RowRequest {
    let uid = |uid: Option<&EntityUid>| uid.map(ToString::to_string).unwrap_or_default();
    RowRequest {
        principal: uid(request.principal()),
        action: uid(request.action()),
        resource: uid(request.resource()),
        context: RawValue::from_string(context.json().to_owned()).unwrap_or_default(),
    }
}
