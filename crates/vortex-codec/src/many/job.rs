//! One file of a manifest: made, or skipped because its output is whole.

use std::path::PathBuf;

use super::found::{Contents, Digests, Found, look};
use super::report::State;
use crate::error::{Error, ErrorKind};

/// A file to compress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The file.
    pub input: PathBuf,
    /// Its compressed form.
    pub output: PathBuf,
    /// The input as the manifest names it.
    pub named_input: String,
    /// The output as the manifest would name it.
    pub named_output: String,
}

impl Job {
    /// Calls `make` for an output that is not there, or with `replace` for one that is not the
    /// compressed form of the input. Afterwards the output on the disk is compared with the input.
    ///
    /// # Errors
    /// [`ErrorKind::OutputExists`] for an output that is not that of the input, unless `replace`;
    /// the errors of reading and of `make`.
    pub fn run<E: From<Error>>(
        &self,
        contents: Contents,
        replace: bool,
        make: impl FnOnce() -> Result<(), E>,
    ) -> Result<(State, Digests), E> {
        match self.look(contents)? {
            Found::Whole(digests) => return Ok((State::Skipped, digests)),
            Found::Other(reason) if !replace => {
                let message = format!("exists already, and {reason}");
                return Err(self.of_output(Error::new(ErrorKind::OutputExists, message)).into());
            }
            Found::Other(_) | Found::Nothing => {}
        }
        if let Err(error) = make() {
            // The same job may run elsewhere, for example after its node was given up for lost.
            return match self.look(contents) {
                Ok(Found::Whole(digests)) => Ok((State::Skipped, digests)),
                _ => Err(error),
            };
        }
        let changed = |what: &str| {
            let message = format!("{what}; did another program change the input or the output?");
            self.of_output(Error::new(ErrorKind::VerifyFailed, message)).into()
        };
        match self.look(contents)? {
            Found::Whole(digests) => Ok((State::Done, digests)),
            Found::Other(reason) => Err(changed(&format!("was made, but {reason}"))),
            Found::Nothing => Err(changed("was made, but is gone")),
        }
    }

    fn look(&self, contents: Contents) -> Result<Found, Error> {
        look(&self.input, &self.output, contents)
    }

    fn of_output(&self, error: Error) -> Error {
        error.context(self.output.display())
    }
}
