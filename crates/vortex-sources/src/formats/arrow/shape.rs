//! The columns of a file as a tree of what is stored, the same for Parquet and Arrow.

use vortex_coder::schema::DType;

/// Numbers of one type that follow each other in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) dtype: DType,
    pub(super) big_endian: bool,
    pub(super) count: u32,
}

impl Numbers {
    pub(super) fn new(dtype: DType, count: u32) -> Self {
        Self { dtype, big_endian: false, count }
    }

    pub(super) fn bytes(&self) -> usize {
        self.dtype.size() * self.count as usize
    }
}

/// A column, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Its number, by which the file knows it.
    pub(super) node: usize,
    /// Its path.
    pub(super) name: String,
    /// Whether it may have nulls.
    pub(super) nullable: bool,
    pub(super) kind: Kind,
    /// Of values that are indices: the dictionary.
    pub(super) dictionary: Option<u32>,
}

/// What is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Values of one size.
    Fixed(Vec<Numbers>),
    /// Bytes of any number: text and binary.
    Bytes,
    /// Items of any number: lists and maps.
    List(Box<Shape>),
    /// The same number of items in each slot.
    Array(u32, Box<Shape>),
    /// Members with a value each.
    Struct(Vec<Shape>),
    /// Nothing but nulls.
    Null,
}

/// What is read of a part of a column; each slot has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// 1, or 0 for a null (u8). It is 1 in slots whose parent is null.
    Valid,
    /// Number of items (u32), or of bytes of [`Kind::Bytes`].
    Counts,
    /// A value of [`Kind::Fixed`]; zeros for a null.
    Value,
    /// The bytes of all slots, one after the other.
    Data,
}

/// The slots of a part of a column, in order.
pub(super) trait Feed {
    /// Appends what was asked for, of some more slots, to `out`, which has a buffer for each
    /// [`What`]. False if there are no more.
    fn next(&mut self, out: &mut [Vec<u8>]) -> Result<bool, String>;
}

/// A file whose columns can be read.
pub(super) trait Columns {
    /// The slots of a node from the first on.
    fn feed(&self, node: usize, what: &[What]) -> Result<Box<dyn Feed + '_>, String>;

    /// Whether the bytes of a node must be UTF-8, because the file cannot be written otherwise.
    fn must_be_text(&self, _node: usize) -> bool {
        false
    }
}
