//! Which part of a file to measure.

use std::ops::Range;

use vortex_data::SplitRatios;

/// A part of the data, split as for training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Portion {
    /// The part that training learns from.
    Training,
    /// The part that selects the best model of a training.
    Validation,
    /// The part that training never reads.
    #[default]
    Test,
    /// All data.
    All,
}

impl Portion {
    /// The range of the part in data of `len` bytes, and its name. Bytes after the last whole
    /// record are only in [`Portion::All`].
    pub fn of(self, len: usize, stride: usize, ratios: &SplitRatios) -> (Range<usize>, String) {
        let split = ratios.split((len / stride) as u64);
        let (name, records) = match self {
            Self::Training => ("training", split.train),
            Self::Validation => ("validation", split.validation),
            Self::Test => ("test", split.test),
            Self::All => return (0..len, "all data".into()),
        };
        // The file is in memory, so the positions of its records fit.
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
        assert_eq!(portion(Portion::All), (0..1003, "all data".into()));
    }
}
