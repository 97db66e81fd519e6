//! The label of a member: for example the name of a stream if a file holds several.

use std::io::Read;

use super::constants::*;
use super::source::Source;
use super::wire::{check, crc32};
use crate::error::{Error, ErrorKind, Result};

/// Appends a label: its length, itself, and the CRC32 of both.
///
/// # Errors
/// `InvalidArgument` for a label that is empty or too long.
pub(super) fn write_to(label: &str, out: &mut Vec<u8>) -> Result<()> {
    let start = out.len();
    let len = u16::try_from(label.len()).ok().filter(|len| (1..=MAX_LABEL_BYTES).contains(len));
    let Some(len) = len else {
        return Err(Error::invalid_argument(format!(
            "a label of {} bytes; 1 to {MAX_LABEL_BYTES} are possible",
            label.len()
        )));
    };
    out.extend(len.to_le_bytes());
    out.extend(label.as_bytes());
    out.extend(crc32(&out[start..]).to_le_bytes());
    Ok(())
}

/// Reads a label back.
pub(super) fn read<R: Read>(source: &mut Source<R>) -> Result<String> {
    let at = source.at();
    let corrupt =
        |what: String| Error::new(ErrorKind::Corrupt, format!("label at byte {at}: {what}"));
    let word: [u8; LABEL_LENGTH_BYTES] = source.array("a label")?;
    let len = u16::from_le_bytes(word);
    if len == 0 || len > MAX_LABEL_BYTES {
        return Err(corrupt(format!("{len} bytes; 1 to {MAX_LABEL_BYTES} are allowed")));
    }
    let mut bytes = word.to_vec();
    bytes.extend(source.vec(len.into(), "a label")?);
    let stored = u32::from_le_bytes(source.array("the label's checksum")?);
    check(&bytes, stored, "label", at)?;
    String::from_utf8(bytes.split_off(LABEL_LENGTH_BYTES))
        .map_err(|error| corrupt(format!("not UTF-8: {error}")))
}
