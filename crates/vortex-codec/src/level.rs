//! How much work the built-in predictor puts into a file.

use std::fmt;
use std::str::FromStr;

use vortex_coder::container::Coder;
use vortex_coder::{Identity, Schema, columns, mixing};

use crate::error::{Error, Result};

/// A level of compression, from [`Level::FASTEST`] to [`Level::SMALLEST`].
///
/// This is the one place that says which predictor a level stands for: 1 to 3 are the columns one, and zstd for what has
/// no records; 4 to 8 the mixing one, with more contexts and larger blocks the higher the level. 9 is as 8; with the feature `train`,
/// `Compressor::compress_with_own_network` adds a network. Beside a model, levels up to 4 have the same contexts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

impl Level {
    /// The lowest level.
    pub const FASTEST: Self = Self(1);
    /// A level that looks for decimals and laws, and is quick.
    pub const QUICK: Self = Self(2);
    /// The level of those who choose none.
    pub const DEFAULT: Self = Self(5);
    /// The highest level.
    pub const SMALLEST: Self = Self(9);

    /// The level of a number.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`] unless it is 1 to 9.
    pub fn new(number: u8) -> Result<Self> {
        if !(Self::FASTEST.0..=Self::SMALLEST.0).contains(&number) {
            return Err(Error::invalid_argument(format!("level {number}; 1 to 9 are possible")));
        }
        Ok(Self(number))
    }

    /// Its number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// What codes records of a schema at this level.
    pub fn coder(self, schema: Schema) -> Coder {
        match self.predictor() {
            Predictor::Columns(_) if schema == Schema::bytes() => Coder::Classic(schema),
            Predictor::Columns(level) => Coder::columns(schema, level),
            Predictor::Mixing(level) => Coder::mixing(schema, level),
        }
    }

    /// Bytes a block where the caller does not choose.
    pub fn block_bytes(self) -> u32 {
        match self.predictor() {
            Predictor::Columns(level) => level.block_bytes(),
            Predictor::Mixing(level) => level.block_bytes(),
        }
    }

    /// The zstd level of blocks that zstd makes smaller than this coder does, as
    /// [`WriterOptions::zstd_level`](vortex_coder::container::WriterOptions::zstd_level) has it; `default` is that of
    /// coders that levels have no say in.
    pub(crate) fn zstd_level(self, coder: &Coder, default: Option<i32>) -> Option<i32> {
        match (self.predictor(), coder) {
            (Predictor::Columns(level), Coder::Classic(_)) => Some(level.zstd_level()),
            (Predictor::Columns(level), Coder::Model(model))
                if model.identity() == Identity::Columns =>
            {
                level.zstd_of_records()
            }
            _ => default,
        }
    }

    /// The level of the columns predictor, where it is the one.
    pub(crate) fn columns(self) -> Option<columns::Level> {
        match self.predictor() {
            Predictor::Columns(level) => Some(level),
            Predictor::Mixing(_) => None,
        }
    }

    /// The level of contexts that are mixed with a model.
    pub(crate) fn of_mixing(self) -> mixing::Level {
        let (least, most) = (mixing::Level::LOWEST.number(), mixing::Level::HIGHEST.number());
        mixing::Level::new(self.0.clamp(least, most)).expect("within the bounds")
    }

    fn predictor(self) -> Predictor {
        let mixing = || mixing::Level::new(self.0.min(mixing::Level::HIGHEST.number()));
        let columns = columns::Level::new(self.0).map(Predictor::Columns);
        columns.or_else(|| mixing().map(Predictor::Mixing)).expect("1 to 9")
    }
}

/// The predictor that a level stands for, with its own level.
enum Predictor {
    Columns(columns::Level),
    Mixing(mixing::Level),
}

impl Default for Level {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Level {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = text.parse();
        Self::new(
            number.map_err(|_| {
                Error::invalid_argument(format!("level {text:?}; 1 to 9 are possible"))
            })?,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_from_one_to_nine() {
        assert_eq!(Level::new(1).unwrap(), Level::FASTEST);
        assert_eq!("9".parse::<Level>().unwrap().number(), 9);
        for bad in ["0", "10", "-1", "fast", ""] {
            assert!(bad.parse::<Level>().unwrap_err().message().contains("1 to 9"), "{bad}");
        }
    }
}
