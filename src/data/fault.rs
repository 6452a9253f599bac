//! What is written and where, and what is wrong with it.

use crate::text::Span;

/// Something and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said<T> {
    /// What is written.
    pub value: T,
    /// Where.
    pub span: Span,
}

/// What is wrong with a part of a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
    /// Where; none when it is about no part of what was read.
    pub span: Option<Span>,
}

impl Fault {
    /// A fault of no part in particular.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, span: None }
    }

    /// The same fault with a way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same fault at `span`.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }
}
