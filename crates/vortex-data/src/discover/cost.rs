//! What the symbols of a field cost, in a few milliseconds.

use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::Schema;

/// Added to each count, so that rare contexts do not look certain.
const PRIOR: f64 = 0.05;

/// Bits a record of one field: each symbol under adaptive counts, given the symbol before it in the
/// same value, or given nothing where that is cheaper.
pub(super) fn bits(schema: &Schema, field: usize, records: &[u8]) -> f64 {
    let layout = RecordLayout::new(schema.clone());
    let roles = layout.roles_of(field);
    let mut symbols = vec![0; layout.roles().len()];
    let mut values = Vec::new();
    let mut before = None;
    for record in records.chunks_exact(layout.stride()) {
        layout.to_symbols(before, record, &mut symbols);
        values.extend_from_slice(&symbols[roles.clone()]);
        before = Some(record);
    }
    let width = roles.len();
    let n = values.len() / width;
    let cost = |rank: usize| {
        let alone = adaptive(values.iter().skip(rank).step_by(width).map(|&symbol| (0, symbol)));
        if rank == 0 {
            return alone;
        }
        let pairs = values.chunks_exact(width).map(|value| (value[rank - 1], value[rank]));
        alone.min(adaptive(pairs))
    };
    (0..width).map(cost).sum::<f64>() / n.max(1) as f64
}

/// Bits of all (context, symbol) under counts that grow with them.
fn adaptive(symbols: impl Iterator<Item = (u8, u8)>) -> f64 {
    let mut counts = vec![[0u32; 256]; 256];
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
