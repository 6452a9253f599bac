//! Files that are versions of one: `policies_1.cedar` beside `policies_2b.cedar`, `policy.cedar` beside
//! `policy_bad.cedar`. They are hardly deployed together.

/// Words at the end of a name that tell versions apart.
const WORDS: [&str; 20] = [
    "after", "backup", "bad", "bak", "before", "broken", "copy", "draft", "edited", "final", "fixed", "good",
    "invalid", "new", "old", "orig", "original", "updated", "valid", "wrong",
];

/// Whether the files at these two paths are versions of one: in one folder, and called alike but for a number or a word
/// that tells versions apart.
pub(super) fn are_versions(one: &str, other: &str) -> bool {
    let ((one_folder, one), (other_folder, other)) = (split(one), split(other));
    one_folder == other_folder && one != other && base(one) == base(other) && !base(one).is_empty()
}

/// Folder, and name without its endings.
fn split(path: &str) -> (&str, &str) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    (folder, name.split('.').next().unwrap_or(name))
}

/// `stem` without what tells versions of it apart.
fn base(stem: &str) -> &str {
    let at = stem.rfind(['_', '-']);
    let cut = match at.and_then(|at| Some((stem.get(..at)?, stem.get(at + 1..)?))) {
        Some((base, last)) if is_mark(last) => base,
        _ => stem,
    };
    // `policy2` is a version of `policy`; a name that is all digits has nothing left to be a version of.
    cut.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// Whether `word` tells versions apart: a number, with `v` before it or a letter behind it, or one of the words.
fn is_mark(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let number = word.strip_prefix('v').unwrap_or(&word);
    let number = number.strip_suffix(|c: char| c.is_ascii_lowercase()).unwrap_or(number);
    WORDS.contains(&word.as_str()) || (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::are_versions;

    #[test]
    fn versions_are_told_by_a_number_or_a_word() {
        for (one, other) in [
            ("a/policies_1.cedar", "a/policies_2b.cedar"),
            ("policy.cedar", "policy_bad.cedar"),
            ("policy-v1.cedar", "policy-v2.cedar"),
            ("p/policy.cedar", "p/policy2.cedar"),
            ("policies.cedar", "policies_edited.cedar.json"),
        ] {
            assert!(are_versions(one, other) && are_versions(other, one), "{one} {other}");
        }
    }

    #[test]
    fn other_files_are_none() {
        for (one, other) in [
            ("a/policies_1.cedar", "b/policies_2.cedar"),
            ("policies_admin.cedar", "policies_user.cedar"),
            ("policies.cedar", "policies.cedar"),
            ("1.cedar", "2.cedar"),
            ("01-base.cedar", "02-teams.cedar"),
            ("forbids.cedar", "permits.cedar"),
        ] {
            assert!(!are_versions(one, other), "{one} {other}");
        }
    }
}
