//! Matrices laid out for four-element dot products: `[groups][columns][4]`, in blocks of 16
//! columns, which is one 512-bit register, two of 256 or four of 128 bits.

/// 16 columns of four bytes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Block(pub [i8; 64]);

/// Columns of a [`Block`].
pub const COLUMNS: usize = 16;

/// `[groups][columns / 16]` blocks; element `(row, column)` is byte `row % 4` of column `column` in
/// group `row / 4`. Rows and columns beyond the matrix are zero.
#[derive(Clone, Debug)]
pub struct Quads {
    /// Groups of four rows.
    pub groups: usize,
    /// Blocks per group.
    pub blocks: usize,
    /// `[groups][blocks]`.
    pub data: Vec<Block>,
}

impl Quads {
    /// An all-zero matrix with space for `rows` x `columns`.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        let (groups, blocks) = (rows.div_ceil(4), columns.div_ceil(COLUMNS));
        Self { groups, blocks, data: vec![Block([0; 64]); groups * blocks] }
    }

    /// Sets one element.
    #[inline(always)]
    pub fn set(&mut self, row: usize, column: usize, value: i8) {
        let block = &mut self.data[row / 4 * self.blocks + column / COLUMNS];
        block.0[column % COLUMNS * 4 + row % 4] = value;
    }
}
