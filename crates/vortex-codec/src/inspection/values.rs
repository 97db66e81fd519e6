//! The entropy of the values of a field, each counted as a whole.

use std::collections::HashMap;

use vortex_coder::{Field, Schema};

/// Most distinct values of a field that are counted; a bound on the memory.
const MOST_DISTINCT: usize = 1 << 16;
/// A value must occur this often on average: with fewer, the entropy of the sample says more about
/// its length than about the data.
const LEAST_EACH: usize = 16;

/// How the values of a field are distributed, without any context.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct ValueEntropy {
    /// Distinct bit patterns.
    pub distinct: u64,
    /// Bits of a value.
    pub bits: f64,
}

/// Of each field, the entropy of its values over the whole records of `bytes`, as they stand in the
/// file; `None` where they have too many distinct values for an estimate: above 65,536, or more
/// than one in 16 records.
pub fn value_entropies(bytes: &[u8], schema: &Schema) -> Vec<Option<ValueEntropy>> {
    let of_field = |field: &Field| {
        let records = bytes.chunks_exact(schema.stride());
        let most = MOST_DISTINCT.min(records.len() / LEAST_EACH);
        let (from, to) = (field.offset as usize, field.offset as usize + field.dtype.size());
        let mut counts: HashMap<u64, u64> = HashMap::new();
        for record in records.clone() {
            let value =
                record[from..to].iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
            *counts.entry(value).or_default() += 1;
            if counts.len() > most {
                return None;
            }
        }
        let total = records.len() as f64;
        // In order of size, so that the sum does not depend on the order of the map.
        let mut counts: Vec<u64> = counts.into_values().collect();
        counts.sort_unstable();
        let bits = counts.iter().map(|&n| n as f64 / total * (total / n as f64).log2()).sum();
        Some(ValueEntropy { distinct: counts.len() as u64, bits })
    };
    schema.fields().iter().map(of_field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::DType;

    #[test]
    fn values_are_counted_where_there_are_enough_of_each() {
        let fields = ["constant", "four", "counter"].into_iter().zip(0..);
        let fields = fields.map(|(name, i)| Field::new(name, DType::U16, 2 * i)).collect();
        let schema = Schema::new(6, fields).unwrap();
        let record = |i: u16| [7u16, i % 4 * 300, i].map(u16::to_le_bytes).concat();
        let bytes: Vec<u8> = (0..1024u16).flat_map(record).collect();
        let found = value_entropies(&bytes, &schema);
        assert_eq!(found[0], Some(ValueEntropy { distinct: 1, bits: 0.0 }));
        assert_eq!(found[1], Some(ValueEntropy { distinct: 4, bits: 2.0 }));
        assert_eq!(found[2], None);
        // Too short to say anything.
        assert_eq!(value_entropies(&bytes[..60], &schema), [None; 3]);
    }
}
