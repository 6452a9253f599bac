//! Rows of one table that ask what another of its rows asks: the same request over the same entities.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use cedar_policy::Request;
use serde_json::Value;

use super::rows::{Row, RowContext, RowEntities, Who};
use super::rules::SAME_REQUEST_ROWS;
use crate::finding::{Finding, Level};
use crate::outcome::{Expected, TestResult};
use crate::repo::Table;
use crate::text::{Location, inline};

/// How many rows of a table are findings of their own.
const MOST: usize = 20;

/// What a row asks, so that two rows ask the same when theirs are equal.
pub(super) type Question = u128;

/// The question of a row whose request is `request`.
pub(super) fn question(row: &Row<'_>, request: &Request) -> Question {
    hashed(|hasher| {
        (request.principal(), request.action(), request.resource()).hash(hasher);
        context(&row.context, hasher);
        row.world.hash(hasher);
        match &row.entities {
            RowEntities::OfStore | RowEntities::Ready(_) => {}
            RowEntities::Inline(node) => node.raw.hash(hasher),
            RowEntities::Built(json, _) => json.hash(hasher),
            RowEntities::File(file) => file.path().hash(hasher),
        }
    })
}

/// The question who is allowed something.
pub(super) fn question_who(who: &Who<'_>) -> Question {
    hashed(|hasher| {
        ("who", &who.action, &who.resource).hash(hasher);
        context(&who.context, hasher);
        who.world.hash(hasher);
    })
}

/// What is hashed, byte for byte.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write(&self.0);
        hasher.finish()
    }
}

/// Twice 64 bits: too many for two questions to meet by chance.
fn hashed(write: impl Fn(&mut Bytes)) -> Question {
    let mut bytes = Bytes::default();
    write(&mut bytes);
    let first = bytes.finish();
    bytes.write_u8(1);
    (u128::from(first) << 64) | u128::from(bytes.finish())
}

fn context(context: &RowContext<'_>, hasher: &mut Bytes) {
    match serde_json::from_str::<Value>(context.json()) {
        Ok(value) => sorted(&value, hasher),
        Err(_) => context.json().hash(hasher),
    }
}

/// `value` whatever the order of its keys.
fn sorted(value: &Value, hasher: &mut Bytes) {
    match value {
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            fields.len().hash(hasher);
            for (key, value) in fields {
                key.hash(hasher);
                sorted(value, hasher);
            }
        }
        Value::Array(items) => {
            items.len().hash(hasher);
            items.iter().for_each(|item| sorted(item, hasher));
        }
        plain => plain.to_string().hash(hasher),
    }
}

/// The first row of each question of one table, and those that repeat it.
#[derive(Default)]
pub(super) struct Repeats {
    first: HashMap<Question, First>,
    found: Vec<Finding>,
    /// How many more there are than are shown.
    more: usize,
}

struct First {
    id: String,
    location: Location,
    expected: Option<Expected>,
}

impl Repeats {
    /// Adds a row of `table` that was decided.
    pub(super) fn add(&mut self, question: Question, result: &TestResult) {
        let expected = result.expected.as_ref();
        let new = || First { id: result.id.clone(), location: result.location.clone(), expected: expected.cloned() };
        let first = match self.first.entry(question) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(new());
                return;
            }
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
        };
        let answer = |expected: Option<&Expected>| expected.map(|expected| (expected.decision, expected.who.clone()));
        let contradict = answer(first.expected.as_ref()) != answer(expected);
        // A row that says besides which policies decide, or fail, says more than the other.
        if !contradict && first.expected.as_ref() != expected {
            return;
        }
        if self.found.len() >= MOST && !contradict {
            self.more += 1;
            return;
        }
        let name = inline(&first.id);
        let (level, message, help) = if contradict {
            let message =
                format!("this row asks the same as `{name}` and expects another answer, so one of them fails");
            (Level::Error, message, "keep the one that is meant")
        } else {
            let message = format!("this row asks the same as `{name}`");
            (Level::Warning, message, "change what it asks, or remove it; a copy tests nothing new")
        };
        let finding = Finding::new(SAME_REQUEST_ROWS.id, level, result.location.clone(), message).help(help);
        self.found.push(finding.related(first.location.clone(), "the other row", None));
    }

    /// What is said of the rows of `table`, of the store called `store`. Tables of others are mostly generated: what
    /// repeats itself there is a note.
    pub(super) fn findings(self, table: &Table, store: &str, own: bool) -> Vec<Finding> {
        let mut found = self.found;
        if self.more > 0 {
            let message = format!("{} more rows of this table ask what another of its rows asks", self.more);
            let finding =
                Finding::new(SAME_REQUEST_ROWS.id, Level::Warning, Location::of_path(table.file.path()), message);
            found.push(finding.help("remove the copies"));
        }
        let milder = |finding: Finding| match finding.level {
            Level::Warning if !own => Finding { level: Level::Note, ..finding },
            _ => finding,
        };
        found.into_iter().map(|finding| milder(finding.store(store))).collect()
    }
}
