//! The bytes of a block on their way through the model.

/// Known to the encoder; the decoder fills them in.
pub(super) enum Block<'a> {
    Known(&'a [u8]),
    Unknown(&'a mut [u8]),
}

impl Block<'_> {
    pub(super) fn len(&self) -> usize {
        self.bytes().len()
    }

    /// All bytes, of which a decoder has filled in some.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Known(bytes) => bytes,
            Self::Unknown(bytes) => bytes,
        }
    }
}
