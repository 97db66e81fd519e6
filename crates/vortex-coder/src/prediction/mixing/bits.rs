//! What becomes of a binary decision: written, read or weighed.

use crate::cost::log2;
use crate::range::{RangeDecoder, RangeEncoder};

/// Takes decisions one after the other.
pub(super) trait BitCoder {
    /// Codes `bit` whose probability to be 1 is `p` in 16 bits, 1 to 65,535, and returns it (a decoder: returns
    /// what it reads instead).
    fn code(&mut self, bit: u32, p: u32) -> u32;
    /// Codes 8 bits that are all equally likely.
    fn code_byte(&mut self, byte: u8) -> u8;
    /// Says that what follows belongs to this role.
    fn role(&mut self, _role: usize) {}
}

impl BitCoder for RangeEncoder {
    #[inline(always)]
    fn code(&mut self, bit: u32, p: u32) -> u32 {
        self.encode_bit(bit, p);
        bit
    }
    fn code_byte(&mut self, byte: u8) -> u8 {
        self.encode_bits(byte.into(), 8);
        byte
    }
}

impl BitCoder for RangeDecoder<'_> {
    #[inline(always)]
    fn code(&mut self, _bit: u32, p: u32) -> u32 {
        self.decode_bit(p)
    }
    fn code_byte(&mut self, _byte: u8) -> u8 {
        self.decode_bits(8) as u8
    }
}

/// The cost of decisions for each role, in 2^-16 bits.
pub(super) struct Cost {
    pub roles: Vec<u64>,
    role: usize,
}

impl Cost {
    pub(super) fn new(roles: usize) -> Self {
        Self { roles: vec![0; roles], role: 0 }
    }
}

impl BitCoder for Cost {
    #[inline(always)]
    fn code(&mut self, bit: u32, p: u32) -> u32 {
        let p = if bit == 1 { p } else { (1 << 16) - p };
        self.roles[self.role] += u64::from((16 << 16) - log2(p));
        bit
    }
    fn code_byte(&mut self, byte: u8) -> u8 {
        self.roles[self.role] += 8 << 16;
        byte
    }
    fn role(&mut self, role: usize) {
        self.role = role;
    }
}
