//! Where a file is shown on the web.

use crate::text::Location;

/// The address of the file of `location` below `base`, at its line unless that is `bare`. It holds nothing that ends a
/// link in Markdown or HTML.
pub(super) fn of(base: &str, location: &Location, bare: bool) -> String {
    let mut address = format!("{}/", base.trim_end_matches('/'));
    for byte in location.path().bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    let line = if bare { String::new() } else { format!("#L{}", location.start().line) };
    format!("{address}{line}")
}
