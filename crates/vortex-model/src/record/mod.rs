//! Properties of the records that are known before training.

mod lags;

use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::DType;

pub use lags::choose_lags;

/// The layout of records, and the settings for their fields and symbols.
#[derive(Clone, Debug)]
pub struct RecordSpec {
    /// Records to symbols.
    pub layout: RecordLayout,
    /// Reference distance of each field in tokens, `1..=n_fields`.
    pub lag: Vec<u16>,
    /// Table of each role.
    pub class: Vec<u8>,
    /// Number of tables.
    pub n_classes: usize,
    /// Roles coded with raw bits.
    pub flat: Vec<bool>,
    /// Logarithm to base 2 of the share of each symbol of each role, `[roles][256]`.
    pub log_frequency: Vec<[f32; 256]>,
}

impl RecordSpec {
    /// Every field refers to itself in the previous record; nothing is flat; all symbols of a role
    /// are equally frequent.
    pub fn new(layout: RecordLayout) -> Self {
        let n_fields = layout.n_fields();
        let n_roles = layout.roles().len();
        let (class, n_classes) = classes(&layout);
        Self {
            lag: vec![n_fields as u16; n_fields],
            class,
            n_classes,
            flat: vec![false; n_roles],
            log_frequency: vec![[-8.0; 256]; n_roles],
            layout,
        }
    }

    /// A specification from a sample of symbols (`[records][roles]`): references by
    /// [`choose_lags`] and frequencies as counted. Flat roles are found by training.
    pub fn from_sample(layout: RecordLayout, symbols: &[u8]) -> Self {
        let lag = choose_lags(&layout, symbols);
        let mut spec = Self { lag, ..Self::new(layout) };
        spec.count_frequencies(symbols);
        spec
    }

    /// Fields per record: tokens.
    pub fn n_fields(&self) -> usize {
        self.layout.n_fields()
    }

    /// Symbols per record.
    pub fn n_roles(&self) -> usize {
        self.layout.roles().len()
    }

    /// Sets [`Self::log_frequency`] from a sample of symbols, `[records][roles]`. A symbol never
    /// seen keeps a small share.
    pub fn count_frequencies(&mut self, symbols: &[u8]) {
        let n_roles = self.n_roles();
        let mut counts = vec![[0u32; 256]; n_roles];
        for record in symbols.chunks_exact(n_roles) {
            for (count, &symbol) in counts.iter_mut().zip(record) {
                count[usize::from(symbol)] += 1;
            }
        }
        let unseen = 0.05f32;
        let total = (symbols.len() / n_roles) as f32 + 256.0 * unseen;
        for (log, count) in self.log_frequency.iter_mut().zip(&counts) {
            // Bounded so that 1/32 bits fit 16-bit integers with room for training.
            *log = count.map(|c| ((c as f32 + unseen) / total).log2().max(-24.0));
        }
    }
}

/// The meaning of the bytes of a number, for sharing tables.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Bytes, and symbols whose rank has no meaning.
    Byte,
    /// Integers; the rank is counted from the least significant byte, so that sizes share tables.
    Integer(u8),
    /// Half precision.
    Half(u8),
    /// bfloat16, whose bytes are those of a single precision number.
    Single(u8),
    /// Double precision; low mantissa bytes share a table.
    Double(u8),
}

/// The class of each role, and the number of classes. Few classes train faster and make a smaller
/// model file; each role has its own scale and shift, which distinguish it from the others of its
/// class.
fn classes(layout: &RecordLayout) -> (Vec<u8>, usize) {
    let mut kinds: Vec<Kind> = Vec::new();
    let class = layout.roles().iter().map(|role| {
        let field = &layout.schema().fields()[usize::from(role.field)];
        let rank = role.rank;
        let from_low = (field.dtype.size() as u8).saturating_sub(rank + 1);
        let kind = match field.dtype {
            DType::U8 | DType::I8 | DType::Bool => Kind::Byte,
            // Places and distances are integers, too.
            _ if field.coding.is_derived() => Kind::Integer(from_low.min(3)),
            DType::U16 | DType::I16 | DType::U32 | DType::I32 | DType::U64 | DType::I64 => {
                Kind::Integer(from_low.min(3))
            }
            DType::F16 => Kind::Half(rank),
            DType::Bf16 | DType::F32 => Kind::Single(rank),
            DType::F64 => Kind::Double(rank.min(4)),
        };
        let known = kinds.iter().position(|&k| k == kind);
        known.unwrap_or_else(|| {
            kinds.push(kind);
            kinds.len() - 1
        }) as u8
    });
    let class = class.collect();
    (class, kinds.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vortex_coder::schema::{Field, Schema};

    #[test]
    fn classes_are_shared_by_type_and_rank() {
        let fields = vec![
            Field::new("a", DType::F32, 0),
            Field::new("b", DType::I64, 4),
            Field::new("c", DType::U16, 12),
            Field::new("d", DType::F32, 14),
            Field::new("e", DType::Bool, 18),
        ];
        let spec = RecordSpec::new(RecordLayout::new(Schema::new(19, fields).unwrap()));
        assert_eq!(spec.class, [0, 1, 2, 3, 4, 4, 4, 4, 4, 5, 6, 7, 6, 7, 0, 1, 2, 3, 8]);
        assert_eq!(spec.n_classes, 9);
    }

    #[test]
    fn frequencies_follow_counts() {
        let mut spec = RecordSpec::new(RecordLayout::new(Schema::bytes()));
        spec.count_frequencies(&[7, 7, 7, 9]);
        let p = spec.log_frequency[0].map(f32::exp2);
        assert!(p[7] > 2.9 * p[9] && p[9] > 15.0 * p[0]);
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-4);
    }
}
