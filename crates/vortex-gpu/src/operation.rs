//! The network as a list of operations: a norm, a matrix product, and what is done with its output. The kernel has
//! one loop over them, so its text is short, and drivers compile it quickly.

/// Numbers of an operation in the parameters.
pub const OP_WORDS: usize = 14;

/// What comes before the norm.
pub const BEFORE: usize = 0;
/// The numerator of the norm; 0 without a norm.
pub const NUMERATOR: usize = 1;
/// Channels of the norm.
pub const WIDTH: usize = 2;
/// Input channels of the product.
pub const N_IN: usize = 3;
/// Its output channels.
pub const N_OUT: usize = 4;
/// Where its weights begin: words of four inputs, `[n_in / 4][n_out]`.
pub const WEIGHT: usize = 5;
/// Where its addends begin, `[n_out]`; the shifts follow.
pub const PARAM: usize = 6;
/// The word of a lane at which the input begins.
pub const INPUT: usize = 7;
/// What is done with the output.
pub const KIND: usize = 8;
/// The first word of the output that is computed.
pub const FIRST: usize = 9;
/// The first word of the output that goes to the state of the lane.
pub const SHARED: usize = 10;
/// Its layer.
pub const LAYER: usize = 11;
/// The place of further numbers; see the operations that use it.
pub const EXTRA: usize = 12;
/// What comes after the product.
pub const AFTER: usize = 13;

// [`BEFORE`] and [`AFTER`] are 0 for nothing.
/// [`BEFORE`]: `x` is the embedding of a token.
pub const EMBED_TOKEN: u32 = 1;
/// [`BEFORE`]: `x` is the embedding of a symbol.
pub const EMBED_SYMBOL: u32 = 2;
/// [`BEFORE`]: the next token that is kept becomes the input. Extra: see [`crate::kernel`]'s `memory.rs`.
pub const RECALL: u32 = 3;
/// [`AFTER`]: attention, whose contexts become the input. Extra: score shift, then the gates of the heads.
pub const ATTEND: u32 = 1;
/// [`AFTER`]: the copy output.
pub const COPY: u32 = 2;
/// [`AFTER`]: the operation before is next, until all tokens that are kept are slots.
pub const REPEAT: u32 = 3;

/// [`KIND`]: words of eight bits, to `h`, or from word [`SHARED`] on to the state of the lane.
pub const PACK: u32 = 0;
/// [`KIND`]: with the words in `h`, to `h`: `clamp8(rs(silu[h + 128] * output, shift))`. Extra: 256 entries and the
/// shift.
pub const GATE: u32 = 1;
/// [`KIND`]: added to `x`.
pub const ADD: u32 = 2;
/// [`KIND`]: to `y`.
pub const Y: u32 = 3;
/// [`KIND`]: the head's input, to the state of the lane.
pub const STATE: u32 = 4;

/// An operation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Operation {
    pub before: u32,
    pub numerator: u32,
    pub width: usize,
    pub n_in: usize,
    pub n_out: usize,
    pub weight: usize,
    pub param: usize,
    pub input: usize,
    pub kind: u32,
    pub first: usize,
    pub shared: usize,
    pub layer: usize,
    pub extra: usize,
    pub after: u32,
}

impl Operation {
    /// Its numbers in the parameters.
    pub fn words(&self) -> [i32; OP_WORDS] {
        let place = |n: usize| i32::try_from(n).expect("places are below 2^31");
        let mut words = [0; OP_WORDS];
        words[BEFORE] = self.before.cast_signed();
        words[NUMERATOR] = self.numerator.cast_signed();
        words[WIDTH] = place(self.width);
        words[N_IN] = place(self.n_in);
        words[N_OUT] = place(self.n_out);
        words[WEIGHT] = place(self.weight);
        words[PARAM] = place(self.param);
        words[INPUT] = place(self.input);
        words[KIND] = self.kind.cast_signed();
        words[FIRST] = place(self.first);
        words[SHARED] = place(self.shared);
        words[LAYER] = place(self.layer);
        words[EXTRA] = place(self.extra);
        words[AFTER] = self.after.cast_signed();
        words
    }
}
