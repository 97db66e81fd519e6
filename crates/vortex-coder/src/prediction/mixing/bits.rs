//! What is done with a binary decision: it is written, read or measured.

use crate::cost::{COST_ONE_BIT, log2};
use crate::error::Result;
use crate::range::{RangeDecoder, RangeEncoder};
use crate::threads::check_stop;

/// Takes decisions one after the other. It is one type for all three cases, so that the loops over
/// a block are compiled once.
pub(super) enum Bits<'a> {
    Write(RangeEncoder),
    Read(RangeDecoder<'a>),
    Weigh(Cost),
}

/// The costs of decisions by role, in units of 2^-16 bits.
pub(super) struct Cost {
    roles: Vec<u64>,
    role: usize,
}

impl Cost {
    pub(super) fn new(roles: usize) -> Self {
        Self { roles: vec![0; roles], role: 0 }
    }

    pub(super) fn by_role(&self) -> &[u64] {
        &self.roles
    }

    pub(super) fn into_roles(self) -> Vec<u64> {
        self.roles
    }
}

impl Bits<'_> {
    /// Codes `bit`, whose probability to be 1 is `p` in 16 bits, 1 to 65,535, and returns it; a
    /// reader returns the bit that it reads.
    #[inline(always)]
    pub(super) fn code(&mut self, bit: u32, p: u32) -> u32 {
        match self {
            Self::Write(encoder) => {
                encoder.encode_bit(bit, p);
                bit
            }
            Self::Read(decoder) => decoder.decode_bit(p),
            Self::Weigh(cost) => {
                let p = if bit == 1 { p } else { (1 << 16) - p };
                cost.roles[cost.role] += u64::from(16 * COST_ONE_BIT - log2(p));
                bit
            }
        }
    }

    /// Codes a byte whose values are all equally likely.
    pub(super) fn code_flat(&mut self, byte: u8) -> u8 {
        match self {
            Self::Write(encoder) => encoder.encode_bits(byte.into(), 8),
            Self::Read(decoder) => return decoder.decode_bits(8).to_le_bytes()[0],
            Self::Weigh(cost) => cost.roles[cost.role] += u64::from(8 * COST_ONE_BIT),
        }
        byte
    }

    /// Call this before the first symbol of a role; roles after the last one count as role 0.
    #[inline(always)]
    pub(super) fn role(&mut self, role: usize) {
        if let Self::Weigh(cost) = self {
            cost.role = if role < cost.roles.len() { role } else { 0 };
        }
    }

    /// Call this regularly: it checks whether the stream can still be valid, and is still wanted.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Truncated`] for a stream that was cut, which would continue with zeros,
    /// and [`crate::ErrorKind::Cancelled`].
    #[inline(always)]
    pub(super) fn check(&self) -> Result<()> {
        check_stop()?;
        match self {
            Self::Read(decoder) if decoder.is_truncated() => decoder.clone().finish(),
            _ => Ok(()),
        }
    }
}
