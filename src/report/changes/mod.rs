//! What a comparison says to people: the one owner of its wording, whatever the format.

mod conditions;
mod headline;
mod phrase;
mod remarks;
mod sentence;
mod view;
mod who;

pub(super) use headline::{headline, text_changes};
pub(super) use phrase::Phrase;
pub(super) use remarks::{Undecided, accepted, schema_changes, set_aside};
pub(super) use view::{Change, View, label, place};
