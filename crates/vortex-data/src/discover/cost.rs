//! What the symbols of a field cost, in a few milliseconds.

use std::cell::RefCell;

use vortex_coder::layout::RecordLayout;
use vortex_coder::schema::Schema;

/// Added to each count, so that rare contexts do not look certain.
const PRIOR: f64 = 0.05;

/// Symbols of a byte, times the prior.
const PRIORS: f64 = 256.0 * PRIOR;

/// Records that show what codings of their fields cost.
pub(super) struct Judged<'a> {
    records: &'a [u8],
    /// `log2(n + PRIOR)` and `log2(n + PRIORS)` of every number of records.
    logs: Vec<[f64; 2]>,
    /// Counts by context and symbol, all 0 between two uses. Fresh memory would cost more than counting.
    counts: RefCell<Vec<[u32; 256]>>,
}

impl<'a> Judged<'a> {
    /// Whole records of this many bytes each.
    pub fn new(records: &'a [u8], stride: usize) -> Self {
        let n = u32::try_from(records.len() / stride).expect("about a million");
        let logs = |n: u32| [PRIOR, PRIORS].map(|prior| (f64::from(n) + prior).log2());
        Self {
            records,
            logs: (0..n).map(logs).collect(),
            counts: RefCell::new(vec![[0; 256]; 256]),
        }
    }

    /// The records.
    pub fn records(&self) -> &'a [u8] {
        self.records
    }

    /// The records, with their fields coded as a schema says.
    pub fn coded(&self, schema: &Schema) -> Coded<'_> {
        Coded { layout: RecordLayout::new(schema.clone()), judged: self }
    }

    /// Bits of all (context, symbol) under counts that grow with them.
    fn adaptive(&self, symbols: impl Iterator<Item = (u8, u8)> + Clone) -> f64 {
        let counts = &mut *self.counts.borrow_mut();
        let mut totals = [0u32; 256];
        let mut bits = 0.0;
        for (context, symbol) in symbols.clone() {
            let count = &mut counts[usize::from(context)][usize::from(symbol)];
            let total = &mut totals[usize::from(context)];
            bits += self.logs[*total as usize][1] - self.logs[*count as usize][0];
            *count += 1;
            *total += 1;
        }
        symbols.for_each(|(context, symbol)| counts[usize::from(context)][usize::from(symbol)] = 0);
        bits
    }
}

/// Records whose fields are coded as a schema says.
pub(super) struct Coded<'a> {
    layout: RecordLayout,
    judged: &'a Judged<'a>,
}

impl Coded<'_> {
    /// Bits a record of one field: each symbol under adaptive counts, given the symbol before it in the
    /// same value, or given nothing where that is cheaper.
    pub fn bits(&self, field: usize) -> f64 {
        let mut symbols = Vec::new();
        self.layout.field_to_symbols(field, self.judged.records, &mut symbols);
        let size = self.layout.roles_of(field).len();
        let values = symbols.chunks_exact(size);
        let n = values.len();
        let cost = |rank: usize| {
            let alone = self.judged.adaptive(values.clone().map(|value| (0, value[rank])));
            if rank == 0 {
                return alone;
            }
            let pairs = values.clone().map(|value| (value[rank - 1], value[rank]));
            alone.min(self.judged.adaptive(pairs))
        };
        (0..size).map(cost).sum::<f64>() / n.max(1) as f64
    }
}
