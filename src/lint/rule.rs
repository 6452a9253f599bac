//! What a lint rule is: all that is known of it, declared in one place.

use super::context::Context;
use super::facts::{Facts, Proved};
use crate::finding::Finding;
use crate::repo::Repo;
use crate::rule::Rule;

/// A lint rule: what is known of it, and the code that looks for it in one store. Declared by [`LintRule::text`] or
/// [`LintRule::proof`], and what the two do not ask for by the methods.
#[derive(Debug)]
pub struct LintRule {
    /// Metadata.
    pub meta: Rule,
    /// Whether it runs only when somebody asks for it: a caller, or configuration that gives it a level.
    pub on_demand: bool,
    /// Whether it holds under an inferred schema too: it hangs on no type, and on no attribute being there.
    pub inferable: bool,
    /// Whether it says of all requests that they are alike, so that one request more can make it wrong.
    pub of_all_requests: bool,
    /// Whether it finds what does nothing, so that editors may show it faded.
    pub of_what_is_idle: bool,
    /// Rules of the validator whose findings this one's stand for, where both see the same defect.
    pub instead_of: &'static [&'static str],
    /// Rules of the validator whose findings stand for this one's, where both see the same defect.
    pub yields_to: &'static [&'static str],
    /// The code.
    pub check: Check,
}

/// The code of a rule over text and syntax.
pub type Text = fn(&Context<'_>, &mut Vec<Finding>);
/// The code of a rule over the texts of all stores.
pub type Whole = fn(&Repo, &mut Vec<Finding>);
/// The code of a rule by proof.
pub type Proof = fn(&mut Facts<'_>, &mut Proved);

/// The code of a rule. Either adds what it finds, in any order; [`super::run`] fills in the store and the level, which
/// is the configured one, or the finding's own where that is milder than both it and the rule's.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// Reads text and syntax, with or without a schema.
    Text(Text),
    /// The same, of all stores together; it names the store of what it finds.
    Whole(Whole),
    /// Asks the engine; runs where there is a schema that can be used, or one that is inferred if that will do.
    Proof(Proof),
}

impl LintRule {
    /// A rule over text and syntax.
    pub(super) const fn text(meta: Rule, check: Text) -> Self {
        Self {
            meta,
            on_demand: false,
            inferable: false,
            of_all_requests: false,
            of_what_is_idle: false,
            instead_of: &[],
            yields_to: &[],
            check: Check::Text(check),
        }
    }

    /// A rule over the text and syntax of all stores together.
    pub(super) const fn repo(meta: Rule, check: Whole) -> Self {
        Self { check: Check::Whole(check), ..Self::text(meta, |_, _| {}) }
    }

    /// A rule by proof.
    pub(super) const fn proof(meta: Rule, check: Proof) -> Self {
        Self {
            meta,
            on_demand: false,
            inferable: false,
            of_all_requests: false,
            of_what_is_idle: false,
            instead_of: &[],
            yields_to: &[],
            check: Check::Proof(check),
        }
    }

    /// The same, run only when somebody asks for it.
    pub(super) const fn on_demand(self) -> Self {
        Self { on_demand: true, ..self }
    }

    /// The same, run under an inferred schema too.
    pub(super) const fn inferable(self) -> Self {
        Self { inferable: true, ..self }
    }

    /// The same, which says of all requests that they are alike.
    pub(super) const fn of_all_requests(self) -> Self {
        Self { of_all_requests: true, ..self }
    }

    /// The same, which finds what does nothing.
    pub(super) const fn of_what_is_idle(self) -> Self {
        Self { of_what_is_idle: true, ..self }
    }

    /// The same, with findings that stand for those of `rules`, which are the validator's.
    pub(super) const fn instead_of(self, rules: &'static [&'static str]) -> Self {
        Self { instead_of: rules, ..self }
    }

    /// The same, whose findings those of `rules`, which are the validator's, stand for.
    pub(super) const fn yields_to(self, rules: &'static [&'static str]) -> Self {
        Self { yields_to: rules, ..self }
    }
}

/// Declares the modules of rules and lists them, so that a rule is named once.
macro_rules! list_rules {
    ($($rule:ident)*) => {
        $(mod $rule;)*

        /// The rules of this folder, by id.
        pub(super) static ALL: &[&super::rule::LintRule] = &[$(&$rule::RULE),*];
    };
}

pub(super) use list_rules;
