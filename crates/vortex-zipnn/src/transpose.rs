//! Reorders a matrix by columns, because repeats are often in its columns.

/// Rows and columns of a block that is copied at once: a cache line or two of each row and column.
const BLOCK: usize = 16;

/// Replaces `out` by `values`, which have `width` bytes each and `row` values per row, in this
/// order: the first value of every row, then the second of every row, and so on. Values after the
/// last whole row keep their place at the end.
pub(crate) fn to_columns(values: &[u8], width: usize, row: usize, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(values);
    let rows = values.len() / width / row;
    by_width(values, width, row, rows, out);
}

/// The inverse of [`to_columns`], into `out` of the same length.
pub(crate) fn to_rows(values: &[u8], width: usize, row: usize, out: &mut [u8]) {
    let rows = values.len() / width / row;
    let whole = rows * row * width;
    out[whole..].copy_from_slice(&values[whole..]);
    by_width(values, width, rows, row, out);
}

fn by_width(values: &[u8], width: usize, across: usize, down: usize, out: &mut [u8]) {
    match width {
        1 => transpose::<1>(values, across, down, out),
        2 => transpose::<2>(values, across, down, out),
        4 => transpose::<4>(values, across, down, out),
        _ => transpose::<8>(values, across, down, out),
    }
}

/// Converts `down` rows of `across` values to rows of `down` values.
fn transpose<const WIDTH: usize>(values: &[u8], across: usize, down: usize, out: &mut [u8]) {
    let from = values.as_chunks::<WIDTH>().0;
    let to = out.as_chunks_mut::<WIDTH>().0;
    pulp::Arch::new().dispatch(Transpose { from, to, across, down });
}

/// Compiled for each instruction set.
struct Transpose<'a, const WIDTH: usize> {
    from: &'a [[u8; WIDTH]],
    to: &'a mut [[u8; WIDTH]],
    across: usize,
    down: usize,
}

impl<const WIDTH: usize> pulp::NullaryFnOnce for Transpose<'_, WIDTH> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { from, to, across, down } = self;
        for top in (0..down).step_by(BLOCK) {
            for left in (0..across).step_by(BLOCK) {
                if top + BLOCK <= down && left + BLOCK <= across {
                    let mut block = [[[0; WIDTH]; BLOCK]; BLOCK];
                    for (i, row) in block.iter_mut().enumerate() {
                        let at = (top + i) * across + left;
                        row.copy_from_slice(&from[at..at + BLOCK]);
                    }
                    for j in 0..BLOCK {
                        let at = (left + j) * down + top;
                        for (value, row) in to[at..at + BLOCK].iter_mut().zip(&block) {
                            *value = row[j];
                        }
                    }
                } else {
                    for j in left..across.min(left + BLOCK) {
                        for i in top..down.min(top + BLOCK) {
                            to[j * down + i] = from[i * across + j];
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_rows() {
        let mut out = Vec::new();
        to_columns(&[1, 2, 3, 4, 5, 6, 7], 1, 3, &mut out);
        assert_eq!(out, [1, 4, 2, 5, 3, 6, 7]);
    }

    #[test]
    fn all_widths_and_rows_come_back() {
        for width in [1, 2, 4, 8] {
            for n in [0, 1, 7, 8, 9, 100, 2500] {
                let values: Vec<u8> = (0..n * width).map(|i| (i * 37) as u8).collect();
                for row in [1, 2, 9, 10, 49, 100] {
                    let mut columns = Vec::new();
                    to_columns(&values, width, row, &mut columns);
                    let mut back = vec![0; values.len()];
                    to_rows(&columns, width, row, &mut back);
                    assert_eq!(back, values);
                }
            }
        }
    }
}
