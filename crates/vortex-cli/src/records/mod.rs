//! Records of compressed files as tables.
//!
//! | file | concern |
//! |---|---|
//! | `slice` | which records: `A:B` |
//! | `excerpt` | the dataset and the fields; piece by piece from the file to the output |
//! | `csv`, `npy`, `number` | the forms |

mod csv;
mod excerpt;
mod npy;
mod number;
mod slice;

use clap::ValueEnum;

pub use excerpt::{Choice, Excerpt};
pub use slice::Slice;

/// The form of records in an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// A line of names, then a line for each record.
    Csv,
    /// An array of numpy: structured, or plain for a single field.
    Npy,
    /// The bytes of the records, or of the chosen fields one after the other.
    Raw,
}

impl Form {
    /// The last part of the names of files in this form.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Npy => "npy",
            Self::Raw => "records",
        }
    }
}
