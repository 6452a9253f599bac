//! Functions of addresses, decimals, dates and durations.
//!
//! What each does is said at <https://docs.cedarpolicy.com/policies/syntax-operators.html>; as terms they are symcc's,
//! so that a policy comes to the same formula whichever way it is compiled (tests hold them to it).

use cedar_policy_core::ast::{Name, Value as CedarValue};
use cedar_policy_core::extensions::Extensions;
use cedar_policy_symcc::bitvec::BitVec;
use cedar_policy_symcc::ext::Ext;
use cedar_policy_symcc::term::{Term, TermPrim};
use cedar_policy_symcc::term_factory::{
    and, bvadd, bvlshr, bvsaddo, bvsdiv, bvshl, bvsle, bvslt, bvsmod, bvsrem, bvssubo, bvsub, bvule, eq,
    ext_datetime_of_bitvec, ext_datetime_val, ext_decimal_val, ext_duration_of_bitvec, ext_duration_val,
    ext_ipaddr_addr_v4, ext_ipaddr_addr_v6, ext_ipaddr_is_v4, ext_ipaddr_prefix_v4, ext_ipaddr_prefix_v6, is_none, ite,
    not, option_get, or, zero_extend,
};
use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::type_abbrevs::{ExtType, SIXTY_FOUR, Width, nat};

use super::value::{Cases, Value};

const PARSED: &str = "it reads an address, a decimal, a date or a duration from a string that is not written out";

/// `name(arguments..)`, or `arguments[0].name(..)`.
pub(super) fn call(name: &str, cedar: &Name, arguments: &[Value]) -> Cases {
    use ExtType::{DateTime, Decimal, Duration, IpAddr};
    match (name, arguments) {
        ("ip", [text]) => parsed(cedar, text, |text| Ext::parse_ip(text).ok()),
        ("decimal", [text]) => parsed(cedar, text, |text| Ext::parse_decimal(text).ok()),
        ("datetime", [text]) => parsed(cedar, text, |text| Ext::parse_datetime(text).ok()),
        ("duration", [text]) => parsed(cedar, text, |text| Ext::parse_duration(text).ok()),
        ("lessThan", [a, b]) => two(a, Decimal, b, Decimal, |a, b| plain(decimals(bvslt, a, b))),
        ("lessThanOrEqual", [a, b]) => two(a, Decimal, b, Decimal, |a, b| plain(decimals(bvsle, a, b))),
        ("greaterThan", [a, b]) => two(a, Decimal, b, Decimal, |a, b| plain(decimals(bvslt, b, a))),
        ("greaterThanOrEqual", [a, b]) => two(a, Decimal, b, Decimal, |a, b| plain(decimals(bvsle, b, a))),
        ("isIpv4", [a]) => one(a, IpAddr, |a| plain(ext_ipaddr_is_v4(a))),
        ("isIpv6", [a]) => one(a, IpAddr, |a| plain(not(ext_ipaddr_is_v4(a)))),
        ("isLoopback", [a]) => one(a, IpAddr, |a| within_either(&a, "127.0.0.0/8", "::1/128")),
        ("isMulticast", [a]) => one(a, IpAddr, |a| within_either(&a, "224.0.0.0/4", "ff00::/8")),
        ("isInRange", [a, b]) => two(a, IpAddr, b, IpAddr, |a, b| plain(within(&a, &b))),
        ("offset", [a, b]) => two(a, DateTime, b, Duration, |a, b| {
            checked(ext_datetime_val(a), ext_duration_val(b), bvsaddo, bvadd, ext_datetime_of_bitvec)
        }),
        ("durationSince", [a, b]) => two(a, DateTime, b, DateTime, |a, b| {
            checked(ext_datetime_val(a), ext_datetime_val(b), bvssubo, bvsub, ext_duration_of_bitvec)
        }),
        ("toDate", [a]) => one(a, DateTime, |a| {
            let time = ext_datetime_val(a);
            let rest = bvsmod(time.clone(), long(MILLISECONDS_PER_DAY));
            checked(time, rest, bvssubo, bvsub, ext_datetime_of_bitvec)
        }),
        ("toTime", [a]) => one(a, DateTime, |a| plain(time_of_day(ext_datetime_val(a)))),
        ("toMilliseconds", [a]) => one(a, Duration, |a| plain(ext_duration_val(a))),
        ("toSeconds", [a]) => one(a, Duration, |a| plain(divided(a, &[1000]))),
        ("toMinutes", [a]) => one(a, Duration, |a| plain(divided(a, &[1000, 60]))),
        ("toHours", [a]) => one(a, Duration, |a| plain(divided(a, &[1000, 60, 60]))),
        ("toDays", [a]) => one(a, Duration, |a| plain(divided(a, &[1000, 60, 60, 24]))),
        _ => Cases::from(Value::Beyond("it calls a function that is not known")),
    }
}

const MILLISECONDS_PER_DAY: u32 = 86_400_000;

fn plain(term: Term) -> Cases {
    Cases::from(Value::Term(term))
}

fn long(value: u32) -> Term {
    BitVec::of_nat(SIXTY_FOUR, nat(value)).into()
}

fn of_type(value: &Value, ty: ExtType) -> Option<Term> {
    value.term().filter(|term| term.type_of() == TermType::Ext { xty: ty }).cloned()
}

fn one(value: &Value, ty: ExtType, next: impl FnOnce(Term) -> Cases) -> Cases {
    of_type(value, ty).map_or_else(Cases::error, next)
}

fn two(a: &Value, first: ExtType, b: &Value, second: ExtType, next: impl FnOnce(Term, Term) -> Cases) -> Cases {
    match (of_type(a, first), of_type(b, second)) {
        (Some(a), Some(b)) => next(a, b),
        _ => Cases::error(),
    }
}

/// What a constructor makes of a string: what Cedar's own does, as far as the string is known.
fn parsed(cedar: &Name, text: &Value, parse: impl FnOnce(&str) -> Option<Ext>) -> Cases {
    let Value::Term(term) = text else { return Cases::error() };
    let Term::Prim(TermPrim::String(text)) = term else {
        let is_text = term.type_of() == TermType::String;
        return if is_text { Cases::from(Value::Beyond(PARSED)) } else { Cases::error() };
    };
    let argument = CedarValue::from(text.clone());
    let accepts = Extensions::all_available().func(cedar).is_ok_and(|function| function.call(&[argument]).is_ok());
    match (accepts, parse(text)) {
        (false, _) => Cases::error(),
        (true, Some(value)) => plain(value.into()),
        (true, None) => Cases::from(Value::Beyond(
            "it writes an address, a decimal, a date or a duration in a way that is not known",
        )),
    }
}

fn decimals(compare: fn(Term, Term) -> Term, a: Term, b: Term) -> Term {
    compare(ext_decimal_val(a), ext_decimal_val(b))
}

/// A sum or difference, and an error where it does not fit.
fn checked(
    a: Term,
    b: Term,
    overflows: fn(Term, Term) -> Term,
    compute: fn(Term, Term) -> Term,
    wrap: fn(Term) -> Term,
) -> Cases {
    Cases::guarded(not(overflows(a.clone(), b.clone())), Value::Term(wrap(compute(a, b))))
}

/// The duration in a coarser unit: each division truncates.
fn divided(duration: Term, by: &[u32]) -> Term {
    by.iter().fold(ext_duration_val(duration), |value, by| bvsdiv(value, long(*by)))
}

/// The time since midnight, before 1970 too.
fn time_of_day(time: Term) -> Term {
    let (zero, day) = (long(0), long(MILLISECONDS_PER_DAY));
    let rest = bvsrem(time.clone(), day.clone());
    let before = ite(eq(rest.clone(), zero.clone()), zero.clone(), bvadd(rest.clone(), day));
    ext_duration_of_bitvec(ite(bvsle(zero, time), rest, before))
}

/// Which addresses a range takes in: the first and the last, of a version whose addresses have `2^width` bits.
fn range(width: u32, address: Term, prefix: Term) -> Option<(Term, Term)> {
    let bits = 1u32.checked_shl(width)?;
    let size = Width::new(bits)?;
    let number = |value: u32| Term::from(BitVec::of_nat(size, nat(value)));
    let prefix_length = zero_extend(bits.checked_sub(width)?, option_get(prefix.clone()));
    let free = ite(is_none(prefix), number(0), bvsub(number(bits), prefix_length));
    let first = bvshl(bvlshr(address, free.clone()), free.clone());
    let last = bvsub(bvadd(first.clone(), bvshl(number(1), free)), number(1));
    Some((first, last))
}

/// Whether the range of `a` lies in that of `b`, both read as of one version.
fn inside(a: &Term, b: &Term, v4: bool) -> Term {
    let of = |term: &Term| {
        if v4 {
            range(5, ext_ipaddr_addr_v4(term.clone()), ext_ipaddr_prefix_v4(term.clone()))
        } else {
            range(7, ext_ipaddr_addr_v6(term.clone()), ext_ipaddr_prefix_v6(term.clone()))
        }
    };
    match (of(a), of(b)) {
        (Some((first, last)), Some((least, most))) => and(bvule(last, most), bvule(least, first)),
        _ => false.into(),
    }
}

fn within(a: &Term, b: &Term) -> Term {
    let is = |term: &Term, v4: bool| {
        let is_v4 = ext_ipaddr_is_v4(term.clone());
        if v4 { is_v4 } else { not(is_v4) }
    };
    let version = |v4: bool| and(is(a, v4), and(is(b, v4), inside(a, b, v4)));
    or(version(true), version(false))
}

/// Whether the address lies in the range of its version.
fn within_either(address: &Term, v4: &str, v6: &str) -> Cases {
    match (Ext::parse_ip(v4), Ext::parse_ip(v6)) {
        (Ok(v4), Ok(v6)) => plain(ite(
            ext_ipaddr_is_v4(address.clone()),
            inside(address, &v4.into(), true),
            inside(address, &v6.into(), false),
        )),
        _ => Cases::error(),
    }
}
