//! Checkpoints as vortex-zipnn stores them: the same safetensors bytes, about a third smaller.

use std::io::Cursor;

use vortex_zipnn::container::constants::MAGIC;
use vortex_zipnn::{Contents, Error, ErrorKind, Options, Result, compress, decompress, list};

/// Compresses a safetensors file.
pub fn pack(file: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    compress(file, &mut packed, Contents::Safetensors, None, &Options::default())?;
    Ok(packed)
}

/// Undoes [`pack`]; any other file is returned unchanged.
///
/// # Errors
/// A damaged file, or one that holds more than `limit` bytes.
pub fn unpack(file: Vec<u8>, limit: u64) -> Result<Vec<u8>> {
    if !file.starts_with(&MAGIC) {
        return Ok(file);
    }
    let bytes = list(Cursor::new(&file))?.original_bytes;
    if bytes > limit {
        let message = format!("holds {bytes} bytes, but at most {limit} are read");
        return Err(Error::new(ErrorKind::LimitExceeded, message));
    }
    let mut original = Vec::new();
    decompress(&file[..], &mut original, None, 0)?;
    Ok(original)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_files_have_a_limit_and_others_pass() {
        let header = br#"{"a":{"dtype":"F32","shape":[4000],"data_offsets":[0,16000]}}"#;
        let file = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 16000]].concat();
        let packed = pack(&file).unwrap();
        assert!(packed.len() < 1000);
        assert_eq!(unpack(packed.clone(), 20_000).unwrap(), file);
        assert_eq!(unpack(packed, 16_000).unwrap_err().kind, ErrorKind::LimitExceeded);
        assert_eq!(unpack(file.clone(), 1).unwrap(), file);
        assert_eq!(unpack(MAGIC.to_vec(), 1).unwrap_err().kind, ErrorKind::Truncated);
    }
}
