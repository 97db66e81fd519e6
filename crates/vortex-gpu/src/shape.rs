//! The sizes of a network as the kernel sees them: known when it is compiled.
//!
//! All widths are rounded up to multiples of four channels; the channels that are added are zero.

/// The memory of the layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MemorySizes {
    pub slots: usize,
    /// Tokens of a segment that become slots.
    pub keep: usize,
    /// Taps of the scorer.
    pub kernel: usize,
}

/// Places of single numbers and tables in the parameters (`w_`: in the weights).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tables {
    /// The operations: those of a token, then those of a symbol.
    pub operations: usize,
    pub token_operations: usize,
    pub all_operations: usize,
    /// For each field, [`FIELD_WORDS`] numbers.
    pub fields: usize,
    /// For each role, [`ROLE_WORDS`] numbers.
    pub role_info: usize,
    pub att_pow2: usize,
    pub out_pow2: usize,
    pub w_embedding: usize,
    pub embed_shift: usize,
    pub prev_scale: usize,
    pub ref_scale: usize,
    pub field_bias: usize,
    pub position: usize,
    pub w_own: usize,
    pub own_scale: usize,
    pub own_shift: usize,
    pub w_reference: usize,
    pub head_ref_scale: usize,
    pub ref_shift: usize,
    pub role_bias: usize,
    pub out_bias: usize,
    /// Words, `[class][e / 4]`.
    pub w_copy: usize,
    pub copy_shift: usize,
    pub copy_bias: usize,
}

/// First role, number of roles, first role of the field before, their number, whether it is in the previous record,
/// first role of the reference, whether it is in the previous record.
pub const FIELD_WORDS: usize = 7;
/// Field, rank, alphabet, class, whether it is flat.
pub const ROLE_WORDS: usize = 5;

/// Everything that the kernel is compiled for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Units of a cube, a multiple of `lanes`.
    pub units: usize,
    /// Lanes that a cube advances at once: a multiple of four.
    pub lanes: usize,
    pub d: usize,
    /// Channels of all heads: `heads * head_words * 4`.
    pub attention: usize,
    pub heads: usize,
    pub head_words: usize,
    pub layers: usize,
    pub window: usize,
    pub segment: usize,
    pub e: usize,
    pub fields: usize,
    pub roles: usize,
    /// Slots is 0 without memory.
    pub memory: MemorySizes,

    pub tables: Tables,

    /// Words of a lane in the shared array of numbers: `x`, then `y`, and perhaps one more.
    pub x_words: usize,
    pub number_words: usize,
    /// Words of a lane in the shared array of bytes: `q`, then `h`, and perhaps one more.
    pub q_words: usize,
    pub byte_words: usize,
}

impl Shape {
    /// Scores of a head in the part `y`.
    pub const fn head_scores(&self) -> usize {
        if self.window > self.memory.slots { self.window } else { self.memory.slots }
    }

    /// Words of the key and the value of a token.
    pub const fn pair_words(&self) -> usize {
        self.attention / 2
    }

    /// In the state of a lane: the head's input. Before it are the symbols of two records.
    pub const fn z0(&self) -> usize {
        2 * self.roles
    }

    /// The windows of the layers.
    pub const fn windows(&self) -> usize {
        self.z0() + self.e
    }

    /// The memory slots of the layers.
    pub const fn slots(&self) -> usize {
        self.windows() + self.layers * self.window * self.pair_words()
    }

    /// The attention inputs of the layers in the segment so far.
    pub const fn segments(&self) -> usize {
        self.slots() + self.layers * self.memory.slots * self.pair_words()
    }

    /// The scores of a segment's tokens, whether each is kept, and the kept ones in order.
    pub const fn scores(&self) -> usize {
        let n = if self.memory.slots == 0 { 0 } else { self.layers * self.segment * self.d / 4 };
        self.segments() + n
    }

    /// Words of a lane's state.
    pub const fn lane_words(&self) -> usize {
        let n = if self.memory.slots == 0 { 0 } else { 2 * self.segment + self.memory.keep };
        self.scores() + n
    }

    /// Bytes of shared memory of a cube.
    pub const fn shared_bytes(&self) -> usize {
        let lane = self.number_words + self.byte_words + LANE_SCRATCH;
        4 * (self.lanes * lane + 2 * self.units)
    }
}

/// Words of a lane in the small shared arrays.
pub const LANE_SCRATCH: usize = 7;

/// What the kernel does with the distributions: it gives the frequencies of all symbols,
pub const FREQUENCIES: u32 = 0;
/// or gives the intervals of known symbols,
pub const INTERVALS: u32 = 1;
/// or decodes.
pub const DECODE: u32 = 2;

/// Words of a cube in the table of cubes.
pub const CUBE_WORDS: usize = 12;
/// Of the entry of a cube: its first lane, its lanes, the records of the shorter lanes, and the number of lanes with
/// one more.
pub const FIRST_LANE: usize = 0;
pub const LANES: usize = 1;
pub const EACH: usize = 2;
pub const LONGER: usize = 3;
/// The range decoder: code and range in two words each, bytes done, first byte and number of bytes of the payload.
pub const CODE: usize = 4;
pub const RANGE: usize = 6;
pub const DONE: usize = 8;
pub const PAYLOAD: usize = 9;
pub const PAYLOAD_BYTES: usize = 10;
