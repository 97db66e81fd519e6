//! Which part of a file to measure.

use std::ops::Range;

use vortex_data::SplitRatios;

/// A part of the data, as training cuts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Portion {
    /// What training learns from.
    Training,
    /// What training chooses its best model by.
    Validation,
    /// What training never looks at.
    #[default]
    Test,
    /// All of it.
    All,
}

impl Portion {
    /// Its bytes in data of `len` bytes, and what it is called. Bytes after the last whole record are
    /// in none but [`Portion::All`].
    pub fn of(self, len: usize, stride: usize, ratios: &SplitRatios) -> (Range<usize>, String) {
        let split = ratios.split((len / stride) as u64);
        let (name, records) = match self {
            Self::Training => ("training", split.train),
            Self::Validation => ("validation", split.validation),
            Self::Test => ("test", split.test),
            Self::All => return (0..len, "all of it".into()),
        };
        // Records of a file in memory: their places fit.
        let place = |record: u64| record as usize * stride;
        (place(records.start)..place(records.end), format!("{name} part of {ratios}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_lie_end_to_end_and_leave_out_the_unfinished_record() {
        let portion = |portion: Portion| portion.of(1003, 10, &SplitRatios::DEFAULT);
        assert_eq!(portion(Portion::Training).0, 0..800);
        assert_eq!(portion(Portion::Validation).0, 800..900);
        assert_eq!(portion(Portion::Test), (900..1000, "test part of 80/10/10".into()));
        assert_eq!(portion(Portion::All), (0..1003, "all of it".into()));
    }
}
