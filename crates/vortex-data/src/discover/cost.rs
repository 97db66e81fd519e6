//! What the symbols of a field cost, in a few milliseconds.

use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::Schema;

/// Added to each count, so that rare contexts do not look certain.
const PRIOR: f64 = 0.05;

/// Records whose fields are coded as a schema says.
pub(super) struct Coded<'a> {
    layout: RecordLayout,
    records: &'a [u8],
}

impl<'a> Coded<'a> {
    /// Whole records.
    pub fn new(schema: &Schema, records: &'a [u8]) -> Self {
        Self { layout: RecordLayout::new(schema.clone()), records }
    }

    /// Bits a record of one field: each symbol under adaptive counts, given the symbol before it in the
    /// same value, or given nothing where that is cheaper.
    pub fn bits(&self, field: usize) -> f64 {
        let mut symbols = Vec::new();
        self.layout.field_to_symbols(field, self.records, &mut symbols);
        let size = self.layout.roles_of(field).len();
        let values = symbols.chunks_exact(size);
        let n = values.len();
        let cost = |rank: usize| {
            let alone = adaptive(1, values.clone().map(|value| (0, value[rank])));
            if rank == 0 {
                return alone;
            }
            alone.min(adaptive(256, values.clone().map(|value| (value[rank - 1], value[rank]))))
        };
        (0..size).map(cost).sum::<f64>() / n.max(1) as f64
    }
}

/// Bits of all (context, symbol) under counts that grow with them.
fn adaptive(contexts: usize, symbols: impl Iterator<Item = (u8, u8)>) -> f64 {
    let mut counts = vec![[0u32; 256]; contexts];
    let mut totals = [0u32; 256];
    let mut bits = 0.0;
    for (context, symbol) in symbols {
        let (context, symbol) = (usize::from(context), usize::from(symbol));
        let share = (f64::from(counts[context][symbol]) + PRIOR)
            / (f64::from(totals[context]) + 256.0 * PRIOR);
        bits -= share.log2();
        counts[context][symbol] += 1;
        totals[context] += 1;
    }
    bits
}
