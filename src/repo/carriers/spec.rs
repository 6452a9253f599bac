//! What a carrier is, and what it gives.

use std::sync::Arc;

use crate::data::Fault;
use crate::text::{Location, Mapped, SourceFile, Span};

/// How a carrier is known and read.
pub(super) struct Spec {
    /// What a file of it is, as people say it.
    pub(super) name: &'static str,
    /// How the names of its files end.
    pub(super) endings: &'static [&'static str],
    /// What stands in every file of it: one of these.
    pub(super) marks: &'static [&'static str],
    /// Whether its files are text. The others are given without, by their paths.
    pub(super) is_text: bool,
    /// How files that have such a name and such a mark are read. One that is not taken gives nothing.
    pub(super) read: Read,
}

/// How files of a carrier are read.
pub(super) enum Read {
    /// Each by itself.
    File(fn(&Arc<SourceFile>, &dyn Neighbours) -> Option<Carried>),
    /// All of a folder together.
    Folder(fn(&[Arc<SourceFile>], &dyn Neighbours) -> Vec<Carried>),
}

impl Read {
    /// What `files`, all of one folder, hold.
    pub(super) fn all(&self, files: &[Arc<SourceFile>], around: &dyn Neighbours) -> Vec<Carried> {
        match self {
            Self::File(read) => files.iter().filter_map(|file| read(file, around)).collect(),
            Self::Folder(read) => read(files, around),
        }
    }
}

/// The files around a carrier.
pub(super) trait Neighbours {
    /// The paths of all files of the repository that are not excluded, in order.
    fn paths(&self) -> &[String];
    /// The text of the file at `path`.
    fn text(&self, path: &str) -> Option<Arc<SourceFile>>;
    /// What is in the file at `path`.
    fn bytes(&self, path: &str) -> Option<Vec<u8>>;
}

/// What one file holds.
#[derive(Debug)]
pub(super) struct Carried {
    pub(super) file: Arc<SourceFile>,
    pub(super) parts: Vec<Part>,
    /// Files that it makes policies of, also where nobody knows what they come to: they are no policies by themselves.
    pub(super) takes: Vec<String>,
    pub(super) unresolved: Vec<Unresolved>,
    /// What it holds and is not read: path and reason.
    pub(super) left_out: Vec<(String, String)>,
}

/// What a part of a carrier is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::repo) enum Role {
    /// Policies or templates in Cedar's syntax.
    Policies,
    /// Policies in JSON.
    PoliciesJson,
    /// A schema in Cedar's syntax.
    Schema,
    /// A schema in JSON.
    SchemaJson,
    /// Template links.
    Links,
    /// Entities.
    Entities,
}

impl Role {
    /// How the name of a file of it ends.
    pub(in crate::repo) fn ending(self) -> &'static str {
        match self {
            Self::Policies => ".cedar",
            Self::PoliciesJson => ".cedar.json",
            Self::Schema => ".cedarschema",
            Self::SchemaJson => ".cedarschema.json",
            Self::Links => ".cedartemplatelinks.json",
            Self::Entities => ".cedarentities.json",
        }
    }
}

/// A policy, a schema, or something else that a carrier holds.
#[derive(Debug)]
pub(super) struct Part {
    /// What it is called in there.
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) home: Home,
    pub(super) content: Content,
}

/// Where the text of a part is.
#[derive(Debug)]
pub(super) enum Content {
    /// In the carrier.
    Text(Mapped),
    /// In this file, which the carrier takes it from.
    In(Arc<SourceFile>, Mapped),
    /// The same, where something has to be filled in before it can be read.
    Unfilled(Arc<SourceFile>, Mapped, Vec<Unfilled>),
    /// In a file of its own, which the carrier includes.
    File(String),
    /// Nobody knows, and an [`Unresolved`] says so. The store is not whole.
    Unknown,
    /// The same of what stands in this file, which the carrier takes it from.
    UnknownIn(Arc<SourceFile>),
}

/// What has to be filled in before a text can be read.
#[derive(Debug)]
pub(super) struct Unfilled {
    /// Its name, if it has one.
    pub(super) name: Option<String>,
    /// What is said where nobody knows it.
    pub(super) told: Unresolved,
}

/// Which store a part belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Home {
    /// The one that a file of its kind in the carrier's folder would belong to.
    Around,
    /// One that the carrier declares or names.
    Store {
        /// The file or the folder that declares it.
        place: String,
        /// What it is called in there.
        label: String,
    },
}

/// What a carrier declares and the repository does not say.
#[derive(Debug, Clone)]
pub(in crate::repo) struct Unresolved {
    /// Where it is declared.
    pub(in crate::repo) location: Location,
    /// A sentence.
    pub(in crate::repo) message: String,
}

impl Carried {
    pub(super) fn of(file: &Arc<SourceFile>) -> Self {
        Self {
            file: Arc::clone(file),
            parts: Vec::new(),
            takes: Vec::new(),
            unresolved: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// What is known where none of the file could be read, `fault` being why.
    pub(super) fn unreadable(file: &Arc<SourceFile>, what: &str, fault: &Fault) -> Self {
        let mut carried = Self::of(file);
        let span = fault.span.unwrap_or_default();
        carried.tell(span, format!("{what} is not read: {}", fault.message));
        carried.parts.push(Part {
            name: "unread".to_owned(),
            role: Role::Policies,
            home: Home::Around,
            content: Content::Unknown,
        });
        carried
    }

    /// Says at `span` what is not known.
    pub(super) fn tell(&mut self, span: Span, message: impl Into<String>) {
        let file = Arc::clone(&self.file);
        self.tell_in(&file, span, message);
    }

    /// Says at `span` of `file` what is not known.
    pub(super) fn tell_in(&mut self, file: &Arc<SourceFile>, span: Span, message: impl Into<String>) {
        let location = Location::new(file, span);
        self.unresolved.push(Unresolved { location, message: message.into() });
    }

    /// Adds a part, and gives it for its content to be set.
    pub(super) fn add(&mut self, name: &str, role: Role, home: Home, content: Content) {
        self.parts.push(Part { name: name.to_owned(), role, home, content });
    }

    /// This, if the file holds anything.
    pub(super) fn if_any(self) -> Option<Self> {
        (!self.parts.is_empty() || !self.unresolved.is_empty()).then_some(self)
    }
}

/// Whether a policy stands in `text`, with line ends as they are or escaped: an effect, and a scope that begins.
pub(in crate::repo) fn speaks_cedar(text: &str) -> bool {
    let blank = |text: &'_ str| -> usize {
        let mut rest = text;
        loop {
            let less = rest.trim_start();
            let escapes = ["\\n", "\\r", "\\t"];
            let less = escapes.iter().find_map(|escape| less.strip_prefix(escape)).unwrap_or(less);
            if less.len() == rest.len() {
                return text.len() - rest.len();
            }
            rest = less;
        }
    };
    ["permit", "forbid"].iter().any(|effect| {
        text.match_indices(effect).any(|(at, _)| {
            let rest = text.get(at + effect.len()..).unwrap_or_default();
            let rest = rest.get(blank(rest)..).unwrap_or_default();
            let scope = rest.strip_prefix('(').map(|scope| scope.get(blank(scope)..).unwrap_or_default());
            scope.is_some_and(|scope| scope.starts_with("principal") || scope.starts_with('?'))
        })
    })
}
