//! `type-error-in-condition`: an expression that errors on every request that reaches it, known without a schema.

use super::type_error_shape::{Shape, shape, signature};
use crate::finding::{Finding, Level};
use crate::lint::context::Context;
use crate::lint::rule::LintRule;
use crate::repo::Policy;
use crate::repo::syntax::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::rule::{Basis, Precision, Rule};
use crate::text::{Span, inline};

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "type-error-in-condition",
        summary: "an expression errors on every request that reaches it",
        level: Some(Level::Error),
        basis: Basis::Text,
        precision: Precision::Exact,
        opens: true,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/type-error-in-condition.md"),
    },
    check,
)
.of_all_requests()
.instead_of(&["unexpected-type", "incompatible-types"]);

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    for policy in context.policies() {
        let Some(condition) = &policy.syntax().condition else { continue };
        let looking = Looking { policy };
        if let Some(wrong) = looking.not_a(Shape::Bool, condition, "a condition") {
            out.push(looking.finding(wrong));
        }
        condition.walk(&mut |expr| out.extend(looking.wrong(expr).map(|wrong| looking.finding(wrong))));
    }
}

/// A type error: where, what, and what to do.
struct Wrong<'a> {
    at: &'a Expr,
    message: String,
    help: Option<String>,
}

struct Looking<'a> {
    policy: &'a Policy,
}

impl<'a> Looking<'a> {
    fn finding(&self, wrong: Wrong<'_>) -> Finding {
        let message = format!("{}, so this always errors", wrong.message);
        let mut finding = Context::finding(&RULE.meta, self.policy, wrong.at.span, "", message);
        let skipped = match self.policy.effect_word() {
            "forbid" => "Cedar skips a policy that errors, so this forbid lets requests through",
            _ => "Cedar skips a policy that errors",
        };
        finding.help = Some(wrong.help.map_or_else(|| skipped.to_owned(), |help| format!("{help}; {skipped}")));
        finding
    }

    /// The text of `expr`, when it is short enough to repeat.
    fn text(&self, expr: &Expr) -> Option<&'a str> {
        let text = self.policy.location.file.slice(expr.span?);
        (!text.is_empty() && text.len() <= 80 && !text.contains('\n')).then_some(text)
    }

    /// `expr` is certainly not `wanted`, which `what` needs.
    fn not_a<'e>(&self, wanted: Shape, expr: &'e Expr, what: &str) -> Option<Wrong<'e>> {
        let got = shape(expr).filter(|got| *got != wanted)?;
        Some(Wrong { at: expr, message: format!("{what} needs {wanted}, and this is {got}"), help: None })
    }

    /// What is wrong with `expr` itself, its parts aside.
    fn wrong<'e>(&self, expr: &'e Expr) -> Option<Wrong<'e>> {
        match &expr.kind {
            ExprKind::And(parts) => parts.iter().find_map(|part| self.not_a(Shape::Bool, part, "`&&`")),
            ExprKind::Or(parts) => self.or(parts),
            ExprKind::If(parts) => parts.first().and_then(|test| self.not_a(Shape::Bool, test, "`if`")),
            ExprKind::Unary(UnaryOp::Not, part) => self.not_a(Shape::Bool, part, "`!`"),
            ExprKind::Unary(UnaryOp::Neg, part) => self.not_a(Shape::Long, part, "`-`"),
            ExprKind::Unary(UnaryOp::IsEmpty, part) => self.not_a(Shape::Set, part, "`isEmpty`"),
            ExprKind::Like(part, _) => self.not_a(Shape::String, part, "`like`").map(|wrong| negated(wrong, "like")),
            ExprKind::Is(part) => self.not_a(Shape::Entity, part, "`is`").map(|wrong| negated(wrong, "is")),
            ExprKind::HasAttr(part, _) => self.attributes(part, "`has`").map(|wrong| negated(wrong, "has")),
            ExprKind::GetAttr(part, name) => self.attributes(part, &format!("`.{}`", inline(name))),
            ExprKind::Call(name, arguments) => self.call(name, arguments),
            ExprKind::Binary(op, parts) => self.binary(expr, *op, parts),
            _ => None,
        }
    }

    fn or<'e>(&self, parts: &'e [Expr; 2]) -> Option<Wrong<'e>> {
        let [left, right] = parts;
        if let Some(wrong) = self.not_a(Shape::Bool, left, "`||`") {
            return Some(wrong);
        }
        let mut wrong = self.not_a(Shape::Bool, right, "`||`")?;
        // `x == "a" || "b"`: the comparison has to be repeated.
        let last = match &left.kind {
            ExprKind::Or(inner) => inner.last(),
            _ => Some(left),
        };
        if let Some(ExprKind::Binary(BinaryOp::Eq, sides)) = last.map(|last| &last.kind) {
            let [subject, _] = &**sides;
            let texts = self.text(subject).zip(self.text(right));
            wrong.help = texts.map(|(subject, value)| format!("write `{subject} == {value}`"));
        }
        Some(wrong)
    }

    fn attributes<'e>(&self, expr: &'e Expr, what: &str) -> Option<Wrong<'e>> {
        let got = shape(expr).filter(|got| !matches!(got, Shape::Entity | Shape::Record))?;
        Some(Wrong { at: expr, message: format!("{what} needs an entity or a record, and this is {got}"), help: None })
    }

    fn call<'e>(&self, name: &str, arguments: &'e [Expr]) -> Option<Wrong<'e>> {
        let (wanted, _) = signature(name)?;
        arguments.iter().zip(wanted).find_map(|(argument, wanted)| {
            let mut wrong = self.not_a(*wanted, argument, &format!("`{name}`"))?;
            let constructor = match wanted {
                Shape::Ip => "ip",
                Shape::Decimal => "decimal",
                Shape::Datetime => "datetime",
                Shape::Duration => "duration",
                _ => return Some(wrong),
            };
            let text = self.text(argument).filter(|_| matches!(argument.kind, ExprKind::String(_)));
            wrong.help = text.map(|text| format!("write `{constructor}({text})`"));
            Some(wrong)
        })
    }

    fn binary<'e>(&self, whole: &'e Expr, op: BinaryOp, parts: &'e [Expr; 2]) -> Option<Wrong<'e>> {
        let [left, right] = parts;
        let both = |wanted, what: &str| parts.iter().find_map(|part| self.not_a(wanted, part, what));
        let named = format!("`{}`", op.as_str());
        match op {
            BinaryOp::Eq => None,
            BinaryOp::Less | BinaryOp::LessEq => self.order(whole, op, left, right),
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul => both(Shape::Long, &named),
            BinaryOp::Contains => self.not_a(Shape::Set, left, &named),
            BinaryOp::ContainsAll | BinaryOp::ContainsAny => both(Shape::Set, &named),
            BinaryOp::GetTag | BinaryOp::HasTag => {
                self.not_a(Shape::Entity, left, &named).or_else(|| self.not_a(Shape::String, right, &named))
            }
            BinaryOp::In => self.hierarchy(whole, left, right),
        }
    }

    fn order<'e>(&self, whole: &'e Expr, op: BinaryOp, left: &Expr, right: &Expr) -> Option<Wrong<'e>> {
        let operator = self.operator(op, left, right);
        let sides = [left, right].map(|side| shape(side).map(|shape| (side, shape)));
        let unordered = sides.into_iter().flatten().find(|(_, shape)| !shape.is_ordered());
        let (message, help) = match (unordered, sides) {
            (Some((side, shape)), _) => {
                (format!("`{operator}` compares numbers, datetimes and durations, and this compares with {shape}"), {
                    self.order_help(side, shape)
                })
            }
            (None, [Some((_, one)), Some((_, other))]) if one != other => {
                (format!("`{operator}` compares values of one type, and this compares {one} with {other}"), None)
            }
            _ => return None,
        };
        Some(Wrong { at: whole, message, help })
    }

    fn order_help(&self, side: &Expr, shape: Shape) -> Option<String> {
        match (&side.kind, shape) {
            (ExprKind::String(text), _) => {
                let quoted = self.text(side)?;
                let date = text
                    .get(..5)
                    .is_some_and(|year| year.ends_with('-') && year.bytes().take(4).all(|byte| byte.is_ascii_digit()));
                let number = text.parse::<i64>().is_ok();
                Some(match (date, number) {
                    (true, _) => format!("write `datetime({quoted})` and give the other side as a datetime"),
                    (_, true) => format!("write `{text}` without quotes and give the other side as a number"),
                    _ => "strings have no order in Cedar: compare with `==`, `like` or a set".to_owned(),
                })
            }
            (_, Shape::Decimal) => Some("decimals are compared with `.lessThan()` and its kin".to_owned()),
            _ => None,
        }
    }

    /// The operator as written: Cedar's parser turns `a > b` into `!(a <= b)`.
    fn operator(&self, op: BinaryOp, left: &Expr, right: &Expr) -> &'static str {
        let gap = left.span.zip(right.span).map(|(left, right)| Span::new(left.end, right.start));
        let gap = gap.map(|gap| self.policy.location.file.slice(gap)).unwrap_or_default();
        let code = gap.lines().map(|line| line.split("//").next().unwrap_or_default());
        let written = code.flat_map(|line| [">=", ">", "<=", "<"].into_iter().find(|op| line.contains(op))).next();
        written.unwrap_or(op.as_str())
    }

    fn hierarchy<'e>(&self, whole: &'e Expr, left: &'e Expr, right: &'e Expr) -> Option<Wrong<'e>> {
        if let Some(got) = shape(right).filter(|got| !matches!(got, Shape::Entity | Shape::Set)) {
            let message = format!("`in` needs an entity or a set of entities on its right, and this is {got}");
            return Some(Wrong { at: whole, message, help: self.in_help(left, right) });
        }
        if let ExprKind::Set(parts) = &right.kind {
            let odd = parts.iter().find_map(|part| shape(part).filter(|got| *got != Shape::Entity));
            if let Some(got) = odd {
                let message = format!("`in` is for entities, and the set on its right holds {got}");
                return Some(Wrong { at: whole, message, help: self.in_help(left, right) });
            }
        }
        let wrong = self.not_a(Shape::Entity, left, "`in`")?;
        if matches!(left.kind, ExprKind::Unary(UnaryOp::Not, _)) {
            return Some(negated(wrong, "in"));
        }
        Some(Wrong { at: whole, help: self.in_help(left, right), ..wrong })
    }

    fn in_help(&self, left: &Expr, right: &Expr) -> Option<String> {
        let (subject, value) = (self.text(left)?, self.text(right)?);
        if shape(left) == Some(Shape::Entity) {
            return Some("write entities with their type, such as `User::\"alice\"`".to_owned());
        }
        match &right.kind {
            ExprKind::Set(parts) => {
                let entity = parts.iter().any(|part| shape(part) == Some(Shape::Entity));
                let mixed = entity && shape(left).is_none();
                (!mixed)
                    .then(|| format!("write `{value}.contains({subject})`"))
                    .or_else(|| Some("write every element as an entity with its type".to_owned()))
            }
            ExprKind::String(_) | ExprKind::Long | ExprKind::Bool => Some(format!("write `{subject} == {value}`")),
            ExprKind::Record(_) => Some("ask a record for a key with `has`".to_owned()),
            _ => None,
        }
    }
}

/// `!a in b` means `(!a) in b`, which is never what was meant.
fn negated<'e>(mut wrong: Wrong<'e>, operator: &str) -> Wrong<'e> {
    if matches!(wrong.at.kind, ExprKind::Unary(UnaryOp::Not, _)) {
        wrong.help = Some(format!("`!` binds tighter than `{operator}`: write `!(... {operator} ...)`"));
    }
    wrong
}
