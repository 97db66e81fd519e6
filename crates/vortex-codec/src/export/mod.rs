//! Records of an archive as CSV, as a numpy array, or as they are.
//!
//! ```
//! use vortex_codec::archive::Archive;
//! use vortex_codec::export::{Excerpt, Form};
//! use vortex_codec::{Compressor, DType, Decompressor, Field, Schema};
//!
//! # fn main() -> vortex_codec::Result<()> {
//! # let bytes: Vec<u8> = (0..3000u32).flat_map(|i| [(i as f32).to_le_bytes(), (i % 7).to_le_bytes()].concat()).collect();
//! let schema = Schema::new(8, vec![Field::new("pt", DType::F32, 0), Field::new("n", DType::U32, 4)])?;
//! let mut file = Vec::new();
//! Compressor::new().schema(schema).compress(bytes.as_slice(), &mut file)?;
//! let archive = Archive::from_reader(std::io::Cursor::new(file), &Decompressor::new())?;
//! let mut text = Vec::new();
//! Excerpt::of(archive, None, &["n", "pt"])?.write(8..10, Form::Csv, 0, &mut text, |_| {})?;
//! assert_eq!(text, b"n,pt\n1,8\n2,9\n");
//! # Ok(()) }
//! ```
//!
//! | file | concern |
//! |---|---|
//! | `excerpt` | the dataset and the fields; piece by piece from the file to the output |
//! | `csv`, `npy`, `number` | the forms |

mod csv;
mod excerpt;
mod npy;
mod number;

pub use excerpt::Excerpt;

/// The form of records in an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line of names, then a line for each record.
    Csv,
    /// An array of numpy: structured, or plain for a single field.
    Npy,
    /// The bytes of the records, or of the chosen fields one after the other.
    Raw,
}
