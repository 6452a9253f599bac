//! Small stores that are hard to decide: arithmetic, patterns, ranges of addresses. Each was slow or unknown once.

use std::fmt::Write as _;

/// One schema for all of them.
pub(crate) const SCHEMA: &str = r#"
entity User { n: Long, m: Long, born: datetime, name: String };
entity Doc { x: Long, y: Long, at: datetime, kept: duration, path: String };
action view appliesTo {
    principal: User, resource: Doc,
    context: { a: Long, b: Long, n: Long, x: Long, now: datetime, start: datetime, end: datetime, d: duration, ip: ipaddr,
               path: String, fee: decimal }
};
"#;

/// A store, and what it is changed to.
pub(crate) struct Input {
    /// What is hard about it.
    pub(crate) name: &'static str,
    /// The conditions of its permits.
    pub(crate) old: Vec<String>,
    /// The same after a change.
    pub(crate) new: Vec<String>,
}

impl Input {
    /// Both sides as text.
    pub(crate) fn texts(&self) -> [String; 2] {
        [&self.old, &self.new].map(|conditions| {
            let mut text = String::new();
            for (number, condition) in conditions.iter().enumerate() {
                let _ =
                    writeln!(text, "@id(\"p{number}\")\npermit (principal, action, resource) when {{ {condition} }};");
            }
            text
        })
    }
}

/// Two ways to say the same.
fn same(name: &'static str, old: &str, new: &str) -> Input {
    Input { name, old: vec![old.to_owned()], new: vec![new.to_owned()] }
}

/// `count` policies, every fifth of which is changed.
fn many(name: &'static str, count: usize, policy: impl Fn(usize, bool) -> String) -> Input {
    let side = |changed: bool| (0..count).map(|number| policy(number, changed && number % 5 == 0)).collect();
    Input { name, old: side(false), new: side(true) }
}

/// All of them.
pub(crate) fn all() -> Vec<Input> {
    vec![
        same("linear: the same sum", "context.a + context.b > context.n", "context.b + context.a > context.n"),
        same(
            "linear: factored",
            "context.a * 3 + context.b * 3 <= 300 && context.a > 0 && context.b > 0 && context.a < 1000 && context.b < 1000",
            "context.a + context.b <= 100 && context.a > 0 && context.b > 0 && context.a < 1000 && context.b < 1000",
        ),
        same(
            "linear: moved",
            "context.a > 0 && context.a < 9000 && context.b > 0 && context.b < 9000 && context.a - context.b < context.n",
            "context.a > 0 && context.a < 9000 && context.b > 0 && context.b < 9000 && context.a < context.n + context.b",
        ),
        same(
            "linear: thousands",
            "context.a * 1000 < context.b * 1000 && context.a > 0 && context.b < 1000000",
            "context.a < context.b && context.a > 0 && context.b < 1000000",
        ),
        same(
            "linear: a chain",
            "context.a < context.b && context.b < context.n && context.n < context.x && context.x < context.a",
            "context.a + context.b < context.n + context.x && context.a > context.n && context.b > context.x",
        ),
        same("seconds", "context.d.toSeconds() >= 90", "context.d >= duration(\"90s\")"),
        same(
            "seconds of negative durations",
            "context.d.toSeconds() == 0",
            "context.d > duration(\"-1s\") && context.d < duration(\"1s\")",
        ),
        same("minutes of seconds", "context.d.toMinutes() > 10", "context.d.toSeconds() > 659"),
        same("a date twice", "context.now.toDate() == context.start", "context.now.toDate().toDate() == context.start"),
        same(
            "time of day",
            "context.d <= context.now.toTime()",
            "!(context.d > context.now.durationSince(context.now.toDate()))",
        ),
        same(
            "later days are later",
            "context.start.toDate() < context.end.toDate() && context.start < context.end",
            "context.start.toDate() < context.end.toDate()",
        ),
        same("a square", "context.n * context.n >= 0", "context.n * context.n == context.n * context.n"),
        same(
            "products in a bound",
            "context.a > 0 && context.a < 100 && context.b > 0 && context.b < 100 && context.a * context.b < 10000",
            "context.a > 0 && context.a < 100 && context.b > 0 && context.b < 100",
        ),
        same(
            "eight hours",
            "context.end.durationSince(context.start) <= duration(\"8h\") && context.start >= datetime(\"2024-01-01\") \
             && context.end < datetime(\"2025-01-01\") && context.end >= context.start",
            "context.end <= context.start.offset(duration(\"8h\")) && context.start >= datetime(\"2024-01-01\") \
             && context.end < datetime(\"2025-01-01\") && context.end >= context.start",
        ),
        many("ten products with a value", 10, |number, changed| {
            format!("context.n * context.x == {}", 1000 + 7 * number + usize::from(changed))
        }),
        many("a hundred products above a value", 100, |number, changed| {
            format!("context.n * context.x > {}", 1000 + 7 * number + usize::from(changed))
        }),
        many("a hundred sums of products", 100, |number, changed| {
            format!(
                "context.n * {} + context.x * {} > resource.y + {}",
                number + 2,
                2 * number + 3,
                100 + number + usize::from(changed)
            )
        }),
        many("a hundred sums of unknown products", 100, |number, changed| {
            format!(
                "context.n * context.a + context.x * context.b > resource.y + {}",
                100 + number + usize::from(changed)
            )
        }),
        many("a hundred patterns that repeat", 100, |number, changed| {
            let letters = ["ab", "ba", "aab", "abb", "aa"];
            let part = |shift: usize| letters[(number / (1 + 4 * shift) + shift) % letters.len()];
            let end = if changed { "b" } else { "a" };
            format!("context.path like \"*{}*{}*{}*{end}{}\"", part(0), part(1), part(2), number % 7)
        }),
        many("patterns with stars of their own", 30, |number, changed| {
            format!("context.path like \"a\\*{}*\\*b{}\"", number % 6, if changed { "*" } else { "" })
        }),
        many("a hundred IPv6 ranges", 100, |number, changed| {
            format!("context.ip.isInRange(ip(\"2001:db8:{:x}::/{}\"))", number * 3, if changed { 47 } else { 48 })
        }),
        many("ten policies of dates", 10, |number, changed| {
            format!(
                "context.now.toDate() >= context.start.toDate().offset(duration(\"{number}d\")) \
                 && context.now.toTime() > duration(\"{}h\") \
                 && context.now < context.end.offset(duration(\"-{}h\"))",
                number + 6 + usize::from(changed),
                number + 1
            )
        }),
        many("a hundred windows", 100, |number, changed| {
            format!(
                "context.now >= datetime(\"2024-01-01\").offset(duration(\"{number}d\")) \
                 && context.now.durationSince(context.start) < duration(\"{}h\") \
                 && context.end.durationSince(context.start) <= duration(\"8h\")",
                number + 1 + usize::from(changed)
            )
        }),
        many("a hundred comparisons of unknowns", 100, |number, changed| {
            let names =
                ["context.a", "context.b", "context.n", "context.x", "principal.n", "principal.m", "resource.x"];
            let name = |step: usize| names[(number * step + step) % names.len()];
            let less = if changed { "<=" } else { "<" };
            format!("{} {less} {} && {} < {} + {number}", name(1), name(2), name(3), name(4))
        }),
    ]
}
