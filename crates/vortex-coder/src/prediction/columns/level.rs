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

    /// The zstd level of blocks of records that no predictor makes shorter: rows that repeat others.
    pub fn zstd_of_records(self) -> Option<i32> {
        match self.0 {
            1 => None,
            2 => Some(3),
            _ => Some(9),
        }
    }

    /// The zstd level of columns.
    pub(super) fn zstd_of_columns(self) -> i32 {
        match self.0 {
            1 => 1,
            2 => 3,
            _ => 6,
        }
    }

    /// The level of pcodec, 0 to 12: log2 of the bins that it begins with. More than 2^8 gain some thousandths and take most of
    /// the time.
    pub(super) fn pcodec(self) -> usize {
        match self.0 {
            1 => 7,
            2 => 8,
            _ => 11,
        }
    }

    /// The same for buckets, which have fewer numbers.
    pub(super) fn pcodec_of_buckets(self) -> usize {
        match self.0 {
            1 => 6,
            2 => 7,
            _ => 8,
        }
    }

    /// Whether all ways are tried on the whole column; otherwise the one that promises most on some of its numbers.
    pub(super) fn tries_all(self) -> bool {
        self.0 > 2
    }

    /// How much larger the codec that is larger on a sample may be there to be tried on the whole column.
    pub(super) fn margin(self) -> f64 {
        if self.tries_all() { 1.15 } else { 1.0 }
    }

    /// Numbers of a column that both codecs are tried on.
    pub(super) fn sampled(self) -> usize {
        match self.0 {
            1 => 4096,
            _ => 8192,
        }
    }

    /// Share of a column's bytes that being told apart must save.
    pub(super) fn least_saving(self) -> f64 {
        match self.0 {
            1 => 0.06,
            2 => 0.03,
            _ => 0.02,
        }
    }

    /// Records that are looked at to find columns that tell others apart.
    pub(super) fn looked_at(self) -> usize {
        match self.0 {
            1 => 1024,
            2 => 2048,
            _ => 4096,
        }
    }

    /// Columns that each is compared with at most.
    pub(super) fn compared(self) -> usize {
        match self.0 {
            1 => 8,
            2 => 24,
            _ => 64,
        }
    }
}
