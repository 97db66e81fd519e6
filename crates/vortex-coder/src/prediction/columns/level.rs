//! How much time a block may take.

/// Effort of the columns predictor, as in the command's levels: 1 to 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u8);

impl Level {
    /// The quickest one.
    pub const LOWEST: Self = Self(1);
    /// The one that makes the smallest files.
    pub const HIGHEST: Self = Self(3);

    /// The level of this number, 1 to 3.
    pub fn new(level: u8) -> Option<Self> {
        let level = Self(level);
        (Self::LOWEST..=Self::HIGHEST).contains(&level).then_some(level)
    }

    /// Its number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Bytes a block where nothing is asked for: tables of codes are worth more, the more numbers they serve.
    pub fn block_bytes(self) -> u32 {
        match self.0 {
            1 => 4 << 20,
            _ => 16 << 20,
        }
    }

    /// The zstd level of blocks that are no records.
    pub fn zstd_level(self) -> i32 {
        match self.0 {
            1 => 3,
            2 => 9,
            _ => 19,
        }
    }

    /// The zstd level of columns.
    pub(super) fn zstd_of_columns(self) -> i32 {
        match self.0 {
            1 => 1,
            2 => 5,
            _ => 12,
        }
    }

    /// The level of pcodec, 0 to 12.
    pub(super) fn pcodec(self) -> usize {
        match self.0 {
            1 => 6,
            2 => 8,
            _ => 12,
        }
    }

    /// Whether columns are compared with each other.
    pub(super) fn compares(self) -> bool {
        self.0 > 1
    }

    /// Columns that each is compared with at most.
    pub(super) fn compared(self) -> usize {
        match self.0 {
            1 => 0,
            2 => 16,
            _ => 64,
        }
    }
}
