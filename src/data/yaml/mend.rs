//! A file without one of its rows, so that a row that is no YAML costs only itself.

use crate::text::Span;

/// Where the row around byte `at` stands in `text`, in whose list of rows every item begins with `-`, in one column.
#[must_use]
pub fn row_around(text: &str, rows: Span, at: usize) -> Option<Span> {
    let lines = || lines(text).filter(|(start, _)| *start >= rows.start);
    let indent = lines().find_map(|(_, line)| dash(line))?;
    let (start, _) =
        lines().take_while(|(start, _)| *start <= at).filter(|(_, line)| dash(line) == Some(indent)).last()?;
    let after = lines().skip_while(|(at, _)| *at <= start);
    let end = after.filter(|(_, line)| ends(line, indent)).map(|(start, _)| start).next();
    Some(Span::new(start, end.unwrap_or(text.len())))
}

/// `text` with nothing between `from` and `to`, in as many bytes.
#[must_use]
pub fn blanked(text: &str, from: usize, to: usize) -> String {
    let blank = |(at, byte): (usize, u8)| if (from..to).contains(&at) && byte != b'\n' { b' ' } else { byte };
    let bytes = text.bytes().enumerate().map(blank).collect();
    // Whole lines go, and with them whole characters.
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Each line with the byte at which it starts.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end())
    })
}

/// The column of the `-` with which `line` begins an item.
fn dash(line: &str) -> Option<usize> {
    let rest = line.trim_start_matches([' ', '\u{feff}']);
    let item = rest.strip_prefix('-')?;
    (item.is_empty() || item.starts_with(' ')).then(|| line.len() - rest.len())
}

/// Whether `line` stands after a row that begins in the column `indent`.
fn ends(line: &str, indent: usize) -> bool {
    let rest = line.trim_start_matches(' ');
    let column = line.len() - rest.len();
    let aside = rest.is_empty() || rest.starts_with('#');
    let document = column == 0 && (rest.starts_with("---") || rest.starts_with("..."));
    document || (!aside && (column < indent || (column == indent && dash(line).is_some())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_goes_and_the_others_stay() {
        let text = "tests:\n  - a: 1\n  - b: 2\n   c: é\n  # so\n  - d: 4\n";
        let row = row_around(text, Span::at(0), text.find("c:").unwrap()).unwrap();
        assert_eq!(&text[row.start..row.end], "  - b: 2\n   c: é\n  # so\n");
        let left = blanked(text, row.start, row.end);
        assert_eq!(left.len(), text.len());
        assert_eq!(left.split_whitespace().collect::<Vec<_>>(), ["tests:", "-", "a:", "1", "-", "d:", "4"]);
    }
}
