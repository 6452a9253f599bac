//! "Did you mean ...?"

/// Longest word, in bytes, that is compared.
const LONGEST: usize = 300;

/// The known word nearest to `word` by Damerau-Levenshtein distance (case aside), when it is near enough to be what was
/// meant: at most a third of the longer word, and at least one edit allowed. A word without a namespace may be meant
/// for one within a namespace. Ties go to the first in `known`. Words longer than people write are near nothing:
/// comparing them takes their lengths' product in time and memory.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = if word.len() > LONGEST { String::new() } else { word.to_lowercase() };
    let length = word.chars().count();
    let distance = |candidate: &str| {
        let other = candidate.chars().count();
        let allowed = (length.max(other) / 3).max(1);
        if length.abs_diff(other) > allowed {
            return None;
        }
        Some(strsim::damerau_levenshtein(&lower, &candidate.to_lowercase())).filter(|distance| *distance <= allowed)
    };
    known
        .into_iter()
        .filter(|candidate| word.len() <= LONGEST && candidate.len() <= LONGEST)
        .filter_map(|candidate| {
            let within = candidate.rsplit_once("::").filter(|_| !word.contains("::"));
            let within = within.and_then(|(_, name)| distance(name)).map(|distance| (distance, true));
            let whole = distance(candidate).map(|distance| (distance, false));
            whole.into_iter().chain(within).min().map(|key| (key, candidate))
        })
        .min_by_key(|(key, _)| *key)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant_and_nothing_far_fetched() {
        assert_eq!(nearest("polices", ["policies", "path"]), Some("policies"));
        assert_eq!(nearest("User", ["App::Report", "App::User"]), Some("App::User"));
        assert_eq!(nearest("Usr", ["App::User", "Use"]), Some("Use"));
        assert_eq!(nearest("User", ["App::User", "Users"]), Some("App::User"));
        assert_eq!(nearest("App::Usr", ["User", "Other::Thing"]), None);
        assert_eq!(nearest("xyz", ["policies", "path"]), None);
        let long = "a".repeat(500_000);
        assert_eq!(nearest(&long, [&*format!("{long}b"), "a"]), None);
    }
}
