//! What fixes change, as a unified diff.

use similar::TextDiff;

use crate::run::FixedFile;
use crate::text::{inline, same_length};

/// The changes of `files`, to be read by `git apply` and `patch`; with nothing in it that a terminal or a CI runner
/// obeys if it is `watched` by one.
pub(super) fn unified(files: &[FixedFile], watched: bool) -> String {
    let one = |file: &FixedFile| {
        let name = inline(&file.path);
        // Lines end as they do for git and patch: a carriage return alone ends none.
        let before: Vec<&str> = file.before.split_inclusive('\n').collect();
        let after: Vec<&str> = file.after.split_inclusive('\n').collect();
        let diff = TextDiff::configure().newline_terminated(true).diff_slices(&before, &after);
        diff.unified_diff().header(&format!("a/{name}"), &format!("b/{name}")).to_string()
    };
    let text: String = files.iter().map(one).collect();
    if !watched {
        return text;
    }
    text.lines().map(|line| format!("{}\n", harmless(line))).collect()
}

fn harmless(line: &str) -> String {
    let shown = same_length(line).replace("##[", "##?");
    if shown.trim_start().starts_with("::") { shown.replacen("::", ":?", 1) } else { shown }
}
