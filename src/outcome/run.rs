//! A whole run: findings, rows, what was read, what was left out, and the verdict.

use crate::finding::{FailOn, Finding, Level};
use crate::outcome::changes::Comparison;
use crate::outcome::replay::Replayed;
use crate::outcome::{
    Breadth, Cacheable, Coverage, Explained, FixResult, Guardrails, Matrix, Mutation, Notice, Status, StoreContents,
    StoreImpact, TestResult, Weight, WhoCan,
};
use crate::rule::Catalogue;

/// A Cedar-looking file that was not used, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// The file's path.
    pub path: String,
    /// The reason, a phrase.
    pub why: String,
}

/// What was read, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Stores.
    pub stores: usize,
    /// Static policies.
    pub policies: usize,
    /// Templates.
    pub templates: usize,
    /// Template links.
    pub links: usize,
    /// Request environments of all schemas.
    pub environments: usize,
    /// Entities in entity files.
    pub entities: usize,
    /// Stores that have no schema.
    pub schemaless: usize,
}

/// How many of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Findings by level.
    pub findings: [usize; 3],
    /// Rows that passed.
    pub pass: usize,
    /// Rows that failed.
    pub fail: usize,
    /// Rows that could not run.
    pub error: usize,
    /// Rows skipped.
    pub skip: usize,
}

/// What a run comes to. Exit codes: `docs/` and `--help` list them; see [`Verdict::exit_code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing at or above the fail level.
    Clean,
    /// Findings at or above the fail level.
    Findings,
    /// Rows failed or could not run, a guardrail is broken, or too little is covered.
    Failed,
    /// Effective permissions changed; whether that fails the run is the gates' to say.
    Changes,
    /// Something that was asked for could not be decided.
    Inconclusive,
    /// Nothing was there to check.
    NothingChecked,
    /// Configuration is wrong, or the run itself failed.
    Error,
}

impl Verdict {
    /// The word in `--report json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Findings => "findings",
            Self::Failed => "failed",
            Self::Changes => "changes",
            Self::Inconclusive => "inconclusive",
            Self::NothingChecked => "nothing_checked",
            Self::Error => "error",
        }
    }

    /// The process's exit code, gates aside: [`Outcome::exit_code`] heeds them.
    #[must_use]
    fn exit_code(self) -> u8 {
        match self {
            Self::Clean | Self::Changes => 0,
            Self::Findings | Self::Failed => 1,
            Self::Error => 2,
            Self::NothingChecked => 3,
            Self::Inconclusive => 4,
        }
    }
}

/// Everything that a report may say.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The command that ran, such as `check`.
    pub command: &'static str,
    /// Findings in stable order; see [`Finding::finish`].
    pub findings: Vec<Finding>,
    /// Findings that a comment suppresses, each with the reason given there.
    pub suppressed: Vec<(Finding, String)>,
    /// The day that counted as today, `YYYY-MM-DD`, when it mattered.
    pub now: Option<String>,
    /// Rows in the order of their files and places.
    pub tests: Vec<TestResult>,
    /// How many rows passed and are not among them.
    pub passed: usize,
    /// What was not decided or not looked at, and what rows show besides.
    pub notices: Vec<Notice>,
    /// Rules whose notes were asked for, and are shown whatever else is.
    pub demanded: Vec<&'static str>,
    /// Permits by how far they reach, when that was asked for.
    pub breadth: Vec<Breadth>,
    /// What became of findings that can be mended, when that was asked for.
    pub fixes: Vec<FixResult>,
    /// What rows exercise, when that was asked for.
    pub coverage: Option<Coverage>,
    /// What rows notice of small changes of policies, when that was asked for.
    pub mutation: Option<Mutation>,
    /// The decision that was to be explained.
    pub explained: Option<Explained>,
    /// What the decisions of each action hang on, when that was asked for.
    pub cacheable: Vec<Cacheable>,
    /// What was proved of guardrails, when that was asked for.
    pub guardrails: Guardrails,
    /// What changed between two revisions, when that was asked for.
    pub comparison: Option<Comparison>,
    /// Whom a change touches, of the entities that are known, store by store.
    pub impact: Vec<StoreImpact>,
    /// Which types and groups of principals may do what, store by store, when that was asked for.
    pub matrix: Vec<Matrix>,
    /// What stores hold, where the texts are to be shown.
    pub contents: Vec<StoreContents>,
    /// Who may do what, when that was asked for.
    pub who_can: Option<WhoCan>,
    /// What recorded decisions say, when that was asked for.
    pub replayed: Option<Replayed>,
    /// Cedar-looking files that were not used.
    pub left_out: Vec<LeftOut>,
    /// What was read.
    pub summary: Summary,
    /// The stores whose policies were not validated, for lack of a schema that can be used, by name.
    pub not_validated: Vec<String>,
    /// Whether there was anything to check.
    pub checked_something: bool,
    /// Whether configuration is wrong: its findings are among `findings`.
    pub misconfigured: bool,
    /// The level that fails the run.
    pub fail_on: FailOn,
    /// Whether what the revision compared with has as well neither fails the run nor is shown.
    pub only_new: bool,
    /// Every rule that a finding may carry.
    pub catalogue: Catalogue,
}

impl Outcome {
    /// The outcome of `command`, before anything was read: nothing was found, and nothing was checked. `catalogue` has
    /// every rule that a finding may carry.
    #[must_use]
    pub fn new(command: &'static str, catalogue: Catalogue) -> Self {
        Self {
            command,
            catalogue,
            findings: Vec::new(),
            suppressed: Vec::new(),
            now: None,
            tests: Vec::new(),
            passed: 0,
            notices: Vec::new(),
            demanded: Vec::new(),
            breadth: Vec::new(),
            fixes: Vec::new(),
            coverage: None,
            mutation: None,
            explained: None,
            cacheable: Vec::new(),
            guardrails: Guardrails::default(),
            comparison: None,
            impact: Vec::new(),
            matrix: Vec::new(),
            contents: Vec::new(),
            who_can: None,
            replayed: None,
            left_out: Vec::new(),
            summary: Summary::default(),
            not_validated: Vec::new(),
            checked_something: false,
            misconfigured: false,
            fail_on: FailOn::default(),
            only_new: false,
        }
    }

    /// The notices of one weight, in order.
    pub fn notices_of(&self, weight: Weight) -> impl Iterator<Item = &Notice> {
        self.notices.iter().filter(move |notice| notice.kind.weight() == weight)
    }

    /// What could not be decided.
    pub fn inconclusive(&self) -> impl Iterator<Item = &Notice> {
        self.notices_of(Weight::Inconclusive)
    }

    /// What was not looked at, a sentence each: never an error, always said.
    pub fn gaps(&self) -> impl Iterator<Item = &str> {
        self.notices_of(Weight::Unchecked).map(|notice| notice.message.as_str())
    }

    /// What is worth a word where everything is asked for, a sentence each.
    pub fn details(&self) -> impl Iterator<Item = &str> {
        self.notices_of(Weight::Detail).map(|notice| notice.message.as_str())
    }

    /// What rows show and do not fail for, a sentence each.
    pub fn remarks(&self) -> impl Iterator<Item = &str> {
        self.notices_of(Weight::Remark).map(|notice| notice.message.as_str())
    }

    /// Whether `finding` counts: one that the baseline lacks, and that is new where only that counts.
    #[must_use]
    pub fn counts(&self, finding: &Finding) -> bool {
        !finding.baselined && (!self.only_new || finding.new != Some(false))
    }

    /// Whether `row` counts, in the same sense.
    #[must_use]
    pub fn counts_row(&self, row: &TestResult) -> bool {
        !self.only_new || row.new != Some(false)
    }

    /// Whether `finding` fails the run.
    #[must_use]
    pub fn fails(&self, finding: &Finding) -> bool {
        self.counts(finding) && self.fail_on.reached_by(finding.level)
    }

    /// The rows that failed or could not run, and count.
    pub fn bad_rows(&self) -> impl Iterator<Item = &TestResult> {
        self.tests.iter().filter(|row| row.is_bad() && self.counts_row(row))
    }

    /// The process's exit code.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.verdict() {
            Verdict::Changes if self.refused() > 0 => 1,
            verdict => verdict.exit_code(),
        }
    }

    /// How many changes of permissions, and of recorded decisions, gates refuse.
    #[must_use]
    pub fn refused(&self) -> usize {
        let replayed = self.replayed.as_ref().map_or(0, Replayed::refused);
        self.comparison.as_ref().map_or(0, Comparison::refused) + usize::try_from(replayed).unwrap_or(usize::MAX)
    }

    /// The verdict, the first that holds of: error, findings, failed, refused changes, inconclusive, nothing checked,
    /// changes, clean.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.misconfigured {
            Verdict::Error
        } else if self.findings.iter().any(|finding| self.fails(finding)) {
            Verdict::Findings
        } else if self.bad_rows().next().is_some()
            || self.coverage.as_ref().is_some_and(Coverage::below_floor)
            || self.mutation.as_ref().is_some_and(Mutation::below_floor)
            || self.guardrails.fails()
        {
            Verdict::Failed
        } else if self.refused() > 0 {
            Verdict::Changes
        } else if self.inconclusive().next().is_some() {
            Verdict::Inconclusive
        } else if !self.checked_something {
            Verdict::NothingChecked
        } else if self.comparison.as_ref().is_some_and(Comparison::changes_access)
            || self.replayed.as_ref().is_some_and(|replayed| replayed.tally.changed() > 0)
        {
            Verdict::Changes
        } else {
            Verdict::Clean
        }
    }

    /// How many rows there are, run or not.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.passed + self.tests.len()
    }

    /// How many findings and rows of each kind.
    #[must_use]
    pub fn count(&self) -> Count {
        self.count_of(&|_| true)
    }

    /// The same of the findings that are `wanted`, and of all rows.
    #[must_use]
    pub fn count_of(&self, wanted: &dyn Fn(&Finding) -> bool) -> Count {
        let level =
            |level: Level| self.findings.iter().filter(|finding| finding.level == level && wanted(finding)).count();
        let status = |status: Status| self.tests.iter().filter(|row| row.status == status).count();
        Count {
            findings: [level(Level::Error), level(Level::Warning), level(Level::Note)],
            pass: self.passed + status(Status::Pass),
            fail: status(Status::Fail),
            error: status(Status::Error),
            skip: status(Status::Skip),
        }
    }
}
