//! Operators written as words, and what Cedar has in their place.

/// What Cedar has for regular expressions.
pub(super) const PATTERN: &str = "Cedar has no regular expressions: `like` compares text with a pattern in which `*` stands for any text, as in \
     `context.path like \"/public/*\"`";

/// What an `has` is for.
pub(super) const PRESENCE: &str =
    "`has` asks whether an attribute is there: `resource has owner && resource.owner == principal`";

/// Operators written as words.
pub(super) const JOINED: [(&str, &str, &str); 21] = [
    ("and", "&&", "write `&&`"),
    ("or", "||", "write `||`"),
    ("xor", "!=", "write `!=` between the two, in brackets"),
    ("equals", "==", "write `==`"),
    ("eq", "==", "write `==`"),
    ("equal", "==", "write `==`"),
    ("ne", "!=", "write `!=`"),
    ("neq", "!=", "write `!=`"),
    ("gt", ">", "write `>`"),
    ("gte", ">=", "write `>=`"),
    ("ge", ">=", "write `>=`"),
    ("lt", "<", "write `<`"),
    ("lte", "<=", "write `<=`"),
    ("le", "<=", "write `<=`"),
    ("mod", "*", "Cedar adds, subtracts and multiplies"),
    ("div", "*", "Cedar adds, subtracts and multiplies"),
    ("matches", "==", PATTERN),
    ("contains", "==", "a set contains something as a method: `resource.editors.contains(principal)`"),
    ("startswith", "==", "write `like` with a pattern: `context.path like \"/public/*\"`"),
    ("endswith", "==", "write `like` with a pattern: `context.path like \"*.pdf\"`"),
    ("between", "==", "write two comparisons: `low <= x && x <= high`"),
];

/// Whether `word` is an operator of other languages.
pub(super) fn is_operator(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    lower == "not" || JOINED.iter().any(|(word, ..)| *word == lower)
}
