//! What a comparison says to people: the one owner of its wording, whatever the format.

mod besides;
mod change;
mod clauses;
mod edits;
mod entries;
mod example;
mod headline;
mod lead;
mod line;
mod places;
mod policies;
mod remarks;
mod rows;
mod rulings;
mod schema;
mod sentence;
mod subjects;
mod unfit;
mod untrusted_text;
mod view;

pub(super) use change::{Change, Entry};
pub(super) use entries::Said;
pub(super) use example::{example, example_request};
pub(super) use headline::{headline, text_changes};
pub(super) use line::{Case, Joint, Line};
pub(super) use places::{label, places, revision};
pub(super) use remarks::{Undecided, accepted, ill_typed, schema_changes, set_aside, without_effect};
pub(super) use rows::{entry, expected, rows};
pub(super) use rulings::{how_to_accept, ruling_of, weakened};
pub(super) use unfit::unfit;
pub(super) use untrusted_text::Phrase;
pub(super) use view::View;
