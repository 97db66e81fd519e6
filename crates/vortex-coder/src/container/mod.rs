//! The `.vxc` container: blocks that are coded independently, checksums, an index at the end.
//! `docs/format.md` is its specification, byte by byte.
//!
//! ```
//! use std::io::{Read, Write};
//!
//! use vortex_coder::container::{Coder, IndexedReader, Reader, Writer, WriterOptions};
//! use vortex_coder::Schema;
//!
//! let original = b"one two three ".repeat(1000);
//! let mut writer = Writer::new(Vec::new(), WriterOptions::new(Coder::adaptive(Schema::bytes())))?;
//! writer.write_all(&original)?;
//! let (file, summary) = writer.finish()?;
//! assert_eq!(summary.compressed_bytes, file.len() as u64);
//!
//! let mut decoded = Vec::new();
//! Reader::new(file.as_slice(), Default::default()).read_to_end(&mut decoded)?;
//! assert_eq!(decoded, original);
//!
//! let mut indexed = IndexedReader::open(std::io::Cursor::new(&file), Default::default())?;
//! assert_eq!(indexed.read_range(4, 3)?, b"two");
//! # Ok::<(), vortex_coder::Error>(())
//! ```

pub mod constants;

mod block;
mod decode;
mod encode;
mod footer;
pub(crate) mod frame;
mod header;
mod index;
mod indexed;
mod indexed_member;
mod label;
mod limits;
mod loader;
mod magic;
mod member;
mod options;
mod permits;
mod pool;
mod reader;
mod schema_section;
mod short;
mod source;
mod summary;
mod wire;
mod writer;

pub use block::{BlockHeader, Method};
pub use footer::Footer;
pub use header::MemberHeader;
pub use index::{IndexEntry, IndexHeader};
pub use indexed::{BlockInfo, IndexedReader};
pub use indexed_member::MemberInfo;
pub use limits::Limits;
pub use loader::{ModelLoader, NoModels, OneModel, wrong_model};
pub use magic::damaged_as_text;
pub use options::{Coder, WriterOptions};
pub use permits::Permits;
pub use reader::{Reader, ReaderOptions, is_vxc};
pub use summary::{OnBlock, Progress, Summary};
pub use writer::Writer;
