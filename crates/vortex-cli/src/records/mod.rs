//! Arguments that choose records of compressed files.
//!
//! | file | concern |
//! |---|---|
//! | `slice` | which records: `A:B` |
//! | `choice` | the dataset and the fields |

mod choice;
mod slice;

use clap::ValueEnum;
use vortex_codec::export;

pub use choice::Choice;
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

impl From<Form> for export::Form {
    fn from(form: Form) -> Self {
        match form {
            Form::Csv => Self::Csv,
            Form::Npy => Self::Npy,
            Form::Raw => Self::Raw,
        }
    }
}
