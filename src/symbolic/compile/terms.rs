//! What has to be read from the insides of symcc's terms and of Cedar's policies and schemas.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::LazyLock;

use cedar_policy::{EntityTypeName, EntityUid, Policy, RestrictedExpression, Schema, Template};
use cedar_policy_core::ast::{Expr, ExprKind, Name, PatternElem, RestrictedExpr, Var};
use cedar_policy_core::validator::types::{AttributeType, Type};
use cedar_policy_symcc::bitvec::BitVec;
use cedar_policy_symcc::op::Op;
use cedar_policy_symcc::term::{Term, TermPrim};
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::type_abbrevs::OrdPattern;

/// The number as its bits are, without sign.
pub(in crate::symbolic) fn number(value: &BitVec) -> u128 {
    value.as_nat().iter_u64_digits().take(2).zip([0, 64]).map(|(digit, shift)| u128::from(digit) << shift).sum()
}

/// Number and divisor, if the conditional is symcc's of a remainder that is never negative: the time of day of a date.
pub(in crate::symbolic) fn time_of_day<'t>(test: &Term, then: &'t Term, other: &Term) -> Option<(&'t Term, &'t Term)> {
    let (number, divisor) = operands(then, &Op::Bvsrem)?;
    let zero = Term::from(BitVec::of_u128(number_width(number)?, 0));
    let (low, high) = operands(test, &Op::Bvsle)?;
    let Term::App { op: Op::Ite, args, .. } = other else { return None };
    let [is_zero, nothing, lifted] = args.as_slice() else { return None };
    let (rest, with) = operands(lifted, &Op::Bvadd)?;
    let (one, two) = operands(is_zero, &Op::Eq)?;
    let never_negative = *low == zero && high == number && *nothing == zero && rest == then && with == divisor;
    let about_rest = (one == then && *two == zero) || (two == then && *one == zero);
    (never_negative && about_rest).then_some((number, divisor))
}

/// That the network of an address lies in a block of addresses.
pub(in crate::symbolic) struct InBlock<'t> {
    /// The address.
    pub(in crate::symbolic) address: &'t Term,
    /// The length of its prefix, an option; all of its bits where there is none.
    pub(in crate::symbolic) prefix: &'t Term,
    /// How many bits addresses have.
    pub(in crate::symbolic) width: usize,
    /// The first address of the block.
    pub(in crate::symbolic) first: u128,
    /// How many bits all addresses of the block begin with alike.
    pub(in crate::symbolic) alike: usize,
}

/// The block, if these two hold together where symcc says that an address is in the range that a literal is: the last
/// address of its network is at most that of the block, and the first at least.
pub(in crate::symbolic) fn in_block<'t>(one: &'t Term, two: &'t Term) -> Option<InBlock<'t>> {
    let ((high, last), (first, low)) = (operands(one, &Op::Bvule)?, operands(two, &Op::Bvule)?);
    let (Term::Prim(TermPrim::Bitvec(last)), Term::Prim(TermPrim::Bitvec(first))) = (last, first) else { return None };
    let bits = first.width();
    let constant = |value: u32| Term::from(BitVec::of_u128(bits, value.into()));
    // The first address is `(address >> hosts) << hosts`, the last `first + (1 << hosts) - 1`.
    let (network, hosts) = operands(low, &Op::Bvshl)?;
    let (address, by) = operands(network, &Op::Bvlshr)?;
    let (next, less) = operands(high, &Op::Bvsub)?;
    let (from, size) = operands(next, &Op::Bvadd)?;
    let (single, times) = operands(size, &Op::Bvshl)?;
    if by != hosts || times != hosts || from != low || [less, single].into_iter().any(|one| *one != constant(1)) {
        return None;
    }
    // `hosts` is nought without a prefix, and else what it leaves of all bits.
    let Term::App { op: Op::Ite, args, .. } = hosts else { return None };
    let [is_none, nothing, left] = args.as_slice() else { return None };
    let (all, extended) = operands(left, &Op::Bvsub)?;
    let Term::App { op: Op::ZeroExtend(_), args, .. } = extended else { return None };
    let [Term::App { op: Op::OptionGet, args, .. }] = args.as_slice() else { return None };
    let [prefix] = args.as_slice() else { return None };
    let (one, two) = operands(is_none, &Op::Eq)?;
    let about_prefix =
        (one == prefix && matches!(two, Term::None(_))) || (two == prefix && matches!(one, Term::None(_)));
    if !about_prefix || *nothing != constant(0) || *all != constant(bits.get()) {
        return None;
    }
    let (first, last) = (number(first), number(last));
    let differ = first ^ last;
    let free = 128 - differ.leading_zeros();
    let block = differ.count_ones() == free && first & differ == 0;
    let width = bits.get() as usize;
    block.then_some(InBlock { address, prefix, width, first, alike: width.checked_sub(free as usize)? })
}

fn number_width(term: &Term) -> Option<NonZeroU32> {
    match term.type_of() {
        TermType::Bitvec { n } => Some(n),
        _ => None,
    }
}

/// The operands of an operation of two.
fn operands<'t>(term: &'t Term, wanted: &Op) -> Option<(&'t Term, &'t Term)> {
    match term {
        Term::App { op, args, .. } if op == wanted => match args.as_slice() {
            [one, two] => Some((one, two)),
            _ => None,
        },
        _ => None,
    }
}

/// The elements of a pattern: a character, or `None` for any characters.
pub(in crate::symbolic) fn pattern(pattern: &OrdPattern) -> Vec<Option<char>> {
    pattern
        .get_elems()
        .iter()
        .map(|element| match element {
            PatternElem::Char(c) => Some(*c),
            PatternElem::Wildcard => None,
        })
        .collect()
}

/// The type of the context of requests for `action`.
pub(super) fn context<'s>(schema: &'s Schema, action: &EntityUid) -> Option<impl Eq + Hash + use<'s>> {
    schema.as_ref().context_type(action.as_ref())
}

/// Whether the context of requests for `action` may lack the attribute that is called `attr`, which others have.
pub(super) fn context_may_lack(schema: &Schema, action: &EntityUid, attr: &str) -> bool {
    let Some(Type::Record { attrs, .. }) = schema.as_ref().context_type(action.as_ref()) else { return false };
    attrs.get_attr(attr).is_some_and(|one| !one.is_required())
}

/// Whether the context of requests for `action` has to have what is at `path`, if it has what leads there.
pub(super) fn context_requires(schema: &Schema, action: &EntityUid, path: &[String]) -> bool {
    let (Some(Type::Record { attrs, .. }), [first, rest @ ..]) = (schema.as_ref().context_type(action.as_ref()), path)
    else {
        return false;
    };
    attrs.get_attr(first).is_some_and(|first| requires(first, rest))
}

/// The same of entities of type `ty`.
pub(super) fn entities_require(schema: &Schema, ty: &EntityTypeName, path: &[String]) -> bool {
    let (Some(ty), [first, rest @ ..]) = (schema.as_ref().get_entity_type(ty.as_ref()), path) else { return false };
    ty.attr(first).is_some_and(|first| requires(first, rest))
}

fn requires(at: &AttributeType, path: &[String]) -> bool {
    match (path, at.attr_type.as_ref()) {
        ([], _) => at.is_required(),
        ([first, rest @ ..], Type::Record { attrs, .. }) => {
            attrs.get_attr(first).is_some_and(|first| requires(first, rest))
        }
        _ => false,
    }
}

/// What a function of an extension makes of `arguments`. Cedar reads the name anew each time that it is given a text.
pub(in crate::symbolic) fn called<const N: usize>(
    function: &str,
    arguments: [RestrictedExpression; N],
) -> Result<RestrictedExpression, String> {
    static NAMES: LazyLock<HashMap<&'static str, Name>> = LazyLock::new(|| {
        let all = ["decimal", "duration", "ip", "datetime", "offset"];
        all.into_iter().filter_map(|name| Some((name, name.parse().ok()?))).collect()
    });
    let name = NAMES.get(function).ok_or_else(|| format!("there is no function `{function}`"))?;
    let arguments = arguments.iter().map(|argument| AsRef::<RestrictedExpr>::as_ref(argument).clone());
    Ok(RestrictedExpr::call_extension_fn(name.clone(), arguments).into())
}

/// Whether the policy's conditions ask for the action.
pub(super) fn asks_for_action(policy: &Policy) -> bool {
    policy.as_ref().non_scope_constraints().is_some_and(names_action)
}

/// Whether the template's conditions ask for the action.
pub(super) fn template_asks_for_action(template: &Template) -> bool {
    template.as_ref().non_scope_constraints().is_some_and(names_action)
}

fn names_action(conditions: &Expr) -> bool {
    conditions.subexpressions().any(|part| matches!(part.expr_kind(), ExprKind::Var(Var::Action)))
}

/// How deep `if`s are nested in each other in the policy's conditions.
pub(super) fn conditional_depth(policy: &Policy) -> usize {
    fn depth(expr: &Expr) -> usize {
        match expr.expr_kind() {
            ExprKind::If { test_expr, then_expr, else_expr } => {
                1 + depth(test_expr).max(depth(then_expr)).max(depth(else_expr))
            }
            ExprKind::And { left, right } | ExprKind::Or { left, right } => depth(left).max(depth(right)),
            ExprKind::UnaryApp { arg, .. } => depth(arg),
            ExprKind::BinaryApp { arg1, arg2, .. } => depth(arg1).max(depth(arg2)),
            ExprKind::GetAttr { expr, .. }
            | ExprKind::HasAttr { expr, .. }
            | ExprKind::ExtHasAttr { expr, .. }
            | ExprKind::Like { expr, .. }
            | ExprKind::Is { expr, .. } => depth(expr),
            ExprKind::Set(all) => all.iter().map(depth).max().unwrap_or_default(),
            ExprKind::ExtensionFunctionApp { args, .. } => args.iter().map(depth).max().unwrap_or_default(),
            ExprKind::Record(fields) => fields.values().map(depth).max().unwrap_or_default(),
            _ => 0,
        }
    }
    let policy: &cedar_policy_core::ast::Policy = policy.as_ref();
    policy.non_scope_constraints().map_or(0, depth)
}
