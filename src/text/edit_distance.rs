//! "Did you mean ...?"

/// The known word nearest to `word` by Damerau-Levenshtein distance (case aside), when it is near enough to be what was
/// meant: at most a third of the longer word, and at least one edit allowed. Ties go to the first in `known`.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    known
        .into_iter()
        .filter_map(|candidate| {
            let allowed = (word.chars().count().max(candidate.chars().count()) / 3).max(1);
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            (distance <= allowed).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant_and_nothing_far_fetched() {
        assert_eq!(nearest("polices", ["policies", "path"]), Some("policies"));
        assert_eq!(nearest("xyz", ["policies", "path"]), None);
    }
}
