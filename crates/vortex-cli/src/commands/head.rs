//! `vortex head`

use std::path::PathBuf;

use clap::Args;

use crate::arguments::Common;
use crate::failure::{Failure, report, stdout_is_closed};
use crate::models;
use crate::records::{Choice, Form, Slice};
use crate::stdout::stdout;

/// Print the first records of a .vxc file.
///
/// Only the blocks that hold these records are read and decoded. For other records, and for files
/// as outputs, use decompress --records.
#[derive(Debug, Args)]
pub struct Head {
    /// Number of records
    #[arg(short = 'n', long = "number", value_name = "N", default_value_t = 10)]
    number: u64,
    #[command(flatten)]
    choice: Choice,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Form::Csv, help_heading = "Records")]
    format: Form,
    /// Model file
    #[arg(short = 'm', long = "model", value_name = "M")]
    model: Option<PathBuf>,
    /// Compressed file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Head {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let models = models::open(self.model.as_deref(), common)?;
        let printed = self.choice.open(&self.file, &models, common).and_then(|mut excerpt| {
            let rows = Slice::first(self.number).of(excerpt.rows());
            let threads = common.threads();
            Ok(excerpt.write(rows, self.format.into(), threads, &mut stdout(), |_| {})?)
        });
        match printed {
            Err(error) if stdout_is_closed(&error) => Err(Failure::BrokenPipe),
            Err(error) => {
                report(&self.file, &error);
                Err(Failure::Reported)
            }
            Ok(()) => Ok(()),
        }
    }
}
