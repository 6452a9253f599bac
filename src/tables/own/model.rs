//! What a table says, before it is known what the store makes of it.

use crate::data::{Entry, Fault, Said};
use crate::outcome::Decision;
use crate::text::Span;

/// What all rows of a table share.
#[derive(Debug, Default)]
pub(in crate::tables) struct Sheet {
    pub(super) entities: Base,
    /// Laid over the entities.
    pub(super) with: Vec<Overlay>,
    pub(super) defaults: Defaults,
    pub(super) clock: Option<Clock>,
}

/// The entities that rows start from.
#[derive(Debug, Default)]
pub(super) enum Base {
    /// The store's.
    #[default]
    OfStore,
    /// None but those written in the table.
    Written,
    /// Those of a file, by the path that the table gives.
    File(Said<String>),
}

/// What a row says where it says nothing itself.
#[derive(Debug, Default)]
pub(super) struct Defaults {
    pub(super) principal: Option<Said<String>>,
    pub(super) action: Option<Said<String>>,
    pub(super) resource: Option<Said<String>>,
    pub(super) context: Vec<Entry>,
}

/// The attribute of contexts that says what time it is.
#[derive(Debug)]
pub(super) struct Clock {
    pub(super) attribute: Said<String>,
    pub(super) unit: Unit,
    /// Milliseconds since 1970.
    pub(super) start: i64,
}

/// How a context says the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// As Cedar's `datetime`.
    Datetime,
    /// As seconds since 1970.
    Seconds,
    /// As milliseconds since 1970.
    Milliseconds,
}

/// A time that a row runs at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// So many milliseconds after the clock's start.
    After(i64),
    /// Milliseconds since 1970.
    Instant(i64),
}

/// An entity as a table changes or adds it.
#[derive(Debug, Clone)]
pub(super) struct Overlay {
    pub(super) span: Span,
    pub(super) uid: Said<String>,
    pub(super) attrs: Vec<Entry>,
    pub(super) tags: Vec<Entry>,
    /// Replaces the parents, where given.
    pub(super) parents: Option<Vec<Said<String>>>,
}

/// One entry of a table.
#[derive(Debug)]
pub(in crate::tables) struct Spec {
    pub(super) span: Span,
    pub(super) name: Option<Said<String>>,
    pub(super) principal: Option<Said<String>>,
    pub(super) action: Option<Said<String>>,
    pub(super) resource: Option<Said<String>>,
    pub(super) context: Vec<Entry>,
    pub(super) with: Vec<Overlay>,
    pub(super) at: Option<Said<Moment>>,
    pub(super) what: Option<What>,
    pub(super) because: Option<Because>,
    pub(super) errors: Option<Failing>,
    /// Why it is not to be run.
    pub(super) skip: Option<Said<String>>,
    /// What of the request is given and cannot be read, so that it is not called missing.
    pub(super) unread: Vec<&'static str>,
    /// What is wrong with it.
    pub(super) faults: Vec<Fault>,
}

impl Spec {
    /// A specification that says nothing yet.
    pub(super) fn empty(span: Span) -> Self {
        Self {
            span,
            name: None,
            principal: None,
            action: None,
            resource: None,
            context: Vec::new(),
            with: Vec::new(),
            at: None,
            what: None,
            because: None,
            errors: None,
            skip: None,
            unread: Vec::new(),
            faults: Vec::new(),
        }
    }

    pub(in crate::tables) fn name(&self) -> Option<&Said<String>> {
        self.name.as_ref()
    }

    pub(in crate::tables) fn span(&self) -> Span {
        self.span
    }
}

/// What an entry expects.
#[derive(Debug)]
pub(super) enum What {
    /// One decision.
    One(Decision),
    /// A decision at each of these times, as the table writes them.
    Timeline(Vec<(Said<String>, Moment, Decision)>),
    /// Which actions are allowed and which denied.
    Matrix { allow: Option<Listed>, deny: Option<Listed> },
    /// Exactly these principals are allowed.
    Who(Vec<Said<String>>),
}

/// Actions in a matrix.
#[derive(Debug)]
pub(super) enum Listed {
    /// Those that are not named elsewhere.
    Rest(Span),
    /// These.
    These(Vec<Said<String>>),
}

/// Which policies decide.
#[derive(Debug)]
pub(super) struct Because {
    pub(super) policies: Vec<Said<String>>,
    /// Whether no other policy may.
    pub(super) exactly: bool,
}

/// Which policies fail to evaluate.
#[derive(Debug)]
pub(super) enum Failing {
    /// So many.
    Count(usize),
    /// Exactly these.
    These(Vec<Said<String>>),
}
