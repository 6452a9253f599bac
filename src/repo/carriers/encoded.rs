//! Texts in base64.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::data::Item;
use crate::text::Mapped;

/// The text that `item` is the base64 of, all of which stands for the whole of it.
///
/// # Errors
/// Why it is none.
pub(super) fn from_base64(item: &Item) -> Result<Mapped, &'static str> {
    let text = item.text().ok_or("it is no text")?;
    let joined: String = text.split_whitespace().collect();
    let bytes = BASE64_STANDARD.decode(joined).map_err(|_| "it is no base64")?;
    let text = String::from_utf8(bytes).map_err(|_| "what stands there in base64 is not UTF-8")?;
    Ok(Mapped::whole(&text, item.span))
}
