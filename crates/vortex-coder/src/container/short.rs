//! Short members: at most one block, at most 65,535 bytes in the file, and 64 bytes around the payload.
//!
//! An ordinary member states everything that is needed to find one of many blocks. A short one has a
//! single block, so that header, block header, index and footer become a start and an end.

use std::io::{Read, Seek};

use super::block::{BlockHeader, Method};
use super::constants::*;
use super::header::MemberHeader;
use super::source::Source;
use super::wire::{Fields, check, checked, crc32};
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Identity;

/// What a short member has in place of blocks, index and footer.
#[derive(Clone, Debug)]
pub(super) struct Short {
    /// Its block; `None` without data.
    pub(super) block: Option<ShortBlock>,
    /// BLAKE3 of the original bytes.
    pub(super) original_digest: [u8; DIGEST_BYTES],
    /// Bytes of the member.
    pub(super) member_bytes: u16,
}

/// The block of a short member.
#[derive(Clone, Debug)]
pub(super) struct ShortBlock {
    /// The header that an ordinary member would have, without a checksum of the original bytes: the
    /// digest of the member serves.
    pub(super) header: BlockHeader,
    pub(super) payload: Vec<u8>,
    /// Place of the payload in the file.
    pub(super) payload_at: u64,
}

/// The start of a short member, up to the checksum of its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShortStart {
    pub(super) predictor: Option<Identity>,
    pub(super) labelled: bool,
    pub(super) packed_schema: bool,
    pub(super) schema_bytes: u16,
    pub(super) method: Method,
    pub(super) lanes: u16,
    pub(super) original_bytes: u16,
    pub(super) payload_bytes: u16,
    pub(super) tail_payload_bytes: u16,
}

impl ShortStart {
    /// The start of the member with this header and block; `None` if they do not fit in a short one.
    pub(super) fn of(header: &MemberHeader, block: Option<&BlockHeader>) -> Option<Self> {
        if header.model_bytes > 0 {
            return None;
        }
        let mut start = Self {
            predictor: header.predictor,
            labelled: header.labelled,
            packed_schema: header.packed_schema,
            schema_bytes: header.schema_bytes.try_into().ok()?,
            method: Method::Raw,
            lanes: 0,
            original_bytes: 0,
            payload_bytes: 0,
            tail_payload_bytes: 0,
        };
        if let Some(block) = block {
            start.method = block.method;
            start.lanes = block.lanes;
            start.original_bytes = block.original_bytes.try_into().ok()?;
            start.payload_bytes = block.payload_bytes.try_into().ok()?;
            start.tail_payload_bytes = block.tail_payload_bytes;
        }
        Some(start)
    }

    /// Appends the start.
    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let flags = flag(self.schema_bytes > 0, FLAG_SCHEMA)
            | flag(self.labelled, FLAG_LABEL)
            | flag(self.packed_schema, FLAG_PACKED_SCHEMA)
            | flag(self.tail_payload_bytes > 0, FLAG_TAIL);
        out.extend(MAGIC);
        out.extend([SHORT_VERSION, flags, self.predictor.map_or(0, Identity::code)]);
        out.extend((self.lanes | (self.method as u16) << SHORT_METHOD_BIT).to_le_bytes());
        out.extend(self.original_bytes.to_le_bytes());
        out.extend(self.payload_bytes.to_le_bytes());
        if self.tail_payload_bytes > 0 {
            out.extend(self.tail_payload_bytes.to_le_bytes());
        }
        if self.schema_bytes > 0 {
            out.extend(self.schema_bytes.to_le_bytes());
        }
        if let Some(digest) = self.predictor.and_then(Identity::model_file) {
            out.extend(digest);
        }
        out.extend(crc32(&out[start..]).to_le_bytes());
    }

    /// Reads the start, whose magic and version, at byte `at`, were read before.
    ///
    /// # Errors
    /// As [`MemberHeader::read_from`].
    pub(super) fn read<R: Read>(source: &mut Source<R>, at: u64) -> Result<Self> {
        let mut bytes = [&MAGIC[..], &[SHORT_VERSION]].concat();
        bytes.extend(source.array::<{ SHORT_FIXED_BYTES - 9 }>("the header")?);
        let (flags, id) = (bytes[9], bytes[10]);
        // Damage can make these two wrong, but then the checksum is wrong too.
        let with_file = matches!(id, 2 | 4);
        let optional = 2 * usize::from(flags & FLAG_TAIL != 0)
            + 2 * usize::from(flags & FLAG_SCHEMA != 0)
            + DIGEST_BYTES * usize::from(with_file)
            + CRC_BYTES;
        let optional = u32::try_from(optional).expect("at most 40");
        bytes.extend(source.vec(optional, "the header")?);
        let fields = checked(&bytes, "header of a short member", at)?;
        let mut next = SHORT_FIXED_BYTES;
        let mut optional = |present: bool| {
            let value = if present { fields.u16(next) } else { 0 };
            next += 2 * usize::from(present);
            value
        };
        let tail_payload_bytes = optional(flags & FLAG_TAIL != 0);
        let schema_bytes = optional(flags & FLAG_SCHEMA != 0);
        let digest = if with_file { fields.array(next) } else { [0; DIGEST_BYTES] };
        let predictor = Identity::from_code(id, digest);
        let known = FLAG_SCHEMA | FLAG_LABEL | FLAG_PACKED_SCHEMA | FLAG_TAIL;
        let coding = fields.u16(11);
        let (method, lanes) = (coding >> SHORT_METHOD_BIT, coding & ((1 << SHORT_METHOD_BIT) - 1));
        let method = Method::from_code(u8::try_from(method).expect("two bits"));
        let Some(method) =
            method.filter(|_| flags & !known == 0 && (id == 0 || predictor.is_some()))
        else {
            return Err(Error::new(
                ErrorKind::UnsupportedVersion,
                format!(
                    "member at byte {at}: flags {flags:#04x}, predictor {id}, coding {coding:#06x}: \
                     made by a newer program; use a newer version"
                ),
            ));
        };
        if (flags & FLAG_TAIL != 0 && tail_payload_bytes == 0)
            || (flags & FLAG_SCHEMA != 0 && schema_bytes == 0)
            || (flags & FLAG_PACKED_SCHEMA != 0 && schema_bytes == 0)
        {
            return Err(Error::corrupt(format!(
                "member at byte {at}: flags {flags:#04x} contradict a tail of {tail_payload_bytes} \
                 and a schema of {schema_bytes} bytes"
            )));
        }
        let start = Self {
            predictor,
            labelled: flags & FLAG_LABEL != 0,
            packed_schema: flags & FLAG_PACKED_SCHEMA != 0,
            schema_bytes,
            method,
            lanes,
            original_bytes: fields.u16(13),
            payload_bytes: fields.u16(15),
            tail_payload_bytes,
        };
        let nothing = Self {
            method: Method::Raw,
            lanes: 0,
            payload_bytes: 0,
            tail_payload_bytes: 0,
            ..start
        };
        if start.original_bytes == 0 && start != nothing {
            return Err(Error::corrupt(format!(
                "member at byte {at}: a payload of {} bytes for no data",
                start.payload_bytes
            )));
        }
        Ok(start)
    }

    /// The header that an ordinary member with one block of these bytes would have.
    pub(super) fn header(&self) -> MemberHeader {
        MemberHeader {
            predictor: self.predictor,
            block_bytes: u32::from(self.original_bytes).max(1),
            schema_bytes: self.schema_bytes.into(),
            packed_schema: self.packed_schema,
            model_bytes: 0,
            labelled: self.labelled,
        }
    }

    /// Reads payload and end of the member at byte `at`, whose records have `stride` bytes.
    ///
    /// # Errors
    /// `ChecksumMismatch` for damage, `Corrupt` for fields that contradict each other.
    pub(super) fn read_end<R: Read>(
        &self,
        source: &mut Source<R>,
        at: u64,
        stride: usize,
    ) -> Result<Short> {
        let payload_at = source.at();
        let payload = source.vec(self.payload_bytes.into(), "a block")?;
        let end_at = source.at();
        let end: [u8; SHORT_END_BYTES] = source.array("the end of a short member")?;
        let end = ShortEnd::read_from(&end, end_at)?;
        let found = source.at() - at;
        if u64::from(end.member_bytes) != found {
            return Err(Error::corrupt(format!(
                "member at byte {at}: it has {found} bytes, its end says {}",
                end.member_bytes
            )));
        }
        let short = |block| Short {
            block,
            original_digest: end.original_digest,
            member_bytes: end.member_bytes,
        };
        if self.original_bytes == 0 {
            check(&payload, end.payload_crc, "payload of a short member", payload_at)?;
            return Ok(short(None));
        }
        let tail = if self.method == Method::Modelled {
            usize::from(self.original_bytes) % stride
        } else {
            0
        };
        let header = BlockHeader {
            method: self.method,
            lanes: self.lanes,
            original_bytes: self.original_bytes.into(),
            payload_bytes: self.payload_bytes.into(),
            tail_bytes: u16::try_from(tail).expect("less than a length of two bytes"),
            tail_payload_bytes: self.tail_payload_bytes,
            original_crc: 0,
            payload_crc: end.payload_crc,
        };
        header.check(self.original_bytes.into(), at)?;
        Ok(short(Some(ShortBlock { header, payload, payload_at })))
    }
}

/// The last bytes of a short member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShortEnd {
    pub(super) payload_crc: u32,
    pub(super) original_digest: [u8; DIGEST_BYTES],
    pub(super) member_bytes: u16,
}

impl ShortEnd {
    /// Appends the end.
    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend(self.payload_crc.to_le_bytes());
        out.extend(self.original_digest);
        out.extend(self.member_bytes.to_le_bytes());
        out.extend(crc32(&out[start..]).to_le_bytes());
        out.push(SHORT_END_TAG);
    }

    /// The payload is checked when it is decoded: damage of it costs this member alone.
    fn read_from(bytes: &[u8; SHORT_END_BYTES], at: u64) -> Result<Self> {
        let [fields @ .., c0, c1, c2, c3, tag] = bytes;
        if *tag != SHORT_END_TAG {
            return Err(Error::corrupt(format!(
                "byte {} is {tag:#04x}, not the end of a short member",
                at + SHORT_END_BYTES as u64 - 1
            )));
        }
        let stored = u32::from_le_bytes([*c0, *c1, *c2, *c3]);
        check(fields, stored, "end of a short member", at)?;
        let fields = Fields::new(fields);
        Ok(Self {
            payload_crc: fields.u32(0),
            original_digest: fields.array(4),
            member_bytes: fields.u16(4 + DIGEST_BYTES),
        })
    }
}

/// The place of the short member that ends before `end`; `None` if none does.
pub(super) fn place_before<R: Read + Seek>(
    source: &mut Source<R>,
    end: u64,
) -> Result<Option<u64>> {
    let Some(at) = end.checked_sub(SHORT_END_BYTES as u64) else { return Ok(None) };
    source.seek(at)?;
    let bytes: [u8; SHORT_END_BYTES] = source.array("the end of a short member")?;
    let [.., b0, b1, _, _, _, _, SHORT_END_TAG] = bytes else { return Ok(None) };
    let member_bytes = u16::from_le_bytes([b0, b1]);
    let Some(at) = end.checked_sub(member_bytes.into()) else { return Ok(None) };
    if usize::from(member_bytes) < MIN_SHORT_BYTES {
        return Ok(None);
    }
    source.seek(at)?;
    let start: [u8; 9] = source.array("the header")?;
    Ok((start[..8] == MAGIC && start[8] == SHORT_VERSION).then_some(at))
}
