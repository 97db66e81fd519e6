//! The entropy of the symbols of a field, each without any context.

use vortex_coder::{RecordLayout, Schema};

/// Entropy in bits of each symbol of each field over the whole records of `bytes`, without context.
pub fn entropies(bytes: &[u8], schema: &Schema) -> Vec<Vec<f64>> {
    let layout = RecordLayout::new(schema.clone());
    let n_roles = layout.roles().len();
    let mut counts = vec![[0u64; 256]; n_roles];
    let mut symbols = vec![0; n_roles];
    let mut before = None;
    for record in bytes.chunks_exact(layout.stride()) {
        layout.to_symbols(before, record, &mut symbols);
        before = Some(record);
        for (counts, &symbol) in counts.iter_mut().zip(&symbols) {
            counts[usize::from(symbol)] += 1;
        }
    }
    (0..layout.n_fields())
        .map(|field| layout.roles_of(field).map(|role| entropy(&counts[role])).collect())
        .collect()
}

fn entropy(counts: &[u64; 256]) -> f64 {
    let total = counts.iter().sum::<u64>().max(1) as f64;
    counts.iter().filter(|&&n| n > 0).map(|&n| n as f64 / total * (total / n as f64).log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::{DType, Field};

    #[test]
    fn entropies_of_known_columns() {
        let schema = Schema::new(
            3,
            vec![Field::new("constant", DType::U8, 0), Field::new("counter", DType::U16, 1)],
        )
        .unwrap();
        let bytes: Vec<u8> =
            (0..512u16).flat_map(|i| [7, i.to_le_bytes()[0], i.to_le_bytes()[1]]).collect();
        let bits = entropies(&bytes, &schema);
        assert_eq!(bits[0], [0.0]);
        // Most significant first: two values of the high byte, 256 of the low one.
        assert!((bits[1][0] - 1.0).abs() < 1e-12 && (bits[1][1] - 8.0).abs() < 1e-12, "{bits:?}");
        assert!(entropies(b"", &Schema::bytes())[0][0] == 0.0);
    }
}
