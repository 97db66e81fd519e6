//! ROOT files: the columns of numbers in their trees, as they are.
//!
//! ```text
//! RootFile::open(path)          every object of every directory: RootFile::objects
//!   .tree("dir/Events")         one tree: Tree::columns, each readable, a group, or named
//!                               with the reason why it is not read
//!     .read(&column)            its values basket by basket: ColumnReader::next_chunk
//! ```
//!
//! # What is read
//! `TTree`, `TNtuple` and `TNtupleD` in any directory; baskets uncompressed or compressed with
//! zlib, xz, lz4 (checksum verified) or zstd, in any number of blocks; baskets that are part of
//! the tree's own description. Columns of `bool`, whole numbers, `float` and `double`,
//! `Double32_t` and `Float16_t`, one number or an array of fixed size an entry; jagged columns
//! (`x[n]`, `x[n][3]`, members of the objects of a split collection, `std::vector` of numbers
//! as a branch or as a member of a split object); vectors of vectors of numbers; text, as its
//! bytes; lists of leaves, a column for each.
//!
//! Everything else has its name in [`RootFile::objects`] or [`Tree::columns`], with the reason:
//! RNTuples, objects of classes that are not split, maps and vectors of objects.
//!
//! # What comes out
//! A [`Chunk`] for each basket: values in little-endian order without padding, and for a jagged
//! column the number of items of each entry (and of each inner vector). No value is converted, except that `Double32_t`
//! becomes `f64` and `Float16_t` becomes `f32`, as uproot computes them.
//!
//! # What is refused
//! The reader believes nothing: lengths, counts and places are held against the bytes there are
//! and against [`limits`]; a basket must hold the entries that its branch says, a branch the
//! entries of its tree, and values must fill their bytes exactly. What does not fit is a
//! [`RootError`] and never a guess. At any time at most one basket of a column is in memory,
//! beside the description of the tree.
//!
//! The format is described by ROOT's own documentation (`io/doc/TFile`, `tree/tree/inc`) and by
//! uproot, against which every value was compared.

mod basket;
mod blocks;
mod branch;
mod bytes;
mod column;
mod cursor;
mod directory;
mod error;
mod file;
mod key;
mod layout;
mod leaf;
pub mod limits;
mod object;
mod packed;
mod streamer_info;
mod tree;
mod type_name;
mod vectors;

pub use column::{Chunk, ColumnReader};
pub use error::{RootError, RootErrorKind};
pub use file::{RootFile, RootObject, Tree};
pub use layout::{Column, Content, Layout};
