//! A first polcheck.toml.

use std::fmt::Write as _;

use crate::repo::{Repo, SchemaSource};
use crate::text::inline;

/// Where polcheck is at home.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// polcheck.toml: the defaults, and an entry to fill in for schemas of which it cannot be told what they rule.
#[must_use]
pub fn settings(repo: &Repo) -> String {
    let mut text = format!(
        "#:schema {HOME}/raw/v{VERSION}/polcheck.schema.json\n# Configuration of polcheck. Every key may be left out.\n\n\
         # The mildest finding that fails a run: error, warning, note or never.\nfail-on = \"error\"\n\n\
         # Refuse changes that give somebody access, until they are accepted by name (`polcheck diff --accept`).\n\
         # [diff]\n# deny = [\"gained\"]\n\n\
         # A rule's level: error, warning, note or off; `polcheck rules` lists them.\n# [rules]\n# near-miss-name = \"note\"\n"
    );
    for finding in repo.findings.iter().filter(|finding| finding.rule == "schema-conflict") {
        text.push_str("\n# These schemas stand side by side, and only you know which policies each one rules. Fill in and uncomment:\n");
        let places = finding.related.iter().map(|related| related.location.path());
        for path in std::iter::once(finding.location.path()).chain(places) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# [[store]]\n# name = \"\"\n# schema = {}\n# policies = \"\"", toml_string(path));
        }
    }
    if !repo.copies.is_empty() {
        let listed: Vec<String> = repo.copies.iter().map(|name| toml_string(name)).collect();
        let listed = listed.join(", ");
        text.push_str(
            "\n# These are taken for copies of other policies, and each is a store by itself. To leave them out:\n",
        );
        let _ = writeln!(text, "# exclude = [{listed}]");
    }
    for store in repo.stores.iter().filter(|store| !store.policies.is_empty()) {
        let SchemaSource::SeveralFit(paths) = &store.schema_source else { continue };
        let schemas: Vec<String> = paths.iter().map(|path| toml_string(path)).collect();
        let folder = if store.name.is_empty() { "." } else { store.name.as_str() };
        let _ = writeln!(
            text,
            "\n# Several schemas declare what these policies name. Choose one and uncomment:\n# [[store]]\n# name = {}\n# \
             policies = {}\n# schema = {}",
            toml_string(folder.rsplit('/').next().unwrap_or(folder)),
            toml_string(folder),
            schemas.join(" # or ")
        );
    }
    text
}

/// A string of TOML, on one line; TOML's escapes are those of `inline`, but for braces.
fn toml_string(text: &str) -> String {
    toml::Value::String(inline(text).into_owned()).to_string()
}
