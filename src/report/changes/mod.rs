//! What a comparison says to people: the one owner of its wording, whatever the format.

mod conditions;
mod headline;
mod places;
mod remarks;
mod rulings;
mod sentence;
mod subjects;
mod untrusted_text;
mod view;

pub(super) use headline::{headline, text_changes};
pub(super) use places::{label, place};
pub(super) use remarks::{Undecided, accepted, schema_changes, set_aside};
pub(super) use rulings::{how_to_accept, ruling_of, weakened};
pub(super) use untrusted_text::Phrase;
pub(super) use view::{Change, View};
