//! What every stage with parameters says of itself: in files, in sidecars and to people.

use super::field::Field;
use super::words::{Shape, Words};
use crate::error::{Error, Result};
use vortex_base::dtype::DType;

/// A stage that a field has. `fields` are those of its schema, for their names.
pub(super) trait Stage {
    /// [`KnownStage::BIT`].
    fn bit(&self) -> u8;

    /// [`KnownStage::KEY`].
    fn key(&self) -> &'static str;

    /// What is wrong with it on a field of this type among so many fields, if anything.
    fn check(&self, dtype: DType, n_fields: usize) -> std::result::Result<(), String>;

    /// Indices of the fields of the same record that must be known before this one, each once.
    fn needs(&self) -> Vec<u16> {
        Vec::new()
    }

    /// Bytes that it takes besides its own size.
    #[cfg(feature = "container")]
    fn heap_bytes(&self) -> usize {
        0
    }

    /// Appends its parameters as they stand in a file.
    fn write_to(&self, out: &mut Vec<u8>);

    /// Its parameters as a sidecar states them.
    fn to_words(&self, fields: &[Field]) -> Words;

    /// What it says about the values, as one reads it.
    fn describe(&self, fields: &[Field]) -> String;
}

/// How a stage comes out of a file or a sidecar.
pub(super) trait KnownStage: Stage + Sized {
    /// Its bit in the first byte of a field's extension in a file.
    const BIT: u8;
    /// Its key in a sidecar.
    const KEY: &'static str;
    /// What stands behind the key.
    const SHAPE: Shape;

    /// Reads what [`Stage::write_to`] wrote and moves `input` past it.
    fn read_from(input: &mut &[u8]) -> Result<Self>;

    /// The stage of its parameters; `None` where they say that the field has none.
    fn from_words(words: &Words, fields: &[Field]) -> Result<Option<Self>>;
}

/// The stage in an extension whose first byte is `bits`, if it is there.
pub(super) fn in_file<S: KnownStage>(bits: u8, input: &mut &[u8]) -> Result<Option<S>> {
    (bits & S::BIT != 0).then(|| S::read_from(input)).transpose()
}

/// The stage among the keys of a field in a sidecar, if it is there.
pub(super) fn in_sidecar<S: KnownStage>(
    words: &[(&'static str, Words)],
    fields: &[Field],
) -> Result<Option<S>> {
    let stated = words.iter().find(|(key, _)| *key == S::KEY);
    stated.map_or(Ok(None), |(_, stated)| S::from_words(stated, fields))
}

/// The first bytes of `input`, which moves past them.
pub(crate) fn take<const N: usize>(input: &mut &[u8], what: &str) -> Result<[u8; N]> {
    let Some((head, rest)) = input.split_first_chunk::<N>() else {
        return Err(Error::truncated(format!("schema ends before its {what}")));
    };
    *input = rest;
    Ok(*head)
}
