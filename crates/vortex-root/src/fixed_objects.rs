//! Objects whose bytes have the same places in each entry: `TLorentzVector`, `TVector3` and other
//! classes of numbers, which were not split into branches.

use vortex_base::dtype::DType;

use crate::cursor::Cursor;
use crate::error::{Fault, Outcome};
use crate::limits::{MAX_BASE_DEPTH, MAX_BASKET_BYTES, MAX_ELEMENTS_SEARCHED};
use crate::streamer_info::{Element, StreamerInfo};
use crate::type_name::Primitive;

/// Largest object, in bytes.
const MAX_BYTES: usize = 1 << 16;

/// ROOT's numbers of members that are objects, in themselves and as fixed arrays.
const OBJECTS: [i32; 4] = [61, 62, 81, 82];

/// An object of numbers.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct FixedObject {
    pub(crate) bytes: usize,
    /// The byte counts and versions in it.
    heads: Vec<Head>,
    pub(crate) members: Vec<Member>,
    /// It has no objects but its bases.
    flat: bool,
}

/// A byte count and a version at a place in an object; a class without a version has 0 and a
/// checksum instead.
#[derive(Debug, PartialEq)]
struct Head {
    place: usize,
    bytes: Vec<u8>,
}

/// Numbers in an object.
#[derive(Debug, PartialEq)]
pub(crate) struct Member {
    /// The names of the members from the outside.
    pub(crate) path: String,
    pub(crate) dtype: DType,
    pub(crate) array_len: usize,
    pub(crate) place: usize,
}

impl FixedObject {
    /// The layout of a class, or the reason why it has none.
    pub(crate) fn new(class: &str, info: &StreamerInfo) -> Result<Self, String> {
        let mut object = Self { flat: true, ..Self::default() };
        object
            .add(class, "", info, 0)
            .map_err(|reason| format!("objects of type {class}{reason}"))?;
        if object.members.is_empty() {
            return Err(format!("objects of type {class}"));
        }
        Ok(object)
    }

    /// Adds an object of a class: a byte count, a version, its bases and its members.
    fn add(
        &mut self,
        class: &str,
        path: &str,
        info: &StreamerInfo,
        depth: usize,
    ) -> Result<(), String> {
        if class == "TObject" {
            // A version, a number and bits, which say nothing about the values.
            self.flat = false;
            return self.advance(10);
        }
        let (version, checksum, elements) = info.newest(class).ok_or_else(String::new)?;
        if depth > MAX_BASE_DEPTH || self.members.len() > MAX_ELEMENTS_SEARCHED {
            return Err(", with too many members".to_owned());
        }
        let start = self.bytes;
        let head = self.heads.len();
        self.heads.push(Head { place: start, bytes: Vec::new() });
        let version = match version {
            ..=1 => [&[0, 0][..], &checksum.to_be_bytes()].concat(),
            _ => (version as u16).to_be_bytes().to_vec(),
        };
        self.advance(4 + version.len())?;
        for element in elements {
            self.element(element, path, info, depth)
                .map_err(|reason| if reason.is_empty() { inner(element) } else { reason })?;
        }
        // The count is of the bytes after it; an object is shorter than 2^16 bytes.
        let count = (0x4000_0000 | (self.bytes - start - 4) as u32).to_be_bytes();
        self.heads[head].bytes = [&count[..], &version].concat();
        Ok(())
    }

    fn element(
        &mut self,
        element: &Element,
        path: &str,
        info: &StreamerInfo,
        depth: usize,
    ) -> Result<(), String> {
        if element.is_base {
            return self.add(&element.name, path, info, depth + 1);
        }
        let path =
            if path.is_empty() { element.name.clone() } else { format!("{path}.{}", element.name) };
        let len = element.array_len.max(1) as usize;
        if OBJECTS.contains(&element.number) {
            if len > 1 {
                return Err(String::new());
            }
            self.flat = false;
            return self.add(&element.type_name, &path, info, depth + 1);
        }
        let array = (21..40).contains(&element.number);
        let number = if array { element.number - 20 } else { element.number };
        let Some(Primitive::Plain(dtype)) = Primitive::from_number(number) else {
            return Err(String::new());
        };
        let place = self.bytes;
        self.advance(len.saturating_mul(dtype.size()))?;
        self.members.push(Member { path, dtype, array_len: len, place });
        Ok(())
    }

    fn advance(&mut self, n: usize) -> Result<(), String> {
        self.bytes = self.bytes.saturating_add(n);
        if self.bytes > MAX_BYTES {
            return Err(format!(", of more than {MAX_BYTES} bytes"));
        }
        Ok(())
    }

    /// Each of these objects has the byte counts and versions of its class.
    pub(crate) fn check(&self, objects: &[u8]) -> Outcome<()> {
        for (number, object) in objects.chunks_exact(self.bytes).enumerate() {
            for head in &self.heads {
                let found = &object[head.place..head.place + head.bytes.len()];
                if found != head.bytes {
                    let message = format!(
                        "object {number} of the basket has {found:02x?} at byte {}, but its class \
                         needs {:02x?}",
                        head.place, head.bytes
                    );
                    return Err(Fault::unsupported(message));
                }
            }
        }
        Ok(())
    }

    /// Reads a vector whose objects are stored member by member: the version of the class, their
    /// number, and an array of each member, those of bases first. Appends them one object after
    /// the other; returns their number.
    pub(crate) fn member_wise(
        &self,
        cursor: &mut Cursor<'_>,
        payload: &mut Vec<u8>,
    ) -> Outcome<u32> {
        let Some(head) = self.heads.first().filter(|_| self.flat) else {
            return Err(Fault::unsupported("objects in objects, stored member by member"));
        };
        let numbers = self.members.iter().map(Member::len).sum::<usize>();
        let (_, version) = head.bytes.split_at(4);
        let found = cursor.take(version.len())?;
        if found != version {
            let message = format!("version {found:02x?} of a class, but {version:02x?} is known");
            return Err(Fault::unsupported(message));
        }
        let n = cursor.u32()?;
        if u64::from(n) * numbers as u64 != cursor.remaining() as u64 {
            let message = format!("{n} objects in {} bytes", cursor.remaining());
            return Err(Fault::corrupt(message));
        }
        let start = payload.len();
        let end = (n as usize).saturating_mul(self.bytes).saturating_add(start);
        if end > MAX_BASKET_BYTES {
            let limit = MAX_BASKET_BYTES as u64;
            return Err(Fault::limit("bytes of objects in a basket", end as u64, limit));
        }
        payload.resize(end, 0);
        let objects = &mut payload[start..];
        for object in objects.chunks_exact_mut(self.bytes) {
            for head in &self.heads {
                object[head.place..head.place + head.bytes.len()].copy_from_slice(&head.bytes);
            }
        }
        for member in &self.members {
            let values = cursor.array(n as usize, member.len())?;
            let objects = objects.chunks_exact_mut(self.bytes);
            for (object, value) in objects.zip(values.chunks_exact(member.len())) {
                object[member.place..member.place + member.len()].copy_from_slice(value);
            }
        }
        Ok(n)
    }
}

impl Member {
    pub(crate) fn len(&self) -> usize {
        self.array_len * self.dtype.size()
    }
}

fn inner(element: &Element) -> String {
    format!(", with a member {} of type {}", element.name, element.type_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object() -> FixedObject {
        let member =
            |path: &str, dtype, place| Member { path: path.to_owned(), dtype, array_len: 1, place };
        FixedObject {
            flat: true,
            bytes: 12,
            heads: vec![Head { place: 0, bytes: vec![0x40, 0, 0, 8, 0, 3] }],
            members: vec![member("a", DType::I16, 6), member("b", DType::U32, 8)],
        }
    }

    #[test]
    fn objects_member_by_member_and_one_after_the_other() {
        let stored = [0, 3, 0, 0, 0, 2, 1, 2, 3, 4, 5, 5, 5, 5, 6, 6, 6, 6];
        let mut payload = vec![9];
        assert_eq!(object().member_wise(&mut Cursor::new(&stored), &mut payload).unwrap(), 2);
        let expected =
            [[0x40, 0, 0, 8, 0, 3, 1, 2, 5, 5, 5, 5], [0x40, 0, 0, 8, 0, 3, 3, 4, 6, 6, 6, 6]];
        assert_eq!(payload[1..], expected.concat());
        object().check(&payload[1..]).unwrap();
        for bit in 0..48 {
            let mut bad = expected.concat();
            bad[12 + bit / 8] ^= 1 << (bit % 8);
            assert!(object().check(&bad).is_err(), "bit {bit}");
        }
        for len in 0..stored.len() {
            let outcome = object().member_wise(&mut Cursor::new(&stored[..len]), &mut payload);
            assert!(outcome.is_err(), "{len} bytes");
        }
        for (at, lie) in [(1, 4), (2, 0xff), (5, 1), (5, 3)] {
            let mut bad = stored;
            bad[at] = lie;
            let outcome = object().member_wise(&mut Cursor::new(&bad), &mut payload);
            assert!(outcome.is_err(), "byte {at}");
        }
    }
}
