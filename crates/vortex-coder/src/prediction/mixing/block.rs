//! The bytes of a block while they are coded.

/// The encoder knows all bytes; the decoder fills them in.
pub(super) enum Block<'a> {
    Known(&'a [u8]),
    Unknown(&'a mut [u8]),
}

impl Block<'_> {
    pub(super) fn len(&self) -> usize {
        self.bytes().len()
    }

    /// All bytes; a decoder has filled in only some of them.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Known(bytes) => bytes,
            Self::Unknown(bytes) => bytes,
        }
    }
}
