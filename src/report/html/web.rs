//! Links to where files are shown on the web, if that is known.

use super::markup::Markup;
use crate::report::Options;
use crate::report::web_address;
use crate::text::Location;

/// `text` as a link to the file of `location`, at its line, where `options` say where files are.
pub(super) fn link(out: &mut Markup, location: &Location, options: &Options, text: impl FnOnce(&mut Markup)) {
    match options.link_base.filter(|_| location.path() != ".") {
        Some(base) => {
            let address = web_address::of(base, location, !location.has_lines());
            out.open("a", &[("href", &address), ("rel", "noreferrer")]);
            text(out);
            out.close("a");
        }
        None => text(out),
    }
}
