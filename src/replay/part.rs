//! Parts of an answer, written down and joined.
//!
//! # Why
//!
//! A part keeps what was counted of each input by itself, with the digest of its content: joined again, an input that
//! is there already is the same and adds nothing. So parts may be joined in any order, in any grouping and repeatedly.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::outcome::replay::{Input, Merge, Tally};

/// The version of what is written.
const FORMAT: u32 = 1;

/// What was asked. Parts of different questions do not go together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// What the old side is called; none where that is the recorded decision.
    pub from: Option<String>,
    /// What the new side is called.
    pub to: String,
    /// From when on records count, as it was given.
    pub since: Option<String>,
    /// The same, in milliseconds since 1970.
    pub since_instant: Option<i64>,
    /// The percentage of records that was looked at.
    pub sample: Option<f64>,
    /// The digest of the policies, schemas and entities of both sides.
    pub digest: String,
    /// How many there are of what was read: stores, policies, templates, links, request environments, entities, and
    /// stores without a schema.
    pub summary: [usize; 7],
}

/// One input and what was counted of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Counted {
    input: Input,
    tally: Tally,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    polcheck_replay_part: u32,
    question: Question,
    inputs: Vec<Counted>,
}

/// Why parts cannot be read or joined, a phrase.
pub type PartError = String;

impl Part {
    /// The part of `question` in which nothing was counted.
    #[must_use]
    pub fn new(question: Question) -> Self {
        Self { polcheck_replay_part: FORMAT, question, inputs: Vec::new() }
    }

    /// What was asked.
    #[must_use]
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// Adds what was counted of `input`.
    pub fn add(&mut self, input: Input, tally: Tally) {
        self.inputs.push(Counted { input, tally });
        self.settle();
    }

    /// Each content once, under the first of its names, in the order of digests.
    fn settle(&mut self) {
        self.inputs
            .sort_by(|one, other| (&one.input.digest, &one.input.log).cmp(&(&other.input.digest, &other.input.log)));
        self.inputs.dedup_by(|one, other| one.input.digest == other.input.digest);
    }

    /// Joins `other` to it.
    ///
    /// # Errors
    /// When it is a part of another question.
    pub fn join(&mut self, other: Self) -> Result<(), PartError> {
        if self.question != other.question {
            let differs = difference(&self.question, &other.question);
            return Err(format!("it is a part of another answer: {differs}; join parts of one question"));
        }
        self.inputs.extend(other.inputs);
        self.settle();
        Ok(())
    }

    /// What was read, in the order of names, and all that was counted.
    #[must_use]
    pub fn total(self) -> (Vec<Input>, Tally) {
        let mut tally = Tally::default();
        let mut inputs = Vec::new();
        for counted in self.inputs {
            tally.merge(counted.tally);
            inputs.push(counted.input);
        }
        inputs.sort();
        (inputs, tally)
    }

    /// As one line of JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// The parts that `text` holds, one after the other.
    ///
    /// # Errors
    /// When it holds anything else, or nothing.
    pub fn read(text: &str) -> Result<Vec<Self>, PartError> {
        let parts: Result<Vec<Self>, _> = serde_json::Deserializer::from_str(text).into_iter().collect();
        let parts = parts.map_err(|error| format!("it is no part that `polcheck replay --partial` wrote: {error}"))?;
        if parts.is_empty() {
            return Err("it holds no part".to_owned());
        }
        match parts.iter().find(|part| part.polcheck_replay_part != FORMAT) {
            Some(_) => Err("another version of polcheck wrote it; write it anew".to_owned()),
            None => Ok(parts),
        }
    }
}

/// What two questions differ in.
fn difference(one: &Question, other: &Question) -> &'static str {
    let differs: BTreeMap<&str, bool> = [
        ("`--from` differs", one.from != other.from),
        ("`--to` differs", one.to != other.to),
        ("`--since` differs", one.since_instant != other.since_instant || one.since != other.since),
        ("`--sample` differs", one.sample != other.sample),
    ]
    .into();
    let found = differs.into_iter().find(|(_, differs)| *differs);
    found.map_or("the policies, schemas or entities differ", |(what, _)| what)
}
