//! Big-endian reading from a slice, which never passes its end.

use crate::error::{Fault, Outcome};

/// A position in the bytes of one object.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    pos: usize,
}

macro_rules! number {
    ($($name:ident: $type:ty),*) => {$(
        pub(crate) fn $name(&mut self) -> Outcome<$type> {
            let (head, _) = self.rest().split_first_chunk().ok_or_else(|| self.short(size_of::<$type>()))?;
            self.pos += size_of::<$type>();
            Ok(<$type>::from_be_bytes(*head))
        }
    )*};
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, pos: 0 }
    }

    number!(u8: u8, i16: i16, i32: i32, u32: u32, i64: i64);

    pub(crate) fn pos(&self) -> usize {
        self.pos
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.pos..).unwrap_or_default()
    }

    pub(crate) fn remaining(&self) -> usize {
        self.rest().len()
    }

    /// The next number, without advancing.
    pub(crate) fn peek_u32(&self) -> Option<u32> {
        self.rest().first_chunk().map(|head| u32::from_be_bytes(*head))
    }

    pub(crate) fn take(&mut self, n: usize) -> Outcome<&'a [u8]> {
        let taken = self.rest().get(..n).ok_or_else(|| self.short(n))?;
        self.pos += n;
        Ok(taken)
    }

    pub(crate) fn skip(&mut self, n: usize) -> Outcome<()> {
        self.take(n).map(drop)
    }

    /// Moves forward to a place.
    pub(crate) fn forward_to(&mut self, end: usize) -> Outcome<()> {
        if end < self.pos {
            return Err(Fault::corrupt(format!(
                "an object ends at byte {end} by its byte count, but its parts end at {}",
                self.pos
            ))
            .at(self.pos as u64));
        }
        self.skip(end - self.pos)
    }

    /// A whole number of at least zero, as a size.
    pub(crate) fn count(&mut self, what: &str) -> Outcome<usize> {
        let at = self.pos as u64;
        let n = self.i32()?;
        usize::try_from(n).map_err(|_| Fault::corrupt(format!("{what} is {n}, below zero")).at(at))
    }

    /// `n` numbers of `width` bytes, as bytes.
    pub(crate) fn array(&mut self, n: usize, width: usize) -> Outcome<&'a [u8]> {
        let bytes = n.checked_mul(width).ok_or_else(|| self.short(n))?;
        self.take(bytes)
    }

    /// `TString`: a length of one byte, or 255 and a length of four.
    pub(crate) fn string(&mut self) -> Outcome<String> {
        let mut n = usize::from(self.u8()?);
        if n == 255 {
            n = self.count("the length of a string")?;
        }
        Ok(String::from_utf8_lossy(self.take(n)?).into_owned())
    }

    /// A string that ends with a zero byte.
    pub(crate) fn c_string(&mut self) -> Outcome<String> {
        let n = self.rest().iter().take(1024).position(|b| *b == 0);
        let n = n.ok_or_else(|| {
            Fault::corrupt("a name without an end in 1,024 bytes").at(self.pos as u64)
        })?;
        let name = String::from_utf8_lossy(self.take(n)?).into_owned();
        self.skip(1)?;
        Ok(name)
    }

    fn short(&self, wanted: usize) -> Fault {
        let message = format!(
            "{wanted} bytes wanted, {} left of {}; the file is damaged or truncated",
            self.remaining(),
            self.bytes.len()
        );
        Fault::corrupt(message).at(self.pos as u64)
    }
}
