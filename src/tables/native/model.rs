//! What a table says, before it is known what the store makes of it.

use crate::data::{Entry, Fault, Said};
use crate::outcome::Decision;
use crate::text::Span;

/// What all rows of a table share.
#[derive(Debug, Default)]
pub(in crate::tables) struct Sheet {
    pub(in crate::tables) entities: Base,
    /// Laid over the entities.
    pub(in crate::tables) with: Vec<Overlay>,
    /// How many of these, the first, are the entities that the table writes instead of the store's.
    pub(in crate::tables) written: usize,
    /// Entities that rows mean to exist nowhere.
    pub(in crate::tables) unknown: Vec<Said<String>>,
    pub(in crate::tables) defaults: Defaults,
    pub(in crate::tables) clock: Option<Clock>,
}

/// The entities that rows start from.
#[derive(Debug, Default)]
pub(in crate::tables) enum Base {
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
pub(in crate::tables) struct Defaults {
    pub(in crate::tables) principal: Option<Said<String>>,
    pub(in crate::tables) action: Option<Said<String>>,
    pub(in crate::tables) resource: Option<Said<String>>,
    pub(in crate::tables) context: Vec<Entry>,
}

/// The attribute of contexts that says what time it is.
#[derive(Debug)]
pub(in crate::tables) struct Clock {
    pub(in crate::tables) attribute: Said<String>,
    pub(in crate::tables) unit: Unit,
    /// Milliseconds since 1970.
    pub(in crate::tables) start: i64,
}

/// How a context says the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tables) enum Unit {
    /// As Cedar's `datetime`.
    Datetime,
    /// As seconds since 1970.
    Seconds,
    /// As milliseconds since 1970.
    Milliseconds,
}

/// A time that a row runs at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tables) enum Moment {
    /// So many milliseconds after the clock's start.
    After(i64),
    /// Milliseconds since 1970.
    Instant(i64),
}

/// An entity as a table changes or adds it.
#[derive(Debug, Clone)]
pub(in crate::tables) struct Overlay {
    pub(in crate::tables) span: Span,
    pub(in crate::tables) uid: Said<String>,
    pub(in crate::tables) attrs: Vec<Entry>,
    pub(in crate::tables) tags: Vec<Entry>,
    /// Replaces the parents, where given.
    pub(in crate::tables) parents: Option<Vec<Said<String>>>,
}

/// One entry of a table.
#[derive(Debug)]
pub(in crate::tables) struct Spec {
    pub(in crate::tables) span: Span,
    pub(in crate::tables) name: Option<Said<String>>,
    pub(in crate::tables) principal: Option<Said<String>>,
    pub(in crate::tables) action: Option<Said<String>>,
    pub(in crate::tables) resource: Option<Said<String>>,
    pub(in crate::tables) context: Vec<Entry>,
    pub(in crate::tables) with: Vec<Overlay>,
    pub(in crate::tables) at: Option<Said<Moment>>,
    pub(in crate::tables) what: Option<What>,
    pub(in crate::tables) because: Option<Because>,
    pub(in crate::tables) errors: Option<Failing>,
    /// Entities that it means to exist nowhere.
    pub(in crate::tables) unknown: Vec<Said<String>>,
    /// Why it is not to be run.
    pub(in crate::tables) skip: Option<Said<String>>,
    /// What of the request is given and cannot be read, so that it is not called missing.
    pub(in crate::tables) unread: Vec<&'static str>,
    /// What is wrong with it.
    pub(in crate::tables) faults: Vec<Fault>,
}

impl Spec {
    /// A specification that says nothing yet.
    pub(in crate::tables) fn empty(span: Span) -> Self {
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
            unknown: Vec::new(),
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
pub(in crate::tables) enum What {
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
pub(in crate::tables) enum Listed {
    /// Those that are not named elsewhere.
    Rest(Span),
    /// These.
    These(Vec<Said<String>>),
}

/// Which policies decide.
#[derive(Debug)]
pub(in crate::tables) struct Because {
    pub(in crate::tables) policies: Vec<Said<String>>,
    /// Whether no other policy may.
    pub(in crate::tables) exactly: bool,
}

/// Which policies fail to evaluate.
#[derive(Debug)]
pub(in crate::tables) enum Failing {
    /// So many.
    Count(usize),
    /// Exactly these.
    These(Vec<Said<String>>),
}
