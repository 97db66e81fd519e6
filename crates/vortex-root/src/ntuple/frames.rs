//! The numbers, texts, frames and locators of an RNTuple's envelopes. They are little-endian, unlike
//! the rest of a ROOT file.

use crate::error::{Fault, Outcome};

/// A position in the bytes of an envelope or of one frame of it, which never passes the end.
#[derive(Clone, Debug)]
pub(super) struct Frames<'a> {
    bytes: &'a [u8],
    pos: usize,
    /// Place of `bytes` in the envelope, for errors.
    base: usize,
}

/// The place of stored bytes in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Locator {
    pub(super) offset: u64,
    /// Bytes there, as they are stored.
    pub(super) size: u64,
}

macro_rules! number {
    ($($name:ident: $type:ty),*) => {$(
        pub(super) fn $name(&mut self) -> Outcome<$type> {
            let (head, _) = self.rest().split_first_chunk().ok_or_else(|| self.short(size_of::<$type>()))?;
            self.pos += size_of::<$type>();
            Ok(<$type>::from_le_bytes(*head))
        }
    )*};
}

impl<'a> Frames<'a> {
    /// `base` is the place of `bytes` in the envelope.
    pub(super) fn new(bytes: &'a [u8], base: usize) -> Self {
        Self { bytes, pos: 0, base }
    }

    number!(u16: u16, u32: u32, i32: i32, u64: u64, i64: i64, f64: f64);

    /// Place in the envelope.
    pub(super) fn place(&self) -> u64 {
        (self.base + self.pos) as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.pos..).unwrap_or_default()
    }

    fn take(&mut self, n: usize) -> Outcome<&'a [u8]> {
        let taken = self.rest().get(..n).ok_or_else(|| self.short(n))?;
        self.pos += n;
        Ok(taken)
    }

    /// A length of four bytes, and as many bytes.
    pub(super) fn string(&mut self) -> Outcome<String> {
        let n = self.u32()? as usize;
        Ok(String::from_utf8_lossy(self.take(n)?).into_owned())
    }

    /// The contents of the next frame, which is a record.
    pub(super) fn record(&mut self) -> Outcome<Self> {
        let at = self.place();
        let size = self.i64()?;
        if size < 0 {
            return Err(Fault::corrupt("a list where a record is wanted").at(at));
        }
        self.contents(size as u64, 8, at)
    }

    /// The number of items of the next frame, which is a list, and its contents. Each item has at
    /// least `least` bytes.
    pub(super) fn list(&mut self, least: usize) -> Outcome<(usize, Self)> {
        let at = self.place();
        let size = self.i64()?;
        if size >= 0 {
            return Err(Fault::corrupt("a record where a list is wanted").at(at));
        }
        let n = self.u32()? as usize;
        let contents = self.contents(size.unsigned_abs(), 12, at)?;
        if n > contents.bytes.len() / least {
            let message = format!("a list of {n} items in {} bytes", contents.bytes.len());
            return Err(Fault::corrupt(message).at(at));
        }
        Ok((n, contents))
    }

    /// What follows `head` bytes of a frame of `size`.
    fn contents(&mut self, size: u64, head: u64, at: u64) -> Outcome<Self> {
        let n = size.checked_sub(head).and_then(|n| usize::try_from(n).ok());
        let base = self.base + self.pos;
        match n.map(|n| self.take(n)) {
            Some(Ok(bytes)) => Ok(Self { bytes, pos: 0, base }),
            _ => {
                let left = self.rest().len();
                let message = format!("a frame of {size} bytes where {left} are left");
                Err(Fault::corrupt(message).at(at))
            }
        }
    }

    /// Where stored bytes are in this file.
    pub(super) fn locator(&mut self) -> Outcome<Locator> {
        let at = self.place();
        let head = self.i32()?;
        if head >= 0 {
            return Ok(Locator { size: u64::from(head.unsigned_abs()), offset: self.u64()? });
        }
        // Its own length in the low 16 bits, and its type above bit 24.
        let head = head.unsigned_abs();
        let (len, kind) = ((head & 0xffff) as usize, head >> 24);
        let Some(len) = len.checked_sub(4) else {
            return Err(Fault::corrupt(format!("a locator of {len} bytes")).at(at));
        };
        let mut own = Self { bytes: self.take(len)?, pos: 0, base: self.base };
        match kind {
            1 => Ok(Locator { size: own.u64()?, offset: own.u64()? }),
            kind => {
                let message = format!(
                    "a locator of type {kind} (only places in the same file, types 0 and 1, are \
                     read); copy the data to a ROOT file"
                );
                Err(Fault::unsupported(message).at(at))
            }
        }
    }

    /// Feature flags. The reader knows no feature that needs one.
    pub(super) fn features(&mut self) -> Outcome<()> {
        let at = self.place();
        loop {
            let flags = self.u64()?;
            let known = flags & (1 << 63);
            if flags != known {
                let message = format!(
                    "it uses features of a newer format (flags {flags:#x}) that this version does \
                     not know"
                );
                return Err(Fault::unsupported(message).at(at));
            }
            if known == 0 {
                return Ok(());
            }
        }
    }

    fn short(&self, wanted: usize) -> Fault {
        let message = format!(
            "{wanted} bytes wanted, {} left; the description is damaged",
            self.rest().len()
        );
        Fault::corrupt(message).at(self.place())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::RootErrorKind;

    #[test]
    fn frames_end_where_they_say() {
        // A record of 10 bytes with 7 in it, then a list of two items.
        let mut bytes = 10u64.to_le_bytes().to_vec();
        bytes.extend([7, 0]);
        bytes.extend((-14i64).to_le_bytes());
        bytes.extend([2, 0, 0, 0, 8, 9]);
        bytes.push(1);
        let mut frames = Frames::new(&bytes, 0);
        assert_eq!(frames.record().unwrap().u16().unwrap(), 7);
        let (n, items) = frames.clone().list(1).unwrap();
        assert_eq!((n, items.bytes), (2, &[8, 9][..]));
        assert!(frames.clone().list(2).is_err(), "two items of two bytes");
        assert!(frames.clone().record().is_err());
        frames.list(1).unwrap();
        assert_eq!(frames.place() as usize, bytes.len() - 1);
        for len in 0..10 {
            assert!(Frames::new(&bytes[..len], 0).record().is_err(), "{len}");
        }
        for size in [7i64, 0, i64::MAX, i64::MIN, -11, 26] {
            bytes[..8].copy_from_slice(&size.to_le_bytes());
            assert!(Frames::new(&bytes, 0).record().is_err(), "{size}");
            assert!(Frames::new(&bytes, 0).list(1).is_err(), "{size}");
        }
    }

    #[test]
    fn locators() {
        let mut standard = 100i32.to_le_bytes().to_vec();
        standard.extend(7u64.to_le_bytes());
        let found = Frames::new(&standard, 0).locator().unwrap();
        assert_eq!(found, Locator { size: 100, offset: 7 });
        let large = |kind: i32, len: i32| {
            let mut bytes = (-(len | kind << 24)).to_le_bytes().to_vec();
            bytes.extend(5_000_000_000u64.to_le_bytes());
            bytes.extend(9u64.to_le_bytes());
            Frames::new(&bytes, 0).locator()
        };
        assert_eq!(large(1, 20).unwrap(), Locator { size: 5_000_000_000, offset: 9 });
        assert_eq!(large(2, 20).unwrap_err().kind, RootErrorKind::Unsupported);
        for len in [0, 3, 4, 12, 21] {
            assert_eq!(large(1, len).unwrap_err().kind, RootErrorKind::Corrupt, "{len}");
        }
    }

    #[test]
    fn unknown_features_are_refused() {
        let read = |flags: &[u64]| {
            let bytes: Vec<u8> = flags.iter().flat_map(|flags| flags.to_le_bytes()).collect();
            Frames::new(&bytes, 0).features().map_err(|fault| fault.kind)
        };
        assert_eq!(read(&[0]), Ok(()));
        assert_eq!(read(&[1 << 63, 0]), Ok(()));
        assert_eq!(read(&[4]), Err(RootErrorKind::Unsupported));
        assert_eq!(read(&[1 << 63, 1]), Err(RootErrorKind::Unsupported));
        assert_eq!(read(&[1 << 63]), Err(RootErrorKind::Corrupt));
    }
}
