//! The finding and its parts. A finding owns everything that it says.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::fix::{Fix, Left, Mend};
use crate::text::Location;
use crate::text::tokens::code;

/// How bad a finding is. Ordered from worst to mildest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Fails a run by default.
    Error,
    /// Shown by default.
    Warning,
    /// Shown with `-v`.
    Note,
}

impl Level {
    /// The word users write and read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// The mildest level that fails a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailOn {
    /// Errors.
    #[default]
    Error,
    /// Errors and warnings.
    Warning,
    /// Any finding.
    Note,
    /// No finding; failed rows still fail.
    Never,
}

impl FailOn {
    /// The words that users write.
    pub const WORDS: [&str; 4] = ["error", "warning", "note", "never"];

    /// The value that `word` names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "error" => Some(Self::Error),
            "warning" => Some(Self::Warning),
            "note" => Some(Self::Note),
            "never" => Some(Self::Never),
            _ => None,
        }
    }

    /// The one of the two that fails more runs.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        let reach = |fail_on: Self| {
            [Level::Error, Level::Warning, Level::Note].into_iter().filter(|level| fail_on.reached_by(*level)).count()
        };
        if reach(self) >= reach(other) { self } else { other }
    }

    /// Whether a finding of `level` fails the run.
    #[must_use]
    pub fn reached_by(self, level: Level) -> bool {
        match self {
            Self::Error => level <= Level::Error,
            Self::Warning => level <= Level::Warning,
            Self::Note => true,
            Self::Never => false,
        }
    }
}

/// A request environment: principal type, action and resource type, each in Cedar syntax.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Environment {
    /// Principal type, such as `User`.
    pub principal: String,
    /// Action, such as `Action::"view"`.
    pub action: String,
    /// Resource type, such as `Photo`.
    pub resource: String,
}

/// A second place that matters to a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub location: Location,
    /// What that place has to do with it.
    pub message: String,
    /// The policy there, by full name, if any.
    pub policy: Option<String>,
}

/// A concrete request, with the entities it needs, that shows the finding; both as Cedar's JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// Cedar's request JSON.
    pub request: serde_json::Value,
    /// Cedar's entity JSON.
    pub entities: serde_json::Value,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Stable rule id, kebab-case.
    pub rule: &'static str,
    /// Severity after configuration.
    pub level: Level,
    /// One plain sentence, no trailing full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The store by name.
    pub store: Option<String>,
    /// The policy by full name, `path#id`.
    pub policy: Option<String>,
    /// Where it is.
    pub location: Location,
    /// Where else the policy has the same; filled in when the run's findings are complete.
    pub also: Vec<Location>,
    /// Other places that matter.
    pub related: Vec<Related>,
    /// The request environments concerned; empty when the finding is about all or none.
    pub environments: Vec<Environment>,
    /// The entity types and actions concerned, in Cedar syntax, where the request environments are not known.
    pub names: Vec<String>,
    /// A request that proves it.
    pub evidence: Option<Evidence>,
    /// What mends it, where that can be done mechanically.
    pub fix: Option<Fix>,
    /// What would mend it and is left to a person.
    pub left: Option<Left>,
    /// What the fingerprint stands on: the place of the policy where there is one.
    pub subject: Option<Location>,
    /// Stable across runs and moves; filled in when the run's findings are complete.
    pub fingerprint: String,
    /// Whether the revision that the run compares with lacks it; `None` where there is none.
    pub new: Option<bool>,
    /// Whether the baseline has it, so that it fails nothing.
    pub baselined: bool,
}

impl Finding {
    /// A finding of `rule` at `location`, with nothing else said yet.
    #[must_use]
    pub fn new(rule: &'static str, level: Level, location: Location, message: impl Into<String>) -> Self {
        Self {
            rule,
            level,
            message: message.into(),
            help: None,
            store: None,
            policy: None,
            location,
            also: Vec::new(),
            related: Vec::new(),
            environments: Vec::new(),
            names: Vec::new(),
            evidence: None,
            fix: None,
            left: None,
            subject: None,
            fingerprint: String::new(),
            new: None,
            baselined: false,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what mends it.
    #[must_use]
    pub fn fix(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }

    /// Adds what mends it, or what is left to a person.
    #[must_use]
    pub fn mend(mut self, mend: Mend) -> Self {
        match mend {
            Some(Ok(fix)) => self.fix = Some(fix),
            Some(Err(left)) => self.left = Some(left),
            None => {}
        }
        self
    }

    /// Names the store.
    #[must_use]
    pub fn store(mut self, store: impl Into<String>) -> Self {
        self.store = Some(store.into());
        self
    }

    /// Names the policy (full name) and its place, on whose text the fingerprint stands.
    #[must_use]
    pub fn policy(mut self, name: impl Into<String>, place: &Location) -> Self {
        self.policy = Some(name.into());
        self.subject = Some(place.clone());
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn related(mut self, location: Location, message: impl Into<String>, policy: Option<String>) -> Self {
        self.related.push(Related { location, message: message.into(), policy });
        self
    }

    /// Sorts findings (by place, then rule, then message), drops exact repeats, makes one of what one policy has in
    /// several places, and fills in the fingerprints.
    ///
    /// The fingerprint is a hash of rule, policy and the text at the place, both without comments and white space, and
    /// knows neither path nor line numbers nor request environments: a new action makes no finding another. Findings
    /// alike in all of these are told apart by a running number in the stable order.
    pub fn finish(findings: &mut Vec<Self>) {
        let others = |finding: &Self| -> Vec<(Location, String)> {
            finding.related.iter().map(|other| (other.location.clone(), other.message.clone())).collect()
        };
        findings.sort_by(|a, b| {
            let order = (&a.location, a.level, a.rule, &a.message).cmp(&(&b.location, b.level, b.rule, &b.message));
            order.then_with(|| others(a).cmp(&others(b)))
        });
        // Stores that share a file share what is wrong with it, and that is said once.
        let cause = |finding: &Self| {
            let Self { rule, location, policy, help, environments, .. } = finding;
            (*rule, location.clone(), policy.clone(), help.clone(), environments.clone(), others(finding))
        };
        findings.dedup_by(|a, b| a.message == b.message && cause(a) == cause(b));
        fold(findings);
        let mut seen = HashMap::<String, usize>::new();
        // A policy with thousands of findings is hashed once.
        let mut subjects = HashMap::new();
        for finding in findings {
            let subject = finding.subject.as_ref().map(|place| {
                *subjects
                    .entry((Arc::as_ptr(&place.file), place.span))
                    .or_insert_with(|| Sha256::digest(code(place.text()).as_bytes()).into())
            });
            let base = finding.base_fingerprint(subject);
            let count = seen.entry(base.clone()).or_default();
            *count += 1;
            finding.fingerprint = if *count == 1 { base } else { format!("{base}/{count}") };
        }
    }

    fn base_fingerprint(&self, subject: Option<[u8; 32]>) -> String {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        part(self.rule.as_bytes());
        match (subject, code(self.location.text())) {
            (Some(subject), at) => {
                part(&subject);
                part(at.as_bytes());
            }
            (None, at) if at.is_empty() => part(self.location.path().as_bytes()),
            (None, at) => part(at.as_bytes()),
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Makes one finding of those that say the same of one policy: its first place, and where else.
fn fold(findings: &mut Vec<Finding>) {
    type Cause = (&'static str, Level, String, Option<String>, Option<String>);
    let cause = |finding: &Finding| -> Option<Cause> {
        // What has other places or a request of its own has more to say than its message.
        let plain = finding.related.is_empty() && finding.evidence.is_none();
        let Finding { rule, level, message, help, store, .. } = finding;
        let policy = finding.policy.as_ref().filter(|_| plain)?;
        Some((*rule, *level, format!("{policy}\n{message}"), help.clone(), store.clone()))
    };
    let mut first: HashMap<Cause, usize> = HashMap::new();
    let mut kept: Vec<Finding> = Vec::new();
    for finding in findings.drain(..) {
        let Some(cause) = cause(&finding) else {
            kept.push(finding);
            continue;
        };
        match first.get(&cause).and_then(|at| kept.get_mut(*at)) {
            Some(known) if known.location.path() == finding.location.path() => {
                known.also.push(finding.location);
                match (&mut known.fix, finding.fix) {
                    (Some(fix), Some(more)) => fix.merge(more),
                    (fix, more) => *fix = fix.take().or(more),
                }
                let more = finding.environments.into_iter().filter(|one| !known.environments.contains(one));
                let more: Vec<Environment> = more.collect();
                known.environments.extend(more);
                known.names.extend(finding.names);
                known.names.sort_unstable();
                known.names.dedup();
            }
            _ => {
                first.insert(cause, kept.len());
                kept.push(finding);
            }
        }
    }
    *findings = kept;
}
