//! What stands at a place of a policy file, by tokens alone: what somebody types on does not parse.

use cedar_policy::{EntityId, EntityUid};

use super::admitted::Bound;
use crate::repo::cedar::string_of;
use crate::text::Span;
use crate::text::tokens::{Token, spanned};

/// A text's tokens, and the head of the policy that a place is in.
#[derive(Debug)]
pub(super) struct Cursor<'t> {
    tokens: Vec<(Token<'t>, Span)>,
    /// The place.
    pub(super) at: usize,
    /// By number, the token that the place is in or right behind; `None` between tokens.
    on: Option<usize>,
}

/// What stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Thing {
    /// An attribute, by the way that leads to it: `principal`, `manager`, `level`.
    Attribute(Vec<String>),
    /// An entity type.
    Type(String),
    /// An entity, an action among them.
    Entity {
        /// Its type.
        ty: String,
        /// Its id, unescaped.
        id: String,
    },
    /// `principal`, `action`, `resource` or `context`.
    Variable(String),
    /// The key of an annotation.
    Annotation(String),
}

/// What may be typed at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// An attribute of what the way leads to; a method too where it does not follow `has`.
    Attribute {
        /// The way.
        way: Vec<String>,
        /// Whether it follows `has`.
        has: bool,
    },
    /// The id of an entity of this type, inside of quotes.
    Id(String),
    /// What goes on after a namespace or a type, `::` included.
    AfterName(String),
    /// The key of an annotation.
    Annotation,
    /// An entity type.
    Type,
    /// What `==` or `in` asks for of the variable.
    EntityOf(String),
    /// The beginning of a policy.
    Policy,
    /// Whatever an expression may begin with.
    Expression,
    /// Nothing that is known.
    Nothing,
}

const VARIABLES: [&str; 4] = ["principal", "action", "resource", "context"];

impl<'t> Cursor<'t> {
    /// The byte `at` of `text`.
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        let tokens: Vec<_> = spanned(text).collect();
        let after = tokens.partition_point(|(_, span)| span.start < at);
        let on = after.checked_sub(1).filter(|on| {
            tokens.get(*on).is_some_and(|(token, span)| match token {
                // A closed string is over behind its quote.
                Token::Text(_) => at < span.end || !closed(text, *span),
                _ => at <= span.end,
            })
        });
        Self { tokens, at, on }
    }

    fn token(&self, at: usize) -> Option<Token<'t>> {
        self.tokens.get(at).map(|(token, _)| *token)
    }

    fn is_sign(&self, at: usize, sign: u8) -> bool {
        self.token(at) == Some(Token::Symbol(sign))
    }

    fn word(&self, at: usize) -> Option<&'t str> {
        match self.token(at) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// The span of the word at the place, which what is typed replaces.
    pub(super) fn word_span(&self) -> Span {
        match self.on.and_then(|on| self.tokens.get(on)) {
            Some((Token::Word(_), span)) if span.end >= self.at => *span,
            Some((Token::Text(inner), span)) => Span::new(span.start + 1, span.start + 1 + inner.len()),
            _ => Span::at(self.at),
        }
    }

    /// What stands at the place, and where. A place at the beginning of a word is in it, one behind it too.
    pub(super) fn thing(&self) -> Option<(Thing, Span)> {
        // At the beginning of a token the token that begins counts.
        let begins = self.tokens.partition_point(|(_, span)| span.start < self.at);
        let begins = Some(begins).filter(|at| self.tokens.get(*at).is_some_and(|(_, span)| span.start == self.at));
        let of = |at: usize| self.thing_at(at);
        begins.and_then(of).or_else(|| self.on.and_then(of))
    }

    fn thing_at(&self, at: usize) -> Option<(Thing, Span)> {
        let (token, span) = *self.tokens.get(at)?;
        let before = at.checked_sub(1);
        match token {
            Token::Text(id) if before.is_some_and(|before| self.token(before) == Some(Token::Colons)) => {
                let (ty, from) = self.name_before(at.checked_sub(1)?)?;
                Some((Thing::Entity { ty, id: unescaped(id) }, Span::new(from, span.end)))
            }
            Token::Text(_) if before.is_some_and(|before| self.is_sign(before, b'[')) => {
                let way = self.way_ending(at + 1)?;
                Some((Thing::Attribute(way), span))
            }
            Token::Word(word) if before.is_some_and(|before| self.is_sign(before, b'@')) => {
                Some((Thing::Annotation(word.to_owned()), span))
            }
            Token::Word(_) if before.is_some_and(|before| self.is_sign(before, b'.')) => {
                Some((Thing::Attribute(self.way_ending(at)?), span))
            }
            Token::Word(word) if before.is_some_and(|before| self.word(before) == Some("has")) => {
                let mut way = self.way_ending(at.checked_sub(2)?)?;
                way.push(word.to_owned());
                Some((Thing::Attribute(way), span))
            }
            Token::Word(word) if VARIABLES.contains(&word) && self.token(at + 1) != Some(Token::Colons) => {
                Some((Thing::Variable(word.to_owned()), span))
            }
            Token::Word(_) | Token::Colons => {
                // A whole name, from its first part.
                let mut first = at;
                while let Some(before) = first.checked_sub(1) {
                    let joins = self.token(before) == Some(Token::Colons) || self.token(first) == Some(Token::Colons);
                    if !joins {
                        break;
                    }
                    first = before;
                }
                let mut last = first;
                let mut name = self.word(first)?.to_owned();
                while self.token(last + 1) == Some(Token::Colons) {
                    match self.token(last + 2) {
                        Some(Token::Word(word)) => {
                            name.push_str("::");
                            name.push_str(word);
                            last += 2;
                        }
                        Some(Token::Text(id)) => {
                            let span = Span::new(self.tokens.get(first)?.1.start, self.tokens.get(last + 2)?.1.end);
                            return Some((Thing::Entity { ty: name, id: unescaped(id) }, span));
                        }
                        _ => break,
                    }
                }
                let span = Span::new(self.tokens.get(first)?.1.start, self.tokens.get(last)?.1.end);
                Some((Thing::Type(name), span))
            }
            _ => None,
        }
    }

    /// The name that ends right before the token `colons`, and where it begins.
    fn name_before(&self, colons: usize) -> Option<(String, usize)> {
        let mut first = colons.checked_sub(1)?;
        let mut parts = vec![self.word(first)?];
        while let Some(before) = first.checked_sub(2)
            && self.token(before + 1) == Some(Token::Colons)
            && let Some(word) = self.word(before)
        {
            parts.push(word);
            first = before;
        }
        parts.reverse();
        Some((parts.join("::"), self.tokens.get(first)?.1.start))
    }

    /// The way that the expression goes whose last token is `last`: a variable or the type of an entity, and
    /// attributes.
    fn way_ending(&self, last: usize) -> Option<Vec<String>> {
        let mut way = Vec::new();
        let mut at = last;
        loop {
            match self.token(at)? {
                Token::Word(word) => match at.checked_sub(1).and_then(|before| self.token(before)) {
                    Some(Token::Symbol(b'.')) => {
                        way.push(word.to_owned());
                        at = at.checked_sub(2)?;
                    }
                    _ if VARIABLES.contains(&word) => {
                        way.push(word.to_owned());
                        break;
                    }
                    _ => return None,
                },
                Token::Symbol(b']') => {
                    let Some(Token::Text(name)) = at.checked_sub(1).and_then(|name| self.token(name)) else {
                        return None;
                    };
                    if !self.is_sign(at.checked_sub(2)?, b'[') {
                        return None;
                    }
                    way.push(unescaped(name));
                    at = at.checked_sub(3)?;
                }
                Token::Text(_) => {
                    let (ty, _) = self.name_before(at.checked_sub(1)?)?;
                    way.push(format!("{ty}::"));
                    break;
                }
                // `(principal.manager).level`, and calls of methods, whose types are not worked out.
                Token::Symbol(b')') => {
                    let open = self.opening(at)?;
                    let called = open.checked_sub(1).is_some_and(|before| self.word(before).is_some());
                    if called {
                        return None;
                    }
                    let mut inner = self.way_ending(at.checked_sub(1)?)?;
                    inner.reverse();
                    way.extend(inner);
                    break;
                }
                _ => return None,
            }
        }
        way.reverse();
        Some(way)
    }

    /// The bracket that the one at `close` closes.
    fn opening(&self, close: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for at in (0..=close).rev() {
            match self.token(at) {
                Some(Token::Symbol(b')' | b']' | b'}')) => depth += 1,
                Some(Token::Symbol(b'(' | b'[' | b'{')) => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The number of the effect of the policy that the place is in: `permit` or `forbid` with a bracket behind it, and
    /// no end of a policy in between.
    fn head(&self) -> Option<usize> {
        let until = self.tokens.partition_point(|(_, span)| span.start < self.at);
        for at in (0..until).rev() {
            match self.token(at) {
                Some(Token::Symbol(b';')) => return None,
                Some(Token::Word("permit" | "forbid")) if self.is_sign(at + 1, b'(') => {
                    // `@permit("x")` is an annotation.
                    let annotation = at.checked_sub(1).is_some_and(|before| self.is_sign(before, b'@'));
                    if !annotation {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// What the scope of the policy at the place asks of principal, action and resource; nothing of what is missing.
    pub(super) fn scope(&self) -> Option<[Bound; 3]> {
        self.scope_after(self.head()?)
    }

    /// The same of the first policy of the text.
    pub(super) fn head_scope(&self) -> Option<[Bound; 3]> {
        let is_head = |at: &usize| {
            matches!(self.word(*at), Some("permit" | "forbid"))
                && self.is_sign(*at + 1, b'(')
                && !at.checked_sub(1).is_some_and(|before| self.is_sign(before, b'@'))
        };
        self.scope_after((0..self.tokens.len()).find(is_head)?)
    }

    fn scope_after(&self, head: usize) -> Option<[Bound; 3]> {
        let mut bounds: [Bound; 3] = Default::default();
        let mut depth = 1_usize;
        let mut about: Option<usize> = None;
        let mut operator = "";
        let mut at = head + 2;
        while depth > 0 {
            match self.token(at)? {
                Token::Symbol(b'(' | b'[' | b'{') => depth += 1,
                Token::Symbol(b')' | b']' | b'}') => depth -= 1,
                Token::Symbol(b',') if depth == 1 => about = None,
                Token::Symbol(b'=') => operator = "==",
                Token::Symbol(b';') => break,
                Token::Word(word @ ("in" | "is")) => operator = word,
                Token::Word("when" | "unless") if depth == 1 => break,
                Token::Word(word) if about.is_none() => {
                    about = ["principal", "action", "resource"].iter().position(|one| *one == word);
                    operator = "";
                }
                Token::Word(word) => {
                    let mut name = word.to_owned();
                    while self.token(at + 1) == Some(Token::Colons)
                        && let Some(more) = self.word(at + 2)
                    {
                        name = format!("{name}::{more}");
                        at += 2;
                    }
                    let id = match (self.token(at + 1), self.token(at + 2)) {
                        (Some(Token::Colons), Some(Token::Text(id))) => {
                            at += 2;
                            Some(unescaped(id))
                        }
                        _ => None,
                    };
                    if let Some(bound) = about.and_then(|about| bounds.get_mut(about)) {
                        match (operator, id) {
                            ("is", None) => bound.is = Some(name),
                            ("==", Some(id)) => bound.equal = Some((name, id)),
                            ("in", Some(id)) => bound.within.push((name, id)),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
            at += 1;
            if at >= self.tokens.len() {
                break;
            }
        }
        Some(bounds)
    }

    /// What may be typed at the place.
    pub(super) fn wanted(&self) -> Wanted {
        // The first token of what is being typed, and the one before it.
        let typing = self.on.filter(|on| matches!(self.token(*on), Some(Token::Word(_) | Token::Text(_))));
        let until = self.tokens.partition_point(|(_, span)| span.start < self.at);
        let first = typing.unwrap_or(until);
        let Some(before) = first.checked_sub(1) else { return Wanted::Policy };
        let in_text = typing.is_some_and(|on| matches!(self.token(on), Some(Token::Text(_))));
        match self.token(before) {
            Some(Token::Colons) => match self.name_before(before) {
                Some((name, _)) if in_text => Wanted::Id(name),
                Some((name, _)) => Wanted::AfterName(name),
                None => Wanted::Nothing,
            },
            Some(Token::Symbol(b'[')) if in_text => {
                let way = before.checked_sub(1).and_then(|last| self.way_ending(last));
                way.map_or(Wanted::Nothing, |way| Wanted::Attribute { way, has: true })
            }
            _ if in_text => Wanted::Nothing,
            Some(Token::Symbol(b'@')) => Wanted::Annotation,
            Some(Token::Symbol(b'.')) => {
                let way = before.checked_sub(1).and_then(|last| self.way_ending(last));
                let has = before.checked_sub(1).and_then(|last| self.has_way(last));
                match (has, way) {
                    (Some(way), _) => Wanted::Attribute { way, has: true },
                    (None, Some(way)) => Wanted::Attribute { way, has: false },
                    (None, None) => Wanted::Nothing,
                }
            }
            Some(Token::Word("has")) => {
                let way = before.checked_sub(1).and_then(|last| self.way_ending(last));
                way.map_or(Wanted::Nothing, |way| Wanted::Attribute { way, has: true })
            }
            Some(Token::Word("is")) => Wanted::Type,
            Some(Token::Word("in")) | Some(Token::Symbol(b'=')) | Some(Token::Symbol(b'[' | b','))
                if self.head().is_some() && self.compared(before).is_some() =>
            {
                self.compared(before).map_or(Wanted::Expression, Wanted::EntityOf)
            }
            _ if self.head().is_none() => {
                // Behind an annotation the effect, or the next annotation.
                Wanted::Policy
            }
            _ => Wanted::Expression,
        }
    }

    /// The way of `a has b.c`, of which `last` is the last token.
    fn has_way(&self, last: usize) -> Option<Vec<String>> {
        let mut names = vec![self.word(last)?.to_owned()];
        let mut at = last;
        loop {
            let before = at.checked_sub(1)?;
            if self.word(before) == Some("has") {
                let mut way = self.way_ending(before.checked_sub(1)?)?;
                names.reverse();
                way.extend(names);
                return Some(way);
            }
            if !self.is_sign(before, b'.') {
                return None;
            }
            at = before.checked_sub(1)?;
            names.push(self.word(at)?.to_owned());
        }
    }

    /// The variable that stands on the left of the operator that ends at `operator`, or of that before a list of
    /// entities.
    fn compared(&self, operator: usize) -> Option<String> {
        let mut at = operator;
        // Back over a list of entities to its bracket.
        if matches!(self.token(at), Some(Token::Symbol(b',' | b'['))) {
            while !self.is_sign(at, b'[') {
                if !matches!(self.token(at)?, Token::Symbol(b',') | Token::Colons | Token::Text(_) | Token::Word(_)) {
                    return None;
                }
                at = at.checked_sub(1)?;
            }
            at = at.checked_sub(1)?;
            if self.word(at) != Some("in") {
                return None;
            }
        }
        while self.is_sign(at, b'=') || self.is_sign(at, b'!') {
            at = at.checked_sub(1)?;
        }
        if self.word(at) == Some("in") {
            at = at.checked_sub(1)?;
        }
        self.word(at).filter(|word| ["principal", "action", "resource"].contains(word)).map(str::to_owned)
    }
}

/// Whether the string at `span` is closed.
fn closed(text: &str, span: Span) -> bool {
    let inner = text.get(span.start..span.end).unwrap_or_default();
    let mut escaped = false;
    inner.char_indices().skip(1).any(|(_, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })
}

/// What a string says that is written as `text`; as it is written where it cannot be read.
fn unescaped(text: &str) -> String {
    string_of(text).unwrap_or_else(|| text.to_owned())
}

/// The entity of this type and id, if `ty` can be read.
pub(super) fn uid(ty: &str, id: &str) -> Option<EntityUid> {
    Some(EntityUid::from_type_name_and_id(ty.parse().ok()?, EntityId::new(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text without its `|`, at which the cursor is.
    fn at<T>(text: &str, look: impl Fn(&Cursor<'_>) -> T) -> T {
        let at = text.find('|').unwrap();
        look(&Cursor::new(&text.replacen('|', "", 1), at))
    }

    #[test]
    fn what_may_be_typed_is_told_by_what_stands_before() {
        let attribute =
            |way: &[&str], has| Wanted::Attribute { way: way.iter().map(|s| (*s).to_owned()).collect(), has };
        for (text, wanted) in [
            ("|", Wanted::Policy),
            ("per|", Wanted::Policy),
            ("@i|", Wanted::Annotation),
            ("@id(\"x\") |", Wanted::Policy),
            ("permit (principal is |", Wanted::Type),
            ("permit (principal == |", Wanted::EntityOf("principal".to_owned())),
            ("permit (principal, action in [Action::\"a\", |", Wanted::EntityOf("action".to_owned())),
            ("permit (principal, action == Action::|", Wanted::AfterName("Action".to_owned())),
            ("permit (principal, action == N::Action::\"re|\"", Wanted::Id("N::Action".to_owned())),
            ("permit (principal, action == Action::\"re|", Wanted::Id("Action".to_owned())),
            ("permit (principal, action, resource) when { |", Wanted::Expression),
            ("permit (principal, action, resource) when { context.a has b.|", attribute(&["context", "a", "b"], true)),
            ("permit (principal, action, resource) when { f(1).|", Wanted::Nothing),
            ("permit (principal, action, resource) when { \"a|\"", Wanted::Nothing),
            ("permit (principal, action, resource) when { 1 };\n|", Wanted::Policy),
        ] {
            assert_eq!(at(text, |cursor| cursor.wanted()), wanted, "{text}");
        }
    }

    #[test]
    fn what_stands_at_a_place_is_told_from_any_part_of_it() {
        let entity = |ty: &str, id: &str| Thing::Entity { ty: ty.to_owned(), id: id.to_owned() };
        let way = |way: &[&str]| Thing::Attribute(way.iter().map(|s| (*s).to_owned()).collect());
        for (text, thing) in [
            ("permit (principal == N::Us|er::\"a\")", entity("N::User", "a")),
            ("permit (principal == |N::User::\"a\")", entity("N::User", "a")),
            ("permit (principal == N::User::\"a|\")", entity("N::User", "a")),
            ("permit (principal == N::User|::\"\\u{e9}\")", entity("N::User", "\u{e9}")),
            ("permit (principal is N::Us|er)", Thing::Type("N::User".to_owned())),
            ("permit (princ|ipal)", Thing::Variable("principal".to_owned())),
            ("when { principal.bo|ss.home }", way(&["principal", "boss"])),
            ("when { principal.boss.|home }", way(&["principal", "boss", "home"])),
            ("when { principal[\"bo|ss\"].home }", way(&["principal", "boss"])),
            ("when { principal has bo|ss }", way(&["principal", "boss"])),
            ("@i|d(\"x\")", Thing::Annotation("id".to_owned())),
        ] {
            assert_eq!(at(text, |cursor| cursor.thing().map(|(thing, _)| thing)), Some(thing), "{text}");
        }
        assert_eq!(at("permit ( | )", |cursor| cursor.thing()), None);
    }

    #[test]
    fn no_text_is_too_odd() {
        let text = "@id(\"a\") permit (principal in [A::\"b\", C::D::\"\\\"e\"], action, resource is F) when { (g).h[\"i\"] has j.k };\u{1f600}\"";
        for (from, _) in text.char_indices() {
            for (at, _) in text[from..].char_indices() {
                let cursor = Cursor::new(&text[from..], at);
                let _ = (cursor.thing(), cursor.wanted(), cursor.scope(), cursor.word_span());
            }
        }
    }
}
