//! A walk over Thrift's compact protocol, to check footers and page headers before they are parsed:
//! a list may state more elements than there are bytes, and the parser would allocate for all.

/// Most structures inside of others.
const MAX_DEPTH: usize = 32;
/// Most structures of a footer, each of which takes some hundred bytes of memory.
const MAX_STRUCTURES: usize = 1 << 22;

/// Types of fields.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
pub(super) const I32: u8 = 5;
pub(super) const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
pub(super) const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
pub(super) const STRUCT: u8 = 12;
const UUID: u8 = 13;

type Result<T> = std::result::Result<T, &'static str>;

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
            return Err(ENDS);
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
        Err("a number in a Thrift structure is too long")
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
            return Err("a Thrift list states more elements than there are bytes");
        }
        Ok((head & 15, size as usize))
    }

    /// Calls `field` with the number and type of each field of a structure. It must read the
    /// value, or return false.
    pub(super) fn structure(
        &mut self,
        depth: usize,
        field: &mut dyn FnMut(&mut Self, i64, u8) -> Result<bool>,
    ) -> Result<()> {
        self.structures += 1;
        if depth > MAX_DEPTH || self.structures > MAX_STRUCTURES {
            return Err("too many or too deeply nested Thrift structures");
        }
        let mut id = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            id = match head >> 4 {
                0 => self.number()?,
                delta => id.wrapping_add(delta.into()),
            };
            let kind = head & 15;
            // The value of a truth value is in its type.
            if kind != TRUE && kind != FALSE && !field(self, id, kind)? {
                self.skip(kind, depth)?;
            }
        }
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self, kind: u8, depth: usize) -> Result<()> {
        match kind {
            TRUE | FALSE | BYTE => self.skip_bytes(1),
            I16 | I32 | I64 => self.varint().map(|_| ()),
            DOUBLE => self.skip_bytes(8),
            UUID => self.skip_bytes(16),
            BINARY => {
                let len = self.varint()?;
                self.skip_bytes(len)
            }
            LIST | SET => {
                let (kind, size) = self.list()?;
                if depth > MAX_DEPTH {
                    return Err("too deeply nested Thrift lists");
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
                    return Err("a Thrift map states more than there is");
                }
                (0..size).try_for_each(|_| {
                    self.skip(kinds >> 4, depth + 1)?;
                    self.skip(kinds & 15, depth + 1)
                })
            }
            _ => Err("an unknown type in a Thrift structure"),
        }
    }
}

/// Checks the bytes of a footer: lengths, and the depth of the schema (`max_depth`).
pub(super) fn check_footer(bytes: &[u8], max_depth: usize) -> Result<()> {
    const SCHEMA: i64 = 2;
    const CHILDREN: i64 = 5;
    let mut walk = Walk::new(bytes);
    walk.structure(0, &mut |walk, id, kind| {
        if id != SCHEMA || kind != LIST {
            return Ok(false);
        }
        let (kind, size) = walk.list()?;
        if kind != STRUCT {
            return Err("the schema is no list of structures");
        }
        // How many children of each open group are still to come.
        let mut open: Vec<i64> = Vec::new();
        for _ in 0..size {
            let mut children = 0;
            walk.structure(1, &mut |walk, id, kind| {
                if id != CHILDREN || kind != I32 {
                    return Ok(false);
                }
                children = walk.number()?;
                Ok(true)
            })?;
            while open.last() == Some(&0) {
                open.pop();
            }
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
            if children > 0 {
                open.push(children);
            }
            if open.len() > max_depth {
                return Err("the schema has too many nested groups");
            }
        }
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn footers_are_walked_over() {
        // Version 1; a schema of a group with one column; 0 rows; no row groups.
        let schema = [0x48, 2, b'r', b'o', 0x15, 2, 0, 0x15, 2, 0x18, 1, b'x', 0];
        let mut footer = vec![0x15, 2, 0x19, 0x2c];
        footer.extend(schema);
        footer.extend([0x16, 0, 0x19, 0x0c, 0]);
        assert_eq!(check_footer(&footer, 2), Ok(()));
        assert!(check_footer(&footer, 0).is_err());
        for len in 0..footer.len() {
            assert!(check_footer(&footer[..len], 2).is_err(), "{len}");
        }
        // A list of 2^31 elements.
        assert!(check_footer(&[0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 7, 0], 2).is_err());
        // Structures in structures.
        let deep = vec![0x1c; 100_000];
        assert!(check_footer(&deep, 2).is_err());
    }
}
