//! Who may do what, over the entities that are known.

use std::sync::Arc;

/// What is asked of a context that is not given: allowed where one of `when` holds, if there is any, and none of
/// `unless`. All are Cedar expressions; one that errs does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccessCondition {
    /// What permits ask; none where one holds whatever the context is.
    pub when: Vec<String>,
    /// What forbids ask.
    pub unless: Vec<String>,
    /// Whether Cedar's authorizer allowed a request with some context; otherwise it is not known whether there is any.
    pub shown: bool,
}

impl AccessCondition {
    /// All of it as one expression.
    #[must_use]
    pub fn text(&self) -> String {
        let alone = self.when.len() + self.unless.len() == 1;
        let held = |text: &String| if alone || !binds_loosely(text) { text.clone() } else { format!("({text})") };
        let when: Vec<String> = self.when.iter().map(held).collect();
        let mut parts = Vec::new();
        match when.as_slice() {
            [] => {}
            [only] => parts.push(only.clone()),
            several if self.unless.is_empty() => parts.push(several.join(" || ")),
            several => parts.push(format!("({})", several.join(" || "))),
        }
        parts.extend(self.unless.iter().map(|text| format!("!({text})")));
        parts.join(" && ")
    }
}

/// Whether parentheses are needed beside `&&` and `||`.
fn binds_loosely(text: &str) -> bool {
    text.contains("||") || text.contains("&&") || text.starts_with("if ")
}

/// What a request comes to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Nobody is let in, whatever the context.
    Denied,
    /// The context decides.
    Conditional(Arc<AccessCondition>),
    /// Allowed, whatever the context.
    Allowed,
}

impl Access {
    /// The word in reports.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Denied => "deny",
            Self::Allowed => "allow",
            Self::Conditional(_) => "conditional",
        }
    }

    /// What the context is asked.
    #[must_use]
    pub fn condition(&self) -> Option<&AccessCondition> {
        match self {
            Self::Conditional(condition) => Some(condition),
            Self::Denied | Self::Allowed => None,
        }
    }
}

/// Some of a list of names, which many such sets share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    table: Arc<[Arc<str>]>,
    members: Arc<[u32]>,
}

impl Names {
    /// Those of `table` at the places `members`.
    #[must_use]
    pub fn new(table: &Arc<[Arc<str>]>, members: Arc<[u32]>) -> Self {
        Self { table: Arc::clone(table), members }
    }

    /// All of `names`.
    #[must_use]
    pub fn all(names: impl IntoIterator<Item = String>) -> Self {
        let table: Arc<[Arc<str>]> = names.into_iter().map(Arc::from).collect();
        let members = (0_u32..).take(table.len()).collect();
        Self { table, members }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The names, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.members.iter().filter_map(|at| self.table.get(usize::try_from(*at).ok()?)).map(|name| &**name)
    }

    /// The places of the names in their list.
    #[must_use]
    pub fn members(&self) -> &[u32] {
        &self.members
    }
}

/// Every one of these principals may do every one of these actions to every one of these resources, or may not, alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessGroup {
    /// As Cedar writes them, sorted: entities, or types where no entity is known.
    pub principals: Names,
    /// The same.
    pub actions: Names,
    /// The same.
    pub resources: Names,
    /// What it comes to.
    pub now: Access,
    /// What it came to in the revision compared with, where there is one.
    pub before: Option<Access>,
    /// Whether some of it is new; where that hangs on the context and is not decided, it is said to be.
    pub gains: bool,
    /// Whether some of it is gone, in the same sense.
    pub loses: bool,
}

impl AccessGroup {
    /// How many requests it stands for, the context aside.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.principals.len() * self.actions.len() * self.resources.len()
    }

    /// Whether it differs from the revision compared with.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.before.as_ref().is_some_and(|before| *before != self.now)
    }
}

/// The answer of one store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreAccess {
    /// Its name.
    pub store: String,
    /// Whether it answers by types and conditions, since no entity is known.
    pub by_type: bool,
    /// Whether all that was asked has an answer; what has none is said in notices, and is not nobody.
    pub answered: bool,
    /// Those who have access, or had it; those that differ first, then the largest.
    pub groups: Vec<AccessGroup>,
}

/// What was asked, and every answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhoCan {
    /// The principal or type of principals asked about; all where there is none.
    pub principal: Option<String>,
    /// The action.
    pub action: Option<String>,
    /// The resource, or type of resources.
    pub resource: Option<String>,
    /// Whether the context is given.
    pub context: bool,
    /// What the revision compared with, and the other side, are called.
    pub sides: Option<[String; 2]>,
    /// The stores that were asked.
    pub stores: Vec<StoreAccess>,
}

/// How many take part, and in how many requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccessCount {
    /// Different principals.
    pub principals: usize,
    /// Different resources.
    pub resources: usize,
    /// Requests, the context aside.
    pub requests: usize,
}

impl AccessCount {
    /// The sum of `groups` of one store, each name once.
    pub fn of<'g>(groups: impl IntoIterator<Item = &'g AccessGroup>) -> Self {
        let (mut principals, mut resources, mut requests) = (Vec::new(), Vec::new(), 0);
        let mark = |seen: &mut Vec<bool>, names: &Names| {
            for at in names.members().iter().filter_map(|at| usize::try_from(*at).ok()) {
                if seen.len() <= at {
                    seen.resize(at + 1, false);
                }
                if let Some(seen) = seen.get_mut(at) {
                    *seen = true;
                }
            }
        };
        for group in groups {
            mark(&mut principals, &group.principals);
            mark(&mut resources, &group.resources);
            requests += group.requests();
        }
        let count = |seen: Vec<bool>| seen.into_iter().filter(|seen| *seen).count();
        Self { principals: count(principals), resources: count(resources), requests }
    }
}
