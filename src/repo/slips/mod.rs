//! What somebody who knows other languages writes for what Cedar has: said at its place, with what to write.
//!
//! # Why
//!
//! Cedar's parser names the token at which it stopped and all that it would have taken, which helps those who know its
//! grammar. So a statement that it refuses is looked through for what people write by mistake. Each detector says how
//! the text would read without the mistake, and Cedar's parser has the last word: only what it needs gone is told.
//! Detectors may therefore guess, and need not know where a word is right after all.
//!
//! | file | what it does |
//! |---|---|
//! | `scan` | tokens, those of other languages included |
//! | `slip` | a mistake, and what detectors see |
//! | `quotes`, `operators`, `words`, `calls`, `scope`, `head`, `tail` | the detectors, by where a mistake stands |
//! | `vocabulary` | operators written as words, and what Cedar has instead |
//! | `confirm` | which of their guesses Cedar confirms |
//! | `plain` | Cedar's own words, where nothing else is known |

mod calls;
mod confirm;
mod head;
mod operators;
mod plain;
mod quotes;
mod scan;
mod scope;
mod slip;
mod tail;
mod vocabulary;
mod words;

pub(super) use confirm::explain;
pub(super) use scan::{Kind, lexeme, string_length};
