//! ROOT's way of writing objects: byte counts, versions, and pointers that are written once and
//! then referred to by their place (`TBufferFile::ReadObjectAny`).

use std::collections::HashMap;
use std::rc::Rc;

use crate::cursor::Cursor;
use crate::error::{Fault, Outcome};
use crate::limits::MAX_CLASSES;

const BYTE_COUNT: u32 = 0x4000_0000;
const NEW_CLASS: u32 = 0xffff_ffff;
const CLASS: u32 = 0x8000_0000;
/// Places in references are larger than those in the file by this number.
const REFERENCE_OFFSET: usize = 2;
const IS_REFERENCED: u32 = 1 << 4;

/// An object that was read before and can be referred to.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    Class(Rc<str>),
    /// A leaf, by its number among the leaves of the tree.
    Leaf(usize),
}

/// A pointer in the file.
#[derive(Debug)]
pub(crate) enum Pointer {
    Null,
    /// To an object that was read before; `None` if it is not needed here.
    Old(Option<Known>),
    /// To an object that follows here.
    New(NewObject),
}

/// An object that begins at the cursor.
#[derive(Debug)]
pub(crate) struct NewObject {
    pub(crate) class: Rc<str>,
    pub(crate) end: usize,
    tag: u32,
}

/// Version of a class, and the end of its part of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) version: i16,
    /// `None` if the file gives no byte count.
    pub(crate) end: Option<usize>,
}

/// Reads the parts of one object. `key_len` is the length of the key before it, which references
/// include.
#[derive(Debug)]
pub(crate) struct ObjectReader<'a> {
    pub(crate) cursor: Cursor<'a>,
    key_len: usize,
    known: HashMap<u32, Known>,
    n_classes: usize,
}

impl<'a> ObjectReader<'a> {
    pub(crate) fn new(bytes: &'a [u8], key_len: usize) -> Self {
        Self { cursor: Cursor::new(bytes), key_len, known: HashMap::new(), n_classes: 0 }
    }

    /// Byte count, if there is one, and version.
    pub(crate) fn head(&mut self) -> Outcome<Head> {
        let Some(count) = self.cursor.peek_u32().filter(|count| count & BYTE_COUNT != 0) else {
            return Ok(Head { version: self.cursor.i16()?, end: None });
        };
        let at = self.cursor.pos();
        self.cursor.skip(4)?;
        let end = self.end_of(at, count)?;
        Ok(Head { version: self.cursor.i16()?, end: Some(end) })
    }

    /// The same for classes that must have a byte count.
    pub(crate) fn bounded_head(&mut self, class: &str) -> Outcome<(i16, usize)> {
        let at = self.cursor.pos() as u64;
        let head = self.head()?;
        let end = head.end.ok_or_else(|| {
            Fault::unsupported(format!("{class} version {} without a byte count", head.version))
                .at(at)
        })?;
        Ok((head.version, end))
    }

    /// Skips an object of a class that is not needed here.
    pub(crate) fn skip_object(&mut self, class: &str) -> Outcome<()> {
        let (_, end) = self.bounded_head(class)?;
        self.cursor.forward_to(end)
    }

    /// `TObject`, which has no byte count. Its bits are returned.
    pub(crate) fn object(&mut self) -> Outcome<u32> {
        let head = self.head()?;
        self.cursor.skip(4)?; // unique number
        let bits = self.cursor.u32()?;
        if bits & IS_REFERENCED != 0 {
            self.cursor.skip(2)?;
        }
        match head.end {
            Some(end) => self.cursor.forward_to(end).map(|()| bits),
            None => Ok(bits),
        }
    }

    /// `TNamed`: bits, name and title.
    pub(crate) fn named(&mut self) -> Outcome<(u32, String, String)> {
        let (_, end) = self.bounded_head("TNamed")?;
        let bits = self.object()?;
        let names = (bits, self.cursor.string()?, self.cursor.string()?);
        self.cursor.forward_to(end)?;
        Ok(names)
    }

    /// Head of a `TObjArray` or `TList`: the number of pointers that follow, and its end.
    pub(crate) fn collection(&mut self, class: &str) -> Outcome<(usize, usize)> {
        let (version, end) = self.bounded_head(class)?;
        if class == "TObjArray" && version != 3 || class == "TList" && version < 4 {
            return Err(Fault::unsupported(format!("{class} version {version}")));
        }
        self.object()?;
        self.cursor.string()?;
        let n = self.cursor.count("the number of objects in a collection")?;
        if class == "TObjArray" {
            self.cursor.skip(4)?; // lower bound
        }
        // Every pointer takes four bytes at least.
        if n > self.cursor.remaining() / 4 {
            let message = format!("{n} objects in {} bytes", self.cursor.remaining());
            return Err(Fault::corrupt(message).at(self.cursor.pos() as u64));
        }
        Ok((n, end))
    }

    /// A pointer. After a new object its reader calls [`Self::finish`].
    pub(crate) fn pointer(&mut self) -> Outcome<Pointer> {
        let start = self.cursor.pos();
        let first = self.cursor.u32()?;
        if first & BYTE_COUNT == 0 || first == NEW_CLASS {
            return if first == 0 {
                Ok(Pointer::Null)
            } else if first & CLASS == 0 {
                Ok(Pointer::Old(self.known.get(&first).cloned()))
            } else {
                Err(Fault::unsupported("an object without a byte count").at(start as u64))
            };
        }
        let end = self.end_of(start, first)?;
        let tag_pos = self.cursor.pos();
        let tag = self.cursor.u32()?;
        if tag & CLASS == 0 {
            self.cursor.forward_to(end)?;
            return Ok(Pointer::Old(self.known.get(&tag).cloned()));
        }
        let class = if tag == NEW_CLASS {
            self.n_classes += 1;
            if self.n_classes > MAX_CLASSES {
                let n = self.n_classes as u64;
                return Err(Fault::limit("classes in an object", n, MAX_CLASSES as u64));
            }
            let class: Rc<str> = self.cursor.c_string()?.into();
            self.known.insert(self.reference(tag_pos), Known::Class(Rc::clone(&class)));
            class
        } else {
            match self.known.get(&(tag & !CLASS)) {
                Some(Known::Class(class)) => Rc::clone(class),
                _ => {
                    let message = format!("class {} was not named before", tag & !CLASS);
                    return Err(Fault::corrupt(message).at(tag_pos as u64));
                }
            }
        };
        Ok(Pointer::New(NewObject { class, end, tag: self.reference(start) }))
    }

    /// Moves to the end of a new object.
    pub(crate) fn finish(&mut self, object: &NewObject) -> Outcome<()> {
        self.cursor.forward_to(object.end)
    }

    /// The same for a leaf, which may be referred to.
    pub(crate) fn finish_leaf(&mut self, object: &NewObject, leaf: usize) -> Outcome<()> {
        self.known.insert(object.tag, Known::Leaf(leaf));
        self.finish(object)
    }

    fn reference(&self, pos: usize) -> u32 {
        // Objects are smaller than 128 MiB, so this cannot wrap.
        (pos + self.key_len + REFERENCE_OFFSET) as u32
    }

    fn end_of(&self, at: usize, count: u32) -> Outcome<usize> {
        let end = at + 4 + (count & !BYTE_COUNT) as usize;
        if end > self.cursor.len() {
            let message =
                format!("an object of {} bytes ends past the {}", end - at, self.cursor.len());
            return Err(Fault::corrupt(message).at(at as u64));
        }
        Ok(end)
    }
}
