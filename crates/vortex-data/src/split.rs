//! Train, validation and test parts of a file, cut at record boundaries.
//!
//! The rule, so that other programs can make the same split: for `n` whole records, parts `a/b/c`
//! and `s = a + b + c`,
//!
//! - train is records `0 .. n*a/s`,
//! - validation is records `n*a/s .. n*(a+b)/s`,
//! - test is records `n*(a+b)/s .. n`,
//!
//! with exact integers and divisions rounded down. Bytes after the last whole record belong to
//! no part.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::error::Error;

/// Shares of train, validation and test, as whole numbers of any sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitRatios {
    parts: [u32; 3],
}

/// Records of the three parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Records for training.
    pub train: Range<u64>,
    /// Records for choosing the best model and for stopping.
    pub validation: Range<u64>,
    /// Records for the final evaluation.
    pub test: Range<u64>,
}

impl SplitRatios {
    /// 80/10/10.
    pub const DEFAULT: Self = Self { parts: [80, 10, 10] };

    /// Shares of train, validation and test.
    ///
    /// # Errors
    /// [`Error::Split`] when all are zero.
    pub fn new(train: u32, validation: u32, test: u32) -> Result<Self, Error> {
        let parts = [train, validation, test];
        if parts == [0; 3] {
            return Err(Error::Split { value: "0/0/0".into(), reason: "all parts are zero" });
        }
        Ok(Self { parts })
    }

    /// The parts of `n_records` records: disjoint, in order, and together all of them.
    pub fn split(&self, n_records: u64) -> Split {
        let [a, b, c] = self.parts.map(u128::from);
        let sum = a + b + c;
        // At most n_records, because the share is at most the sum.
        let cut = |share: u128| (u128::from(n_records) * share / sum) as u64;
        let (train, validation) = (cut(a), cut(a + b));
        Split { train: 0..train, validation: train..validation, test: validation..n_records }
    }
}

impl Default for SplitRatios {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Split {
    /// The same parts in bytes of the file: train, validation, test.
    pub fn byte_ranges(&self, stride: usize) -> [Range<u64>; 3] {
        let stride = stride as u64;
        [&self.train, &self.validation, &self.test]
            .map(|part| part.start.saturating_mul(stride)..part.end.saturating_mul(stride))
    }
}

impl fmt::Display for SplitRatios {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.parts;
        write!(f, "{a}/{b}/{c}")
    }
}

impl FromStr for SplitRatios {
    type Err = Error;

    fn from_str(value: &str) -> Result<Self, Error> {
        let error = |reason| Error::Split { value: value.to_owned(), reason };
        let parts: Vec<&str> = value.split('/').map(str::trim).collect();
        let [train, validation, test] = parts[..] else {
            return Err(error("it does not have three parts"));
        };
        let number = |part: &str| {
            part.parse::<u32>().map_err(|_| error("a part is not a whole number below 2^32"))
        };
        let (train, validation, test) = (number(train)?, number(validation)?, number(test)?);
        Self::new(train, validation, test).map_err(|_| error("all parts are zero"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_documented_rule() {
        let split = SplitRatios::DEFAULT.split(1834);
        assert_eq!(split, Split { train: 0..1467, validation: 1467..1650, test: 1650..1834 });
        assert_eq!(split.byte_ranges(432)[2], 1650 * 432..1834 * 432);
    }

    #[test]
    fn text_form() {
        let ratios: SplitRatios = "70 / 20/10".parse().unwrap();
        assert_eq!(ratios.to_string(), "70/20/10");
        assert_eq!(ratios.split(10).validation, 7..9);
        for (bad, word) in [
            ("80/20", "three parts"),
            ("80/10/10/0", "three parts"),
            ("80/10/x", "whole number"),
            ("80/10/-1", "whole number"),
            ("0.8/0.1/0.1", "whole number"),
            ("0/0/0", "zero"),
            ("", "three parts"),
        ] {
            let message = bad.parse::<SplitRatios>().unwrap_err().to_string();
            assert!(message.contains(word) && message.contains(bad), "{message}");
        }
    }

    proptest! {
        #[test]
        fn parts_are_disjoint_and_cover(
            n: u64, a: u32, b: u32, c in 1u32..,
        ) {
            let split = SplitRatios::new(a, b, c).unwrap().split(n);
            prop_assert_eq!(split.train.start, 0);
            prop_assert_eq!(split.train.end, split.validation.start);
            prop_assert_eq!(split.validation.end, split.test.start);
            prop_assert_eq!(split.test.end, n);
            prop_assert!(split.train.end <= split.validation.end && split.validation.end <= n);
        }
    }
}
