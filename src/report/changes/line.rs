//! Lines of clauses: what leads them, what they list, and what joins that.

use super::untrusted_text::Phrase;

/// One line of clauses: a lead such as `when`, and what it leads, which `joint` joins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Line {
    pub(in crate::report) lead: Phrase,
    /// Conjuncts, or alternatives.
    pub(in crate::report) items: Vec<Item>,
    /// What is between them.
    pub(in crate::report) joint: Joint,
}

/// A conjunct, or a policy and when it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Item {
    /// The conjunct, or the policy with its place.
    pub(super) what: Phrase,
    /// When the policy matches.
    pub(super) condition: Option<String>,
    /// The policy without its place.
    pub(super) policy: Option<Phrase>,
    /// Whether place and condition were said above.
    pub(super) above: bool,
}

impl Item {
    /// What is said as a whole.
    pub(super) fn of(what: Phrase) -> Self {
        Self { what, condition: None, policy: None, above: false }
    }

    /// All of it.
    pub(in crate::report) fn whole(&self) -> Phrase {
        match (&self.condition, &self.policy) {
            (_, Some(policy)) if self.above => policy.clone().say(", as above"),
            (Some(condition), _) => self.what.clone().say(": ").name(condition),
            (None, _) => self.what.clone(),
        }
    }
}

/// How the items of a line go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Joint {
    /// All have to hold.
    And,
    /// One has to hold.
    Or,
    /// None may hold.
    Nor,
}

impl Joint {
    /// The words.
    pub(in crate::report) fn as_str(self) -> &'static str {
        match self {
            Self::And => " && ",
            Self::Or | Self::Nor => ", or by ",
        }
    }
}

impl Line {
    /// A line of these items.
    pub(super) fn of(lead: Phrase, items: Vec<Item>, joint: Joint) -> Self {
        Self { lead, items, joint }
    }

    /// A line that is its lead.
    pub(super) fn word(lead: &str) -> Self {
        Self::of(Phrase::of(lead), Vec::new(), Joint::And)
    }

    /// Whether all that it leads was said above.
    pub(in crate::report) fn is_above(&self) -> bool {
        !self.items.is_empty() && self.items.iter().all(|item| item.above)
    }

    /// The same without places and conditions, of a line that names policies: `unless refused by a or b`.
    pub(in crate::report) fn named(&self) -> Option<Phrase> {
        let policies: Option<Vec<Phrase>> = self.items.iter().map(|item| item.policy.clone()).collect();
        let policies = policies.filter(|policies| !policies.is_empty())?;
        Some(self.lead.clone().say(" ").then(Phrase::listed(policies, "or")))
    }

    /// All on one line.
    pub(in crate::report) fn whole(&self) -> Phrase {
        let mut out = self.lead.clone();
        if self.is_above() {
            let policies = self.items.iter().filter_map(|item| item.policy.clone()).collect();
            return out.say(" ").then(Phrase::listed(policies, "or")).say(", as above");
        }
        // What all has to hold is one expression.
        let names: Option<Vec<&str>> = self.items.iter().map(|item| item.what.as_name()).collect();
        if let (Joint::And, Some(names), false) = (self.joint, names, self.items.is_empty()) {
            return out.say(" ").name(&names.join(Joint::And.as_str()));
        }
        for (at, item) in self.items.iter().enumerate() {
            out = out.say(if at == 0 { " " } else { self.joint.as_str() }).then(item.whole());
        }
        out
    }
}

/// Clauses, and for which of the entry's kinds of request, where not for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Case {
    pub(in crate::report) of: Option<Phrase>,
    pub(in crate::report) lines: Vec<Line>,
}
