//! Values as a sequence for a dictionary coder: repeated weights are found whole.
//!
//! Signs are cut off, eight to a byte, because mirrored filters repeat magnitudes with other signs.
//! Columns may come before rows: what repeats in a matrix often does so in its columns.

/// Magnitudes and signs of whole values of `width` bytes. `row` values make a row to transpose by; with
/// 0 the order stays. Values behind the last whole row keep their place at the end.
pub(crate) fn take_apart(
    values: &[u8],
    width: usize,
    row: usize,
    signed: bool,
) -> (Vec<u8>, Vec<u8>) {
    let mut magnitudes = match row {
        0 => values.to_vec(),
        _ => reorder(values, width, row, true),
    };
    let mut signs = Vec::new();
    if signed {
        signs.resize(sign_bytes(values.len() / width), 0);
        for (i, value) in magnitudes.chunks_exact_mut(width).enumerate() {
            let top = &mut value[width - 1];
            signs[i / 8] |= (*top >> 7) << (i % 8);
            *top &= 0x7f;
        }
    }
    (magnitudes, signs)
}

/// What [`take_apart`] was given. `signs` is empty where values have none.
pub(crate) fn put_together(
    mut magnitudes: Vec<u8>,
    signs: &[u8],
    width: usize,
    row: usize,
) -> Vec<u8> {
    if !signs.is_empty() {
        for (i, value) in magnitudes.chunks_exact_mut(width).enumerate() {
            value[width - 1] |= (signs[i / 8] >> (i % 8)) << 7;
        }
    }
    match row {
        0 => magnitudes,
        _ => reorder(&magnitudes, width, row, false),
    }
}

/// Bytes of the signs of `n` values.
pub(crate) fn sign_bytes(n: usize) -> usize {
    n.div_ceil(8)
}

/// Rows to columns, or columns to rows.
fn reorder(values: &[u8], width: usize, row: usize, to_columns: bool) -> Vec<u8> {
    match width {
        1 => reorder_by::<1>(values, row, to_columns),
        2 => reorder_by::<2>(values, row, to_columns),
        4 => reorder_by::<4>(values, row, to_columns),
        _ => reorder_by::<8>(values, row, to_columns),
    }
}

fn reorder_by<const WIDTH: usize>(values: &[u8], row: usize, to_columns: bool) -> Vec<u8> {
    let mut out = values.to_vec();
    let from = values.as_chunks::<WIDTH>().0;
    let to = out.as_chunks_mut::<WIDTH>().0;
    let rows = from.len() / row;
    let (across, along) = if to_columns { (row, rows) } else { (rows, row) };
    for i in 0..across {
        for j in 0..along {
            to[i * along + j] = from[j * across + i];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_rows() {
        let values: Vec<u8> = vec![1, 2, 3, 4, 5, 6, 7];
        let (columns, signs) = take_apart(&values, 1, 3, false);
        assert_eq!(columns, [1, 4, 2, 5, 3, 6, 7]);
        assert_eq!(put_together(columns, &signs, 1, 3), values);
    }

    #[test]
    fn all_widths_and_rows_come_back() {
        for width in [1, 2, 4, 8] {
            for n in [0, 1, 7, 8, 9, 100] {
                let values: Vec<u8> = (0..n * width).map(|i| (i * 37) as u8).collect();
                for row in [0, 1, 2, 9, 10, 100] {
                    for signed in [false, true] {
                        let (magnitudes, signs) = take_apart(&values, width, row, signed);
                        assert_eq!(put_together(magnitudes, &signs, width, row), values);
                    }
                }
            }
        }
    }
}
