//! The fast network: all lanes of a block as one batch, with one set of [`Instructions`].

use std::sync::Arc;

use vortex_coder::cdf::Cdf;
use vortex_coder::predictor::{Coding, Predictor};
use vortex_coder::score::{Known, Score};

use crate::cpu::kernels::Instructions;
pub use gemm::Gemm;
pub use packed::Packed;
use packed::PackedLinear;
use state::State;

mod dense;
mod gemm;
mod head;
mod packed;
mod score;
mod state;
mod store;
mod trunk;

/// The steps, compiled for one set of instructions.
struct Entry {
    trunk: unsafe fn(&Packed, &mut State),
    head: unsafe fn(&Packed, &mut State, &mut [Cdf]),
    take: unsafe fn(&Packed, &mut State, &[u8]),
    score: unsafe fn(&Packed, &mut State, Known<'_>, &mut Vec<Score>),
    gemm: unsafe fn(&PackedLinear, &[i8], usize, &mut [i32]),
}

/// Compiles the engine for one set of instructions.
macro_rules! entry {
    ($name:ident, $isa:ty, $(#[$feature:meta])?) => {
        mod $name {
            use super::{Cdf, Entry, Known, Packed, PackedLinear, Score, State};
            use crate::cpu::kernels::Isa;

            /// # Safety
            /// The processor has the instructions.
            $(#[$feature])?
            unsafe fn trunk(p: &Packed, s: &mut State) {
                // SAFETY: promised by the caller.
                unsafe { super::trunk::step::<$isa>(p, s) }
            }

            /// # Safety
            /// The processor has the instructions.
            $(#[$feature])?
            unsafe fn head(p: &Packed, s: &mut State, out: &mut [Cdf]) {
                // SAFETY: promised by the caller.
                unsafe { super::head::step::<$isa>(p, s, out) }
            }

            /// # Safety
            /// The processor has the instructions.
            $(#[$feature])?
            unsafe fn take(p: &Packed, s: &mut State, symbols: &[u8]) {
                super::head::take(p, s, symbols);
            }

            /// # Safety
            /// The processor has the instructions.
            $(#[$feature])?
            unsafe fn score(p: &Packed, s: &mut State, known: Known<'_>, out: &mut Vec<Score>) {
                // SAFETY: promised by the caller.
                unsafe { super::score::score::<$isa>(p, s, known, out) }
            }

            /// # Safety
            /// The processor has the instructions.
            $(#[$feature])?
            unsafe fn gemm(m: &PackedLinear, q: &[i8], n: usize, out: &mut [i32]) {
                // SAFETY: promised by the caller.
                unsafe { <$isa>::gemm(m.matrix(), &m.column_sums, q, n, out) }
            }

            pub const ENTRY: Entry = Entry { trunk, head, take, score, gemm };
        }
    };
}

entry!(portable, crate::cpu::kernels::portable::Portable,);
#[cfg(target_arch = "x86_64")]
entry!(avx2, crate::cpu::kernels::avx2::Avx2, #[target_feature(enable = "avx2")]);
#[cfg(target_arch = "x86_64")]
entry!(
    avx512,
    crate::cpu::kernels::avx512::Avx512,
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
);
#[cfg(target_arch = "aarch64")]
entry!(neon, crate::cpu::kernels::neon::Neon,);

/// The steps for these instructions; the portable ones if the instructions belong to another
/// architecture.
fn entry(instructions: Instructions) -> &'static Entry {
    match instructions {
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 => &avx2::ENTRY,
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx512 => &avx512::ENTRY,
        #[cfg(target_arch = "aarch64")]
        Instructions::Neon => &neon::ENTRY,
        _ => &portable::ENTRY,
    }
}

/// One thread's predictor.
pub struct Engine {
    packed: Arc<Packed>,
    entry: &'static Entry,
    state: State,
}

impl Engine {
    /// Panics unless `instructions` are available here: its instructions are about to be used.
    pub fn new(packed: Arc<Packed>, instructions: Instructions) -> Self {
        assert!(instructions.is_available(), "{} on this processor", instructions.name());
        let state = State::new(&packed, 0);
        Self { packed, entry: entry(instructions), state }
    }
}

impl Predictor for Engine {
    fn lane_bytes(&self) -> usize {
        self.packed.net.lane_bytes()
    }

    fn max_group(&self) -> usize {
        usize::MAX
    }

    fn begin(&mut self, lanes: usize) {
        self.state = State::new(&self.packed, lanes);
    }

    fn predict(&mut self, active: usize, out: &mut [Cdf]) -> Coding {
        let (p, s) = (&*self.packed, &mut self.state);
        s.active = active;
        // SAFETY: `new` has made sure that the instructions are available.
        unsafe {
            if p.layout.roles()[s.role].rank == 0 {
                (self.entry.trunk)(p, s);
            }
            if p.net.flat[s.role] {
                return Coding::Flat;
            }
            (self.entry.head)(p, s, out);
        }
        Coding::Modelled
    }

    fn update(&mut self, symbols: &[u8]) {
        // SAFETY: `new` has made sure that the instructions are available.
        unsafe { (self.entry.take)(&self.packed, &mut self.state, symbols) }
    }

    fn score(&mut self, known: Known<'_>, out: &mut Vec<Score>) {
        assert!(self.state.role == 0 && known.roles() == self.packed.layout.roles().len());
        // SAFETY: `new` has made sure that the instructions are available.
        unsafe { (self.entry.score)(&self.packed, &mut self.state, known, out) }
    }

    fn records_to_score(&self, lanes: usize) -> usize {
        score::records(&self.packed, lanes)
    }
}
