//! Comparisons of two revisions: by hand, through the command line, and over histories and stores of others.

#[path = "../common/mod.rs"]
mod common;

mod cases;
mod cli;
mod corpora;
mod documents;
mod edit_texts;
mod fresh;
mod gates;
mod histories;
mod idle;
mod inferred;
mod inferred_corpora;
mod literals;
mod migrated;
mod readings;
mod stricter;
mod values;
