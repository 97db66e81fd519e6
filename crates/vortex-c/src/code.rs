//! Codes and messages of errors.

use std::ffi::c_char;
use std::fmt::Display;

use vortex_codec::{Error, ErrorKind};

/// The bytes of a message, the final 0 included. Longer messages are cut.
pub const VORTEX_MESSAGE_BYTES: usize = 512;

/// The kind of an error. Later versions may have more.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum vortex_code {
    /// No error.
    VORTEX_OK = 0,
    /// An argument is not possible, or arguments do not fit together.
    VORTEX_INVALID_ARGUMENT = 1,
    /// The buffer of the caller is too small for the result.
    VORTEX_BUFFER_TOO_SMALL = 2,
    /// The bytes do not begin like a compressed file.
    VORTEX_NOT_VORTEX = 3,
    /// A compressed file contradicts itself, or a checksum is wrong.
    VORTEX_DAMAGED = 4,
    /// A compressed file ends too early.
    VORTEX_TRUNCATED = 5,
    /// A compressed file is followed by other bytes.
    VORTEX_TRAILING_DATA = 6,
    /// Written by a newer version.
    VORTEX_UNSUPPORTED = 7,
    /// The file needs a model that was not given and not found.
    VORTEX_MISSING_MODEL = 8,
    /// A model is damaged, is not the one of the file, or does not work here.
    VORTEX_UNUSABLE_MODEL = 9,
    /// A description of records is not valid.
    VORTEX_SCHEMA = 10,
    /// There is no dataset or field like this.
    VORTEX_NOT_FOUND = 11,
    /// A size is above a limit, of the format or of vortex_decompressor_set_limits.
    VORTEX_LIMIT = 12,
    /// Reading or writing failed.
    VORTEX_IO = 13,
    /// A callback of the caller reported a failure.
    VORTEX_CALLBACK = 14,
    /// The output did not decode to the same bytes: do not use it.
    VORTEX_VERIFY_FAILED = 15,
    /// A fault of this library. The object of the call can only be freed.
    VORTEX_INTERNAL = 16,
}

/// An error: memory of the caller, which a call fills. After a success, the code is VORTEX_OK and
/// the message is empty.
#[repr(C)]
pub struct vortex_error {
    /// The kind, as returned by the call.
    pub code: vortex_code,
    /// What is wrong, where, and what to do: one line of UTF-8, with a final 0.
    pub message: [c_char; VORTEX_MESSAGE_BYTES],
}

/// A failed call.
pub struct Failure {
    pub code: vortex_code,
    message: String,
}

impl Failure {
    pub fn new(code: vortex_code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A wrong argument.
    pub fn argument(message: impl Into<String>) -> Self {
        Self::new(vortex_code::VORTEX_INVALID_ARGUMENT, message)
    }

    /// The same with `context` before its message.
    pub fn context(self, context: impl Display) -> Self {
        Self { message: format!("{context}: {}", self.message), ..self }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // Limits have the names of C.
        let message = error.message().replace("raise Limits::max_", "raise vortex_limits.");
        Self::new(code_of(error.kind()), message)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Error::from(error).into()
    }
}

fn code_of(kind: ErrorKind) -> vortex_code {
    use vortex_code as C;
    match kind {
        ErrorKind::NotVxc => C::VORTEX_NOT_VORTEX,
        // The only file of another format that this library reads is the manifest in a file.
        ErrorKind::Corrupt | ErrorKind::ChecksumMismatch | ErrorKind::Source => C::VORTEX_DAMAGED,
        ErrorKind::Truncated => C::VORTEX_TRUNCATED,
        ErrorKind::TrailingData => C::VORTEX_TRAILING_DATA,
        ErrorKind::UnsupportedVersion | ErrorKind::NotBuilt => C::VORTEX_UNSUPPORTED,
        ErrorKind::MissingModel => C::VORTEX_MISSING_MODEL,
        ErrorKind::WrongModel
        | ErrorKind::UnusableModel
        | ErrorKind::SelfTest
        | ErrorKind::NoSuchInstructions => C::VORTEX_UNUSABLE_MODEL,
        ErrorKind::Schema | ErrorKind::MixedRecords => C::VORTEX_SCHEMA,
        ErrorKind::NotFound => C::VORTEX_NOT_FOUND,
        ErrorKind::InvalidArgument => C::VORTEX_INVALID_ARGUMENT,
        ErrorKind::LimitExceeded => C::VORTEX_LIMIT,
        ErrorKind::VerifyFailed => C::VORTEX_VERIFY_FAILED,
        ErrorKind::Io(_) => C::VORTEX_IO,
        // These come from work that this library does not do: weights, outputs with names,
        // training, comparisons, stopping from outside. Those of a later version have no code yet.
        ErrorKind::NotWeights
        | ErrorKind::NotSafetensors
        | ErrorKind::MissingBase
        | ErrorKind::WrongBase
        | ErrorKind::OutputExists
        | ErrorKind::FolderExists
        | ErrorKind::NotAFile
        | ErrorKind::Cancelled
        | ErrorKind::WorkerPanicked
        | ErrorKind::Baseline
        | ErrorKind::Training
        | ErrorKind::Device
        | ErrorKind::Other => C::VORTEX_INTERNAL,
        _ => C::VORTEX_INTERNAL,
    }
}

/// Passes the outcome of a call to the caller.
///
/// # Safety
/// `error` is null or points to a `vortex_error` of the caller, which may be uninitialised.
pub unsafe fn report(error: *mut vortex_error, outcome: Result<(), Failure>) -> vortex_code {
    let (code, message) = match outcome {
        Ok(()) => (vortex_code::VORTEX_OK, String::new()),
        Err(Failure { code, message }) => (code, message),
    };
    if !error.is_null() {
        let mut text = [0; VORTEX_MESSAGE_BYTES];
        let mut end = message.len().min(VORTEX_MESSAGE_BYTES - 1);
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        for (to, byte) in text.iter_mut().zip(&message.as_bytes()[..end]) {
            // A 0 would end the message.
            *to = if *byte == 0 { b' ' } else { *byte }.cast_signed() as c_char;
        }
        // SAFETY: the caller owns a vortex_error there.
        unsafe { error.write(vortex_error { code, message: text }) };
    }
    code
}
