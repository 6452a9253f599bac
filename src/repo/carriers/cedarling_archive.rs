//! Cedarling: a policy store in an archive (`.cjar`), which is a folder as a zip file.
//!
//! # Why
//!
//! An archive has no lines: what is found in it stands at the archive, under the name of what it is in there.

use std::io::{Cursor, Read};
use std::sync::Arc;

use zip::ZipArchive;

use super::fill::Filled;
use super::spec::{self, Carried, Home, Neighbours, Role, Spec};
use crate::data::Fault;
use crate::text::{Mapped, SourceFile, Span, inline};

pub(super) const SPEC: Spec = Spec {
    name: "an archive of Cedarling",
    endings: &[".cjar"],
    marks: &["PK\u{3}\u{4}", "PK\u{5}\u{6}"],
    is_text: false,
    read: spec::Read::File(read),
};

/// More files than these in one archive, and more bytes in all of them, are not read.
const MOST_FILES: usize = 10_000;
const MOST_BYTES: u64 = 64 * 1024 * 1024;

fn read(file: &Arc<SourceFile>, around: &dyn Neighbours) -> Option<Carried> {
    let bytes = around.bytes(file.path())?;
    Some(opened(file, &bytes).unwrap_or_else(|why| Carried::unreadable(file, SPEC.name, &Fault::new(why))))
}

fn opened(file: &Arc<SourceFile>, bytes: &[u8]) -> Result<Carried, String> {
    let unreadable = |error: zip::result::ZipError| format!("it cannot be unpacked: {}", inline(&error.to_string()));
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
    if archive.len() > MOST_FILES {
        return Err(format!("it holds {} files; more than {MOST_FILES} are not read", archive.len()));
    }
    let mut carried = Carried::of(file);
    let home = Home::Store { place: file.path().to_owned(), label: String::new() };
    let mut left = MOST_BYTES;
    let mut found: Vec<(String, Role, Result<String, &'static str>)> = Vec::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(unreadable)?;
        let name = entry.name().to_owned();
        let Some(role) = role(&name) else { continue };
        let mut content = Vec::new();
        let read = entry.by_ref().take(left + 1).read_to_end(&mut content);
        let size = content.len() as u64;
        left = left
            .checked_sub(size)
            .ok_or_else(|| format!("it holds more than {MOST_BYTES} bytes, which are not read"))?;
        let text = match read {
            Ok(_) => String::from_utf8(content).map_err(|_| "it is not UTF-8"),
            Err(_) => Err("it cannot be unpacked"),
        };
        found.push((name, role, text));
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    for (path, role, text) in found {
        let name = path.strip_suffix(role.ending()).unwrap_or(&path);
        let what = if matches!(role, Role::Schema | Role::SchemaJson) { "schema" } else { "policy" };
        match text {
            Ok(text) if role == Role::Entities && !text.trim_start().starts_with('[') => {
                let why = "its default entities are not written as Cedar's are, so they are not among those known";
                carried.left_out.push((file.path().to_owned(), why.to_owned()));
            }
            Ok(text) => {
                let text = Filled::whole(Mapped::whole(&text, Span::default()));
                carried.add_filled((what, name), role, home.clone(), text);
            }
            Err(why) => carried.add_unknown((what, name), role, home.clone(), (Span::default(), why)),
        }
    }
    if carried.parts.is_empty() {
        carried.left_out.push((file.path().to_owned(), "no policy and no schema is in this archive".to_owned()));
    }
    Ok(carried)
}

/// What the file at `path` of an archive holds. What else is there is about the archive and who signs tokens.
fn role(path: &str) -> Option<Role> {
    let below = |folder: &str| path.starts_with(&format!("{folder}/")) || path.contains(&format!("/{folder}/"));
    let roles = [Role::PoliciesJson, Role::SchemaJson, Role::Policies, Role::Schema];
    let named = roles.into_iter().find(|role| path.ends_with(role.ending()));
    named.or_else(|| (path.ends_with(".json") && below("entities")).then_some(Role::Entities))
}
