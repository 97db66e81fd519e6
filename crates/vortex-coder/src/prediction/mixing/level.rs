//! The levels: how much time a block may take.

use super::engine::MIXED_CONTEXTS;

/// Effort of the mixing predictor, as in the command's levels: 4 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u8);

impl Level {
    /// The fastest level.
    pub const LOWEST: Self = Self(4);
    /// The default level.
    pub const DEFAULT: Self = Self(5);
    /// The level with the smallest files.
    pub const HIGHEST: Self = Self(8);

    /// The level with this number, 4 to 8.
    pub fn new(level: u8) -> Option<Self> {
        let level = Self(level);
        (Self::LOWEST..=Self::HIGHEST).contains(&level).then_some(level)
    }

    /// Its number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Contexts of a symbol of text or of a number. The last contexts are whole numbers, which measured values hardly
    /// repeat: floats become smaller without them.
    pub(super) fn region_contexts(self, mostly_floats: bool) -> usize {
        match self.0 {
            ..=4 => 10,
            _ if mostly_floats => 11,
            _ => 17,
        }
    }

    /// Contexts of a symbol of a record. 13 contexts and three more inputs fill mixers of 16.
    pub(super) fn record_contexts(self) -> usize {
        match self.0 {
            ..=5 => 13,
            6 => 20,
            _ => 28,
        }
    }

    /// Contexts of a symbol of a record beside a network. 11 contexts and five more inputs fill
    /// mixers of 16.
    pub(super) fn mixed_contexts(self) -> usize {
        match self.0 {
            ..=5 => 11,
            6 => 20,
            _ => MIXED_CONTEXTS,
        }
    }

    /// log2 of the number of slots of 32 bytes.
    pub(super) fn slots_log2(self) -> u32 {
        match self.0 {
            ..=4 => 18,
            5 => 20,
            6 | 7 => 21,
            _ => 23,
        }
    }

    /// Default bytes per block. Blocks are large because the predictor learns anew in each block.
    pub fn block_bytes(self) -> u32 {
        match self.0 {
            ..=6 => 16 << 20,
            _ => 64 << 20,
        }
    }
}

impl Default for Level {
    fn default() -> Self {
        Self::DEFAULT
    }
}
