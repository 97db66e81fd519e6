//! The three parts of the records of each file.

use std::ops::Range;

use vortex_data::{RecordSet, SplitRatios};

use crate::error::{Result, TrainError};

/// Record ranges of a data set, one of each kind for every file that has some.
///
/// Each file is split separately, as in `vortex evaluate`, so that training never uses the last
/// records of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Records to train on, with the place of their file.
    pub train: Vec<(usize, Range<u64>)>,
    /// Records to validate on.
    pub validation: Vec<Range<u64>>,
    /// Records for the final test.
    pub test: Vec<Range<u64>>,
}

impl Parts {
    /// Records to train on.
    pub fn train_records(&self) -> u64 {
        self.train.iter().map(|(_, part)| part.end - part.start).sum()
    }
    /// Records to validate on.
    pub fn validation_records(&self) -> u64 {
        self.validation.iter().map(|part| part.end - part.start).sum()
    }

    /// Refuses data without a whole window of `records` records to train on, or to validate on:
    /// costs on shorter windows would say little about a model for longer ones.
    ///
    /// # Errors
    /// [`TrainError::Data`] with the found number, the needed number, and what to change.
    pub fn check_windows(&self, records: usize) -> Result<()> {
        let longest = |part: u64, whole: u64| part.max(whole);
        let train = self.train.iter().map(|(_, part)| part.end - part.start).fold(0, longest);
        let validation = self.validation.iter().map(|part| part.end - part.start);
        let validation = validation.fold(0, longest);
        if train.min(validation) >= records as u64 {
            return Ok(());
        }
        Err(TrainError::Data(format!(
            "{train} records in a row to train on and {validation} to validate on, but a window has {records} \
             records: use a larger file, or lower `batch.tokens`",
        )))
    }
}

/// Splits every file of a data set.
///
/// # Errors
/// [`TrainError::Data`] when there is no record to train on or none to validate on.
pub fn parts(data: &RecordSet, ratios: SplitRatios) -> Result<Parts> {
    let mut parts = Parts { train: Vec::new(), validation: Vec::new(), test: Vec::new() };
    let mut first = 0;
    for (index, file) in data.files().iter().enumerate() {
        let cut = ratios.split(file.n_records());
        let place = |part: Range<u64>| first + part.start..first + part.end;
        parts.train.push((index, place(cut.train)));
        parts.validation.push(place(cut.validation));
        parts.test.push(place(cut.test));
        first += file.n_records();
    }
    parts.train.retain(|(_, part)| !part.is_empty());
    parts.validation.retain(|part| !part.is_empty());
    parts.test.retain(|part| !part.is_empty());
    if parts.train.is_empty() || parts.validation.is_empty() {
        return Err(TrainError::Data(format!(
            "{} whole records split {ratios} leave {} to train and {} to validate on, but both need at \
             least one: use a larger file or another `split`",
            data.n_records(),
            parts.train_records(),
            parts.validation_records(),
        )));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::schema::Schema;
    use vortex_data::RecordFile;

    fn data(sizes: &[usize]) -> RecordSet {
        let file = |n: &usize| RecordFile::from_bytes("x", vec![0; *n], Schema::bytes());
        RecordSet::new(Schema::bytes(), sizes.iter().map(file).collect()).unwrap()
    }

    fn usual() -> SplitRatios {
        SplitRatios::new(80, 10, 10).unwrap()
    }

    #[test]
    fn every_file_is_cut_on_its_own() {
        assert_eq!(
            parts(&data(&[1000]), usual()).unwrap().validation,
            std::slice::from_ref(&(800..900))
        );
        let parts = parts(&data(&[1000, 3, 200]), usual()).unwrap();
        assert_eq!(parts.train, [(0, 0..800), (1, 1000..1002), (2, 1003..1163)]);
        assert_eq!(parts.validation, [800..900, 1163..1183]);
        assert_eq!(parts.test, [900..1000, 1002..1003, 1183..1203]);
        assert_eq!((parts.train_records(), parts.validation_records()), (962, 120));
    }

    #[test]
    fn parts_shorter_than_a_window_are_refused_with_the_numbers() {
        let parts = parts(&data(&[100, 50]), usual()).unwrap();
        parts.check_windows(10).unwrap();
        let error = parts.check_windows(11).unwrap_err().to_string();
        for word in ["80 records", "10 to validate", "11", "batch.tokens"] {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn a_part_without_records_is_refused_with_the_numbers() {
        let error = parts(&data(&[3]), usual()).unwrap_err().to_string();
        assert!(error.contains("3 whole records") && error.contains("80/10/10"), "{error}");
    }
}
