//! Why a part of a file is not read.

use hdf5_reader::error::Error;

/// Layout class of virtual datasets.
const VIRTUAL: u8 = 3;
/// Type class of native complex numbers, since HDF5 2.0.
const COMPLEX: u8 = 11;

/// The reason why a part of a file is not read.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is of a kind that is not read.
    Kind(String),
    /// It should be among the datasets, but its values cannot be read.
    LeftOut(String),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Context { source, .. } => Self::from(*source),
            Error::UnsupportedLayoutClass(VIRTUAL) => Self::Kind(
                "a virtual dataset: it shows values of other datasets and holds none".into(),
            ),
            Error::UnsupportedDatatypeClass(COMPLEX) => Self::Kind(
                "its header holds native complex numbers (type class 11 of HDF5 2.0), which are \
                 not read"
                    .into(),
            ),
            other => Self::LeftOut(other.to_string()),
        }
    }
}

/// Messages without a kind are about damage and limits.
impl From<String> for Refusal {
    fn from(what: String) -> Self {
        Self::LeftOut(what)
    }
}
