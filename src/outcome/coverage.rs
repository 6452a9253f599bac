//! Which policies and conditions the rows of decision tables exercise.

use super::PolicyRef;
use crate::text::Location;

/// How far rows exercise a static policy or a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyCoverage {
    /// Its store.
    pub store: String,
    /// The policy.
    pub policy: PolicyRef,
    /// Rows whose request is in its scope.
    pub in_scope: usize,
    /// Rows that satisfy it.
    pub satisfied: usize,
    /// Rows that it is a determining policy of.
    pub determining: usize,
    /// Rows in which it fails to evaluate.
    pub errors: usize,
    /// Rows that would be decided otherwise without it.
    pub decides: usize,
}

impl PolicyCoverage {
    /// Whether some row would be decided otherwise without it.
    #[must_use]
    pub fn covered(&self) -> bool {
        self.decides > 0
    }

    /// What is missing, a phrase; none when it is covered.
    #[must_use]
    pub fn missing(&self) -> Option<&'static str> {
        match self {
            _ if self.covered() => None,
            Self { in_scope: 0, .. } => Some("no row is in its scope"),
            Self { satisfied: 0, .. } => Some("no row satisfies it"),
            _ => Some("no row would be decided otherwise without it"),
        }
    }
}

/// What a condition is in its policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionKind {
    /// An operand of `&&`, `||`, `!` or `if`, or a whole clause, that is none of these itself.
    Operand,
    /// A `when` clause of several operands.
    When,
    /// An `unless` clause of several operands; what stands in its braces.
    Unless,
}

impl ConditionKind {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operand => "operand",
            Self::When => "when",
            Self::Unless => "unless",
        }
    }
}

/// How far rows exercise a condition. The conditions of a template are those of all of its links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionCoverage {
    /// Its store.
    pub store: String,
    /// Its policy, or the template.
    pub policy: PolicyRef,
    /// Where it stands; the policy's place where Cedar keeps no other.
    pub location: Location,
    /// As written, on one line; cut when long.
    pub text: String,
    /// What it is.
    pub kind: ConditionKind,
    /// Rows in which it is evaluated and true.
    pub trues: usize,
    /// Rows in which it is evaluated and false.
    pub falses: usize,
    /// Rows in which it is evaluated and fails, or is no truth value.
    pub errors: usize,
    /// Rows that would be decided otherwise if it had the other truth value and everything else was evaluated as it is.
    pub decides: usize,
}

impl ConditionCoverage {
    /// Whether it was seen true, seen false and shown to decide by itself.
    #[must_use]
    pub fn covered(&self) -> bool {
        self.missing().is_none()
    }

    /// What is missing, such as "never false, never decides alone"; none when it is covered.
    #[must_use]
    pub fn missing(&self) -> Option<String> {
        if self.trues + self.falses + self.errors == 0 {
            return Some("never evaluated".to_owned());
        }
        let gaps = [(self.trues, "never true"), (self.falses, "never false"), (self.decides, "never decides alone")];
        let missing: Vec<_> = gaps.into_iter().filter(|(count, _)| *count == 0).map(|(_, what)| what).collect();
        (!missing.is_empty()).then(|| missing.join(", "))
    }
}

/// Which policies and conditions rows exercise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Static policies and links, by place.
    pub policies: Vec<PolicyCoverage>,
    /// Conditions, by place.
    pub conditions: Vec<ConditionCoverage>,
    /// The revision since which policies had to change to be listed, as the user calls it.
    pub since: Option<String>,
    /// The percentage that fails the run when it is not reached.
    pub floor: Option<u32>,
}

impl Coverage {
    /// Policies and conditions that are covered, and all that are listed.
    #[must_use]
    pub fn figure(&self) -> (usize, usize) {
        let policies = self.policies.iter().map(PolicyCoverage::covered);
        let all: Vec<bool> = policies.chain(self.conditions.iter().map(ConditionCoverage::covered)).collect();
        (all.iter().filter(|covered| **covered).count(), all.len())
    }

    /// Covered policies and conditions of all that are listed, in percent, rounded down; 100 when there is nothing to
    /// cover.
    #[must_use]
    pub fn percent(&self) -> usize {
        let (covered, all) = self.figure();
        (covered * 100).checked_div(all).unwrap_or(100)
    }

    /// Whether there is a floor and it is not reached.
    #[must_use]
    pub fn below_floor(&self) -> bool {
        self.floor.is_some_and(|floor| self.percent() < usize::try_from(floor).unwrap_or(usize::MAX))
    }

    /// Leaves the policies that stand in one of `places`, which are sorted, with their conditions.
    pub fn keep(&mut self, places: &[Location]) {
        self.policies.retain(|policy| places.binary_search(&policy.policy.location).is_ok());
        self.conditions.retain(|condition| places.binary_search(&condition.policy.location).is_ok());
    }
}
