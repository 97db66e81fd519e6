//! A walk over Thrift's compact protocol: footers are checked with it before they are parsed, and
//! page headers are read. A list that states more elements than there are bytes is refused.

/// Most structures inside of others.
const MAX_DEPTH: usize = 32;
/// Most structures of a footer, each of which takes some hundred bytes of memory.
const MAX_STRUCTURES: usize = 1 << 22;

/// Types of fields.
pub(super) const TRUE: u8 = 1;
pub(super) const FALSE: u8 = 2;
pub(super) const BYTE: u8 = 3;
pub(super) const I16: u8 = 4;
pub(super) const I32: u8 = 5;
pub(super) const I64: u8 = 6;
pub(super) const DOUBLE: u8 = 7;
pub(super) const BINARY: u8 = 8;
pub(super) const LIST: u8 = 9;
pub(super) const SET: u8 = 10;
const MAP: u8 = 11;
pub(super) const STRUCT: u8 = 12;
const UUID: u8 = 13;

pub(super) type Result<T> = std::result::Result<T, String>;

const ENDS: &str = "a Thrift structure ends early";

/// Bytes that are walked over.
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    structures: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, structures: 0 }
    }

    /// Bytes behind it.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn byte(&mut self) -> Result<u8> {
        let byte = self.bytes.get(self.at).ok_or(ENDS)?;
        self.at += 1;
        Ok(*byte)
    }

    fn skip_bytes(&mut self, n: u64) -> Result<()> {
        let left = (self.bytes.len() - self.at) as u64;
        if n > left {
            return Err(ENDS.into());
        }
        self.at += n as usize;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("a number in a Thrift structure is too long".into())
    }

    /// A signed number.
    pub(super) fn number(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// The type and the number of the elements of a list.
    pub(super) fn list(&mut self) -> Result<(u8, usize)> {
        let head = self.byte()?;
        let size = match head >> 4 {
            15 => self.varint()?,
            size => size.into(),
        };
        // Each element has at least one byte.
        if size > (self.bytes.len() - self.at) as u64 {
            let left = self.bytes.len() - self.at;
            return Err(format!("a Thrift list states {size} elements; {left} bytes are left"));
        }
        Ok((head & 15, size as usize))
    }

    /// Passes over a text, and returns its length.
    pub(super) fn text(&mut self) -> Result<u64> {
        let len = self.varint()?;
        self.skip_bytes(len)?;
        Ok(len)
    }

    /// Calls `field` with the number and type of each field of a structure. It must read the
    /// value, or return false. The value of a truth value is in its type.
    pub(super) fn structure(
        &mut self,
        depth: usize,
        field: &mut dyn FnMut(&mut Self, i64, u8) -> Result<bool>,
    ) -> Result<()> {
        self.structures += 1;
        if depth > MAX_DEPTH || self.structures > MAX_STRUCTURES {
            return Err(format!(
                "more than {MAX_STRUCTURES} Thrift structures, or more than {MAX_DEPTH} inside of \
                 each other"
            ));
        }
        let mut id = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            id = match head >> 4 {
                0 => self.number()?,
                delta => id + i64::from(delta),
            };
            // Others would be cut to 16 bits by the parser, and be those of other fields.
            if i16::try_from(id).is_err() {
                return Err(format!("a field {id} in a Thrift structure"));
            }
            let kind = head & 15;
            if !field(self, id, kind)? && kind != TRUE && kind != FALSE {
                self.skip(kind, depth)?;
            }
        }
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self, kind: u8, depth: usize) -> Result<()> {
        match kind {
            BYTE => self.skip_bytes(1),
            I16 | I32 | I64 => self.varint().map(|_| ()),
            DOUBLE => self.skip_bytes(8),
            UUID => self.skip_bytes(16),
            BINARY => self.text().map(|_| ()),
            LIST | SET => {
                let (kind, size) = self.list()?;
                if depth > MAX_DEPTH {
                    return Err(format!("more than {MAX_DEPTH} Thrift lists inside of each other"));
                }
                (0..size).try_for_each(|_| self.skip(kind, depth + 1))
            }
            STRUCT => self.structure(depth + 1, &mut |_, _, _| Ok(false)),
            MAP => {
                let size = self.varint()?;
                if size == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                if size > (self.bytes.len() - self.at) as u64 || depth > MAX_DEPTH {
                    return Err(format!("a Thrift map of {size} entries, nested {depth} times"));
                }
                (0..size).try_for_each(|_| {
                    self.skip(kinds >> 4, depth + 1)?;
                    self.skip(kinds & 15, depth + 1)
                })
            }
            // No footer has truth values in a list, which some readers take for nothing.
            _ => Err(format!("a value of type {kind} in a Thrift structure")),
        }
    }
}
