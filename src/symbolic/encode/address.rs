//! IP addresses as bits: whether it is version 4, the address, whether there is a prefix, the prefix. What a version
//! does not use is zero, so that equal addresses have equal bits.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

use cedar_policy_symcc::term::{Term, TermPrim};
use cedar_policy_symcc::term_factory;

use super::encoder::Encoder;
use super::value::Value;
use crate::symbolic::circuit::{Bits, Lit};
use crate::symbolic::compile::terms::InBlock;

const V4: usize = 0;
const ADDRESS: usize = 1;
const HAS_PREFIX: usize = 129;
const PREFIX: usize = 130;
const WIDTH: usize = 137;

impl Encoder<'_> {
    /// An unknown address.
    pub(super) fn unknown_address(&mut self) -> Bits {
        let bits = Bits::fresh(&mut self.circuit, WIDTH);
        let (v4, has_prefix) = (bits.bit(V4), bits.bit(HAS_PREFIX));
        for high in ADDRESS + 32..HAS_PREFIX {
            self.circuit.clause_with([bits.bit(high)], &[!v4, !bits.bit(high)]);
        }
        for index in PREFIX..WIDTH {
            self.circuit.clause_with([bits.bit(index)], &[has_prefix, !bits.bit(index)]);
            if index >= PREFIX + 5 {
                self.circuit.clause_with([bits.bit(index)], &[!v4, !bits.bit(index)]);
            }
        }
        bits
    }

    /// The address of a literal of the given version.
    pub(super) fn literal_address(&mut self, literal: &TermPrim, v4: bool) -> Bits {
        let term = || Term::Prim(literal.clone());
        let (address, prefix) = if v4 {
            (term_factory::ext_ipaddr_addr_v4(term()), term_factory::ext_ipaddr_prefix_v4(term()))
        } else {
            (term_factory::ext_ipaddr_addr_v6(term()), term_factory::ext_ipaddr_prefix_v6(term()))
        };
        let address = self.folded(&address).slice(0, 128);
        let prefix = match prefix {
            Term::Some(prefix) => Some(self.folded(&prefix).slice(0, 7)),
            _ => None,
        };
        let has_prefix = Lit::from(prefix.is_some());
        let prefix = prefix.unwrap_or_else(|| Bits::constant(0, 7));
        let first = std::iter::once(Lit::from(v4));
        first.chain(address.iter()).chain(std::iter::once(has_prefix)).chain(prefix.iter()).collect()
    }

    /// The network of an address lies in the block: its prefix is no shorter, and the address begins as all in the
    /// block do. Said so, a search need not shift and add, and blocks that begin alike share gates.
    pub(super) fn in_block(&mut self, block: &InBlock<'_>) -> Value {
        let address = self.folded(block.address);
        let prefix = self.encode(block.prefix);
        let (there, prefix) = self.option(&prefix);
        let narrow = match prefix {
            Some(prefix) => {
                let prefix = self.bits(&prefix);
                let least = Bits::constant(block.alike as u128, prefix.width() + 1);
                let shorter = self.circuit.less_unsigned(&prefix, &least);
                !self.circuit.and(there, shorter)
            }
            None => Lit::TRUE,
        };
        let free = block.width - block.alike;
        let beginning = Bits::constant(block.first.checked_shr(free as u32).unwrap_or(0), block.alike);
        let begins = self.circuit.equal(&address.slice(free, block.alike), &beginning);
        Value::one(self.circuit.and(narrow, begins))
    }
}

/// Whether the address is of version 4.
pub(super) fn is_v4(address: &Bits) -> Value {
    Value::one(address.bit(V4))
}

/// The first `width` bits of the address itself.
pub(super) fn number(address: &Bits, width: usize) -> Value {
    Value::Bits(address.slice(ADDRESS, width))
}

/// The first `width` bits of the prefix, if the address has one.
pub(super) fn prefix(address: &Bits, width: usize) -> Value {
    let prefix = Value::Bits(address.slice(PREFIX, width));
    Value::Option(address.bit(HAS_PREFIX), Some(Rc::new(prefix)))
}

/// The address with these bits in a model as Cedar writes it: the low 128 of them, and those above.
pub(in crate::symbolic) fn text_of_address(low: u128, high: u16) -> String {
    let v4 = low & 1 == 1;
    // Bit 128 of the value is the highest of the address.
    let bits = (low >> 1) | (u128::from(high & 1) << 127);
    let prefix = (high >> 1 & 1 == 1).then_some(high >> 2);
    let address = match v4 {
        true => Ipv4Addr::from_bits(bits as u32).to_string(),
        false => {
            let address = Ipv6Addr::from_bits(bits);
            let short = address.to_string();
            // Cedar reads no version 4 in a version 6.
            let long = || address.segments().map(|part| format!("{part:x}")).join(":");
            if short.contains('.') { long() } else { short }
        }
    };
    match prefix {
        Some(prefix) => format!("{address}/{prefix}"),
        None => address,
    }
}
