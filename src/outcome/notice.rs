//! News about a run itself: what was not decided or not looked at, and what rows show besides.

use crate::text::Location;

/// What a notice means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Something that was asked for could not be decided: the run is not green.
    Inconclusive,
    /// Something was not looked at, for lack of something or because nobody asked: said, and no fault.
    Unchecked,
    /// Something to know.
    Remark,
    /// Something to know for who asks for everything.
    Detail,
}

macro_rules! kinds {
    ($($name:ident, $word:literal, $weight:ident, $about:literal;)*) => {
        /// What a notice is about. Whether it makes a run inconclusive is declared here and nowhere else.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum NoticeKind {
            $(#[doc = $about] $name,)*
        }

        impl NoticeKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word in reports for programs.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// What it means for the run.
            #[must_use]
            pub fn weight(self) -> Weight {
                match self {
                    $(Self::$name => Weight::$weight,)*
                }
            }
        }
    };
}

kinds! {
    QuestionOpen, "question-open", Inconclusive, "A question about policies that has no answer.";
    Disagreement, "disagreement", Inconclusive, "The engine and Cedar's authorizer disagree: an internal error.";
    AskedInVain, "asked-in-vain", Inconclusive, "What was asked for by name and could not be looked for.";
    PolicyRefused, "policy-refused", Remark, "Policies that do not fit their schema, which validation looks into.";
    GuardrailUnproved, "guardrail-unproved", Inconclusive, "Guardrails that were not proved.";
    GuardrailWaits, "guardrail-waits", Detail, "Guardrails about changes, where nothing is compared.";
    Unresolved, "unresolved", Inconclusive, "A part of a carrier that nobody knows from the repository.";
    FilledIn, "filled-in", Remark, "What another program fills in before Cedar reads it, and nobody knows.";
    ChangeOpen, "change-open", Inconclusive, "Whether permissions changed is not decided.";
    ChangesUnlisted, "changes-unlisted", Remark, "Combinations of changed policies that change access and are not all listed.";
    BaseMisconfigured, "base-misconfigured", Inconclusive, "The configuration of the old side is wrong, so that its gates are not known.";
    BaseDefect, "base-defect", Unchecked, "A file of the old side is wrong.";
    NoSchema, "no-schema", Unchecked, "A store without a schema, whose policies are not validated.";
    SchemaInferred, "schema-inferred", Remark, "A store whose policies are analysed under a schema that is inferred from them.";
    SecondOpinion, "second-opinion", Remark, "What cvc5 said, which was asked as well.";
    ReadApart, "read-apart", Remark, "Stores that are taken for copies of others, so that they do not decide together.";
    SchemaElsewhere, "schema-elsewhere", Detail, "A store whose schema lies elsewhere in the repository.";
    NothingThere, "nothing-there", Unchecked, "A path that was asked for and holds nothing.";
    NothingFound, "nothing-found", Unchecked, "What looks like Cedar, or is called as it, where nothing was found.";
    NotAskedFor, "not-asked-for", Unchecked, "A file that does not load and was not asked for.";
    LinksElsewhere, "links-elsewhere", Unchecked, "A template without links here, whose links may live elsewhere.";
    ImpactUnknown, "impact-unknown", Unchecked, "Whom of the known entities a change touches could not be counted.";
    EntitiesChanged, "entities-changed", Remark, "Entities that are others on the old side.";
    NoEntities, "no-entities", Remark, "A store of which no entity is known, which answers by type.";
    RowsLeftOut, "rows-left-out", Unchecked, "Rows that were not run.";
    FloorLeftOut, "floor-left-out", Unchecked, "A floor of coverage that does not hold for a part of the rows.";
    FileEmptied, "file-emptied", Remark, "A file that mending leaves with no policy in it.";
    MoreToMend, "more-to-mend", Remark, "Fixes that others made possible and that were not looked into.";
    EntityMissing, "entity-missing", Remark, "The principal or resource of a request that is not among the entities.";
    RecordDiffers, "record-differs", Remark, "A recorded decision that is not the one of these policies.";
    RecordsUndecided, "records-undecided", Inconclusive, "More recorded decisions are undecided than may be.";
    RecordsLeftOpen, "records-left-open", Unchecked, "Recorded decisions that are undecided, no more than may be.";
    LinesUnread, "lines-unread", Unchecked, "Lines of a log that are no record.";
    RecordsLeftOut, "records-left-out", Unchecked, "Recorded decisions that were not asked for.";
    LogCut, "log-cut", Inconclusive, "A log of which the rest cannot be read.";
    LogRepeated, "log-repeated", Remark, "A log that was given twice and counts once.";
    RowRemark, "row-remark", Remark, "What rows show and do not fail for.";
}

/// One notice. Its message is one plain sentence or phrase, lower case, without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// What is said.
    pub message: String,
    /// The store, by name, where it is about one.
    pub store: Option<String>,
    /// The policy, by full name, where it is about one.
    pub policy: Option<String>,
    /// Where, if there is a place.
    pub location: Option<Location>,
    /// The text of a file to report an internal error with.
    pub attachment: Option<String>,
}

impl Notice {
    /// A notice of `kind`.
    #[must_use]
    pub fn new(kind: NoticeKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), store: None, policy: None, location: None, attachment: None }
    }

    /// The same, about a store.
    #[must_use]
    pub fn store(self, name: &str) -> Self {
        Self { store: Some(name.to_owned()), ..self }
    }

    /// The same, about a policy by full name.
    #[must_use]
    pub fn policy(self, name: &str) -> Self {
        Self { policy: Some(name.to_owned()), ..self }
    }

    /// The same, at a place.
    #[must_use]
    pub fn at(self, location: &Location) -> Self {
        Self { location: Some(location.clone()), ..self }
    }
}
