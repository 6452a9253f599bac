//! JSON told apart without serde_json, where it is written as programs write it.
//!
//! # Why
//!
//! Logs have millions of lines. What is read here is what serde_json reads; whatever is not written plainly (escapes in
//! names, values that nest deeply) and whatever is no JSON is left to it, and so are all errors.

/// Values that nest deeper are left to serde_json.
const DEEPEST: usize = 32;

/// Whether `byte` stands for itself within a text. Those beyond ASCII are parts of letters.
fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

/// How many of the first bytes stand for themselves; `None` where all of them do.
fn plain_length(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let mut at = 0;
    // Eight at a time; the lowest mark is exact: https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord.
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        let below = |bound: u64, word: u64| word.wrapping_sub(bound) & !word & HIGH;
        let is = |byte: u8| below(ONES, word ^ (ONES * u64::from(byte)));
        let marks = below(ONES * 0x20, word) | is(b'"') | is(b'\\');
        if marks != 0 {
            return Some(at + usize::try_from(marks.trailing_zeros() / 8).unwrap_or_default());
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|byte| !is_plain(*byte)).map(|more| at + more)
}

/// A text and how far it is read.
pub(super) struct Scan<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Scan<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blank(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Takes `byte`, if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// Whether nothing but blanks is left.
    fn ends(&mut self) -> bool {
        self.blank();
        self.at == self.bytes.len()
    }

    /// A text without escapes, which begins with its quotation mark: what stands between the two.
    fn plain(&mut self) -> Option<&'t str> {
        if !self.take(b'"') {
            return None;
        }
        let start = self.at;
        let rest = self.bytes.get(start..)?;
        let length = plain_length(rest)?;
        self.at = start + length;
        self.take(b'"').then(|| self.text.get(start..start + length)).flatten()
    }

    /// Passes over a text with or without escapes. Those of four digits are left to serde_json.
    fn skip_text(&mut self) -> Option<()> {
        if !self.take(b'"') {
            return None;
        }
        loop {
            let rest = self.bytes.get(self.at..)?;
            self.at += plain_length(rest)?;
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\'
                    if matches!(
                        self.bytes.get(self.at + 1),
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')
                    ) =>
                {
                    self.at += 2;
                }
                _ => return None,
            }
        }
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let there = self.bytes.get(self.at..)?.starts_with(word.as_bytes());
        self.at += word.len();
        there.then_some(())
    }

    /// Passes over a value.
    fn skip(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'"' => self.skip_text(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'-' | b'0'..=b'9' => self.number(),
            open @ (b'{' | b'[') if depth < DEEPEST => {
                let close = if open == b'{' { b'}' } else { b']' };
                self.at += 1;
                self.blank();
                if self.take(close) {
                    return Some(());
                }
                loop {
                    self.blank();
                    if open == b'{' {
                        self.skip_text()?;
                        self.colon()?;
                    }
                    self.skip(depth + 1)?;
                    self.blank();
                    if self.take(close) {
                        return Some(());
                    }
                    if !self.take(b',') {
                        return None;
                    }
                }
            }
            _ => None,
        }
    }

    fn colon(&mut self) -> Option<()> {
        self.blank();
        let there = self.take(b':');
        self.blank();
        there.then_some(())
    }

    /// A value as it is written.
    fn raw(&mut self) -> Option<&'t str> {
        let start = self.at;
        self.skip(1)?;
        self.text.get(start..self.at)
    }

    /// The fields of the object that the whole text is, each name with its value as it is written.
    pub(super) fn fields(self, mut visit: impl FnMut(&'t str, &'t str)) -> Option<()> {
        self.each([b'{', b'}'], |scan| {
            let name = scan.plain()?;
            scan.colon()?;
            visit(name, scan.raw()?);
            Some(())
        })
    }

    /// The elements of the list that the whole text is, as they are written.
    pub(super) fn elements(self, mut visit: impl FnMut(&'t str)) -> Option<()> {
        self.each([b'[', b']'], |scan| {
            visit(scan.raw()?);
            Some(())
        })
    }

    /// Takes with `one` what stands between brackets, parted by commas, where that is the whole text.
    fn each(mut self, [open, close]: [u8; 2], mut one: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.blank();
        if !self.take(open) {
            return None;
        }
        self.blank();
        if self.take(close) {
            return self.ends().then_some(());
        }
        loop {
            self.blank();
            one(&mut self)?;
            self.blank();
            if self.take(close) {
                return self.ends().then_some(());
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    /// The text without escapes that the whole is.
    pub(super) fn string(mut self) -> Option<&'t str> {
        let text = self.plain()?;
        self.ends().then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_at_a_time_are_what_one_is() {
        for length in 0..20_usize {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    for fill in [b'a', 0xff, 0x80, 0x20, b'#', b'!', b'['] {
                        let mut bytes = vec![fill; length];
                        bytes[at] = byte;
                        let expected = bytes.iter().position(|byte| !is_plain(*byte));
                        assert_eq!(plain_length(&bytes), expected, "{bytes:?}");
                    }
                }
            }
        }
    }
}
