//! The start of a member: it names the predictor of the blocks.

use super::constants::*;
use super::magic::damaged_as_text;
use super::wire::{checked, crc32};
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Identity;

/// The fixed part of a member header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberHeader {
    /// The predictor of modelled blocks; `None`: all blocks are zstd or raw.
    pub predictor: Option<Identity>,
    /// Original bytes of every block except the last, which may be shorter.
    pub block_bytes: u32,
    /// Stored bytes of the schema that follows; 0 if there is none.
    pub schema_bytes: u32,
    /// Whether the schema is stored as its length and a zstd frame.
    pub packed_schema: bool,
    /// Bytes of the embedded model that follows; 0 if there is none.
    pub model_bytes: u32,
    /// Whether a label follows.
    pub labelled: bool,
}

impl MemberHeader {
    /// Appends the 60 bytes.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let id = self.predictor.map_or(0, Identity::code);
        let digest = self.predictor.and_then(Identity::model_file).unwrap_or_default();
        let schema = if self.schema_bytes > 0 { FLAG_SCHEMA } else { 0 };
        let model = if self.model_bytes > 0 { FLAG_MODEL } else { 0 };
        let label = if self.labelled { FLAG_LABEL } else { 0 };
        let packed = if self.packed_schema { FLAG_PACKED_SCHEMA } else { 0 };
        out.extend(MAGIC);
        out.extend([VERSION, schema | model | label | packed, id, 0]);
        out.extend(self.block_bytes.to_le_bytes());
        out.extend(self.schema_bytes.to_le_bytes());
        out.extend(self.model_bytes.to_le_bytes());
        out.extend(digest);
        out.extend(crc32(&out[start..]).to_le_bytes());
    }

    /// Reads the 60 bytes. `at` is their place in the file, for messages.
    ///
    /// # Errors
    /// `NotVxc` without the magic, `UnsupportedVersion` for features of later versions,
    /// `ChecksumMismatch` for damage and `Corrupt` for fields that contradict each other.
    pub fn read_from(bytes: &[u8; HEADER_BYTES], at: u64) -> Result<Self> {
        if bytes[..8] != MAGIC {
            return Err(not_vxc(&bytes[..8], at));
        }
        // Check the version before the checksum, which a later version may store elsewhere.
        if bytes[8] != VERSION {
            return Err(Error::new(
                ErrorKind::UnsupportedVersion,
                format!(
                    "member at byte {at}: .vxc version {}, this program reads {VERSION} and \
                     {SHORT_VERSION}; use a newer one",
                    bytes[8]
                ),
            ));
        }
        let fields = checked(bytes, "member header", at)?;
        let (flags, id, reserved) = (bytes[9], bytes[10], bytes[11]);
        let known = FLAG_SCHEMA | FLAG_MODEL | FLAG_LABEL | FLAG_PACKED_SCHEMA;
        let digest: [u8; DIGEST_BYTES] = fields.array(24);
        let predictor = Identity::from_code(id, digest);
        if flags & !known != 0 || (id != 0 && predictor.is_none()) || reserved != 0 {
            return Err(Error::new(
                ErrorKind::UnsupportedVersion,
                format!(
                    "member at byte {at}: flags {flags:#04x}, predictor {id}, reserved \
                     {reserved}: made by a newer program; use a newer version"
                ),
            ));
        }
        let header = Self {
            predictor,
            block_bytes: fields.u32(12),
            schema_bytes: fields.u32(16),
            model_bytes: fields.u32(20),
            labelled: flags & FLAG_LABEL != 0,
            packed_schema: flags & FLAG_PACKED_SCHEMA != 0,
        };
        let corrupt = |what: String| {
            Err(Error::new(ErrorKind::Corrupt, format!("member at byte {at}: {what}")))
        };
        if !(MIN_ROUNDED_BLOCK_BYTES..=MAX_BLOCK_BYTES).contains(&header.block_bytes) {
            return corrupt(format!(
                "block length {} outside {}..={MAX_BLOCK_BYTES}",
                header.block_bytes, MIN_ROUNDED_BLOCK_BYTES
            ));
        }
        if (flags & FLAG_SCHEMA != 0) != (header.schema_bytes != 0)
            || (flags & FLAG_MODEL != 0) != (header.model_bytes != 0)
            || (header.packed_schema && header.schema_bytes == 0)
        {
            return corrupt(format!(
                "flags {flags:#04x} contradict a schema of {} and a model of {} bytes",
                header.schema_bytes, header.model_bytes
            ));
        }
        if header.schema_bytes > MAX_SCHEMA_BYTES || header.model_bytes > MAX_MODEL_BYTES {
            return corrupt(format!(
                "schema of {} bytes (at most {MAX_SCHEMA_BYTES}) and model of {} bytes (at most \
                 {MAX_MODEL_BYTES})",
                header.schema_bytes, header.model_bytes
            ));
        }
        let has_file = predictor.is_some_and(|identity| identity.model_file().is_some());
        if !has_file && (digest != [0; DIGEST_BYTES] || header.model_bytes != 0) {
            return corrupt(format!("predictor {id} with the digest or bytes of a model"));
        }
        Ok(header)
    }
}

/// The error for bytes that are not the magic of a member.
pub(super) fn not_vxc(found: &[u8], at: u64) -> Error {
    if at > 0 {
        return Error::new(
            ErrorKind::TrailingData,
            format!("byte {at}: the last member ends here, and the next bytes are not a member"),
        );
    }
    let what = if damaged_as_text(found, &MAGIC) {
        "it was a .vxc file, but a transfer as text damaged it; get it again in binary mode"
    } else {
        "if it was one, its first bytes are damaged"
    };
    Error::new(ErrorKind::NotVxc, format!("not a .vxc file: it starts with {found:02x?}; {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(header: &MemberHeader) -> [u8; HEADER_BYTES] {
        let mut out = Vec::new();
        header.write_to(&mut out);
        out.try_into().expect("60 bytes")
    }

    const HEADER: MemberHeader = MemberHeader {
        predictor: Some(Identity::Network([7; 32])),
        block_bytes: DEFAULT_BLOCK_BYTES,
        schema_bytes: 33,
        packed_schema: true,
        model_bytes: MAX_MODEL_BYTES,
        labelled: true,
    };

    #[test]
    fn round_trip() {
        for predictor in [None, Some(Identity::Adaptive), Some(Identity::Network([3; 32]))] {
            let header = MemberHeader { predictor, model_bytes: 0, labelled: false, ..HEADER };
            assert_eq!(MemberHeader::read_from(&bytes_of(&header), 0).unwrap(), header);
        }
        assert_eq!(MemberHeader::read_from(&bytes_of(&HEADER), 0).unwrap(), HEADER);
    }

    #[test]
    fn every_flipped_bit_is_an_error_of_its_kind() {
        for bit in 0..HEADER_BYTES * 8 {
            let mut bytes = bytes_of(&HEADER);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let kind = MemberHeader::read_from(&bytes, 0).unwrap_err().kind;
            let want = match bit / 8 {
                0..8 => ErrorKind::NotVxc,
                8 => ErrorKind::UnsupportedVersion,
                _ => ErrorKind::ChecksumMismatch,
            };
            assert_eq!(kind, want, "bit {bit}");
        }
    }

    #[test]
    fn lies_with_a_right_checksum_are_corrupt() {
        let lies = [
            MemberHeader { block_bytes: 0, ..HEADER },
            MemberHeader { block_bytes: MAX_BLOCK_BYTES + 1, ..HEADER },
            MemberHeader { schema_bytes: MAX_SCHEMA_BYTES + 1, ..HEADER },
            MemberHeader { schema_bytes: 0, ..HEADER },
            MemberHeader { model_bytes: MAX_MODEL_BYTES + 1, ..HEADER },
            MemberHeader { predictor: Some(Identity::Adaptive), ..HEADER },
        ];
        for lie in lies {
            let error = MemberHeader::read_from(&bytes_of(&lie), 0).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Corrupt, "{lie:?}: {error}");
        }
    }
}
