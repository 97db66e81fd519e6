//! Only the inner product: the best possible speed of a machine, for comparison with the network.

use super::packed::PackedLinear;
use super::{Entry, entry};
use crate::cpu::kernels::Instructions;
use crate::spec::Linear;
use vortex_base::random::SplitMix64;

/// One matrix product of a fixed shape on random numbers.
pub struct Gemm {
    matrix: PackedLinear,
    rows: usize,
    input: Vec<i8>,
    output: Vec<i32>,
    entry: &'static Entry,
}

impl Gemm {
    /// `rows` activations of `n_in` channels times a matrix `[n_out][n_in]`.
    ///
    /// # Panics
    /// When `instructions` are not available here.
    pub fn new(rows: usize, n_in: usize, n_out: usize, instructions: Instructions) -> Self {
        assert!(instructions.is_available(), "{} on this processor", instructions.name());
        let mut rng = SplitMix64::new(1);
        let mut bytes = |n: usize| (0..n).map(|_| rng.range(-127, 127) as i8).collect::<Vec<_>>();
        let weight = bytes(n_out * n_in);
        let input = bytes(rows * n_in.next_multiple_of(4));
        let matrix = PackedLinear::new(&[&Linear {
            n_out,
            n_in,
            weight,
            shift: vec![8; n_out],
            bias: Vec::new(),
        }]);
        let output = vec![0; rows * matrix.width()];
        Self { matrix, rows, input, output, entry: entry(instructions) }
    }

    /// Computes the product once; returns its sums, `[rows][n_out rounded up to 16]`.
    pub fn run(&mut self) -> &[i32] {
        // SAFETY: `new` has made sure that the instructions are available.
        unsafe { (self.entry.gemm)(&self.matrix, &self.input, self.rows, &mut self.output) };
        &self.output
    }
}
