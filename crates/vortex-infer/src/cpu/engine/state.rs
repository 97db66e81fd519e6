//! State of the lanes of a block between steps.

use super::dense;
use super::packed::Packed;
use super::score::Scratch;
use super::store::{AttendScratch, Store};

/// One layer's memory of all lanes.
pub struct LayerState {
    /// The last `window` tokens.
    pub window: Store,
    /// The compressive memory.
    pub slots: Option<Store>,
    /// Attention inputs of the segment so far, `[lane][segment][d]`, if there is memory.
    pub segment: Vec<i8>,
}

/// Buffers of one step, for all lanes.
#[derive(Default)]
pub struct Buffers {
    /// Residual stream of the trunk, `[lane][d]`.
    pub x: Vec<i32>,
    /// Activations, `[lane][...]`.
    pub eight: Vec<i8>,
    /// Queries, keys and values, `[lane][3 d]` with padding.
    pub query_key_value: Vec<i8>,
    /// Attention output, `[lane][d]` with padding.
    pub context: Vec<i8>,
    /// Sums of matrix products.
    pub sums: Vec<i32>,
    /// One head's output of each stream.
    pub local: Vec<i32>,
    /// See `local`.
    pub far: Vec<i32>,
    /// Stream of the head, `[lane][e]`.
    pub z: Vec<i32>,
    /// Symbol weights of one lane.
    pub weights: Vec<u32>,
    /// For SwiGLU.
    pub dense: dense::Scratch,
    /// For attention.
    pub attend: AttendScratch,
}

/// All lanes of a block.
pub struct State {
    /// Lanes that still advance.
    pub active: usize,
    /// Next role.
    pub role: usize,
    /// Tokens finished, the same for all lanes.
    pub token: usize,
    /// Number of compressive memory tokens per lane so far.
    pub remembered: usize,
    /// Symbols of the record before, `[lane][role]`.
    pub previous_record: Vec<u8>,
    /// Symbols of the record in progress, `[lane][role]`.
    pub record: Vec<u8>,
    /// Layers.
    pub layers: Vec<LayerState>,
    /// The head's input for the field in progress, `[lane][e]`.
    pub z0: Vec<i32>,
    /// Embedding of the field's known symbols, `[lane][e]`.
    pub own: Vec<i32>,
    /// Whether the field's known symbols all equal the reference's.
    pub matched: Vec<bool>,
    /// Buffers.
    pub buffers: Buffers,
    /// Buffers of scoring.
    pub scratch: Scratch,
}

impl State {
    /// `lanes` cold lanes.
    pub fn new(p: &Packed, lanes: usize) -> Self {
        let (d, width) = (p.net.d_model, p.net.head.own.width);
        let n_roles = p.layout.roles().len();
        let channels = d / p.net.n_heads;
        let store = |capacity| Store::new(lanes, p.net.n_heads, channels, capacity);
        let layer = || LayerState {
            window: store(p.net.window),
            slots: p.net.memory.map(|m| store(m.slots)),
            segment: vec![0; p.net.memory.map_or(0, |_| lanes * p.net.segment * d)],
        };
        Self {
            active: lanes,
            role: 0,
            token: 0,
            remembered: 0,
            previous_record: vec![0; lanes * n_roles],
            record: vec![0; lanes * n_roles],
            layers: p.layers.iter().map(|_| layer()).collect(),
            z0: vec![0; lanes * width],
            own: vec![0; lanes * width],
            matched: vec![true; lanes],
            buffers: Buffers::default(),
            scratch: Scratch::default(),
        }
    }

    /// For the token `distance` before that of `field`: the index of its first role in `record` or
    /// `previous_record`, its field, and whether it is in the previous record.
    #[inline(always)]
    pub fn token_before(p: &Packed, field: usize, distance: usize) -> (usize, bool) {
        if distance <= field {
            (field - distance, false)
        } else {
            (p.layout.n_fields() + field - distance, true)
        }
    }

    /// The symbols of `lane` in this or the previous record.
    #[inline(always)]
    pub fn symbols(&self, lane: usize, n_roles: usize, previous: bool) -> &[u8] {
        let all = if previous { &self.previous_record } else { &self.record };
        &all[lane * n_roles..(lane + 1) * n_roles]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execution::Checked;
    use crate::random::{Sizes, network};
    use crate::spec::MemoryShape;
    use vortex_coder::schema::{DType, Field, Schema};

    /// The format defines the size of a lane; this layout must not need more memory.
    #[test]
    fn a_lane_takes_no_more_than_the_format_counts() {
        let memory = Some(MemoryShape { rate: 3, slots: 33, kernel: 2 });
        let narrow = Sizes { d_model: 36, n_heads: 3, window: 17, ..Sizes::SMALLEST };
        for sizes in
            [Sizes::default(), Sizes { memory, ..narrow }, Sizes { memory, ..Sizes::SMALLEST }]
        {
            let schema = Schema::new(4, vec![Field::new("x", DType::F32, 0)]).unwrap();
            let checked = Checked::new(network(schema, sizes, 1)).unwrap();
            let state = State::new(&Packed::new(&checked), 5);
            let bytes = state.layers.iter().map(|layer| {
                let slots = layer.slots.as_ref().map_or(0, Store::bytes);
                layer.window.bytes() + slots + layer.segment.len()
            });
            assert!(bytes.sum::<usize>() <= 5 * checked.network().lane_bytes(), "{sizes:?}");
        }
    }
}
